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

const venue_simulator& okx_venue() {
  return *find_simulator("okx");
}

rapidjson::Document parse(const std::string& text) {
  rapidjson::Document document;
  document.Parse(text.c_str());
  EXPECT_FALSE(document.HasParseError()) << text;
  return document;
}

// One client of moving markets.
class okx_protocol : public ::testing::Test {
 protected:
  okx_protocol() { connect("public"); }

  void connect(const std::string& endpoint) {
    side_ = okx_venue().make_protocol(markets_);
    side_->on_connected("/ws/v5/" + endpoint, now_ns_, out_);
  }
  frames ask(const std::string& text) {
    out_.clear();
    side_->on_client_frame(text, now_ns_, out_);
    return out_;
  }
  frames command(const std::string& op, const std::string& args) {
    return ask(R"({"op":")" + op + R"(","args":[)" + args + "]}");
  }
  static std::string arg(const std::string& channel, const std::string& inst_id) {
    return R"({"channel":")" + channel + R"(","instId":")" + inst_id + "\"}";
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
  frames tick(std::int64_t by_ns) {
    out_.clear();
    now_ns_ += by_ns;
    side_->on_tick(now_ns_, out_);
    return out_;
  }
  void expect_refused(const std::string& one) {
    const auto answers = command("subscribe", one);
    ASSERT_EQ(answers.size(), 1U) << one;
    const auto frame = parse(answers.front());
    EXPECT_STREQ(frame["event"].GetString(), "error");
    EXPECT_STREQ(frame["code"].GetString(), "60018");
  }

  std::int64_t now_ns_ = start_ns;
  market_set markets_ =
      make_markets(okx_venue(), {"BTC-USDT", "BTC-USDT-PERP", "BTC-USD-BTC-PERP"}, 17, start_ns);
  std::unique_ptr<protocol> side_;
  frames out_;
};

TEST_F(okx_protocol, acknowledges_each_arg_and_begins_books_with_a_snapshot) {
  const auto answers =
      command("subscribe", arg("books", "BTC-USDT") + "," + arg("trades", "BTC-USDT-SWAP"));
  ASSERT_EQ(answers.size(), 3U);
  const auto acknowledged = parse(answers[0]);
  EXPECT_STREQ(acknowledged["event"].GetString(), "subscribe");
  EXPECT_STREQ(acknowledged["arg"]["channel"].GetString(), "books");
  const auto snapshot = parse(answers[1]);
  EXPECT_STREQ(snapshot["action"].GetString(), "snapshot");
  EXPECT_EQ(snapshot["data"][0]["prevSeqId"].GetInt(), -1);
  EXPECT_EQ(snapshot["data"][0]["checksum"].GetInt(), 0);
  EXPECT_EQ(snapshot["data"][0]["bids"].Size(), markets_.at(0).depth(book_part::bids));
  EXPECT_STREQ(parse(answers[2])["arg"]["instId"].GetString(), "BTC-USDT-SWAP");
}

TEST_F(okx_protocol, links_each_update_of_a_book_to_the_one_before) {
  const auto snapshot = parse(command("subscribe", arg("books", "BTC-USDT-SWAP")).at(1));
  auto last = snapshot["data"][0]["seqId"].GetInt64();
  const auto updates = move(3'000);
  EXPECT_GT(updates.size(), 900U);
  for (const auto& text : updates) {
    const auto frame = parse(text);
    EXPECT_STREQ(frame["action"].GetString(), "update");
    ASSERT_EQ(frame["data"][0]["prevSeqId"].GetInt64(), last);
    ASSERT_GT(frame["data"][0]["seqId"].GetInt64(), last);
    last = frame["data"][0]["seqId"].GetInt64();
  }
}

TEST_F(okx_protocol, gives_a_sign_of_life_of_a_quiet_book_each_minute) {
  const auto snapshot = parse(command("subscribe", arg("books", "BTC-USDT")).at(1));
  EXPECT_TRUE(tick(59 * second_ns).empty());
  const auto signs = tick(second_ns);
  ASSERT_EQ(signs.size(), 1U);
  const auto frame = parse(signs.front());
  EXPECT_EQ(frame["data"][0]["seqId"], snapshot["data"][0]["seqId"]);
  EXPECT_EQ(frame["data"][0]["prevSeqId"], snapshot["data"][0]["seqId"]);
  EXPECT_EQ(frame["data"][0]["bids"].Size(), 0U);
}

TEST_F(okx_protocol, refuses_with_code_60018_what_there_is_not) {
  expect_refused(arg("books", "NO-PE"));
  expect_refused(arg("gossip", "BTC-USDT"));
  expect_refused(arg("candle1m", "BTC-USDT"));
  expect_refused(arg("funding-rate", "BTC-USDT"));
  expect_refused(arg("open-interest", "BTC-USDT"));
  expect_refused(R"({"channel":"liquidation-orders","instType":"SPOT"})");
  const auto text = command("subscribe", arg("books", "NO-PE")).at(0);
  EXPECT_NE(text.find("channel:books,instId:NO-PE doesn't exist"), std::string::npos);
  connect("business");
  expect_refused(arg("books", "BTC-USDT"));
  EXPECT_EQ(parse(command("subscribe", arg("candle1m", "BTC-USDT")).at(0))["event"], "subscribe");
  for (const char* garbage : {"", "nonsense", "[]", R"({"op":1})", R"({"op":"subscribe"})"}) {
    EXPECT_EQ(parse(ask(garbage).at(0))["code"], "60012") << garbage;
  }
}

TEST_F(okx_protocol, answers_pings_and_closes_after_half_a_minute_without_anything) {
  EXPECT_EQ(ask("ping"), frames{"pong"});
  tick(29 * second_ns);
  ask("ping");
  tick(29 * second_ns);
  EXPECT_FALSE(side_->wants_close());
  tick(2 * second_ns);
  EXPECT_TRUE(side_->wants_close());
}

TEST_F(okx_protocol, closes_a_candle_when_it_is_over) {
  connect("business");
  command("subscribe", arg("candle1m", "BTC-USDT"));
  move(400);
  const auto before = markets_.at(0).candle(minute_ns);
  now_ns_ += minute_ns;
  const auto over = move(1);
  ASSERT_EQ(over.size(), 2U);
  const auto closed = parse(over[0]);
  EXPECT_EQ(closed["data"][0][0].GetString(), std::to_string(before.open_ns / 1'000'000));
  EXPECT_EQ(closed["data"][0][4].GetString(), before.close.to_string());
  EXPECT_STREQ(closed["data"][0][8].GetString(), "1");
  EXPECT_EQ(parse(over[1])["data"][0][8], "0");
}

TEST_F(okx_protocol, says_nothing_more_after_the_end_of_a_subscription) {
  command("subscribe", arg("books", "BTC-USDT") + "," + arg("books", "BTC-USDT-SWAP"));
  const auto answers = command("unsubscribe", arg("books", "BTC-USDT"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(parse(answers.front())["event"], "unsubscribe");
  const auto updates = move(300);
  EXPECT_EQ(updates.size(), 100U);
  for (const auto& text : updates) EXPECT_EQ(text.find(R"("BTC-USDT")"), std::string::npos);
}

TEST_F(okx_protocol, lists_the_instruments_of_a_type) {
  const auto of = [&](const std::string& query) {
    return parse(
        okx_venue().rest("GET", "/api/v5/public/instruments?" + query, markets_, now_ns_).body);
  };
  const auto swaps = of("instType=SWAP");
  ASSERT_EQ(swaps["data"].Size(), 2U);
  EXPECT_EQ(swaps["data"][1]["instId"], "BTC-USD-SWAP");
  EXPECT_EQ(swaps["data"][1]["settleCcy"], "BTC");
  EXPECT_EQ(of("instType=SPOT")["data"].Size(), 1U);
  EXPECT_EQ(of("instType=OPTION&instFamily=BTC-USD")["data"].Size(), 0U);
  EXPECT_EQ(of("instType=OPTION")["code"], "50015");
  EXPECT_EQ(of("instType=GOSSIP")["code"], "51000");
  EXPECT_EQ(okx_venue().rest("GET", "/api/v5/gossip", markets_, now_ns_).status, 404);
}

TEST(okx_simulator, has_no_instruments_that_the_venue_has_not) {
  for (const char* symbol : {"BTC-EUR-PERP", "BTC-USDT-BTC-PERP"}) {
    EXPECT_THROW(make_markets(okx_venue(), {symbol}, 1, start_ns), std::invalid_argument) << symbol;
  }
  const auto dated =
      make_markets(okx_venue(), {"BTC-USDT-20260925", "BTC-USD-BTC-20260925"}, 1, start_ns);
  const auto in_dollars = make_markets(okx_venue(), {"BTC-USD-PERP"}, 1, start_ns);
  EXPECT_EQ(in_dollars.at(0).venue_symbol(), "BTC-USD_UM-SWAP");
  EXPECT_EQ(dated.at(0).venue_symbol(), "BTC-USDT-260925");
  EXPECT_EQ(dated.at(1).venue_symbol(), "BTC-USD-260925");
}

TEST(okx_simulator, satisfies_the_real_client_in_every_check_on_both_endpoints) {
  const std::vector<std::string> symbols{"BTC-USDT", "ETH-USDT-PERP", "BTC-USD-BTC-PERP",
                                         "BTC-USDT-20270326"};
  tests::real_client client("okx", symbols);
  std::vector<venues::stream> streams;
  for (const auto& symbol : symbols) {
    const auto* const where = client.find(symbol);
    ASSERT_NE(where, nullptr) << symbol << ": the symbols come from REST";
    const auto more = client.streams_of(where, minute_ns);
    streams.insert(streams.end(), more.begin(), more.end());
  }
  client.subscribe(streams);
  client.run(10 * second_ns);
  std::set<std::pair<const listing*, event_kind>> accepted;
  for (const auto& answer : client.answers()) {
    ASSERT_TRUE(answer.kind.has_value());
    accepted.emplace(answer.where, *answer.kind);
  }
  EXPECT_EQ(accepted.size(), 5U + 8U * 2U + 7U) << "spot has five kinds, a future no funding";
  EXPECT_EQ(client.answers().size(), client.accepted());
  EXPECT_TRUE(client.errors().empty());
  EXPECT_EQ(client.rejected(), 0U);
  const auto checks = client.continuity();
  EXPECT_EQ(checks.sequence_gaps, 0U);
  EXPECT_EQ(checks.duplicates, 0U);
  EXPECT_EQ(checks.checksum_failed, 0U);
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

TEST(okx_simulator, sends_a_new_snapshot_to_who_subscribes_anew) {
  tests::real_client client("okx", {"BTC-USDT-PERP"}, 100);
  const auto* const where = client.find("BTC-USDT-PERP");
  const venues::stream book{event_kind::book, where, 0, 0};
  client.subscribe({book});
  client.run(second_ns);
  client.resync(book);
  client.run(20 * second_ns);  // 480 requests an hour
  EXPECT_EQ(client.continuity().snapshots, 2U);
  EXPECT_EQ(client.continuity().sequence_gaps, 0U);
  client.expect_whole(where);
}

TEST(okx_simulator, refuses_an_unknown_instrument_and_leaves_its_neighbour_alone) {
  tests::real_client client("okx", {"BTC-USDT"});
  const auto* const good = client.find("BTC-USDT");
  const auto* const bad = client.invent(instrument::spot("NO", "PE"), "NO-PE");
  client.subscribe({{event_kind::book, bad, 0, 0}, {event_kind::book, good, 0, 0}});
  client.run(second_ns);
  ASSERT_GE(client.answers().size(), 2U);
  const auto& refused = client.answers().front();
  EXPECT_FALSE(refused.accepted);
  EXPECT_EQ(refused.where, bad);
  EXPECT_TRUE(refused.reason.starts_with("60018"));
  EXPECT_EQ(client.accepted(), client.answers().size() - 1);
  EXPECT_TRUE(client.errors().empty());
  EXPECT_EQ(client.rejected(), 0U);
  EXPECT_EQ(client.continuity().sequence_gaps, 0U);
  client.expect_whole(good);
}

TEST(okx_simulator, makes_captures_in_which_every_check_holds) {
  listing_registry registry;
  venues::venue_pipeline pipeline(*venues::find_venue("okx"), registry);
  event_batch events;
  std::set<std::string> connections;
  const auto take = [&](const capture_frame& record) {
    venues::raw_frame frame{{}, record.receive_ns};
    frame.text.reserve(record.text.size() + venues::frame_padding);
    frame.text = record.text;
    if (record.rest) return pipeline.rest(record.url, frame, events);
    if (connections.insert(record.connection).second) {
      pipeline.connect(record.connection, record.url);
    }
    pipeline.frame(record.connection, frame, events);
  };
  generate_capture(okx_venue(),
                   {99, {"BTC-USDT", "BTC-USDT-PERP", "BTC-USD-BTC-PERP"}, 10'000, start_ns, 1'000},
                   take);
  EXPECT_EQ(connections.size(), 2U);
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
