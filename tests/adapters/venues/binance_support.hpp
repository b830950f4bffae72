// What the tests of Binance's markets share: a venue with one session, and frames read a second
// time with RapidJSON, every number kept as text, to compare with what the venue decodes.
#pragma once

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/venue.hpp"
#include "core/feed_keeper.hpp"
#include "tests/support/captures.hpp"

namespace feedtree::tests::binance {

using venues::frame_outcome;
using venues::frame_report;
using venues::raw_frame;
using venues::stream;

inline raw_frame frame_of(std::string_view text, std::int64_t receive_ns = 0) {
  raw_frame result;
  result.text.reserve(text.size() + venues::frame_padding);
  result.text = text;
  result.receive_ns = receive_ns;
  return result;
}

// A venue with one session, for single frames.
struct single {
  explicit single(std::string_view name) : what(venues::find_venue(name)), symbols(registry) {
    session = what->make_session(symbols, "", {});
  }
  // Decodes a frame into out, which is emptied before.
  void decode(std::string_view text, std::int64_t receive_ns = 0) {
    out.clear();
    session->decode(frame_of(text, receive_ns), out, report);
  }
  void decode_rest(std::string_view url, std::string_view text, std::int64_t receive_ns = 0) {
    out.clear();
    session->decode_rest(url, frame_of(text, receive_ns), out, report);
  }
  template <class Body>
  const Body& body() const {
    return std::get<Body>(out.events.at(0).body);
  }
  std::string key() const { return std::string(out.events.at(0).key.view()); }

  const venues::venue* what;
  listing_registry registry;
  venues::venue_symbols symbols;
  std::unique_ptr<venues::session> session;
  event_batch out;
  frame_report report;
};

// JSON with numbers as text.
using json_value = rapidjson::Value;
inline rapidjson::Document parse(std::string_view text) {
  rapidjson::Document result;
  result.Parse<rapidjson::kParseNumbersAsStringsFlag>(text.data(), text.size());
  EXPECT_FALSE(result.HasParseError()) << text.substr(0, 200);
  return result;
}
inline std::string text_of(const json_value& from, const char* name) {
  return from.HasMember(name) ? from[name].GetString() : "";
}

// The records of a capture, decoded one by one by one session.
struct decoded_record {
  capture_record record;
  event_batch events;
  frame_report report;
};

// A capture and what is known of it.
struct capture_facts {
  std::string venue;
  std::string name;  // below the folder of captures
  std::string path;  // where it was found
  std::size_t frames = 0;
  std::size_t contiguous = 0;  // updates that continue the one before
  std::size_t books = 0;
  std::size_t tops = 0;  // update ids that both a book and a best bid and offer have, at least

  capture_facts at(const std::string& where) const {
    auto result = *this;
    result.path = where;
    return result;
  }
};

inline std::vector<decoded_record> decode_capture(single& with, const std::string& path) {
  std::vector<decoded_record> result;
  for (auto& record : capture_records(path)) {
    if (record.type == capture_record::what::connect) continue;
    auto& entry = result.emplace_back(decoded_record{std::move(record), {}, {}});
    const auto frame = frame_of(entry.record.text, entry.record.receive_ns);
    if (entry.record.type == capture_record::what::http) {
      with.session->decode_rest(entry.record.url, frame, entry.events, entry.report);
    } else {
      with.session->decode(frame, entry.events, entry.report);
    }
  }
  return result;
}

inline std::uint64_t detections(const keeper_counters& counters) {
  return counters.sequence_gaps + counters.duplicates;
}

// The captures and what SOURCES.md beside them says of them.
inline const capture_facts all_captures[] = {
    {"binance", "binance/spot_cryptofeed_20211012.jsonl.zst", "", 265, 168, 4, 26},
    {"binance", "binance/us_spot_cryptofeed_20211012.jsonl.zst", "", 480, 328, 4, 57},
    {"binance-usdm", "binance/usdm_cryptofeed_20210722.jsonl.zst", "", 1535, 748, 4, 50},
    {"binance-coinm", "binance/coinm_cryptofeed_20210722.jsonl.zst", "", 4371, 1778, 10, 214},
};
inline void PrintTo(const capture_facts& facts, std::ostream* out) {
  *out << facts.name;
}
inline std::string capture_label(const testing::TestParamInfo<capture_facts>& of) {
  const auto begin = of.param.name.find('/') + 1;
  return of.param.name.substr(begin, of.param.name.find("_crypto") - begin);
}

}  // namespace feedtree::tests::binance
