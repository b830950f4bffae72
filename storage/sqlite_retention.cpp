#include "storage/sqlite_retention.hpp"

namespace feedtree::storage {
namespace {

constexpr std::int64_t million = 1'000'000;
constexpr std::int64_t hour_ns = 3'600'000 * million;

}  // namespace

sqlite_retention::sqlite_retention(const sink_context& context, std::int64_t page_rows)
    : retentions_(retentions_of(context)), page_rows_(page_rows) {}

bool sqlite_retention::is_due(std::int64_t now_ns) const {
  return !retentions_.empty() && (under_way_ || now_ns >= next_ns_);
}

// Rows with one key and several times lie in one page, whatever its length.
std::uint64_t sqlite_retention::step(sqlite_database& database, std::int64_t now_ns) {
  if (!under_way_) {
    under_way_ = true;
    began_ns_ = now_ns;
    next_ns_ = now_ns + hour_ns;
  }
  const auto& [table, time_column, keep_ms] = retentions_[table_];
  auto last = database.prepare("SELECT venue, instrument, key FROM " + table +
                               " WHERE (venue, instrument, key) > (?, ?, ?)"
                               " ORDER BY venue, instrument, key LIMIT 1 OFFSET ?");
  int position = 0;
  for (const auto& each : after_) last.bind(++position, std::string_view(each));
  last.bind(++position, page_rows_ - 1);
  const bool more = last.step();
  place end;
  for (int at = 0; more && at < 3; ++at) end[static_cast<std::size_t>(at)] = last.text(at);
  last.reset();

  auto removal =
      database.prepare("DELETE FROM " + table + " WHERE (venue, instrument, key) > (?, ?, ?)" +
                       (more ? " AND (venue, instrument, key) <= (?, ?, ?)" : "") + " AND " +
                       std::string(time_column) + " < ?");
  position = 0;
  for (const auto& each : after_) removal.bind(++position, std::string_view(each));
  if (more) {
    for (const auto& each : end) removal.bind(++position, std::string_view(each));
  }
  removal.bind(++position, began_ns_ - keep_ms * million);
  removal.run();
  const auto removed = static_cast<std::uint64_t>(database.changes());
  if (more) {
    after_ = end;
  } else {
    end_of_table();
  }
  return removed;
}

void sqlite_retention::end_of_table() {
  after_ = {};
  if (++table_ < retentions_.size()) return;
  table_ = 0;
  under_way_ = false;
}

}  // namespace feedtree::storage
