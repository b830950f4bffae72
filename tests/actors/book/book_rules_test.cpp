// The rules in the actor of an instrument: in front of the candles and of everything else.
#include <gtest/gtest.h>

#include <caf/stateful_actor.hpp>

#include "actors/book/book.hpp"
#include "tests/actors/parties.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

using texts = std::vector<std::string>;
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t start_ns = 1'700'000'040 * second_ns;  // a full minute

// Keeps what it is sent, and acknowledges at once.
struct fake_validator {
  validator_actor handle;
  std::shared_ptr<std::vector<batch_ptr>> got = std::make_shared<std::vector<batch_ptr>>();

  explicit fake_validator(tests::test_system& system) {
    handle = system.system().spawn(
        [](validator_actor::pointer self, const std::shared_ptr<std::vector<batch_ptr>>& to) {
          return validator_actor::behavior_type{
              [](ack_atom, std::uint64_t) {},
              [self, to](batch_atom, std::uint64_t sequence, const batch_ptr& batch) {
                to->push_back(batch);
                if (const auto from = caf::actor_cast<caf::actor>(self->current_sender())) {
                  caf::anon_send(caf::actor_cast<book_actor>(from), ack_atom::value, sequence);
                }
              },
              [](present_atom, const book_question&, const batch_ptr&) {},
              [](sinks_atom) {},
              [](timer_atom) {},
              [](stop_atom) {},
          };
        },
        got);
    system.know(handle);
  }
};

class ruled_book : public testing::Test {
 protected:
  rules::rule_spec dear_trades() const {
    rules::rule_spec rule;
    rule.name = "dear";
    rule.check = rule_check::range;
    rule.kinds.set(static_cast<std::size_t>(event_kind::trade));
    rule.most = tests::number("10");
    return rule;
  }
  void start(const rules::rule_list& rules = {}) {
    book_options options;
    options.where = where;
    options.kinds.set(static_cast<std::size_t>(event_kind::trade));
    options.make_keeper = [this] {
      return std::make_unique<feed_keeper>(where, make_contiguous_guard(), keeper_options{});
    };
    options.candles = {{60 * second_ns}};
    options.validator = validator.handle;
    options.credit = {1'000, 1'000'000};
    options.now_ns = [this] { return now_ns; };
    options.counters = counters;
    options.claims = claims;
    if (!rules.empty()) {
      options.rules = std::make_shared<const rules::rule_list>(rules);
      options.prices = std::make_shared<rules::price_board>();
      options.rule_counts = counters->rules_of("kraken", *options.rules);
    }
    actor = system.spawn(book_behavior, options);
  }
  void trade_at(std::int64_t ns, const std::string& price) {
    now_ns = ns;
    event_batch batch;
    batch.events.push_back(tests::sample_trade(where, std::to_string(ns), price));
    batch.events.back().exchange_ns = batch.events.back().receive_ns = ns;
    const decoded_slice slice{std::make_shared<event_batch>(batch), {0}, 100};
    caf::send_as(producer, actor, batch_atom::value, ++sequence, slice);
    system.run();
  }
  std::vector<event> passed(event_kind kind) const {
    std::vector<event> result;
    for (const auto& batch : *validator.got) {
      for (const auto& what : batch->events) {
        if (what.kind() == kind) result.push_back(what);
      }
    }
    return result;
  }
  std::vector<std::string> quarantined() const {
    std::vector<std::string> result;
    for (const auto& batch : *validator.got) {
      for (const auto& entry : batch->quarantine) result.push_back(entry.rule);
    }
    return result;
  }

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  std::int64_t now_ns = start_ns - 60 * second_ns;
  std::uint64_t sequence = 0;
  std::shared_ptr<statistics> counters = std::make_shared<statistics>(texts{});
  std::shared_ptr<trade_claims> claims = std::make_shared<trade_claims>();
  tests::test_system system;
  tests::heard acks = tests::make_heard();
  producer_actor producer = tests::spawn_producer(system, acks);
  fake_validator validator{system};
  book_actor actor;
};

TEST_F(ruled_book, trades_in_quarantine_are_in_no_candle) {
  auto rule = dear_trades();
  rule.quarantine = true;
  start({rule});
  trade_at(start_ns - 60 * second_ns, "8");
  trade_at(start_ns + second_ns, "9");
  trade_at(start_ns + 2 * second_ns, "12");
  trade_at(start_ns + 3 * second_ns, "7");
  trade_at(start_ns + 70 * second_ns, "9");
  EXPECT_EQ(quarantined(), texts{"dear"});
  EXPECT_EQ(passed(event_kind::trade).size(), 4U);
  const auto candles = passed(event_kind::candle);
  ASSERT_FALSE(candles.empty());
  const auto& body = std::get<candle>(candles.back().body);
  EXPECT_EQ(body.open_ns, start_ns);
  EXPECT_EQ(body.high, tests::number("9"));
  EXPECT_EQ(body.trades, 2);
  EXPECT_EQ(counters->of_venue("kraken").quarantined, 1U);
}

TEST_F(ruled_book, events_that_break_a_built_in_rule_go_into_quarantine) {
  start();
  trade_at(start_ns, "8");
  trade_at(start_ns + 1, "-1");
  EXPECT_EQ(quarantined(), texts{"trade_price"});
  EXPECT_EQ(passed(event_kind::trade).size(), 1U);
}

TEST_F(ruled_book, flags_and_alerts_go_on_with_the_event) {
  auto rule = dear_trades();
  rule.flag = true;
  rule.alert = alert_severity::warning;
  start({rule});
  trade_at(start_ns, "11");
  const auto trades = passed(event_kind::trade);
  ASSERT_EQ(trades.size(), 1U);
  EXPECT_EQ(trades[0].flags, bit_of(rule_check::range));
  ASSERT_EQ(validator.got->back()->alerts.size(), 1U);
  EXPECT_EQ(validator.got->back()->alerts[0].rule, "dear");
  const auto& counts = counters->of_venue("kraken").rules.load()->of_rule[0];
  EXPECT_EQ(counts.broken, 1U);
  EXPECT_EQ(counts.alerted, 1U);
}

TEST_F(ruled_book, a_silence_is_noticed_by_the_clock) {
  rules::rule_spec rule;
  rule.name = "silent";
  rule.check = rule_check::freshness;
  rule.kinds.set(static_cast<std::size_t>(event_kind::trade));
  rule.age_max_ns = 5 * second_ns;
  rule.alert = alert_severity::warning;
  start({rule});
  trade_at(start_ns, "8");
  for (int seconds = 1; seconds <= 10; ++seconds) {
    now_ns = start_ns + seconds * second_ns;
    system.advance(1'000);
  }
  std::size_t alerts = 0;
  for (const auto& batch : *validator.got) alerts += batch->alerts.size();
  EXPECT_EQ(alerts, 1U);
}

TEST_F(ruled_book, a_late_trade_that_a_poller_passed_on_is_in_the_candle_alone) {
  start();
  trade_at(start_ns - 60 * second_ns, "8");
  auto late = tests::sample_trade(where, std::to_string(start_ns + second_ns), "9");
  late.exchange_ns = start_ns + second_ns;
  late.receive_ns = start_ns + 40 * second_ns;
  EXPECT_TRUE(claims->claim(late));  // by a poller
  now_ns = late.receive_ns;
  const decoded_slice slice{
      std::make_shared<event_batch>(event_batch{{late}, {}, {}, {}}), {0}, 100};
  caf::send_as(producer, actor, batch_atom::value, ++sequence, slice);
  system.run();
  trade_at(start_ns + 70 * second_ns, "9");
  EXPECT_EQ(passed(event_kind::trade).size(), 2U);
  const auto candles = passed(event_kind::candle);
  ASSERT_FALSE(candles.empty());
  EXPECT_EQ(std::get<candle>(candles.back().body).trades, 1);
}

}  // namespace
}  // namespace feedtree::actors
