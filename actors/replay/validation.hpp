// `feedtree validate`: judges captures and databases by rules, and tells how the feeds were.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/replay/feed_profile.hpp"
#include "core/rules/counts.hpp"

namespace feedtree::actors {

struct validation_options {
  std::vector<std::string> sources;  // captures, archives, and databases: files of SQLite, DSNs
  std::string archive_key;           // of sealed archives; empty: none
  std::string venue;                 // of captures that do not say theirs
  std::shared_ptr<const rules::rule_list> rules;
  std::int64_t from_ns = 0;  // receive time; what was before only fills books; 0: the beginning
  std::int64_t to_ns = 0;    // exclusive; 0: the end
  bool progress = false;     // a bar on standard error
};

struct validation_example {
  std::string event;  // id, or empty
  std::string reason;
  std::int64_t receive_ns = 0;
};

// What was found; the source of both reports.
struct validation_result {
  struct venue_line {
    std::shared_ptr<rules::venue_counts> counts;
    std::vector<std::vector<validation_example>> examples;  // by rule, at most five
    std::map<std::string, std::uint64_t> built_in;          // quarantined by what is always asked
  };
  std::shared_ptr<const rules::rule_list> rules;
  std::vector<std::string> sources;  // without credentials
  std::int64_t first_ns = 0;         // receive times of the first and last event
  std::int64_t last_ns = 0;
  std::uint64_t frames = 0;
  std::uint64_t frames_rejected = 0;
  std::array<std::uint64_t, event_kinds> events{};
  std::map<std::string, venue_line> venues;
  std::vector<feed_profile> feeds;   // in the order in which they were first seen
  std::vector<std::string> damages;  // of archives: what was cut, altered or lost

  std::uint64_t broken() const;
};

// Throws std::runtime_error (also capture_error, sink_error) with one clear line. The registry
// outlives the result. Captures are read side by side, by receive time, so that venues can be
// compared; an archive is one run of each of its venues; databases one after the other, a row at a
// time.
validation_result validate(const validation_options& options, listing_registry& registry);

// The reports: see docs/validation.md. The page has everything in itself and needs no network.
std::string validation_json(const validation_result& result);
std::string validation_page(const validation_result& result);

// "2026-08-09T21:05:48.228Z".
std::string utc_text(std::int64_t unix_ns);

}  // namespace feedtree::actors
