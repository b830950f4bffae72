#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <set>
#include <string>

#include "adapters/simulator/generator.hpp"
#include "adapters/venues/venue_pipeline.hpp"
#include "tests/adapters/simulator/real_client.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t start_ns = 1'800'000'000 * second_ns;
constexpr std::size_t whole_book = 1000;

const venue_simulator& bybit() {
  return *find_simulator("bybit");
}

rapidjson::Document parse(const std::string& text) {
  rapidjson::Document document;
  document.Parse(text.c_str());
  EXPECT_FALSE(document.HasParseError()) << text;
  return document;
}

venues::raw_frame padded(const std::string& text, std::int64_t receive_ns) {
  venues::raw_frame frame{{}, receive_ns};
  frame.text.reserve(text.size() + venues::frame_padding);
  frame.text = text;
  return frame;
}

// One client of moving markets.
class bybit_protocol : public ::testing::Test {
 protected:
  bybit_protocol() { connect("linear"); }

  void connect(const std::string& channel) {
    side_ = bybit().make_protocol(markets_);
    side_->on_connected("/v5/public/" + channel, now_ns_, out_);
  }
  frames ask(const std::string& text) {
    out_.clear();
    side_->on_client_frame(text, now_ns_, out_);
    return out_;
  }
  frames command(const std::string& op, const std::string& args) {
    return ask(R"({"req_id":"7","op":")" + op + R"(","args":[)" + args + "]}");
  }
  frames move(int steps) {
    out_.clear();
    for (int at = 0; at < steps; ++at) {
      now_ns_ += 1'000'000;
      auto& what = markets_.at(static_cast<std::size_t>(at) % markets_.size());
      side_->on_step(what, what.step(now_ns_), out_);
    }
    return out_;
  }
  std::string refusal_of(const std::string& args) {
    const auto answers = command("subscribe", args);
    EXPECT_EQ(answers.size(), 1U) << args;
    const auto frame = parse(answers.front());
    EXPECT_FALSE(frame["success"].GetBool()) << args;
    EXPECT_STREQ(frame["req_id"].GetString(), "7");
    return frame["ret_msg"].GetString();
  }

  std::int64_t now_ns_ = start_ns;
  market_set markets_ = make_markets(
      bybit(), {"BTC-USDT-PERP", "BTC-USDT", "BTC-USD-BTC-PERP", "ETH-USDC-PERP"}, 17, start_ns);
  std::unique_ptr<protocol> side_;
  frames out_;
};

TEST_F(bybit_protocol, acknowledges_with_the_id_of_the_request_before_the_snapshot) {
  const auto answers = command("subscribe", R"("orderbook.50.BTCUSDT","publicTrade.BTCUSDT")");
  ASSERT_EQ(answers.size(), 2U);
  const auto acknowledged = parse(answers[0]);
  EXPECT_TRUE(acknowledged["success"].GetBool());
  EXPECT_STREQ(acknowledged["req_id"].GetString(), "7");
  EXPECT_STREQ(acknowledged["op"].GetString(), "subscribe");
  const auto snapshot = parse(answers[1]);
  EXPECT_STREQ(snapshot["type"].GetString(), "snapshot");
  EXPECT_EQ(snapshot["data"]["b"].Size(), 50U);
  EXPECT_EQ(snapshot["data"]["a"].Size(), 50U);
}

TEST_F(bybit_protocol, answers_pings) {
  const auto pong = parse(ask(R"({"req_id":"p","op":"ping"})").at(0));
  EXPECT_STREQ(pong["ret_msg"].GetString(), "pong");
  EXPECT_STREQ(pong["op"].GetString(), "ping");
  EXPECT_STREQ(pong["req_id"].GetString(), "p");
}

TEST_F(bybit_protocol, refuses_in_the_words_of_the_venue_and_the_request_as_a_whole) {
  EXPECT_EQ(refusal_of(R"("publicTrade.NOPE")"), "Invalid symbol :[publicTrade.NOPE]");
  for (const char* topic : {"kline.7.BTCUSDT", "orderbook.51.BTCUSDT", "orderbook.x.BTCUSDT",
                            "gossip.BTCUSDT", "tickers", ""}) {
    EXPECT_EQ(refusal_of('"' + std::string(topic) + '"'),
              "error:handler not found,topic:" + std::string(topic));
  }
  EXPECT_EQ(refusal_of(R"("publicTrade.BTCUSDT","tickers.NOPE")"),
            "Invalid symbol :[tickers.NOPE]");
  EXPECT_TRUE(move(200).empty()) << "the good topic of a refused request is not subscribed to";
  command("subscribe", R"("tickers.BTCUSDT")");
  EXPECT_EQ(refusal_of(R"("tickers.BTCUSDT")"), "error:already subscribed,topic:tickers.BTCUSDT");
  EXPECT_EQ(refusal_of(""), "error:args is empty");
  for (const char* garbage : {"", "nonsense", "[]", R"({"op":1})", R"({"op":"x"})"}) {
    EXPECT_FALSE(parse(ask(garbage).at(0))["success"].GetBool()) << garbage;
  }
}

TEST_F(bybit_protocol, knows_on_each_path_the_symbols_of_that_market_only) {
  EXPECT_NE(refusal_of(R"("tickers.BTCUSD")"), "");
  connect("inverse");
  EXPECT_TRUE(parse(command("subscribe", R"("tickers.BTCUSD")").at(0))["success"].GetBool());
  EXPECT_NE(refusal_of(R"("tickers.BTCUSDT")"), "");
  connect("spot");
  EXPECT_NE(refusal_of(R"("allLiquidation.BTCUSDT")"), "");
  std::string eleven;
  for (int at = 0; at < 11; ++at) eleven += R"("tickers.BTCUSDT",)";
  EXPECT_EQ(refusal_of(eleven + R"("tickers.BTCUSDT")"), "args size >10");
  EXPECT_TRUE(bybit().accepts("/v5/public/spot"));
  EXPECT_FALSE(bybit().accepts("/v5/public/option"));
  EXPECT_FALSE(bybit().accepts("/v5/private"));
}

TEST_F(bybit_protocol, numbers_updates_without_a_hole_and_alike_on_every_connection) {
  move(100);
  command("subscribe", R"("orderbook.50.BTCUSDT")");
  std::uint64_t last = 0;
  for (const auto& text : move(2'000)) {
    const auto frame = parse(text);
    const auto id = frame["data"]["u"].GetUint64();
    if (last != 0) {
      ASSERT_EQ(id, last + 1);
    }
    last = id;
    if (id % 100 == 0) {
      EXPECT_GT(frame["data"]["seq"].GetUint64(), 0U);
    }
  }
  connect("linear");
  const auto again = command("subscribe", R"("orderbook.200.BTCUSDT")");
  EXPECT_EQ(parse(again.at(1))["data"]["u"].GetUint64(), last);
}

TEST_F(bybit_protocol, sends_of_a_ticker_only_what_changed) {
  const auto snapshot = parse(command("subscribe", R"("tickers.BTCUSDT")").at(1));
  EXPECT_TRUE(snapshot["data"].HasMember("fundingRate"));
  std::size_t most = 0;
  for (const auto& text : move(400)) {
    const auto frame = parse(text);
    EXPECT_STREQ(frame["type"].GetString(), "delta");
    most = std::max<std::size_t>(most, frame["data"].MemberCount());
  }
  EXPECT_GT(most, 1U);
  EXPECT_LT(most, snapshot["data"].MemberCount());
}

TEST_F(bybit_protocol, confirms_a_candle_when_it_is_over) {
  command("subscribe", R"("kline.1.BTCUSDT")");
  move(400);
  const auto before = markets_.at(0).candle(minute_ns);
  now_ns_ += minute_ns;
  const auto over = move(1);
  ASSERT_EQ(over.size(), 2U);
  const auto closed = parse(over[0]);
  EXPECT_TRUE(closed["data"][0]["confirm"].GetBool());
  EXPECT_EQ(closed["data"][0]["start"].GetInt64(), before.open_ns / 1'000'000);
  EXPECT_EQ(closed["data"][0]["close"].GetString(), before.close.to_string());
  EXPECT_FALSE(parse(over[1])["data"][0]["confirm"].GetBool());
}

TEST_F(bybit_protocol, says_nothing_more_after_the_end_of_a_subscription) {
  command("subscribe", R"("orderbook.50.BTCUSDT","orderbook.50.ETHPERP")");
  EXPECT_TRUE(
      parse(command("unsubscribe", R"("orderbook.50.BTCUSDT")").at(0))["success"].GetBool());
  const auto updates = move(200);
  EXPECT_EQ(updates.size(), 50U);
  for (const auto& text : updates) EXPECT_EQ(text.find("BTCUSDT"), std::string::npos);
}

TEST_F(bybit_protocol, lists_the_instruments_of_a_category) {
  const auto of = [&](const std::string& query) {
    return parse(
        bybit().rest("GET", "/v5/market/instruments-info?" + query, markets_, now_ns_).body);
  };
  const auto linear = of("category=linear&limit=1000");
  ASSERT_EQ(linear["result"]["list"].Size(), 2U);
  EXPECT_STREQ(linear["result"]["list"][1]["symbol"].GetString(), "ETHPERP");
  EXPECT_EQ(of("category=spot&symbol=ETHUSDT")["result"]["list"].Size(), 0U);
  EXPECT_EQ(of("category=gossip")["retCode"].GetInt(), 10'001);
  EXPECT_EQ(bybit().rest("GET", "/v5/gossip", markets_, now_ns_).status, 404);
}

TEST(bybit_simulator, has_no_instruments_that_the_venue_has_not) {
  for (const char* symbol : {"BTC-EUR-PERP", "BTC-USDT-BTC-PERP", "BTC-USD-PERP"}) {
    EXPECT_THROW(make_markets(bybit(), {symbol}, 1, start_ns), std::invalid_argument) << symbol;
  }
  const auto dated = make_markets(
      bybit(), {"BTC-USDT-20260925", "BTC-USDC-20260605", "BTC-USD-BTC-20260925"}, 1, start_ns);
  EXPECT_EQ(dated.at(0).venue_symbol(), "BTCUSDT-25SEP26");
  EXPECT_EQ(dated.at(1).venue_symbol(), "BTC-5JUN26");
  EXPECT_EQ(dated.at(2).venue_symbol(), "BTCUSDU26");
}

TEST(bybit_simulator, satisfies_the_real_client_in_every_check_on_all_three_paths) {
  const std::vector<std::string> symbols{"BTC-USDT", "BTC-USDT-PERP", "ETH-USDC-PERP",
                                         "BTC-USD-BTC-PERP", "BTC-USDT-20270326"};
  tests::real_client client("bybit", symbols);
  std::vector<venues::stream> streams;
  for (const auto& symbol : symbols) {
    const auto* const where = client.find(symbol);
    ASSERT_NE(where, nullptr) << symbol << ": the symbols come from REST";
    for (auto what : client.streams_of(where, minute_ns)) {
      if (what.kind == event_kind::book) what.depth = whole_book;
      streams.push_back(what);
    }
  }
  client.subscribe(streams);
  client.run(10 * second_ns);
  EXPECT_EQ(client.accepted(), 5U + 8U * 3U + 7U) << "spot has five kinds, a future no funding";
  EXPECT_EQ(client.answers().size(), client.accepted());
  EXPECT_TRUE(client.errors().empty());
  EXPECT_EQ(client.rejected(), 0U);
  const auto checks = client.continuity();
  EXPECT_EQ(checks.sequence_gaps, 0U);
  EXPECT_EQ(checks.duplicates, 0U);
  EXPECT_EQ(checks.crossed, 0U);
  EXPECT_EQ(checks.unknown_deletes, 0U);
  EXPECT_EQ(checks.snapshots, symbols.size());
  EXPECT_GT(checks.sequence_ok, 1'000U);
  for (const auto kind :
       {event_kind::trade, event_kind::quote, event_kind::ticker, event_kind::candle,
        event_kind::funding, event_kind::open_interest, event_kind::liquidation}) {
    EXPECT_GT(client.count(kind), 0U) << to_string(kind);
  }
  EXPECT_EQ(client.count(event_kind::gap), 0U);
  for (const auto& symbol : symbols) client.expect_whole(client.find(symbol));
}

TEST(bybit_simulator, sends_a_new_snapshot_to_who_subscribes_anew) {
  tests::real_client client("bybit", {"BTC-USDT-PERP"});
  const auto* const where = client.find("BTC-USDT-PERP");
  const venues::stream book{event_kind::book, where, 0, whole_book};
  client.subscribe({book});
  client.run(second_ns);
  client.resync(book);
  client.run(second_ns);
  EXPECT_EQ(client.continuity().snapshots, 2U);
  EXPECT_EQ(client.continuity().sequence_gaps, 0U);
  client.expect_whole(where);
}

TEST(bybit_simulator, refuses_an_unknown_symbol_and_leaves_its_neighbour_alone) {
  tests::real_client client("bybit", {"BTC-USDT-PERP"});
  const auto* const good = client.find("BTC-USDT-PERP");
  const auto* const bad = client.invent(instrument::perpetual("NOPE", "USDT", "USDT"), "NOPEUSDT");
  client.subscribe(
      {{event_kind::book, bad, 0, whole_book}, {event_kind::book, good, 0, whole_book}});
  client.run(second_ns);
  ASSERT_EQ(client.answers().size(), 2U);
  EXPECT_EQ(client.accepted(), 1U);
  const auto& refused = client.answers().front();
  EXPECT_FALSE(refused.accepted);
  EXPECT_EQ(refused.where, bad);
  EXPECT_NE(refused.reason.find("NOPEUSDT"), std::string::npos);
  EXPECT_EQ(client.rejected(), 0U);
  client.expect_whole(good);
}

TEST_F(bybit_protocol, leaves_the_client_with_the_best_levels_of_the_market_at_every_depth) {
  for (const std::size_t depth : {50U, 200U, 1000U}) {
    connect("linear");
    listing_registry registry;
    venues::venue_pipeline pipeline(*venues::find_venue("bybit"), registry);
    event_batch events;
    pipeline.connect("c", "wss://stream.bybit.com/v5/public/linear");
    auto all = command("subscribe", "\"orderbook." + std::to_string(depth) + ".BTCUSDT\"");
    const auto updates = move(4'000);
    all.insert(all.end(), updates.begin(), updates.end());
    for (const auto& text : all) pipeline.frame("c", padded(text, now_ns_), events);
    EXPECT_EQ(pipeline.frames().rejected, 0U);
    EXPECT_EQ(pipeline.continuity().sequence_gaps, 0U);
    ASSERT_EQ(pipeline.books().size(), 1U);
    const auto& keeper = *pipeline.books().front();
    EXPECT_EQ(keeper.state(), feed_state::live);
    order_book expected;
    apply_counts counts;
    for (const auto part : {book_part::bids, book_part::asks}) {
      expected.apply(part, markets_.at(0).top(part, depth), counts);
    }
    EXPECT_EQ(keeper.book().hash(), expected.hash()) << depth;
  }
}

TEST(bybit_simulator, makes_captures_in_which_every_check_holds) {
  listing_registry registry;
  venues::venue_pipeline pipeline(*venues::find_venue("bybit"), registry);
  event_batch events;
  std::set<std::string> connections;
  const auto take = [&](const capture_frame& record) {
    const auto frame = padded(record.text, record.receive_ns);
    if (record.rest) return pipeline.rest(record.url, frame, events);
    if (connections.insert(record.connection).second) {
      pipeline.connect(record.connection, record.url);
    }
    pipeline.frame(record.connection, frame, events);
  };
  generate_capture(bybit(),
                   {99, {"BTC-USDT", "BTC-USDT-PERP", "BTC-USD-BTC-PERP"}, 10'000, start_ns, 1'000},
                   take);
  EXPECT_EQ(connections.size(), 3U);
  EXPECT_EQ(pipeline.frames().rejected, 0U);
  EXPECT_EQ(pipeline.frames().received, 10'000U);
  EXPECT_EQ(pipeline.quarantined(), 0U);
  EXPECT_TRUE(pipeline.complaints().empty());
  const auto checks = pipeline.continuity();
  EXPECT_EQ(checks.sequence_gaps, 0U);
  EXPECT_EQ(checks.duplicates, 0U);
  EXPECT_EQ(checks.crossed, 0U);
  EXPECT_EQ(checks.snapshots, 3U);
  EXPECT_GT(checks.sequence_ok, 1'000U);
}

}  // namespace
}  // namespace feedtree::simulator
