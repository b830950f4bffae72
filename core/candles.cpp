#include "core/candles.hpp"

#include <algorithm>
#include <utility>

#include "core/event_arbiter.hpp"
#include "core/validator.hpp"

namespace feedtree {
namespace {

constexpr std::size_t remembered_max = 16'384;  // trades, to know those that come again
constexpr std::size_t lost_max = 256;           // stretches; more are joined

std::int64_t earlier(std::int64_t a, std::int64_t b) {
  if (a == 0 || b == 0) return a + b;
  return std::min(a, b);
}

}  // namespace

candle_counters& candle_counters::operator+=(const candle_counters& other) {
  trades += other.trades;
  duplicates += other.duplicates;
  too_late += other.too_late;
  misdated += other.misdated;
  closed += other.closed;
  incomplete += other.incomplete;
  revisions += other.revisions;
  unrepresentable += other.unrepresentable;
  return *this;
}

candle_builder::candle_builder(const listing* where, candle_options options)
    : where_(where), options_(std::move(options)) {
  for (const auto interval : options_.intervals_ns) series_.push_back({interval, 0, {}});
}

void candle_builder::follow(event_batch& batch, std::size_t first) {
  if (series_.empty()) return;
  const auto end = batch.events.size();
  for (auto at = first; at < end; ++at) {
    if (!concerns(batch.events[at])) continue;
    const auto what = batch.events[at];  // a copy: candles are appended behind it
    on_time(what.receive_ns, batch);
    if (what.kind() == event_kind::trade) {
      take(what);
    } else if (const auto* entry = std::get_if<gap>(&what.body)) {
      take_gap(*entry, now_ns_);
    } else {
      begin(what.receive_ns);
    }
  }
}

// Trades, and what is said about them.
bool candle_builder::concerns(const event& what) const {
  if (what.where != where_) return false;
  if (const auto* entry = std::get_if<gap>(&what.body)) return entry->feed == event_kind::trade;
  if (const auto* change = std::get_if<status_change>(&what.body)) {
    return change->feed == event_kind::trade && change->to == feed_state::live;
  }
  return what.kind() == event_kind::trade;
}

void candle_builder::begin(std::int64_t now_ns) {
  for (auto& each : series_) {
    if (each.since_ns == 0) each.since_ns = now_ns;
  }
}

void candle_builder::resume(const candle_past& past, std::int64_t outage_ns) {
  outage_ns_ = open_gap_ns_ = std::max<std::int64_t>(outage_ns, 1);
  lost_.assign(past.lost.begin(), past.lost.end());
  for (auto& each : series_) {
    const auto found = std::find_if(
        past.series.begin(), past.series.end(),
        [&](const stored_series& known) { return known.interval_ns == each.interval_ns; });
    if (found != past.series.end()) resume(each, *found);
  }
}

void candle_builder::resume(series& of, const stored_series& past) {
  of.since_ns = past.since_ns;
  for (const auto& known : past.candles) {
    auto& made = *bucket_at(of, known.open_ns);
    made.sum = known.sum;
    made.over = made.published = known.given;
    made.whole = known.whole;
    made.settled = known.settled;
    made.revision = known.revision;
    if (!made.over || known.changed) {
      schedule(made, made.open_ns + of.interval_ns + options_.lateness_ns);
    }
  }
  if (options_.empty && !of.buckets.empty() && of.buckets.back().over) {
    carry_on(of, of.buckets.size() - 1, 0);
  }
}

void candle_builder::take(const event& what) {
  if (!judge(what).rule.empty()) return;  // it goes into quarantine
  begin(what.receive_ns);
  if (outage_ns_ != 0 && after_ns_ == 0) after_ns_ = what.receive_ns;
  if (what.exchange_ns > now_ns_ + candle_ahead_max_ns) {
    ++counters_.misdated;
    return;
  }
  if (!remember(what)) {
    ++counters_.duplicates;
    return;
  }
  bool everywhere = true;
  for (auto& each : series_) everywhere = add(each, what) && everywhere;
  ++(everywhere ? counters_.trades : counters_.too_late);
}

// False if the trade came before. A venue that counts again gives an old number to a new trade.
bool candle_builder::remember(const event& what) {
  const auto id = hash_text(what.key.view()) ^
                  static_cast<std::uint64_t>(what.exchange_ns) * 0x9e3779b97f4a7c15ULL;
  if (!recent_.insert(id).second) return false;
  recent_order_.push_back(id);
  if (recent_order_.size() > remembered_max) {
    recent_.erase(recent_order_.front());
    recent_order_.pop_front();
  }
  return true;
}

// False if that interval is not revised any more.
bool candle_builder::add(series& to, const event& what) {
  const auto open = begin_of_interval(what.exchange_ns, to.interval_ns);
  const auto end = open + to.interval_ns;
  if (end <= to.since_ns) return true;  // it was over before anything was known
  if (!is_revised(end)) return false;
  auto& into = *bucket_at(to, open);
  into.sum.add(what);
  if (!into.over) {
    const auto due = end + options_.lateness_ns;
    schedule(into, due > now_ns_ ? due : now_ns_ + options_.lateness_ns);
  } else {
    schedule(into, now_ns_ + options_.lateness_ns);
  }
  return true;
}

// The bucket that begins there, made where there is none.
candle_builder::bucket* candle_builder::bucket_at(series& in, std::int64_t open_ns) {
  auto at = in.buckets.end();
  while (at != in.buckets.begin() && std::prev(at)->open_ns >= open_ns) --at;
  if (at == in.buckets.end() || at->open_ns != open_ns) {
    bucket made;
    made.open_ns = open_ns;
    at = in.buckets.insert(at, made);
  }
  return &*at;
}

// What ended within the outage, or shortly before it, waits for the trades of that time.
bool candle_builder::is_pending(const series& of, const bucket& what) const {
  if (outage_ns_ == 0 || what.open_ns + of.interval_ns <= outage_ns_ - options_.lateness_ns) {
    return false;
  }
  return after_ns_ == 0 || what.open_ns < after_ns_ + options_.lateness_ns;
}

bool candle_builder::is_revised(std::int64_t end_ns) const {
  const bool in_outage = outage_ns_ != 0 && end_ns > outage_ns_ - options_.lateness_ns;
  return in_outage || end_ns + options_.revise_for_ns >= now_ns_;
}

// All trades of that time have come, or will not come.
void candle_builder::end_outage() {
  outage_ns_ = after_ns_ = 0;
  for (auto& each : series_) {
    for (auto& what : each.buckets) {
      const auto due = what.open_ns + each.interval_ns + options_.lateness_ns;
      if (!what.over) schedule(what, std::max(due, now_ns_ + options_.lateness_ns));
    }
  }
}

// The first reason counts.
void candle_builder::schedule(bucket& what, std::int64_t at_ns) {
  if (what.due_ns == 0) what.due_ns = at_ns;
  due_ns_ = earlier(due_ns_, what.due_ns);
}

void candle_builder::take_gap(const gap& what, std::int64_t now_ns) {
  const bool is_outage = what.cause == gap_cause::outage;
  const auto begin_ns = is_outage ? std::max(what.begin_ns, outage_ns_) : what.begin_ns;
  if (is_outage && what.end_ns != 0) end_outage();
  if (!has_begun()) return;
  if (what.end_ns == 0) {
    open_gap_ns_ = earlier(open_gap_ns_, std::max<std::int64_t>(begin_ns, 1));
  } else {
    open_gap_ns_ = 0;
    if (!what.recovered) lost_.push_back({begin_ns, what.end_ns});
    if (lost_.size() > lost_max) {
      lost_[1].begin_ns = std::min(lost_[0].begin_ns, lost_[1].begin_ns);
      lost_.pop_front();
    }
  }
  judge_again(now_ns);
}

void candle_builder::set_waiting(bool waiting, std::int64_t now_ns) {
  if (waiting == (waiting_ns_ != 0)) return;
  waiting_ns_ = waiting ? now_ns : 0;
  judge_again(std::max(now_ns, now_ns_));
}

// What is known to be missing has changed: candles that were given may be worth something else.
void candle_builder::judge_again(std::int64_t now_ns) {
  for (auto& each : series_) {
    for (auto& what : each.buckets) {
      if (!what.over) continue;
      const bool closes = !what.settled && is_settled(each, what);
      if (closes || is_whole(each, what) != what.whole) {
        schedule(what, now_ns + options_.lateness_ns);
      }
    }
  }
}

// Trades that are missing were made up to an allowance before they would have been received. The
// venue's clock may be ahead of ours as much: what began shortly behind our first look, or behind
// the end of a gap, had trades before it.
bool candle_builder::is_settled(const series& of, const bucket& what) const {
  const auto end = what.open_ns + of.interval_ns;
  if (of.since_ns == 0 || what.open_ns < of.since_ns + options_.lateness_ns) return false;
  const auto missing = earlier(open_gap_ns_, waiting_ns_);
  return missing == 0 || end <= missing - options_.lateness_ns;
}

bool candle_builder::is_whole(const series& of, const bucket& what) const {
  if (!is_settled(of, what)) return false;
  const auto end = what.open_ns + of.interval_ns;
  return std::none_of(lost_.begin(), lost_.end(), [&](const time_stretch& each) {
    return each.begin_ns - options_.lateness_ns < end &&
           what.open_ns < each.end_ns + options_.lateness_ns;
  });
}

void candle_builder::on_time(std::int64_t now_ns, event_batch& out) {
  now_ns_ = std::max(now_ns_, now_ns);
  if (due_ns_ == 0 || now_ns_ < due_ns_) return;
  for (auto& each : series_) give_due(each, now_ns_, out);
  for (auto& each : series_) forget_old(each);
  const auto longest =
      *std::max_element(options_.intervals_ns.begin(), options_.intervals_ns.end());
  while (!lost_.empty() && lost_.front().end_ns + longest + options_.revise_for_ns < now_ns_) {
    lost_.pop_front();
  }
  find_due();
}

void candle_builder::find_due() {
  due_ns_ = 0;
  for (const auto& each : series_) {
    for (const auto& what : each.buckets) due_ns_ = earlier(due_ns_, what.due_ns);
  }
}

// In the order of their times: a candle that is given may make the next one.
void candle_builder::give_due(series& of, std::int64_t now_ns, event_batch& out) {
  for (std::size_t at = 0; at < of.buckets.size(); ++at) {
    const auto due = of.buckets[at].due_ns;
    if (due == 0 || due > now_ns) continue;
    if (is_pending(of, of.buckets[at])) {
      of.buckets[at].due_ns = 0;
    } else {
      give(of, at, out);
    }
  }
}

void candle_builder::give(series& of, std::size_t at, event_batch& out) {
  auto& what = of.buckets[at];
  what.whole = is_whole(of, what);
  what.settled = is_settled(of, what);
  if (!what.over) ++(what.whole ? counters_.closed : counters_.incomplete);
  what.over = true;
  // That nothing was traded is said only where it is known.
  if (what.sum.trades != 0 || what.published || what.whole) publish(of, what, out);
  const auto due = std::exchange(what.due_ns, 0);
  if (options_.empty) carry_on(of, at, due);
}

// Makes the interval behind this one, or gives it anew where it carries another close now.
void candle_builder::carry_on(series& of, std::size_t at, std::int64_t at_ns) {
  const auto& from = of.buckets[at];
  const auto close = from.sum.trades == 0 ? from.carried : from.sum.last.price;
  const auto open = from.open_ns + of.interval_ns;
  const auto end = open + of.interval_ns;
  auto& next = *bucket_at(of, open);
  if (next.sum.trades != 0) return;
  const bool is_new = !next.over && next.due_ns == 0;
  // The clock has jumped: what lies between is not told of.
  if (is_new && end + options_.revise_for_ns < now_ns_) {
    of.buckets.erase(of.buckets.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    return;
  }
  const bool differs = compare(next.carried, close) != 0;
  next.carried = close;
  if (is_new) {
    schedule(next, end + options_.lateness_ns);
  } else if (next.over && differs) {
    schedule(next, at_ns + options_.lateness_ns);
  }
}

// False if the volume does not fit.
bool candle_builder::describe(const series& of, const bucket& what, candle& out) const {
  out = {};
  out.interval_ns = of.interval_ns;
  out.open_ns = what.open_ns;
  out.source = candle_source::trades;
  out.revision = what.revision;
  const auto& sum = what.sum;
  out.trades = sum.trades;
  if (sum.trades == 0) {
    out.open = out.high = out.low = out.close = what.carried;
    if (where_->details.type == market_type::spot) out.quote_volume = decimal{};
    return true;
  }
  out.open = sum.first.price;
  out.high = sum.high;
  out.low = sum.low;
  out.close = sum.last.price;
  if (where_->details.type == market_type::spot) out.quote_volume = sum.quote_volume.value();
  const auto volume = sum.volume.value();
  if (!volume) return false;
  out.volume = *volume;
  return true;
}

void candle_builder::publish(const series& of, bucket& what, event_batch& out) {
  candle body;
  if (what.published) ++what.revision;
  const bool fits = describe(of, what, body);
  body.complete = what.whole;
  body.closed = what.settled;
  event made;
  made.where = where_;
  made.exchange_ns = what.open_ns + of.interval_ns;
  made.receive_ns = what.due_ns;
  made.state = what.whole ? feed_state::live : feed_state::gap;
  made.key.append("trades-").append(interval_text(of.interval_ns)).append('-');
  made.body = body;
  // Servers that have seen more or less of the interval give other candles: under other ids.
  made.key.append(what.open_ns).append('-').append(what.revision).append('-');
  made.key.append(content_of(made));
  if (!fits) {
    ++counters_.unrepresentable;
    out.quarantine.push_back({where_->venue, where_->symbol, "candle_volume",
                              "the volume does not fit: it has more digits than 64 bits hold",
                              event_id(made), made.receive_ns});
    return;
  }
  if (what.published) ++counters_.revisions;
  what.published = true;
  out.events.push_back(made);
}

bool candle_builder::present(std::int64_t interval_ns, candle& out) const {
  for (const auto& each : series_) {
    if (each.interval_ns != interval_ns) continue;
    const auto found = std::find_if(each.buckets.rbegin(), each.buckets.rend(),
                                    [](const bucket& what) { return what.sum.trades != 0; });
    return found != each.buckets.rend() && describe(each, *found, out);
  }
  return false;
}

void candle_builder::forget_old(series& of) const {
  while (of.buckets.size() > 1) {
    const auto& oldest = of.buckets.front();
    const auto end = oldest.open_ns + of.interval_ns;
    if (!oldest.over || oldest.due_ns != 0 || end + options_.revise_for_ns >= now_ns_) return;
    of.buckets.pop_front();
  }
}

}  // namespace feedtree
