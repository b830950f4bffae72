#include "tests/core/rules_fixture.hpp"

namespace feedtree::rules {
namespace {

TEST_F(rules, required_fields_must_be_there) {
  auto rule = rule_of(rule_check::required, kinds({event_kind::ticker, event_kind::trade}));
  rule.present = {field::mark_price, field::side};
  use(rule);
  EXPECT_EQ(broken(at(start, tests::full_ticker())), reasons{});
  EXPECT_EQ(broken(at(start, ticker{})), reasons{"mark_price is not there"});
  EXPECT_EQ(broken(trade_at(start, "1")), reasons{});
  EXPECT_EQ(broken(at(start, trade{number("1"), number("1"), trade_side::unknown})),
            reasons{"side is not there"});
}

TEST_F(rules, values_stay_in_their_range) {
  auto rule = rule_of(rule_check::range, kinds({event_kind::trade}));
  rule.bounded = field::price;
  rule.least = number("10");
  rule.most = number("20.5");
  use(rule);
  EXPECT_EQ(broken(trade_at(start, "10.000")), reasons{});
  EXPECT_EQ(broken(trade_at(start, "20.50")), reasons{});
  EXPECT_EQ(broken(trade_at(start, "9.999")), reasons{"price 9.999 is below 10"});
  EXPECT_EQ(broken(trade_at(start, "20.51")), reasons{"price 20.51 is above 20.5"});
}

TEST_F(rules, exchange_times_do_not_go_back) {
  auto rule = rule_of(rule_check::monotonic_time, kinds({event_kind::trade, event_kind::quote}));
  rule.tolerance_ns = 1'000'000;
  use(rule);
  EXPECT_EQ(broken(trade_at(start, "1")), reasons{});
  EXPECT_EQ(broken(quote_at(start - second, "1", "2")), reasons{});  // another kind
  EXPECT_EQ(broken(trade_at(start - 1'000'000, "1")), reasons{});
  EXPECT_EQ(broken(trade_at(start - 1'001'000, "1")),
            reasons{"the exchange time is 1001 us before one that came earlier"});
}

TEST_F(rules, clocks_that_differ_are_noticed_both_ways_and_their_distribution_is_kept) {
  auto rule = rule_of(rule_check::clock_skew, kinds({event_kind::trade}));
  rule.behind_ns = 2 * second;
  rule.ahead_ns = second;
  use(rule);
  auto old = trade_at(start - 84 * second, "1");  // a venue repeats the last trades at the start
  old.receive_ns = start - second;
  EXPECT_EQ(broken(old), reasons{});
  auto what = trade_at(start, "1");
  what.receive_ns = start + 2 * second;
  EXPECT_EQ(broken(what), reasons{});
  what.receive_ns = start + 3 * second;
  EXPECT_EQ(broken(what), reasons{"the venue's time is 3000 ms before ours"});
  what.receive_ns = start - 2 * second;
  EXPECT_EQ(broken(what), reasons{"the venue's time is 2000 ms after ours"});
  EXPECT_EQ(counts->skew.total(), 3U);
  EXPECT_EQ(counts->skew.sum_us(), 3'000'000);
  EXPECT_EQ(counts->skew.count(2), 1U);  // up to -1 s: -2 s
}

TEST_F(rules, a_trade_off_the_book_is_a_jump_and_one_inside_the_spread_is_none) {
  auto rule = rule_of(rule_check::price_jump, kinds({event_kind::trade}));
  rule.limit_ppm = 10'000;
  use(rule);
  EXPECT_EQ(broken(trade_at(start, "500")), reasons{});  // no book yet
  EXPECT_EQ(broken(book(at(start, trade{}), true, {{"100", "1"}}, {{"102", "1"}})), reasons{});
  EXPECT_EQ(broken(trade_at(start, "101")), reasons{});
  EXPECT_EQ(broken(trade_at(start, "103.02")), reasons{});
  EXPECT_EQ(broken(trade_at(start, "103.03")), reasons{"price 103.03 is 10098 ppm from 102"});
  EXPECT_EQ(broken(trade_at(start, "98")), reasons{"price 98 is 20000 ppm from 100"});
  status_change gone;
  gone.feed = event_kind::book;
  gone.to = feed_state::gap;
  EXPECT_EQ(broken(at(start, gone)), reasons{});
  EXPECT_EQ(broken(trade_at(start, "98")), reasons{});  // the book is not to be trusted
}

TEST_F(rules, a_price_far_from_the_one_before_is_a_jump) {
  auto rule = rule_of(rule_check::price_jump, kinds({event_kind::quote}));
  rule.against = reference::last;
  rule.limit_ppm = 50'000;
  use(rule);
  EXPECT_EQ(broken(quote_at(start, "99", "101")), reasons{});
  EXPECT_EQ(broken(quote_at(start, "104", "106")), reasons{});
  EXPECT_EQ(broken(quote_at(start, "120", "122")), reasons{"price 121 is 152380 ppm from 105"});
}

TEST_F(rules, a_consensus_of_the_other_venues_leaves_stale_ones_out) {
  auto rule = rule_of(rule_check::venue_consensus, kinds({event_kind::trade}));
  rule.limit_ppm = 20'000;
  rule.age_max_ns = 10 * second;
  rule.same_quotes = {"USD", "USDT"};
  rule.venues = {"kraken"};  // the others are not judged and have their say
  use(rule);
  EXPECT_EQ(broken(trade_at(start, "100", "1", okx)), reasons{});
  EXPECT_EQ(broken(trade_at(start, "150")), reasons{});  // one other venue is not enough
  EXPECT_EQ(broken(trade_at(start, "102", "1", binance)), reasons{});
  EXPECT_EQ(broken(trade_at(start + second, "103")), reasons{});
  EXPECT_EQ(broken(trade_at(start + second, "110")),
            reasons{"price 110 is 89108 ppm from the other venues' 101"});
  // binance has grown old: okx alone is no consensus.
  EXPECT_EQ(broken(trade_at(start + 11 * second, "100", "1", okx)), reasons{});
  EXPECT_EQ(broken(trade_at(start + 11 * second, "110")), reasons{});
}

TEST_F(rules, a_venue_whose_feed_is_stale_has_no_say) {
  auto rule = rule_of(rule_check::venue_consensus, kinds({event_kind::trade}));
  rule.limit_ppm = 20'000;
  rule.age_max_ns = 10 * second;
  rule.venues_min = 1;
  rule.same_quotes = {"USD", "USDT"};
  use(rule);
  EXPECT_EQ(broken(trade_at(start, "100", "1", okx)), reasons{});
  EXPECT_EQ(broken(trade_at(start, "110")).size(), 1U);
  status_change stale;
  stale.feed = event_kind::trade;
  stale.to = feed_state::stale;
  EXPECT_EQ(broken(at(start, stale, okx)), reasons{});
  EXPECT_EQ(broken(trade_at(start, "110")), reasons{});
}

TEST_F(rules, a_quantity_far_above_the_mean_is_an_anomaly) {
  auto rule = rule_of(rule_check::volume_anomaly, kinds({event_kind::trade}));
  rule.window = 4;
  rule.factor_thousandths = 10'000;
  use(rule);
  EXPECT_EQ(broken(trade_at(start, "1", "1000")), reasons{});  // nothing to compare with
  for (int i = 0; i < 4; ++i) EXPECT_EQ(broken(trade_at(start, "1", "0.5")), reasons{});
  EXPECT_EQ(broken(trade_at(start, "1", "5")), reasons{});
  EXPECT_EQ(broken(trade_at(start, "1", "16.3")),
            reasons{"quantity 16.3 is far above the mean of the last 4"});
}

TEST_F(rules, crossed_and_locked_books_are_noticed) {
  auto rule = rule_of(rule_check::crossed, kinds({event_kind::book, event_kind::quote}));
  use(rule);
  const auto head = at(start, trade{});
  EXPECT_EQ(broken(book(head, true, {{"100", "1"}}, {{"101", "1"}})), reasons{});
  EXPECT_EQ(broken(book(head, false, {{"101", "1"}}, {})), reasons{});
  EXPECT_EQ(broken(book(head, false, {{"101.5", "1"}}, {})), reasons{"bid 101.5 is above ask 101"});
  EXPECT_EQ(broken(book(head, false, {{"101.5", "0"}}, {})), reasons{});
  EXPECT_EQ(broken(quote_at(start, "2", "2")), reasons{});
  EXPECT_EQ(broken(quote_at(start, "3", "2")), reasons{"bid 3 is above ask 2"});
  rule.locked = true;
  use(rule);
  EXPECT_EQ(broken(quote_at(start, "2", "2.0")), reasons{"bid 2 equals ask 2.0"});
  EXPECT_EQ(broken(quote_at(start, "2", "0")), reasons{});  // an empty side
}

TEST_F(rules, a_spread_has_its_bound) {
  auto rule = rule_of(rule_check::spread, kinds({event_kind::book, event_kind::quote}));
  rule.limit_ppm = 10'000;
  use(rule);
  EXPECT_EQ(broken(quote_at(start, "100", "101")), reasons{});
  EXPECT_EQ(broken(quote_at(start, "100", "102")),
            reasons{"the spread of 100 to 102 is 20000 ppm"});
  EXPECT_EQ(broken(book(at(start, trade{}), true, {{"100", "1"}}, {{"102", "1"}})).size(), 1U);
  EXPECT_EQ(broken(quote_at(start, "103", "101")), reasons{});  // crossed: another check's
}

TEST_F(rules, a_quote_with_one_side_has_no_middle_and_no_spread) {
  auto crossed = rule_of(rule_check::crossed, kinds({event_kind::quote}));
  crossed.locked = true;
  auto spread = rule_of(rule_check::spread, kinds({event_kind::quote}));
  spread.name = "spread";
  spread.limit_ppm = 1;
  auto jump = rule_of(rule_check::price_jump, kinds({event_kind::quote}));
  jump.name = "jump";
  jump.limit_ppm = 1;
  use(rule_list{crossed, spread, jump});
  EXPECT_EQ(broken(at(start, quote{{}, {}, number("1.5"), number("1")})), reasons{});
  EXPECT_EQ(broken(at(start + 1, quote{number("9"), number("1"), {}, {}})), reasons{});
  EXPECT_EQ(broken(quote_at(start + 2, "2", "1")).size(), 1U);
}

TEST_F(rules, a_quote_that_lost_a_side_has_no_say_in_a_consensus) {
  auto rule = rule_of(rule_check::venue_consensus, kinds({event_kind::trade}));
  rule.limit_ppm = 1'000;
  rule.age_max_ns = 60 * second;
  rule.venues_min = 1;
  use(rule);
  const auto quote_of_okx = [&](std::int64_t ns, const quote& body) { return at(ns, body, okx); };
  const quote both{number("100"), number("1"), number("102"), number("1")};
  EXPECT_EQ(broken(quote_of_okx(start, both)), reasons{});
  EXPECT_EQ(broken(trade_at(start + 1, "90", "1", binance)).size(), 1U);
  broken(quote_of_okx(start + 2, quote{number("100"), number("1"), {}, {}}));
  EXPECT_EQ(broken(trade_at(start + 3, "90", "1", binance)), reasons{});
}

TEST_F(rules, candles_are_consistent_in_themselves) {
  use(rule_of(rule_check::candle_consistency, kinds({event_kind::candle})));
  auto body = tests::sample_candle();
  EXPECT_EQ(broken(at(start, body)), reasons{});
  body.low = number("10.2");
  EXPECT_EQ(broken(at(start, body)), reasons{"open or close is outside of low to high"});
  body = tests::sample_candle();
  body.open_ns += second;
  EXPECT_EQ(broken(at(start, body)),
            reasons{"the interval does not begin at a multiple of its length"});
  body = tests::sample_candle();
  body.volume = number("-1");
  EXPECT_EQ(broken(at(start, body)), reasons{"the volume is below zero"});
}

TEST_F(rules, candles_are_compared_with_the_trades_of_their_interval) {
  auto rule = rule_of(rule_check::candle_consistency, kinds({event_kind::candle}));
  rule.against_trades = true;
  use(rule);
  auto body = tests::sample_candle();
  body.closed = true;
  body.open_ns = start;
  EXPECT_EQ(broken(at(start, body)), reasons{});  // no trades were seen
  broken(trade_at(start - second, "10"));
  broken(trade_at(start + second, "11"));
  EXPECT_EQ(broken(at(start + 61 * second, body)), reasons{});
  broken(trade_at(start + 59 * second, "11.01"));
  broken(trade_at(start + 60 * second, "99"));  // of the next one
  EXPECT_EQ(broken(at(start + 61 * second, body)),
            reasons{"a trade of the interval is outside of low to high"});
  body.closed = false;
  EXPECT_EQ(broken(at(start + 61 * second, body)), reasons{});
}

TEST_F(rules, a_peg_has_its_bound) {
  auto rule = rule_of(rule_check::peg, kinds({event_kind::trade}));
  rule.limit_ppm = 5'000;
  use(rule);
  EXPECT_EQ(broken(trade_at(start, "1.005")), reasons{});
  EXPECT_EQ(broken(trade_at(start, "0.994")), reasons{"price 0.994 is 6000 ppm from the peg of 1"});
}

TEST_F(rules, a_silence_is_noticed_when_it_ends_or_by_a_sweep_and_once) {
  auto rule = rule_of(rule_check::freshness, kinds({event_kind::trade}));
  rule.age_max_ns = 10 * second;
  rule.alert = alert_severity::critical;
  use(rule);
  EXPECT_EQ(broken(trade_at(start, "1")), reasons{});
  EXPECT_EQ(broken(trade_at(start + 10 * second, "1")), reasons{});
  EXPECT_EQ(broken(trade_at(start + 21 * second, "1")), reasons{"nothing came for 11000 ms"});
  event_batch out;
  engine->sweep(start + 31 * second, out);
  EXPECT_TRUE(out.alerts.empty());
  engine->sweep(start + 32 * second, out);
  engine->sweep(start + 33 * second, out);
  ASSERT_EQ(out.alerts.size(), 1U);
  EXPECT_EQ(out.alerts[0].reason, "no trade for 11000 ms");
  EXPECT_EQ(out.alerts[0].severity, alert_severity::critical);
  EXPECT_EQ(broken(trade_at(start + 40 * second, "1")), reasons{});
  EXPECT_EQ(counts->of_rule[0].broken, 1U);
}

TEST_F(rules, concern_only_the_venues_and_instruments_that_they_name) {
  auto rule = rule_of(rule_check::range, kinds({event_kind::trade}));
  rule.most = number("1");
  rule.venues = {"kraken"};
  rule.instruments = {"BTC-USD"};
  use(rule);
  EXPECT_EQ(broken(trade_at(start, "2")).size(), 1U);
  EXPECT_EQ(broken(trade_at(start, "2", "1", okx)), reasons{});
  EXPECT_EQ(broken(trade_at(start, "2", "1", tests::sample_listing(registry, "ETH-USD"))),
            reasons{});
}

TEST(ratio, is_exact_for_prices_of_any_scale) {
  EXPECT_EQ(difference_ppm(number("101"), number("100")), 10'000);
  EXPECT_EQ(difference_ppm(number("99.0"), number("100")), 10'000);
  EXPECT_EQ(difference_ppm(number("0.00000101"), number("0.000001")), 10'000);
  EXPECT_EQ(difference_ppm(number("9223372036854775807"), number("9223372036854775806")), 0);
  EXPECT_EQ(difference_ppm(number("1"), number("0")), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(difference_ppm(number("0"), number("0.0")), 0);
  EXPECT_EQ(difference_ppm(number("100000000"), number("0.000000000001")),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(midpoint(number("1"), number("2")), number("1.5"));
  EXPECT_EQ(midpoint(number("1.1"), number("1.3")), number("1.2"));
  EXPECT_EQ(scaled(number("1.23456"), -2), 123);
  EXPECT_EQ(scaled(number("12"), -2), 1'200);
}

}  // namespace
}  // namespace feedtree::rules
