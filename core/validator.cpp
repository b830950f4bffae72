#include "core/validator.hpp"

namespace feedtree {
namespace {

constexpr rule_break kept{};

bool below_zero(const optional_decimal& value) {
  return value.has_value() && value->is_negative();
}

struct judge_body {
  bool is_sum = false;

  rule_break operator()(const trade& what) const {
    if (!what.price.is_positive()) return {"trade_price", "price is not above zero"};
    if (!what.quantity.is_positive()) return {"trade_quantity", "quantity is not above zero"};
    return kept;
  }
  rule_break operator()(const book_change&) const { return kept; }
  rule_break operator()(const quote& what) const {
    if (below_zero(what.bid_price) || below_zero(what.ask_price)) {
      return {"quote_price", "a price is below zero"};
    }
    if (below_zero(what.bid_quantity) || below_zero(what.ask_quantity)) {
      return {"quote_quantity", "a quantity is below zero"};
    }
    return kept;
  }
  rule_break operator()(const ticker& what) const {
    if (below_zero(what.last_price) || below_zero(what.bid_price) || below_zero(what.ask_price)) {
      return {"ticker_price", "a price is below zero"};
    }
    if (below_zero(what.volume)) return {"ticker_volume", "the volume is below zero"};
    return kept;
  }
  rule_break operator()(const candle& what) const {
    if (what.interval_ns <= 0) return {"candle_interval", "the interval is not above zero"};
    if (what.low > what.high || what.open < what.low || what.open > what.high ||
        what.close < what.low || what.close > what.high) {
      return {"candle_range", "open or close is outside of low to high"};
    }
    if (what.volume.is_negative()) return {"candle_volume", "the volume is below zero"};
    return kept;
  }
  rule_break operator()(const funding&) const { return kept; }
  rule_break operator()(const open_interest& what) const {
    if (what.quantity.is_negative()) return {"open_interest", "the quantity is below zero"};
    return kept;
  }
  rule_break operator()(const liquidation& what) const {
    const bool has_price = is_sum ? what.price.is_zero() : what.price.is_positive();
    if (!has_price) return {"liquidation_price", "price is not above zero"};
    if (!what.quantity.is_positive()) return {"liquidation_quantity", "quantity is not above zero"};
    return kept;
  }
  rule_break operator()(const status_change&) const { return kept; }
  rule_break operator()(const gap&) const { return kept; }
};

quarantine_entry entry_of(const event& what, const rule_break& broken) {
  return {what.where->venue,          what.where->symbol, std::string(broken.rule),
          std::string(broken.reason), event_id(what),     what.receive_ns};
}

}  // namespace

rule_break judge(const event& what) {
  if (what.exchange_ns <= 0) return {"exchange_time", "the exchange time is not after 1970"};
  const bool is_sum = what.where != nullptr && what.where->channel == sums_channel;
  return std::visit(judge_body{is_sum}, what.body);
}

std::size_t quarantine_bad_events(event_batch& batch, std::size_t first) {
  auto& events = batch.events;
  const auto begin = events.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = std::remove_if(begin, events.end(), [&batch](const event& what) {
    const auto broken = judge(what);
    if (broken.rule.empty()) return false;
    batch.quarantine.push_back(entry_of(what, broken));
    return true;
  });
  const auto bad = static_cast<std::size_t>(events.end() - end);
  events.erase(end, events.end());
  return bad;
}

}  // namespace feedtree
