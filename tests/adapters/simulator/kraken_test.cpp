#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "adapters/simulator/generator.hpp"
#include "adapters/venues/venue_pipeline.hpp"
#include "core/checksum.hpp"
#include "tests/adapters/simulator/fake_link.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t start_ns = 1'800'000'000 * second_ns;

const venue_simulator& kraken() {
  return *find_simulator("kraken");
}

// Numbers stay text, so that their digits are those of the frame.
rapidjson::Document parse(const std::string& text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseNumbersAsStringsFlag>(text.c_str());
  EXPECT_FALSE(document.HasParseError()) << text;
  return document;
}

std::string digits_of(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '.'), text.end());
  return text.erase(0, text.find_first_not_of('0'));
}

// A client's book from the frames alone: by price text, cut to the depth, with the venue's
// checksum.
class independent_book {
 public:
  explicit independent_book(std::size_t depth) : depth_(depth) {}

  void take(const rapidjson::Value& data, bool snapshot) {
    if (snapshot) sides_ = {};
    for (const char* name : {"bids", "asks"}) {
      auto& side = sides_[name];
      for (const auto& entry : data[name].GetArray()) {
        const std::string price = entry["price"].GetString();
        const std::string quantity = entry["qty"].GetString();
        const auto rank = rank_of(name, price);
        if (digits_of(quantity).empty()) {
          side.erase(rank);
        } else {
          side[rank] = {price, quantity};
        }
      }
      while (side.size() > depth_) side.erase(std::prev(side.end()));
    }
  }

  std::uint32_t checksum() {
    std::string text;
    for (const char* name : {"asks", "bids"}) {
      std::size_t count = 0;
      for (const auto& [rank, entry] : sides_[name]) {
        if (++count > 10) break;
        text += digits_of(entry.first) + digits_of(entry.second);
      }
    }
    return crc32(text);
  }

  std::size_t size(const char* side) { return sides_[side].size(); }

 private:
  static long long rank_of(std::string_view side, const std::string& price) {
    const auto ticks = std::stoll(digits_of(price));
    return side == "bids" ? -ticks : ticks;
  }
  using price_and_quantity = std::pair<std::string, std::string>;
  std::map<std::string, std::map<long long, price_and_quantity>> sides_;
  std::size_t depth_;
};

// One client of two moving markets.
class kraken_protocol : public ::testing::Test {
 protected:
  kraken_protocol() { side_->on_connected("/v2", start_ns, out_); }

  frames ask(const std::string& text) {
    out_.clear();
    side_->on_client_frame(text, now_ns_, out_);
    return out_;
  }
  // Moves the markets in turn and gives the frames.
  frames move(int steps) {
    out_.clear();
    for (int at = 0; at < steps; ++at) {
      now_ns_ += 1'000'000;
      auto& what = markets_.at(static_cast<std::size_t>(at) % markets_.size());
      side_->on_step(what, what.step(now_ns_), out_);
    }
    return out_;
  }
  static std::string subscribe(const std::string& channel, const std::string& symbols,
                               const std::string& more = {}) {
    return R"({"method":"subscribe","params":{"channel":")" + channel + R"(","symbol":[)" +
           symbols + "]" + more + R"(},"req_id":9})";
  }

  market_set markets_ = make_markets(kraken(), {"BTC-USD", "ETH-USD"}, 17, start_ns);
  std::unique_ptr<protocol> side_ = kraken().make_protocol(markets_);
  frames out_;
  std::int64_t now_ns_ = start_ns;
};

TEST_F(kraken_protocol, greets_with_its_status) {
  ASSERT_EQ(out_.size(), 1U);
  const auto frame = parse(out_.front());
  EXPECT_STREQ(frame["channel"].GetString(), "status");
  EXPECT_STREQ(frame["data"][0]["system"].GetString(), "online");
}

TEST_F(kraken_protocol, acknowledges_each_symbol_and_sends_its_snapshot) {
  const auto answers = ask(subscribe("book", R"("BTC/USD","ETH/USD")", R"(,"depth":25)"));
  ASSERT_EQ(answers.size(), 4U);
  const auto acknowledged = parse(answers[0]);
  EXPECT_TRUE(acknowledged["success"].GetBool());
  EXPECT_STREQ(acknowledged["result"]["symbol"].GetString(), "BTC/USD");
  EXPECT_STREQ(acknowledged["result"]["depth"].GetString(), "25");
  EXPECT_STREQ(acknowledged["req_id"].GetString(), "9");
  const auto snapshot = parse(answers[1]);
  EXPECT_STREQ(snapshot["type"].GetString(), "snapshot");
  EXPECT_EQ(snapshot["data"][0]["bids"].Size(), 25U);
}

TEST_F(kraken_protocol, refuses_in_the_words_of_the_venue) {
  const auto error_of = [&](const std::string& text) {
    const auto answers = ask(text);
    EXPECT_EQ(answers.size(), 1U) << text;
    const auto frame = parse(answers.front());
    if (frame.HasMember("success")) {
      EXPECT_FALSE(frame["success"].GetBool());
    }
    return std::string(frame["error"].GetString());
  };
  EXPECT_EQ(error_of(subscribe("trade", R"("XBT/USD")")), "Currency pair not supported XBT/USD");
  EXPECT_EQ(error_of(subscribe("book", R"("BTC/USD")", R"(,"depth":11)")),
            "Subscription depth not supported");
  EXPECT_EQ(error_of(subscribe("ohlc", R"("BTC/USD")", R"(,"interval":2)")),
            "Subscription ohlc interval not supported");
  EXPECT_EQ(error_of(subscribe("gossip", R"("BTC/USD")")), "Channel not supported");
  EXPECT_EQ(
      error_of(R"({"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"]}})"),
      "Subscription Not Found");
  for (const char* garbage : {"", "nonsense", "[]", R"({"method":1})", R"({"method":"x"})"}) {
    EXPECT_EQ(error_of(garbage), "Malformed request");
  }
  ask(subscribe("trade", R"("BTC/USD")"));
  EXPECT_EQ(error_of(subscribe("trade", R"("BTC/USD")")), "Already subscribed");
}

TEST_F(kraken_protocol, lets_one_bad_symbol_not_hurt_its_neighbours) {
  const auto answers =
      ask(subscribe("trade", R"("BTC/USD","NO/PE","ETH/USD")", R"(,"snapshot":false)"));
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_TRUE(parse(answers[0])["success"].GetBool());
  EXPECT_FALSE(parse(answers[1])["success"].GetBool());
  EXPECT_STREQ(parse(answers[1])["symbol"].GetString(), "NO/PE");
  EXPECT_TRUE(parse(answers[2])["success"].GetBool());
}

TEST_F(kraken_protocol, sends_books_whose_checksums_hold_at_every_depth) {
  for (const std::size_t depth : {10U, 25U, 100U, 500U, 1000U}) {
    side_ = kraken().make_protocol(markets_);
    independent_book book(depth);
    auto all = ask(subscribe("book", R"("BTC/USD")", R"(,"depth":)" + std::to_string(depth)));
    const auto updates = move(3'000);
    all.insert(all.end(), updates.begin(), updates.end());
    std::size_t checked = 0;
    for (const auto& text : all) {
      const auto frame = parse(text);
      if (!frame.HasMember("channel")) continue;
      const auto& data = frame["data"][0];
      book.take(data, std::string_view(frame["type"].GetString()) == "snapshot");
      ASSERT_EQ(std::to_string(book.checksum()), data["checksum"].GetString()) << checked << text;
      ++checked;
    }
    EXPECT_GT(checked, 700U) << depth;
    EXPECT_EQ(book.size("bids"), markets_.at(0).top(book_part::bids, depth).size());
  }
}

TEST_F(kraken_protocol, tells_trades_candles_and_tickers_of_the_same_market) {
  ask(subscribe("trade", R"("BTC/USD")"));
  ask(subscribe("ohlc", R"("BTC/USD")", R"(,"interval":1)"));
  ask(subscribe("ticker", R"("BTC/USD")"));
  std::uint64_t last_id = markets_.at(0).last_trade_id();
  std::string close;
  std::string last;
  for (const auto& text : move(5'000)) {
    const auto frame = parse(text);
    const std::string channel = frame["channel"].GetString();
    const auto& data = frame["data"];
    if (channel == "trade") {
      for (const auto& entry : data.GetArray()) {
        ASSERT_EQ(std::stoull(entry["trade_id"].GetString()), ++last_id);
      }
    } else if (channel == "ohlc") {
      close = data[0]["close"].GetString();
    } else {
      last = data[0]["last"].GetString();
    }
  }
  EXPECT_GT(last_id, 100U);
  EXPECT_EQ(last_id, markets_.at(0).last_trade_id());
  EXPECT_EQ(close, markets_.at(0).statistics().last.to_string());
  EXPECT_EQ(last, close);
}

TEST_F(kraken_protocol, follows_the_best_prices_where_the_ticker_is_to) {
  ask(subscribe("ticker", R"("BTC/USD")", R"(,"event_trigger":"bbo")"));
  std::string told;
  const auto& what = markets_.at(0);
  for (int at = 0; at < 2'000; ++at) {
    for (const auto& text : move(1)) told = parse(text)["data"][0]["bid"].GetString();
    if (told.empty()) continue;
    ASSERT_EQ(told, what.best(book_part::bids).price().to_string()) << at;
  }
  EXPECT_FALSE(told.empty());
}

TEST_F(kraken_protocol, says_nothing_more_after_the_end_of_a_subscription) {
  ask(subscribe("book", R"("BTC/USD")"));
  ask(subscribe("book", R"("ETH/USD")"));
  const auto answers =
      ask(R"({"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"]}})");
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(parse(answers.front())["success"].GetBool());
  const auto updates = move(500);
  EXPECT_FALSE(updates.empty());
  for (const auto& text : updates) EXPECT_EQ(text.find("BTC/USD"), std::string::npos);
}

TEST_F(kraken_protocol, beats_each_second_of_silence_once_there_is_a_subscription) {
  out_.clear();
  side_->on_tick(now_ns_ + 5 * second_ns, out_);
  EXPECT_TRUE(out_.empty());
  ask(subscribe("trade", R"("BTC/USD")"));
  out_.clear();
  for (int tenths = 1; tenths <= 35; ++tenths) {
    side_->on_tick(now_ns_ + tenths * second_ns / 10, out_);
  }
  EXPECT_EQ(out_, frames(3, R"({"channel":"heartbeat"})"));
}

TEST_F(kraken_protocol, answers_pings_and_lists_its_instruments) {
  const auto pong = parse(ask(R"({"method":"ping","req_id":101})").at(0));
  EXPECT_STREQ(pong["method"].GetString(), "pong");
  EXPECT_STREQ(pong["req_id"].GetString(), "101");
  const auto answers = ask(R"({"method":"subscribe","params":{"channel":"instrument"}})");
  ASSERT_EQ(answers.size(), 2U);
  const auto snapshot = parse(answers[1]);
  EXPECT_EQ(snapshot["data"]["assets"].Size(), 3U);
  EXPECT_EQ(snapshot["data"]["pairs"].Size(), 2U);
  EXPECT_STREQ(snapshot["data"]["pairs"][0]["symbol"].GetString(), "BTC/USD");
}

venues::raw_frame padded(const std::string& text, std::int64_t receive_ns) {
  venues::raw_frame frame{{}, receive_ns};
  frame.text.reserve(text.size() + venues::frame_padding);
  frame.text = text;
  return frame;
}

TEST(kraken_simulator, makes_captures_in_which_every_check_holds) {
  const auto* const venue = venues::find_venue("kraken");
  ASSERT_NE(venue, nullptr);
  listing_registry registry;
  venues::venue_pipeline pipeline(*venue, registry);
  event_batch events;
  std::set<std::string> connections;
  std::array<std::size_t, event_kinds> kinds{};
  const auto take = [&](const capture_frame& record) {
    if (record.rest)
      return pipeline.rest(record.url, padded(record.text, record.receive_ns), events);
    if (connections.insert(record.connection).second) {
      pipeline.connect(record.connection, record.url);
    }
    pipeline.frame(record.connection, padded(record.text, record.receive_ns), events);
  };
  const std::vector<std::string> symbols{"BTC-USD", "ETH-USD", "DOGE-USD", "ETH-BTC"};
  generate_capture(kraken(), {99, symbols, 20'000, start_ns, 1'000}, take);
  for (const auto& entry : events.events) ++kinds.at(static_cast<std::size_t>(entry.kind()));
  const auto checks = pipeline.continuity();
  EXPECT_EQ(pipeline.frames().rejected, 0U);
  EXPECT_EQ(pipeline.frames().received, 20'000U);
  EXPECT_EQ(pipeline.quarantined(), 0U);
  EXPECT_TRUE(pipeline.complaints().empty());
  EXPECT_EQ(checks.checksum_failed, 0U);
  EXPECT_GT(checks.checksum_ok, 5'000U);
  EXPECT_EQ(checks.sequence_gaps, 0U);
  EXPECT_EQ(checks.duplicates, 0U);
  EXPECT_EQ(checks.crossed, 0U);
  EXPECT_EQ(checks.snapshots, symbols.size());
  EXPECT_GT(kinds.at(static_cast<std::size_t>(event_kind::trade)), 1'000U);
  EXPECT_GT(kinds.at(static_cast<std::size_t>(event_kind::candle)), 500U);
  EXPECT_EQ(kinds.at(static_cast<std::size_t>(event_kind::gap)), 0U);
}

TEST(kraken_simulator, ends_with_the_book_of_the_market_at_the_client) {
  const auto* const venue = venues::find_venue("kraken");
  ASSERT_NE(venue, nullptr);
  tests::fake_link link;
  market_service what(kraken(), {5, {"BTC-USD", "ETH-BTC"}, 2'000}, link.clock());
  what.on_start(link);
  listing_registry registry;
  venues::venue_symbols symbols(registry);
  const auto session = venue->make_session(symbols, "wss://ws.kraken.com/v2", {});
  venues::frame_report report;
  event_batch events;
  session->decode_rest("https://api.kraken.com/0/public/AssetPairs",
                       padded(what.on_request("GET", "/0/public/AssetPairs").body, 0), events,
                       report);
  what.on_open(1, "/v2");
  std::vector<venues::stream> streams;
  for (const auto* where :
       {registry.find("kraken", "BTC-USD"), registry.find("kraken", "ETH-BTC")}) {
    ASSERT_NE(where, nullptr) << "the symbols come from REST";
    streams.push_back({event_kind::book, where, 0, 0});
  }
  for (const auto& frame : session->subscribe_frames(streams)) what.on_text(1, frame);
  link.advance_to(link.now_ns + 5 * second_ns);
  venues::venue_pipeline pipeline(*venue, registry);
  pipeline.connect("c", "wss://ws.kraken.com/v2");
  for (const auto& frame : link.sent[1]) pipeline.frame("c", padded(frame, link.now_ns), events);
  ASSERT_EQ(pipeline.books().size(), 2U);
  EXPECT_GT(pipeline.continuity().checksum_ok, 2'000U);
  EXPECT_EQ(pipeline.continuity().checksum_failed, 0U);
  for (const auto* keeper : pipeline.books()) {
    EXPECT_EQ(keeper->state(), feed_state::live);
    const auto* const market = what.markets().find_symbol(keeper->where()->symbol);
    ASSERT_NE(market, nullptr);
    order_book expected;
    apply_counts counts;
    const auto depth = keeper->book().depth();
    ASSERT_GT(depth, 0U);
    expected.apply(book_part::bids, market->top(book_part::bids, depth), counts);
    expected.apply(book_part::asks, market->top(book_part::asks, depth), counts);
    EXPECT_EQ(keeper->book().hash(), expected.hash()) << keeper->where()->symbol;
  }
}

}  // namespace
}  // namespace feedtree::simulator
