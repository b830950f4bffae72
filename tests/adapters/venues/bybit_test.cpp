// Bybit's protocol: frames, subscriptions and names, without a capture.
#include <gtest/gtest.h>

#include "tests/adapters/venues/bybit_okx_support.hpp"

namespace feedtree::tests {
namespace {

using venues::frame_outcome;
using venues::stream;

constexpr const char* linear_url = "wss://stream.bybit.com/v5/public/linear";
constexpr const char* spot_url = "wss://stream.bybit.com/v5/public/spot";
constexpr const char* inverse_url = "wss://stream.bybit.com/v5/public/inverse";

constexpr const char* snapshot_text =
    R"({"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1672304484978,"data":{"s":"BTCUSDT",)"
    R"("b":[["16493.50","0.006"],["16493.00","0.100"]],"a":[["16611.00","0.029"]],"u":18521288,)"
    R"("seq":7961638724},"cts":1672304484976})";
constexpr const char* delta_text =
    R"({"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1687940967466,"data":{"s":"BTCUSDT",)"
    R"("b":[["30247.20","30.028"],["30245.40","0.224"]],"a":[["30248.70","0"]],"u":177400507,)"
    R"("seq":66544703342},"cts":1687940967464})";
constexpr const char* ticker_text =
    R"({"topic":"tickers.BTCUSDT","type":"snapshot","data":{"symbol":"BTCUSDT","lastPrice":)"
    R"("17216.00","prevPrice24h":"16926.50","highPrice24h":"17281.50","lowPrice24h":"16915.00",)"
    R"("markPrice":"17217.33","indexPrice":"17227.36","openInterest":"68744.761",)"
    R"("openInterestValue":"1183601235.91","turnover24h":"1570383121.943499","volume24h":)"
    R"("91705.276","nextFundingTime":"1673280000000","fundingRate":"-0.000212","bid1Price":)"
    R"("17215.50","bid1Size":"84.489","ask1Price":"17216.00","ask1Size":"83.020"},"cs":24987956059,)"
    R"("ts":1673272861686})";
constexpr const char* trade_text =
    R"({"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1672304486868,"data":[{"T":)"
    R"(1672304486865,"s":"BTCUSDT","S":"Buy","v":"0.001","p":"16578.50","L":"PlusTick","i":)"
    R"("20f43950-d8dd-5b31-9112-a178eb6023af","BT":false}]})";
constexpr const char* candle_text =
    R"({"topic":"kline.5.BTCUSDT","data":[{"start":1672324800000,"end":1672325099999,"interval":"5",)"
    R"("open":"16649.5","close":"16677","high":"16677","low":"16608","volume":"2.081","turnover":)"
    R"("34666.4005","confirm":true,"timestamp":1672324988882}],"ts":1672324988882,"type":"snapshot"})";
constexpr const char* liquidation_text =
    R"({"topic":"allLiquidation.ROSEUSDT","type":"snapshot","ts":1739502303204,"data":[{"T":)"
    R"(1739502302929,"s":"ROSEUSDT","S":"Sell","v":"20000","p":"0.04499"}]})";

const listing* list(one_session& with, const instrument& what, const std::string& symbol) {
  const auto* const made = with.registry.intern("bybit", what, symbol);
  with.symbols.of(what.type == market_type::spot ? "spot" : "linear").add(symbol, made);
  return made;
}

instrument linear(const std::string& base) {
  return instrument::perpetual(base, "USDT", "USDT");
}

TEST(bybit, reads_a_snapshot_and_a_delta_of_a_book) {
  one_session with("bybit", linear_url);
  const auto events = with.events(snapshot_text);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].where->symbol, "BTC-USDT-PERP");
  EXPECT_EQ(events[0].exchange_ns, 1672304484976000000);
  EXPECT_EQ(events[0].key.view(), "s18521288-7961638724");
  const auto& book = std::get<book_change>(events[0].body);
  EXPECT_TRUE(book.snapshot);
  EXPECT_FALSE(book.has_checksum);
  ASSERT_EQ(with.out.bids(book).size(), 2U);
  EXPECT_EQ(with.out.bids(book)[1].price().to_string(), "16493.00");
  EXPECT_EQ(with.out.asks(book)[0].quantity().to_string(), "0.029");
  const auto more = with.events(delta_text);
  const auto& delta = std::get<book_change>(more.at(0).body);
  EXPECT_FALSE(delta.snapshot);
  EXPECT_EQ(delta.last_update_id, 177400507U);
  EXPECT_TRUE(with.out.asks(delta)[0].deletes());
}

TEST(bybit, takes_update_one_as_a_snapshot_because_the_service_was_restarted) {
  one_session with("bybit", linear_url);
  const auto events =
      with.events(R"({"topic":"orderbook.50.BTCUSDT","type":"delta","ts":2,"data":{"s":"BTCUSDT",)"
                  R"("b":[["1","1"]],"a":[["2","1"]],"u":1,"seq":9},"cts":1})");
  EXPECT_TRUE(std::get<book_change>(events.at(0).body).snapshot);
}

TEST(bybit, reads_frames_whatever_the_order_of_their_members) {
  for (const std::string text :
       {snapshot_text, delta_text, ticker_text, trade_text, candle_text, liquidation_text}) {
    one_session plain("bybit", linear_url);
    one_session turned("bybit", linear_url);
    plain.decode(text);
    ASSERT_EQ(turned.decode(reversed(text)), frame_outcome::decoded) << reversed(text);
    EXPECT_EQ(ids_of(plain.out), ids_of(turned.out));
    EXPECT_EQ(plain.out.levels.size(), turned.out.levels.size());
    EXPECT_FALSE(plain.out.events.empty());
  }
}

TEST(bybit, reads_asks_that_stand_before_bids) {
  one_session with("bybit", linear_url);
  const auto events = with.events(
      R"({"topic":"orderbook.50.BTCUSDT","type":"delta","ts":2,"data":{"s":"BTCUSDT",)"
      R"("a":[["20","1"],["21","2"],["22","3"]],"b":[["10","4"]],"u":7,"seq":9},"cts":1})");
  const auto& book = std::get<book_change>(events.at(0).body);
  ASSERT_EQ(with.out.bids(book).size(), 1U);
  EXPECT_EQ(with.out.bids(book)[0].price().to_string(), "10");
  EXPECT_EQ(with.out.asks(book)[2].price().to_string(), "22");
}

// Levels in the usual form are read from the text alone, others by the parser: both must agree.
TEST(bybit, reads_levels_alike_in_their_usual_and_in_any_other_form) {
  const auto book = [](const std::string& levels) {
    return R"({"topic":"orderbook.50.BTCUSDT","type":"delta","ts":2,"data":{"s":"BTCUSDT","b":)" +
           levels + R"(,"a":[],"u":7,"seq":9},"cts":1})";
  };
  const std::vector<std::pair<std::string, std::string>> forms{
      {R"([["65095.30","0.005"],["0.10","0"]])", R"([ ["65095.30", "0.005"] ,["0.10","0"]])"},
      {R"([["123456789012345678","1"]])", R"([["123456789012345678","1" ]])"},
      {R"([["1","2","0","12"]])", R"([["1","2","0",{"orders":12}]])"},
      {R"([[1.50,2]])", R"([[1.50 ,2]])"},
      {R"([["1234567890123456789","1"]])", R"([["1234567890123456789", "1"]])"},
      {R"([["5","0.000000012"]])", R"([["5","12e-9"]])"}};
  for (const auto& [usual, other] : forms) {
    one_session first("bybit", linear_url);
    one_session second("bybit", linear_url);
    ASSERT_EQ(first.decode(book(usual)), frame_outcome::decoded) << usual << first.report.reason;
    ASSERT_EQ(second.decode(book(other)), frame_outcome::decoded) << other << second.report.reason;
    ASSERT_EQ(first.out.levels.size(), second.out.levels.size());
    for (std::size_t index = 0; index < first.out.levels.size(); ++index) {
      EXPECT_EQ(first.out.levels[index].price(), second.out.levels[index].price()) << usual;
      EXPECT_EQ(first.out.levels[index].price_exponent, second.out.levels[index].price_exponent);
      EXPECT_EQ(first.out.levels[index].quantity(), second.out.levels[index].quantity()) << usual;
    }
  }
  for (const std::string levels :
       {R"([["12345678901234567891234","1"]])", R"([["1.","1"]])", R"([["","1"]])", R"([["1"]])",
        R"([["1","2"],])", R"([["1","2"})", R"([["1","2"])", R"([["1" "2"]])", R"([[".5","2"]])",
        R"(["1","2"])"}) {
    one_session with("bybit", linear_url);
    EXPECT_EQ(with.decode(book(levels)), frame_outcome::rejected) << levels;
    EXPECT_TRUE(with.out.levels.empty());
  }
}

TEST(bybit, takes_quotes_from_orderbook_1_and_the_book_from_the_deeper_topic) {
  one_session with("bybit", spot_url);
  constexpr const char* top =
      R"({"topic":"orderbook.1.BTCUSDT","ts":1680652806504,"type":"snapshot","data":{"s":"BTCUSDT",)"
      R"("b":[["28165.07","0.175231"]],"a":[["28165.08","0.996816"]],"u":20404754,"seq":4281281856}})";
  auto events = with.events(top);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].kind(), event_kind::quote);
  EXPECT_EQ(std::get<quote>(events[0].body).ask_quantity->to_string(), "0.996816");
  EXPECT_EQ(events[0].key.view(), "20404754-4281281856");
  EXPECT_EQ(events[1].kind(), event_kind::book);
  with.events(snapshot_text);
  events = with.events(top);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind(), event_kind::quote);
}

TEST(bybit, carries_all_known_fields_on_a_partial_ticker) {
  one_session with("bybit", linear_url);
  auto events = with.events(ticker_text);
  ASSERT_EQ(events.size(), 4U);  // ticker, quote, funding, open interest
  const auto& paid = std::get<funding>(events[2].body);
  EXPECT_EQ(paid.rate.to_string(), "-0.000212");
  EXPECT_EQ(paid.next_funding_ns, 1673280000000000000);
  EXPECT_EQ(optional_text(std::get<open_interest>(events[3].body).value), "1183601235.91");
  events = with.events(R"({"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT",)"
                       R"("lastPrice":"17216.50","fundingRate":"-0.000212"},"cs":24987956060,)"
                       R"("ts":1673272861786})");
  ASSERT_EQ(events.size(), 1U);
  const auto& body = std::get<ticker>(events[0].body);
  EXPECT_EQ(optional_text(body.last_price), "17216.50");
  EXPECT_EQ(optional_text(body.mark_price), "17217.33");
  EXPECT_EQ(optional_text(body.bid_quantity), "84.489");
  with.session->on_connected();
  events = with.events(R"({"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT",)"
                       R"("lastPrice":"17217.00"},"cs":24987956061,"ts":1673272861886})");
  EXPECT_FALSE(std::get<ticker>(events.at(0).body).mark_price.has_value());
}

TEST(bybit, gives_a_liquidation_the_side_of_the_forced_order) {
  one_session with("bybit", linear_url);
  const auto events = with.events(liquidation_text);
  const auto& body = std::get<liquidation>(events.at(0).body);
  EXPECT_EQ(body.side, trade_side::buy);  // a short position is bought back
  EXPECT_EQ(body.price.to_string(), "0.04499");
  EXPECT_EQ(events[0].exchange_ns, 1739502302929000000);
  const auto old = with.events(
      R"({"data":{"price":"0.03803","side":"Buy","size":"1637","symbol":"GALAUSDT","updatedTime":)"
      R"(1673251091822},"topic":"liquidation.GALAUSDT","ts":1673251091822,"type":"snapshot"})");
  EXPECT_EQ(std::get<liquidation>(old.at(0).body).side, trade_side::sell);
}

TEST(bybit, tells_two_equal_liquidations_of_one_moment_apart) {
  one_session with("bybit", linear_url);
  const std::string one = R"({"T":1739502302929,"s":"ROSEUSDT","S":"Sell","v":"2","p":"0.04"})";
  const auto events = with.events(
      R"({"topic":"allLiquidation.ROSEUSDT","type":"snapshot","ts":1739502303204,"data":[)" + one +
      "," + one + "," + one + "]}");
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(
      std::set<std::string>({std::string(events[0].key.view()), std::string(events[1].key.view()),
                             std::string(events[2].key.view())})
          .size(),
      3U);
}

TEST(bybit, reads_a_closed_candle) {
  one_session with("bybit", linear_url);
  const auto events = with.events(candle_text);
  const auto& body = std::get<candle>(events.at(0).body);
  EXPECT_EQ(body.interval_ns, 300'000'000'000);
  EXPECT_EQ(body.open_ns, 1672324800000000000);
  EXPECT_TRUE(body.closed);
  EXPECT_EQ(body.low.to_string(), "16608");
  EXPECT_TRUE(events[0].key.view().starts_with("5m-1672324800000000000-"));
}

TEST(bybit, leaves_turnover_in_coins_out_of_inverse_contracts) {
  one_session with("bybit", inverse_url);
  const auto events = with.events(
      R"({"topic":"tickers.BTCUSD","type":"snapshot","data":{"symbol":"BTCUSD","lastPrice":"28560.00",)"
      R"("turnover24h":"23389.1894","volume24h":"661543991"},"cs":20856433578,"ts":1680673822577})");
  const auto& body = std::get<ticker>(events.at(0).body);
  EXPECT_EQ(events[0].where->symbol, "BTC-USD-BTC-PERP");
  EXPECT_EQ(optional_text(body.volume), "661543991");
  EXPECT_FALSE(body.quote_volume.has_value());
}

TEST(bybit, names_instruments_by_the_rules_of_the_venue) {
  const std::map<std::string, std::string> names{{"BTCUSDT", "BTC-USDT-PERP"},
                                                 {"1000PEPEUSDT", "1000PEPE-USDT-PERP"},
                                                 {"ETHPERP", "ETH-USDC-PERP"},
                                                 {"BTCUSD", "BTC-USD-BTC-PERP"},
                                                 {"BTCUSDU23", "BTC-USD-BTC-20230929"},
                                                 {"ETHUSDZ26", "ETH-USD-ETH-20261225"},
                                                 {"BTCUSDT-25SEP26", "BTC-USDT-20260925"},
                                                 {"BTC-5JUN26", "BTC-USDC-20260605"}};
  for (const auto& [symbol, name] : names) {
    one_session with("bybit", "");
    const auto events =
        with.events(R"({"topic":"publicTrade.)" + symbol +
                    R"(","type":"snapshot","ts":1,"data":[{"T":1,"s":"","S":"Sell",)"
                    R"("v":"1","p":"1","i":"x"}]})");
    ASSERT_EQ(events.size(), 1U) << symbol;
    EXPECT_EQ(events[0].where->symbol, name);
  }
  for (const std::string symbol :
       {"USDT", "BTCUSDA23", "BTCUSDT-32SEP26", "BTCUSDT-25XXX26", "BTC"}) {
    one_session with("bybit", "");
    EXPECT_EQ(with.decode(R"({"topic":"publicTrade.)" + symbol +
                          R"(","type":"snapshot","ts":1,"data":[]})"),
              frame_outcome::rejected)
        << symbol;
  }
}

TEST(bybit, asks_once_for_what_several_streams_share) {
  one_session with("bybit", linear_url);
  const auto* const btc = list(with, linear("BTC"), "BTCUSDT");
  const std::vector<stream> streams{
      {event_kind::quote, btc},       {event_kind::ticker, btc},
      {event_kind::funding, btc},     {event_kind::open_interest, btc},
      {event_kind::book, btc, 0, 50}, {event_kind::candle, btc, 3'600'000'000'000}};
  EXPECT_EQ(with.session->subscribe_frames(streams),
            std::vector<std::string>{
                R"({"req_id":"1","op":"subscribe","args":["tickers.BTCUSDT",)"
                R"("orderbook.50.BTCUSDT","kline.60.BTCUSDT","orderbook.1.BTCUSDT"]})"});
  const stream paid{event_kind::funding, btc};
  EXPECT_TRUE(with.session->unsubscribe_frames({&paid, 1}).empty());
  const stream book{event_kind::book, btc, 0, 50};
  EXPECT_EQ(with.session->resync_frames(book),
            (std::vector<std::string>{
                R"({"req_id":"2","op":"unsubscribe","args":["orderbook.50.BTCUSDT"]})",
                R"({"req_id":"3","op":"subscribe","args":["orderbook.50.BTCUSDT"]})"}));
}

TEST(bybit, asks_for_at_most_ten_topics_at_a_time) {
  one_session with("bybit", spot_url);
  std::vector<stream> streams;
  for (int index = 0; index < 23; ++index) {
    const auto base = "A" + std::to_string(index);
    streams.push_back(
        {event_kind::trade, list(with, instrument::spot(base, "USDT"), base + "USDT")});
  }
  EXPECT_EQ(with.session->subscribe_frames(streams).size(), 3U);
}

TEST(bybit, reports_an_acknowledged_subscription_for_each_stream) {
  one_session with("bybit", linear_url);
  const auto* const btc = list(with, linear("BTC"), "BTCUSDT");
  const std::vector<stream> streams{{event_kind::ticker, btc}, {event_kind::funding, btc}};
  with.session->subscribe_frames(streams);
  EXPECT_EQ(
      with.decode(R"({"success":true,"ret_msg":"","conn_id":"d8","req_id":"1","op":"subscribe"})"),
      frame_outcome::decoded);
  ASSERT_EQ(with.report.subscriptions.size(), 2U);
  EXPECT_TRUE(with.report.subscriptions[1].accepted);
  EXPECT_EQ(with.report.subscriptions[1].where, btc);
  EXPECT_EQ(with.report.subscriptions[1].kind, event_kind::funding);
}

TEST(bybit, asks_again_for_the_neighbours_of_a_refused_symbol) {
  one_session with("bybit", linear_url);
  const auto* const btc = list(with, linear("BTC"), "BTCUSDT");
  const auto* const bad = list(with, linear("NOSUCH"), "NOSUCHUSDT");
  const std::vector<stream> streams{{event_kind::trade, btc}, {event_kind::trade, bad}};
  with.session->subscribe_frames(streams);
  with.decode(
      R"({"success":false,"ret_msg":"error:handler not found,topic:publicTrade.NOSUCHUSDT",)"
      R"("conn_id":"d8","req_id":"1","op":"subscribe"})");
  ASSERT_EQ(with.report.subscriptions.size(), 1U);
  EXPECT_FALSE(with.report.subscriptions[0].accepted);
  EXPECT_EQ(with.report.subscriptions[0].where, bad);
  EXPECT_EQ(with.report.replies,
            std::vector<std::string>{
                R"({"req_id":"2","op":"subscribe","args":["publicTrade.BTCUSDT"]})"});
  with.decode(R"({"success":true,"ret_msg":"","req_id":"2","op":"subscribe"})");
  EXPECT_TRUE(with.report.subscriptions.at(0).accepted);
}

TEST(bybit, asks_for_each_topic_alone_when_a_refusal_names_none) {
  one_session with("bybit", linear_url);
  const std::vector<stream> streams{
      {event_kind::trade, list(with, linear("BTC"), "BTCUSDT")},
      {event_kind::trade, list(with, linear("NOSUCH"), "NOSUCHUSDT")}};
  with.session->subscribe_frames(streams);
  with.decode(R"({"success":false,"ret_msg":"Params Error","req_id":"1","op":"subscribe"})");
  EXPECT_TRUE(with.report.subscriptions.empty());
  ASSERT_EQ(with.report.replies.size(), 2U);
  with.decode(R"({"success":false,"ret_msg":"Params Error","req_id":"3","op":"subscribe"})");
  ASSERT_EQ(with.report.subscriptions.size(), 1U);
  EXPECT_EQ(with.report.subscriptions[0].where->venue_symbol, "NOSUCHUSDT");
  EXPECT_FALSE(with.report.subscriptions[0].accepted);
  EXPECT_TRUE(with.report.replies.empty());
}

TEST(bybit, keeps_a_subscription_that_was_there_already) {
  one_session with("bybit", linear_url);
  const stream trades{event_kind::trade, list(with, linear("BTC"), "BTCUSDT")};
  with.session->subscribe_frames({&trades, 1});
  with.decode(R"({"success":false,"ret_msg":"error:already subscribed,topic:publicTrade.BTCUSDT",)"
              R"("req_id":"1","op":"subscribe"})");
  EXPECT_TRUE(with.report.subscriptions.at(0).accepted);
}

TEST(bybit, ignores_answers_to_its_sign_of_life) {
  one_session with("bybit", spot_url);
  EXPECT_EQ(with.session->keeps_alive()->text, R"({"op":"ping"})");
  EXPECT_EQ(with.decode(R"({"success":true,"ret_msg":"pong","conn_id":"09","op":"ping"})"),
            frame_outcome::ignored);
  EXPECT_EQ(with.decode(R"({"req_id":"t","op":"pong","args":["1675418560633"],"conn_id":"c"})"),
            frame_outcome::ignored);
  EXPECT_TRUE(with.report.error.empty());
}

TEST(bybit, plans_a_connection_for_each_market_and_leaves_out_what_it_has_not) {
  one_session with("bybit", "");
  const auto* const spot = list(with, instrument::spot("BTC", "USDT"), "BTCUSDT");
  const auto* const perp = with.registry.intern("bybit", linear("BTC"), "BTCUSDT");
  const auto* const inverse =
      with.registry.intern("bybit", instrument::perpetual("BTC", "USD", "BTC"), "BTCUSD");
  const auto& venue = *venues::find_venue("bybit");
  const std::vector<stream> streams{{event_kind::book, spot},        {event_kind::book, perp},
                                    {event_kind::trade, inverse},    {event_kind::funding, spot},
                                    {event_kind::book, perp, 0, 25}, {event_kind::candle, perp, 7}};
  const auto plans = venue.plan(streams, {"ws://127.0.0.1:9000", ""});
  ASSERT_EQ(plans.size(), 3U);
  EXPECT_EQ(plans[0].url, "ws://127.0.0.1:9000/v5/public/spot");
  EXPECT_EQ(plans[1].url, "ws://127.0.0.1:9000/v5/public/linear");
  EXPECT_EQ(plans[2].url, "ws://127.0.0.1:9000/v5/public/inverse");
  EXPECT_EQ(plans[0].streams.size(), 1U);
  EXPECT_EQ(plans[1].streams.size(), 1U);
  // Trades come with the candles that show missing ones.
  ASSERT_EQ(plans[2].streams.size(), 2U);
  EXPECT_EQ(plans[2].streams[1], (stream{event_kind::candle, inverse, 60'000'000'000, 0}));
  const std::vector<stream> both{{event_kind::trade, spot},
                                 {event_kind::candle, spot, 60'000'000'000}};
  EXPECT_EQ(venue.plan(both, {})[0].streams.size(), 2U);
  EXPECT_FALSE(venue.refuses(streams[3]).empty());
  EXPECT_NE(venue.refuses(streams[4]).find("25"), std::string::npos);
  EXPECT_FALSE(venue.refuses(streams[5]).empty());
  EXPECT_TRUE(venue.refuses(streams[0]).empty());
}

TEST(bybit, rejects_frames_whose_fields_have_another_type) {
  for (
      const std::string text :
      {R"({"topic":"orderbook.50.BTCUSDT","type":"delta","ts":2,"data":[]})",
       R"({"topic":"orderbook.50.BTCUSDT","type":"delta","ts":2,"data":{"b":[["1"]],"a":[],"u":7}})",
       R"({"topic":"orderbook.50.BTCUSDT","type":"delta","ts":2,"data":{"b":[],"a":[],"u":"x"}})",
       R"({"topic":"orderbook.50.BTCUSDT","type":"delta","ts":2,"data":{"b":[],"a":[]}})",
       R"({"topic":"orderbook.50.BTCUSDT","type":"delta","ts":2})",
       R"({"topic":"orderbook.50.BTCUSDT","type":"other","ts":2,"data":{"b":[],"a":[],"u":7}})",
       R"({"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":2,"data":[{"T":1}]})",
       R"({"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":2,"data":[{"T":1,"S":"Up","v":"1",)"
       R"("p":"1","i":"a"}]})",
       R"({"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":2,"data":[{"T":1,"S":"Buy","v":"1",)"
       R"("p":"NaN","i":"a"}]})",
       R"([1,2,3])", R"("pong")", R"(17)", ""}) {
    one_session with("bybit", linear_url);
    EXPECT_EQ(with.decode(text), frame_outcome::rejected) << text;
    EXPECT_FALSE(with.report.reason.empty()) << text;
    EXPECT_TRUE(with.out.events.empty() && with.out.levels.empty()) << text;
  }
}

TEST(bybit, remembers_nothing_of_a_ticker_that_it_rejects) {
  one_session with("bybit", linear_url);
  with.decode(ticker_text);
  EXPECT_EQ(with.decode(R"({"topic":"tickers.BTCUSDT","type":"delta","data":{"markPrice":"1"},)"
                        R"("cs":1})"),
            frame_outcome::rejected);
  const auto events = with.events(R"({"topic":"tickers.BTCUSDT","type":"delta","data":{},"cs":2,)"
                                  R"("ts":1673272861886})");
  EXPECT_EQ(optional_text(std::get<ticker>(events.at(0).body).mark_price), "17217.33");
}

TEST(bybit, survives_frames_that_are_cut_off_or_damaged) {
  unsigned seed = 1;
  for (const auto* const text :
       {snapshot_text, delta_text, ticker_text, trade_text, candle_text, liquidation_text}) {
    one_session with("bybit", linear_url);
    expect_survives_damage(with, text, seed++);
  }
}

TEST(bybit, says_why_the_instruments_list_was_refused) {
  one_session with("bybit", "");
  with.session->decode_rest(
      "", frame_of(R"({"retCode":10006,"retMsg":"Too many visits!","result":{}})"), with.out,
      with.report);
  EXPECT_EQ(with.report.outcome, frame_outcome::rejected);
  EXPECT_NE(with.report.reason.find("Too many visits!"), std::string::npos);
}

}  // namespace
}  // namespace feedtree::tests
