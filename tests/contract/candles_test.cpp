// Candles that are built from trades, against the venues' own in the captures.
#include "core/candles.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

#include "adapters/venues/venue_pipeline.hpp"
#include "core/candle_desk.hpp"
#include "storage/capture_reader.hpp"
#include "tests/support/captures.hpp"

namespace feedtree {
namespace {

// Values without their digits: venues write "1.50" here and "1.5" there.
using values = std::tuple<std::string, std::string, std::string, std::string, std::string>;

values values_of(const candle& what) {
  const auto text = [](const decimal& value) { return value.normalised().to_string(); };
  return {text(what.open), text(what.high), text(what.low), text(what.close), text(what.volume)};
}

struct place {
  const listing* where = nullptr;
  std::int64_t interval_ns = 0;
  std::int64_t open_ns = 0;
  auto operator<=>(const place&) const = default;
};

// Every state that a candle went through, ours and the venue's.
struct comparison {
  std::map<place, std::set<values>> ours;
  std::map<place, std::set<values>> theirs;
  std::map<const listing*, std::int64_t> begin_ns;  // of the trades

  void note(const event& what, const candle_desk& desk, std::span<const std::int64_t> intervals) {
    if (what.kind() == event_kind::trade) {
      begin_ns.try_emplace(what.where, what.exchange_ns);
      const auto* builder = desk.find(what.where);
      for (const auto interval : intervals) {
        candle body;
        if (builder != nullptr && builder->present(interval, body)) {
          ours[{what.where, interval, body.open_ns}].insert(values_of(body));
        }
      }
    } else if (const auto* body = std::get_if<candle>(&what.body);
               body != nullptr && body->source == candle_source::venue) {
      theirs[{what.where, body->interval_ns, body->open_ns}].insert(values_of(*body));
    }
  }
};

comparison compare(const std::string& path, const std::string& venue, listing_registry& registry) {
  const std::vector<std::int64_t> intervals{60'000'000'000, 300'000'000'000};
  candle_options options;
  options.intervals_ns = intervals;
  candle_desk desk(options);
  venues::venue_pipeline pipeline(*venues::find_venue(venue), registry);
  comparison result;
  for (auto& record : read_capture(path).records) {
    event_batch all;
    const venues::raw_frame frame{std::move(record.text), record.receive_ns};
    if (record.type == record_type::frame) pipeline.frame(record.connection, frame, all);
    if (record.type == record_type::rest) pipeline.rest(record.url, frame, all);
    if (record.type == record_type::connect) pipeline.connect(record.connection, record.url);
    // One by one, so that every state is seen.
    for (const auto& what : all.events) {
      event_batch one;
      one.append(what, all);
      desk.follow(one, 0, 0);
      result.note(what, desk, intervals);
    }
  }
  return result;
}

struct expectation {
  const char* venue;
  const char* capture;
  std::size_t equal;      // of the venue's states, at least
  std::size_t differing;  // at most; docs/research.md says why
};

class own_candles : public testing::TestWithParam<expectation> {};

// Of candles whose begin the capture has.
TEST_P(own_candles, equal_those_of_the_venue) {
  FEEDTREE_CAPTURE(path, GetParam().capture);
  listing_registry registry;
  const auto both = compare(path, GetParam().venue, registry);
  std::size_t equal = 0;
  std::size_t differing = 0;
  for (const auto& [at, states] : both.theirs) {
    const auto begin = both.begin_ns.find(at.where);
    if (begin == both.begin_ns.end() || at.open_ns < begin->second) continue;
    const auto ours = both.ours.find(at);
    for (const auto& state : states) {
      const bool is_equal = ours != both.ours.end() && ours->second.contains(state);
      ++(is_equal ? equal : differing);
      if (is_equal) continue;
      const auto& [open, high, low, close, volume] = state;
      RecordProperty(at.where->symbol, open + " " + high + " " + low + " " + close + " " + volume);
    }
  }
  std::printf("%s: %zu states equal, %zu differ\n", GetParam().venue, equal, differing);
  EXPECT_GE(equal, GetParam().equal);
  EXPECT_LE(differing, GetParam().differing);
}

INSTANTIATE_TEST_SUITE_P(
    captures, own_candles,
    testing::Values(expectation{"binance-usdm", "binance/usdm_cryptofeed_20210722.jsonl.zst", 15,
                                6},
                    expectation{"binance", "binance/us_spot_cryptofeed_20211012.jsonl.zst", 1, 0},
                    expectation{"bybit", "bybit/v5_cryptofeed_20260809.jsonl.zst", 11, 1}),
    [](const auto& what) { return "capture_" + std::to_string(what.index); });

}  // namespace
}  // namespace feedtree
