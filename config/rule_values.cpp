#include "config/rule_values.hpp"

#include <array>

#include "core/decimal.hpp"

namespace feedtree::config {
namespace {

using names = std::span<const std::string_view>;
using std::string_view_literals::operator""sv;

constexpr std::array required_names{"kinds"sv, "fields"sv};
constexpr std::array range_names{"kinds"sv, "field"sv, "min"sv, "max"sv};
constexpr std::array range_needed{"kinds"sv, "field"sv};
constexpr std::array time_names{"kinds"sv, "tolerance"sv};
constexpr std::array skew_names{"kinds"sv, "behind"sv, "ahead"sv};
constexpr std::array skew_needed{"behind"sv, "ahead"sv};
constexpr std::array jump_names{"kinds"sv, "limit"sv, "against"sv};
constexpr std::array limit_needed{"limit"sv};
constexpr std::array consensus_names{"kinds"sv, "limit"sv, "max_age"sv, "venues_min"sv,
                                     "same_quotes"sv};
constexpr std::array consensus_needed{"limit"sv, "max_age"sv};
constexpr std::array volume_names{"kinds"sv, "factor"sv, "window"sv};
constexpr std::array volume_needed{"factor"sv};
constexpr std::array crossed_names{"kinds"sv, "locked"sv};
constexpr std::array spread_names{"kinds"sv, "limit"sv};
constexpr std::array candle_names{"kinds"sv, "trades"sv};
constexpr std::array peg_names{"kinds"sv, "instruments"sv, "limit"sv, "value"sv};
constexpr std::array peg_needed{"instruments"sv, "limit"sv};
constexpr std::array fresh_names{"kinds"sv, "max_age"sv};
constexpr std::array fresh_needed{"kinds"sv, "max_age"sv};
constexpr std::array drift_names{"sample_every"sv, "learn"sv};

kind_set set_of(std::initializer_list<event_kind> kinds) {
  kind_set result;
  for (const auto kind : kinds) result.set(static_cast<std::size_t>(kind));
  return result;
}

}  // namespace

check_keys keys_of(rule_check check) {
  switch (check) {
    case rule_check::required:
      return {required_names, required_names};
    case rule_check::range:
      return {range_names, range_needed};
    case rule_check::monotonic_time:
      return {time_names, {}};
    case rule_check::clock_skew:
      return {skew_names, skew_needed};
    case rule_check::price_jump:
      return {jump_names, limit_needed};
    case rule_check::venue_consensus:
      return {consensus_names, consensus_needed};
    case rule_check::volume_anomaly:
      return {volume_names, volume_needed};
    case rule_check::crossed:
      return {crossed_names, {}};
    case rule_check::spread:
      return {spread_names, limit_needed};
    case rule_check::candle_consistency:
      return {candle_names, {}};
    case rule_check::peg:
      return {peg_names, peg_needed};
    case rule_check::freshness:
      return {fresh_names, fresh_needed};
    case rule_check::schema_drift:
      return {drift_names, {}};
  }
  return {};
}

kind_set kinds_of(rule_check check) {
  using enum event_kind;
  switch (check) {
    case rule_check::required:
    case rule_check::range:
      return set_of({trade, quote, ticker, candle, funding, open_interest, liquidation});
    case rule_check::monotonic_time:
      return set_of({trade, book, quote, ticker, funding, open_interest, liquidation});
    case rule_check::clock_skew:
    case rule_check::freshness:
      return set_of({trade, book, quote, ticker, candle, funding, open_interest, liquidation});
    case rule_check::price_jump:
      return set_of({trade, book, quote, ticker, liquidation});
    case rule_check::venue_consensus:
      return set_of({trade, book, quote, ticker});
    case rule_check::volume_anomaly:
      return set_of({trade});
    case rule_check::crossed:
    case rule_check::spread:
      return set_of({book, quote});
    case rule_check::candle_consistency:
      return set_of({candle});
    case rule_check::peg:
      return set_of({trade, book, quote, ticker, candle});
    case rule_check::schema_drift:
      return {};
  }
  return {};
}

bool must_name_kinds(rule_check check) {
  return check == rule_check::required || check == rule_check::range ||
         check == rule_check::freshness;
}

std::optional<std::int64_t> parse_share_ppm(std::string_view text) {
  int exponent = 0;
  if (text.ends_with("%")) {
    text.remove_suffix(1);
    exponent = 4;
  } else if (text.ends_with("bps")) {
    text.remove_suffix(3);
    exponent = 2;
  } else if (text.ends_with("ppm")) {
    text.remove_suffix(3);
  } else {
    return {};
  }
  decimal value;
  std::int64_t ppm = 0;
  if (parse_decimal(text, value) != decimal_error::none || value.is_negative()) return {};
  if (!value.mantissa_at(-exponent, ppm)) return {};
  return ppm;
}

std::vector<std::string> check_names() {
  std::vector<std::string> result;
  for (std::size_t at = 0; at < rule_checks; ++at) {
    result.emplace_back(to_string(static_cast<rule_check>(at)));
  }
  return result;
}

}  // namespace feedtree::config
