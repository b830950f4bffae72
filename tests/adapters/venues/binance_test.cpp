// Binance spot, and what its markets share, on single frames.
#include "tests/adapters/venues/binance_support.hpp"

#include <random>

namespace feedtree::tests::binance {
namespace {

constexpr std::string_view depth_frame =
    R"({"stream":"nknusdt@depth@100ms","data":{"e":"depthUpdate","E":1633998512068,"s":"NKNUSDT",)"
    R"("U":499869750,"u":499869752,"b":[["0.35130000","6195.00000000"],["0.34750000","0.00000000"]],)"
    R"("a":[["0.36000000","1.50000000"]]}})";
constexpr std::string_view trade_frame =
    R"({"stream":"nknusdt@aggTrade","data":{"e":"aggTrade","E":1633998523963,"s":"NKNUSDT",)"
    R"("a":15683430,"p":"0.35280000","q":"58.00000000","f":19862790,"l":19862790,)"
    R"("T":1633998523962,"m":true,"M":true}})";

TEST(binance, reads_a_trade_with_the_side_of_its_taker) {
  single with("binance");
  with.decode(trade_frame, 77);
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.body<trade>().price.to_string(), "0.35280000");
  EXPECT_EQ(with.body<trade>().quantity.to_string(), "58.00000000");
  EXPECT_EQ(with.body<trade>().side, trade_side::sell) << "the buyer was the maker";
  EXPECT_EQ(with.key(), "15683430");
  EXPECT_EQ(with.out.events[0].exchange_ns, 1'633'998'523'962'000'000);
  EXPECT_EQ(with.out.events[0].receive_ns, 77);
  EXPECT_EQ(with.out.events[0].where->symbol, "NKN-USDT");
}

TEST(binance, keys_single_trades_apart_from_aggregated_ones) {
  single with("binance");
  with.decode(R"({"e":"trade","E":1,"s":"BNBBTC","t":15683430,"p":"1.5","q":"2","b":1,"a":2,)"
              R"("T":1554076800940,"m":false,"M":true})");
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.key(), "t15683430");
  EXPECT_EQ(with.body<trade>().side, trade_side::buy);
}

TEST(binance, reads_a_book_update) {
  single with("binance");
  with.decode(depth_frame);
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  const auto& change = with.body<book_change>();
  EXPECT_FALSE(change.snapshot);
  EXPECT_EQ(change.first_update_id, 499869750U);
  EXPECT_EQ(change.last_update_id, 499869752U);
  ASSERT_EQ(change.bids, 2U);
  ASSERT_EQ(change.asks, 1U);
  EXPECT_TRUE(with.out.bids(change)[1].deletes());
  EXPECT_EQ(with.out.asks(change)[0].price().to_string(), "0.36000000");
}

TEST(binance, reads_fields_in_any_order_and_skips_unknown_ones) {
  single with("binance");
  with.decode(
      R"({"new":[1,{"b":[["9","9"]]}],"data":{"a":[["5","6"],["7","8"]],"z":null,"b":[["1","2"]],)"
      R"("zz":{"a":1},"u":12,"U":11,"s":"BTCUSDT","E":1633998512068,"e":"depthUpdate"},)"
      R"("stream":"btcusdt@depth@100ms"})");
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  const auto& change = with.body<book_change>();
  ASSERT_EQ(with.out.levels.size(), 3U);
  ASSERT_EQ(change.bids, 1U);
  EXPECT_EQ(with.out.bids(change)[0].price().to_string(), "1");
  EXPECT_EQ(with.out.asks(change)[0].price().to_string(), "5");
  EXPECT_EQ(with.out.asks(change)[1].quantity().to_string(), "8");
}

TEST(binance, reads_levels_however_json_writes_them) {
  single plain("binance");
  plain.decode(R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,)"
               R"("b":[["10.50","3"],["10.25","0.00"]],"a":[]})");
  single spaced("binance");
  spaced.decode(
      "{ \"e\" : \"depthUpdate\" , \"E\" : 1 , \"s\":\"BTCUSDT\" ,\"U\": 1 ,\"u\":2 , "
      "\"b\" : [ [ \"10.50\" , 3 ] , [10.25, \"0.00\", \"more\"] ] , \"a\" : [ ] } \n");
  ASSERT_EQ(plain.report.outcome, frame_outcome::decoded) << plain.report.reason;
  ASSERT_EQ(spaced.report.outcome, frame_outcome::decoded) << spaced.report.reason;
  ASSERT_EQ(spaced.out.levels.size(), 2U);
  for (std::size_t at = 0; at < 2; ++at) {
    EXPECT_EQ(plain.out.levels[at].price().to_string(), spaced.out.levels[at].price().to_string());
    EXPECT_EQ(plain.out.levels[at].quantity().to_string(),
              spaced.out.levels[at].quantity().to_string());
  }
}

TEST(binance, refuses_levels_that_are_not_exact_or_not_pairs) {
  single with("binance");
  for (const std::string_view levels :
       {R"([["1.5"]])", R"([["1.5","x"]])", R"([["","1"]])", R"(["1.5","2"])", R"([["1.","2"]])",
        R"([[".5","2"]])", R"([["1","2"]"3"])", R"([["99999999999999999999","1"]])",
        R"([["0.12345678901234567891","1"]])", R"([["1","2"],])", R"("1.5")"}) {
    with.decode(R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"a":[],"b":)" +
                std::string(levels) + "}");
    EXPECT_EQ(with.report.outcome, frame_outcome::rejected) << levels;
    EXPECT_TRUE(with.out.events.empty() && with.out.levels.empty()) << levels;
  }
}

TEST(binance, keeps_eighteen_digits_and_more_where_64_bits_hold_them) {
  single with("binance");
  with.decode(R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"a":[],)"
              R"("b":[["123456789.123456789","1234567890123456789"]]})");
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.out.levels[0].price().to_string(), "123456789.123456789");
  EXPECT_EQ(with.out.levels[0].quantity().to_string(), "1234567890123456789");
}

TEST(binance, times_a_quote_by_its_receipt_because_the_venue_gives_none) {
  single with("binance");
  constexpr std::string_view frame =
      R"({"stream":"nknusdt@bookTicker","data":{"u":499869768,"s":"NKNUSDT","b":"0.35210000",)"
      R"("B":"672.00000000","a":"0.35260000","A":"3199.00000000"}})";
  with.decode(frame, 1'633'998'512'000'000'000);
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.out.events[0].exchange_ns, 1'633'998'512'000'000'000);
  EXPECT_EQ(with.key(), "499869768");
  EXPECT_EQ(with.body<quote>().ask_quantity->to_string(), "3199.00000000");
  with.decode(trade_frame);
  with.decode(frame);
  EXPECT_EQ(with.out.events[0].exchange_ns, 1'633'998'523'962'000'000)
      << "without a receive time: the last time the venue gave";
}

TEST(binance, reads_a_ticker) {
  single with("binance");
  with.decode(
      R"({"stream":"dogebnb@ticker","data":{"e":"24hrTicker","E":1569805259092,"s":"DOGEBNB",)"
      R"("p":"0.00000291","P":"2.068","w":"0.00014188","x":"0.00014069","c":"0.00014360",)"
      R"("Q":"51135.00000000","b":"0.00014365","B":"7080.00000000","a":"0.00014498",)"
      R"("A":"275033.00000000","o":"0.00014069","h":"0.00014550","l":"0.00013851",)"
      R"("v":"20014582.00000000","q":"2839.62578157","O":1569718859088,"C":1569805259088,)"
      R"("F":64171,"L":64684,"n":514}})");
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  const auto& body = with.body<ticker>();
  EXPECT_EQ(body.last_price->to_string(), "0.00014360");
  EXPECT_EQ(body.bid_price->to_string(), "0.00014365");
  EXPECT_EQ(body.ask_quantity->to_string(), "275033.00000000");
  EXPECT_EQ(body.open_price->to_string(), "0.00014069");
  EXPECT_EQ(body.high_price->to_string(), "0.00014550");
  EXPECT_EQ(body.low_price->to_string(), "0.00013851");
  EXPECT_EQ(body.volume->to_string(), "20014582.00000000");
  EXPECT_EQ(body.quote_volume->to_string(), "2839.62578157");
  EXPECT_TRUE(with.key().starts_with("1569805259092000000-")) << with.key();
}

TEST(binance, says_which_field_of_a_frame_is_wrong) {
  single with("binance");
  const std::vector<std::pair<std::string, std::string>> frames{
      {R"({"e":"aggTrade","s":"BTCUSDT","a":1,"p":"x","q":"1","T":1,"m":true})", "p: "},
      {R"({"e":"aggTrade","s":"BTCUSDT","a":1,"q":"1","T":1,"m":true})", "p: "},
      {R"({"e":"aggTrade","s":"BTCUSDT","a":1,"p":{},"q":"1","T":1,"m":true})", "p: "},
      {R"({"e":"aggTrade","s":"BTCUSDT","a":"-1","p":"1","q":"1","T":1,"m":true})", "a: "},
      {R"({"e":"aggTrade","s":"BTCUSDT","a":1,"p":"1","q":"1","T":1.5,"m":true})", "T: "},
      {R"({"e":"aggTrade","s":"BTCUSDT","a":1,"p":"1","q":"1","T":1,"m":"yes"})", "m: "},
      {R"({"e":"aggTrade","s":"BTCUSDT","a":1,"p":"1","q":"1","T":9e30,"m":true})", "T: "},
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":3,"u":2,"b":[],"a":[]})", "U: "},
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"a":[]})", "b: "},
      {R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[],"b":[],"a":[]})", "b: "},
      {R"({"e":"aggTrade","s":"nothing","a":1,"p":"1","q":"1","T":1,"m":true})", "symbol: "},
      {R"({"e":"aggTrade","a":1,"p":"1","q":"1","T":1,"m":true})", "symbol: "}};
  for (const auto& [text, field] : frames) {
    with.decode(text);
    EXPECT_EQ(with.report.outcome, frame_outcome::rejected) << text;
    EXPECT_TRUE(with.report.reason.starts_with(field)) << text << " gives " << with.report.reason;
  }
}

TEST(binance, rejects_what_is_no_object_or_has_something_behind_it) {
  single with("binance");
  for (const std::string_view text :
       {"", " ", "null", "1", "[]", "\"text\"", "{", "}", "{}{}", "{\"e\":\"aggTrade\"",
        R"({"e":"x"} {"e":"y"})", "\xff\xfe"}) {
    with.decode(text);
    EXPECT_EQ(with.report.outcome, frame_outcome::rejected) << text;
  }
}

TEST(binance, ignores_streams_that_are_none_of_ours) {
  single with("binance");
  for (const std::string_view text :
       {R"({"stream":"btcusdt@avgPrice","data":{"e":"avgPrice","E":1,"s":"BTCUSDT","w":"1"}})",
        R"({"stream":"btcusdt@depth5","data":{"lastUpdateId":1,"bids":[],"asks":[]}})",
        R"({"stream":"!ticker@arr","data":[{"e":"24hrTicker"}]})",
        R"({"e":"kline","E":1,"s":"BTCUSDT","k":{"t":1,"i":"1M","o":"1"}})", "{}"}) {
    with.decode(text);
    EXPECT_EQ(with.report.outcome, frame_outcome::ignored) << text << with.report.reason;
    EXPECT_TRUE(with.out.events.empty() && with.out.levels.empty());
  }
}

TEST(binance, lists_only_symbols_that_trade) {
  single with("binance");
  with.decode_rest(
      "https://api.binance.com/api/v3/exchangeInfo",
      R"({"timezone":"UTC","symbols":[)"
      R"({"symbol":"ETHBTC","status":"TRADING","baseAsset":"ETH","quoteAsset":"BTC","filters":[]},)"
      R"({"symbol":"OLDBTC","status":"BREAK","baseAsset":"OLD","quoteAsset":"BTC"},)"
      R"({"symbol":"币安USDT","status":"TRADING","baseAsset":"币安","quoteAsset":"USDT"}]})");
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  EXPECT_EQ(with.symbols.size(), 1U);
  ASSERT_NE(with.registry.find("binance", "ETH-BTC"), nullptr);
  EXPECT_EQ(with.registry.find("binance", "ETH-BTC")->venue_symbol, "ETHBTC");
}

TEST(binance, reads_a_symbol_by_its_quote_asset_where_no_table_names_it) {
  single with("binance");
  const std::vector<std::pair<std::string, std::string>> symbols{
      {"BTCUSDT", "BTC-USDT"}, {"BTCFDUSD", "BTC-FDUSD"}, {"BTCTUSD", "BTC-TUSD"},
      {"USDTTRY", "USDT-TRY"}, {"BTCUSD", "BTC-USD"},     {"1000SATSUSDT", "1000SATS-USDT"}};
  for (const auto& [symbol, expected] : symbols) {
    with.decode(R"({"e":"aggTrade","s":")" + symbol +
                R"(","a":1,"p":"1","q":"1","T":1633998523962,"m":true})");
    ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
    EXPECT_EQ(with.out.events[0].where->symbol, expected);
  }
}

TEST(binance, reads_a_book_snapshot_and_names_its_symbol_by_the_url) {
  single with("binance");
  with.decode_rest("https://api.binance.com/api/v3/depth?limit=1000&symbol=NKNUSDT",
                   R"({"lastUpdateId":499869752,"bids":[["0.3521","672"],["0.352","1144"]],)"
                   R"("asks":[["0.3526","3199"]]})",
                   1'633'998'512'320'639'000);
  ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
  const auto& change = with.body<book_change>();
  EXPECT_TRUE(change.snapshot);
  EXPECT_EQ(change.last_update_id, 499869752U);
  EXPECT_EQ(change.bids, 2U);
  EXPECT_EQ(with.key(), "s499869752");
  EXPECT_EQ(with.out.events[0].exchange_ns, 1'633'998'512'320'639'000);
  EXPECT_EQ(with.out.events[0].where->symbol, "NKN-USDT");
}

TEST(binance, says_what_the_venue_answers_in_place_of_a_body) {
  single with("binance");
  for (const std::string_view path : {"depth?symbol=NONE&limit=1000", "exchangeInfo"}) {
    with.decode_rest("https://api.binance.com/api/v3/" + std::string(path),
                     R"({"code":-1121,"msg":"Invalid symbol."})");
    EXPECT_EQ(with.report.outcome, frame_outcome::rejected);
    EXPECT_EQ(with.report.reason, "the venue answers -1121: Invalid symbol.");
  }
  with.decode_rest("https://api.binance.com/api/v3/depth?symbol=BTCUSDT",
                   R"({"bids":[],"asks":[]})");
  EXPECT_EQ(with.report.reason, "lastUpdateId: missing");
  with.decode_rest("https://api.binance.com/api/v3/time", R"({"serverTime":1})");
  EXPECT_EQ(with.report.outcome, frame_outcome::ignored);
}

TEST(binance, survives_random_bytes) {
  single with("binance");
  std::mt19937 random(7);
  std::size_t rejected = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 80, '\0');
    for (auto& c : text) c = "{}[]\",:0123456789.eEsubaTdatax\\ "[random() % 32];
    with.decode(text);
    EXPECT_TRUE(with.out.events.empty() && with.out.levels.empty()) << text;
    rejected += with.report.outcome == frame_outcome::rejected ? 1 : 0;
  }
  EXPECT_GT(rejected, 1900U);
}

}  // namespace
}  // namespace feedtree::tests::binance
