#include "core/trade_volume.hpp"

#include <algorithm>

namespace feedtree {
namespace {

// A trade is received before the candle that has it, or shortly after.
constexpr std::int64_t patience_ns = 1'000'000'000;
// A candle may be without trades that were made so shortly before it. Seen: 65 ms.
constexpr std::int64_t lag_ns = 500'000'000;
// Without a candle nothing is known of more trades than this: following begins again.
constexpr std::size_t sales_max = 100'000;

decimal negative(const decimal& value) {
  return {-value.mantissa, value.exponent};
}

}  // namespace

void trade_volume::follow(event_batch& batch, std::size_t first) {
  if (interval_ns_ == 0) return;
  const auto end = batch.events.size();
  for (auto index = first; index < end; ++index) {
    const auto& next = batch.events[index];
    if (next.where != where_) continue;
    const auto now_ns = next.receive_ns;
    take(next);
    judge_due(now_ns, batch);
  }
}

void trade_volume::take(const event& what) {
  if (what.kind() == event_kind::trade) return take_trade(what);
  if (what.kind() == event_kind::candle && is_reading(what)) return take_candle(what);
  const auto* const entry = std::get_if<gap>(&what.body);
  const auto* const change = std::get_if<status_change>(&what.body);
  const bool is_lost = entry != nullptr && entry->feed == event_kind::trade;
  const bool is_down =
      change != nullptr && change->feed == event_kind::trade && change->to != feed_state::live;
  if (is_lost || is_down) forget();
}

void trade_volume::forget() {
  since_ns_ = open_ns_ = 0;
  sales_.clear();
  waiting_.clear();
}

// By times that went back nobody knows which trades a candle has.
void trade_volume::follow_clock(std::int64_t exchange_ns) {
  if (exchange_ns + patience_ns < latest_ns_) {
    forget();
    latest_ns_ = 0;
  }
  latest_ns_ = std::max(latest_ns_, exchange_ns);
}

bool trade_volume::is_reading(const event& what) const {
  const auto& body = std::get<candle>(what.body);
  return body.source == candle_source::venue && body.interval_ns == interval_ns_;
}

void trade_volume::take_trade(const event& what) {
  if (sales_.size() >= sales_max) forget();
  follow_clock(what.exchange_ns);
  if (since_ns_ == 0) since_ns_ = what.exchange_ns;
  sales_.push_back({what.exchange_ns, std::get<trade>(what.body).quantity});
}

void trade_volume::take_candle(const event& what) {
  const auto& body = std::get<candle>(what.body);
  follow_clock(what.exchange_ns);
  if (since_ns_ == 0) return;
  waiting_.push_back({body.open_ns, what.exchange_ns, what.receive_ns, body.volume});
}

void trade_volume::judge_due(std::int64_t now_ns, event_batch& out) {
  while (!waiting_.empty() && waiting_.front().receive_ns + patience_ns <= now_ns) {
    judge(waiting_.front(), now_ns, out);
    waiting_.pop_front();
  }
}

// From here on the candle's volume and the trades must agree: missing_ is what the candle has more.
void trade_volume::begin(const reading& next, std::int64_t from_ns, const decimal& base) {
  open_ns_ = next.open_ns;
  from_ns_ = from_ns;
  good_ns_ = next.receive_ns;
  missing_ = {};
  missing_.add(negative(base));
}

void trade_volume::add_trades_until(const reading& next) {
  const auto end_ns = std::min(next.exchange_ns + 1, open_ns_ + interval_ns_);
  std::erase_if(sales_, [&](const sale& each) {
    if (each.exchange_ns >= end_ns) return false;
    last_ns_ = std::max(last_ns_, each.exchange_ns);
    if (each.exchange_ns > from_ns_) missing_.add(negative(each.quantity));
    return true;
  });
}

void trade_volume::judge(const reading& next, std::int64_t now_ns, event_batch& out) {
  if (next.open_ns < open_ns_) return;
  if (open_ns_ == 0) {
    if (next.exchange_ns - lag_ns < since_ns_) return;
    begin(next, next.exchange_ns - lag_ns, next.volume);
  } else if (next.open_ns > open_ns_) {
    const auto good_ns = good_ns_;
    begin(next, next.open_ns - 1, {});
    good_ns_ = good_ns;
  }
  add_trades_until(next);
  auto difference = missing_;
  difference.add(next.volume);
  const auto missing = difference.value();
  if (missing && missing->is_positive()) tell(next, *missing, now_ns, out);
  // Where nothing was traded just before, the two agree to the last digit from here on.
  const bool is_quiet = last_ns_ + lag_ns < next.exchange_ns;
  if (missing && (missing->is_positive() || is_quiet)) missing_.add(negative(*missing));
  good_ns_ = next.receive_ns;
}

void trade_volume::tell(const reading& next, const decimal& missing, std::int64_t now_ns,
                        event_batch& out) {
  ++holes_;
  event entry;
  entry.where = where_;
  entry.exchange_ns = next.exchange_ns;
  entry.receive_ns = now_ns;
  entry.state = feed_state::gap;
  gap body;
  body.cause = gap_cause::checksum;
  body.feed = event_kind::trade;
  body.begin_ns = good_ns_;
  body.end_ns = next.receive_ns;
  body.detail.append("trades of ").append(missing.to_string());
  body.detail.append(" are missing by the volume of the venue's candle");
  entry.body = body;
  entry.key.append("trade-volume-").append(next.exchange_ns);
  out.events.push_back(entry);
}

}  // namespace feedtree
