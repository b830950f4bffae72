#include "storage/stored_events.hpp"

#include <array>
#include <charconv>
#include <limits>

#include "core/sink.hpp"
#include "storage/event_columns.hpp"

namespace feedtree::storage {
namespace {

// A row, left to right.
class row_reader {
 public:
  row_reader(const stored_row& row, std::string_view table) : row_(row), table_(table) {}

  std::string_view text() {
    const auto& value = row_[at_++];
    return value ? std::string_view(*value) : std::string_view();
  }
  std::int64_t integer() { return integer_or(0); }
  bool flag() { return integer() != 0; }
  std::int64_t integer_or(std::int64_t otherwise) {
    const auto digits = text();
    return digits.empty() ? otherwise : whole<std::int64_t>(digits);
  }
  std::uint64_t update_id() {
    const auto digits = text();
    return digits.empty() ? 0 : whole<std::uint64_t>(digits);
  }
  decimal number() { return decimal_of(text()); }
  optional_decimal optional() {
    const auto digits = text();
    return digits.empty() ? optional_decimal() : optional_decimal(decimal_of(digits));
  }
  template <class Enum>
  Enum word(std::size_t values) {
    const auto found = text();
    for (std::size_t at = 0; at < values; ++at) {
      if (to_string(static_cast<Enum>(at)) == found) return static_cast<Enum>(at);
    }
    fail("'" + std::string(found) + "' is no word that is known");
  }
  // [["price","quantity"],...]
  std::uint32_t levels(std::vector<level>& out) {
    auto left = text();
    std::uint32_t count = 0;
    const auto quoted = [&] {
      const auto begin = left.find('"');
      const auto end = begin == left.npos ? left.npos : left.find('"', begin + 1);
      if (end == left.npos) fail("levels that are cut");
      const auto result = left.substr(begin + 1, end - begin - 1);
      left.remove_prefix(end + 1);
      return decimal_of(result);
    };
    while (left.find('"') != left.npos) {
      const auto price = quoted();
      const auto quantity = quoted();
      out.emplace_back(price, quantity);
      ++count;
    }
    return count;
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw sink_error(
        false, "table " + std::string(table_) + ", column " + std::to_string(at_) + ": " + why);
  }

 private:
  template <class Whole>
  Whole whole(std::string_view digits) const {
    Whole value = 0;
    const auto end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc() || stop != end) {
      fail("'" + std::string(digits) + "' is no whole number of 64 bits");
    }
    return value;
  }
  decimal decimal_of(std::string_view digits) const {
    decimal value;
    if (parse_decimal(digits, value) == decimal_error::none) return value;
    fail("'" + std::string(digits) + "' is no decimal");
  }
  const stored_row& row_;
  std::string_view table_;
  std::size_t at_ = 0;
};

trade read_order(row_reader& row) {
  const auto price = row.number();
  const auto quantity = row.number();
  return {price, quantity, row.word<trade_side>(trade_sides)};
}

book_change read_book(row_reader& row, event_batch& out) {
  book_change body;
  body.snapshot = row.text() == "snapshot";
  body.first_level = static_cast<std::uint32_t>(out.levels.size());
  body.bids = row.levels(out.levels);
  body.asks = row.levels(out.levels);
  body.first_update_id = row.update_id();
  body.last_update_id = row.update_id();
  body.previous_update_id = row.update_id();
  body.depth = static_cast<std::uint32_t>(row.integer());
  const auto checksum = row.integer_or(-1);
  body.has_checksum = checksum >= 0;
  if (body.has_checksum) body.checksum = static_cast<std::uint32_t>(checksum);
  return body;
}

candle read_candle(row_reader& row) {
  candle body;
  body.interval_ns = row.integer();
  body.open_ns = row.integer();
  for (auto* value : {&body.open, &body.high, &body.low, &body.close, &body.volume}) {
    *value = row.number();
  }
  body.quote_volume = row.optional();
  body.trades = row.integer_or(-1);
  body.closed = row.flag();
  body.source = row.word<candle_source>(candle_sources);
  body.revision = static_cast<std::uint32_t>(row.integer());
  body.complete = row.flag();
  return body;
}

ticker read_ticker(row_reader& row) {
  ticker body;
  for (auto* value : {&body.last_price, &body.bid_price, &body.bid_quantity, &body.ask_price,
                      &body.ask_quantity, &body.open_price, &body.high_price, &body.low_price,
                      &body.volume, &body.quote_volume, &body.mark_price, &body.index_price}) {
    *value = row.optional();
  }
  return body;
}

quote read_quote(row_reader& row) {
  quote body;
  for (auto* value : {&body.bid_price, &body.bid_quantity, &body.ask_price, &body.ask_quantity}) {
    *value = row.optional();
  }
  return body;
}

funding read_funding(row_reader& row) {
  funding body;
  body.rate = row.number();
  body.mark_price = row.optional();
  body.index_price = row.optional();
  body.predicted_rate = row.optional();
  body.next_funding_ns = row.integer();
  return body;
}

status_change read_status(row_reader& row) {
  status_change body;
  body.feed = row.word<event_kind>(event_kinds);
  body.from = row.word<feed_state>(feed_states);
  body.to = row.word<feed_state>(feed_states);
  body.reason.append(row.text());
  return body;
}

gap read_gap(row_reader& row) {
  gap body;
  body.feed = row.word<event_kind>(event_kinds);
  body.cause = row.word<gap_cause>(gap_causes);
  body.detail.append(row.text());
  body.begin_ns = row.integer();
  body.end_ns = row.integer();
  body.repair = row.word<gap_repair>(gap_repairs);
  body.recovered = row.flag();
  return body;
}

void read_body(row_reader& row, event_kind kind, event& what, event_batch& out) {
  switch (kind) {
    case event_kind::trade:
      what.body = read_order(row);
      break;
    case event_kind::book:
      what.body = read_book(row, out);
      break;
    case event_kind::quote:
      what.body = read_quote(row);
      break;
    case event_kind::ticker:
      what.body = read_ticker(row);
      break;
    case event_kind::candle:
      what.body = read_candle(row);
      break;
    case event_kind::funding:
      what.body = read_funding(row);
      break;
    case event_kind::open_interest: {
      const auto quantity = row.number();
      what.body = open_interest{quantity, row.optional()};
      break;
    }
    case event_kind::liquidation: {
      const auto order = read_order(row);
      what.body = liquidation{order.price, order.quantity, order.side};
      break;
    }
    case event_kind::status:
      what.body = read_status(row);
      break;
    case event_kind::gap:
      what.body = read_gap(row);
      break;
  }
}

std::string columns_text(event_kind kind) {
  std::string result;
  for (const auto list : {common_columns(), columns_of(kind)}) {
    for (const auto& each : list) result += (result.empty() ? "" : ",") + std::string(each.name);
  }
  return result;
}

// What came at one time has an order too, the same in every database: by update or number.
std::string order_of(event_kind kind) {
  return std::string(" ORDER BY receive_ns, exchange_ns") +
         (kind == event_kind::book ? ", last_update_id" : "") + ", length(key), key";
}

}  // namespace

struct stored_event_reader::parts {
  struct table {
    std::string name;
    std::unique_ptr<row_cursor> cursor;
    stored_row row;
    std::int64_t receive_ns = 0;
    bool at_end = false;
  };

  parts(database_reader& from, std::int64_t from_ns, std::int64_t to_ns, listing_registry& where)
      : registry(where) {
    const auto end = to_ns == 0 ? std::numeric_limits<std::int64_t>::max() : to_ns;
    const std::vector<std::string> range{std::to_string(from_ns), std::to_string(end)};
    for (std::size_t at = 0; at < event_kinds; ++at) {
      auto& each = tables[at];
      const auto kind = static_cast<event_kind>(at);
      each.name = to_string(kind);
      const auto there = " FROM " + each.name + " WHERE receive_ns >= $1 AND receive_ns < $2";
      rows += count(from, "SELECT count(*)" + there, range);
      each.cursor = from.open("SELECT " + columns_text(kind) + there + order_of(kind), range);
      advance(each);
    }
  }

  static std::uint64_t count(database_reader& from, const std::string& sql,
                             const std::vector<std::string>& range) {
    stored_row row;
    if (!from.open(sql, range)->next(row)) return 0;
    return row_reader(row, "count").update_id();
  }

  static void advance(table& each) {
    each.at_end = !each.cursor->next(each.row);
    if (each.at_end) {
      each.cursor.reset();
      return;
    }
    constexpr std::size_t receive_column = 4;
    row_reader at_receive(each.row, each.name);
    for (std::size_t column = 0; column < receive_column; ++column) at_receive.text();
    each.receive_ns = at_receive.integer();
  }

  const listing* where(std::string_view venue, std::string_view symbol) {
    const auto* const known = registry.find(venue, symbol);
    if (known != nullptr) return known;
    const auto details = parse_instrument(symbol);
    if (!details) throw sink_error(false, "'" + std::string(symbol) + "' is no instrument");
    return registry.intern(venue, *details, symbol);
  }

  listing_registry& registry;
  std::array<table, event_kinds> tables;
  std::uint64_t rows = 0;
};

stored_event_reader::stored_event_reader(database_reader& from, std::int64_t from_ns,
                                         std::int64_t to_ns, listing_registry& registry)
    : parts_(std::make_unique<parts>(from, from_ns, to_ns, registry)) {}

stored_event_reader::~stored_event_reader() = default;

std::uint64_t stored_event_reader::rows() const {
  return parts_->rows;
}

bool stored_event_reader::next(event_batch& out) {
  parts::table* first = nullptr;
  for (auto& each : parts_->tables) {
    if (!each.at_end && (first == nullptr || each.receive_ns < first->receive_ns)) first = &each;
  }
  if (first == nullptr) return false;
  row_reader row(first->row, first->name);
  event what;
  const auto venue = row.text();
  what.where = parts_->where(venue, row.text());
  what.key = event_key(row.text());
  what.exchange_ns = row.integer();
  what.receive_ns = row.integer();
  what.state = row.word<feed_state>(feed_states);
  read_body(row, static_cast<event_kind>(first - parts_->tables.data()), what, out);
  out.events.push_back(what);
  parts::advance(*first);
  return true;
}

}  // namespace feedtree::storage
