// Made-up events of every kind, for the tests of what carries them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/event.hpp"

namespace feedtree::tests {

inline decimal number(std::string_view text) {
  decimal value;
  const auto error = parse_decimal(text, value);
  if (error != decimal_error::none) throw std::invalid_argument(std::string(text));
  return value;
}

inline const listing* sample_listing(listing_registry& registry,
                                     std::string_view symbol = "BTC-USD",
                                     std::string_view venue = "kraken") {
  return registry.intern(venue, parse_instrument(symbol).value(), symbol);
}

template <class Body>
event sample_event(const listing* where, std::string_view key, const Body& body) {
  event what;
  what.where = where;
  what.exchange_ns = 1'618'678'123'123'456'789;
  what.receive_ns = 1'618'678'123'223'456'790;
  what.key.append(key);
  what.body = body;
  return what;
}

inline event sample_trade(const listing* where, std::string_view key,
                          std::string_view price = "61234.10") {
  return sample_event(where, key, trade{number(price), number("0.00120"), trade_side::sell});
}

// Appends a book message whose levels are at 100 - 1 - i and 100 + 1 + i.
inline void append_book(event_batch& out, const listing* where, std::string_view key, bool snapshot,
                        std::uint32_t levels_a_side) {
  book_change change;
  change.snapshot = snapshot;
  change.first_level = static_cast<std::uint32_t>(out.levels.size());
  change.bids = levels_a_side;
  change.asks = levels_a_side;
  for (const int sign : {-1, 1}) {
    for (std::uint32_t at = 0; at < levels_a_side; ++at) {
      const decimal price{1'000'000'000 + sign * static_cast<std::int64_t>(at + 1), -3};
      out.levels.push_back(level(price, decimal{150 + static_cast<std::int64_t>(at), -2}));
    }
  }
  out.events.push_back(sample_event(where, key, change));
}

inline ticker full_ticker() {
  ticker body;
  std::int64_t at = 10;
  for (auto* value : {&body.last_price, &body.bid_price, &body.bid_quantity, &body.ask_price,
                      &body.ask_quantity, &body.open_price, &body.high_price, &body.low_price,
                      &body.volume, &body.quote_volume, &body.mark_price, &body.index_price}) {
    *value = decimal{at++, -1};
  }
  return body;
}

inline candle sample_candle() {
  candle body;
  body.interval_ns = 60'000'000'000;
  body.open_ns = 1'618'678'080'000'000'000;
  body.open = number("10.0");
  body.high = number("11");
  body.low = number("9.50");
  body.close = number("10.5");
  body.volume = number("0");
  return body;
}

// One event of every kind, some twice: with all that is optional, and without.
inline std::shared_ptr<event_batch> every_kind(const listing* where) {
  auto batch = std::make_shared<event_batch>();
  auto& events = batch->events;
  events.push_back(sample_trade(where, "t\"1\\\n"));
  append_book(*batch, where, "s9", true, 3);
  std::get<book_change>(events.back().body).depth = 10;
  append_book(*batch, where, "10", false, 1);
  auto& delta = std::get<book_change>(events.back().body);
  delta.first_update_id = 10;
  delta.last_update_id = 18'446'744'073'709'551'615ULL;
  delta.previous_update_id = 9;
  delta.has_checksum = true;
  delta.checksum = 4'294'967'295;
  append_book(*batch, where, "s11", true, 0);
  events.push_back(sample_event(
      where, "q", quote{number("1.10"), number("2"), number("1.2"), number("0.0000001")}));
  events.push_back(sample_event(where, "q2", quote{{}, {}, number("1.2"), number("3")}));
  events.push_back(sample_event(where, "k1", full_ticker()));
  events.push_back(sample_event(where, "k2", ticker{}));
  auto full_candle = sample_candle();
  full_candle.quote_volume = number("1e3");
  full_candle.trades = 0;
  full_candle.closed = true;
  events.push_back(sample_event(where, "c1", full_candle));
  events.push_back(sample_event(where, "c2", sample_candle()));
  events.push_back(sample_event(where, "f1",
                                funding{number("-0.0001"), number("5"), number("6"),
                                        number("0.0002"), 1'618'704'000'000'000'000}));
  events.push_back(sample_event(where, "f2", funding{number("0"), {}, {}, {}, 0}));
  events.push_back(sample_event(where, "o1", open_interest{number("12"), number("3.4")}));
  events.push_back(sample_event(where, "o2", open_interest{number("12"), {}}));
  events.push_back(
      sample_event(where, "l", liquidation{number("7"), number("8"), trade_side::buy}));
  status_change status;
  status.to = feed_state::live;
  status.reason.append("cut \xe2\x82");  // as where a text was cut within a character
  events.push_back(sample_event(where, "x1", status));
  gap open_gap;
  open_gap.cause = gap_cause::checksum;
  open_gap.begin_ns = 1'618'678'123'000'000'000;
  open_gap.detail.append("checksum 1, not 2");
  events.push_back(sample_event(where, "g1", open_gap));
  events.back().state = feed_state::gap;
  auto closed_gap = open_gap;
  closed_gap.end_ns = 1'618'678'124'000'000'000;
  closed_gap.recovered = true;
  closed_gap.repair = gap_repair::resubscribe;
  events.push_back(sample_event(where, "g2", closed_gap));
  return batch;
}

inline quarantine_entry sample_quarantine() {
  return {"kraken",
          "BTC-USD",
          "decode",
          "price is not a number",
          "{\"price\":\"x\"}",
          1'618'678'123'223'456'790};
}

inline alert_entry sample_alert() {
  return {alert_severity::critical,
          "kraken",
          "BTC-USD",
          "crossed",
          "bid 2 is above ask 1",
          "kraken:BTC-USD:book:7",
          1'618'678'123'223'456'790,
          3};
}

}  // namespace feedtree::tests
