// Trades that a stream lost are had from the venue's REST interface, with the ids and fields that
// the stream would have had: of every venue that numbers its trades, against its simulator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "adapters/simulator/protocol.hpp"
#include "adapters/venues/venue.hpp"
#include "core/past_recorder.hpp"
#include "core/trade_keeper.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t start_ns = 1'767'322'900'123'456'789;
constexpr std::int64_t step_ns = 3'456'789;

venues::raw_frame frame_of(std::string_view text, std::int64_t receive_ns) {
  venues::raw_frame frame;
  frame.text.reserve(text.size() + venues::frame_padding);
  frame.text = text;
  frame.receive_ns = receive_ns;
  return frame;
}

std::string target_of(const std::string& url) {
  return url.substr(url.find('/', url.find("://") + 3));
}

// What a trade says, but for when it was received.
std::string text_of(event what) {
  what.receive_ns = 0;
  const auto& body = std::get<trade>(what.body);
  return event_id(what) + " " + body.price.to_string() + " " + body.quantity.to_string() + " " +
         std::string(to_string(body.side)) + " " + std::to_string(what.exchange_ns);
}

// A venue's stream of one instrument, and its REST interface.
struct exchange {
  explicit exchange(const std::string& name)
      : side(*find_simulator(name)),
        venue(*venues::find_venue(name)),
        markets(make_markets(side, {symbol_at(name)}, 7, start_ns)),
        reader(venue.make_session(symbols, "", {})) {
    venues::frame_report report;
    event_batch unused;
    for (const auto& request : venue.symbol_requests({})) {
      auto answer = side.rest("GET", target_of(request.url), markets, start_ns);
      if (answer.status == 200) {
        reader->decode_rest(request.url, frame_of(answer.body, start_ns), unused, report);
      }
    }
    for (const auto& script : side.scripts(markets)) {
      connections.push_back(side.make_protocol(markets));
      frames sent;
      connections.back()->on_connected(script.target, start_ns, sent);
      for (const auto& text : script.subscribe) {
        connections.back()->on_client_frame(text, start_ns, sent);
      }
    }
  }

  static std::string symbol_at(const std::string& name) {
    return name == "binance-usdm"     ? "BTC-USDT-PERP"
           : name == "binance-coinm"  ? "BTC-USD-BTC-PERP"
           : name == "binance"        ? "BTC-USDT"
           : name == "kraken-futures" ? "BTC-USD-PERP"
                                      : "BTC-USD";
  }
  const listing* listed() const {
    const std::string name(venue.name());
    return registry.find(name, symbol_at(name));
  }

  // The trades of one step of the market, as the stream gives them.
  std::vector<event> step() {
    now_ns += step_ns;
    const auto& change = markets.at(0).step(now_ns);
    frames sent;
    for (const auto& connection : connections) connection->on_step(markets.at(0), change, sent);
    event_batch batch;
    venues::frame_report report;
    for (const auto& text : sent) reader->decode(frame_of(text, now_ns), batch, report);
    std::erase_if(batch.events, [](const event& what) { return what.kind() != event_kind::trade; });
    return batch.events;
  }

  // The answer to a request for missing trades.
  event_batch ask(const missing_trades& what) {
    event_batch out;
    const auto request = reader->trades_request(what);
    EXPECT_TRUE(request.has_value());
    const auto answer = side.rest("GET", target_of(request->url), markets, now_ns);
    EXPECT_EQ(answer.status, 200) << request->url << " " << answer.body;
    venues::frame_report report;
    reader->decode_rest(request->url, frame_of(answer.body, now_ns), out, report);
    EXPECT_EQ(report.outcome, venues::frame_outcome::decoded) << report.reason;
    ++requests;
    return out;
  }

  const venue_simulator& side;
  const venues::venue& venue;
  market_set markets;
  listing_registry registry;
  venues::venue_symbols symbols{registry};
  std::unique_ptr<venues::session> reader;
  std::vector<std::unique_ptr<protocol>> connections;
  std::int64_t now_ns = start_ns;
  int requests = 0;
};

std::vector<std::string> numbering_venues() {
  std::vector<std::string> names;
  for (const auto& name : venues::venue_names()) {
    if (venues::find_venue(name)->numbers_trades()) names.push_back(name);
  }
  return names;
}

// Those whose trades of the past can be told apart.
std::vector<std::string> remembering_venues() {
  auto names = numbering_venues();
  for (const auto& name : venues::venue_names()) {
    if (venues::find_venue(name)->gives_trades_by_time()) names.push_back(name);
  }
  return names;
}

std::string test_name(const testing::TestParamInfo<std::string>& what) {
  auto name = what.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class numbered_trades : public testing::TestWithParam<std::string> {};

TEST_P(numbered_trades, a_lossy_stream_becomes_whole_by_requests) {
  exchange at(GetParam());
  std::mt19937 random(1);
  std::unique_ptr<trade_keeper> keeper;
  std::vector<std::string> made;
  event_batch out;
  const auto serve = [&] {
    if (keeper == nullptr) return;
    keeper->on_time(at.now_ns, out);
    if (const auto asked = keeper->take_request(at.now_ns)) {
      keeper->take_answer(at.ask(*asked), at.now_ns, out);
    }
  };
  bool outage = false;
  while (made.size() < 3'000) {
    outage = outage ? random() % 50 != 0 : random() % 300 == 0;
    for (const auto& what : at.step()) {
      made.push_back(text_of(what));
      if (keeper == nullptr) {
        trade_keeper_options options;
        options.numbered = options.fills = true;
        keeper = std::make_unique<trade_keeper>(what.where, options);
      } else if (outage || random() % 7 == 0) {
        continue;
      }
      keeper->process(what, out);
    }
    serve();
  }
  // The last ones may be missing without a sign: a trade behind them shows it.
  for (bool shown = false; !shown;) {
    for (const auto& what : at.step()) {
      made.push_back(text_of(what));
      keeper->process(what, out);
      shown = true;
    }
  }
  for (int step = 0; step < 1'000 && keeper->holes() != 0; ++step) {
    at.now_ns += 10'000'000;
    serve();
  }
  std::vector<std::string> given;
  for (const auto& what : out.events) {
    if (what.kind() == event_kind::trade) given.push_back(text_of(what));
  }
  EXPECT_EQ(given, made);
  EXPECT_EQ(keeper->counters().lost, 0U);
  EXPECT_GT(keeper->counters().filled, 300U);
  EXPECT_GT(at.requests, 10);
}

TEST_P(numbered_trades, a_refused_request_is_rejected_with_a_reason) {
  exchange at(GetParam());
  std::vector<event> trades;
  while (trades.empty()) trades = at.step();
  const auto request =
      at.reader->trades_request({trades.front().where, {1, 2}, start_ns, start_ns});
  ASSERT_TRUE(request.has_value());
  event_batch out;
  venues::frame_report report;
  for (const auto* body : {R"({"code":-1121,"msg":"Invalid symbol."})",
                           R"({"error":["EQuery:Unknown asset pair"]})", R"({"message":"no"})"}) {
    at.reader->decode_rest(request->url, frame_of(body, start_ns), out, report);
    EXPECT_EQ(report.outcome, venues::frame_outcome::rejected) << body;
    EXPECT_FALSE(report.reason.empty());
    EXPECT_TRUE(out.events.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(every_venue, numbered_trades, testing::ValuesIn(numbering_venues()),
                         test_name);

class trades_of_an_outage : public testing::TestWithParam<std::string> {};

// A server that is not there for some thousand trades: each of them comes once, page by page.
TEST_P(trades_of_an_outage, are_fetched_to_the_last) {
  exchange at(GetParam());
  const bool numbered = at.venue.numbers_trades();
  past_recorder stored({[numbered](std::string_view) { return numbered; }, {}});
  std::set<std::string> made;
  std::multiset<std::string> given;
  const auto make = [&](std::size_t count, const auto& hear) {
    for (std::size_t now = 0; now < count;) {
      for (const auto& what : at.step()) {
        made.insert(text_of(what));
        hear(what);
        ++now;
      }
    }
  };
  make(200, [&](const event& what) {
    event_batch batch;
    batch.events.push_back(what);
    stored.take(batch);
    given.insert(text_of(what));
  });
  make(3'500, [](const event&) {});
  const auto past = stored.all();
  trade_keeper_options options;
  options.numbered = options.fills = numbered;
  options.fills_by_time = at.venue.gives_trades_by_time();
  trade_keeper keeper(at.listed(), options);
  keeper.resume(past.begin()->second.trades);
  event_batch out;
  make(20, [&](const event& what) { keeper.process(what, out); });
  for (int turn = 0; turn < 1'000 && keeper.holes() != 0; ++turn) {
    at.now_ns += 100'000'000;
    keeper.on_time(at.now_ns, out);
    if (const auto asked = keeper.take_request(at.now_ns)) {
      keeper.take_answer(at.ask(*asked), at.now_ns, out);
    }
  }
  std::string said;
  for (const auto& what : out.events) {
    if (what.kind() == event_kind::trade) given.insert(text_of(what));
    const auto* const entry = std::get_if<gap>(&what.body);
    if (entry != nullptr)
      said = std::string(entry->detail.view()) + (entry->recovered ? " +" : " -");
  }
  EXPECT_EQ(std::vector<std::string>(given.begin(), given.end()),
            std::vector<std::string>(made.begin(), made.end()));
  EXPECT_GE(at.requests, 4);
  EXPECT_NE(said.find(" came"), std::string::npos) << said;
  EXPECT_EQ(said.back(), '+') << said;
}

INSTANTIATE_TEST_SUITE_P(every_venue, trades_of_an_outage, testing::ValuesIn(remembering_venues()),
                         test_name);

}  // namespace
}  // namespace feedtree::simulator
