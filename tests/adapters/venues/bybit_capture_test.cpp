// Bybit against a real capture, read a second time with another parser.
#include <gtest/gtest.h>

#include "tests/adapters/venues/bybit_okx_support.hpp"

namespace feedtree::tests {
namespace {

constexpr const char* capture_name = "bybit/v5_cryptofeed_20260809.jsonl.zst";

// "linear" or "spot", by the connection's address.
std::map<std::string, std::string> channels_of(const std::vector<capture_record>& records) {
  std::map<std::string, std::string> result;
  for (const auto& record : records) {
    if (record.type != capture_record::what::connect) continue;
    result[record.connection] = record.url.substr(record.url.rfind('/') + 1);
  }
  return result;
}

std::string instrument_name(const std::string& channel, const std::string& symbol) {
  const auto pair = symbol.substr(0, symbol.size() - 4) + "-USDT";
  return channel == "spot" ? pair : pair + "-PERP";
}

// Calls visit(instrument, topic name, document) for each data frame.
template <class Visit>
void for_frames(const std::vector<capture_record>& records, Visit&& visit) {
  const auto channels = channels_of(records);
  for (const auto& record : records) {
    if (record.type != capture_record::what::frame) continue;
    const auto document = parse_text(record.text);
    const auto topic = member_text(document, "topic");
    if (topic.empty()) continue;
    const auto symbol = topic.substr(topic.rfind('.') + 1);
    visit(instrument_name(channels.at(record.connection), symbol), topic.substr(0, topic.find('.')),
          document);
  }
}

TEST(bybit, decodes_every_frame_of_a_capture_and_finds_every_book_contiguous) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto records = capture_records(path);
  capture_run run("bybit");
  run.take(records);
  EXPECT_EQ(run.pipeline.frames().received, 3227U);
  EXPECT_EQ(run.pipeline.frames().decoded, 3227U);
  EXPECT_EQ(run.pipeline.frames().rejected, 0U);
  const auto counters = run.pipeline.continuity();
  EXPECT_EQ(counters.sequence_ok, 2142U);
  EXPECT_EQ(counters.sequence_gaps, 0U);
  EXPECT_EQ(counters.duplicates, 0U);
  EXPECT_EQ(counters.crossed, 0U);
  EXPECT_EQ(counters.unknown_deletes, 0U);
  EXPECT_EQ(counters.snapshots, 6U);
  EXPECT_EQ(run.pipeline.quarantined(), 0U);
  ASSERT_EQ(run.pipeline.books().size(), 6U);
  for (const auto* keeper : run.pipeline.books()) {
    EXPECT_EQ(keeper->state(), feed_state::live);
    EXPECT_EQ(keeper->book().size(book_part::bids), 200U) << keeper->where()->symbol;
    EXPECT_EQ(keeper->book().size(book_part::asks), 200U) << keeper->where()->symbol;
    EXPECT_FALSE(keeper->book().crossed());
  }
}

TEST(bybit, keeps_spot_and_linear_books_of_the_same_symbol_apart) {
  FEEDTREE_CAPTURE(path, capture_name);
  capture_run run("bybit");
  run.take(capture_records(path));
  const auto hashes = run.hashes();
  ASSERT_TRUE(hashes.contains("BTC-USDT"));
  ASSERT_TRUE(hashes.contains("BTC-USDT-PERP"));
  EXPECT_NE(hashes.at("BTC-USDT"), hashes.at("BTC-USDT-PERP"));
}

TEST(bybit, gives_every_trade_as_another_parser_reads_it) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto records = capture_records(path);
  std::vector<std::string> expected;
  for_frames(records, [&](const std::string& name, const std::string& topic, const auto& frame) {
    if (topic != "publicTrade") return;
    for (const auto& entry : frame["data"].GetArray()) {
      expected.push_back(name + " " + text_of(entry["p"]) + " " + text_of(entry["v"]) + " " +
                         text_of(entry["S"]) + " " + text_of(entry["i"]) + " " +
                         text_of(entry["T"]) + "000000");
    }
  });
  capture_run run("bybit");
  run.take(records);
  std::vector<std::string> found;
  for (const auto& what : run.out.events) {
    const auto* const body = std::get_if<trade>(&what.body);
    if (body == nullptr) continue;
    found.push_back(what.where->symbol + " " + body->price.to_string() + " " +
                    body->quantity.to_string() +
                    (body->side == trade_side::buy ? " Buy " : " Sell ") +
                    std::string(what.key.view()) + " " + std::to_string(what.exchange_ns));
  }
  EXPECT_GT(expected.size(), 120U);
  EXPECT_EQ(found, expected);
}

TEST(bybit, ends_with_the_books_that_another_parser_and_a_map_end_with) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto records = capture_records(path);
  std::map<std::string, std::map<std::string, std::string>> expected;  // book, side+price: quantity
  for_frames(records, [&](const std::string& name, const std::string& topic, const auto& frame) {
    if (topic != "orderbook") return;
    auto& book = expected[name];
    if (text_of(frame["type"]) == "snapshot") book.clear();
    for (const char* const side : {"b", "a"}) {
      for (const auto& entry : frame["data"][side].GetArray()) {
        const auto price = side + text_of(entry[0]);
        book[price] = text_of(entry[1]);
        if (text_of(entry[1]) == "0") book.erase(price);
      }
    }
  });
  capture_run run("bybit");
  run.take(records);
  ASSERT_EQ(run.pipeline.books().size(), expected.size());
  for (const auto* keeper : run.pipeline.books()) {
    std::map<std::string, std::string> found;
    for (const auto part : {book_part::bids, book_part::asks}) {
      keeper->book().for_top(part, 1000, [&](const level& entry) {
        found[(part == book_part::bids ? "b" : "a") + entry.price().to_string()] =
            entry.quantity().to_string();
      });
    }
    EXPECT_EQ(found, expected.at(keeper->where()->symbol)) << keeper->where()->symbol;
  }
}

// The matching engine's sequence, which ends a book's and a ticker's key.
std::uint64_t sequence_of(const event& what) {
  const auto key = std::string(what.key.view());
  return std::stoull(key.substr(key.find('-') + 1));
}

struct merged_ticker {
  std::map<std::string, std::string> fields;
  std::string funding;
  std::string interest;
};

TEST(bybit, merges_partial_tickers_and_tells_funding_and_interest_when_they_change) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto records = capture_records(path);
  std::map<std::string, merged_ticker> state;
  std::vector<std::string> expected;
  std::size_t fundings = 0;
  std::size_t interests = 0;
  std::size_t candles = 0;
  for_frames(records, [&](const std::string& name, const std::string& topic, const auto& frame) {
    if (topic == "kline") candles += frame["data"].Size();
    if (topic != "tickers") return;
    auto& [fields, funding_told, interest_told] = state[name];
    if (text_of(frame["type"]) == "snapshot") fields.clear();
    for (const auto& field : frame["data"].GetObject())
      fields[text_of(field.name)] = text_of(field.value);
    std::string line = name;
    for (const char* const field :
         {"lastPrice", "bid1Price", "bid1Size", "ask1Price", "ask1Size", "prevPrice24h",
          "highPrice24h", "lowPrice24h", "volume24h", "turnover24h", "markPrice", "indexPrice"}) {
      line += "|" + fields[field];
    }
    expected.push_back(line);
    const auto funding_now = fields["fundingRate"] + fields["nextFundingTime"];
    const auto interest_now = fields["openInterest"] + "|" + fields["openInterestValue"];
    if (!fields["fundingRate"].empty() && std::exchange(funding_told, funding_now) != funding_now) {
      ++fundings;
    }
    if (!fields["openInterest"].empty() &&
        std::exchange(interest_told, interest_now) != interest_now) {
      ++interests;
    }
  });
  capture_run run("bybit");
  run.take(records);
  std::vector<std::string> found;
  std::map<event_kind, std::size_t> kinds;
  for (const auto& what : run.out.events) {
    ++kinds[what.kind()];
    const auto* const body = std::get_if<ticker>(&what.body);
    if (body == nullptr) continue;
    std::string line = what.where->symbol;
    for (const auto& value :
         {body->last_price, body->bid_price, body->bid_quantity, body->ask_price,
          body->ask_quantity, body->open_price, body->high_price, body->low_price, body->volume,
          body->quote_volume, body->mark_price, body->index_price}) {
      line += "|" + optional_text(value);
    }
    found.push_back(line);
  }
  EXPECT_EQ(found.size(), 839U);
  EXPECT_EQ(found, expected);
  EXPECT_EQ(kinds[event_kind::funding], fundings);
  EXPECT_EQ(kinds[event_kind::open_interest], interests);
  EXPECT_GE(fundings, 4U);
  EXPECT_GT(interests, fundings);
  EXPECT_EQ(kinds[event_kind::candle], candles);
  EXPECT_GT(kinds[event_kind::quote], 100U);
}

std::string top_text(const decimal& bid, const decimal& ask) {
  return bid.to_string() + "/" + ask.to_string();
}

// The book is sent every 100 ms, the ticker too, at other moments: a ticker is to show the top of
// the book of the update before it or of the one after it, by the matching engine's sequence.
TEST(bybit, has_the_top_of_book_that_the_tickers_show) {
  FEEDTREE_CAPTURE(path, capture_name);
  capture_run run("bybit");
  std::map<std::string, std::map<std::uint64_t, std::string>> tops;  // by book and sequence
  std::vector<event> tickers;
  for (const auto& record : capture_records(path)) {
    run.out.clear();
    run.take(record);
    for (const auto& what : run.out.events) {
      if (what.kind() == event_kind::ticker) tickers.push_back(what);
      if (what.kind() != event_kind::book) continue;
      for (const auto* keeper : run.pipeline.books()) {
        if (keeper->where() != what.where) continue;
        tops[what.where->symbol][sequence_of(what)] =
            top_text(keeper->book().best(book_part::bids)->price(),
                     keeper->book().best(book_part::asks)->price());
      }
    }
  }
  std::size_t compared = 0;
  std::size_t equal = 0;
  for (const auto& what : tickers) {
    const auto& body = std::get<ticker>(what.body);
    const auto& of_book = tops[what.where->symbol];
    const auto after = of_book.upper_bound(sequence_of(what));
    if (!body.bid_price || after == of_book.begin() || after == of_book.end()) continue;
    const auto shown = top_text(*body.bid_price, *body.ask_price);
    ++compared;
    equal += shown == after->second || shown == std::prev(after)->second ? 1 : 0;
  }
  EXPECT_GT(compared, 700U);
  EXPECT_GE(equal * 100, compared * 99) << equal << " of " << compared;
  RecordProperty("compared", static_cast<int>(compared));
  RecordProperty("equal", static_cast<int>(equal));
}

TEST(bybit, gives_the_same_unique_ids_on_every_run) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto records = capture_records(path);
  capture_run first("bybit");
  capture_run second("bybit");
  first.take(records);
  second.take(records);
  EXPECT_EQ(ids_of(first.out), ids_of(second.out));
  expect_keys_are_unique(first.out);
}

TEST(bybit, finds_every_dropped_repeated_or_swapped_update_but_the_dropped_last_one) {
  FEEDTREE_CAPTURE(path, capture_name);
  const decoded_capture decoded("bybit", capture_records(path));
  std::size_t tried = 0;
  for (const auto& [name, events] : decoded.books()) {
    const auto intact = run_book("bybit", events, decoded.all, fault::none, 0);
    ASSERT_EQ(intact.seen, 0U);
    for (std::size_t at = 1; at < events.size(); ++at, ++tried) {
      const bool is_last = at + 1 == events.size();
      EXPECT_EQ(run_book("bybit", events, decoded.all, fault::drop, at).seen > 0, !is_last)
          << name << at;
      const auto repeated = run_book("bybit", events, decoded.all, fault::repeat, at);
      EXPECT_EQ(repeated.counters.duplicates, 1U) << name << at;
      EXPECT_EQ(repeated.hash, intact.hash) << name << at;
      if (is_last) continue;
      EXPECT_GT(run_book("bybit", events, decoded.all, fault::swap, at).seen, 0U) << name << at;
    }
  }
  EXPECT_EQ(tried, 2142U);
}

// The volume of the candles shows a missing trade as soon as a candle has come that counts it, a
// second was waited, and the first candle was there before.
TEST(bybit, finds_frames_of_trades_that_were_dropped) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto records = capture_records(path);
  std::size_t tried = 0;
  std::size_t found = 0;
  for (std::size_t skip = 0; skip < records.size(); ++skip) {
    if (records[skip].text.find("\"topic\":\"publicTrade.") == std::string::npos) continue;
    capture_run run("bybit");
    for (std::size_t index = 0; index < records.size(); ++index) {
      if (index != skip) run.take(records[index]);
    }
    ++tried;
    found += run.pipeline.continuity().sequence_gaps;
  }
  EXPECT_EQ(tried, 120U);
  EXPECT_GE(found, 80U);
}

TEST(bybit, leaves_the_neighbours_alone_when_an_update_is_lost) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto records = capture_records(path);
  capture_run intact("bybit");
  intact.take(records);
  const auto expected = intact.hashes();
  for (std::size_t skip = 100; skip < records.size(); skip += 211) {
    if (records[skip].text.find("\"delta\"") == std::string::npos ||
        records[skip].text.find("orderbook.200.ETHUSDT") == std::string::npos) {
      continue;
    }
    capture_run run("bybit");
    for (std::size_t index = 0; index < records.size(); ++index) {
      if (index != skip) run.take(records[index]);
    }
    EXPECT_EQ(run.pipeline.continuity().sequence_gaps, 1U);
    for (const auto& [name, hash] : run.hashes()) {
      if (name.starts_with("ETH-")) continue;
      EXPECT_EQ(hash, expected.at(name)) << name;
    }
  }
}

TEST(bybit, reads_the_whole_instruments_list) {
  FEEDTREE_CAPTURE(path, capture_name);
  one_session with("bybit", "");
  std::size_t listed = 0;
  std::size_t named_alike = 0;
  for (const auto& record : capture_records(path)) {
    if (record.type != capture_record::what::http) continue;
    with.session->decode_rest(record.url, frame_of(record.text), with.out, with.report);
    EXPECT_EQ(with.report.outcome, venues::frame_outcome::decoded) << with.report.reason;
    const auto document = parse_text(record.text);
    const auto category = member_text(document["result"], "category");
    // A second table, filled by the rules of naming alone, must agree.
    one_session bare("bybit", "wss://stream.bybit.com/v5/public/" + category);
    for (const auto& entry : document["result"]["list"].GetArray()) {
      ++listed;
      const auto symbol = text_of(entry["symbol"]);
      const auto* const listed_as = with.symbols.of(category).find(symbol);
      ASSERT_NE(listed_as, nullptr) << symbol;
      EXPECT_EQ(listed_as->details.base, text_of(entry["baseCoin"]));
      EXPECT_EQ(listed_as->details.quote, text_of(entry["quoteCoin"]));
      bare.decode(R"({"topic":"publicTrade.)" + symbol +
                  R"(","type":"snapshot","ts":1,"data":[]})");
      const auto* const named_as = bare.symbols.of(category).find(symbol);
      if (named_as != nullptr && named_as->symbol == listed_as->symbol) ++named_alike;
    }
  }
  EXPECT_EQ(listed, 1357U);
  EXPECT_EQ(named_alike, listed);
}

}  // namespace
}  // namespace feedtree::tests
