// The captures of Binance's markets, read through the venue and a second time by the test.
#include "tests/adapters/venues/binance_support.hpp"

#include <map>
#include <set>
#include <vector>

#include "adapters/venues/venue_pipeline.hpp"
#include "core/feed_keeper.hpp"
#include "tests/support/captures.hpp"

namespace feedtree::tests::binance {
namespace {

using text_level = std::pair<std::string, std::string>;

// A book of its own making: prices and quantities at eight decimals.
struct plain_book {
  std::map<std::int64_t, std::int64_t> bids;
  std::map<std::int64_t, std::int64_t> asks;
  void apply(const std::vector<text_level>& bid_levels, const std::vector<text_level>& ask_levels);
};

std::int64_t ms_of(const json_value& from, const char* name) {
  return std::stoll(text_of(from, name)) * 1'000'000;
}

std::vector<text_level> levels_of(const json_value& from) {
  std::vector<text_level> result;
  for (const auto& entry : from.GetArray()) {
    result.emplace_back(entry[0].GetString(), entry[1].GetString());
  }
  return result;
}

std::vector<text_level> texts_of(std::span<const level> from) {
  std::vector<text_level> result;
  for (const auto& entry : from) {
    result.emplace_back(entry.price().to_string(), entry.quantity().to_string());
  }
  return result;
}

std::int64_t fixed_of(std::string_view text) {
  const auto point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  std::string fraction(point < text.size() ? text.substr(point + 1) : "");
  fraction.resize(8, '0');
  return std::stoll(digits + fraction);
}

void plain_book::apply(const std::vector<text_level>& bid_levels,
                       const std::vector<text_level>& ask_levels) {
  const auto put = [](std::map<std::int64_t, std::int64_t>& side, const text_level& entry) {
    const auto quantity = fixed_of(entry.second);
    if (quantity == 0) {
      side.erase(fixed_of(entry.first));
    } else {
      side[fixed_of(entry.first)] = quantity;
    }
  };
  for (const auto& entry : bid_levels) put(bids, entry);
  for (const auto& entry : ask_levels) put(asks, entry);
}

plain_book plain_of(const order_book& book) {
  plain_book result;
  std::vector<level> bids;
  std::vector<level> asks;
  book.top(book_part::bids, book.size(book_part::bids), bids);
  book.top(book_part::asks, book.size(book_part::asks), asks);
  result.apply(texts_of(bids), texts_of(asks));
  return result;
}

void expect_trade(const json_value& data, const event& got) {
  const auto& body = std::get<trade>(got.body);
  EXPECT_EQ(got.key.view(), text_of(data, "a"));
  EXPECT_EQ(body.price.to_string(), text_of(data, "p"));
  EXPECT_EQ(body.quantity.to_string(), text_of(data, "q"));
  EXPECT_EQ(body.side, data["m"].GetBool() ? trade_side::sell : trade_side::buy);
  EXPECT_EQ(got.exchange_ns, ms_of(data, "T"));
}

void expect_quote(const json_value& data, const event& got) {
  const auto& body = std::get<quote>(got.body);
  EXPECT_EQ(got.key.view(), text_of(data, "u"));
  EXPECT_EQ(body.bid_price->to_string(), text_of(data, "b"));
  EXPECT_EQ(body.bid_quantity->to_string(), text_of(data, "B"));
  EXPECT_EQ(body.ask_price->to_string(), text_of(data, "a"));
  EXPECT_EQ(body.ask_quantity->to_string(), text_of(data, "A"));
  EXPECT_EQ(got.exchange_ns, data.HasMember("T") ? ms_of(data, "T") : got.receive_ns);
}

void expect_book(const json_value& data, const event& got, const event_batch& batch) {
  const auto& body = std::get<book_change>(got.body);
  EXPECT_EQ(got.key.view(), text_of(data, "u"));
  EXPECT_EQ(std::to_string(body.first_update_id), text_of(data, "U"));
  EXPECT_EQ(std::to_string(body.last_update_id), text_of(data, "u"));
  const auto previous = text_of(data, "pu");
  EXPECT_EQ(std::to_string(body.previous_update_id), previous.empty() ? "0" : previous);
  EXPECT_EQ(texts_of(batch.bids(body)), levels_of(data["b"]));
  EXPECT_EQ(texts_of(batch.asks(body)), levels_of(data["a"]));
  EXPECT_EQ(got.exchange_ns, ms_of(data, data.HasMember("T") ? "T" : "E"));
}

void expect_candle(const json_value& data, const event& got, bool inverse) {
  const auto& k = data["k"];
  const auto& body = std::get<candle>(got.body);
  const auto prefix = text_of(k, "i") + "-" + std::to_string(ms_of(k, "t")) + "-";
  EXPECT_TRUE(got.key.view().starts_with(prefix)) << got.key.view();
  EXPECT_EQ(body.interval_ns, 60'000'000'000);
  EXPECT_EQ(body.open_ns, ms_of(k, "t"));
  EXPECT_EQ(body.open.to_string(), text_of(k, "o"));
  EXPECT_EQ(body.high.to_string(), text_of(k, "h"));
  EXPECT_EQ(body.low.to_string(), text_of(k, "l"));
  EXPECT_EQ(body.close.to_string(), text_of(k, "c"));
  EXPECT_EQ(body.volume.to_string(), text_of(k, "v"));
  EXPECT_EQ(body.quote_volume.has_value(), !inverse);
  EXPECT_EQ(inverse ? "" : body.quote_volume->to_string(), inverse ? "" : text_of(k, "q"));
  EXPECT_EQ(std::to_string(body.trades), text_of(k, "n"));
  EXPECT_EQ(body.closed, k["x"].GetBool());
  EXPECT_EQ(got.exchange_ns, ms_of(data, "E"));
}

void expect_event(const json_value& root, const event& got, const event_batch& batch) {
  const auto& data = root["data"];
  const auto name = text_of(root, "stream");
  EXPECT_EQ(got.where->venue_symbol, text_of(data, "s"));
  if (name.ends_with("@aggTrade")) expect_trade(data, got);
  if (name.ends_with("@bookTicker")) expect_quote(data, got);
  if (name.ends_with("@depth@100ms")) expect_book(data, got, batch);
  if (name.ends_with("@kline_1m")) {
    expect_candle(data, got, got.where->details.settle == got.where->details.base);
  }
}

void expect_snapshot(const json_value& body, const event& got, const event_batch& batch) {
  const auto& change = std::get<book_change>(got.body);
  EXPECT_TRUE(change.snapshot);
  EXPECT_EQ(got.key.view(), "s" + text_of(body, "lastUpdateId"));
  EXPECT_EQ(std::to_string(change.last_update_id), text_of(body, "lastUpdateId"));
  EXPECT_EQ(texts_of(batch.bids(change)), levels_of(body["bids"]));
  EXPECT_EQ(texts_of(batch.asks(change)), levels_of(body["asks"]));
  EXPECT_EQ(got.exchange_ns, body.HasMember("T") ? ms_of(body, "T") : got.receive_ns);
}

venues::venue_pipeline run(const capture_facts& facts, listing_registry& registry,
                           event_batch& out) {
  venues::venue_pipeline pipeline(*venues::find_venue(facts.venue), registry);
  for (const auto& record : capture_records(facts.path)) {
    const auto frame = frame_of(record.text, record.receive_ns);
    if (record.type == capture_record::what::http) pipeline.rest(record.url, frame, out);
    if (record.type == capture_record::what::frame) pipeline.frame(record.connection, frame, out);
    if (record.type == capture_record::what::connect)
      pipeline.connect(record.connection, record.url);
  }
  return pipeline;
}

std::string content_of(const event& what, const event_batch& batch) {
  std::string text = event_id(what) + " " + std::to_string(what.exchange_ns);
  if (const auto* change = std::get_if<book_change>(&what.body)) {
    for (const auto& [price, quantity] : texts_of(batch.all(*change))) text += price + quantity;
  }
  if (const auto* body = std::get_if<quote>(&what.body)) {
    text += body->bid_price->to_string() + body->bid_quantity->to_string();
    text += body->ask_price->to_string() + body->ask_quantity->to_string();
  }
  return text;
}

class binance_capture : public testing::TestWithParam<capture_facts> {};

TEST_P(binance_capture, gives_what_an_independent_reading_gives) {
  FEEDTREE_CAPTURE(path, GetParam().name);
  const auto facts = GetParam().at(path);
  single with(facts.venue);
  std::map<event_kind, std::size_t> counts;
  for (const auto& entry : decode_capture(with, facts.path)) {
    ASSERT_EQ(entry.report.outcome, frame_outcome::decoded) << entry.report.reason;
    if (entry.record.url.find("exchangeInfo") != std::string::npos) continue;
    ASSERT_EQ(entry.events.events.size(), 1U);
    const auto& got = entry.events.events[0];
    const auto document = parse(entry.record.text);
    if (entry.record.type == capture_record::what::http) {
      expect_snapshot(document, got, entry.events);
      continue;
    }
    ++counts[got.kind()];
    EXPECT_EQ(got.receive_ns, entry.record.receive_ns);
    expect_event(document, got, entry.events);
    if (testing::Test::HasFailure()) FAIL() << entry.record.text.substr(0, 300);
  }
  EXPECT_GT(counts[event_kind::trade], 0U);
  EXPECT_EQ(counts.size(), 4U) << "trades, books, quotes and candles";
}

TEST_P(binance_capture, is_continuous_and_never_crossed) {
  FEEDTREE_CAPTURE(path, GetParam().name);
  const auto facts = GetParam().at(path);
  listing_registry registry;
  event_batch out;
  const auto pipeline = run(facts, registry, out);
  const auto counts = pipeline.continuity();
  EXPECT_EQ(pipeline.frames().received, facts.frames);
  EXPECT_EQ(pipeline.frames().decoded, facts.frames);
  EXPECT_EQ(pipeline.quarantined(), 0U);
  EXPECT_EQ(counts.snapshots, facts.books);
  EXPECT_EQ(counts.sequence_ok, facts.contiguous);
  EXPECT_EQ(detections(counts) + counts.crossed + counts.without_snapshot, 0U);
  EXPECT_EQ(pipeline.books().size(), facts.books);
  for (const auto* keeper : pipeline.books()) {
    EXPECT_EQ(keeper->state(), feed_state::live) << keeper->where()->symbol;
    EXPECT_FALSE(keeper->book().crossed()) << keeper->where()->symbol;
  }
}

// Spot drops what the snapshot holds already (u <= id); futures drop u < id, where applying u == id
// once more changes nothing.
TEST_P(binance_capture, ends_with_the_books_of_a_plain_reading) {
  FEEDTREE_CAPTURE(path, GetParam().name);
  const auto facts = GetParam().at(path);
  std::map<std::string, plain_book> expected;
  std::map<std::string, std::uint64_t> snapshot_ids;
  const auto records = capture_records(path);
  for (const auto& record : records) {
    if (record.url.find("/depth?") == std::string::npos) continue;
    const auto symbol = record.url.substr(record.url.find('=') + 1);
    const auto document = parse(record.text);
    auto& book = expected[symbol.substr(0, symbol.find('&'))];
    book.apply(levels_of(document["bids"]), levels_of(document["asks"]));
    snapshot_ids[symbol.substr(0, symbol.find('&'))] =
        std::stoull(text_of(document, "lastUpdateId"));
  }
  for (const auto& record : records) {
    if (record.type != capture_record::what::frame) continue;
    const auto document = parse(record.text);
    const auto& data = document["data"];
    if (text_of(data, "e") != "depthUpdate") continue;
    const auto symbol = text_of(data, "s");
    if (std::stoull(text_of(data, "u")) <= snapshot_ids.at(symbol)) continue;
    expected[symbol].apply(levels_of(data["b"]), levels_of(data["a"]));
  }
  listing_registry registry;
  event_batch out;
  const auto pipeline = run(facts, registry, out);
  ASSERT_EQ(pipeline.books().size(), expected.size());
  for (const auto* keeper : pipeline.books()) {
    const auto got = plain_of(keeper->book());
    EXPECT_EQ(got.bids, expected.at(keeper->where()->venue_symbol).bids);
    EXPECT_EQ(got.asks, expected.at(keeper->where()->venue_symbol).asks);
  }
}

TEST_P(binance_capture, has_tops_equal_to_the_best_bid_and_offer) {
  FEEDTREE_CAPTURE(path, GetParam().name);
  const auto facts = GetParam().at(path);
  listing_registry registry;
  event_batch out;
  run(facts, registry, out);
  std::map<std::string, const quote*> quotes;
  for (const auto& entry : out.events) {
    if (const auto* body = std::get_if<quote>(&entry.body)) {
      quotes[entry.where->symbol + std::string(entry.key.view())] = body;
    }
  }
  std::map<const listing*, order_book> books;
  std::size_t compared = 0;
  for (const auto& entry : out.events) {
    const auto* change = std::get_if<book_change>(&entry.body);
    if (change == nullptr) continue;
    auto& book = books[entry.where];
    apply_counts counts;
    if (change->snapshot) book.clear();
    book.apply(book_part::bids, out.bids(*change), counts);
    book.apply(book_part::asks, out.asks(*change), counts);
    const auto found = quotes.find(entry.where->symbol + std::to_string(change->last_update_id));
    if (found == quotes.end()) continue;
    ++compared;
    EXPECT_EQ(book.best(book_part::bids)->price(), found->second->bid_price);
    EXPECT_EQ(book.best(book_part::bids)->quantity(), found->second->bid_quantity);
    EXPECT_EQ(book.best(book_part::asks)->price(), found->second->ask_price);
    EXPECT_EQ(book.best(book_part::asks)->quantity(), found->second->ask_quantity);
  }
  EXPECT_GE(compared, facts.tops);
  RecordProperty("compared", static_cast<int>(compared));
}

TEST_P(binance_capture, gives_the_same_unique_ids_on_every_run) {
  FEEDTREE_CAPTURE(path, GetParam().name);
  const auto facts = GetParam().at(path);
  std::vector<std::string> first;
  std::set<std::string> ids;
  std::set<std::string> contents;
  for (int pass = 0; pass < 2; ++pass) {
    single with(facts.venue);
    std::size_t at = 0;
    for (const auto& entry : decode_capture(with, facts.path)) {
      for (const auto& got : entry.events.events) {
        EXPECT_TRUE(got.key.fits() && !got.key.empty());
        if (pass == 1) {
          ASSERT_LT(at, first.size());
          EXPECT_EQ(event_id(got), first[at++]);
          continue;
        }
        first.push_back(event_id(got));
        ids.insert(event_id(got));
        contents.insert(content_of(got, entry.events));
      }
    }
  }
  EXPECT_GE(first.size(), facts.frames);
  EXPECT_EQ(ids.size(), contents.size()) << "an id stands for two different events";
}

INSTANTIATE_TEST_SUITE_P(all, binance_capture, testing::ValuesIn(all_captures), capture_label);

}  // namespace
}  // namespace feedtree::tests::binance
