#include "storage/sqlite_rows.hpp"

#include <limits>

#include "core/utf8.hpp"
#include "storage/event_columns.hpp"
#include "storage/event_fields.hpp"

namespace feedtree::storage {
namespace {

// An insert that does nothing if the key is there.
std::string insert_of(std::string_view table, std::span<const column> first,
                      std::span<const column> rest, std::string_view key) {
  std::string sql = "INSERT INTO ";
  sql.append(table).append(" (");
  std::string places;
  for (const auto columns : {first, rest}) {
    for (const auto& each : columns) {
      sql.append(places.empty() ? "" : ", ").append(each.name);
      places.append(places.empty() ? "?" : ", ?");
    }
  }
  sql.append(") VALUES (").append(places).append(") ON CONFLICT (").append(key);
  return sql.append(") DO NOTHING");
}

std::string insert_of(event_kind kind) {
  return insert_of(to_string(kind), common_columns(), columns_of(kind),
                   "venue, instrument, key, exchange_ns");
}

}  // namespace

// Binds the values of one row, left to right.
class sqlite_rows::binder {
 public:
  binder(sqlite_statement& row, std::string& bids, std::string& asks)
      : row_(row), sides_{&bids, &asks} {}

  void text(std::string_view value) { row_.bind(++at_, value); }
  void words(std::string_view value) { text(clean_utf8(value, words_[words_used_++])); }
  void integer(std::int64_t value) { row_.bind(++at_, value); }
  void flag(bool value) { integer(value ? 1 : 0); }
  void null() { row_.bind_null(++at_); }
  void number(const decimal& value) {
    auto& digits = texts_[used_++];
    const char* const end = value.to_chars(digits.data());
    text(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
  }
  void levels(std::span<const level> of) {
    auto& side = *sides_[sides_used_++];
    side.clear();
    encode_levels(of, side);
    text(side);
  }
  // One that is beyond 63 bits, which no venue has yet, is kept exact as text.
  void update_id(std::uint64_t id) {
    if (id == 0) return null();
    if (id <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return integer(static_cast<std::int64_t>(id));
    }
    id_texts_[ids_] = std::to_string(id);
    text(id_texts_[ids_++]);
  }

 private:
  static constexpr std::size_t decimals_max = 12;
  static constexpr std::size_t ids_max = 3;
  static constexpr std::size_t words_max = 5;

  sqlite_statement& row_;
  std::array<std::string*, 2> sides_;
  int at_ = 0;
  std::size_t used_ = 0;
  std::size_t ids_ = 0;
  std::size_t sides_used_ = 0;
  std::size_t words_used_ = 0;
  std::array<std::array<char, decimal::text_max>, decimals_max> texts_;  // set as they are used
  std::array<std::string, ids_max> id_texts_;
  std::array<std::string, words_max> words_;
};

sqlite_rows::sqlite_rows(sqlite_database& database)
    : database_(database),
      instrument_(
          database.prepare(insert_of("instrument", instrument_columns(), {}, "venue, instrument"))),
      quarantine_(database.prepare(insert_of("quarantine", quarantine_columns(), {},
                                             "venue, instrument, key, receive_ns"))) {
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    by_kind_[kind] = database.prepare(insert_of(static_cast<event_kind>(kind)));
  }
}

bool sqlite_rows::insert(const event& what, const event_batch& batch) {
  auto& row = by_kind_[what.body.index()];
  binder values(row, bids_, asks_);
  put_fields(values, what, batch);
  row.run();
  return database_.changes() > 0;
}

bool sqlite_rows::insert(const quarantine_entry& what) {
  const auto key = key_of(what);
  binder values(quarantine_, bids_, asks_);
  put_fields(values, what, key);
  quarantine_.run();
  return database_.changes() > 0;
}

bool sqlite_rows::insert(const listing& where) {
  binder values(instrument_, bids_, asks_);
  put_fields(values, where);
  instrument_.run();
  return database_.changes() > 0;
}

}  // namespace feedtree::storage
