// The rules that an event must keep to be passed on. Book changes are judged by their feed_keeper.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/event.hpp"

namespace feedtree {

// The name of a broken rule with the reason; an empty rule means that all are kept.
struct rule_break {
  std::string_view rule;
  std::string_view reason;
};

// The channel of listings whose liquidations are sums of an interval: these have no price, which is
// zero there and nowhere else.
inline constexpr std::string_view sums_channel = "sums";

// Judges one event: prices above zero, quantities of trades above zero, candles with
// low <= open, close <= high, times after 1970.
rule_break judge(const event& what);

// Moves the events that break a rule, from this one on, from the batch into its quarantine; gives
// how many.
std::size_t quarantine_bad_events(event_batch& batch, std::size_t first = 0);

}  // namespace feedtree
