// What is absent stays absent, and what does not fit costs no more than itself: at every venue.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/venue_pipeline.hpp"
#include "core/checksum.hpp"
#include "core/codec.hpp"
#include "tests/adapters/venues/bybit_okx_support.hpp"

namespace feedtree::venues {
namespace {

using tests::frame_of;
using tests::one_session;
using tests::optional_text;

constexpr std::int64_t receive_ns = 1'764'547'260'000'000'000;
constexpr std::string_view linear_url = "wss://stream.bybit.com/v5/public/linear";

// "bid price/quantity ask price/quantity", "-" for what is absent.
std::string text_of(const quote& what) {
  const auto text = [](const optional_decimal& value) {
    return value ? value->to_string() : std::string("-");
  };
  return text(what.bid_price) + "/" + text(what.bid_quantity) + " " + text(what.ask_price) + "/" +
         text(what.ask_quantity);
}

// The quotes of some frames, each also with a space in front, which no plain reader takes.
std::vector<std::string> quotes_of(std::string_view venue, const std::vector<std::string>& frames,
                                   std::string_view url = "") {
  std::vector<std::string> result;
  one_session plain(venue, url);
  one_session spaced(venue, url);
  for (const auto& text : frames) {
    plain.out.clear();
    spaced.out.clear();
    plain.session->decode(frame_of(text, receive_ns), plain.out, plain.report);
    spaced.session->decode(frame_of(" " + text, receive_ns), spaced.out, spaced.report);
    EXPECT_EQ(plain.report.outcome, frame_outcome::decoded) << plain.report.reason;
    EXPECT_EQ(plain.report.losses.fields, 0U) << plain.report.losses.field;
    EXPECT_EQ(plain.out.events.size(), spaced.out.events.size());
    for (std::size_t at = 0; at < plain.out.events.size(); ++at) {
      std::string one;
      std::string other;
      encode_json(plain.out.events[at], plain.out, one);
      encode_json(spaced.out.events[at], spaced.out, other);
      EXPECT_EQ(one, other);
      const auto* const body = std::get_if<quote>(&plain.out.events[at].body);
      if (body != nullptr) result.push_back(text_of(*body));
    }
  }
  return result;
}

using texts = std::vector<std::string>;

// ---- a side without orders ----

std::string binance_quote(const char* bid, const char* bid_quantity, const char* ask,
                          const char* ask_quantity) {
  return std::string(R"({"stream":"newusdt@bookTicker","data":{"u":1,"s":"NEWUSDT","b":")") + bid +
         R"(","B":")" + bid_quantity + R"(","a":")" + ask + R"(","A":")" + ask_quantity + "\"}}";
}

TEST(one_sided_quotes, of_binance_have_no_price_where_the_venue_writes_zero) {
  EXPECT_EQ(quotes_of("binance", {binance_quote("0.00000000", "0.00000000", "1.50", "20"),
                                  binance_quote("1.40", "5", "1.50", "20"),
                                  binance_quote("1.40", "5", "0.00000000", "0.00000000"),
                                  binance_quote("0", "0", "0", "0")}),
            (texts{"-/- 1.50/20", "1.40/5 1.50/20", "1.40/5 -/-", "-/- -/-"}));
  for (const auto* const venue : {"binance-usdm", "binance-coinm"}) {
    const std::string symbol = std::string(venue) == "binance-usdm" ? "BTCUSDT" : "BTCUSD_PERP";
    EXPECT_EQ(quotes_of(venue, {R"({"stream":"s@bookTicker","data":{"e":"bookTicker","u":7,"s":")" +
                                symbol +
                                R"(","b":"0.00","B":"0","a":"1.5","A":"3","T":1764547200000,)"
                                R"("E":1764547200001}})"}),
              (texts{"-/- 1.5/3"}));
  }
}

TEST(one_sided_quotes, of_binance_may_also_be_null_or_empty_and_must_be_there) {
  const std::string begin = R"({"data":{"e":"bookTicker","u":1,"s":"NEWUSDT",)";
  EXPECT_EQ(quotes_of("binance", {begin + R"("b":null,"B":"","a":"1.5","A":"2"}})"}),
            (texts{"-/- 1.5/2"}));
  one_session with("binance", "");
  EXPECT_EQ(with.decode(begin + R"("B":"1","a":"1.5","A":"2"}})"), frame_outcome::rejected);
  EXPECT_EQ(with.decode(begin + R"("b":"x","B":"1","a":"1.5","A":"2"}})"), frame_outcome::rejected);
}

std::string okx_best(const char* asks, const char* bids, int number) {
  return std::string(R"({"arg":{"channel":"bbo-tbt","instId":"BCH-USDT"},"data":[{"asks":)") +
         asks + R"(,"bids":)" + bids + R"(,"ts":"1670324386802","seqId":)" +
         std::to_string(number) + "}]}";
}

TEST(one_sided_quotes, of_okx_come_from_an_empty_side) {
  EXPECT_EQ(
      quotes_of("okx", {okx_best(R"([["1.6","4","0","2"]])", R"([["1.4","5","0","1"]])", 1),
                        okx_best(R"([["1.6","4","0","2"]])", "[]", 2), okx_best("[]", "[]", 3)}),
      (texts{"1.4/5 1.6/4", "-/- 1.6/4", "-/- -/-"}));
}

std::string kraken_ticker(const std::string& top) {
  return R"({"channel":"ticker","type":"update","data":[{"symbol":"NEW/USD",)" + top +
         R"(,"last":1.5,"volume":1.0,"vwap":1.5,"low":1.5,"high":1.5,"change":0.0,)"
         R"("change_pct":0.0,"timestamp":"2025-12-01T00:00:01.000001Z"}]})";
}

TEST(one_sided_quotes, of_kraken_follow_the_side_that_is_left) {
  EXPECT_EQ(
      quotes_of("kraken", {kraken_ticker(R"("bid":1.4,"bid_qty":10.0,"ask":1.6,"ask_qty":4.0)"),
                           kraken_ticker(R"("bid":1.4,"bid_qty":10.0,"ask":null,"ask_qty":null)"),
                           kraken_ticker(R"("bid":1.3,"bid_qty":10.0,"ask":0.0,"ask_qty":0.0)")}),
      (texts{"1.4/10.0 1.6/4.0", "1.4/10.0 -/-", "1.3/10.0 -/-"}));
}

TEST(one_sided_quotes, of_kraken_are_not_made_of_a_side_that_did_not_fit) {
  one_session with("kraken", "");
  const auto events = with.events(
      kraken_ticker(R"("bid":1.3,"bid_qty":10.0,"ask":1.12345678901234567890,"ask_qty":4.0)"));
  ASSERT_EQ(events.size(), 1U);
  const auto& body = std::get<ticker>(events[0].body);
  EXPECT_EQ(optional_text(body.bid_price), "1.3");
  EXPECT_FALSE(body.ask_price);
  EXPECT_EQ(with.report.losses.fields, 1U);
  EXPECT_THAT(with.report.losses.field, testing::StartsWith("ask: "));
}

std::string bybit_top(const char* type, const char* bids, const char* asks, int number) {
  return std::string(R"({"topic":"orderbook.1.ABCUSDT","type":")") + type +
         R"(","ts":1764547200000,"data":{"s":"ABCUSDT","b":)" + bids + R"(,"a":)" + asks +
         R"(,"u":)" + std::to_string(number) + R"(,"seq":7000},"cts":1764547199999})";
}

TEST(one_sided_quotes, of_bybit_come_from_an_empty_side_of_orderbook_1) {
  EXPECT_EQ(quotes_of("bybit",
                      {bybit_top("snapshot", R"([["1.0","4"]])", R"([["1.1","2"]])", 100),
                       bybit_top("snapshot", "[]", R"([["1.1","2"]])", 101)},
                      linear_url),
            (texts{"1.0/4 1.1/2", "-/- 1.1/2"}));
}

std::string bybit_ticker(const char* type, const std::string& fields, int number) {
  return std::string(R"({"topic":"tickers.ABCUSDT","type":")") + type +
         R"(","data":{"symbol":"ABCUSDT")" + fields + R"(},"cs":)" + std::to_string(number) +
         R"(,"ts":1764547200000})";
}

constexpr auto bybit_top_fields =
    R"(,"bid1Price":"1.4","bid1Size":"10","ask1Price":"1.6","ask1Size":"4","lastPrice":"1.5")";

TEST(one_sided_quotes, of_bybits_ticker_lose_the_side_that_the_venue_empties) {
  EXPECT_EQ(quotes_of("bybit",
                      {bybit_ticker("snapshot", bybit_top_fields, 1),
                       bybit_ticker("delta", R"(,"bid1Price":"","bid1Size":"")", 2),
                       bybit_ticker("delta", R"(,"ask1Price":"1.7")", 3)},
                      linear_url),
            (texts{"1.4/10 1.6/4", "-/- 1.6/4", "-/- 1.7/4"}));
}

TEST(one_sided_quotes, of_bybits_ticker_are_none_before_both_sides_were_named) {
  EXPECT_EQ(quotes_of("bybit",
                      {bybit_ticker("delta", R"(,"bid1Price":"1.4","bid1Size":"1")", 1),
                       bybit_ticker("delta", R"(,"ask1Price":"1.7","ask1Size":"2")", 2)},
                      linear_url),
            (texts{"1.4/1 1.7/2"}));
}

TEST(bybit, follows_the_deltas_of_orderbook_1) {
  EXPECT_EQ(
      quotes_of("bybit",
                {bybit_top("snapshot", R"([["28000.50","0.4"]])", R"([["28001.00","1.2"]])", 100),
                 bybit_top("delta", "[]", R"([["28001.00","0"],["28005.00","2.0"]])", 101),
                 bybit_top("delta", R"([["28000.50","0"],["28004.00","0.9"]])", "[]", 102),
                 bybit_top("delta", "[]", R"([["28005.00","0"]])", 103)},
                linear_url),
      (texts{"28000.50/0.4 28001.00/1.2", "28000.50/0.4 28005.00/2.0", "28004.00/0.9 28005.00/2.0",
             "28004.00/0.9 -/-"}));
}

TEST(bybit, gives_no_quote_from_a_delta_on_which_a_number_is_missing) {
  EXPECT_EQ(quotes_of("bybit",
                      {bybit_top("delta", R"([["5","1"]])", "[]", 99),
                       bybit_top("snapshot", R"([["5","1"]])", R"([["6","1"]])", 100),
                       bybit_top("delta", "[]", R"([["7","1"]])", 102),
                       bybit_top("delta", R"([["4","1"]])", "[]", 103),
                       bybit_top("snapshot", R"([["4","1"]])", R"([["7","1"]])", 110)},
                      linear_url),
            (texts{"5/1 6/1", "4/1 7/1"}));
}

// ---- a market in which nothing was traded ----

TEST(tickers, of_a_market_that_never_traded_have_no_last_price) {
  struct sample {
    const char* venue;
    std::string text;
  };
  const std::vector<sample> samples{
      {"okx",
       R"({"arg":{"channel":"tickers","instId":"VANA-USDT-SWAP"},"data":[{"instType":"SWAP",)"
       R"("instId":"VANA-USDT-SWAP","last":"","lastSz":"0","askPx":"1.6","askSz":"1000",)"
       R"("bidPx":"1.4","bidSz":"21","open24h":"","high24h":"","low24h":"","volCcy24h":"0",)"
       R"("vol24h":"0","ts":"1764547200000"}]})"},
      {"binance", R"({"data":{"e":"24hrTicker","E":1764547200000,"s":"NEWUSDT","c":"0.00000000",)"
                  R"("b":"1.4","B":"10.0","a":"1.6","A":"1","o":"0.00000000","h":"0.00000000",)"
                  R"("l":"0.00000000","v":"0.00000000","q":"0.00000000"}})"},
      {"kraken",
       R"({"channel":"ticker","type":"snapshot","data":[{"symbol":"NEW/USD","bid":1.4,)"
       R"("bid_qty":1,"ask":1.6,"ask_qty":2,"last":null,"volume":0.0,"low":0.0,"high":0.0,)"
       R"("timestamp":null}]})"},
      {"coinbase",
       R"({"channel":"ticker","timestamp":"2026-08-09T21:05:48Z","sequence_num":0,"events":[)"
       R"({"type":"snapshot","tickers":[{"type":"ticker","product_id":"NEW-USD","price":"",)"
       R"("volume_24_h":"0","low_24_h":"0","high_24_h":"0","best_bid":"1.4","best_ask":"1.6",)"
       R"("best_bid_quantity":"1","best_ask_quantity":"2"}]}]})"},
      {"bybit",
       R"({"topic":"tickers.NEWUSDT","type":"snapshot","data":{"symbol":"NEWUSDT",)"
       R"("lastPrice":"","bid1Price":"1.4","bid1Size":"10","ask1Price":"1.6","ask1Size":"4",)"
       R"("highPrice24h":"0","fundingRate":"","nextFundingTime":""},"cs":1,"ts":1764547200000})"},
      {"kraken-futures",
       R"({"time":1676393235406,"product_id":"PF_NEWUSD","feed":"ticker","bid":1.4,"ask":1.6,)"
       R"("last":0.0,"high":null,"low":0,"tag":null,"next_funding_rate_time":null,)"
       R"("relative_funding_rate":null,"volume":0})"}};
  for (const auto& [venue, text] : samples) {
    one_session with(venue, std::string_view(venue) == "bybit" ? linear_url : "");
    with.session->decode(frame_of(text, receive_ns), with.out, with.report);
    ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << venue << with.report.reason;
    EXPECT_EQ(with.report.losses.fields, 0U) << venue << with.report.losses.field;
    const auto found = std::find_if(with.out.events.begin(), with.out.events.end(),
                                    [](const auto& e) { return e.kind() == event_kind::ticker; });
    ASSERT_NE(found, with.out.events.end()) << venue;
    const auto& body = std::get<ticker>(found->body);
    EXPECT_FALSE(body.last_price || body.open_price || body.high_price || body.low_price) << venue;
    EXPECT_EQ(optional_text(body.bid_price), "1.4") << venue;
    EXPECT_EQ(optional_text(body.ask_price), "1.6") << venue;
    EXPECT_GT(found->exchange_ns, 0) << venue;
  }
}

// ---- an optional field that does not fit ----

// The event of this kind in a frame, and that so many fields of it were lost, the first this one.
template <class Body>
Body body_with_loss(std::string_view venue, std::string_view text, std::string_view field,
                    std::string_view url = "") {
  one_session with(venue, url);
  with.session->decode(frame_of(text, receive_ns), with.out, with.report);
  EXPECT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.report.losses.fields, field.empty() ? 0U : 1U) << text;
  EXPECT_THAT(with.report.losses.field, testing::StartsWith(std::string(field)));
  EXPECT_TRUE(with.report.losses.entries.empty());
  for (const auto& what : with.out.events) {
    if (const auto* const body = std::get_if<Body>(&what.body)) return *body;
  }
  ADD_FAILURE() << "no such event from " << text;
  return {};
}

TEST(optional_fields, that_are_too_long_cost_themselves_and_not_the_event) {
  const auto candle_of_binance = body_with_loss<candle>(
      "binance",
      R"({"data":{"e":"kline","E":1764547200000,"s":"LUNCUSDT","k":{"t":1764460800000,"i":"1d",)"
      R"("o":"0.0002","c":"0.0003","h":"0.0003","l":"0.0002","v":"2836729276936.36","n":1443,)"
      R"("x":true,"q":"845678901234.12345678"}}})",
      "q: ");
  EXPECT_FALSE(candle_of_binance.quote_volume);
  EXPECT_EQ(candle_of_binance.volume.to_string(), "2836729276936.36");
  const auto of_binance = body_with_loss<ticker>(
      "binance",
      R"({"data":{"e":"24hrTicker","E":1764547200000,"s":"LUNCUSDT","c":"0.00031","b":"0.0003",)"
      R"("B":"1","a":"0.00032","A":"99","v":"2836729276936.36","q":"845678901234.12345678"}})",
      "q: ");
  EXPECT_EQ(optional_text(of_binance.last_price), "0.00031");
  const auto of_okx = body_with_loss<ticker>(
      "okx",
      R"({"arg":{"channel":"tickers","instId":"BABYDOGE-USDT"},"data":[{"last":"0.0000000008123",)"
      R"("volCcy24h":"1234567.1234567890123","vol24h":"15198","ts":"1764547200000"}]})",
      "volCcy24h: ");
  EXPECT_FALSE(of_okx.quote_volume);
  EXPECT_EQ(optional_text(of_okx.volume), "15198");
  const auto candle_of_okx = body_with_loss<candle>(
      "okx",
      R"({"arg":{"channel":"candle1Dutc","instId":"BABYDOGE-USDT"},"data":[["1764547200000","1",)"
      R"("2","1","2","1519842328521234","1234567.1234567890123","1234567.1234567890123","1"]]})",
      "volCcyQuote: ");
  EXPECT_TRUE(candle_of_okx.closed);
  const auto of_coinbase = body_with_loss<ticker>(
      "coinbase",
      R"({"channel":"ticker","timestamp":"2026-08-09T21:05:48Z","sequence_num":0,"events":[)"
      R"({"type":"update","tickers":[{"product_id":"A-USD","price":"5","volume_24_h":)"
      R"("12345678901234567890.5"}]}]})",
      "volume_24_h: ");
  EXPECT_EQ(optional_text(of_coinbase.last_price), "5");
  const auto of_kraken_futures = body_with_loss<ticker>(
      "kraken-futures",
      R"({"time":1676393235406,"product_id":"PI_XBTUSD","feed":"ticker","bid":1.4,"ask":1.6,)"
      R"("last":1.5,"volumeQuote":12345678901234567890.5,"tag":"month"})",
      "volumeQuote: ");
  EXPECT_EQ(optional_text(of_kraken_futures.last_price), "1.5");
  const auto of_bybit = body_with_loss<ticker>(
      "bybit", bybit_ticker("snapshot", R"(,"lastPrice":"1.5","turnover24h":"1e99")", 1),
      "turnover24h: ", linear_url);
  EXPECT_EQ(optional_text(of_bybit.last_price), "1.5");
}

TEST(optional_fields, that_are_null_or_empty_are_no_loss) {
  const auto of_binance = body_with_loss<funding>(
      "binance-usdm",
      R"({"data":{"e":"markPriceUpdate","E":1764547200000,"s":"NEWUSDT","p":null,"i":null,)"
      R"("P":null,"r":"0.0001","T":null}})",
      "");
  EXPECT_FALSE(of_binance.mark_price || of_binance.index_price);
  EXPECT_EQ(of_binance.next_funding_ns, 0);
  const auto of_okx = body_with_loss<funding>(
      "okx",
      R"({"arg":{"channel":"funding-rate","instId":"BTC-USDT-SWAP"},"data":[{"fundingRate":"0.01",)"
      R"("fundingTime":"","nextFundingRate":null,"ts":"1764547200000"}]})",
      "");
  EXPECT_EQ(of_okx.next_funding_ns, 0);
  const auto of_kraken_futures = body_with_loss<funding>(
      "kraken-futures",
      R"({"time":1676393235406,"product_id":"PF_XBTUSD","feed":"ticker","tag":null,"seq":null,)"
      R"("relative_funding_rate":0.001,"next_funding_rate_time":null})",
      "");
  EXPECT_EQ(of_kraken_futures.rate.to_string(), "0.001");
  const auto of_kraken = body_with_loss<candle>(
      "kraken",
      R"({"channel":"ohlc","type":"update","timestamp":"2023-10-04T15:31:00Z","data":[)"
      R"({"symbol":"A/USD","open":1,"high":1,"low":1,"close":1,"trades":null,"volume":2,)"
      R"("interval_begin":"2023-10-04T15:30:00Z","interval":5}]})",
      "");
  EXPECT_EQ(of_kraken.trades, -1);
}

TEST(optional_fields, of_a_rate_that_is_not_there_make_no_funding) {
  one_session with("binance-usdm", "");
  EXPECT_TRUE(with.events(R"({"data":{"e":"markPriceUpdate","E":1764547200000,"s":"NEWUSDT",)"
                          R"("p":"1.5","i":"1.5","P":"1.5","r":null,"T":null}})")
                  .empty());
  EXPECT_EQ(with.report.outcome, frame_outcome::ignored);
  one_session okx("okx", "");
  EXPECT_TRUE(okx.events(R"({"arg":{"channel":"funding-rate","instId":"BTC-USDT-SWAP"},"data":[)"
                         R"({"fundingRate":"","fundingTime":"","ts":"1764547200000"}]})")
                  .empty());
  EXPECT_EQ(okx.report.outcome, frame_outcome::decoded);
}

TEST(optional_fields, that_are_null_in_bybits_snapshot_leave_its_other_fields_to_the_deltas) {
  one_session with("bybit", linear_url);
  with.events(bybit_ticker("snapshot",
                           std::string(bybit_top_fields) +
                               R"(,"fundingRate":null,"nextFundingTime":null,"markPrice":"1.5")",
                           1));
  const auto events = with.events(bybit_ticker("delta", R"(,"lastPrice":"1.55")", 2));
  ASSERT_FALSE(events.empty());
  const auto& body = std::get<ticker>(events[0].body);
  EXPECT_EQ(optional_text(body.last_price), "1.55");
  EXPECT_EQ(optional_text(body.mark_price), "1.5");
  EXPECT_EQ(optional_text(body.bid_price), "1.4");
}

// ---- ids ----

TEST(ids, are_read_as_numbers_and_as_texts) {
  struct sample {
    const char* venue;
    const char* text;
    const char* key;
  };
  for (const auto& [venue, text, key] : std::vector<sample>{
           {"okx",
            R"({"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT",)"
            R"("tradeId":130639474,"px":42219.9,"sz":0.12,"side":"buy","ts":1764547200000,)"
            R"("count":3,"source":0,"seqId":1}]})",
            "130639474"},
           {"bybit",
            R"({"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1764547200000,"data":[)"
            R"({"T":1764547200000,"S":"Buy","v":1,"p":2.5,"i":2290000000068683542}]})",
            "2290000000068683542"},
           {"kraken",
            R"({"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy",)"
            R"("price":"1.5","qty":"2","trade_id":"77","timestamp":"2025-12-01T00:00:00Z"}]})",
            "77"},
           {"kraken-futures",
            R"({"feed":"trade","product_id":"PI_XBTUSD","uid":12,"side":"buy","type":null,)"
            R"("seq":"5","time":"1626994929946","qty":"320.0","price":"119.44"})",
            "12"},
           {"binance",
            R"({"data":{"e":"aggTrade","s":"BTCUSDT","a":"5","p":1.5,"q":2,"T":"1764547200000",)"
            R"("m":true}})",
            "5"}}) {
    one_session with(venue, std::string_view(venue) == "bybit" ? linear_url : "");
    const auto events = with.events(text);
    ASSERT_EQ(events.size(), 1U) << venue << with.report.reason;
    EXPECT_EQ(events[0].key.view(), key) << venue;
    EXPECT_EQ(events[0].kind(), event_kind::trade) << venue;
  }
}

// ---- one entry of several ----

// What is left of a frame with a bad entry among good ones.
struct rest_of_frame {
  std::size_t events = 0;
  std::size_t lost = 0;
  std::string reason;
};

rest_of_frame rest_of(std::string_view venue, std::string_view text) {
  one_session with(venue, venue == "bybit" ? linear_url : "");
  with.session->decode(frame_of(text, receive_ns), with.out, with.report);
  EXPECT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  const auto& lost = with.report.losses.entries;
  return {with.out.events.size(), lost.size(), lost.empty() ? std::string() : lost[0].reason};
}

TEST(entries, that_cannot_be_read_cost_only_themselves) {
  struct sample {
    const char* venue;
    const char* text;
    std::size_t events;
    const char* reason;
  };
  for (const auto& [venue, text, events, reason] : std::vector<sample>{
           {"okx",
            R"({"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"details":[)"
            R"({"bkPx":"57102.9","side":"sell","sz":"10","ts":"1764547200000"}],)"
            R"("instId":"BTC-USDT-SWAP"},{"details":[{"bkPx":"0.25","side":"sell","sz":"77",)"
            R"("ts":"1764547200000"}],"instId":"币安人生-USDT-SWAP"},{"details":[{"bkPx":"5.76",)"
            R"("side":"sell","sz":"86","ts":"1764547200001"}],"instId":"APT-USDT-SWAP"}]})",
            2, "instId: "},
           {"okx",
            R"({"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"details":[)"
            R"({"bkPx":"x","side":"sell","sz":"10","ts":"1764547200000"},)"
            R"({"bkPx":"5","side":"sell","sz":"10","ts":"1764547200000"}],)"
            R"("instId":"BTC-USDT-SWAP"}]})",
            1, "bkPx: "},
           {"okx",
            R"({"arg":{"channel":"trades","instId":"A-USDT"},"data":[{"tradeId":"1","px":"1",)"
            R"("sz":"1","side":"up","ts":"1"},{"tradeId":"2","px":"1","sz":"1","side":"buy",)"
            R"("ts":"1"}]})",
            1, "side: "},
           {"bybit",
            R"({"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":2,"data":[7,)"
            R"({"T":1,"S":"Buy","v":"1","p":"1","i":"a"}]})",
            1, ""},
           {"bybit",
            R"({"topic":"allLiquidation.BTCUSDT","type":"snapshot","ts":2,"data":[)"
            R"({"T":1,"s":"BTCUSDT","S":"Sell","v":"1","p":{"x":[1]}},)"
            R"({"T":1,"s":"BTCUSDT","S":"Sell","v":"1","p":"2"}]})",
            1, "p: "},
           {"kraken",
            R"({"channel":"trade","type":"update","data":[{"symbol":"BRK.Bx/USD","side":"buy",)"
            R"("price":1.5,"qty":1.5,"trade_id":1,"timestamp":"2025-12-01T00:00:00Z"},)"
            R"({"symbol":"BTC/USD","side":"buy","price":1.5,"qty":1.5,"trade_id":2,)"
            R"("timestamp":"2025-12-01T00:00:00Z"}]})",
            1, "symbol: no instrument can have this name: BRK.Bx/USD"},
           {"kraken-futures",
            R"({"feed":"trade_snapshot","product_id":"PI_XBTUSD","trades":[{"feed":"trade",)"
            R"("product_id":"PI_XBTUSD","uid":"a","side":"buy","seq":2,"time":5,"qty":1},)"
            R"({"feed":"trade","product_id":"PI_XBTUSD","uid":"b","side":"buy","seq":1,"time":5,)"
            R"("qty":1,"price":2}]})",
            1, "trade: "},
           {"coinbase",
            R"({"channel":"market_trades","timestamp":"2026-08-09T21:05:48Z","sequence_num":0,)"
            R"("events":[{"type":"update","trades":[{"product_id":"A-USD","trade_id":"1",)"
            R"("price":"1","size":"1","time":"soon","side":"BUY"},{"product_id":"A-USD",)"
            R"("trade_id":"2","price":"1","size":"1","time":"2026-08-09T21:05:48Z",)"
            R"("side":"BUY"}]}]})",
            1, "time: "}}) {
    const auto left = rest_of(venue, text);
    EXPECT_EQ(left.events, events) << text;
    EXPECT_EQ(left.lost, 1U) << text;
    EXPECT_THAT(left.reason, testing::StartsWith(reason)) << text;
  }
}

TEST(entries, of_a_frame_of_which_nothing_is_left_reject_it) {
  one_session with("okx", "");
  EXPECT_EQ(
      with.decode(R"({"arg":{"channel":"trades","instId":"A-USDT"},"data":[{"tradeId":"1"}]})"),
      frame_outcome::rejected);
  EXPECT_THAT(with.report.reason, testing::HasSubstr("a trade without"));
  EXPECT_TRUE(with.report.losses.entries.empty());
}

TEST(entries, of_tickers_of_which_nothing_is_left_are_none) {
  one_session kraken("kraken", "");
  EXPECT_EQ(kraken.decode(kraken_ticker(R"("bid":true,"bid_qty":true,"ask":true,"ask_qty":true)")),
            frame_outcome::decoded);  // the last price is left
  EXPECT_EQ(kraken.decode(R"({"channel":"ticker","type":"update","data":[{"symbol":"NEW/USD",)"
                          R"("bid":true,"ask":true,"last":true,"timestamp":null}]})"),
            frame_outcome::rejected);
  EXPECT_THAT(kraken.report.reason, testing::StartsWith("bid: "));
  one_session coinbase("coinbase", "");
  EXPECT_EQ(coinbase.decode(R"({"channel":"ticker","timestamp":"2026-08-09T21:05:48Z",)"
                            R"("sequence_num":0,"events":[{"tickers":[{"product_id":"A-USD",)"
                            R"("price":true,"best_bid":true}]}]})"),
            frame_outcome::rejected);
}

TEST(entries, of_a_book_that_is_lost_put_coinbases_connection_in_doubt) {
  one_session with("coinbase", "");
  const std::string level =
      R"({"side":"bid","event_time":"2026-08-09T21:05:48Z","new_quantity":"1","price_level":)";
  EXPECT_EQ(with.decode(R"({"channel":"l2_data","timestamp":"2026-08-09T21:05:48Z",)"
                        R"("sequence_num":0,"events":[{"type":"update","product_id":"A-USD",)"
                        R"("updates":[)" +
                        level + R"("x"}]},{"type":"update","product_id":"B-USD","updates":[)" +
                        level + R"("5"}]}]})"),
            frame_outcome::decoded);
  EXPECT_EQ(with.out.events.size(), 1U);
  EXPECT_EQ(with.report.losses.entries.size(), 1U);
  EXPECT_FALSE(with.report.connection_gap.empty());
}

TEST(entries, of_lists_of_instruments_that_cannot_be_read_leave_the_others) {
  struct sample {
    const char* venue;
    const char* url;
    const char* text;
  };
  for (const auto& [venue, url, text] : std::vector<sample>{
           {"okx", "https://www.okx.com/api/v5/public/instruments?instType=SPOT",
            R"({"code":"0","data":[{"instId":7},{"instId":"A-USDT","settleCcy":null}]})"},
           {"bybit", "https://api.bybit.com/v5/market/instruments-info?category=linear",
            R"({"retCode":0,"result":{"category":"linear","list":[{"symbol":null},)"
            R"({"symbol":"AUSDT","contractType":"LinearPerpetual","baseCoin":"A",)"
            R"("quoteCoin":"USDT","settleCoin":"USDT","deliveryTime":null}]}})"},
           {"binance", "https://api.binance.com/api/v3/exchangeInfo",
            R"({"symbols":[{"status":"TRADING"},{"symbol":"AUSDT","status":"TRADING",)"
            R"("baseAsset":"A","quoteAsset":"USDT"}]})"},
           {"coinbase", "https://api.coinbase.com/api/v3/brokerage/market/products",
            R"({"products":[{"product_type":"SPOT","status":"online"},{"product_id":"A-USD",)"
            R"("product_type":"SPOT","status":"online","base_currency_id":"A",)"
            R"("quote_currency_id":"USD","alias":""}]})"},
           {"kraken-futures", "https://futures.kraken.com/derivatives/api/v3/instruments",
            R"({"instruments":[{"symbol":3},{"symbol":"PI_XBTUSD"}]})"}}) {
    one_session with(venue, std::string_view(venue) == "bybit" ? linear_url : "");
    with.session->decode_rest(url, frame_of(text, receive_ns), with.out, with.report);
    EXPECT_EQ(with.report.outcome, frame_outcome::decoded) << venue << with.report.reason;
    EXPECT_EQ(with.report.losses.entries.size(), 1U) << venue;
    EXPECT_EQ(with.symbols.size(), 1U) << venue;
  }
}

TEST(entries, that_are_lost_are_in_quarantine_and_counted_like_fields) {
  listing_registry registry;
  venue_pipeline pipeline(*find_venue("okx"), registry);
  event_batch out;
  pipeline.frame(
      "c",
      frame_of(R"({"arg":{"channel":"tickers","instId":"A-USDT"},"data":[{"last":"1","ts":"0x"},)"
               R"({"last":"2","vol24h":"many","ts":"1764547200000"}]})",
               receive_ns),
      out);
  const auto is_ticker = [](const event& what) { return what.kind() == event_kind::ticker; };
  EXPECT_EQ(std::count_if(out.events.begin(), out.events.end(), is_ticker), 1);
  ASSERT_EQ(out.quarantine.size(), 1U);
  EXPECT_EQ(out.quarantine[0].reason, "c: ts: not an integer: 0x");
  EXPECT_THAT(out.quarantine[0].excerpt, testing::StartsWith(R"({"last":"1","ts":"0x"})"));
  EXPECT_EQ(pipeline.frames().decoded, 1U);
  EXPECT_EQ(pipeline.frames().rejected, 0U);
  EXPECT_EQ(pipeline.frames().entries_lost, 1U);
  EXPECT_EQ(pipeline.frames().fields_lost, 1U);
  EXPECT_THAT(pipeline.lost_field(), testing::StartsWith("vol24h: "));
}

// ---- what a decoder does not need ----

// The documentation's example of 2023, with the checksum of its levels.
TEST(kraken, reads_a_snapshot_without_a_time_and_the_updates_behind_it) {
  listing_registry registry;
  for (const std::int64_t now_ns : {receive_ns, std::int64_t{0}}) {
    venue_pipeline pipeline(*find_venue("kraken"), registry);
    event_batch out;
    pipeline.frame(
        "c",
        frame_of(R"({"channel":"book","type":"snapshot","data":[{"symbol":"MATIC/USD",)"
                 R"("bids":[{"price":0.5666,"qty":4831.75496356}],"asks":[{"price":0.5668,)"
                 R"("qty":4410.79769741}],"checksum":)" +
                     std::to_string(crc32("56684410797697415666483175496356")) + "}]}",
                 now_ns),
        out);
    // Its time is before that of our receipt of the snapshot.
    pipeline.frame("c",
                   frame_of(R"({"channel":"book","type":"update","data":[{"symbol":"MATIC/USD",)"
                            R"("bids":[{"price":0.5667,"qty":1.5}],"asks":[],"checksum":)" +
                                std::to_string(crc32("56684410797697415667155666483175496356")) +
                                R"(,"timestamp":"2023-10-06T17:35:55.440295Z"}]})",
                            now_ns),
                   out);
    EXPECT_TRUE(out.quarantine.empty()) << out.quarantine[0].reason;
    ASSERT_EQ(pipeline.books().size(), 1U);
    EXPECT_EQ(pipeline.books()[0]->state(), feed_state::live) << now_ns;
    EXPECT_EQ(pipeline.continuity().checksum_ok, 2U);
    ASSERT_GE(out.events.size(), 2U);
    EXPECT_THAT(std::string(out.events[0].key.view()), testing::StartsWith("s0-"));
    EXPECT_GT(out.events[0].exchange_ns, 0);
  }
}

}  // namespace
}  // namespace feedtree::venues
