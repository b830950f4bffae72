// One rule, and events that keep or break it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/rules/engine.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::rules {

using tests::number;
inline constexpr std::int64_t second = 1'000'000'000;
inline constexpr std::int64_t start = 1'700'000'040 * second;  // a full minute

inline kind_set kinds(std::initializer_list<event_kind> all) {
  kind_set result;
  for (const auto each : all) result.set(static_cast<std::size_t>(each));
  return result;
}

inline rule_spec rule_of(rule_check check, kind_set of) {
  rule_spec rule;
  rule.name = "a-rule";
  rule.check = check;
  rule.kinds = of;
  return rule;
}

// One rule and what breaks it.
class rules : public testing::Test {
 protected:
  void use(const rule_spec& rule) { use(rule_list{rule}); }
  void use(rule_list list) {
    const auto all = std::make_shared<const rule_list>(std::move(list));
    counts = std::make_shared<venue_counts>(*all);
    engine = std::make_unique<rule_engine>(all, board, counts);
  }
  template <class Body>
  event at(std::int64_t ns, const Body& body, const listing* of = nullptr) {
    auto what = tests::sample_event(of != nullptr ? of : where, std::to_string(++keys), body);
    what.exchange_ns = ns;
    what.receive_ns = ns;
    return what;
  }
  event trade_at(std::int64_t ns, std::string_view price, std::string_view quantity = "1",
                 const listing* of = nullptr) {
    return at(ns, trade{number(price), number(quantity), trade_side::buy}, of);
  }
  event quote_at(std::int64_t ns, std::string_view bid, std::string_view ask) {
    return at(ns, quote{number(bid), number("1"), number(ask), number("1")});
  }
  // The reasons of what this event breaks.
  std::vector<std::string> broken(const event& what) {
    event_batch batch;
    batch.events.push_back(what);
    return broken(batch);
  }
  std::vector<std::string> broken(const event_batch& batch) {
    std::vector<std::string> result;
    for (const auto& each : engine->examine(batch)) result.emplace_back(each.reason.view());
    return result;
  }
  static event_batch book(const event& head, bool snapshot,
                          std::initializer_list<std::pair<const char*, const char*>> bids,
                          std::initializer_list<std::pair<const char*, const char*>> asks) {
    event_batch batch;
    book_change change;
    change.snapshot = snapshot;
    change.bids = static_cast<std::uint32_t>(bids.size());
    change.asks = static_cast<std::uint32_t>(asks.size());
    for (const auto& [price, quantity] : bids) {
      batch.levels.emplace_back(number(price), number(quantity));
    }
    for (const auto& [price, quantity] : asks) {
      batch.levels.emplace_back(number(price), number(quantity));
    }
    batch.events.push_back(head);
    batch.events.back().body = change;
    return batch;
  }
  using reasons = std::vector<std::string>;

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  const listing* okx = tests::sample_listing(registry, "BTC-USDT", "okx");
  const listing* binance = tests::sample_listing(registry, "BTC-USDT", "binance");
  std::shared_ptr<price_board> board = std::make_shared<price_board>();
  std::shared_ptr<venue_counts> counts;
  std::unique_ptr<rule_engine> engine;
  int keys = 0;
};

}  // namespace feedtree::rules
