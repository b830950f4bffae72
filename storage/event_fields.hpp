// The values of a row, left to right, in the order of storage/event_columns.hpp: one mapping for
// all databases. Row takes them:
//   text(view), words(view)  the second is free text, which may have been cut within a character
//   integer(value), flag(value), number(decimal), update_id(id, 0 is none), levels(span), null()
#pragma once

#include "core/codec.hpp"
#include "core/event.hpp"

namespace feedtree::storage {

template <class Row>
class event_fields {
 public:
  event_fields(Row& row, const event_batch& batch) : row_(row), batch_(batch) {}

  void all(const event& what) {
    row_.text(what.where->venue);
    row_.text(what.where->symbol);
    row_.text(what.key.view());
    row_.integer(what.exchange_ns);
    row_.integer(what.receive_ns);
    row_.text(to_string(what.state));
    std::visit(*this, what.body);
  }

  void operator()(const trade& body) { order(body); }
  void operator()(const liquidation& body) { order(body); }

  void operator()(const book_change& body) {
    row_.text(body.snapshot ? std::string_view("snapshot") : std::string_view("delta"));
    row_.levels(batch_.bids(body));
    row_.levels(batch_.asks(body));
    row_.update_id(body.first_update_id);
    row_.update_id(body.last_update_id);
    row_.update_id(body.previous_update_id);
    integer_if(body.depth != 0, body.depth);
    integer_if(body.has_checksum, body.checksum);
  }

  void operator()(const quote& body) {
    number(body.bid_price);
    number(body.bid_quantity);
    number(body.ask_price);
    number(body.ask_quantity);
  }

  void operator()(const ticker& body) {
    for (const auto* value :
         {&body.last_price, &body.bid_price, &body.bid_quantity, &body.ask_price,
          &body.ask_quantity, &body.open_price, &body.high_price, &body.low_price, &body.volume,
          &body.quote_volume, &body.mark_price, &body.index_price}) {
      number(*value);
    }
  }

  void operator()(const candle& body) {
    row_.integer(body.interval_ns);
    row_.integer(body.open_ns);
    for (const auto* value : {&body.open, &body.high, &body.low, &body.close, &body.volume}) {
      row_.number(*value);
    }
    number(body.quote_volume);
    integer_if(body.trades >= 0, body.trades);
    row_.flag(body.closed);
    row_.text(to_string(body.source));
    const bool is_ours = body.source == candle_source::trades;
    integer_if(is_ours, body.revision);
    is_ours ? row_.flag(body.complete) : row_.null();
  }

  void operator()(const funding& body) {
    row_.number(body.rate);
    number(body.mark_price);
    number(body.index_price);
    number(body.predicted_rate);
    integer_if(body.next_funding_ns != 0, body.next_funding_ns);
  }

  void operator()(const open_interest& body) {
    row_.number(body.quantity);
    number(body.value);
  }

  void operator()(const status_change& body) {
    row_.text(to_string(body.feed));
    row_.text(to_string(body.from));
    row_.text(to_string(body.to));
    row_.words(body.reason.view());
  }

  void operator()(const gap& body) {
    row_.text(to_string(body.feed));
    row_.text(to_string(body.cause));
    row_.words(body.detail.view());
    row_.integer(body.begin_ns);
    integer_if(body.end_ns != 0, body.end_ns);
    row_.text(to_string(body.repair));
    row_.flag(body.recovered);
  }

 private:
  template <class Order>
  void order(const Order& body) {
    row_.number(body.price);
    row_.number(body.quantity);
    row_.text(to_string(body.side));
  }
  void number(const optional_decimal& value) {
    if (value) return row_.number(*value);
    row_.null();
  }
  void integer_if(bool there, std::int64_t value) {
    if (there) return row_.integer(value);
    row_.null();
  }

  Row& row_;
  const event_batch& batch_;
};

template <class Row>
void put_fields(Row& row, const event& what, const event_batch& batch) {
  event_fields<Row>(row, batch).all(what);
}

// key: key_of(what).
template <class Row>
void put_fields(Row& row, const quarantine_entry& what, const event_key& key) {
  row.words(what.venue);
  row.words(what.instrument);
  row.text(key.view());
  row.integer(what.receive_ns);
  row.words(what.rule);
  row.words(what.reason);
  row.words(what.excerpt);
}

template <class Row>
void put_fields(Row& row, const listing& where) {
  const auto& details = where.details;
  row.text(where.venue);
  row.text(where.symbol);
  row.text(where.venue_symbol);
  row.text(where.channel);
  row.text(to_string(details.type));
  row.text(details.base);
  row.text(details.quote);
  details.settle.empty() ? row.null() : row.text(details.settle);
  details.expiry_yyyymmdd == 0 ? row.null() : row.integer(details.expiry_yyyymmdd);
  details.strike ? row.number(*details.strike) : row.null();
  if (details.right == option_type::none) return row.null();
  row.text(details.right == option_type::call ? "call" : "put");
}

}  // namespace feedtree::storage
