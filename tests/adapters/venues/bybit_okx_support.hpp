// What the tests of Bybit and OKX share: running captures, reading frames a second time with
// another parser, and breaking streams of book events.
#pragma once

#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/venue.hpp"
#include "adapters/venues/venue_pipeline.hpp"
#include "tests/support/captures.hpp"

namespace feedtree::tests {

// Numbers stay as they are written.
inline rapidjson::Document parse_text(const std::string& text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseNumbersAsStringsFlag>(text.c_str(), text.size());
  return document;
}

inline std::string text_of(const rapidjson::Value& value) {
  return value.IsString() ? std::string(value.GetString(), value.GetStringLength()) : std::string();
}

inline std::string member_text(const rapidjson::Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? std::string() : text_of(found->value);
}

inline std::string optional_text(const optional_decimal& value) {
  return value.has_value() ? value->to_string() : std::string();
}

inline venues::raw_frame frame_of(std::string_view text, std::int64_t receive_ns = 0) {
  venues::raw_frame frame;
  frame.text.reserve(text.size() + venues::frame_padding);
  frame.text.assign(text);
  frame.receive_ns = receive_ns;
  return frame;
}

// A venue with one session, for frames written in a test.
struct one_session {
  listing_registry registry;
  venues::venue_symbols symbols{registry};
  std::unique_ptr<venues::session> session;
  event_batch out;
  venues::frame_report report;

  one_session(std::string_view venue, std::string_view url)
      : session(venues::find_venue(venue)->make_session(symbols, url, {})) {}

  venues::frame_outcome decode(std::string_view text) {
    session->decode(frame_of(text), out, report);
    return report.outcome;
  }
  // The events of one frame.
  std::vector<event> events(std::string_view text) {
    out.clear();
    decode(text);
    return out.events;
  }
};

// A whole capture through sessions and books.
struct capture_run {
  listing_registry registry;
  venues::venue_pipeline pipeline;
  event_batch out;

  explicit capture_run(std::string_view venue) : pipeline(*venues::find_venue(venue), registry) {}

  void take(const capture_record& record) {
    const auto frame = frame_of(record.text, record.receive_ns);
    if (record.type == capture_record::what::connect)
      pipeline.connect(record.connection, record.url);
    if (record.type == capture_record::what::http) pipeline.rest(record.url, frame, out);
    if (record.type == capture_record::what::frame) pipeline.frame(record.connection, frame, out);
  }
  void take(const std::vector<capture_record>& records) {
    for (const auto& record : records) take(record);
  }
  std::map<std::string, std::uint64_t> hashes() const {
    std::map<std::string, std::uint64_t> result;
    for (const auto* keeper : pipeline.books()) {
      result[keeper->where()->symbol] = keeper->book().hash();
    }
    return result;
  }
};

// Decoded events of a capture, before any check.
struct decoded_capture {
  listing_registry registry;
  venues::venue_symbols symbols{registry};
  std::map<std::string, std::unique_ptr<venues::session>> sessions;
  event_batch all;

  decoded_capture(std::string_view venue, const std::vector<capture_record>& records) {
    venues::frame_report report;
    for (const auto& record : records) {
      auto& session = sessions[record.connection];
      if (session == nullptr) {
        session = venues::find_venue(venue)->make_session(symbols, record.url, {});
      }
      const auto frame = frame_of(record.text, record.receive_ns);
      if (record.type == capture_record::what::http) {
        session->decode_rest(record.url, frame, all, report);
      } else if (record.type == capture_record::what::frame) {
        session->decode(frame, all, report);
      }
    }
  }

  std::map<std::string, std::vector<event>> books() const {
    std::map<std::string, std::vector<event>> result;
    for (const auto& what : all.events) {
      if (what.kind() == event_kind::book) result[what.where->symbol].push_back(what);
    }
    return result;
  }
};

enum class fault { none, drop, repeat, swap };

// One book's events with one of them dropped, repeated, or swapped with the next.
struct book_run {
  std::uint64_t seen = 0;  // gaps, failed checksums and duplicates
  std::uint64_t hash = 0;
  keeper_counters counters;
};

inline book_run run_book(std::string_view venue, const std::vector<event>& events,
                         const event_batch& from, fault what, std::size_t at) {
  const venues::stream book{event_kind::book, events.front().where, 0, 0};
  const auto& rules = *venues::find_venue(venue);
  feed_keeper keeper(book.where, rules.make_guard(book), rules.book_options(book));
  event_batch out;
  const auto pass = [&](std::size_t index) {
    keeper.process(events[index], from, out);
    out.clear();
  };
  for (std::size_t index = 0; index < events.size(); ++index) {
    if (index == at && what == fault::drop) continue;
    if (index == at && what == fault::swap && index + 1 < events.size()) {
      pass(index + 1);
      pass(index++);
      continue;
    }
    pass(index);
    if (index == at && what == fault::repeat) pass(index);
  }
  const auto& counters = keeper.counters();
  return {counters.sequence_gaps + counters.checksum_failed + counters.duplicates,
          keeper.book().hash(), counters};
}

// Every key names one content: a key that comes again stands for the same event.
inline void expect_keys_are_unique(const event_batch& batch) {
  std::map<std::string, const event*> seen;
  for (const auto& what : batch.events) {
    const auto [at, is_new] = seen.emplace(event_id(what), &what);
    if (is_new) continue;
    // A candle that is sent again unchanged has the same key at a later time.
    if (what.kind() != event_kind::candle) {
      EXPECT_EQ(at->second->exchange_ns, what.exchange_ns) << event_id(what);
    }
    EXPECT_EQ(at->second->body.index(), what.body.index()) << event_id(what);
    if (const auto* const change = std::get_if<book_change>(&what.body)) {
      EXPECT_EQ(change->last_update_id, std::get<book_change>(at->second->body).last_update_id);
    }
    if (const auto* const body = std::get_if<candle>(&what.body)) {
      const auto& other = std::get<candle>(at->second->body);
      EXPECT_EQ(body->open_ns, other.open_ns);
      EXPECT_EQ(body->close, other.close);
      EXPECT_EQ(body->volume, other.volume);
      EXPECT_EQ(body->closed, other.closed);
    }
  }
}

inline std::vector<std::string> ids_of(const event_batch& batch) {
  std::vector<std::string> ids;
  for (const auto& what : batch.events) ids.push_back(event_id(what));
  return ids;
}

// The same frame with the members of its object in the opposite order.
inline std::string reversed(const std::string& text) {
  auto document = parse_text(text);
  std::string result = "{";
  for (auto at = document.MemberEnd(); at != document.MemberBegin();) {
    --at;
    const auto name = text_of(at->name);
    if (result.size() > 1) result += ',';
    // Taken from the text itself, because numbers lost their look in the document.
    const auto begin = text.find("\"" + name + "\":");
    std::size_t end = begin + name.size() + 3;
    int depth = 0;
    bool quoted = false;
    for (; end < text.size(); ++end) {
      const char c = text[end];
      if (c == '"') quoted = !quoted;
      if (quoted) continue;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && depth-- == 0) break;
      if (c == ',' && depth == 0) break;
    }
    result.append(text, begin, end - begin);
  }
  return result + "}";
}

// Feeds every truncation and many seeded byte changes of a frame to a session: nothing may crash,
// and what is rejected must leave the batch as it was.
inline void expect_survives_damage(one_session& with, const std::string& text, unsigned seed) {
  with.out.clear();
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_NE(with.decode(std::string_view(text).substr(0, size)), venues::frame_outcome::decoded)
        << size << " of " << text;
    ASSERT_TRUE(with.out.events.empty() && with.out.levels.empty());
  }
  std::uint64_t state = seed;
  for (int round = 0; round < 2000; ++round) {
    auto damaged = text;
    for (int flips = 0; flips < 1 + round % 3; ++flips) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      damaged[(state >> 33) % damaged.size()] = static_cast<char>(state >> 24);
    }
    with.out.clear();
    if (with.decode(damaged) == venues::frame_outcome::rejected) {
      EXPECT_FALSE(with.report.reason.empty());
      ASSERT_TRUE(with.out.events.empty() && with.out.levels.empty()) << damaged;
    }
  }
  with.out.clear();
}

}  // namespace feedtree::tests
