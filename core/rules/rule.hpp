// A rule as it is configured: what it looks at, its bounds, and what comes of an event that breaks
// it. docs/validation.md explains every check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/event.hpp"
#include "core/rules/fields.hpp"

namespace feedtree::rules {

// What a price is compared with.
enum class reference : std::uint8_t {
  book,  // the best bid and offer of the same instrument at the same venue
  last,  // the price before it, of the same kind
};

// Plain data; the reader (config/rules_reader.hpp) has checked it. Each check uses its own bounds.
struct rule_spec {
  std::string name;  // unique; of letters, digits, '_' and '-'
  rule_check check = rule_check::required;
  kind_set kinds;                        // none: schema_drift, which looks at frames
  std::vector<std::string> venues;       // empty: every venue
  std::vector<std::string> instruments;  // empty: every instrument

  // What comes of it besides being counted.
  bool flag = false;
  bool quarantine = false;
  std::optional<alert_severity> alert;
  std::int64_t alert_every_ns = 60'000'000'000;  // at most one alert of an instrument in so long

  std::vector<field> present;     // required
  field bounded = field::price;   // range
  optional_decimal least;         // range
  optional_decimal most;          // range
  std::int64_t tolerance_ns = 0;  // monotonic_time: so far back is let pass
  std::int64_t behind_ns = 0;     // clock_skew: the venue's time is at most so far before ours
  std::int64_t ahead_ns = 0;      // clock_skew: and at most so far after it
  std::int64_t limit_ppm = 0;     // price_jump, venue_consensus, spread, peg
  reference against = reference::book;   // price_jump
  std::int64_t age_max_ns = 0;           // freshness; venue_consensus: older prices do not count
  std::uint32_t venues_min = 2;          // venue_consensus: with fewer others there is none
  std::vector<std::string> same_quotes;  // venue_consensus: quote currencies taken for one
  std::uint32_t window = 100;            // volume_anomaly: trades before this one
  std::int64_t factor_thousandths = 0;   // volume_anomaly: times their mean
  bool locked = false;                   // crossed: equal prices are a fault too
  decimal value{1, 0};                   // peg
  bool against_trades = false;           // candle_consistency
  std::uint32_t sample_every = 100;      // schema_drift: one frame of so many is looked at
  std::uint32_t learn = 20;              // schema_drift: messages of a shape that tell its fields

  bool concerns(event_kind kind) const { return kinds.test(static_cast<std::size_t>(kind)); }
  bool concerns(const listing& where) const;
  bool concerns_venue(std::string_view venue) const;
};

using rule_list = std::vector<rule_spec>;

}  // namespace feedtree::rules
