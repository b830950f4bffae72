// The keys of a rule, and how its values are written.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.hpp"

namespace feedtree::config {

// The keys that a rule of this check has besides name, check, venues, instruments, outcome, alert
// and alert_every, and which of them it needs.
struct check_keys {
  std::span<const std::string_view> names;
  std::span<const std::string_view> needed;
};
check_keys keys_of(rule_check check);

// The kinds of events that a check can judge.
kind_set kinds_of(rule_check check);
// True if a rule must say which kinds it is of; else it is of all that its check can judge.
bool must_name_kinds(rule_check check);

// Parts per million of "5%", "25bps" or "100ppm"; nothing if it is none, is below zero, or does not
// come to a whole number of them.
std::optional<std::int64_t> parse_share_ppm(std::string_view text);

std::vector<std::string> check_names();

}  // namespace feedtree::config
