// Binance USD-M futures: what differs from spot, on single frames.
#include "tests/adapters/venues/binance_support.hpp"

namespace feedtree::tests::binance {
namespace {

const listing* perpetual(single& with, const std::string& base) {
  return with.registry.intern("binance-usdm", instrument::perpetual(base, "USDT", "USDT"),
                              base + "USDT");
}

TEST(binance_usdm, reads_a_book_update_with_its_predecessor_and_matching_time) {
  single with("binance-usdm");
  with.decode(R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1573948821952,)"
              R"("T":1573948821948,"s":"BTCUSDT","U":687687944,"u":687687946,"pu":687687940,)"
              R"("b":[["8493.78","0.162"]],"a":[]}})");
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.body<book_change>().previous_update_id, 687687940U);
  EXPECT_EQ(with.out.events[0].exchange_ns, 1'573'948'821'948'000'000);
  EXPECT_EQ(with.out.events[0].where->symbol, "BTC-USDT-PERP");
}

TEST(binance_usdm, reads_a_number_of_the_predecessor_only_if_it_is_one) {
  single with("binance-usdm");
  with.decode(
      R"({"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT","U":1,"u":2,"pu":"x","b":[],"a":[]})");
  EXPECT_EQ(with.report.outcome, frame_outcome::rejected);
  EXPECT_EQ(with.report.reason, "pu: not an integer");
}

TEST(binance_usdm, reads_funding_with_mark_and_index_price) {
  single with("binance-usdm");
  with.decode(
      R"({"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1597536008000,)"
      R"("s":"BTCUSDT","p":"11857.56000000","P":"11850.1","i":"11851.86949091","r":"-0.00015640",)"
      R"("T":1597564800000}})");
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.body<funding>().rate.to_string(), "-0.00015640");
  EXPECT_EQ(with.body<funding>().mark_price->to_string(), "11857.56000000");
  EXPECT_EQ(with.body<funding>().index_price->to_string(), "11851.86949091");
  EXPECT_EQ(with.body<funding>().next_funding_ns, 1'597'564'800'000'000'000);
  EXPECT_TRUE(with.key().starts_with("1597536008000000000-"));
}

TEST(binance_usdm, gives_no_funding_of_contracts_that_are_delivered) {
  single with("binance-usdm");
  with.decode(
      R"({"stream":"btcbusd_210129@markPrice@1s","data":{"e":"markPriceUpdate","E":1609830121004,)"
      R"("s":"BTCBUSD_210129","p":"31799.27","P":"31235.8","i":"31307.0","r":"0.00000000","T":0}})");
  EXPECT_EQ(with.report.outcome, frame_outcome::ignored) << with.report.reason;
  const auto* const dated = with.registry.intern(
      "binance-usdm", instrument::future("BTC", "USDT", "USDT", 20261225), "BTCUSDT_261225");
  EXPECT_FALSE(with.what->refuses({event_kind::funding, dated, 0, 0}).empty());
  EXPECT_TRUE(with.what->refuses({event_kind::funding, perpetual(with, "BTC"), 0, 0}).empty());
}

TEST(binance_usdm, reads_a_liquidation_with_the_side_of_the_forced_order) {
  single with("binance-usdm");
  const std::string frame =
      R"({"stream":"btcusdt@forceOrder","data":{"e":"forceOrder","E":1584059031426,"o":{)"
      R"("s":"BTCUSDT","S":"BUY","o":"LIMIT","f":"IOC","q":"0.014","p":"4793.91","ap":"4706.04",)"
      R"("X":"FILLED","l":"0.015","z":"0.014","T":1584059031421}}})";
  with.decode(frame);
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.body<liquidation>().side, trade_side::buy);
  EXPECT_EQ(with.body<liquidation>().price.to_string(), "4793.91");
  EXPECT_EQ(with.body<liquidation>().quantity.to_string(), "0.014");
  EXPECT_EQ(with.out.events[0].exchange_ns, 1'584'059'031'421'000'000);
  const auto key = with.key();
  auto other = frame;
  other.replace(other.find("4793.91"), 7, "4793.92");
  with.decode(other);
  EXPECT_NE(with.key(), key) << "two orders of one millisecond";
}

TEST(binance_usdm, reads_open_interest_over_rest) {
  single with("binance-usdm");
  const auto request =
      with.what->poll_request({event_kind::open_interest, perpetual(with, "BTC"), 0, 0}, {});
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->url, "https://fapi.binance.com/fapi/v1/openInterest?symbol=BTCUSDT");
  EXPECT_EQ(request->purpose, venues::rest_purpose::open_interest);
  with.decode_rest(request->url,
                   R"({"openInterest":"83782.317","symbol":"BTCUSDT","time":1702244985273})");
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.body<open_interest>().quantity.to_string(), "83782.317");
  EXPECT_EQ(with.out.events[0].exchange_ns, 1'702'244'985'273'000'000);
  EXPECT_FALSE(with.what->poll_request({event_kind::trade, perpetual(with, "BTC"), 0, 0}, {}));
  with.decode_rest(request->url, R"({"symbol":"BTCUSDT","time":1702244985273})");
  EXPECT_EQ(with.report.reason, "openInterest: missing");
}

TEST(binance_usdm, leaves_out_trades_that_are_placeholders) {
  single with("binance-usdm");
  with.decode(R"({"e":"trade","E":2,"T":1,"s":"BTCUSDT","t":5,"p":"0","q":"0","X":"NA","m":true})");
  EXPECT_EQ(with.report.outcome, frame_outcome::ignored);
  with.decode(
      R"({"e":"trade","E":2,"T":1,"s":"BTCUSDT","t":5,"p":"8","q":"1","X":"ADL","m":true})");
  EXPECT_EQ(with.report.outcome, frame_outcome::decoded);
}

TEST(binance_usdm, lists_perpetuals_and_dated_futures) {
  single with("binance-usdm");
  with.decode_rest(
      "https://fapi.binance.com/fapi/v1/exchangeInfo",
      R"({"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC",)"
      R"("quoteAsset":"USDT","marginAsset":"USDT","contractType":"PERPETUAL"},)"
      R"({"symbol":"BTCUSDT_261225","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT",)"
      R"("marginAsset":"USDT","contractType":"CURRENT_QUARTER"},)"
      R"({"symbol":"BTCUSDT_261332","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT",)"
      R"("marginAsset":"USDT","contractType":"NEXT_QUARTER"},)"
      R"({"symbol":"GONEUSDT","status":"SETTLING","baseAsset":"GONE","quoteAsset":"USDT",)"
      R"("marginAsset":"USDT"}]})");
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.symbols.size(), 2U);
  EXPECT_NE(with.registry.find("binance-usdm", "BTC-USDT-PERP"), nullptr);
  EXPECT_NE(with.registry.find("binance-usdm", "BTC-USDT-20261225"), nullptr);
}

TEST(binance_usdm, carries_books_and_quotes_on_one_path_and_the_rest_on_the_other) {
  single with("binance-usdm");
  std::vector<stream> streams;
  for (const auto kind : with.what->kinds()) {
    streams.push_back({kind, perpetual(with, "BTC"), 60'000'000'000, 0});
  }
  const auto plans = with.what->plan(streams, {});
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_EQ(plans[0].url, "wss://fstream.binance.com/public/stream");
  EXPECT_EQ(plans[1].url, "wss://fstream.binance.com/market/stream");
  ASSERT_EQ(plans[0].streams.size(), 2U);
  EXPECT_EQ(plans[0].streams[0].kind, event_kind::book);
  EXPECT_EQ(plans[0].streams[1].kind, event_kind::quote);
  EXPECT_EQ(plans[1].streams.size(), 5U) << "open interest is polled";
  EXPECT_EQ(with.session->subscribe_frames(plans[1].streams).at(0),
            R"({"method":"SUBSCRIBE","params":["btcusdt@aggTrade","btcusdt@ticker",)"
            R"("btcusdt@kline_1m","btcusdt@markPrice@1s","btcusdt@forceOrder"],"id":1})");
  const auto local = with.what->plan(streams, {"wss://localhost:9", ""});
  EXPECT_EQ(local.at(0).url, "wss://localhost:9/public/stream");
}

TEST(binance_usdm, takes_only_the_snapshot_depths_that_the_venue_has) {
  single with("binance-usdm");
  const auto* const where = perpetual(with, "BTC");
  EXPECT_TRUE(with.what->refuses({event_kind::book, where, 0, 500}).empty());
  EXPECT_FALSE(with.what->refuses({event_kind::book, where, 0, 400}).empty());
  EXPECT_FALSE(with.what->refuses({event_kind::candle, where, 1'000'000'000, 0}).empty());
  EXPECT_EQ(with.session->snapshot_request({event_kind::book, where, 0, 0})->weight, 20U);
  EXPECT_EQ(with.session->snapshot_request({event_kind::book, where, 0, 500})->weight, 10U);
}

}  // namespace
}  // namespace feedtree::tests::binance
