#include "core/candle_past.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace feedtree {
namespace {

constexpr std::size_t lost_max = 256;
constexpr std::size_t lost_bytes_min = 2;
constexpr std::size_t series_bytes_min = 2;
// A candle that was not given is kept no longer than this behind the time of its revisions.
constexpr std::int64_t given_within_ns = 86'400'000'000'000;

stored_candle* candle_at(stored_series& in, std::int64_t open_ns, bool makes) {
  auto at = in.candles.end();
  while (at != in.candles.begin() && std::prev(at)->open_ns >= open_ns) --at;
  if (at != in.candles.end() && at->open_ns == open_ns) return &*at;
  if (!makes) return nullptr;
  at = in.candles.insert(at, stored_candle{});
  at->open_ns = open_ns;
  return &*at;
}

}  // namespace

void candle_past::write(byte_writer& to) const {
  to.number(lost.size());
  for (const auto& each : lost) to(each.begin_ns), to(each.end_ns);
  to.number(series.size());
  for (const auto& each : series) to(each.interval_ns), to(each.since_ns);
}

void candle_past::read(byte_reader& from) {
  lost.resize(from.count(lost_bytes_min));
  for (auto& each : lost) from(each.begin_ns), from(each.end_ns);
  series.resize(from.count(series_bytes_min));
  for (auto& each : series) from(each.interval_ns), from(each.since_ns);
}

void write_candle(const stored_candle& candle, byte_writer& to) {
  to(candle.given), to(candle.whole), to(candle.settled), to(candle.changed), to(candle.revision);
  candle.sum.write(to);
}

void read_candle(stored_candle& candle, byte_reader& from) {
  from(candle.given), from(candle.whole), from(candle.settled), from(candle.changed);
  from(candle.revision);
  candle.sum.read(from);
}

candle_recorder::candle_recorder(const candle_options& options, candle_past& past)
    : options_(options), past_(past) {
  for (const auto interval : options.intervals_ns) part_ns_ = std::gcd(part_ns_, interval);
  loaded();
}

void candle_recorder::loaded() {
  const auto& wanted = options_.intervals_ns;
  std::erase_if(past_.series, [&](const stored_series& each) {
    if (std::find(wanted.begin(), wanted.end(), each.interval_ns) != wanted.end()) return false;
    past_.dropped.push_back(each.interval_ns);
    return true;
  });
  for (const auto interval : wanted) {
    const bool is_known =
        std::any_of(past_.series.begin(), past_.series.end(),
                    [&](const auto& each) { return each.interval_ns == interval; });
    if (!is_known) past_.series.push_back({interval, 0, 0, {}});
  }
}

void candle_recorder::clear() {
  parts_.clear();
  past_.lost.clear();
  outage_ns_ = 0;
  for (auto& each : past_.series) {
    each.since_ns = 0;
    each.candles.clear();
    each.dropped_before_ns = std::numeric_limits<std::int64_t>::max();
  }
}

void candle_recorder::begin(std::int64_t now_ns) {
  for (auto& each : past_.series) {
    if (each.since_ns == 0) each.since_ns = now_ns;
  }
}

void candle_recorder::take_trade(const event& what) {
  if (part_ns_ == 0) return;
  begin(what.receive_ns);
  now_ns_ = std::max(now_ns_, what.receive_ns);
  if (what.exchange_ns > now_ns_ + candle_ahead_max_ns) return;
  const auto open_ns = begin_of_interval(what.exchange_ns, part_ns_);
  const auto found = std::find_if(parts_.rbegin(), parts_.rend(),
                                  [&](const part& each) { return each.open_ns == open_ns; });
  auto& into = found != parts_.rend() ? *found : parts_.emplace_back(part{open_ns, {}});
  into.sum.add(what);
}

void candle_recorder::take_loss(const time_stretch& of) {
  auto& lost = past_.lost;
  lost.push_back(of);
  if (lost.size() <= lost_max) return;
  lost[1].begin_ns = std::min(lost[0].begin_ns, lost[1].begin_ns);
  lost.erase(lost.begin());
}

void candle_recorder::take_given(const candle& what) {
  fold();
  for (auto& each : past_.series) {
    if (each.interval_ns != what.interval_ns) continue;
    auto* const known = candle_at(each, what.open_ns, false);
    if (known == nullptr) return;
    known->given = true;
    known->changed = false;
    known->whole = what.complete;
    known->settled = what.closed;
    known->revision = std::max(known->revision, what.revision);
    known->is_kept = false;
  }
}

void candle_recorder::is_kept() {
  past_.dropped.clear();
  for (auto& each : past_.series) {
    each.dropped_before_ns = 0;
    for (auto& known : each.candles) known.is_kept = true;
  }
}

void candle_recorder::fold() {
  for (auto& each : past_.series) {
    fold(each);
    forget_old(each);
  }
  parts_.clear();
  const auto longest =
      options_.intervals_ns.empty()
          ? 0
          : *std::max_element(options_.intervals_ns.begin(), options_.intervals_ns.end());
  std::erase_if(past_.lost, [&](const time_stretch& each) {
    return !is_revised(each.end_ns + longest + options_.lateness_ns);
  });
}

// Of intervals that are not revised any more nothing is taken.
void candle_recorder::fold(stored_series& into) const {
  for (const auto& each : parts_) {
    const auto open_ns = begin_of_interval(each.open_ns, into.interval_ns);
    const auto end_ns = open_ns + into.interval_ns;
    if (end_ns <= into.since_ns || !is_revised(end_ns)) continue;
    auto& to = *candle_at(into, open_ns, true);
    to.sum.add(each.sum);
    to.changed = to.given;
    to.is_kept = false;
  }
}

bool candle_recorder::is_revised(std::int64_t end_ns) const {
  const bool in_outage = outage_ns_ != 0 && end_ns > outage_ns_ - options_.lateness_ns;
  return in_outage || end_ns + options_.revise_for_ns >= now_ns_;
}

void candle_recorder::forget_old(stored_series& of) const {
  while (!of.candles.empty()) {
    const auto& oldest = of.candles.front();
    const auto end_ns = oldest.open_ns + of.interval_ns;
    if (is_revised(end_ns) || (!oldest.given && is_revised(end_ns + given_within_ns))) return;
    of.dropped_before_ns = std::max(of.dropped_before_ns, oldest.open_ns + 1);
    of.candles.pop_front();
  }
}

}  // namespace feedtree
