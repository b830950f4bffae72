#include "storage/sqlite_rows.hpp"

#include <limits>

#include "core/codec.hpp"

namespace feedtree::storage {
namespace {

constexpr std::string_view common_columns =
    "venue, instrument, key, exchange_ns, receive_ns, state";

// The columns of each kind behind the common ones, in the order in which they are bound.
constexpr std::array<std::string_view, event_kinds> kind_columns{
    "price, quantity, side",
    "type, bids, asks, first_update_id, last_update_id, previous_update_id, depth,"
    " checksum",
    "bid_price, bid_quantity, ask_price, ask_quantity",
    "last_price, bid_price, bid_quantity, ask_price, ask_quantity, open_price, high_price,"
    " low_price, volume, quote_volume, mark_price, index_price",
    "interval_ns, open_ns, open, high, low, close, volume, quote_volume, trades, closed",
    "rate, mark_price, index_price, predicted_rate, next_funding_ns",
    "quantity, value",
    "price, quantity, side",
    "feed, from_state, to_state, reason",
    "feed, cause, detail, begin_ns, end_ns, repair, recovered"};

constexpr std::string_view instrument_columns =
    "venue, instrument, venue_symbol, channel, type, base, quote, settle, expiry, strike,"
    " option_type";

constexpr std::string_view quarantine_columns =
    "venue, instrument, key, receive_ns, rule, reason, excerpt";

std::size_t count_of(std::string_view columns) {
  std::size_t count = 1;
  for (const char c : columns) count += c == ',' ? 1 : 0;
  return count;
}

// An insert that does nothing if the key is there.
std::string insert_of(std::string_view table, const std::string& columns, std::string_view key) {
  std::string sql = "INSERT INTO ";
  sql.append(table).append(" (").append(columns).append(") VALUES (?");
  for (std::size_t at = 1; at < count_of(columns); ++at) sql.append(", ?");
  return sql.append(") ON CONFLICT (").append(key).append(") DO NOTHING");
}

std::string insert_of(event_kind kind) {
  const auto columns = std::string(common_columns) + ", " +
                       std::string(kind_columns[static_cast<std::size_t>(kind)]);
  return insert_of(to_string(kind), columns, "venue, instrument, key, exchange_ns");
}

}  // namespace

// Binds the values of one row, left to right.
class sqlite_rows::binder {
 public:
  binder(sqlite_statement& row, const event_batch& batch, std::string& bids, std::string& asks)
      : row_(row), batch_(batch), bids_(bids), asks_(asks) {}

  void common(const event& what) {
    put(what.where->venue);
    put(what.where->symbol);
    put(what.key.view());
    put(what.exchange_ns);
    put(what.receive_ns);
    put(to_string(what.state));
  }

  void operator()(const trade& body) {
    put(body.price);
    put(body.quantity);
    put(to_string(body.side));
  }

  void operator()(const book_change& body) {
    bids_.clear();
    asks_.clear();
    encode_levels(batch_.bids(body), bids_);
    encode_levels(batch_.asks(body), asks_);
    put(body.snapshot ? std::string_view("snapshot") : std::string_view("delta"));
    put(bids_);
    put(asks_);
    update_id(body.first_update_id);
    update_id(body.last_update_id);
    update_id(body.previous_update_id);
    put_if(body.depth != 0, std::int64_t{body.depth});
    put_if(body.has_checksum, std::int64_t{body.checksum});
  }

  void operator()(const quote& body) {
    put(body.bid_price);
    put(body.bid_quantity);
    put(body.ask_price);
    put(body.ask_quantity);
  }

  void operator()(const ticker& body) {
    for (const auto* value :
         {&body.last_price, &body.bid_price, &body.bid_quantity, &body.ask_price,
          &body.ask_quantity, &body.open_price, &body.high_price, &body.low_price, &body.volume,
          &body.quote_volume, &body.mark_price, &body.index_price}) {
      put(*value);
    }
  }

  void operator()(const candle& body) {
    put(body.interval_ns);
    put(body.open_ns);
    for (const auto* value : {&body.open, &body.high, &body.low, &body.close, &body.volume}) {
      put(*value);
    }
    put(body.quote_volume);
    put_if(body.trades >= 0, body.trades);
    put(std::int64_t{body.closed});
  }

  void operator()(const funding& body) {
    put(body.rate);
    put(body.mark_price);
    put(body.index_price);
    put(body.predicted_rate);
    put_if(body.next_funding_ns != 0, body.next_funding_ns);
  }

  void operator()(const open_interest& body) {
    put(body.quantity);
    put(body.value);
  }

  void operator()(const liquidation& body) {
    put(body.price);
    put(body.quantity);
    put(to_string(body.side));
  }

  void operator()(const status_change& body) {
    put(to_string(body.feed));
    put(to_string(body.from));
    put(to_string(body.to));
    put(body.reason.view());
  }

  void operator()(const gap& body) {
    put(to_string(body.feed));
    put(to_string(body.cause));
    put(body.detail.view());
    put(body.begin_ns);
    put_if(body.end_ns != 0, body.end_ns);
    put(to_string(body.repair));
    put(std::int64_t{body.recovered});
  }

  void quarantine(const quarantine_entry& what, const event_key& key) {
    put(what.venue);
    put(what.instrument);
    put(key.view());
    put(what.receive_ns);
    put(what.rule);
    put(what.reason);
    put(what.excerpt);
  }

  void operator()(const listing& where) {
    const auto& details = where.details;
    put(where.venue);
    put(where.symbol);
    put(where.venue_symbol);
    put(where.channel);
    put(to_string(details.type));
    put(details.base);
    put(details.quote);
    put_if(!details.settle.empty(), std::string_view(details.settle));
    put_if(details.expiry_yyyymmdd != 0, std::int64_t{details.expiry_yyyymmdd});
    put(details.strike);
    put_if(details.right != option_type::none,
           std::string_view(details.right == option_type::call ? "call" : "put"));
  }

 private:
  void put(std::string_view text) { row_.bind(++at_, text); }
  void put(std::int64_t value) { row_.bind(++at_, value); }
  void put(const decimal& value) {
    auto& text = texts_[used_++];
    const char* const end = value.to_chars(text.data());
    put(std::string_view(text.data(), static_cast<std::size_t>(end - text.data())));
  }
  void put(const optional_decimal& value) {
    if (value) return put(*value);
    row_.bind_null(++at_);
  }
  template <class Value>
  void put_if(bool there, Value value) {
    if (there) return put(value);
    row_.bind_null(++at_);
  }
  // One that is beyond 63 bits, which no venue has yet, is kept exact as text.
  void update_id(std::uint64_t id) {
    if (id <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return put_if(id != 0, static_cast<std::int64_t>(id));
    }
    id_texts_[ids_] = std::to_string(id);
    put(std::string_view(id_texts_[ids_++]));
  }

  static constexpr std::size_t decimals_max = 12;
  static constexpr std::size_t ids_max = 3;

  sqlite_statement& row_;
  const event_batch& batch_;
  std::string& bids_;
  std::string& asks_;
  int at_ = 0;
  std::size_t used_ = 0;
  std::size_t ids_ = 0;
  std::array<std::array<char, decimal::text_max>, decimals_max> texts_;  // set as they are used
  std::array<std::string, ids_max> id_texts_;
};

sqlite_rows::sqlite_rows(sqlite_database& database)
    : database_(database),
      instrument_(database.prepare(
          insert_of("instrument", std::string(instrument_columns), "venue, instrument"))),
      quarantine_(database.prepare(insert_of("quarantine", std::string(quarantine_columns),
                                             "venue, instrument, key, receive_ns"))) {
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    by_kind_[kind] = database.prepare(insert_of(static_cast<event_kind>(kind)));
  }
}

bool sqlite_rows::insert(const event& what, const event_batch& batch) {
  auto& row = by_kind_[what.body.index()];
  binder values(row, batch, bids_, asks_);
  values.common(what);
  std::visit(values, what.body);
  row.run();
  return database_.changes() > 0;
}

void sqlite_rows::insert(const quarantine_entry& what) {
  const auto key = key_of(what);
  binder values(quarantine_, {}, bids_, asks_);
  values.quarantine(what, key);
  quarantine_.run();
}

void sqlite_rows::insert(const listing& where) {
  binder values(instrument_, {}, bids_, asks_);
  values(where);
  instrument_.run();
}

}  // namespace feedtree::storage
