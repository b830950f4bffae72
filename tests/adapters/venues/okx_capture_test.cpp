// OKX against real captures of both eras, read a second time with another parser.
#include <gtest/gtest.h>

#include <algorithm>

#include "adapters/venues/okx_guard.hpp"
#include "tests/adapters/venues/bybit_okx_support.hpp"

namespace feedtree::tests {
namespace {

// Checksums and no seqIds.
constexpr const char* capture_2022 = "okx/v5_cryptofeed_20220513.jsonl.zst";
// SeqIds, checksum 0, no snapshot.
constexpr const char* capture_2026 = "okx/v5_books_updates_20260824.jsonl";

std::string instrument_name(const std::string& inst_id) {
  if (inst_id == "BTC-USD-220527") return "BTC-USD-BTC-20220527";
  if (inst_id == "UNI-USD-SWAP") return "UNI-USD-UNI-PERP";
  return inst_id;
}

// Calls visit(instrument, channel, document) for each frame with data.
template <class Visit>
void for_frames(const std::vector<capture_record>& records, Visit&& visit) {
  for (const auto& record : records) {
    if (record.type != capture_record::what::frame) continue;
    const auto document = parse_text(record.text);
    if (!document.HasMember("data")) continue;
    visit(instrument_name(text_of(document["arg"]["instId"])), text_of(document["arg"]["channel"]),
          document);
  }
}

// The events of the capture of 2022 as the venue sends them today: numbers, and no checksum.
std::vector<event> numbered(std::vector<event> events) {
  std::uint64_t last = 0;
  std::uint64_t next = 80274874887;
  for (auto& what : events) {
    auto& change = std::get<book_change>(what.body);
    change.has_checksum = false;
    change.previous_update_id = std::exchange(last, next);
    change.last_update_id = change.first_update_id = next;
    next += 7 + next % 5;
  }
  return events;
}

TEST(okx, decodes_every_frame_of_2022_and_finds_every_checksum_right) {
  FEEDTREE_CAPTURE(path, capture_2022);
  capture_run run("okx");
  run.take(capture_records(path));
  EXPECT_EQ(run.pipeline.frames().received, 410U);
  EXPECT_EQ(run.pipeline.frames().decoded, 410U);
  EXPECT_EQ(run.pipeline.frames().rejected, 0U);
  const auto counters = run.pipeline.continuity();
  EXPECT_EQ(counters.checksum_ok, 290U);
  EXPECT_EQ(counters.checksum_failed, 0U);
  EXPECT_EQ(counters.sequence_gaps, 0U);
  EXPECT_EQ(counters.crossed, 0U);
  EXPECT_EQ(counters.snapshots, 3U);
  EXPECT_EQ(run.pipeline.quarantined(), 0U);
  EXPECT_TRUE(run.pipeline.complaints().empty());
  ASSERT_EQ(run.pipeline.books().size(), 3U);
  for (const auto* keeper : run.pipeline.books()) {
    EXPECT_EQ(keeper->state(), feed_state::live);
    EXPECT_FALSE(keeper->book().crossed());
    EXPECT_LE(keeper->book().size(book_part::asks), 400U);
  }
}

TEST(okx, gives_every_trade_as_another_parser_reads_it) {
  FEEDTREE_CAPTURE(path, capture_2022);
  const auto records = capture_records(path);
  std::vector<std::string> expected;
  for_frames(records, [&](const std::string& name, const std::string& channel, const auto& frame) {
    if (channel != "trades") return;
    for (const auto& entry : frame["data"].GetArray()) {
      expected.push_back(name + " " + text_of(entry["px"]) + " " + text_of(entry["sz"]) + " " +
                         text_of(entry["side"]) + " " + text_of(entry["tradeId"]) + " " +
                         text_of(entry["ts"]) + "000000");
    }
  });
  capture_run run("okx");
  run.take(records);
  std::vector<std::string> found;
  for (const auto& what : run.out.events) {
    const auto* const body = std::get_if<trade>(&what.body);
    if (body == nullptr) continue;
    found.push_back(what.where->symbol + " " + body->price.to_string() + " " +
                    body->quantity.to_string() + " " + std::string(to_string(body->side)) + " " +
                    std::string(what.key.view()) + " " + std::to_string(what.exchange_ns));
  }
  EXPECT_GE(expected.size(), 74U);
  EXPECT_EQ(found, expected);
}

TEST(okx, ends_with_the_books_that_another_parser_and_a_map_end_with) {
  FEEDTREE_CAPTURE(path, capture_2022);
  const auto records = capture_records(path);
  std::map<std::string, std::map<std::string, std::string>> expected;
  for_frames(records, [&](const std::string& name, const std::string& channel, const auto& frame) {
    if (channel != "books") return;
    auto& book = expected[name];
    if (text_of(frame["action"]) == "snapshot") book.clear();
    for (const char* const side : {"bids", "asks"}) {
      for (const auto& entry : frame["data"][0][side].GetArray()) {
        const auto price = side + text_of(entry[0]);
        book[price] = text_of(entry[1]);
        if (text_of(entry[1]) == "0") book.erase(price);
      }
    }
  });
  capture_run run("okx");
  run.take(records);
  ASSERT_EQ(run.pipeline.books().size(), expected.size());
  for (const auto* keeper : run.pipeline.books()) {
    std::map<std::string, std::string> found;
    for (const auto part : {book_part::bids, book_part::asks}) {
      keeper->book().for_top(part, 1000, [&](const level& entry) {
        found[(part == book_part::bids ? "bids" : "asks") + entry.price().to_string()] =
            entry.quantity().to_string();
      });
    }
    EXPECT_EQ(found, expected.at(keeper->where()->symbol)) << keeper->where()->symbol;
  }
}

// The bid and ask of a ticker of 2022 are up to four seconds older than the ticker: they are to be
// the top of the book at some update in that time. The first two tickers are older than the book.
TEST(okx, had_the_top_of_book_that_the_tickers_show) {
  FEEDTREE_CAPTURE(path, capture_2022);
  capture_run run("okx");
  std::multimap<std::string, std::int64_t> tops;  // exchange times of BTC-USDT's book, by its top
  std::vector<event> tickers;
  const auto text = [](const decimal& bid, const decimal& ask) {
    return bid.to_string() + "/" + ask.to_string();
  };
  for (const auto& record : capture_records(path)) {
    run.out.clear();
    run.take(record);
    for (const auto& what : run.out.events) {
      if (what.where->symbol != "BTC-USDT") continue;
      if (what.kind() == event_kind::ticker) tickers.push_back(what);
      if (what.kind() != event_kind::book) continue;
      for (const auto* keeper : run.pipeline.books()) {
        if (keeper->where() != what.where) continue;
        tops.emplace(text(keeper->book().best(book_part::bids)->price(),
                          keeper->book().best(book_part::asks)->price()),
                     what.exchange_ns);
      }
    }
  }
  ASSERT_EQ(tickers.size(), 25U);
  std::size_t found = 0;
  for (const auto& what : tickers) {
    const auto& body = std::get<ticker>(what.body);
    const auto [begin, end] = tops.equal_range(text(*body.bid_price, *body.ask_price));
    found += std::any_of(begin, end, [&](const auto& entry) {
      const auto age_ns = what.exchange_ns - entry.second;
      return age_ns >= 0 && age_ns < 4'000'000'000;
    });
  }
  EXPECT_EQ(found, 23U);
}

TEST(okx, gives_the_same_unique_ids_on_every_run) {
  FEEDTREE_CAPTURE(path, capture_2022);
  const auto records = capture_records(path);
  capture_run first("okx");
  capture_run second("okx");
  first.take(records);
  second.take(records);
  EXPECT_EQ(ids_of(first.out), ids_of(second.out));
  expect_keys_are_unique(first.out);
}

TEST(okx, names_instruments_from_the_list_as_by_the_rules_alone) {
  FEEDTREE_CAPTURE(path, capture_2022);
  one_session with("okx", "");
  std::set<std::string> seen;
  for (const auto& record : capture_records(path)) {
    if (record.type != capture_record::what::http || !seen.insert(record.url).second) continue;
    with.session->decode_rest(record.url, frame_of(record.text), with.out, with.report);
    ASSERT_EQ(with.report.outcome, venues::frame_outcome::decoded) << with.report.reason;
    one_session bare("okx", "");
    const auto document = parse_text(record.text);
    for (const auto& entry : document["data"].GetArray()) {
      const auto inst_id = text_of(entry["instId"]);
      const auto* const listed = with.symbols.of("").find(inst_id);
      ASSERT_NE(listed, nullptr) << inst_id;
      bare.decode(R"({"arg":{"channel":"trades","instId":")" + inst_id + R"("},"data":[]})");
      const auto* const named = bare.symbols.of("").find(inst_id);
      ASSERT_NE(named, nullptr) << inst_id;
      EXPECT_EQ(named->symbol, listed->symbol);
    }
  }
  EXPECT_EQ(seen.size(), 5U);
  EXPECT_NE(with.registry.find("okx", "BTC-USD-BTC-20220514-22000-C"), nullptr);
}

TEST(okx, links_the_updates_of_2026_by_their_numbers) {
  FEEDTREE_CAPTURE(path, capture_2026);
  const auto records = capture_records(path);
  ASSERT_EQ(records.size(), 5U);
  // The snapshot that the file leaves out, as far as the chain needs it.
  capture_record snapshot;
  snapshot.text =
      R"({"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{"asks":)"
      R"([["78722.7","1","0","1"]],"bids":[["78700","1","0","1"]],"ts":"1787612486207","checksum":0,)"
      R"("seqId":80274874876,"prevSeqId":-1}]})";
  capture_run run("okx");
  run.take(snapshot);
  run.take(records);
  EXPECT_EQ(run.pipeline.frames().decoded, 6U);
  EXPECT_EQ(run.pipeline.continuity().sequence_ok, 5U);
  EXPECT_EQ(run.pipeline.continuity().checksum_ok + run.pipeline.continuity().checksum_failed, 0U);
  EXPECT_EQ(run.pipeline.continuity().sequence_gaps, 0U);
  for (std::size_t skip = 0; skip < 4; ++skip) {
    capture_run broken("okx");
    broken.take(snapshot);
    for (std::size_t index = 0; index < records.size(); ++index) {
      if (index != skip) broken.take(records[index]);
    }
    EXPECT_EQ(broken.pipeline.continuity().sequence_gaps, 1U) << skip;
  }
}

TEST(okx, finds_every_fault_but_a_dropped_last_update_where_updates_are_numbered) {
  FEEDTREE_CAPTURE(path, capture_2022);
  const decoded_capture decoded("okx", capture_records(path));
  std::size_t tried = 0;
  for (const auto& [name, plain] : decoded.books()) {
    const auto events = numbered(plain);
    const auto intact = run_book("okx", events, decoded.all, fault::none, 0);
    ASSERT_EQ(intact.seen, 0U);
    ASSERT_EQ(intact.counters.sequence_ok, events.size() - 1);
    for (std::size_t at = 1; at < events.size(); ++at, ++tried) {
      const bool is_last = at + 1 == events.size();
      EXPECT_EQ(run_book("okx", events, decoded.all, fault::drop, at).seen > 0, !is_last)
          << name << at;
      const auto repeated = run_book("okx", events, decoded.all, fault::repeat, at);
      EXPECT_EQ(repeated.counters.duplicates, 1U) << name << at;
      EXPECT_EQ(repeated.hash, intact.hash) << name << at;
      if (is_last) continue;
      EXPECT_GT(run_book("okx", events, decoded.all, fault::swap, at).seen, 0U) << name << at;
    }
  }
  EXPECT_EQ(tried, 287U);
}

// Without numbers the checksum covers the 25 best levels only. What it cannot see in this capture:
// eleven updates that the next ones overwrite, so that the book ends as it should, and of course
// the last of each book.
TEST(okx, finds_by_checksum_every_fault_that_does_not_heal) {
  FEEDTREE_CAPTURE(path, capture_2022);
  const decoded_capture decoded("okx", capture_records(path));
  std::map<std::string, std::size_t> unseen;
  std::size_t tried = 0;
  for (const auto& [name, events] : decoded.books()) {
    const auto intact = run_book("okx", events, decoded.all, fault::none, 0);
    ASSERT_EQ(intact.seen, 0U);
    for (std::size_t at = 1; at < events.size(); ++at, ++tried) {
      const bool is_last = at + 1 == events.size();
      const auto dropped = run_book("okx", events, decoded.all, fault::drop, at);
      if (dropped.seen == 0 && !is_last) {
        ++unseen[name];
        EXPECT_EQ(dropped.hash, intact.hash) << name << at;
      }
      EXPECT_EQ(run_book("okx", events, decoded.all, fault::repeat, at).counters.duplicates, 1U);
      if (!is_last) {
        EXPECT_GT(run_book("okx", events, decoded.all, fault::swap, at).seen, 0U) << name << at;
      }
    }
  }
  EXPECT_EQ(tried, 287U);
  EXPECT_EQ(unseen, (std::map<std::string, std::size_t>{{"BTC-USD-BTC-20220527", 1},
                                                        {"UNI-USD-UNI-PERP", 10}}));
}

TEST(okx, leaves_the_neighbours_alone_when_an_update_is_lost) {
  FEEDTREE_CAPTURE(path, capture_2022);
  const auto records = capture_records(path);
  capture_run intact("okx");
  intact.take(records);
  const auto expected = intact.hashes();
  std::size_t tried = 0;
  for (std::size_t skip = 0; skip < records.size(); skip += 7) {
    if (records[skip].text.find(R"("instId":"BTC-USDT"},"action":"update")") == std::string::npos) {
      continue;
    }
    capture_run run("okx");
    for (std::size_t index = 0; index < records.size(); ++index) {
      if (index != skip) run.take(records[index]);
    }
    ++tried;
    EXPECT_EQ(run.pipeline.continuity().checksum_failed, 1U) << skip;
    for (const auto& [name, hash] : run.hashes()) {
      if (name == "BTC-USDT") continue;
      EXPECT_EQ(hash, expected.at(name)) << name;
    }
  }
  EXPECT_GT(tried, 5U);
}

}  // namespace
}  // namespace feedtree::tests
