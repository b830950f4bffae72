#include "core/rules/clock_samples.hpp"

#include <algorithm>
#include <utility>

namespace feedtree::rules {

bool clock_samples::take(const event& what) {
  if (const auto* const change = std::get_if<status_change>(&what.body)) {
    if (change->feed == event_kind::trade && change->to != feed_state::live) first_ns_ = 0;
    return false;
  }
  if (const auto* const entry = std::get_if<gap>(&what.body)) {
    if (entry->feed == event_kind::trade && entry->end_ns != 0) filled_ns_ = entry->end_ns;
    return false;
  }
  if (const auto* const body = std::get_if<candle>(&what.body)) {
    return body->source == candle_source::venue;
  }
  const bool is_trade = what.kind() == event_kind::trade || what.kind() == event_kind::liquidation;
  return !is_trade || take_trade(what);
}

bool clock_samples::take_trade(const event& what) {
  if (first_ns_ == 0) first_ns_ = what.receive_ns;
  const auto latest_ns = std::exchange(latest_ns_, std::max(latest_ns_, what.exchange_ns));
  return what.receive_ns != first_ns_ && what.receive_ns != filled_ns_ &&
         what.exchange_ns >= latest_ns;
}

}  // namespace feedtree::rules
