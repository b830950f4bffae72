#include "storage/timescale_policies.hpp"

#include <algorithm>

#include "core/event.hpp"

namespace feedtree::storage {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t most_ms = 3'650 * 24 * hour_ms;
constexpr std::int64_t million = 1'000'000;

// The kinds whose tables are hypertables; the ledger's are kept.
std::vector<std::string> hypertables() {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < event_kinds; ++at) {
    const auto kind = static_cast<event_kind>(at);
    if (kind != event_kind::gap) names.emplace_back(to_string(kind));
  }
  return names;
}

std::string interval(std::int64_t duration_ms) {
  return "INTERVAL '" + std::to_string(duration_ms / 1'000) + " seconds'";
}

std::string option_of(const std::string& table) {
  return "retention_" + table + "_ms";
}

}  // namespace

const std::vector<std::string>& policy_option_names() {
  static const auto names = [] {
    std::vector<std::string> all{"compress_after_ms"};
    for (const auto& table : hypertables()) all.push_back(option_of(table));
    return all;
  }();
  return names;
}

timescale_policies::timescale_policies(const sink_context& context)
    : compress_after_ms_(
          sink_option(context, "compress_after_ms", 7 * 24 * hour_ms, hour_ms, most_ms)) {
  for (const auto& table : hypertables()) {
    const auto keep_ms = sink_option(context, option_of(table), 0, hour_ms, most_ms);
    if (keep_ms != 0) retentions_.push_back({table, keep_ms});
  }
}

void timescale_policies::install(pg_connection& connection) {
  const auto license = connection.execute("SELECT current_setting('timescaledb.license', true)");
  full_edition_ = license.text(0, 0) == "timescale";
  if (!full_edition_) return;
  connection.execute("BEGIN");
  try {
    for (const auto& sql : full_edition_statements()) connection.execute(sql);
    connection.execute("COMMIT");
  } catch (...) {
    connection.roll_back();
    throw;
  }
}

std::vector<std::string> timescale_policies::full_edition_statements() const {
  std::vector<std::string> all;
  for (const auto& table : hypertables()) {
    all.push_back("ALTER TABLE " + table +
                  " SET (timescaledb.compress, timescaledb.compress_segmentby = 'venue, "
                  "instrument', timescaledb.compress_orderby = 'exchange_ts, key')");
    all.push_back("SELECT remove_compression_policy('" + table + "', if_exists => TRUE)");
    all.push_back("SELECT add_compression_policy('" + table + "', " + interval(compress_after_ms_) +
                  ")");
    all.push_back("SELECT remove_retention_policy('" + table + "', if_exists => TRUE)");
  }
  for (const auto& each : retentions_) {
    all.push_back("SELECT add_retention_policy('" + each.table + "', " + interval(each.keep_ms) +
                  ")");
  }
  return all;
}

bool timescale_policies::is_due(std::int64_t now_ns) const {
  return !full_edition_ && !retentions_.empty() && now_ns >= next_drop_ns_;
}

void timescale_policies::drop_old(pg_connection& connection, std::int64_t now_ns) {
  next_drop_ns_ = now_ns + hour_ms * million;
  for (const auto& each : retentions_) {
    const auto before_ms = now_ns / million - each.keep_ms;
    connection.execute("SELECT drop_chunks('" + each.table + "', older_than => to_timestamp(" +
                       std::to_string(before_ms / 1'000) + "))");
  }
}

}  // namespace feedtree::storage
