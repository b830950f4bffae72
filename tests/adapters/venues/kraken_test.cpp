#include <gtest/gtest.h>

#include <rapidjson/document.h>
#include <algorithm>

#include <map>
#include <random>
#include <set>

#include "adapters/venues/kraken_guard.hpp"
#include "adapters/venues/venue.hpp"
#include "adapters/venues/venue_pipeline.hpp"
#include "core/checksum.hpp"
#include "tests/support/captures.hpp"

namespace feedtree::venues {
namespace {

using tests::capture_record;
using tests::capture_records;

constexpr const char* btc_capture = "kraken/ws2_book_btcusd_d10_20260912.jsonl";
constexpr const char* mina_capture = "kraken/ws2_book_minagbp_d25_20260816.ndjson";

raw_frame frame_of(std::string_view text, std::int64_t receive_ns = 1'789'000'000'000'000'000) {
  raw_frame frame;
  frame.text.reserve(text.size() + frame_padding);
  frame.text = text;
  frame.receive_ns = receive_ns;
  return frame;
}

const venue& the_venue() {
  return *find_venue("kraken");
}

std::vector<std::string> frames_of(const std::string& path) {
  std::vector<std::string> frames;
  for (const auto& record : capture_records(path)) {
    if (record.type == capture_record::what::frame) frames.push_back(record.text);
  }
  return frames;
}

// What a run of frames comes to.
struct outcome {
  std::shared_ptr<listing_registry> registry = std::make_shared<listing_registry>();
  keeper_counters counters;
  frame_counters frames;
  std::map<std::string, std::uint64_t> hashes;
  std::map<std::string, std::size_t> depths;
  event_batch events;
  bool crossed = false;
  std::uint64_t alarms() const {
    return counters.checksum_failed + counters.sequence_gaps + counters.duplicates;
  }
};

outcome run(const std::vector<std::string>& frames) {
  outcome result;
  venue_pipeline pipeline(the_venue(), *result.registry);
  std::int64_t now_ns = 1'789'000'000'000'000'000;
  for (const auto& text : frames) pipeline.frame("one", frame_of(text, ++now_ns), result.events);
  result.counters = pipeline.continuity();
  result.frames = pipeline.frames();
  for (const auto* keeper : pipeline.books()) {
    result.hashes[keeper->where()->symbol] = keeper->book().hash();
    result.depths[keeper->where()->symbol] = keeper->book().depth();
    result.crossed = result.crossed || keeper->book().crossed();
  }
  return result;
}

// One session, its events and reports.
struct fixture {
  listing_registry registry;
  venue_symbols symbols{registry};
  std::unique_ptr<session> reader = the_venue().make_session(symbols, "", {});
  event_batch out;
  frame_report report;

  const listing* listed(const char* symbol) {
    const auto details = parse_instrument(symbol);
    return registry.intern("kraken", *details, details->base + "/" + details->quote);
  }
  frame_outcome read(std::string_view text) {
    reader->decode(frame_of(text), out, report);
    return report.outcome;
  }
};

bool is_update(const std::string& text) {
  return text.find(R"("channel":"book","type":"update")") != std::string::npos;
}

using json_text = rapidjson::Document;
void parse(json_text& into, const std::string& text) {
  into.Parse<rapidjson::kParseNumbersAsStringsFlag>(text.c_str());
  ASSERT_FALSE(into.HasParseError()) << text;
}

TEST(kraken, every_checksum_of_the_captures_holds_and_the_depth_is_the_subscribed_one) {
  const std::vector<std::tuple<const char*, const char*, std::uint64_t, std::size_t>> captures{
      {btc_capture, "BTC-USD", 78, 10},
      {"kraken/ws2_book_btcusd_d10_20260824.jsonl", "BTC-USD", 4, 10},
      {mina_capture, "MINA-GBP", 30, 25}};
  for (const auto& [name, symbol, checksums, depth] : captures) {
    FEEDTREE_CAPTURE(path, name);
    const auto result = run(frames_of(path));
    EXPECT_EQ(result.counters.checksum_ok, checksums) << name;
    EXPECT_EQ(result.alarms(), 0U) << name;
    EXPECT_EQ(result.counters.unknown_deletes, 0U) << name;
    EXPECT_EQ(result.frames.rejected, 0U) << name;
    EXPECT_EQ(result.depths.at(symbol), depth) << name;
    EXPECT_FALSE(result.crossed) << name;
  }
}

// The book as a plain map, kept by the rules of the venue's documentation.
struct plain_book {
  std::map<decimal, std::string, std::greater<>> bids;
  std::map<decimal, std::string> asks;

  template <class Side>
  static void apply(Side& side, const rapidjson::Value& levels, std::size_t depth) {
    for (const auto& level : levels.GetArray()) {
      decimal price;
      decimal quantity;
      ASSERT_EQ(parse_decimal(level["price"].GetString(), price), decimal_error::none);
      ASSERT_EQ(parse_decimal(level["qty"].GetString(), quantity), decimal_error::none);
      if (quantity.is_zero()) {
        side.erase(price);
      } else {
        side[price] = level["qty"].GetString();
      }
    }
    while (side.size() > depth) side.erase(std::prev(side.end()));
  }
};

template <class Side>
void expect_same(const Side& side, const order_book& book, book_part part) {
  std::vector<level> levels;
  book.top(part, 1'000, levels);
  ASSERT_EQ(levels.size(), side.size());
  auto at = levels.begin();
  for (const auto& [price, quantity] : side) {
    EXPECT_EQ(at->price().to_string(), price.to_string());
    EXPECT_EQ(at->quantity().to_string(), quantity);
    ++at;
  }
}

TEST(kraken, the_book_equals_an_independent_reading_after_every_frame) {
  FEEDTREE_CAPTURE(path, mina_capture);
  listing_registry registry;
  venue_pipeline pipeline(the_venue(), registry);
  plain_book expected;
  event_batch out;
  for (const auto& text : frames_of(path)) {
    pipeline.frame("one", frame_of(text), out);
    json_text read;
    parse(read, text);
    if (!read.HasMember("channel") || read["channel"] != "book") continue;
    const auto& data = read["data"][0];
    if (read["type"] == "snapshot") expected = {};
    plain_book::apply(expected.bids, data["bids"], 25);
    plain_book::apply(expected.asks, data["asks"], 25);
    const auto& book = pipeline.books().front()->book();
    expect_same(expected.bids, book, book_part::bids);
    expect_same(expected.asks, book, book_part::asks);
  }
}

TEST(kraken, trades_equal_an_independent_reading) {
  FEEDTREE_CAPTURE(path, "kraken/ws2_trade_btcusd_20260914.jsonl");
  const auto frames = frames_of(path);
  const auto result = run(frames);
  // What else there is tells that the feed is live.
  std::vector<event> trades;
  for (const auto& what : result.events.events) {
    if (what.kind() == event_kind::trade) trades.push_back(what);
  }
  std::size_t at = 0;
  for (const auto& text : frames) {
    json_text read;
    parse(read, text);
    if (!read.HasMember("channel") || read["channel"] != "trade") continue;
    for (const auto& expected : read["data"].GetArray()) {
      ASSERT_LT(at, trades.size());
      const auto& what = trades[at++];
      const auto& body = std::get<trade>(what.body);
      EXPECT_EQ(what.where->symbol, "BTC-USD");
      EXPECT_EQ(what.key.view(), expected["trade_id"].GetString());
      EXPECT_EQ(body.price.to_string(), expected["price"].GetString());
      EXPECT_EQ(body.quantity.to_string(), expected["qty"].GetString());
      EXPECT_EQ(to_string(body.side), expected["side"].GetString());
    }
  }
  EXPECT_EQ(at, 42U);
  EXPECT_EQ(trades.size(), 42U);
  EXPECT_EQ(trades.front().exchange_ns, 1'789'410'747'420'924'000);
  EXPECT_EQ(result.alarms(), 0U);
}

TEST(kraken, a_missing_trade_is_noticed_by_its_number) {
  FEEDTREE_CAPTURE(path, "kraken/ws2_trade_btcusd_20260914.jsonl");
  auto frames = frames_of(path);
  std::vector<std::size_t> with_trades;
  for (std::size_t at = 0; at < frames.size(); ++at) {
    if (frames[at].find(R"("channel":"trade","type":)") != std::string::npos)
      with_trades.push_back(at);
  }
  for (std::size_t nth = 1; nth + 1 < with_trades.size(); ++nth) {
    auto cut = frames;
    cut.erase(cut.begin() + static_cast<std::ptrdiff_t>(with_trades[nth]));
    const auto result = run(cut);
    EXPECT_EQ(result.counters.sequence_gaps, 1U);
    const auto gaps =
        std::count_if(result.events.events.begin(), result.events.events.end(),
                      [](const event& what) { return what.kind() == event_kind::gap; });
    EXPECT_EQ(gaps, 1);
  }
}

TEST(kraken, trades_missed_while_disconnected_are_noticed_by_the_snapshot_after) {
  const auto frame = [](const char* type, int first, int last) {
    std::string text = std::string(R"({"channel":"trade","type":")") + type + R"(","data":[)";
    for (int id = first; id <= last; ++id) {
      text += std::string(id == first ? "" : ",") +
              R"({"symbol":"BTC/USD","side":"buy","price":1.5,)" +
              R"("qty":2.0,"ord_type":"limit","trade_id":)" + std::to_string(id) +
              R"(,"timestamp":"2026-09-14T18:32:27.420924Z"})";
    }
    return text + "]}";
  };
  listing_registry registry;
  venue_pipeline pipeline(the_venue(), registry);
  event_batch out;
  pipeline.frame("one", frame_of(frame("update", 10, 12)), out);
  pipeline.connect("one", "");
  pipeline.frame("one", frame_of(frame("snapshot", 8, 15)), out);
  EXPECT_EQ(pipeline.trades().holes, 0U);
  EXPECT_EQ(pipeline.trades().duplicates, 5U);
  const auto trades = std::count_if(out.events.begin(), out.events.end(), [](const auto& what) {
    return what.kind() == event_kind::trade;
  });
  EXPECT_EQ(trades, 6) << "each trade once";
  pipeline.connect("one", "");
  out.clear();
  pipeline.frame("one", frame_of(frame("snapshot", 20, 25)), out);
  EXPECT_EQ(pipeline.trades().holes, 1U);
  EXPECT_EQ(pipeline.trades().missing, 4U);
  const auto& entry = out.events.front();
  ASSERT_EQ(entry.kind(), event_kind::gap);
  EXPECT_EQ(entry.key.view(), "trade-16-19");
  EXPECT_EQ(std::get<gap>(entry.body).feed, event_kind::trade);
}

// Positions at which an update frame can be lost without any sign, and why: see the page on Kraken.
struct undetected {
  std::vector<std::size_t> positions;  // among the updates
  std::size_t updates = 0;
  std::size_t with_wrong_book = 0;  // the book at the end is not the venue's
};

template <class Damage>
undetected damage_each(const std::vector<std::string>& frames, Damage&& damage) {
  const auto clean = run(frames);
  undetected result;
  for (std::size_t at = 0; at < frames.size(); ++at) {
    if (!is_update(frames[at])) continue;
    auto damaged = frames;
    const auto position = result.updates++;
    if (!damage(damaged, at)) continue;
    const auto after = run(damaged);
    if (after.alarms() != 0) continue;
    result.positions.push_back(position);
    if (after.hashes != clean.hashes) ++result.with_wrong_book;
  }
  return result;
}

bool drop(std::vector<std::string>& frames, std::size_t at) {
  frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}
bool repeat(std::vector<std::string>& frames, std::size_t at) {
  frames.insert(frames.begin() + static_cast<std::ptrdiff_t>(at), std::string(frames[at]));
  return true;
}
bool swap_with_next(std::vector<std::string>& frames, std::size_t at) {
  for (auto next = at + 1; next < frames.size(); ++next) {
    if (!is_update(frames[next])) continue;
    std::swap(frames[at], frames[next]);
    return true;
  }
  return false;
}

// Lost without a sign: updates whose every level is set anew by the next update or, within the
// levels that nothing else shows, later; and the last one, which nothing follows. The book at the
// end is the venue's in all cases but the last.
TEST(kraken, a_dropped_update_is_noticed_or_made_good_by_the_updates_after_it) {
  FEEDTREE_CAPTURE(path, btc_capture);
  const auto deep_path = tests::find_capture(mina_capture);
  ASSERT_TRUE(deep_path.has_value());
  const auto shallow = damage_each(frames_of(path), drop);
  EXPECT_EQ(shallow.updates, 77U);
  EXPECT_EQ(shallow.positions.size(), 10U);
  EXPECT_EQ(shallow.positions.back(), 76U);
  EXPECT_EQ(shallow.with_wrong_book, 1U);
  const auto deep = damage_each(frames_of(*deep_path), drop);
  EXPECT_EQ(deep.updates, 29U);
  EXPECT_EQ(deep.positions, (std::vector<std::size_t>{6, 28}));
  EXPECT_EQ(deep.with_wrong_book, 1U);
}

TEST(kraken, every_repeated_or_swapped_update_is_noticed) {
  for (const auto* const name : {btc_capture, mina_capture}) {
    FEEDTREE_CAPTURE(path, name);
    const auto frames = frames_of(path);
    EXPECT_TRUE(damage_each(frames, repeat).positions.empty()) << name;
    EXPECT_TRUE(damage_each(frames, swap_with_next).positions.empty()) << name;
  }
}

TEST(kraken, damage_to_one_book_leaves_its_neighbour_as_it_is) {
  FEEDTREE_CAPTURE(path, btc_capture);
  FEEDTREE_CAPTURE(other_path, mina_capture);
  const auto first = frames_of(path);
  const auto second = frames_of(other_path);
  std::vector<std::string> both;
  for (std::size_t at = 0; at < std::max(first.size(), second.size()); ++at) {
    if (at < first.size()) both.push_back(first[at]);
    if (at < second.size()) both.push_back(second[at]);
  }
  const auto clean = run(both);
  EXPECT_EQ(clean.counters.checksum_ok, 108U);
  for (std::size_t at = 0; at < both.size(); ++at) {
    if (!is_update(both[at]) || both[at].find("BTC/USD") == std::string::npos) continue;
    auto damaged = both;
    drop(damaged, at);
    const auto after = run(damaged);
    EXPECT_EQ(after.hashes.at("MINA-GBP"), clean.hashes.at("MINA-GBP"));
  }
}

TEST(kraken, a_corrupted_checksum_is_noticed_in_every_frame) {
  FEEDTREE_CAPTURE(path, btc_capture);
  const auto frames = frames_of(path);
  for (std::size_t at = 0; at < frames.size(); ++at) {
    const auto digit = frames[at].find(R"("checksum":)");
    if (digit == std::string::npos) continue;
    auto damaged = frames;
    auto& c = damaged[at][digit + 11];
    c = c == '1' ? '2' : '1';
    EXPECT_EQ(run(damaged).counters.checksum_failed, 1U) << at;
  }
}

TEST(kraken, a_book_that_is_not_cut_to_its_depth_fails_its_checksums) {
  FEEDTREE_CAPTURE(path, btc_capture);
  auto frames = frames_of(path);
  for (auto& text : frames) {
    const auto at = text.find(R"("depth":10)");
    if (at != std::string::npos) text.replace(at, 10, R"("depth":100)");
  }
  EXPECT_GT(run(frames).alarms(), 0U);
}

TEST(kraken, takes_the_depth_from_the_snapshot_where_there_is_no_acknowledgement) {
  FEEDTREE_CAPTURE(path, mina_capture);
  auto frames = frames_of(path);
  std::erase_if(frames,
                [](const std::string& text) { return text.find("method") != std::string::npos; });
  const auto result = run(frames);
  EXPECT_EQ(result.depths.at("MINA-GBP"), 25U);
  EXPECT_EQ(result.counters.checksum_ok, 30U);
}

TEST(kraken, a_subscribed_depth_reaches_the_book) {
  FEEDTREE_CAPTURE(path, btc_capture);
  fixture here;
  const stream book{event_kind::book, here.listed("BTC-USD"), 0, 500};
  here.reader->subscribe_frames({&book, 1});
  for (const auto& text : frames_of(path)) {
    if (text.find("snapshot\",\"data") != std::string::npos) here.read(text);
  }
  ASSERT_EQ(here.out.events.size(), 1U);
  EXPECT_EQ(std::get<book_change>(here.out.events[0].body).depth, 500U);
}

TEST(kraken, keys_are_the_same_on_a_second_run_and_unique) {
  FEEDTREE_CAPTURE(path, btc_capture);
  const auto frames = frames_of(path);
  const auto first = run(frames);
  const auto second = run(frames);
  std::set<std::string> ids;
  ASSERT_EQ(first.events.events.size(), second.events.events.size());
  for (std::size_t at = 0; at < first.events.events.size(); ++at) {
    const auto id = event_id(first.events.events[at]);
    EXPECT_EQ(id, event_id(second.events.events[at]));
    EXPECT_TRUE(ids.insert(id).second) << id;
  }
}

TEST(kraken, fields_may_come_in_any_order) {
  const char* const usual =
      R"({"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":[{"price":1.5,"qty":2.0}],)"
      R"("asks":[{"price":1.6,"qty":3.0},{"price":1.7,"qty":4.0}],"checksum":7,)"
      R"("timestamp":"2026-09-12T15:48:31.964868Z"}]})";
  const char* const other =
      R"({"data":[{"timestamp":"2026-09-12T15:48:31.964868Z","new":{"a":[1]},"asks":[{"qty":3.0,"price":1.6},)"
      R"({"price":1.7,"qty":4.0}],"checksum":7,"bids":[{"price":1.5,"qty":2.0,"n":1}],"symbol":"BTC/USD"}],)"
      R"("type":"snapshot","channel":"book"})";
  fixture here;
  ASSERT_EQ(here.read(usual), frame_outcome::decoded) << here.report.reason;
  ASSERT_EQ(here.read(other), frame_outcome::decoded) << here.report.reason;
  const auto& a = here.out.events[0];
  const auto& b = here.out.events[1];
  EXPECT_EQ(a.key.view(), b.key.view());
  const auto& change = std::get<book_change>(b.body);
  ASSERT_EQ(here.out.bids(change).size(), 1U);
  ASSERT_EQ(here.out.asks(change).size(), 2U);
  EXPECT_EQ(here.out.bids(change)[0].price().to_string(), "1.5");
  EXPECT_EQ(here.out.asks(change)[1].quantity().to_string(), "4.0");
}

TEST(kraken, reads_tickers_and_quotes) {
  fixture here;
  here.read(
      R"({"channel":"ticker","type":"snapshot","data":[{"symbol":"ALGO/USD","bid":0.10025,"bid_qty":740.0,)"
      R"("ask":0.10036,"ask_qty":1361.44813783,"last":0.10035,"volume":997038.98383185,"vwap":0.10148,)"
      R"("low":0.09979,"high":0.10285,"change":-0.00017,"change_pct":-0.17,)"
      R"("timestamp":"2023-09-25T09:04:31.742648Z"}]})");
  ASSERT_EQ(here.out.events.size(), 2U);
  const auto& best = std::get<quote>(here.out.events[0].body);
  EXPECT_EQ(best.ask_quantity->to_string(), "1361.44813783");
  const auto& body = std::get<ticker>(here.out.events[1].body);
  EXPECT_EQ(here.out.events[1].where->symbol, "ALGO-USD");
  EXPECT_EQ(here.out.events[1].exchange_ns, 1'695'632'671'742'648'000);
  EXPECT_EQ(body.last_price->to_string(), "0.10035");
  EXPECT_EQ(body.volume->to_string(), "997038.98383185");
  EXPECT_EQ(body.low_price->to_string(), "0.09979");
  EXPECT_FALSE(body.open_price.has_value());
}

TEST(kraken, gives_only_the_kinds_that_were_asked_for) {
  fixture here;
  const stream wanted{event_kind::quote, here.listed("ALGO-USD"), 0, 0};
  here.reader->subscribe_frames({&wanted, 1});
  here.read(
      R"({"channel":"ticker","type":"update","data":[{"symbol":"ALGO/USD","bid":0.1,"bid_qty":7.0,)"
      R"("ask":0.2,"ask_qty":1.0,"last":0.1}]})");
  ASSERT_EQ(here.out.events.size(), 1U);
  EXPECT_EQ(here.out.events[0].kind(), event_kind::quote);
  EXPECT_EQ(here.out.events[0].exchange_ns, 1'789'000'000'000'000'000);
  EXPECT_TRUE(here.out.events[0].key.view().starts_with("0-"));
}

TEST(kraken, reads_candles_and_says_which_are_closed) {
  fixture here;
  here.read(
      R"({"channel":"ohlc","type":"snapshot","timestamp":"2023-10-04T15:31:01.806315597Z","data":[)"
      R"({"symbol":"ALGO/USD","open":0.09875,"high":0.09876,"low":0.09874,"close":0.09875,"trades":1,)"
      R"("volume":201.86015,"vwap":0.09875,"interval_begin":"2023-10-04T15:25:00.000000000Z","interval":5,)"
      R"("timestamp":"2023-10-04T15:30:00.000000Z"},)"
      R"({"symbol":"ALGO/USD","open":0.09875,"high":0.0988,"low":0.09875,"close":0.09875,"trades":13,)"
      R"("volume":16255.46368,"vwap":0.09879,"interval_begin":"2023-10-04T15:30:00.000000000Z","interval":5,)"
      R"("timestamp":"2023-10-04T15:35:00.000000Z"}]})");
  ASSERT_EQ(here.out.events.size(), 2U) << here.report.reason;
  const auto& first = std::get<candle>(here.out.events[0].body);
  const auto& second = std::get<candle>(here.out.events[1].body);
  EXPECT_TRUE(first.closed);
  EXPECT_FALSE(second.closed);
  EXPECT_EQ(second.interval_ns, 300'000'000'000);
  EXPECT_EQ(second.open_ns, 1'696'433'400'000'000'000);
  EXPECT_EQ(second.high.to_string(), "0.0988");
  EXPECT_EQ(second.trades, 13);
  EXPECT_EQ(here.out.events[1].exchange_ns, 1'696'433'461'806'315'597);
  EXPECT_TRUE(here.out.events[1].key.view().starts_with("5m-1696433400000000000-"));
}

TEST(kraken, reads_symbols_from_asset_pairs_and_from_the_instrument_channel) {
  FEEDTREE_CAPTURE(path, "kraken/rest_asset_pairs.json");
  fixture here;
  std::string body;
  for (const auto& record : capture_records(path)) body += record.text;
  const auto request = the_venue().symbol_requests({}).front();
  here.reader->decode_rest(request.url, frame_of(body), here.out, here.report);
  EXPECT_EQ(here.report.outcome, frame_outcome::decoded) << here.report.reason;
  const auto* const pair = here.symbols.of("").find("BTC/USDT");
  ASSERT_NE(pair, nullptr);
  EXPECT_EQ(pair->symbol, "BTC-USDT");
  EXPECT_EQ(pair->venue_symbol, "BTC/USDT");
  here.read(
      R"({"channel":"instrument","type":"snapshot","data":{"assets":[{"id":"USD"}],"pairs":[)"
      R"({"symbol":"XDG/USD","base":"XDG","quote":"USD","status":"online","qty_precision":8}]}})");
  const auto* const other = here.symbols.of("").find("XDG/USD");
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(other->symbol, "DOGE-USD");
  here.reader->decode_rest(request.url, frame_of(R"({"error":["EGeneral:Internal error"]})"),
                           here.out, here.report);
  EXPECT_EQ(here.report.outcome, frame_outcome::rejected);
  EXPECT_EQ(here.report.reason, "AssetPairs: EGeneral:Internal error");
}

TEST(kraken, a_refused_symbol_is_reported_and_its_neighbours_are_acknowledged) {
  fixture here;
  const std::vector<stream> wanted{{event_kind::book, here.listed("BTC-USD"), 0, 25},
                                   {event_kind::book, here.listed("NOPE-USD"), 0, 25}};
  here.reader->subscribe_frames(wanted);
  here.read(
      R"({"error":"Currency pair not supported NOPE/USD","method":"subscribe","success":false,)"
      R"("symbol":"NOPE/USD","time_in":"x","time_out":"y"})");
  ASSERT_EQ(here.report.subscriptions.size(), 1U);
  EXPECT_FALSE(here.report.subscriptions[0].accepted);
  EXPECT_EQ(here.report.subscriptions[0].text, "NOPE/USD");
  EXPECT_EQ(here.report.subscriptions[0].reason, "Currency pair not supported NOPE/USD");
  here.read(R"({"method":"subscribe","result":{"channel":"book","depth":25,"snapshot":true,)"
            R"("symbol":"BTC/USD"},"success":true,"time_in":"x","time_out":"y"})");
  ASSERT_EQ(here.report.subscriptions.size(), 1U);
  EXPECT_TRUE(here.report.subscriptions[0].accepted);
  EXPECT_EQ(here.report.subscriptions[0].text, "book BTC/USD");
  EXPECT_EQ(here.report.subscriptions[0].where, here.listed("BTC-USD"));
  EXPECT_EQ(here.report.subscriptions[0].kind, event_kind::book);
}

TEST(kraken, reports_errors_and_a_status_other_than_online_and_ignores_the_rest) {
  fixture here;
  here.read(R"({"Error":"Exceeded msg rate"})");
  EXPECT_EQ(here.report.error, "Exceeded msg rate");
  here.read(
      R"({"channel":"status","type":"update","data":[{"system":"maintenance","connection_id":1}]})");
  EXPECT_EQ(here.report.error, "system status: maintenance");
  for (
      const auto* const text :
      {R"({"channel":"heartbeat"})", R"({"method":"pong","req_id":1,"time_in":"x","time_out":"y"})",
       R"({"channel":"status","type":"update","data":[{"system":"online"}]})",
       R"({"method":"unsubscribe","result":{"channel":"book","symbol":"BTC/USD"},"success":true})"}) {
    EXPECT_EQ(here.read(text), frame_outcome::ignored) << text << here.report.reason;
    EXPECT_TRUE(here.report.error.empty());
  }
  EXPECT_TRUE(here.out.empty());
}

TEST(kraken, asks_for_streams_within_its_limits) {
  fixture here;
  const auto* const btc = here.listed("BTC-USD");
  const auto* const eth = here.listed("ETH-USD");
  const std::vector<stream> wanted{{event_kind::book, btc, 0, 100},
                                   {event_kind::book, eth, 0, 100},
                                   {event_kind::trade, btc, 0, 0},
                                   {event_kind::ticker, btc, 0, 0},
                                   {event_kind::quote, btc, 0, 0},
                                   {event_kind::ticker, eth, 0, 0},
                                   {event_kind::candle, btc, 300'000'000'000, 0}};
  const std::vector<std::string> expected{
      R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","ETH/USD"],"depth":100,"snapshot":true}})",
      R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"],"snapshot":true}})",
      R"({"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"],"event_trigger":"bbo","snapshot":true}})",
      R"({"method":"subscribe","params":{"channel":"ticker","symbol":["ETH/USD"],"event_trigger":"trades","snapshot":true}})",
      R"({"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":5,"snapshot":true}})"};
  EXPECT_EQ(here.reader->subscribe_frames(wanted), expected);
  const stream ticker{event_kind::ticker, btc, 0, 0};
  EXPECT_TRUE(here.reader->unsubscribe_frames({&ticker, 1}).empty());
  const stream quotes{event_kind::quote, btc, 0, 0};
  EXPECT_EQ(
      here.reader->unsubscribe_frames({&quotes, 1}),
      std::vector<std::string>{
          R"({"method":"unsubscribe","params":{"channel":"ticker","symbol":["BTC/USD"],"event_trigger":"bbo"}})"});
  EXPECT_EQ(here.reader->resync_frames(wanted[0]).size(), 2U);
  std::vector<stream> many;
  for (int number = 0; number < 250; ++number) {
    many.push_back(
        {event_kind::trade, here.listed(("C" + std::to_string(number) + "-USD").c_str()), 0, 0});
  }
  EXPECT_EQ(here.reader->subscribe_frames(many).size(), 3U);
}

TEST(kraken, refuses_depths_intervals_and_kinds_that_the_venue_does_not_have) {
  fixture here;
  const auto* const btc = here.listed("BTC-USD");
  for (const std::size_t depth : {0, 10, 25, 100, 500, 1000}) {
    EXPECT_TRUE(the_venue().refuses({event_kind::book, btc, 0, depth}).empty());
  }
  EXPECT_FALSE(the_venue().refuses({event_kind::book, btc, 0, 50}).empty());
  EXPECT_TRUE(the_venue().refuses({event_kind::candle, btc, 60'000'000'000, 0}).empty());
  EXPECT_FALSE(the_venue().refuses({event_kind::candle, btc, 180'000'000'000, 0}).empty());
  EXPECT_FALSE(the_venue().refuses({event_kind::funding, btc, 0, 0}).empty());
  const std::vector<stream> wanted{{event_kind::book, btc, 0, 50}, {event_kind::trade, btc, 0, 0}};
  const auto plans = the_venue().plan(wanted, {"ws://127.0.0.1:9000", ""});
  ASSERT_EQ(plans.size(), 1U);
  EXPECT_EQ(plans[0].url, "ws://127.0.0.1:9000/v2");
  EXPECT_EQ(plans[0].streams.size(), 1U);
}

TEST(kraken, a_frame_that_is_cut_off_or_damaged_leaves_the_batch_as_it_was) {
  FEEDTREE_CAPTURE(path, btc_capture);
  FEEDTREE_CAPTURE(trades, "kraken/ws2_trade_btcusd_20260914.jsonl");
  auto frames = frames_of(path);
  frames.resize(6);
  const auto more = frames_of(trades);
  frames.insert(frames.end(), more.begin(), more.begin() + 6);
  std::mt19937 random(7);
  fixture here;
  const auto check = [&here](const std::string& text) {
    here.out.clear();
    here.read(text);
    if (here.report.outcome != frame_outcome::rejected) return;
    EXPECT_TRUE(here.out.events.empty()) << text;
    EXPECT_TRUE(here.out.levels.empty()) << text;
    EXPECT_FALSE(here.report.reason.empty()) << text;
  };
  for (const auto& text : frames) {
    for (std::size_t size = 0; size < text.size(); ++size) {
      check(text.substr(0, size));
      EXPECT_EQ(here.report.outcome, frame_outcome::rejected) << text.substr(0, size);
    }
    for (int round = 0; round < 300; ++round) {
      auto damaged = text;
      damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
      check(damaged);
    }
  }
}

TEST(kraken, rejects_frames_with_fields_that_are_missing_or_of_the_wrong_type) {
  fixture here;
  for (
      const auto* const text :
      {R"({})", R"([])", R"("x")", R"({"channel":"book","type":"update"})", R"({"channel":7})",
       R"({"channel":"book","data":[]})", R"({"channel":"trade","type":"update","data":[{}]})",
       R"({"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[],"checksum":"a"}]})",
       R"({"channel":"book","type":"update","data":[{"symbol":"BTCUSD","bids":[],"asks":[],"checksum":1,"timestamp":"2026-09-12T15:48:31Z"}]})",
       R"({"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":1}],"asks":[],"checksum":1,"timestamp":"2026-09-12T15:48:31Z"}]})",
       R"({"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"checksum":1,"timestamp":"2026-09-12T15:48:31Z"}]})",
       R"({"channel":"ohlc","type":"update","data":[{"symbol":"BTC/USD","interval":99999999999}]})"}) {
    EXPECT_EQ(here.read(text), frame_outcome::rejected) << text;
  }
  EXPECT_TRUE(here.out.empty());
}

TEST(kraken, the_checksum_is_over_the_digits_as_sent) {
  order_book book(10);
  apply_counts counts;
  const auto level_of = [](const char* price, const char* quantity) {
    decimal p;
    decimal q;
    EXPECT_EQ(parse_decimal(price, p), decimal_error::none);
    EXPECT_EQ(parse_decimal(quantity, q), decimal_error::none);
    return level(p, q);
  };
  const std::vector<level> bids{level_of("0.04990", "0.00000500"),
                                level_of("0.04980", "120000000.10000000")};
  const std::vector<level> asks{level_of("0.05005", "1.00000000")};
  book.apply(book_part::bids, bids, counts);
  book.apply(book_part::asks, asks, counts);
  EXPECT_EQ(kraken_family::book_checksum(book), crc32("5005100000000499050049801200000001"
                                                      "0000000"));
}

}  // namespace
}  // namespace feedtree::venues
