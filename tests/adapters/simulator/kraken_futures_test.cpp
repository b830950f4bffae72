#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <string>

#include "adapters/simulator/generator.hpp"
#include "adapters/venues/venue_pipeline.hpp"
#include "tests/adapters/simulator/real_client.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t start_ns = 1'800'000'000 * second_ns;

const venue_simulator& futures() {
  return *find_simulator("kraken-futures");
}

rapidjson::Document parse(const std::string& text) {
  rapidjson::Document document;
  document.Parse(text.c_str());
  EXPECT_FALSE(document.HasParseError()) << text;
  return document;
}

// One client of two moving markets.
class kraken_futures_protocol : public ::testing::Test {
 protected:
  kraken_futures_protocol() { side_->on_connected("/ws/v1", now_ns_, out_); }

  frames ask(const std::string& text) {
    out_.clear();
    side_->on_client_frame(text, now_ns_, out_);
    return out_;
  }
  frames command(const std::string& event, const std::string& feed, const std::string& products) {
    return ask(R"({"event":")" + event + R"(","feed":")" + feed + R"(","product_ids":[)" +
               products + "]}");
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

  std::int64_t now_ns_ = start_ns;
  market_set markets_ = make_markets(futures(), {"BTC-USD-PERP", "BTC-USD-BTC-PERP"}, 17, start_ns);
  std::unique_ptr<protocol> side_ = futures().make_protocol(markets_);
  frames out_;
};

TEST_F(kraken_futures_protocol, greets_with_its_version) {
  EXPECT_EQ(out_, frames{R"({"event":"info","version":1})"});
}

TEST_F(kraken_futures_protocol, acknowledges_each_product_before_its_snapshot) {
  const auto answers = command("subscribe", "book", R"("PF_XBTUSD","PI_XBTUSD")");
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_EQ(answers[0], R"({"event":"subscribed","feed":"book","product_ids":["PF_XBTUSD"]})");
  const auto snapshot = parse(answers[1]);
  EXPECT_EQ(snapshot["feed"], "book_snapshot");
  EXPECT_EQ(snapshot["bids"].Size(), markets_.at(0).depth(book_part::bids));
  EXPECT_EQ(parse(answers[3])["product_id"], "PI_XBTUSD");
}

TEST_F(kraken_futures_protocol, numbers_each_level_of_a_book_and_each_trade) {
  const auto snapshot = parse(command("subscribe", "book", R"("PF_XBTUSD")").at(1));
  command("subscribe", "trade", R"("PF_XBTUSD")");
  auto book = snapshot["seq"].GetUint64();
  std::uint64_t trade = 0;
  for (const auto& text : move(4'000)) {
    const auto frame = parse(text);
    auto& last = frame["feed"] == "book" ? book : trade;
    ASSERT_EQ(frame["seq"].GetUint64(), last + 1) << text;
    ++last;
  }
  EXPECT_GT(trade, 100U);
  EXPECT_GT(book, snapshot["seq"].GetUint64() + 2'000U);
}

TEST_F(kraken_futures_protocol, gives_the_last_trades_newest_first) {
  move(2'000);
  const auto snapshot = parse(command("subscribe", "trade", R"("PF_XBTUSD")").at(1));
  const auto& trades = snapshot["trades"];
  ASSERT_EQ(trades.Size(), markets_.at(0).recent_trades().size());
  EXPECT_EQ(trades[0]["seq"].GetUint64(), markets_.at(0).last_trade_id());
  EXPECT_LT(trades[1]["seq"].GetUint64(), trades[0]["seq"].GetUint64());
}

TEST_F(kraken_futures_protocol, refuses_in_the_words_of_the_venue) {
  EXPECT_EQ(
      command("subscribe", "book", R"("PF_NOPE")"),
      frames{R"({"event":"alert","message":"Couldn't subscribe to invalid product `PF_NOPE`"})"});
  EXPECT_EQ(command("subscribe", "gossip", R"("PF_XBTUSD")"),
            frames{R"({"event":"error","message":"Invalid feed"})"});
  EXPECT_EQ(command("subscribe", "book", ""),
            frames{R"({"event":"error","message":"Invalid product id"})"});
  EXPECT_EQ(parse(command("unsubscribe", "book", R"("PF_XBTUSD")").at(0))["event"],
            "unsubscribed_failed");
  for (const char* garbage : {"", "nonsense", "[]", R"({"event":1})", R"({"event":"x"})"}) {
    EXPECT_EQ(ask(garbage), frames{R"({"event":"error","message":"Json Error"})"}) << garbage;
  }
  EXPECT_TRUE(move(100).empty());
}

TEST_F(kraken_futures_protocol, begins_anew_what_is_subscribed_to_twice) {
  command("subscribe", "book", R"("PF_XBTUSD")");
  const auto again = command("subscribe", "book", R"("PF_XBTUSD")");
  ASSERT_EQ(again.size(), 3U);
  EXPECT_EQ(parse(again[0])["event"], "alert");
  EXPECT_EQ(parse(again[2])["feed"], "book_snapshot");
  auto& what = markets_.at(0);
  out_.clear();
  const auto& step = what.step(now_ns_ + second_ns);
  side_->on_step(what, step, out_);
  EXPECT_EQ(out_.size(), step.bids.size() + step.asks.size()) << "once, not twice";
}

TEST_F(kraken_futures_protocol, beats_for_who_asked_and_says_nothing_of_what_has_ended) {
  out_.clear();
  side_->on_tick(now_ns_ + 5 * second_ns, out_);
  EXPECT_TRUE(out_.empty());
  EXPECT_EQ(ask(R"({"event":"subscribe","feed":"heartbeat"})").size(), 1U);
  out_.clear();
  side_->on_tick(now_ns_ + second_ns, out_);
  ASSERT_EQ(out_.size(), 1U);
  EXPECT_EQ(parse(out_.front())["feed"], "heartbeat");
  command("subscribe", "book", R"("PF_XBTUSD","PI_XBTUSD")");
  EXPECT_EQ(parse(command("unsubscribe", "book", R"("PF_XBTUSD")").at(0))["event"], "unsubscribed");
  const auto updates = move(100);
  EXPECT_FALSE(updates.empty());
  for (const auto& text : updates) EXPECT_EQ(text.find("PF_XBTUSD"), std::string::npos);
}

TEST(kraken_futures_simulator, has_no_instruments_that_the_venue_has_not) {
  for (const char* symbol : {"BTC-USD", "BTC-USDT-PERP", "BTC-USD-ETH-PERP"}) {
    EXPECT_THROW(make_markets(futures(), {symbol}, 1, start_ns), std::invalid_argument) << symbol;
  }
  const auto dated =
      make_markets(futures(), {"BTC-USD-20260925", "ETH-USD-ETH-20260925"}, 1, start_ns);
  EXPECT_EQ(dated.at(0).venue_symbol(), "FF_XBTUSD_260925");
  EXPECT_EQ(dated.at(1).venue_symbol(), "FI_ETHUSD_260925");
}

TEST(kraken_futures_simulator, satisfies_the_real_client_in_every_check) {
  const std::vector<std::string> symbols{"BTC-USD-PERP", "ETH-USD-ETH-PERP", "BTC-USD-20270326"};
  tests::real_client client("kraken-futures", symbols);
  std::vector<venues::stream> streams;
  for (const auto& symbol : symbols) {
    const auto* const where = client.find(symbol);
    ASSERT_NE(where, nullptr) << symbol << ": the symbols come from REST";
    const auto more = client.streams_of(where, 0);
    streams.insert(streams.end(), more.begin(), more.end());
  }
  client.subscribe(streams);
  client.run(10 * second_ns);
  EXPECT_EQ(client.accepted(), 6U * 2U + 5U) << "a dated future has no funding";
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
  for (const auto kind : {event_kind::trade, event_kind::ticker, event_kind::funding,
                          event_kind::open_interest, event_kind::liquidation}) {
    EXPECT_GT(client.count(kind), 0U) << to_string(kind);
  }
  EXPECT_EQ(client.count(event_kind::gap), 0U);
  for (const auto& symbol : symbols) client.expect_whole(client.find(symbol));
}

TEST(kraken_futures_simulator, refuses_an_unknown_product_and_leaves_its_neighbour_alone) {
  tests::real_client client("kraken-futures", {"BTC-USD-PERP"});
  const auto* const good = client.find("BTC-USD-PERP");
  const auto* const bad = client.invent(instrument::perpetual("NOPE", "USD", "USD"), "PF_NOPEUSD");
  client.subscribe({{event_kind::book, bad, 0, 0}, {event_kind::book, good, 0, 0}});
  client.run(2 * second_ns);
  ASSERT_EQ(client.answers().size(), 2U);
  EXPECT_EQ(client.accepted(), 1U);
  EXPECT_FALSE(client.answers().front().accepted);
  EXPECT_EQ(client.answers().front().text, "PF_NOPEUSD");
  EXPECT_EQ(client.rejected(), 0U);
  client.expect_whole(good);
}

TEST(kraken_futures_simulator, makes_captures_in_which_every_check_holds) {
  listing_registry registry;
  venues::venue_pipeline pipeline(*venues::find_venue("kraken-futures"), registry);
  event_batch events;
  const auto take = [&](const capture_frame& record) {
    venues::raw_frame frame{{}, record.receive_ns};
    frame.text.reserve(record.text.size() + venues::frame_padding);
    frame.text = record.text;
    if (record.rest) return pipeline.rest(record.url, frame, events);
    pipeline.frame(record.connection, frame, events);
  };
  generate_capture(futures(), {99, {"BTC-USD-PERP", "ETH-USD-ETH-PERP"}, 10'000, start_ns, 1'000},
                   take);
  EXPECT_EQ(pipeline.frames().rejected, 0U);
  EXPECT_EQ(pipeline.frames().received, 10'000U);
  EXPECT_EQ(pipeline.quarantined(), 0U);
  EXPECT_TRUE(pipeline.complaints().empty());
  const auto checks = pipeline.continuity();
  EXPECT_EQ(checks.sequence_gaps, 0U);
  EXPECT_EQ(checks.duplicates, 0U);
  EXPECT_EQ(checks.crossed, 0U);
  EXPECT_EQ(checks.snapshots, 2U);
  EXPECT_GT(checks.sequence_ok, 1'000U);
}

}  // namespace
}  // namespace feedtree::simulator
