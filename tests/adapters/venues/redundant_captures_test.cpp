// Captures as a server with several connections for one stream has them: every connection carries
// the same, one or the other loses frames, and what is passed on is what one whole connection
// gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/codec.hpp"
#include "tests/adapters/venues/bybit_okx_support.hpp"

namespace feedtree::tests {
namespace {

constexpr std::int64_t lag_ns = 2'700'000;  // of each connection behind the one before
constexpr std::size_t connections = 3;

struct recorded_venue {
  std::string venue;
  std::string capture;
  std::size_t lost_from = 0;  // frame behind which one may be lost: the books have begun
};

void PrintTo(const recorded_venue& what, std::ostream* out) {
  *out << what.venue;
}

struct sent_record {
  capture_record record;
  std::size_t connection = 0;  // which of those that carry the same
  std::size_t index = 0;       // of the frame in its connection
};

// The capture on so many connections. What one of them asks for over REST is its own, where that
// is known.
std::vector<sent_record> on_connections(const std::vector<capture_record>& records,
                                        std::size_t count) {
  std::set<std::string> names;
  for (const auto& record : records) {
    if (record.type == capture_record::what::frame) names.insert(record.connection);
  }
  const bool is_one = names.size() == 1;
  std::vector<sent_record> result;
  for (std::size_t each = 0; each < count; ++each) {
    std::size_t index = 0;
    for (auto record : records) {
      const bool is_answer = record.type == capture_record::what::http;
      if (is_answer) record.connection = is_one ? *names.begin() : "";
      if (!record.connection.empty()) record.connection += "." + std::to_string(each + 1);
      record.receive_ns += static_cast<std::int64_t>(each) * lag_ns;
      const bool is_frame = record.type == capture_record::what::frame;
      result.push_back({std::move(record), each, is_frame ? index++ : 0});
    }
  }
  std::stable_sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return a.record.receive_ns < b.record.receive_ns;
  });
  return result;
}

// Market data by instrument and kind, without our times.
using event_lists = std::map<std::string, std::vector<std::string>>;
event_lists lists_of(const event_batch& all, bool with_states) {
  event_lists result;
  for (auto what : all.events) {
    const bool is_state = what.kind() == event_kind::status || what.kind() == event_kind::gap;
    if (is_state && !with_states) continue;
    if (!with_states) {
      if (what.exchange_ns == what.receive_ns) what.exchange_ns = 0;
      what.receive_ns = 0;
    }
    std::string text;
    encode_json(what, all, text);
    result[what.where->symbol + " " + std::string(to_string(what.kind()))].push_back(text);
  }
  return result;
}

// The kinds of which every event is one of its own: some venues send changes of a ticker, which are
// not the same behind one that was lost. Trades without numbers keep no order then.
event_lists books_and_trades(const event_batch& all, bool numbered) {
  auto result = lists_of(all, false);
  std::erase_if(result, [](const auto& entry) {
    return !entry.first.ends_with(" book") && !entry.first.ends_with(" trade");
  });
  for (auto& [name, events] : result) {
    if (!numbered && name.ends_with(" trade")) std::sort(events.begin(), events.end());
  }
  return result;
}

void expect_same(const event_lists& merged, const event_lists& expected) {
  EXPECT_EQ(merged.size(), expected.size());
  for (const auto& [name, events] : expected) {
    const auto found = merged.find(name);
    ASSERT_NE(found, merged.end()) << name;
    const auto& others = found->second;
    EXPECT_EQ(others.size(), events.size()) << name;
    const auto [a, b] = std::mismatch(events.begin(), events.end(), others.begin(), others.end());
    EXPECT_TRUE(a == events.end() && b == others.end())
        << name << " at " << a - events.begin()
        << "\nof one: " << (a == events.end() ? "end" : a->substr(0, 600))
        << "\nmerged: " << (b == others.end() ? "end" : b->substr(0, 600));
  }
}

struct merged_run : capture_run {
  using capture_run::capture_run;
  // Without the frames that `is_lost` names.
  template <class IsLost>
  void take_all(const std::vector<sent_record>& sent, IsLost&& is_lost) {
    for (const auto& each : sent) {
      const auto& record = each.record;
      const auto frame = frame_of(record.text, record.receive_ns);
      switch (record.type) {
        case capture_record::what::connect:
          pipeline.connect(record.connection, record.url);
          break;
        case capture_record::what::http:
          pipeline.rest(record.connection, record.url, frame, out);
          break;
        case capture_record::what::frame:
          if (!is_lost(each)) pipeline.frame(record.connection, frame, out);
          break;
        case capture_record::what::send:
          break;
      }
    }
    pipeline.finish(out);
  }
};

class redundant_connections : public testing::TestWithParam<recorded_venue> {};

const auto nothing_lost = [](const sent_record&) { return false; };

TEST_P(redundant_connections, give_the_events_of_one_byte_for_byte) {
  FEEDTREE_CAPTURE(path, GetParam().capture);
  const auto records = capture_records(path);
  merged_run one(GetParam().venue);
  one.take_all(on_connections(records, 1), nothing_lost);
  merged_run all(GetParam().venue);
  all.take_all(on_connections(records, connections), nothing_lost);

  expect_same(lists_of(all.out, true), lists_of(one.out, true));
  EXPECT_EQ(all.hashes(), one.hashes());
  const auto of_one = one.pipeline.continuity();
  const auto of_all = all.pipeline.continuity();
  EXPECT_EQ(of_all.checksum_ok, connections * of_one.checksum_ok);
  EXPECT_EQ(of_all.sequence_ok, connections * of_one.sequence_ok);
  EXPECT_EQ(of_all.checksum_failed + of_all.sequence_gaps + of_all.without_snapshot,
            of_one.checksum_failed + of_one.sequence_gaps + connections * of_one.without_snapshot);
  EXPECT_EQ(all.pipeline.merged().disagreements, 0U);
  EXPECT_EQ(all.pipeline.merged().takeovers, 0U);
  EXPECT_EQ(all.pipeline.connections(), connections * one.pipeline.connections());
}

TEST_P(redundant_connections, make_up_for_frames_that_one_of_them_lost) {
  FEEDTREE_CAPTURE(path, GetParam().capture);
  const auto records = capture_records(path);
  merged_run one(GetParam().venue);
  one.take_all(on_connections(records, 1), nothing_lost);
  const auto from = GetParam().lost_from;
  merged_run all(GetParam().venue);
  // The first loses every seventh frame, then the second; the third has everything.
  all.take_all(on_connections(records, connections), [from](const sent_record& each) {
    if (each.connection == 0) return each.index > from && each.index % 7 == 0;
    return each.connection == 1 && each.index > from + 60 && each.index % 11 == 0;
  });

  const bool numbered = venues::find_venue(GetParam().venue)->numbers_trades();
  expect_same(books_and_trades(all.out, numbered), books_and_trades(one.out, numbered));
  EXPECT_EQ(all.hashes(), one.hashes());
  EXPECT_GT(all.pipeline.merged().takeovers, 0U);
  for (const auto* book : all.pipeline.books()) {
    EXPECT_EQ(book->state(), feed_state::live) << book->where()->symbol;
  }
}

INSTANTIATE_TEST_SUITE_P(
    captures, redundant_connections,
    testing::Values(
        recorded_venue{"okx", "okx/v5_cryptofeed_20220513.jsonl.zst", 60},
        recorded_venue{"bybit", "bybit/v5_cryptofeed_20260809.jsonl.zst", 400},
        recorded_venue{"coinbase", "coinbase/advanced_cryptofeed_20260809.jsonl.zst", 60},
        recorded_venue{"kraken-futures", "kraken_futures/ws1_cryptofeed_20210722.jsonl.zst", 200},
        recorded_venue{"binance", "binance/spot_cryptofeed_20211012.jsonl.zst", 60},
        recorded_venue{"binance-usdm", "binance/usdm_cryptofeed_20210722.jsonl.zst", 300},
        recorded_venue{"binance-coinm", "binance/coinm_cryptofeed_20210722.jsonl.zst", 2000}),
    [](const auto& what) {
      auto name = what.param.venue;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace feedtree::tests
