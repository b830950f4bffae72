// Sources that are no venues: what is asked, and what their real answers come to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "adapters/batch/poll_source.hpp"
#include "core/validator.hpp"
#include "storage/file_text.hpp"
#include "tests/support/captures.hpp"

namespace feedtree::batch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t hour_ns = 60 * minute_ns;
constexpr std::int64_t day_ns = 24 * hour_ns;
constexpr std::int64_t now_ns = 1'800'000'000 * second_ns;

venues::raw_frame frame(std::string text, std::int64_t receive_ns = now_ns) {
  text.reserve(text.size() + venues::frame_padding);
  return {std::move(text), receive_ns};
}

history_reader with_key(const char* key, const char* plan = "demo") {
  return {nullptr, {}, {key, plan}};
}

history_position begin(const history_job& job) {
  history_position position;
  position.time_ns = job.from_ns;
  return position;
}

decimal number(const char* text) {
  decimal value;
  EXPECT_EQ(parse_decimal(text, value), decimal_error::none);
  return value;
}

class coingecko : public testing::Test {
 protected:
  const listing* list(const char* symbol, const char* own) {
    return source_.list(registry_, symbol, own);
  }
  listing_registry registry_;
  const poll_source& source_ = *find_poll_source("coingecko");
  const poll_source& simple_ = *find_poll_source("coingecko-simple");
};

TEST_F(coingecko, asks_for_many_coins_at_once_and_reads_real_markets) {
  FEEDTREE_CAPTURE(path, "coingecko/GetMarketsAsync_20230108.json");
  const std::vector<const listing*> coins{list("BTC-USD", "bitcoin"), list("ETH-USD", "ethereum")};
  EXPECT_EQ(source_.present_request(coins, {}).url,
            "https://api.coingecko.com/api/v3/coins/markets?vs_currency=usd&ids=bitcoin,ethereum"
            "&per_page=250&page=1&precision=full");
  event_batch out;
  source_.read_present(coins, frame(read_file_text(path)), out);
  ASSERT_EQ(out.events.size(), 2U);
  EXPECT_TRUE(out.quarantine.empty());
  const auto& first = out.events[0];
  EXPECT_EQ(first.where->venue, "coingecko");
  EXPECT_EQ(first.where->symbol, "BTC-USD");
  EXPECT_EQ(first.exchange_ns, venues::from_rfc3339("2023-01-08T16:49:40.132Z"));
  EXPECT_EQ(first.receive_ns, now_ns);
  const auto& body = std::get<ticker>(first.body);
  EXPECT_EQ(*body.last_price, number("16951.52"));
  EXPECT_EQ(*body.high_price, number("16994.2"));
  EXPECT_EQ(*body.low_price, number("16923.76"));
  EXPECT_EQ(*body.quote_volume, number("10076421985"));
  EXPECT_FALSE(body.volume.has_value());
  EXPECT_EQ(*std::get<ticker>(out.events[1].body).last_price, number("1266.66"));
}

TEST_F(coingecko, reads_the_newer_markets_too_and_gives_the_same_keys_again) {
  FEEDTREE_CAPTURE(path, "coingecko/GetMarkets.json");
  const std::vector<const listing*> coins{list("BTC-USD", "bitcoin")};
  event_batch out;
  source_.read_present(coins, frame(read_file_text(path)), out);
  event_batch again;
  source_.read_present(coins, frame(read_file_text(path), now_ns + 1), again);
  ASSERT_EQ(out.events.size(), 1U);
  EXPECT_EQ(*std::get<ticker>(out.events[0].body).last_price, number("70187"));
  EXPECT_EQ(out.events[0].key, again.events.at(0).key);
}

TEST_F(coingecko, puts_a_coin_aside_that_it_cannot_read_and_keeps_the_others) {
  const std::vector<const listing*> coins{list("BTC-USD", "bitcoin"), list("ETH-USD", "ethereum"),
                                          list("LUNC-USD", "terra-luna"), list("X-USD", "x")};
  event_batch out;
  source_.read_present(
      coins,
      frame(R"([{"id":"ethereum","current_price":null,"last_updated":"2024-04-07T16:49:31.736Z"},)"
            R"({"id":"x","current_price":0.1234567890123456789012,)"
            R"("last_updated":"2024-04-07T16:49:31.736Z"},)"
            R"({"id":"bitcoin","current_price":6.5e-07,"high_24h":null,)"
            R"("roi":{"times":98.9},"last_updated":"2024-04-07T16:49:31.736Z"}])"),
      out);
  ASSERT_EQ(out.events.size(), 1U);
  EXPECT_EQ(*std::get<ticker>(out.events[0].body).last_price, number("0.00000065"));
  EXPECT_FALSE(std::get<ticker>(out.events[0].body).high_price.has_value());
  ASSERT_EQ(out.quarantine.size(), 3U);
  EXPECT_EQ(out.quarantine[0].instrument, "ETH-USD");
  EXPECT_EQ(out.quarantine[0].reason, "current_price: missing");
  EXPECT_EQ(out.quarantine[1].reason, "no such coin in the answer");
  EXPECT_THAT(out.quarantine[2].reason, HasSubstr("more digits than 64 bits hold"));
  event_batch nothing;
  EXPECT_ANY_THROW(source_.read_present(coins, frame(R"({"error":"coin not found"})"), nothing));
  EXPECT_TRUE(nothing.empty());
}

TEST_F(coingecko, takes_simple_prices_only_with_the_time_that_they_are_of) {
  FEEDTREE_CAPTURE(path, "coingecko/GetPrices.json");
  const std::vector<const listing*> coins{list("ETH-USD", "ethereum")};
  EXPECT_EQ(simple_.present_request(coins, {}).url,
            "https://api.coingecko.com/api/v3/simple/price?ids=ethereum&vs_currencies=usd"
            "&include_24hr_vol=true&include_last_updated_at=true&precision=full");
  event_batch out;
  simple_.read_present(coins, frame(read_file_text(path)), out);  // asked without the time
  EXPECT_TRUE(out.events.empty());
  ASSERT_EQ(out.quarantine.size(), 1U);
  EXPECT_EQ(out.quarantine[0].reason, "last_updated_at: missing");
  out.clear();
  simple_.read_present(
      coins,
      frame(R"({"ethereum":{"usd":1498.64,"usd_24h_vol":1.5e3,"last_updated_at":1711356300}})"),
      out);
  ASSERT_EQ(out.events.size(), 1U);
  EXPECT_EQ(out.events[0].exchange_ns, 1'711'356'300 * second_ns);
  EXPECT_EQ(*std::get<ticker>(out.events[0].body).last_price, number("1498.64"));
  EXPECT_EQ(*std::get<ticker>(out.events[0].body).quote_volume, number("1500"));
}

TEST_F(coingecko, sends_a_key_where_there_is_one_and_never_in_the_address) {
  const std::vector<const listing*> coins{list("BTC-EUR", "bitcoin")};
  EXPECT_TRUE(source_.headers({}).empty());
  EXPECT_THAT(source_.headers(with_key("k")), ElementsAre(Pair("x-cg-demo-api-key", "k")));
  EXPECT_THAT(source_.headers(with_key("k", "pro")), ElementsAre(Pair("x-cg-pro-api-key", "k")));
  EXPECT_THAT(source_.present_request(coins, with_key("secret", "pro")).url,
              testing::AllOf(HasSubstr("https://pro-api.coingecko.com/"),
                             HasSubstr("vs_currency=eur"), testing::Not(HasSubstr("secret"))));
  EXPECT_LT(source_.limit({}).count, source_.limit({"k", "demo"}).count);
  EXPECT_LT(source_.limit({"k", "demo"}).count, source_.limit({"k", "pro"}).count);
}

TEST_F(coingecko, reads_real_candles_that_are_named_by_their_end) {
  FEEDTREE_CAPTURE(path, "coingecko/GetOhlc.json");
  const auto first = 1'709'395'200 * second_ns - 4 * hour_ns;
  const history_job job{list("BTC-USD", "bitcoin"), event_kind::candle, 4 * hour_ns, first,
                        first + 12 * hour_ns};
  const auto& past = *source_.history();
  history_reader reader;
  EXPECT_EQ(past.request(job, begin(job), reader).url,
            "https://api.coingecko.com/api/v3/coins/bitcoin/ohlc?vs_currency=usd&days=7"
            "&precision=full");
  event_batch out;
  const auto page = past.read(job, begin(job), "", frame(read_file_text(path)), reader, out);
  EXPECT_TRUE(page.done);
  EXPECT_TRUE(page.gaps.empty());
  ASSERT_EQ(out.events.size(), 3U);
  const auto& body = std::get<candle>(out.events[0].body);
  EXPECT_EQ(body.open_ns, first);
  EXPECT_EQ(out.events[0].exchange_ns, first + 4 * hour_ns);
  EXPECT_EQ(body.open, number("61942"));
  EXPECT_EQ(body.high, number("62211"));
  EXPECT_EQ(body.low, number("61721"));
  EXPECT_EQ(body.close, number("61845"));
  EXPECT_TRUE(body.closed);
  EXPECT_TRUE(body.volume.is_zero());
}

TEST_F(coingecko, asks_for_as_few_days_as_reach_back) {
  const auto& past = *source_.history();
  const auto days = [&](std::int64_t interval_ns, std::int64_t back_ns) {
    const history_job job{list("BTC-USD", "bitcoin"), event_kind::candle, interval_ns,
                          now_ns - back_ns, now_ns};
    const auto url = past.request(job, begin(job), {}).url;
    const auto at = url.find("days=") + 5;
    return url.substr(at, url.find('&', at) - at);
  };
  EXPECT_EQ(days(30 * minute_ns, hour_ns), "1");
  EXPECT_EQ(days(30 * minute_ns, 5 * day_ns), "1");  // more would be of four hours
  EXPECT_EQ(days(4 * hour_ns, hour_ns), "7");
  EXPECT_EQ(days(4 * hour_ns, 10 * day_ns), "14");
  EXPECT_EQ(days(4 * hour_ns, 100 * day_ns), "30");
  EXPECT_EQ(days(day_ns, 100 * day_ns), "180");
}

TEST_F(coingecko, says_what_it_has_not) {
  EXPECT_EQ(source_.refuses({}, event_kind::ticker, 0), "");
  EXPECT_EQ(source_.refuses({}, event_kind::candle, 4 * hour_ns), "");
  EXPECT_THAT(source_.refuses({}, event_kind::candle, hour_ns), HasSubstr("paid plan"));
  EXPECT_EQ(source_.refuses({"k", "pro"}, event_kind::candle, hour_ns), "");
  EXPECT_THAT(source_.refuses({}, event_kind::candle, minute_ns), HasSubstr("30m and 4h"));
  EXPECT_NE(source_.refuses({}, event_kind::trade, 0), "");
  EXPECT_NE(simple_.refuses({}, event_kind::candle, 4 * hour_ns), "");
  EXPECT_THROW(list("BTC-USDT-PERP", "bitcoin"), std::invalid_argument);
  EXPECT_THROW(list("BTC-USD", ""), std::invalid_argument);
  EXPECT_THROW(list("BTC-USD", "bitcoin,ethereum&x=1"), std::invalid_argument);
}

class coinalyze : public testing::Test {
 protected:
  history_job job(event_kind kind, std::int64_t first_s, int points) {
    const auto from = first_s * second_ns;
    return {where_, kind, 4 * hour_ns, from, from + points * 4 * hour_ns};
  }
  history_page read(const history_job& what, const std::string& body, event_batch& out,
                    std::int64_t at_ns = now_ns) {
    history_reader reader;
    return past_.read(what, begin(what), "", frame(body, at_ns), reader, out);
  }
  // The list below a name of the capture, which has several answers in one object.
  static std::string answer(const std::string& text, const std::string& name) {
    const auto begin = text.find('[', text.find("\"" + name + "\""));
    int depth = 0;
    for (auto at = begin; at < text.size(); ++at) {
      depth += text[at] == '[' ? 1 : text[at] == ']' ? -1 : 0;
      if (depth == 0) return text.substr(begin, at + 1 - begin);
    }
    return {};
  }
  listing_registry registry_;
  const poll_source& source_ = *find_poll_source("coinalyze");
  const history_source& past_ = *source_.history();
  const listing* where_ = source_.list(registry_, "BTC-USDT-PERP", "BTCUSDT_PERP.A");
};

TEST_F(coinalyze, names_a_venue_for_each_exchange_and_asks_with_the_key) {
  EXPECT_EQ(where_->venue, "coinalyze-a");
  const auto* const other = source_.list(registry_, "BTC-USDT-PERP", "BTCUSDT_PERP.6");
  EXPECT_EQ(other->venue, "coinalyze-6");
  const auto what = job(event_kind::open_interest, 1'784'865'600, 3);
  EXPECT_EQ(past_.request(what, begin(what), with_key("k")).url,
            "https://api.coinalyze.net/v1/open-interest-history?symbols=BTCUSDT_PERP.A"
            "&interval=4hour&from=1784865600&to=1784894400");
  EXPECT_THAT(past_.headers(with_key("k")), ElementsAre(Pair("api_key", "k")));
  EXPECT_EQ(source_.limit({"k", ""}).count, 40U);
  for (const char* wrong : {"", "BTCUSDT_PERP", "BTCUSDT_PERP.AB", "BTC&x=1.A", ".A"}) {
    EXPECT_THROW(source_.list(registry_, "BTC-USDT-PERP", wrong), std::invalid_argument) << wrong;
  }
}

TEST_F(coinalyze, reads_real_open_interest) {
  FEEDTREE_CAPTURE(path, "coinalyze/probe_history_20260724.json");
  const auto what = job(event_kind::open_interest, 1'784'865'600, 3);
  event_batch out;
  const auto page = read(what, answer(read_file_text(path), "open_interest"), out);
  EXPECT_TRUE(page.done && page.gaps.empty());
  ASSERT_EQ(out.events.size(), 3U);
  EXPECT_EQ(std::get<open_interest>(out.events[0].body).quantity, number("6762600631.87"));
  EXPECT_EQ(out.events[0].exchange_ns, (1'784'865'600 + 4 * 3600) * second_ns);
  EXPECT_EQ(std::get<open_interest>(out.events[2].body).quantity, number("6773783821.0912"));
}

TEST_F(coinalyze, reads_real_funding_rates_as_hundredths) {
  FEEDTREE_CAPTURE(path, "coinalyze/probe_history_20260724.json");
  event_batch out;
  read(job(event_kind::funding, 1'784'865'600, 3), answer(read_file_text(path), "funding"), out);
  ASSERT_EQ(out.events.size(), 3U);
  EXPECT_EQ(std::get<funding>(out.events[0].body).rate, number("0.00007598"));
}

TEST_F(coinalyze, reads_real_liquidations_as_sums_of_each_side) {
  FEEDTREE_CAPTURE(path, "coinalyze/probe_history_20260724.json");
  event_batch out;
  read(job(event_kind::liquidation, 1'784'865'600, 3), answer(read_file_text(path), "liquidations"),
       out);
  ASSERT_EQ(out.events.size(), 6U);
  const auto& longs = std::get<liquidation>(out.events[0].body);
  EXPECT_EQ(longs.side, trade_side::sell);
  EXPECT_EQ(longs.quantity, number("281390.06"));
  EXPECT_TRUE(longs.price.is_zero());
  const auto& shorts = std::get<liquidation>(out.events[1].body);
  EXPECT_EQ(shorts.side, trade_side::buy);
  EXPECT_EQ(shorts.quantity, number("1587451.0899999996"));
  EXPECT_NE(out.events[0].key, out.events[1].key);
  EXPECT_EQ(quarantine_bad_events(out), 0U);
}

TEST_F(coinalyze, reads_real_candles_with_all_their_digits) {
  FEEDTREE_CAPTURE(path, "coinalyze/probe_ohlcv_ls_20260728.json");
  event_batch out;
  const auto page = read(job(event_kind::candle, 1'785'211'200, 2),
                         answer(read_file_text(path), "ohlcv-history"), out);
  EXPECT_TRUE(page.done && page.gaps.empty());
  ASSERT_EQ(out.events.size(), 2U);
  const auto& body = std::get<candle>(out.events[0].body);
  EXPECT_EQ(body.volume, number("17816.541000000874"));
  EXPECT_EQ(body.high, number("63642.2"));
  EXPECT_EQ(body.trades, 108'788);
  EXPECT_TRUE(body.closed);
}

TEST_F(coinalyze, leaves_out_what_is_not_over_and_notices_what_is_missing) {
  const auto what = job(event_kind::open_interest, 1'784'865'600, 4);
  const std::string body =
      R"([{"symbol":"BTCUSDT_PERP.A","history":[{"t":1784865600,"o":1,"h":1,"l":1,"c":5},)"
      R"({"t":1784894400,"o":1,"h":1,"l":1,"c":0.1234567890123456789012},)"
      R"({"t":1784908800,"o":1,"h":1,"l":1,"c":7}]}])";
  event_batch out;
  const auto page = read(what, body, out, what.to_ns - 1);
  ASSERT_EQ(out.events.size(), 1U);
  ASSERT_EQ(out.quarantine.size(), 1U);  // more digits than fit
  ASSERT_EQ(page.gaps.size(), 1U);
  EXPECT_EQ(page.gaps[0].from_ns, what.from_ns + 4 * hour_ns);
  EXPECT_EQ(page.gaps[0].to_ns, what.to_ns);
  event_batch quiet;
  EXPECT_TRUE(read(job(event_kind::liquidation, 1'784'865'600, 3), "[]", quiet).gaps.empty());
  EXPECT_TRUE(quiet.empty());
  EXPECT_THROW(read(what, R"([{"symbol":"ETHUSDT_PERP.A","history":[]}])", quiet),
               venues::decode_error);
}

TEST_F(coinalyze, says_what_it_has_not) {
  EXPECT_THAT(source_.refuses({}, event_kind::funding, hour_ns), HasSubstr("without a key"));
  EXPECT_EQ(source_.refuses({"k", ""}, event_kind::funding, hour_ns), "");
  EXPECT_NE(source_.refuses({"k", ""}, event_kind::trade, 0), "");
  EXPECT_NE(source_.refuses({"k", ""}, event_kind::candle, 7 * minute_ns), "");
}

}  // namespace
}  // namespace feedtree::batch
