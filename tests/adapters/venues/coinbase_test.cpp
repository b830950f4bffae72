#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "adapters/venues/json.hpp"
#include "adapters/venues/venue_pipeline.hpp"
#include "tests/support/captures.hpp"

namespace feedtree::venues {
namespace {

constexpr auto capture_name = "coinbase/advanced_cryptofeed_20260809.jsonl.zst";
constexpr std::string_view products_url =
    "https://api.coinbase.com/api/v3/brokerage/market/products";

raw_frame frame_of(std::string text, std::int64_t receive_ns = 0) {
  text.reserve(text.size() + frame_padding);
  return {std::move(text), receive_ns};
}

const venue& coinbase_venue() {
  return *find_venue("coinbase");
}

// A session with all that it needs.
struct bench {
  listing_registry registry;
  venue_symbols symbols{registry};
  std::unique_ptr<session> reader = coinbase_venue().make_session(symbols, "", {});
  event_batch out;
  frame_report report;

  frame_outcome read(const std::string& text, std::int64_t receive_ns = 7) {
    reader->decode(frame_of(text, receive_ns), out, report);
    return report.outcome;
  }
  const listing* spot(const std::string& base, const std::string& quote) {
    return registry.intern("coinbase", instrument::spot(base, quote), base + "-" + quote);
  }
};

std::string message(std::uint64_t sequence, const std::string& channel, const std::string& events,
                    const std::string& timestamp = "2026-08-09T21:05:48.5Z") {
  return R"({"channel":")" + channel + R"(","timestamp":")" + timestamp + R"(","sequence_num":)" +
         std::to_string(sequence) + R"(,"events":)" + events + "}";
}

std::string update(const std::string& side, const std::string& price, const std::string& quantity) {
  return R"({"side":")" + side + R"(","event_time":"2026-08-09T21:05:48.25Z","price_level":")" +
         price + R"(","new_quantity":")" + quantity + R"("})";
}

std::string book_events(const std::string& type, const std::string& updates,
                        const std::string& product = "BTC-USD") {
  return R"([{"type":")" + type + R"(","product_id":")" + product + R"(","updates":[)" + updates +
         "]}]";
}

std::vector<raw_frame> capture_frames(const std::string& path) {
  std::vector<raw_frame> frames;
  for (const auto& record : tests::capture_records(path)) {
    if (record.type == tests::capture_record::what::frame) {
      frames.push_back(frame_of(record.text, record.receive_ns));
    }
  }
  return frames;
}

// Another reading of the same frames, by another parser, with the digits as text.
rapidjson::Document parsed(const std::string& text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseNumbersAsStringsFlag>(text.c_str());
  return document;
}

std::string text_of(const rapidjson::Value& from, const char* name) {
  return from[name].GetString();
}

std::vector<event> events_of(const event_batch& batch, event_kind kind) {
  std::vector<event> result;
  std::copy_if(batch.events.begin(), batch.events.end(), std::back_inserter(result),
               [kind](const event& what) { return what.kind() == kind; });
  return result;
}

// The capture's books as std::map, by RapidJSON.
struct reference_book {
  std::map<decimal, std::string> bids;
  std::map<decimal, std::string> asks;

  void apply(const rapidjson::Value& entry) {
    if (text_of(entry, "type") == "snapshot") bids.clear(), asks.clear();
    for (const auto& change : entry["updates"].GetArray()) {
      decimal price;
      EXPECT_EQ(parse_decimal(text_of(change, "price_level"), price), decimal_error::none);
      auto& side = text_of(change, "side") == "bid" ? bids : asks;
      const auto quantity = text_of(change, "new_quantity");
      side.erase(price);
      if (quantity != "0") side[price] = quantity;
    }
  }
};

std::map<std::string, std::string> as_text(const order_book& book, book_part part) {
  std::map<std::string, std::string> result;
  book.for_top(part, book.size(part), [&](const level& entry) {
    result[entry.price().to_string()] = entry.quantity().to_string();
  });
  return result;
}

std::map<std::string, std::string> as_text(const std::map<decimal, std::string>& side) {
  std::map<std::string, std::string> result;
  for (const auto& [price, quantity] : side) result[price.to_string()] = quantity;
  return result;
}

// ---- the capture ----

TEST(coinbase, counts_every_frame_of_the_capture_and_finds_none_missing) {
  FEEDTREE_CAPTURE(path, capture_name);
  listing_registry registry;
  venue_pipeline pipeline(coinbase_venue(), registry);
  event_batch out;
  for (const auto& frame : capture_frames(path)) pipeline.frame("c", frame, out);
  EXPECT_EQ(pipeline.frames().received, 1030u);
  EXPECT_EQ(pipeline.frames().rejected, 0u);
  EXPECT_EQ(pipeline.frames().ignored, 25u);  // heartbeats
  const auto counters = pipeline.continuity();
  EXPECT_EQ(counters.sequence_ok, 1029u);
  EXPECT_EQ(counters.sequence_gaps, 0u);
  EXPECT_EQ(counters.duplicates, 0u);
  EXPECT_EQ(counters.crossed, 0u);
  EXPECT_EQ(counters.snapshots, 2u);
  EXPECT_EQ(counters.unknown_deletes, 52u);
  EXPECT_EQ(counters.level_updates, 74193u);
  EXPECT_EQ(pipeline.quarantined(), 0u);
  EXPECT_THAT(pipeline.complaints(), testing::IsEmpty());
}

TEST(coinbase, keeps_the_books_that_an_independent_reading_keeps) {
  FEEDTREE_CAPTURE(path, capture_name);
  listing_registry registry;
  venue_pipeline pipeline(coinbase_venue(), registry);
  event_batch out;
  std::map<std::string, reference_book> expected;
  for (const auto& frame : capture_frames(path)) {
    pipeline.frame("c", frame, out);
    const auto document = parsed(frame.text);
    if (text_of(document, "channel") != "l2_data") continue;
    for (const auto& entry : document["events"].GetArray()) {
      expected[text_of(entry, "product_id")].apply(entry);
    }
  }
  ASSERT_EQ(pipeline.books().size(), expected.size());
  for (const auto* keeper : pipeline.books()) {
    const auto& reference = expected.at(keeper->where()->venue_symbol);
    EXPECT_EQ(as_text(keeper->book(), book_part::bids), as_text(reference.bids));
    EXPECT_EQ(as_text(keeper->book(), book_part::asks), as_text(reference.asks));
    EXPECT_EQ(keeper->state(), feed_state::live);
    EXPECT_FALSE(keeper->book().crossed());
  }
}

TEST(coinbase, gives_every_trade_of_the_capture_with_the_takers_side) {
  FEEDTREE_CAPTURE(path, capture_name);
  bench run;
  std::map<std::string, std::string> expected;
  for (const auto& frame : capture_frames(path)) {
    run.reader->decode(frame, run.out, run.report);
    const auto document = parsed(frame.text);
    if (text_of(document, "channel") != "market_trades") continue;
    for (const auto& entry : document["events"].GetArray()) {
      for (const auto& one : entry["trades"].GetArray()) {
        const bool maker_sold = text_of(one, "side") == "SELL";
        expected[text_of(one, "product_id") + ":" + text_of(one, "trade_id")] =
            text_of(one, "price") + " " + text_of(one, "size") + (maker_sold ? " buy" : " sell");
      }
    }
  }
  std::map<std::string, std::string> given;
  for (const auto& what : events_of(run.out, event_kind::trade)) {
    const auto& body = std::get<trade>(what.body);
    const auto id = what.where->symbol + ":" + std::string(what.key.view());
    EXPECT_TRUE(given
                    .emplace(id, body.price.to_string() + " " + body.quantity.to_string() + " " +
                                     std::string(to_string(body.side)))
                    .second)
        << id << " was given twice";
  }
  EXPECT_EQ(given, expected);
  EXPECT_EQ(given.size(), 279u);
}

TEST(coinbase, gives_trades_of_an_instrument_oldest_first) {
  FEEDTREE_CAPTURE(path, capture_name);
  bench run;
  std::map<const listing*, std::int64_t> last_ns;
  for (const auto& frame : capture_frames(path)) run.reader->decode(frame, run.out, run.report);
  for (const auto& what : events_of(run.out, event_kind::trade)) {
    EXPECT_GE(what.exchange_ns, last_ns[what.where]) << what.key.view();
    last_ns[what.where] = what.exchange_ns;
  }
}

// The best bid at which takers sell lies below the best ask at which they buy.
TEST(coinbase, has_takers_buy_at_the_ask_and_sell_at_the_bid) {
  FEEDTREE_CAPTURE(path, capture_name);
  listing_registry registry;
  venue_pipeline pipeline(coinbase_venue(), registry);
  int agree = 0;
  int differ = 0;
  for (const auto& frame : capture_frames(path)) {
    event_batch out;
    pipeline.frame("c", frame, out);
    for (const auto& what : events_of(out, event_kind::trade)) {
      for (const auto* keeper : pipeline.books()) {
        if (keeper->where() != what.where || keeper->book().empty()) continue;
        const auto& body = std::get<trade>(what.body);
        if (body.price == keeper->book().best(book_part::asks)->price()) {
          ++(body.side == trade_side::buy ? agree : differ);
        } else if (body.price == keeper->book().best(book_part::bids)->price()) {
          ++(body.side == trade_side::sell ? agree : differ);
        }
      }
    }
  }
  EXPECT_GT(agree, 50);
  EXPECT_EQ(differ, 0);
}

TEST(coinbase, gives_every_ticker_of_the_capture_and_most_equal_the_top_of_the_book) {
  FEEDTREE_CAPTURE(path, capture_name);
  listing_registry registry;
  venue_pipeline pipeline(coinbase_venue(), registry);
  int tickers = 0;
  int compared = 0;
  int equal = 0;
  for (const auto& frame : capture_frames(path)) {
    event_batch out;
    pipeline.frame("c", frame, out);
    for (const auto& what : events_of(out, event_kind::ticker)) {
      const auto document = parsed(frame.text);
      const auto& body = std::get<ticker>(what.body);
      const auto& sent = document["events"][0]["tickers"][0];
      EXPECT_EQ(body.last_price->to_string(), text_of(sent, "price"));
      EXPECT_EQ(body.volume->to_string(), text_of(sent, "volume_24_h"));
      EXPECT_EQ(body.low_price->to_string(), text_of(sent, "low_24_h"));
      EXPECT_EQ(body.high_price->to_string(), text_of(sent, "high_24_h"));
      EXPECT_EQ(body.bid_quantity->to_string(), text_of(sent, "best_bid_quantity"));
      EXPECT_EQ(body.ask_quantity->to_string(), text_of(sent, "best_ask_quantity"));
      EXPECT_EQ(what.exchange_ns, from_rfc3339(text_of(document, "timestamp")));
      ++tickers;
      for (const auto* keeper : pipeline.books()) {
        if (keeper->where() != what.where || keeper->book().empty()) continue;
        ++compared;
        if (keeper->book().best(book_part::bids)->price() == *body.bid_price &&
            keeper->book().best(book_part::asks)->price() == *body.ask_price) {
          ++equal;
        }
      }
    }
  }
  EXPECT_EQ(tickers, 160);
  EXPECT_EQ(compared, 154);
  EXPECT_EQ(equal, 132);
}

TEST(coinbase, gives_every_candle_of_the_capture) {
  FEEDTREE_CAPTURE(path, capture_name);
  bench run;
  std::size_t expected = 0;
  for (const auto& frame : capture_frames(path)) {
    const auto first = run.out.events.size();
    run.reader->decode(frame, run.out, run.report);
    const auto document = parsed(frame.text);
    if (text_of(document, "channel") != "candles") continue;
    for (const auto& sent : document["events"][0]["candles"].GetArray()) {
      const auto& what =
          run.out.events.at(first + (&sent - document["events"][0]["candles"].Begin()));
      const auto& body = std::get<candle>(what.body);
      EXPECT_EQ(what.where->venue_symbol, text_of(sent, "product_id"));
      EXPECT_EQ(std::to_string(body.open_ns), text_of(sent, "start") + "000000000");
      EXPECT_EQ(body.open.to_string(), text_of(sent, "open"));
      EXPECT_EQ(body.high.to_string(), text_of(sent, "high"));
      EXPECT_EQ(body.low.to_string(), text_of(sent, "low"));
      EXPECT_EQ(body.close.to_string(), text_of(sent, "close"));
      EXPECT_EQ(body.volume.to_string(), text_of(sent, "volume"));
      ++expected;
    }
  }
  EXPECT_EQ(events_of(run.out, event_kind::candle).size(), expected);
  EXPECT_GT(expected, 100u);
}

TEST(coinbase, reads_the_products_and_leaves_out_aliases_and_delisted_ones) {
  FEEDTREE_CAPTURE(path, capture_name);
  for (const auto& record : tests::capture_records(path)) {
    if (record.type != tests::capture_record::what::http) continue;
    bench run;
    std::set<std::string> expected;
    const auto document = parsed(record.text);
    for (const auto& product : document["products"].GetArray()) {
      if (text_of(product, "alias").empty() && text_of(product, "status") != "delisted") {
        expected.insert(text_of(product, "product_id"));
      }
    }
    run.reader->decode_rest(record.url, frame_of(record.text), run.out, run.report);
    ASSERT_EQ(run.report.outcome, frame_outcome::decoded) << run.report.reason;
    std::set<std::string> given;
    for (const auto* where : run.registry.of_venue("coinbase")) given.insert(where->venue_symbol);
    EXPECT_EQ(given, expected);
    EXPECT_EQ(run.symbols.of("").find("BTC-USDC"), nullptr);
    ASSERT_NE(run.symbols.of("").find("BTC-USD"), nullptr);
    EXPECT_EQ(run.symbols.of("").find("BTC-USD")->symbol, "BTC-USD");
    return;
  }
  FAIL() << "the capture has no product list";
}

// ---- what goes wrong on the way ----

// The capture with the snapshots cut to their first levels, so that many runs are quick.
std::vector<raw_frame> short_frames(const std::string& path) {
  auto frames = capture_frames(path);
  for (auto& frame : frames) {
    if (frame.text.size() < 100'000) continue;
    rapidjson::Document document;
    document.Parse(frame.text.c_str());
    auto& updates = document["events"][0]["updates"];
    rapidjson::Value kept(rapidjson::kArrayType);
    std::map<std::string, int> of_side;
    for (auto& entry : updates.GetArray()) {
      if (++of_side[text_of(entry, "side")] <= 40) kept.PushBack(entry, document.GetAllocator());
    }
    updates = kept;
    rapidjson::StringBuffer text;
    rapidjson::Writer<rapidjson::StringBuffer> writer(text);
    document.Accept(writer);
    frame = frame_of(text.GetString(), frame.receive_ns);
  }
  return frames;
}

struct run_result {
  keeper_counters counters;
  std::map<std::string, std::uint64_t> hashes;
  std::map<std::string, feed_state> states;
};

run_result run_frames(const std::vector<const raw_frame*>& frames) {
  listing_registry registry;
  venue_pipeline pipeline(coinbase_venue(), registry);
  event_batch out;
  pipeline.connect("c", "");
  for (const auto* frame : frames) {
    out.clear();
    pipeline.frame("c", *frame, out);
  }
  run_result result;
  result.counters = pipeline.continuity();
  for (const auto* keeper : pipeline.books()) {
    result.hashes[keeper->where()->symbol] = keeper->book().hash();
    result.states[keeper->where()->symbol] = keeper->state();
  }
  return result;
}

std::vector<const raw_frame*> pointers(const std::vector<raw_frame>& frames) {
  std::vector<const raw_frame*> result;
  for (const auto& frame : frames) result.push_back(&frame);
  return result;
}

std::string product_of(const raw_frame& frame) {
  const auto document = parsed(frame.text);
  if (text_of(document, "channel") != "l2_data") return {};
  return text_of(document["events"][0], "product_id");
}

bool is_update(const raw_frame& frame) {
  return frame.text.find(R"("channel":"l2_data")") != std::string::npos &&
         frame.text.find(R"("type":"update")") != std::string::npos;
}

TEST(coinbase, notices_any_one_book_update_that_is_missing) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto frames = short_frames(path);
  const auto whole = run_frames(pointers(frames));
  ASSERT_EQ(whole.counters.sequence_gaps, 0u);
  std::size_t positions = 0;
  for (std::size_t at = 0; at + 1 < frames.size(); ++at) {
    if (!is_update(frames[at])) continue;
    auto left = pointers(frames);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
    const auto result = run_frames(left);
    ++positions;
    ASSERT_EQ(result.counters.sequence_gaps, 1u) << "without frame " << at;
    const auto product = product_of(frames[at]);
    for (const auto& [symbol, hash] : result.hashes) {
      if (symbol == product) continue;
      EXPECT_EQ(hash, whole.hashes.at(symbol)) << "without frame " << at;
    }
    // A book without its snapshot yet cannot be suspect.
    if (frames[at].text.find("BTC-USD") != std::string::npos) {
      EXPECT_EQ(result.states.at(product), feed_state::gap) << "without frame " << at;
    }
  }
  EXPECT_GE(positions, 770u);
}

TEST(coinbase, drops_any_frame_that_comes_twice) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto frames = short_frames(path);
  const auto whole = run_frames(pointers(frames));
  for (std::size_t at = 0; at < frames.size(); ++at) {
    auto twice = pointers(frames);
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(at) + 1, &frames[at]);
    const auto result = run_frames(twice);
    ASSERT_EQ(result.counters.duplicates, 1u) << "frame " << at << " twice";
    ASSERT_EQ(result.counters.sequence_gaps, 0u);
    ASSERT_EQ(result.hashes, whole.hashes);
    ASSERT_EQ(result.states, whole.states);
  }
}

TEST(coinbase, notices_any_two_frames_that_changed_places) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto frames = short_frames(path);
  for (std::size_t at = 0; at + 1 < frames.size(); ++at) {
    auto swapped = pointers(frames);
    std::swap(swapped[at], swapped[at + 1]);
    const auto result = run_frames(swapped);
    ASSERT_GE(result.counters.sequence_gaps, 1u) << "frames " << at << " and the next";
    ASSERT_EQ(result.counters.duplicates, 1u) << "frames " << at << " and the next";
  }
}

TEST(coinbase, reads_the_same_keys_from_another_connection_of_the_same_market) {
  FEEDTREE_CAPTURE(path, capture_name);
  bench first;
  bench second;
  std::uint64_t other_number = 1'000'000;
  for (const auto& frame : short_frames(path)) {
    first.reader->decode(frame, first.out, first.report);
    auto document = parsed(frame.text);
    // Only the number and the time of sending belong to the connection.
    auto text = frame.text;
    const auto number = "\"sequence_num\":" + text_of(document, "sequence_num");
    text.replace(text.find(number), number.size(),
                 "\"sequence_num\":" + std::to_string(++other_number));
    const auto time = text_of(document, "timestamp");
    text.replace(text.find(time), time.size(), time.substr(0, 19) + ".9Z");
    second.read(text, frame.receive_ns);
  }
  ASSERT_EQ(first.out.events.size(), second.out.events.size());
  std::size_t compared = 0;
  for (std::size_t at = 0; at < first.out.events.size(); ++at) {
    if (first.out.events[at].kind() == event_kind::ticker) continue;
    EXPECT_EQ(event_id(first.out.events[at]), event_id(second.out.events[at]));
    EXPECT_EQ(first.out.events[at].exchange_ns, second.out.events[at].exchange_ns);
    ++compared;
  }
  EXPECT_GT(compared, 1000u);
}

TEST(coinbase, gives_no_key_twice) {
  FEEDTREE_CAPTURE(path, capture_name);
  bench run;
  for (const auto& frame : capture_frames(path)) run.reader->decode(frame, run.out, run.report);
  std::set<std::string> ids;
  for (const auto& what : run.out.events) {
    EXPECT_TRUE(ids.insert(event_id(what)).second) << event_id(what);
    EXPECT_TRUE(what.key.fits());
  }
}

std::vector<std::string> one_frame_of_each_channel(const std::string& path) {
  std::map<std::string, std::string> shortest;
  for (const auto& frame : short_frames(path)) {
    const auto document = parsed(frame.text);
    const auto& event = document["events"][0];
    const auto name =
        text_of(document, "channel") + (event.HasMember("type") ? text_of(event, "type") : "");
    auto& kept = shortest[name];
    if (kept.empty() || frame.text.size() < kept.size()) kept = frame.text;
  }
  std::vector<std::string> result;
  for (const auto& [name, text] : shortest) result.push_back(text);
  return result;
}

TEST(coinbase, rejects_a_frame_that_is_cut_off_anywhere) {
  FEEDTREE_CAPTURE(path, capture_name);
  for (const auto& text : one_frame_of_each_channel(path)) {
    for (std::size_t size = 0; size < text.size(); ++size) {
      bench run;
      ASSERT_EQ(run.read(text.substr(0, size)), frame_outcome::rejected) << text.substr(0, size);
      ASSERT_FALSE(run.report.reason.empty());
      ASSERT_TRUE(run.out.empty() && run.out.levels.empty());
    }
  }
}

TEST(coinbase, survives_bytes_that_changed_on_the_way) {
  FEEDTREE_CAPTURE(path, capture_name);
  std::mt19937_64 random(20260809);
  std::size_t rejected = 0;
  for (const auto& text : one_frame_of_each_channel(path)) {
    for (int round = 0; round < 3000; ++round) {
      auto changed = text;
      for (auto count = 1 + random() % 3; count > 0; --count) {
        changed[random() % changed.size()] ^= static_cast<char>(1U << (random() % 8));
      }
      bench run;
      if (run.read(changed) != frame_outcome::rejected) continue;
      ++rejected;
      ASSERT_TRUE(run.out.empty() && run.out.levels.empty());
    }
  }
  EXPECT_GT(rejected, 1000u);
}

// ---- single frames ----

TEST(coinbase, gives_bids_before_asks_however_they_are_mixed) {
  bench run;
  const auto text =
      book_events("snapshot", update("offer", "11", "1") + "," + update("bid", "9", "2") + "," +
                                  update("offer", "12.5", "3"));
  ASSERT_EQ(run.read(message(0, "l2_data", text)), frame_outcome::decoded) << run.report.reason;
  const auto& change = std::get<book_change>(run.out.events.at(0).body);
  EXPECT_TRUE(change.snapshot);
  ASSERT_EQ(change.bids, 1u);
  ASSERT_EQ(change.asks, 2u);
  EXPECT_EQ(run.out.bids(change)[0].price().to_string(), "9");
  EXPECT_EQ(run.out.asks(change)[0].price().to_string(), "11");
  EXPECT_EQ(run.out.asks(change)[1].price().to_string(), "12.5");
}

TEST(coinbase, reads_a_frame_in_any_order_of_its_fields) {
  bench straight;
  bench turned;
  straight.read(message(0, "l2_data", book_events("update", update("bid", "9", "2"))));
  turned.read(
      R"({"events":[{"updates":[{"new_quantity":"2","price_level":"9","event_time":"2026-08-09T21:05:48.25Z","new_field":[1,{"a":null}],"side":"bid"}],"product_id":"BTC-USD","type":"update"}],)"
      R"("sequence_num":0,"timestamp":"2026-08-09T21:05:48.5Z","channel":"l2_data"})");
  ASSERT_EQ(turned.report.outcome, frame_outcome::decoded) << turned.report.reason;
  ASSERT_EQ(straight.out.events.size(), 1u);
  ASSERT_EQ(turned.out.events.size(), 1u);
  EXPECT_EQ(event_id(straight.out.events[0]), event_id(turned.out.events[0]));
  EXPECT_EQ(turned.out.levels.at(0).price().to_string(), "9");
}

TEST(coinbase, reads_several_books_from_one_frame) {
  bench run;
  const auto btc =
      book_events("update", update("offer", "11", "1") + "," + update("bid", "9", "2"));
  const auto eth = book_events("update", update("offer", "5", "1"), "ETH-USD");
  const auto both = btc.substr(0, btc.size() - 1) + "," + eth.substr(1);
  ASSERT_EQ(run.read(message(0, "l2_data", both)), frame_outcome::decoded) << run.report.reason;
  ASSERT_EQ(run.out.events.size(), 2u);
  const auto& second = std::get<book_change>(run.out.events[1].body);
  EXPECT_EQ(second.bids, 0u);
  EXPECT_EQ(run.out.asks(second)[0].price().to_string(), "5");
}

TEST(coinbase, takes_the_frames_time_for_a_snapshot_without_a_time_of_its_own) {
  bench run;
  const auto old =
      R"([{"type":"snapshot","product_id":"BTC-USD","updates":[{"side":"bid",)"
      R"("event_time":"1970-01-01T00:00:00Z","price_level":"9","new_quantity":"2"}]}])";
  ASSERT_EQ(run.read(message(0, "l2_data", old)), frame_outcome::decoded) << run.report.reason;
  EXPECT_EQ(run.out.events.at(0).exchange_ns, from_rfc3339("2026-08-09T21:05:48.5Z"));
  const auto none = R"([{"type":"snapshot","product_id":"NEW-USD","updates":null}])";
  ASSERT_EQ(run.read(message(1, "l2_data", none)), frame_outcome::decoded) << run.report.reason;
  EXPECT_EQ(run.out.events.at(1).exchange_ns, from_rfc3339("2026-08-09T21:05:48.5Z"));
}

TEST(coinbase, keeps_the_digits_that_were_sent) {
  bench run;
  run.read(message(0, "l2_data", book_events("update", update("bid", "9.10", "2.500"))));
  EXPECT_EQ(run.out.levels.at(0).price().to_string(), "9.10");
  EXPECT_EQ(run.out.levels.at(0).quantity().to_string(), "2.500");
}

TEST(coinbase, reads_a_ticker_without_best_bid_and_ask) {
  bench run;
  const auto text =
      R"([{"type":"update","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"5.5","volume_24_h":""}]}])";
  ASSERT_EQ(run.read(message(0, "ticker_batch", text)), frame_outcome::decoded);
  const auto& body = std::get<ticker>(run.out.events.at(0).body);
  EXPECT_EQ(body.last_price->to_string(), "5.5");
  EXPECT_FALSE(body.bid_price || body.ask_price || body.volume);
}

TEST(coinbase, says_of_a_candle_whether_it_is_over) {
  const auto candle_at = [](const std::string& start) {
    return R"([{"type":"update","candles":[{"start":")" + start +
           R"(","high":"3","low":"1","open":"1","close":"2","volume":"9","product_id":"BTC-USD"}]}])";
  };
  bench run;
  const auto now = "2026-08-09T21:05:48Z";
  const auto now_s = from_rfc3339(now) / 1'000'000'000;
  run.read(message(0, "candles", candle_at(std::to_string(now_s - 300)), now));
  run.read(message(1, "candles", candle_at(std::to_string(now_s - 299)), now));
  ASSERT_EQ(run.out.events.size(), 2u) << run.report.reason;
  EXPECT_TRUE(std::get<candle>(run.out.events[0].body).closed);
  EXPECT_FALSE(std::get<candle>(run.out.events[1].body).closed);
  EXPECT_EQ(std::get<candle>(run.out.events[0].body).interval_ns, 300'000'000'000);
}

TEST(coinbase, learns_a_new_product_from_the_status_channel) {
  bench run;
  const auto text =
      R"([{"type":"snapshot","products":[{"product_type":"SPOT","id":"NEW-USD","status":"online"},)"
      R"({"product_type":"FUTURE","id":"BIT-28AUG26-CDE","status":""}]}])";
  ASSERT_EQ(run.read(message(0, "status", text)), frame_outcome::decoded) << run.report.reason;
  EXPECT_NE(run.symbols.of("").find("NEW-USD"), nullptr);
  EXPECT_EQ(run.symbols.size(), 1u);
}

struct bad_frame {
  const char* name;
  std::string text;
};

TEST(coinbase, rejects_frames_with_something_missing_or_wrong_and_says_what) {
  const auto btc = [](const std::string& updates) {
    return message(0, "l2_data", book_events("update", updates));
  };
  const std::vector<bad_frame> frames{
      {"side", btc(update("ask", "1", "1"))},
      {"price_level", btc(update("bid", "1x", "1"))},
      {"price_level", btc(update("bid", "99999999999999999999", "1"))},
      {"new_quantity", btc(update("bid", "1", ""))},
      {"l2_data", btc(R"({"side":"bid","price_level":"1","new_quantity":"1"})")},
      {"time", btc(R"({"side":"bid","event_time":"now","price_level":"1","new_quantity":"1"})")},
      {"product_id", message(0, "l2_data", book_events("update", "", "btc/usd"))},
      {"type", message(0, "l2_data", book_events("partial", ""))},
      {"trades", message(0, "market_trades", "[{}]")},
      {"trade_id", message(0, "market_trades", R"([{"trades":[{"trade_id":"x"}]}])")},
      {"market_trades", message(0, "market_trades", R"([{"trades":[{"trade_id":"1"}]}])")},
      {"ticker", message(0, "ticker", R"([{"tickers":[{"price":"1"}]}])")},
      {"candles", message(0, "candles", R"([{"candles":[{"open":"1"}]}])")},
      {"channel", R"({"channel":5,"timestamp":"","sequence_num":0,"events":[]})"},
      {"frame", R"({"channel":"l2_data"})"},
      {"behind", message(0, "heartbeats", "[]") + "}"},
  };
  for (const auto& [name, text] : frames) {
    bench run;
    EXPECT_EQ(run.read(text), frame_outcome::rejected) << text;
    EXPECT_THAT(run.report.reason, testing::HasSubstr(name)) << text;
    EXPECT_TRUE(run.out.empty() && run.out.levels.empty());
  }
}

// ---- sequence_num ----

TEST(coinbase, reports_a_hole_in_the_numbers_of_the_connection) {
  bench run;
  for (const auto number : {0, 1, 4}) run.read(message(number, "heartbeats", "[]"));
  EXPECT_THAT(run.report.connection_gap, testing::HasSubstr("2 to 3"));
  EXPECT_EQ(run.reader->counters().sequence_ok, 1u);
  EXPECT_EQ(run.reader->counters().sequence_gaps, 1u);
  run.read(message(5, "heartbeats", "[]"));
  EXPECT_TRUE(run.report.connection_gap.empty());
}

TEST(coinbase, reports_a_connection_whose_first_frame_is_missing) {
  bench run;
  run.read(message(1, "heartbeats", "[]"));
  EXPECT_FALSE(run.report.connection_gap.empty());
}

TEST(coinbase, counts_from_zero_again_on_a_new_connection) {
  bench run;
  run.read(message(0, "heartbeats", "[]"));
  run.read(message(1, "heartbeats", "[]"));
  run.reader->on_connected();
  run.read(message(0, "heartbeats", "[]"));
  EXPECT_EQ(run.reader->counters().duplicates, 0u);
  EXPECT_EQ(run.reader->counters().sequence_gaps, 0u);
}

TEST(coinbase, gives_nothing_of_a_frame_that_repeats_a_number) {
  bench run;
  const auto text = message(0, "l2_data", book_events("update", update("bid", "9", "2")));
  run.read(text);
  run.read(text);
  EXPECT_EQ(run.out.events.size(), 1u);
  EXPECT_EQ(run.reader->counters().duplicates, 1u);
  EXPECT_FALSE(run.report.reconnect);
}

TEST(coinbase, wants_a_new_connection_where_the_numbers_stay_too_low) {
  bench run;
  run.read(message(1'000'000'000'000, "heartbeats", "[]"));
  for (int number = 0; number < 19; ++number) {
    run.read(message(number, "heartbeats", "[]"));
    ASSERT_FALSE(run.report.reconnect) << number;
  }
  run.read(message(19, "heartbeats", "[]"));
  EXPECT_TRUE(run.report.reconnect);
}

TEST(coinbase, distrusts_the_book_after_a_book_frame_that_cannot_be_read) {
  bench run;
  run.read(message(0, "l2_data", book_events("update", update("bid", "1x", "2"))));
  EXPECT_EQ(run.report.outcome, frame_outcome::rejected);
  EXPECT_FALSE(run.report.connection_gap.empty());
  // Another channel's frame does not touch the book.
  run.read(message(1, "ticker", R"([{"tickers":[{"price":"x"}]}])"));
  EXPECT_EQ(run.report.outcome, frame_outcome::rejected);
  EXPECT_TRUE(run.report.connection_gap.empty());
  run.read(message(2, "heartbeats", "[]"));
  EXPECT_TRUE(run.report.connection_gap.empty());
}

TEST(coinbase, repairs_a_suspect_book_by_the_next_snapshot) {
  listing_registry registry;
  venue_pipeline pipeline(coinbase_venue(), registry);
  event_batch out;
  const auto feed = [&](std::uint64_t number, const std::string& type, const std::string& updates) {
    pipeline.frame("c", frame_of(message(number, "l2_data", book_events(type, updates)), 5), out);
  };
  feed(0, "snapshot", update("bid", "9", "2") + "," + update("offer", "11", "2"));
  feed(2, "update", update("bid", "9", "3"));
  EXPECT_EQ(pipeline.books().at(0)->state(), feed_state::gap);
  feed(3, "update", update("bid", "9", "4"));
  EXPECT_EQ(pipeline.books().at(0)->state(), feed_state::gap);
  feed(4, "snapshot", update("bid", "8", "2") + "," + update("offer", "11", "2"));
  EXPECT_EQ(pipeline.books().at(0)->state(), feed_state::live);
  EXPECT_EQ(pipeline.books().at(0)->book().size(book_part::bids), 1u);
}

// ---- subscriptions ----

std::vector<stream> all_kinds(const listing* where) {
  return {{event_kind::trade, where, 0, 0},
          {event_kind::book, where, 0, 0},
          {event_kind::ticker, where, 0, 0},
          {event_kind::candle, where, 300'000'000'000, 0}};
}

TEST(coinbase, asks_for_heartbeats_once_and_then_for_each_channel) {
  bench run;
  const auto frames = run.reader->subscribe_frames(all_kinds(run.spot("BTC", "USD")));
  EXPECT_THAT(frames,
              testing::ElementsAre(
                  R"({"type":"subscribe","channel":"heartbeats"})",
                  R"({"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"})",
                  R"({"type":"subscribe","product_ids":["BTC-USD"],"channel":"market_trades"})",
                  R"({"type":"subscribe","product_ids":["BTC-USD"],"channel":"ticker"})",
                  R"({"type":"subscribe","product_ids":["BTC-USD"],"channel":"candles"})"));
  const std::vector<stream> two{{event_kind::book, run.spot("BTC", "USD"), 0, 0},
                                {event_kind::book, run.spot("ETH", "USD"), 0, 0}};
  EXPECT_THAT(
      run.reader->subscribe_frames(two),
      testing::ElementsAre(
          R"({"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"level2"})"));
}

TEST(coinbase, asks_for_one_book_anew_without_the_other_channels) {
  bench run;
  run.reader->subscribe_frames(all_kinds(run.spot("BTC", "USD")));
  EXPECT_THAT(
      run.reader->resync_frames({event_kind::book, run.spot("BTC", "USD"), 0, 0}),
      testing::ElementsAre(R"({"type":"unsubscribe","product_ids":["BTC-USD"],"channel":"level2"})",
                           R"({"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"})"));
}

std::string ack(std::uint64_t number, const std::string& subscriptions) {
  return message(number, "subscriptions", R"([{"subscriptions":)" + subscriptions + "}]");
}

TEST(coinbase, tells_which_subscriptions_were_accepted_and_which_were_not) {
  bench run;
  const auto* const btc = run.spot("BTC", "USD");
  run.symbols.of("").add("BTC-USD", btc);
  const std::vector<stream> wanted{{event_kind::trade, btc, 0, 0},
                                   {event_kind::trade, run.spot("NOPE", "USD"), 0, 0}};
  run.reader->subscribe_frames(wanted);
  run.read(ack(0, R"({"heartbeats":["heartbeats"]})"));
  ASSERT_EQ(run.report.subscriptions.size(), 1u);
  EXPECT_EQ(run.report.subscriptions[0].text, "heartbeats");
  EXPECT_TRUE(run.report.subscriptions[0].accepted);
  run.read(ack(1, R"({"heartbeats":["heartbeats"],"market_trades":["BTC-USD"]})"));
  ASSERT_EQ(run.report.subscriptions.size(), 2u);
  EXPECT_EQ(run.report.subscriptions[0].text, "market_trades:BTC-USD");
  EXPECT_EQ(run.report.subscriptions[0].where, btc);
  EXPECT_EQ(run.report.subscriptions[0].kind, event_kind::trade);
  EXPECT_TRUE(run.report.subscriptions[0].accepted);
  EXPECT_FALSE(run.report.subscriptions[1].accepted);
  EXPECT_FALSE(run.report.subscriptions[1].reason.empty());
}

TEST(coinbase, does_not_take_the_answer_to_an_unsubscription_for_a_refusal) {
  bench run;
  const auto* const btc = run.spot("BTC", "USD");
  run.reader->subscribe_frames({});
  run.read(ack(0, R"({"heartbeats":["heartbeats"]})"));
  run.reader->resync_frames({event_kind::book, btc, 0, 0});
  run.read(ack(1, R"({"heartbeats":["heartbeats"]})"));
  EXPECT_TRUE(run.report.subscriptions.empty());
  run.read(ack(2, R"({"heartbeats":["heartbeats"],"level2":["BTC-USD"]})"));
  ASSERT_EQ(run.report.subscriptions.size(), 1u);
  EXPECT_TRUE(run.report.subscriptions[0].accepted);
}

TEST(coinbase, reports_an_error_frame_and_the_subscription_that_it_refuses) {
  bench run;
  const std::vector<stream> wanted{{event_kind::book, run.spot("BTC", "USD"), 0, 0}};
  run.reader->subscribe_frames(wanted);
  run.read(ack(0, R"({"heartbeats":["heartbeats"]})"));
  EXPECT_EQ(run.read(R"({"type":"error","message":"authentication failure"})"),
            frame_outcome::decoded);
  EXPECT_EQ(run.report.error, "authentication failure");
  ASSERT_EQ(run.report.subscriptions.size(), 1u);
  EXPECT_EQ(run.report.subscriptions[0].text, "level2:BTC-USD");
  EXPECT_FALSE(run.report.subscriptions[0].accepted);
  EXPECT_EQ(run.report.subscriptions[0].reason, "authentication failure");
}

TEST(coinbase, takes_every_listed_subscription_as_accepted_where_it_asked_for_nothing) {
  bench run;
  run.read(ack(0, R"({"level2":["BTC-USD","ETH-USD"],"ticker":["BTC-USD"]})"));
  ASSERT_EQ(run.report.subscriptions.size(), 3u);
  for (const auto& answer : run.report.subscriptions) EXPECT_TRUE(answer.accepted);
}

// ---- the venue ----

TEST(coinbase, puts_one_instrument_on_a_connection) {
  bench run;
  std::vector<stream> streams;
  for (const auto* base : {"BTC", "ETH", "SOL"}) {
    const auto more = all_kinds(run.spot(base, "USD"));
    streams.insert(streams.end(), more.begin(), more.end());
  }
  const auto plans = coinbase_venue().plan(streams, {});
  ASSERT_EQ(plans.size(), 3u);
  for (const auto& plan : plans) {
    EXPECT_EQ(plan.url, "wss://advanced-trade-ws.coinbase.com");
    ASSERT_EQ(plan.streams.size(), 4u);
    for (const auto& what : plan.streams) EXPECT_EQ(what.where, plan.streams[0].where);
  }
  EXPECT_EQ(coinbase_venue().plan(streams, {"ws://localhost:9", ""}).at(0).url, "ws://localhost:9");
  EXPECT_EQ(coinbase_venue().symbol_requests({"", "http://localhost:8"}).at(0).url,
            "http://localhost:8/api/v3/brokerage/market/products");
}

TEST(coinbase, refuses_what_it_cannot_give) {
  bench run;
  const auto* const btc = run.spot("BTC", "USD");
  EXPECT_EQ(coinbase_venue().refuses({event_kind::candle, btc, 300'000'000'000, 0}), "");
  EXPECT_NE(coinbase_venue().refuses({event_kind::candle, btc, 60'000'000'000, 0}), "");
  EXPECT_NE(coinbase_venue().refuses({event_kind::funding, btc, 0, 0}), "");
  const auto* const perpetual =
      run.registry.intern("coinbase", instrument::perpetual("BTC", "USD", "USD"), "BIP");
  EXPECT_NE(coinbase_venue().refuses({event_kind::book, perpetual, 0, 0}), "");
  const std::vector<stream> bad{{event_kind::funding, btc, 0, 0}};
  EXPECT_TRUE(coinbase_venue().plan(bad, {}).empty());
}

TEST(coinbase, rejects_a_rest_answer_that_is_no_product_list) {
  bench run;
  run.reader->decode_rest(products_url, frame_of(R"({"error":"unknown"})"), run.out, run.report);
  EXPECT_EQ(run.report.outcome, frame_outcome::rejected);
  run.reader->decode_rest("https://api.coinbase.com/api/v3/brokerage/time", frame_of("{}"), run.out,
                          run.report);
  EXPECT_EQ(run.report.outcome, frame_outcome::rejected);
}

}  // namespace
}  // namespace feedtree::venues
