// What each check looks at: one function a check.
#include <algorithm>
#include <array>
#include <utility>

#include "core/rules/engine.hpp"

namespace feedtree::rules {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t day_ns = 86'400'000'000'000;

using text = inline_text<95>;

text& append(text& out, const decimal& value) {
  std::array<char, decimal::text_max> digits;
  const auto* const end = value.to_chars(digits.data());
  return out.append(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

}  // namespace

bool rule_engine::keeps(instrument_state& state, bound_rule& rule, const event& what) {
  const auto& spec = *rule.what;
  switch (spec.check) {
    case rule_check::required:
      return keeps_required(spec, what);
    case rule_check::range:
      return keeps_range(spec, what);
    case rule_check::monotonic_time:
      return keeps_time(state, rule, what);
    case rule_check::clock_skew:
      return keeps_skew(state, spec, what);
    case rule_check::price_jump:
      return keeps_jump(state, spec, what);
    case rule_check::venue_consensus:
      return keeps_consensus(state, rule, what);
    case rule_check::volume_anomaly:
      return keeps_volume(rule, what);
    case rule_check::crossed:
      return keeps_crossed(state, spec, what);
    case rule_check::spread:
      return keeps_spread(state, spec, what);
    case rule_check::candle_consistency:
      return keeps_candle(state, spec, what);
    case rule_check::peg:
      return keeps_peg(state, spec, what);
    case rule_check::freshness:
      return keeps_fresh(state, rule, what);
    case rule_check::schema_drift:
      return true;
  }
  return true;
}

optional_decimal rule_engine::present_price(const instrument_state& state,
                                            const event& what) const {
  if (what.kind() != event_kind::book) return price_of(what);
  const auto bid = state.book.bid();
  const auto ask = state.book.ask();
  return bid && ask ? optional_decimal(midpoint(*bid, *ask)) : optional_decimal();
}

rule_engine::best_pair rule_engine::best_prices(const instrument_state& state, const event& what) {
  const auto* const body = std::get_if<quote>(&what.body);
  if (body == nullptr) return {state.book.bid(), state.book.ask()};
  // Stored ones may have a zero where a side is empty.
  const auto best =
      make_quote(body->bid_price, body->bid_quantity, body->ask_price, body->ask_quantity);
  return {best.bid_price, best.ask_price};
}

bool rule_engine::keeps_required(const rule_spec& rule, const event& what) {
  for (const auto name : rule.present) {
    if (!has_field(what.kind(), name) || value_of(what, name).has_value()) continue;
    reason_ = text(to_string(name)).append(" is not there");
    return false;
  }
  return true;
}

bool rule_engine::keeps_range(const rule_spec& rule, const event& what) {
  const auto value = value_of(what, rule.bounded);
  if (!value) return true;
  const bool low = rule.least && *value < *rule.least;
  if (!low && !(rule.most && *value > *rule.most)) return true;
  append(reason_ = text(to_string(rule.bounded)).append(' '), *value);
  append(reason_.append(low ? " is below " : " is above "), low ? *rule.least : *rule.most);
  return false;
}

bool rule_engine::keeps_time(const instrument_state& state, const bound_rule& rule,
                             const event& what) {
  const auto before = state.exchange_ns[static_cast<std::size_t>(what.kind())];
  if (what.exchange_ns >= before - rule.what->tolerance_ns) return true;
  reason_ = text("the exchange time is ").append((before - what.exchange_ns) / 1'000);
  reason_.append(" us before one that came earlier");
  return false;
}

bool rule_engine::keeps_skew(const instrument_state& state, const rule_spec& rule,
                             const event& what) {
  if (!state.is_clock_sample) return true;
  const auto skew_ns = what.receive_ns - what.exchange_ns;
  if (skew_ns <= rule.behind_ns && skew_ns >= -rule.ahead_ns) return true;
  const bool behind = skew_ns > 0;
  reason_ = text("the venue's time is ").append((behind ? skew_ns : -skew_ns) / ms);
  reason_.append(behind ? " ms before ours" : " ms after ours");
  return false;
}

bool rule_engine::keeps_jump(const instrument_state& state, const rule_spec& rule,
                             const event& what) {
  const auto price = present_price(state, what);
  if (!price) return true;
  optional_decimal other;
  if (rule.against == reference::last) {
    other = state.price[static_cast<std::size_t>(what.kind())];
  } else {
    const auto bid = state.book.bid();
    const auto ask = state.book.ask();
    if (!bid || !ask) return true;
    if (*price > *ask) other = *ask;
    if (*price < *bid) other = *bid;
  }
  if (!other) return true;
  const auto apart = difference_ppm(*price, *other);
  if (apart <= rule.limit_ppm) return true;
  append(reason_ = text("price "), *price).append(" is ").append(apart).append(" ppm from ");
  append(reason_, *other);
  return false;
}

bool rule_engine::keeps_consensus(const instrument_state& state, const bound_rule& rule,
                                  const event& what) {
  const auto price = present_price(state, what);
  if (!price || what.state != feed_state::live) return true;
  const auto agreed = rule.board->consensus(state.where, what.receive_ns, rule.what->age_max_ns,
                                            rule.what->venues_min);
  if (!agreed) return true;
  const auto apart = difference_ppm(*price, *agreed);
  if (apart <= rule.what->limit_ppm) return true;
  append(reason_ = text("price "), *price).append(" is ").append(apart);
  append(reason_.append(" ppm from the other venues' "), *agreed);
  return false;
}

bool rule_engine::keeps_volume(bound_rule& rule, const event& what) {
  const auto quantity = value_of(what, field::quantity);
  if (!quantity || !rule.volumes->exceeds(*quantity, rule.what->factor_thousandths)) return true;
  append(reason_ = text("quantity "), *quantity).append(" is far above the mean of the last ");
  reason_.append(rule.what->window);
  return false;
}

bool rule_engine::keeps_crossed(const instrument_state& state, const rule_spec& rule,
                                const event& what) {
  const auto [bid, ask] = best_prices(state, what);
  if (!bid || !ask || *bid < *ask) return true;
  if (*bid == *ask && !rule.locked) return true;
  append(reason_ = text("bid "), *bid);
  append(reason_.append(*bid == *ask ? " equals ask " : " is above ask "), *ask);
  return false;
}

bool rule_engine::keeps_spread(const instrument_state& state, const rule_spec& rule,
                               const event& what) {
  const auto [bid, ask] = best_prices(state, what);
  if (!bid || !ask || bid->is_zero() || *bid >= *ask) return true;  // crossed: another rule's
  const auto apart = difference_ppm(*ask, *bid);
  if (apart <= rule.limit_ppm) return true;
  append(reason_ = text("the spread of "), *bid);
  append(reason_.append(" to "), *ask).append(" is ").append(apart).append(" ppm");
  return false;
}

bool rule_engine::keeps_candle(const instrument_state& state, const rule_spec& rule,
                               const event& what) {
  const auto& body = std::get<candle>(what.body);
  const auto low = std::min(body.open, body.close);
  const auto high = std::max(body.open, body.close);
  if (body.low > low || body.high < high) {
    reason_ = text("open or close is outside of low to high");
    return false;
  }
  if (body.volume.is_negative()) {
    reason_ = text("the volume is below zero");
    return false;
  }
  if (body.interval_ns <= 0 ||
      (body.interval_ns <= day_ns && body.open_ns % body.interval_ns != 0)) {
    reason_ = text("the interval does not begin at a multiple of its length");
    return false;
  }
  if (!rule.against_trades || !body.closed || !state.minutes.outside(body).value_or(false)) {
    return true;
  }
  reason_ = text("a trade of the interval is outside of low to high");
  return false;
}

bool rule_engine::keeps_peg(const instrument_state& state, const rule_spec& rule,
                            const event& what) {
  const auto price = present_price(state, what);
  if (!price) return true;
  const auto apart = difference_ppm(*price, rule.value);
  if (apart <= rule.limit_ppm) return true;
  append(reason_ = text("price "), *price).append(" is ").append(apart);
  append(reason_.append(" ppm from the peg of "), rule.value);
  return false;
}

// Of a silence that a sweep has found, the event that ends it is not counted again.
bool rule_engine::keeps_fresh(const instrument_state& state, bound_rule& rule, const event& what) {
  const auto kind = static_cast<std::size_t>(what.kind());
  const auto before = state.receive_ns[kind];
  const bool found = std::exchange(rule.silent[kind], false);
  if (before == 0 || found || what.receive_ns - before <= rule.what->age_max_ns) return true;
  reason_ = text("nothing came for ").append((what.receive_ns - before) / ms).append(" ms");
  return false;
}

}  // namespace feedtree::rules
