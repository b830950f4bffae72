#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <map>
#include <string>
#include <tuple>

#include "adapters/venues/venue_pipeline.hpp"
#include "tests/adapters/simulator/real_client.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t start_ns = 1'800'000'000 * second_ns;

rapidjson::Document parse(const std::string& text) {
  rapidjson::Document document;
  document.Parse(text.c_str());
  EXPECT_FALSE(document.HasParseError()) << text;
  return document;
}

struct market_case {
  const char* name;
  std::vector<std::string> symbols;
  std::string rest;    // prefix
  std::string target;  // of books
};

const market_case spot{"binance", {"BTC-USDT", "DOGE-USDT"}, "/api/v3", "/stream"};
const market_case usdm{
    "binance-usdm", {"BTC-USDT-PERP", "ETH-USDT-20270326"}, "/fapi/v1", "/public/stream"};
const market_case coinm{
    "binance-coinm", {"BTC-USD-BTC-PERP", "ETH-USD-ETH-20270326"}, "/dapi/v1", "/stream"};

void PrintTo(const market_case& what, std::ostream* out) {
  *out << what.name;
}

// One client of two moving markets, on each of the three venues.
class binance_protocol : public ::testing::TestWithParam<market_case> {
 protected:
  binance_protocol() { connect(GetParam().target); }

  void connect(const std::string& target) {
    side_ = venue_.make_protocol(markets_);
    side_->on_connected(target, now_ns_, out_);
  }
  frames ask(const std::string& text) {
    out_.clear();
    now_ns_ += second_ns / 2;
    side_->on_client_frame(text, now_ns_, out_);
    return out_;
  }
  frames ask(const std::string& method, const std::string& streams) {
    return ask(R"({"method":")" + method + R"(","params":[)" + streams + R"(],"id":7})");
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
  std::string stream(const std::string& type, std::size_t market = 0) const {
    auto name = markets_.at(market).venue_symbol();
    for (auto& c : name) c = static_cast<char>(std::tolower(c));
    return "\"" + name + "@" + type + "\"";
  }
  rest_answer get(const std::string& target) const {
    return venue_.rest("GET", GetParam().rest + target, markets_, now_ns_);
  }

  const venue_simulator& venue_ = *find_simulator(GetParam().name);
  market_set markets_ = make_markets(venue_, GetParam().symbols, 17, start_ns);
  std::unique_ptr<protocol> side_;
  frames out_;
  std::int64_t now_ns_ = start_ns;
};

INSTANTIATE_TEST_SUITE_P(markets, binance_protocol, ::testing::Values(spot, usdm, coinm),
                         [](const auto& one) {
                           std::string name = one.param.name;
                           for (auto& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST_P(binance_protocol, acknowledges_by_number_and_lists_what_is_subscribed) {
  EXPECT_EQ(ask("SUBSCRIBE", stream("depth@100ms")), frames{R"({"result":null,"id":7})"});
  EXPECT_EQ(ask(R"({"method":"LIST_SUBSCRIPTIONS","id":8})"),
            frames{R"({"result":[)" + stream("depth@100ms") + R"(],"id":8})"});
  EXPECT_EQ(move(10).size(), 5U);
  EXPECT_EQ(ask("UNSUBSCRIBE", stream("depth@100ms")), frames{R"({"result":null,"id":7})"});
  EXPECT_TRUE(move(10).empty());
}

TEST_P(binance_protocol, acknowledges_symbols_that_there_are_not_and_stays_silent) {
  EXPECT_EQ(ask("SUBSCRIBE", R"("nopeusdt@depth@100ms")"), frames{R"({"result":null,"id":7})"});
  EXPECT_TRUE(move(10).empty());
}

TEST_P(binance_protocol, refuses_a_request_for_one_bad_name_as_a_whole) {
  const auto answers = ask("SUBSCRIBE", stream("depth@100ms") + R"(,"no-pe@depth@100ms")");
  ASSERT_EQ(answers.size(), 1U);
  const auto frame = parse(answers.front());
  EXPECT_EQ(frame["error"]["code"].GetInt(), 2);
  EXPECT_EQ(frame["id"].GetInt(), 7);
  EXPECT_TRUE(move(10).empty());
  for (const char* garbage : {"", "nonsense", "[]", "{}", R"({"method":"DANCE","id":1})"}) {
    side_ = venue_.make_protocol(markets_);
    ASSERT_EQ(ask(garbage).size(), 1U);
    EXPECT_TRUE(parse(out_.front()).HasMember("error")) << garbage;
  }
}

TEST_P(binance_protocol, closes_on_a_client_that_sends_too_much) {
  const std::size_t most = std::string_view(GetParam().name) == "binance" ? 5 : 10;
  for (std::size_t at = 0; at < most; ++at) side_->on_client_frame("{}", now_ns_, out_);
  EXPECT_FALSE(side_->wants_close());
  side_->on_client_frame("{}", now_ns_, out_);
  EXPECT_TRUE(side_->wants_close());
}

TEST_P(binance_protocol, goes_on_numbering_whether_or_not_anyone_listens) {
  const bool linked = std::string_view(GetParam().name) != "binance";
  std::uint64_t last = 0;
  const auto check = [&](const frames& some) {
    for (const auto& text : some) {
      const auto frame = parse(text);
      const auto& data = frame["data"];
      if (last != 0) {
        ASSERT_EQ(linked ? data["pu"].GetUint64() : data["U"].GetUint64() - 1, last) << text;
      }
      last = data["u"].GetUint64();
    }
  };
  move(20);
  ask("SUBSCRIBE", stream("depth@100ms"));
  check(move(200));
  const auto before = last;
  ask("UNSUBSCRIBE", stream("depth@100ms"));
  move(200);
  ask("SUBSCRIBE", stream("depth@100ms"));
  const auto snapshot = parse(get("/depth?symbol=" + markets_.at(0).venue_symbol()).body);
  EXPECT_GT(snapshot["lastUpdateId"].GetUint64(), before);
  last = snapshot["lastUpdateId"].GetUint64();
  check(move(200));
}

TEST_P(binance_protocol, answers_rest_in_the_words_of_the_venue) {
  const auto symbol = markets_.at(0).venue_symbol();
  const auto info = parse(get("/exchangeInfo").body);
  EXPECT_EQ(info["symbols"].Size(), 2U);
  EXPECT_EQ(info["symbols"][0]["symbol"].GetString(), symbol);
  const auto book = parse(get("/depth?symbol=" + symbol + "&limit=5").body);
  EXPECT_EQ(book["bids"].Size(), 5U);
  EXPECT_EQ(book["asks"].Size(), 5U);
  const auto code_of = [&](const std::string& target) {
    const auto answer = get(target);
    EXPECT_NE(answer.status, 200);
    return parse(answer.body)["code"].GetInt();
  };
  EXPECT_EQ(code_of("/depth?symbol=NOPE"), -1121);
  EXPECT_EQ(code_of("/depth"), -1102);
  EXPECT_EQ(code_of("/depth?symbol=" + symbol + "&limit=6000"), -1130);
  EXPECT_EQ(code_of("/gossip"), -5000);
}

TEST_P(binance_protocol, takes_streams_in_the_target) {
  auto name = stream("depth@100ms");
  name = name.substr(1, name.size() - 2);
  ASSERT_TRUE(venue_.accepts(GetParam().target + "?streams=" + name));
  connect(GetParam().target + "?streams=" + name);
  ASSERT_FALSE(move(2).empty());
  EXPECT_EQ(parse(out_.front())["stream"].GetString(), name);
  const auto raw = GetParam().target.substr(0, GetParam().target.rfind('/')) + "/ws/" + name;
  ASSERT_TRUE(venue_.accepts(raw));
  connect(raw);
  ASSERT_FALSE(move(2).empty());
  EXPECT_STREQ(parse(out_.front())["e"].GetString(), "depthUpdate");
}

TEST_P(binance_protocol, gives_a_candle_once_more_when_it_is_over) {
  auto name = stream("kline_1m");
  if (GetParam().target != "/stream") connect("/market/stream");
  ask("SUBSCRIBE", name);
  EXPECT_TRUE(move(400).empty()) << "candles go out on the timer";
  const auto before = markets_.at(0).candle(minute_ns);
  now_ns_ += minute_ns;
  const auto over = move(1);
  ASSERT_EQ(over.size(), 1U);
  const auto frame = parse(over.front());
  const auto& candle = frame["data"]["k"];
  EXPECT_TRUE(candle["x"].GetBool());
  EXPECT_EQ(candle["t"].GetInt64(), before.open_ns / 1'000'000);
  EXPECT_EQ(candle["c"].GetString(), before.close.to_string());
  EXPECT_EQ(candle["L"].GetInt64() - candle["f"].GetInt64() + 1, before.trades);
}

TEST_P(binance_protocol, satisfies_the_real_client_in_every_check) {
  tests::real_client client(GetParam().name, GetParam().symbols);
  std::vector<venues::stream> all;
  std::size_t asked = 0;
  for (const auto& symbol : GetParam().symbols) {
    const auto* const where = client.find(symbol);
    ASSERT_NE(where, nullptr) << "the symbols come from REST";
    const auto some = client.streams_of(where, minute_ns);
    all.insert(all.end(), some.begin(), some.end());
    const bool contract = where->details.type != market_type::spot;
    const bool funded = where->details.type == market_type::perpetual;
    asked += contract ? (funded ? 7U : 6U) : 5U;
  }
  client.run(second_ns);
  client.subscribe(all);
  client.run(10 * second_ns);
  EXPECT_EQ(client.accepted(), asked);
  EXPECT_EQ(client.answers().size(), asked);
  EXPECT_TRUE(client.errors().empty());
  EXPECT_FALSE(client.is_closed());
  EXPECT_EQ(client.rejected(), 0U);
  const auto checks = client.continuity();
  EXPECT_EQ(checks.sequence_gaps, 0U);
  EXPECT_EQ(checks.duplicates, 0U);
  EXPECT_EQ(checks.crossed, 0U);
  EXPECT_EQ(checks.snapshots, 2U);
  EXPECT_GT(checks.sequence_ok, 2'000U);
  EXPECT_GT(client.count(event_kind::trade), 100U);
  EXPECT_GT(client.count(event_kind::quote), 500U);
  EXPECT_GE(client.count(event_kind::ticker), 10U);
  EXPECT_GE(client.count(event_kind::candle), 10U);
  for (const auto& symbol : GetParam().symbols) client.expect_whole(client.find(symbol));
  if (GetParam().target == "/stream" && asked == 10U) return;
  EXPECT_GE(client.count(event_kind::funding), 9U);
  EXPECT_GE(client.count(event_kind::liquidation), 1U);
  client.poll({event_kind::open_interest, client.find(GetParam().symbols.front()), 0, 0});
  EXPECT_EQ(client.count(event_kind::open_interest), 1U);
}

TEST_P(binance_protocol, has_a_refused_symbol_reported_and_leaves_its_neighbour_alone) {
  tests::real_client client(GetParam().name, GetParam().symbols);
  const auto* const good = client.find(GetParam().symbols.front());
  EXPECT_EQ(client.find("NOPE-USDT"), nullptr);
  const auto* const bad = client.invent(good->details.type == market_type::spot
                                            ? instrument::spot("NO", "PE")
                                            : instrument::perpetual("NO", "PE", "PE"),
                                        "NO-PE");
  client.subscribe({{event_kind::book, bad, 0, 0}, {event_kind::book, good, 0, 0}});
  client.run(5 * second_ns);
  ASSERT_EQ(client.answers().size(), 2U);
  EXPECT_EQ(client.accepted(), 1U);
  for (const auto& answer : client.answers()) EXPECT_EQ(answer.where, answer.accepted ? good : bad);
  EXPECT_EQ(client.rejected(), 0U);
  client.expect_whole(good);
}

TEST_P(binance_protocol, makes_captures_in_which_every_check_holds) {
  listing_registry registry;
  venues::venue_pipeline pipeline(*venues::find_venue(GetParam().name), registry);
  event_batch events;
  const auto take = [&](const capture_frame& record) {
    venues::raw_frame frame{record.text, record.receive_ns};
    frame.text.reserve(frame.text.size() + venues::frame_padding);
    if (record.rest) return pipeline.rest(record.url, frame, events);
    pipeline.frame(record.connection, frame, events);
  };
  generate_capture(venue_, {99, GetParam().symbols, 10'000, start_ns, 1'000}, take);
  EXPECT_EQ(pipeline.frames().rejected, 0U);
  EXPECT_EQ(pipeline.frames().received, 10'000U);
  EXPECT_EQ(pipeline.quarantined(), 0U);
  EXPECT_TRUE(pipeline.complaints().empty());
  const auto checks = pipeline.continuity();
  EXPECT_GT(checks.sequence_ok, 4'000U);
  EXPECT_EQ(checks.sequence_gaps, 0U);
  EXPECT_EQ(checks.duplicates, 0U);
  EXPECT_EQ(checks.crossed, 0U);
  EXPECT_EQ(checks.without_snapshot, 0U);
  EXPECT_EQ(checks.snapshots, 2U);
}

TEST(binance_usdm_simulator, serves_books_and_trades_on_different_paths) {
  const auto& venue = *find_simulator("binance-usdm");
  EXPECT_FALSE(venue.accepts("/stream"));
  auto markets = make_markets(venue, {"BTC-USDT-PERP"}, 17, start_ns);
  std::map<std::string, std::size_t> counts;
  for (const std::string path : {"/public", "/market"}) {
    const auto side = venue.make_protocol(markets);
    frames out;
    side->on_connected(path + "/stream?streams=btcusdt@depth@100ms/btcusdt@aggTrade", start_ns,
                       out);
    for (int at = 1; at <= 200; ++at) {
      side->on_step(markets.at(0), markets.at(0).step(start_ns + at * 1'000'000), out);
    }
    for (const auto& text : out) ++counts[path + parse(text)["data"]["e"].GetString()];
  }
  EXPECT_EQ(counts["/publicdepthUpdate"], 200U);
  EXPECT_GT(counts["/marketaggTrade"], 5U);
  EXPECT_EQ(counts.size(), 2U);
}

// https://developers.binance.com/en/docs/catalog/core-trading-derivatives-trading-usd-s-m-futures/api/rest-api/market-data#compressed-aggregate-trades-list
TEST(binance_usdm_simulator, gives_no_trades_of_more_than_two_days_ago) {
  constexpr std::int64_t hour_ns = 60 * minute_ns;
  const auto& venue = *find_simulator("binance-usdm");
  auto markets = make_markets(venue, {"BTC-USDT-PERP"}, 17, start_ns);
  for (int at = 1; at <= 200; ++at) markets.at(0).step(start_ns + at * 1'000'000);
  const auto ask = [&](const std::string& query, std::int64_t now_ns) {
    return venue.rest("GET", "/fapi/v1/aggTrades?symbol=BTCUSDT" + query, markets, now_ns);
  };
  const auto since = "&startTime=" + std::to_string(start_ns / 1'000'000);
  for (const auto& query : {since, std::string("&fromId=1")}) {
    EXPECT_EQ(ask(query, start_ns + 47 * hour_ns).status, 200) << query;
    const auto answer = ask(query, start_ns + 49 * hour_ns);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_EQ(parse(answer.body)["code"].GetInt(), -4166);
  }
  const auto& other = *find_simulator("binance-coinm");
  auto others = make_markets(other, {"BTC-USD-BTC-PERP"}, 17, start_ns);
  EXPECT_EQ(other
                .rest("GET", "/dapi/v1/aggTrades?symbol=BTCUSD_PERP" + since, others,
                      start_ns + 49 * hour_ns)
                .status,
            200);
}

TEST(binance_simulator, says_of_which_futures_a_message_is) {
  for (const auto& [name, symbol, number] : {std::tuple{"binance-usdm", "BTC-USDT-PERP", 1},
                                             std::tuple{"binance-coinm", "BTC-USD-BTC-PERP", 2}}) {
    const auto& venue = *find_simulator(name);
    auto markets = make_markets(venue, {symbol}, 17, start_ns);
    std::map<std::string, std::size_t> counts;
    for (const auto& script : venue.scripts(markets)) {
      const auto side = venue.make_protocol(markets);
      frames out;
      side->on_connected(script.target, start_ns, out);
      for (const auto& text : script.subscribe) side->on_client_frame(text, start_ns, out);
      out.clear();
      for (int at = 1; at <= 200; ++at) {
        side->on_step(markets.at(0), markets.at(0).step(start_ns + at * 1'000'000), out);
      }
      for (const auto& text : out) {
        const auto document = parse(text);
        const auto& data = document["data"];
        ASSERT_TRUE(data.HasMember("st")) << text;
        EXPECT_EQ(data["st"].GetInt(), number);
        ++counts[data["e"].GetString()];
      }
    }
    EXPECT_GT(counts["depthUpdate"], 0U) << name;
    EXPECT_GT(counts["bookTicker"], 0U) << name;
    EXPECT_GT(counts["aggTrade"], 0U) << name;
  }
}

TEST(binance_simulator, has_only_what_the_market_trades) {
  const auto spec = [](const char* venue, const char* symbol) {
    return make_markets(*find_simulator(venue), {symbol}, 1, start_ns);
  };
  EXPECT_THROW(spec("binance", "BTC-USDT-PERP"), std::invalid_argument);
  EXPECT_THROW(spec("binance-usdm", "BTC-USDT"), std::invalid_argument);
  EXPECT_THROW(spec("binance-usdm", "BTC-USD-BTC-PERP"), std::invalid_argument);
  EXPECT_THROW(spec("binance-coinm", "BTC-USDT-PERP"), std::invalid_argument);
  EXPECT_EQ(spec("binance-coinm", "ETH-USD-ETH-20270326").at(0).venue_symbol(), "ETHUSD_270326");
  EXPECT_EQ(spec("binance-usdm", "BTC-USDT-PERP").at(0).venue_symbol(), "BTCUSDT");
  EXPECT_EQ(spec("binance", "BTC-USDT").at(0).venue_symbol(), "BTCUSDT");
}

}  // namespace
}  // namespace feedtree::simulator
