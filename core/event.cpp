#include "core/event.hpp"

#include <array>
#include <charconv>

namespace feedtree {
namespace {

constexpr std::array<std::string_view, event_kinds> kind_names{
    "trade",   "book",          "quote",       "ticker", "candle",
    "funding", "open_interest", "liquidation", "status", "gap"};

constexpr std::array<std::string_view, rule_checks> check_names{
    "required",           "range",      "monotonic_time",
    "clock_skew",         "price_jump", "venue_consensus",
    "volume_anomaly",     "crossed",    "spread",
    "candle_consistency", "peg",        "freshness",
    "schema_drift"};

struct interval_unit {
  std::int64_t ns;
  char letter;
};
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::array<interval_unit, 5> interval_units{{{7 * 86'400 * second_ns, 'w'},
                                                       {86'400 * second_ns, 'd'},
                                                       {3'600 * second_ns, 'h'},
                                                       {60 * second_ns, 'm'},
                                                       {second_ns, 's'}}};

}  // namespace

std::string_view to_string(event_kind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

std::optional<event_kind> parse_event_kind(std::string_view text) {
  for (std::size_t at = 0; at < kind_names.size(); ++at) {
    if (kind_names[at] == text) return static_cast<event_kind>(at);
  }
  return {};
}

std::string_view to_string(feed_state state) {
  static constexpr std::array<std::string_view, feed_states> names{"syncing", "live", "stale",
                                                                   "gap", "crossed"};
  return names[static_cast<std::size_t>(state)];
}

std::string_view to_string(trade_side side) {
  static constexpr std::array<std::string_view, trade_sides> names{"unknown", "buy", "sell"};
  return names[static_cast<std::size_t>(side)];
}

std::string_view to_string(gap_cause cause) {
  static constexpr std::array<std::string_view, gap_causes> names{
      "sequence", "checksum", "crossed", "connection", "rejected",
      "journal",  "silence",  "restart", "outage"};
  return names[static_cast<std::size_t>(cause)];
}

std::string_view to_string(gap_repair repair) {
  static constexpr std::array<std::string_view, gap_repairs> names{
      "none", "snapshot", "resubscribe", "reconnect", "restart"};
  return names[static_cast<std::size_t>(repair)];
}

std::string_view to_string(candle_source source) {
  static constexpr std::array<std::string_view, candle_sources> names{"venue", "trades"};
  return names[static_cast<std::size_t>(source)];
}

std::string_view to_string(rule_check check) {
  return check_names[static_cast<std::size_t>(check)];
}

std::optional<rule_check> parse_rule_check(std::string_view text) {
  for (std::size_t at = 0; at < check_names.size(); ++at) {
    if (check_names[at] == text) return static_cast<rule_check>(at);
  }
  return {};
}

std::string_view to_string(alert_severity severity) {
  static constexpr std::array<std::string_view, alert_severities> names{"info", "warning",
                                                                        "critical"};
  return names[static_cast<std::size_t>(severity)];
}

void event_batch::clear() {
  events.clear();
  levels.clear();
  quarantine.clear();
  alerts.clear();
}

std::size_t event_batch::bytes() const {
  return events.size() * sizeof(event) + levels.size() * sizeof(level) +
         quarantine.size() * 2 * sizeof(quarantine_entry) + alerts.size() * 2 * sizeof(alert_entry);
}

event& event_batch::append(const event& source, const event_batch& from) {
  events.push_back(source);
  auto& copy = events.back();
  if (auto* change = std::get_if<book_change>(&copy.body)) {
    const auto all_levels = from.all(*change);
    change->first_level = static_cast<std::uint32_t>(levels.size());
    levels.insert(levels.end(), all_levels.begin(), all_levels.end());
  }
  return copy;
}

quote make_quote(const optional_decimal& bid_price, const optional_decimal& bid_quantity,
                 const optional_decimal& ask_price, const optional_decimal& ask_quantity) {
  quote result;
  const auto is_side = [](const optional_decimal& price, const optional_decimal& quantity) {
    const auto is_zero = [](const optional_decimal& value) { return value && value->is_zero(); };
    return price.has_value() && !is_zero(price) && !is_zero(quantity);
  };
  if (is_side(bid_price, bid_quantity)) {
    result.bid_price = bid_price;
    result.bid_quantity = bid_quantity;
  }
  if (is_side(ask_price, ask_quantity)) {
    result.ask_price = ask_price;
    result.ask_quantity = ask_quantity;
  }
  return result;
}

quote top_of(std::span<const level> bids, std::span<const level> asks) {
  const auto price = [](std::span<const level> side) {
    return side.empty() ? optional_decimal() : optional_decimal(side.front().price());
  };
  const auto quantity = [](std::span<const level> side) {
    return side.empty() ? optional_decimal() : optional_decimal(side.front().quantity());
  };
  return make_quote(price(bids), quantity(bids), price(asks), quantity(asks));
}

std::string event_id(const event& what) {
  std::string id;
  const auto kind = to_string(what.kind());
  const auto key = what.key.view();
  id.reserve(what.where->venue.size() + what.where->symbol.size() + kind.size() + key.size() + 3);
  id.append(what.where->venue).append(1, ':').append(what.where->symbol);
  id.append(1, ':').append(kind).append(1, ':').append(key);
  return id;
}

std::string interval_text(std::int64_t interval_ns) {
  for (const auto& [ns, letter] : interval_units) {
    if (interval_ns >= ns && interval_ns % ns == 0)
      return std::to_string(interval_ns / ns) + letter;
  }
  return std::to_string(interval_ns) + "ns";
}

std::int64_t parse_interval(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count <= 0 || end + 1 != text.data() + text.size()) return 0;
  for (const auto& [ns, letter] : interval_units) {
    if (letter != *end) continue;
    std::int64_t result = 0;
    return __builtin_mul_overflow(count, ns, &result) ? 0 : result;
  }
  return 0;
}

}  // namespace feedtree
