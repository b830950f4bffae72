// What faults on the line do to Binance's books and frames: lost, repeated and swapped updates,
// frames that are cut off or changed.
#include <map>
#include <random>
#include <vector>

#include "adapters/venues/venue_pipeline.hpp"
#include "tests/adapters/venues/binance_support.hpp"

namespace feedtree::tests::binance {
namespace {

// One book of a capture: its snapshot and updates in the order in which they came.
using book_events = std::vector<const decoded_record*>;

bool is_book(const decoded_record& record) {
  return record.events.events.size() == 1 && record.events.events[0].kind() == event_kind::book;
}

const book_change& change_of(const decoded_record& record) {
  return std::get<book_change>(record.events.events[0].body);
}

std::map<const listing*, book_events> books_of(const std::vector<decoded_record>& records) {
  std::map<const listing*, book_events> result;
  for (const auto& record : records) {
    if (is_book(record)) result[record.events.events[0].where].push_back(&record);
  }
  return result;
}

struct replay_result {
  keeper_counters counters;
  std::uint64_t hash = 0;
  feed_state state = feed_state::syncing;
};

replay_result replay(const venues::venue& what, const book_events& events) {
  const auto* const where = events.front()->events.events[0].where;
  const stream book{event_kind::book, where, 0, 0};
  feed_keeper keeper(where, what.make_guard(book), what.book_options(book));
  event_batch out;
  for (const auto* record : events) {
    keeper.process(record->events.events[0], record->events, out);
    out.clear();
  }
  return {keeper.counters(), keeper.book().hash(), keeper.state()};
}

bool untouched(single& with, std::string_view text) {
  with.out.clear();
  with.out.levels.resize(3);
  with.session->decode(frame_of(text), with.out, with.report);
  if (with.report.outcome != frame_outcome::rejected) return true;
  return with.out.events.empty() && with.out.levels.size() == 3 && !with.report.reason.empty();
}

// One frame of each stream type: a long one, so that levels are cut as well.
std::vector<std::string> samples(const std::string& path) {
  std::map<std::string, std::string> by_type;
  for (const auto& record : capture_records(path)) {
    if (record.type != capture_record::what::frame) continue;
    auto& kept = by_type[record.text.substr(record.text.find('@'), 6)];
    if (record.text.size() > kept.size() && record.text.size() < 900) kept = record.text;
  }
  std::vector<std::string> result;
  for (auto& [type, text] : by_type) result.push_back(std::move(text));
  return result;
}

class binance_faults : public testing::TestWithParam<capture_facts> {};

TEST_P(binance_faults, shows_an_update_that_is_lost_repeated_or_swapped) {
  FEEDTREE_CAPTURE(path, GetParam().name);
  const auto facts = GetParam().at(path);
  single with(facts.venue);
  const auto records = decode_capture(with, facts.path);
  std::size_t dropped = 0;
  for (const auto& [where, events] : books_of(records)) {
    const auto good = replay(*with.what, events);
    for (std::size_t at = 0; at < events.size(); ++at) {
      if (change_of(*events[at]).snapshot) continue;
      auto without = events;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(at));
      const auto lost = replay(*with.what, without);
      const bool last = at + 1 == events.size();
      // What the snapshot holds already may be lost without harm; the last one has no successor
      // that could tell.
      EXPECT_TRUE(detections(lost.counters) > 0 || lost.hash == good.hash || last)
          << where->symbol << " lost " << at;
      dropped += detections(lost.counters) > 0 ? 1 : 0;

      auto twice = events;
      twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(at), events[at]);
      const auto repeated = replay(*with.what, twice);
      EXPECT_EQ(repeated.hash, good.hash) << where->symbol << " twice " << at;
      EXPECT_TRUE(detections(repeated.counters) == 1 ||
                  repeated.counters.old_deltas == good.counters.old_deltas + 1)
          << where->symbol << " twice " << at;

      if (last || change_of(*events[at + 1]).snapshot) continue;
      auto swapped = events;
      std::swap(swapped[at], swapped[at + 1]);
      const auto turned = replay(*with.what, swapped);
      EXPECT_TRUE(detections(turned.counters) > 0 || turned.hash == good.hash)
          << where->symbol << " swapped " << at;
    }
  }
  // All that follow a snapshot but the last of each book, at least.
  EXPECT_GE(dropped, facts.contiguous - facts.books);
}

TEST_P(binance_faults, survives_damaged_frames) {
  FEEDTREE_CAPTURE(path, GetParam().name);
  const auto facts = GetParam().at(path);
  single with(facts.venue);
  std::mt19937 random(20'211'012);
  for (const auto& text : samples(facts.path)) {
    with.decode(text);
    ASSERT_EQ(with.report.outcome, frame_outcome::decoded) << with.report.reason;
    for (std::size_t size = 0; size < text.size(); ++size) {
      EXPECT_TRUE(untouched(with, text.substr(0, size))) << text.substr(0, size);
      EXPECT_EQ(with.report.outcome, frame_outcome::rejected) << text.substr(0, size);
    }
    for (int round = 0; round < 3000; ++round) {
      auto damaged = text;
      for (auto count = 1 + random() % 3; count > 0; --count) {
        damaged[random() % damaged.size()] = static_cast<char>(random());
      }
      EXPECT_TRUE(untouched(with, damaged)) << damaged;
    }
  }
}

// The hash of every book after a capture without one of its records.
std::map<std::string, std::uint64_t> hashes_without(const capture_facts& facts,
                                                    const std::vector<capture_record>& records,
                                                    const capture_record* lost) {
  listing_registry registry;
  event_batch out;
  venues::venue_pipeline pipeline(*venues::find_venue(facts.venue), registry);
  for (const auto& record : records) {
    const auto frame = frame_of(record.text, record.receive_ns);
    if (&record == lost || record.type == capture_record::what::connect) continue;
    if (record.type == capture_record::what::http) {
      pipeline.rest(record.url, frame, out);
    } else {
      pipeline.frame(record.connection, frame, out);
    }
    out.clear();
  }
  std::map<std::string, std::uint64_t> result;
  for (const auto* keeper : pipeline.books()) {
    result[keeper->where()->venue_symbol] = keeper->book().hash();
  }
  return result;
}

TEST_P(binance_faults, leave_the_books_of_other_instruments_alone) {
  FEEDTREE_CAPTURE(path, GetParam().name);
  const auto records = capture_records(path);
  const auto good = hashes_without(GetParam(), records, nullptr);
  std::size_t broken = 0;
  for (std::size_t at = records.size() / 3; at < records.size(); at += records.size() / 23) {
    const auto& lost = records[at];
    const auto begin = lost.text.find("\"s\":\"") + 5;
    const auto symbol = lost.text.substr(begin, lost.text.find('"', begin) - begin);
    for (const auto& [name, hash] : hashes_without(GetParam(), records, &lost)) {
      if (name != symbol) {
        EXPECT_EQ(hash, good.at(name)) << name << " without record " << at;
      } else if (hash != good.at(name)) {
        ++broken;
      }
    }
  }
  EXPECT_GT(broken, 0U);
}

INSTANTIATE_TEST_SUITE_P(all, binance_faults, testing::ValuesIn(all_captures), capture_label);

}  // namespace
}  // namespace feedtree::tests::binance
