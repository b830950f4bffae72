// Binance COIN-M futures: what differs from USD-M, on single frames.
#include "tests/adapters/venues/binance_support.hpp"

namespace feedtree::tests::binance {
namespace {

TEST(binance_coinm, leaves_out_volumes_that_are_not_in_the_quote_asset) {
  single with("binance-coinm");
  with.decode(
      R"({"stream":"btcusd_200925@ticker","data":{"e":"24hrTicker","E":1592265616654,)"
      R"("s":"BTCUSD_200925","ps":"BTCUSD","p":"72.9","P":"0.773","w":"9271.96027324",)"
      R"("c":"9504.9","Q":"1","o":"9432.0","h":"9769.5","l":"8621.4","v":"1967607",)"
      R"("q":"21221.04648872","O":1592179200000,"C":1592265616653,"F":1,"L":2,"n":73715}})");
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.body<ticker>().volume->to_string(), "1967607");
  EXPECT_FALSE(with.body<ticker>().quote_volume.has_value());
  EXPECT_FALSE(with.body<ticker>().bid_price.has_value());
  EXPECT_EQ(with.out.events[0].where->symbol, "BTC-USD-BTC-20200925");
}

TEST(binance_coinm, names_inverse_contracts) {
  single with("binance-coinm");
  const std::vector<std::pair<std::string, std::string>> symbols{
      {"BTCUSD_PERP", "BTC-USD-BTC-PERP"}, {"ETHUSD_261225", "ETH-USD-ETH-20261225"}};
  for (const auto& [symbol, expected] : symbols) {
    with.decode(R"({"e":"aggTrade","E":2,"a":1,"s":")" + symbol +
                R"(","p":"427.91","q":"3","f":1,"l":1,"T":1626916403852,"m":true})");
    ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
    EXPECT_EQ(with.out.events[0].where->symbol, expected);
  }
  for (const std::string symbol : {"BTCUSDT", "BTCUSD", "BTCUSD_26", "USD_PERP", "BTCUSD_261399"}) {
    with.decode(R"({"e":"aggTrade","E":2,"a":1,"s":")" + symbol +
                R"(","p":"427.91","q":"3","f":1,"l":1,"T":1626916403852,"m":true})");
    EXPECT_EQ(with.report.outcome, frame_outcome::rejected) << symbol;
  }
}

TEST(binance_coinm, lists_what_trades_by_its_contract_status) {
  single with("binance-coinm");
  with.decode_rest(
      "https://dapi.binance.com/dapi/v1/exchangeInfo",
      R"({"symbols":[{"symbol":"BTCUSD_PERP","contractStatus":"TRADING","baseAsset":"BTC",)"
      R"("quoteAsset":"USD","marginAsset":"BTC","contractSize":100},{"symbol":"GALAUSD_PERP",)"
      R"("contractStatus":"DELIVERING","baseAsset":"GALA","quoteAsset":"USD",)"
      R"("marginAsset":"GALA"}]})");
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.symbols.size(), 1U);
  EXPECT_NE(with.registry.find("binance-coinm", "BTC-USD-BTC-PERP"), nullptr);
}

TEST(binance_coinm, reads_funding_of_perpetuals_only) {
  single with("binance-coinm");
  with.decode(R"({"e":"markPriceUpdate","E":1597536008000,"s":"BTCUSD_PERP","p":"11857.5","P":"1",)"
              R"("i":"11851.8","r":"0.00015640","T":1597564800000})");
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.body<funding>().rate.to_string(), "0.00015640");
  with.decode(
      R"({"e":"markPriceUpdate","E":1592265602000,"s":"BTCUSD_200925","p":"9501.1","P":"9429.3",)"
      R"("i":"9429.3","r":"","T":0})");
  EXPECT_EQ(with.report.outcome, frame_outcome::ignored) << with.report.reason;
}

TEST(binance_coinm, carries_everything_on_one_path) {
  single with("binance-coinm");
  const auto* const where = with.registry.intern(
      "binance-coinm", instrument::perpetual("BTC", "USD", "BTC"), "BTCUSD_PERP");
  std::vector<stream> streams;
  for (const auto kind : with.what->kinds()) streams.push_back({kind, where, 60'000'000'000, 0});
  const auto plans = with.what->plan(streams, {});
  ASSERT_EQ(plans.size(), 1U);
  EXPECT_EQ(plans[0].url, "wss://dstream.binance.com/stream");
  EXPECT_EQ(plans[0].streams.size(), 7U) << "open interest is polled";
  EXPECT_EQ(with.what->poll_request({event_kind::open_interest, where, 0, 0}, {})->url,
            "https://dapi.binance.com/dapi/v1/openInterest?symbol=BTCUSD_PERP");
}

}  // namespace
}  // namespace feedtree::tests::binance
