#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <string>

#include "adapters/venues/venue_pipeline.hpp"
#include "tests/adapters/simulator/real_client.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t start_ns = 1'800'000'000 * second_ns;
constexpr std::int64_t five_minutes_ns = 300 * second_ns;

const venue_simulator& coinbase() {
  return *find_simulator("coinbase");
}

rapidjson::Document parse(const std::string& text) {
  rapidjson::Document document;
  document.Parse(text.c_str());
  EXPECT_FALSE(document.HasParseError()) << text;
  return document;
}

// One client of two moving markets.
class coinbase_protocol : public ::testing::Test {
 protected:
  coinbase_protocol() { side_->on_connected("/", start_ns, out_); }

  frames ask(const std::string& text) {
    out_.clear();
    side_->on_client_frame(text, now_ns_, out_);
    return out_;
  }
  frames ask(const std::string& type, const std::string& channel, const std::string& products) {
    return ask(R"({"type":")" + type + R"(","product_ids":[)" + products + R"(],"channel":")" +
               channel + R"("})");
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
  frames tick(std::int64_t after_ns) {
    out_.clear();
    now_ns_ += after_ns;
    side_->on_tick(now_ns_, out_);
    return out_;
  }

  market_set markets_ = make_markets(coinbase(), {"BTC-USD", "ETH-USD"}, 17, start_ns);
  std::unique_ptr<protocol> side_ = coinbase().make_protocol(markets_);
  frames out_;
  std::int64_t now_ns_ = start_ns;
};

TEST_F(coinbase_protocol, sends_the_snapshots_and_then_the_list_of_subscriptions) {
  const auto answers = ask("subscribe", "level2", R"("BTC-USD","ETH-USD")");
  ASSERT_EQ(answers.size(), 3U);
  const auto snapshot = parse(answers[0]);
  EXPECT_STREQ(snapshot["channel"].GetString(), "l2_data");
  EXPECT_STREQ(snapshot["events"][0]["type"].GetString(), "snapshot");
  EXPECT_EQ(snapshot["events"][0]["updates"].Size(),
            markets_.at(0).depth(book_part::bids) + markets_.at(0).depth(book_part::asks));
  const auto list = parse(answers[2]);
  EXPECT_STREQ(list["channel"].GetString(), "subscriptions");
  EXPECT_EQ(list["events"][0]["subscriptions"]["level2"].Size(), 2U);
}

TEST_F(coinbase_protocol, numbers_every_frame_of_the_connection) {
  std::uint64_t expected = 0;
  const auto count = [&](const frames& some) {
    for (const auto& text : some) ASSERT_EQ(parse(text)["sequence_num"].GetUint64(), expected++);
  };
  count(ask(R"({"type":"subscribe","channel":"heartbeats"})"));
  for (const char* channel : {"level2", "market_trades", "ticker", "candles"}) {
    count(ask("subscribe", channel, R"("BTC-USD")"));
  }
  for (int second = 0; second < 3; ++second) {
    count(move(300));
    count(tick(second_ns));
  }
  EXPECT_GT(expected, 500U);
}

TEST_F(coinbase_protocol, refuses_what_there_is_not_without_a_number) {
  for (const auto& [channel, product] :
       {std::pair{"level2", R"("NO-PE")"}, {"level2", ""}, {"gossip", R"("BTC-USD")"}}) {
    const auto answers = ask("subscribe", channel, product);
    ASSERT_EQ(answers.size(), 1U);
    const auto frame = parse(answers.front());
    EXPECT_STREQ(frame["type"].GetString(), "error");
    EXPECT_FALSE(frame.HasMember("sequence_num"));
  }
  for (const char* garbage : {"", "nonsense", "[]", R"({"type":1})", R"({"type":"x"})"}) {
    ASSERT_EQ(ask(garbage).size(), 1U);
    EXPECT_STREQ(parse(out_.front())["type"].GetString(), "error") << garbage;
  }
  const auto good = ask("subscribe", "level2", R"("BTC-USD")");
  EXPECT_EQ(parse(good.front())["sequence_num"].GetInt(), 0);
}

TEST_F(coinbase_protocol, names_the_side_of_the_maker_and_the_newest_trade_first) {
  move(500);
  const auto& trades = markets_.at(0).recent_trades();
  ASSERT_GT(trades.size(), 5U);
  const auto snapshot = parse(ask("subscribe", "market_trades", R"("BTC-USD")").front());
  const auto& list = snapshot["events"][0]["trades"];
  ASSERT_EQ(list.Size(), trades.size());
  EXPECT_EQ(list[0]["trade_id"].GetString(), std::to_string(markets_.at(0).last_trade_id()));
  EXPECT_STREQ(list[0]["side"].GetString(), trades.back().side == trade_side::buy ? "SELL" : "BUY");
}

TEST_F(coinbase_protocol, says_nothing_more_after_the_end_of_a_subscription) {
  ask("subscribe", "level2", R"("BTC-USD","ETH-USD")");
  const auto list = parse(ask("unsubscribe", "level2", R"("BTC-USD")").at(0));
  EXPECT_EQ(list["events"][0]["subscriptions"]["level2"].Size(), 1U);
  const auto updates = move(100);
  EXPECT_EQ(updates.size(), 50U);
  for (const auto& text : updates) EXPECT_EQ(text.find("BTC-USD"), std::string::npos);
}

TEST_F(coinbase_protocol, closes_on_a_client_that_asks_for_nothing) {
  tick(4 * second_ns);
  EXPECT_FALSE(side_->wants_close());
  tick(2 * second_ns);
  EXPECT_TRUE(side_->wants_close());
}

TEST_F(coinbase_protocol, gives_a_candle_once_more_when_it_is_over) {
  ask("subscribe", "candles", R"("BTC-USD")");
  move(400);
  const auto before = markets_.at(0).candle(five_minutes_ns);
  now_ns_ += five_minutes_ns;
  const auto over = move(1);
  ASSERT_EQ(over.size(), 1U);
  const auto frame = parse(over.front());
  const auto& candle = frame["events"][0]["candles"][0];
  EXPECT_EQ(candle["start"].GetString(), std::to_string(before.open_ns / second_ns));
  EXPECT_EQ(candle["close"].GetString(), before.close.normalised().to_string());
}

TEST(coinbase_simulator, satisfies_the_real_client_in_every_check) {
  tests::real_client client("coinbase", {"BTC-USD", "ETH-BTC"});
  for (const char* symbol : {"BTC-USD", "ETH-BTC"}) {
    const auto* const where = client.find(symbol);
    ASSERT_NE(where, nullptr) << "the symbols come from REST";
    client.subscribe(client.streams_of(where, five_minutes_ns));
  }
  client.run(5 * second_ns);
  EXPECT_EQ(client.accepted(), 10U) << "heartbeats and four channels, twice";
  EXPECT_EQ(client.answers().size(), 10U);
  EXPECT_TRUE(client.errors().empty());
  EXPECT_EQ(client.rejected(), 0U);
  const auto checks = client.continuity();
  EXPECT_EQ(checks.sequence_gaps, 0U);
  EXPECT_EQ(checks.duplicates, 0U);
  EXPECT_EQ(checks.crossed, 0U);
  EXPECT_EQ(checks.unknown_deletes, 0U);
  EXPECT_EQ(checks.snapshots, 2U);
  EXPECT_GT(checks.sequence_ok, 2'000U);
  EXPECT_GT(client.count(event_kind::trade), 100U);
  EXPECT_GT(client.count(event_kind::ticker), 100U);
  EXPECT_GE(client.count(event_kind::candle), 4U);
  for (const char* symbol : {"BTC-USD", "ETH-BTC"}) client.expect_whole(client.find(symbol));
}

TEST(coinbase_simulator, sends_a_new_snapshot_to_who_subscribes_anew) {
  tests::real_client client("coinbase", {"BTC-USD"});
  const auto* const where = client.find("BTC-USD");
  client.subscribe({{event_kind::book, where, 0, 0}});
  client.run(second_ns);
  client.resync({event_kind::book, where, 0, 0});
  client.run(second_ns);
  EXPECT_EQ(client.continuity().snapshots, 2U);
  EXPECT_EQ(client.continuity().sequence_gaps, 0U);
  client.expect_whole(where);
}

TEST(coinbase_simulator, refuses_an_unknown_product_and_leaves_its_neighbour_alone) {
  tests::real_client client("coinbase", {"BTC-USD"});
  const auto* const good = client.find("BTC-USD");
  const auto* const bad = client.invent(instrument::spot("NO", "PE"), "NO-PE");
  client.subscribe({{event_kind::book, bad, 0, 0}, {event_kind::book, good, 0, 0}});
  client.run(second_ns);
  ASSERT_EQ(client.errors().size(), 1U);
  EXPECT_NE(client.errors().front().find("NO-PE"), std::string::npos);
  EXPECT_EQ(client.answers().size(), client.accepted() + 1);
  EXPECT_EQ(client.rejected(), 0U);
  client.expect_whole(good);
}

TEST(coinbase_simulator, makes_captures_in_which_every_check_holds) {
  listing_registry registry;
  venues::venue_pipeline pipeline(*venues::find_venue("coinbase"), registry);
  event_batch events;
  const auto take = [&](const capture_frame& record) {
    venues::raw_frame frame{record.text, record.receive_ns};
    frame.text.reserve(frame.text.size() + venues::frame_padding);
    if (record.rest) return pipeline.rest(record.url, frame, events);
    pipeline.frame(record.connection, frame, events);
  };
  generate_capture(coinbase(), {99, {"BTC-USD", "ETH-USD", "DOGE-USD"}, 10'000, start_ns, 1'000},
                   take);
  EXPECT_EQ(pipeline.frames().rejected, 0U);
  EXPECT_EQ(pipeline.frames().received, 10'000U);
  EXPECT_EQ(pipeline.quarantined(), 0U);
  EXPECT_TRUE(pipeline.complaints().empty());
  const auto checks = pipeline.continuity();
  EXPECT_EQ(checks.sequence_gaps, 0U);
  EXPECT_EQ(checks.sequence_ok, 10'000U - 3U);
  EXPECT_EQ(checks.duplicates, 0U);
  EXPECT_EQ(checks.crossed, 0U);
  EXPECT_EQ(checks.snapshots, 3U);
}

}  // namespace
}  // namespace feedtree::simulator
