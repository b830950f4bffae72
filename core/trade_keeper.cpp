#include "core/trade_keeper.hpp"

#include <algorithm>
#include <utility>

namespace feedtree {
namespace {

constexpr std::int64_t retry_factor_max = 16;

bool comes_before(const event& a, const event& b) {
  return number_of_trade(a) < number_of_trade(b);
}

std::uint64_t size_of(const number_range& what) {
  return what.last - what.first + 1;
}

// The lowest and the highest number of an answer, with their exchange times.
struct edges_of_answer {
  void add(std::uint64_t number, std::int64_t exchange_ns) {
    if (!any || number < first.first) first = {number, exchange_ns};
    if (!any || number > last.first) last = {number, exchange_ns};
    any = true;
  }
  bool any = false;
  std::pair<std::uint64_t, std::int64_t> first;
  std::pair<std::uint64_t, std::int64_t> last;
};

}  // namespace

trade_counters& trade_counters::operator+=(const trade_counters& other) {
  in_order += other.in_order;
  holes += other.holes;
  covered += other.covered;
  missing += other.missing;
  late += other.late;
  filled += other.filled;
  lost += other.lost;
  duplicates += other.duplicates;
  unasked += other.unasked;
  reused += other.reused;
  restarts += other.restarts;
  return *this;
}

trade_keeper::trade_keeper(const listing* where, trade_keeper_options options)
    : where_(where), options_(options), retry_ns_(options.retry_ns) {}

void trade_keeper::process(const event& what, event_batch& out) {
  const auto number = options_.numbered ? number_of_trade(what) : std::nullopt;
  if (!number) {
    pass_unnumbered(what, out);
    return;
  }
  const auto known = match(*number, what);
  if (is_repetition(*number, what, known)) {
    ++counters_.duplicates;
    return;
  }
  auto named = what;
  if (known == trade_match::other) named.key = key_of_reused_number(*number, what);
  if (of_old_numbering_ != 0) --of_old_numbering_;
  memory_.add(*number, what);
  if (is_passed(*number)) {
    take_reused(*number, named, out);
  } else {
    reused_.reset();
    take_in_order(*number, named, out);
  }
}

void trade_keeper::take_in_order(std::uint64_t number, const event& what, event_batch& out) {
  switch (numbers_.take(number, number)) {
    case trade_verdict::next:
      ++counters_.in_order;
      begins_run(what);
      pass_or_hold(what, out);
      end_outage(what.receive_ns, out);
      break;
    case trade_verdict::after_hole:
      take_after_hole(what, begins_run(what), out);
      break;
    case trade_verdict::late:
      take_late(what, false, out);
      return;
    case trade_verdict::duplicate:
      ++counters_.duplicates;
      return;
  }
  last_receive_ns_ = what.receive_ns;
  last_exchange_ns_ = what.exchange_ns;
}

void trade_keeper::take_after_hole(const event& what, bool of_outage, event_batch& out) {
  hole made;
  made.whole = numbers_.missing().back();
  made.begin_ns = last_receive_ns_;
  made.before_ns = last_exchange_ns_;
  made.after_ns = what.exchange_ns;
  made.seen_ns = made.heard_ns = what.receive_ns;
  made.of_outage = of_outage;
  made.ask_ns = what.receive_ns + options_.patience_ns;
  ++counters_.holes;
  counters_.missing += size_of(made.whole);
  if (!is_asked(made) && !options_.redundant) {
    // Nothing will be asked for, so nothing waits.
    numbers_.forget(made.whole);
    end_hole(made, size_of(made.whole), what.receive_ns, out);
    pass_or_hold(what, out);
    end_outage(what.receive_ns, out);
    return;
  }
  made.holds = size_of(made.whole) <= options_.held_max;
  holes_.push_back(made);
  if (holes_.size() > trade_continuity::holes_max) {
    const auto oldest = holes_.front();
    holes_.pop_front();
    numbers_.forget(oldest.whole);
    end_hole(oldest, missing_in(oldest), what.receive_ns, out);
    release(out);
    end_outage(what.receive_ns, out);
  }
  pass_or_hold(what, out);
}

void trade_keeper::take_late(const event& what, bool fetched, event_batch& out) {
  auto* const of = hole_of(number_of_trade(what).value_or(0));
  if (of == nullptr) {
    out.events.push_back(what);
    return;
  }
  ++(fetched ? of->came_filled : of->came_late);
  ++(fetched ? counters_.filled : counters_.late);
  of->end_ns = of->heard_ns = what.receive_ns;
  if (of->holds) {
    held_.push_back(what);
  } else {
    out.events.push_back(what);
  }
  if (!fetched) settle(out);
}

void trade_keeper::pass_or_hold(const event& what, event_batch& out) {
  const bool waits =
      std::any_of(holes_.begin(), holes_.end(), [](const hole& entry) { return entry.holds; });
  if (!waits) {
    out.events.push_back(what);
    return;
  }
  held_.push_back(what);
  if (held_.size() < options_.held_max) return;
  for (auto& entry : holes_) entry.holds = false;
  release(out);
}

// Ends the holes that are full.
void trade_keeper::settle(event_batch& out) {
  bool any = false;
  std::int64_t last_ns = 0;
  for (auto at = holes_.begin(); at != holes_.end();) {
    if (missing_in(*at) != 0) {
      ++at;
      continue;
    }
    any = true;
    const auto ended = *at;
    at = holes_.erase(at);
    end_hole(ended, 0, ended.end_ns, out);
    last_ns = std::max(last_ns, ended.end_ns);
  }
  if (!any) return;
  release(out);
  end_outage(last_ns, out);
}

// Passes on, in order, what stands before the first hole that is waited for.
void trade_keeper::release(event_batch& out) {
  const auto waited =
      std::find_if(holes_.begin(), holes_.end(), [](const hole& entry) { return entry.holds; });
  std::stable_sort(held_.begin(), held_.end(), comes_before);
  const auto end = waited == holes_.end()
                       ? held_.end()
                       : std::find_if(held_.begin(), held_.end(), [&](const event& what) {
                           return number_of_trade(what) >= std::optional(waited->whole.first);
                         });
  out.events.insert(out.events.end(), held_.begin(), end);
  held_.erase(held_.begin(), end);
}

// The ledger's entry for a hole: in the order of its begin it stands before what came of it.
void trade_keeper::end_hole(const hole& what, std::uint64_t lost, std::int64_t now_ns,
                            event_batch& out) {
  counters_.lost += lost;
  if (what.of_outage && outage_) {
    count_in_outage(what, lost);
    return;
  }
  // Another connection brought them in time: nothing was ever missing.
  if (lost == 0 && what.came_filled == 0 && options_.redundant) {
    ++counters_.covered;
    return;
  }
  event entry;
  entry.where = where_;
  entry.exchange_ns = what.after_ns;
  entry.receive_ns = now_ns;
  entry.state = lost == 0 ? feed_state::live : feed_state::gap;
  gap body;
  body.cause = gap_cause::sequence;
  body.feed = event_kind::trade;
  body.recovered = lost == 0;
  body.begin_ns = what.begin_ns;
  body.end_ns = now_ns;
  body.detail.append("trades ").append(what.whole.first).append(" to ").append(what.whole.last);
  if (lost != 0) {
    body.detail.append(" are missing");
    if (lost != size_of(what.whole)) body.detail.append(", ").append(lost).append(" not filled");
  } else {
    body.detail.append(what.came_filled != 0 ? " were missing and are filled" : " came late");
  }
  entry.body = body;
  entry.key.append("trade-").append(what.whole.first).append('-').append(what.whole.last);
  out.events.push_back(entry);
}

trade_keeper::hole* trade_keeper::hole_of(std::uint64_t number) {
  for (auto& entry : holes_) {
    if (entry.whole.first <= number && number <= entry.whole.last) return &entry;
  }
  return nullptr;
}

std::optional<number_range> trade_keeper::first_missing(const hole& of) const {
  for (const auto& range : numbers_.missing()) {
    if (of.whole.first <= range.first && range.last <= of.whole.last) return range;
  }
  return {};
}

std::uint64_t trade_keeper::missing_in(const hole& of) const {
  std::uint64_t total = 0;
  for (const auto& range : numbers_.missing()) {
    if (of.whole.first <= range.first && range.last <= of.whole.last) total += size_of(range);
  }
  return total;
}

bool trade_keeper::is_asked(const hole& what) const {
  return options_.fills && size_of(what.whole) <= options_.numbers_max;
}

// A hole that is never asked for is waited for as long as another connection may bring it.
std::int64_t trade_keeper::give_up_at(const hole& of) const {
  return is_asked(of) ? of.heard_ns + options_.give_up_ns : of.seen_ns + options_.hold_ns;
}

std::optional<missing_trades> trade_keeper::take_request(std::int64_t now_ns) {
  if (asked_) return {};
  if (span_ && span_->ask_ns <= now_ns) {
    asked_.emplace();
    asked_by_time_ = true;
    return missing_trades{where_, {}, span_->next_ns, span_->end_ns};
  }
  for (auto& entry : holes_) {
    if (entry.seen_ns == 0 || entry.ask_ns > now_ns || !is_asked(entry)) continue;
    const auto range = first_missing(entry);
    if (!range) continue;
    asked_ = range;
    asked_by_time_ = false;
    missing_trades what{where_, *range, entry.before_ns, entry.after_ns};
    narrow(what, entry);
    return what;
  }
  return {};
}

// What came of the hole already tells the times of the neighbours more closely.
void trade_keeper::narrow(missing_trades& what, const hole& of) const {
  const auto note = [&what](std::uint64_t number, std::int64_t exchange_ns) {
    if (number < what.numbers.first) {
      what.before_ns = std::max(what.before_ns, exchange_ns);
    } else if (number > what.numbers.last) {
      what.after_ns = std::min(what.after_ns, exchange_ns);
    }
  };
  for (const auto& entry : held_) {
    note(number_of_trade(entry).value_or(0), entry.exchange_ns);
  }
  for (const auto& [number, exchange_ns] : of.known) note(number, exchange_ns);
}

void trade_keeper::take_answer(const event_batch& answer, std::int64_t now_ns, event_batch& out) {
  if (!asked_) return;
  if (asked_by_time_) return take_span(answer, now_ns, out);
  const auto before = counters_.filled;
  std::vector<event_key> keys;
  edges_of_answer edges;
  for (const auto& what : answer.events) {
    if (what.where != where_ || what.kind() != event_kind::trade) continue;
    const auto number = number_of_trade(what);
    if (!number || numbers_.take_fetched(*number, *number) != trade_verdict::late) {
      ++counters_.unasked;
      continue;
    }
    memory_.add(*number, what);
    keys.push_back(what.key);
    edges.add(*number, what.exchange_ns);
    take_late(what, true, out);
  }
  for (const auto& what : answer.events) {
    if (what.where != where_ || what.kind() == event_kind::trade) continue;
    if (std::find(keys.begin(), keys.end(), what.key) != keys.end()) out.append(what, answer);
  }
  if (counters_.filled == before) {
    request_failed(now_ns, out);
    return;
  }
  retry_ns_ = options_.retry_ns;
  if (auto* const of = hole_of(asked_->first)) {
    of->known.insert(of->known.end(), {edges.first, edges.last});
  }
  asked_.reset();
  settle(out);
}

void trade_keeper::request_failed(std::int64_t now_ns, event_batch& out) {
  if (!asked_) return;
  if (asked_by_time_) return span_failed(now_ns, out);
  if (auto* const of = hole_of(asked_->first)) of->ask_ns = now_ns + retry_ns_;
  retry_ns_ = std::min(retry_ns_ * 2, options_.retry_ns * retry_factor_max);
  asked_.reset();
  on_time(now_ns, out);
}

void trade_keeper::on_time(std::int64_t now_ns, event_batch& out) {
  bool any = false;
  for (auto at = holes_.begin(); at != holes_.end();) {
    const auto over_ns = give_up_at(*at);
    const bool holds =
        std::exchange(at->holds, at->holds && now_ns < at->seen_ns + options_.hold_ns);
    any = any || holds != at->holds;
    if (at->seen_ns == 0 || now_ns < over_ns) {
      ++at;
      continue;
    }
    const auto ended = *at;
    const auto lost = missing_in(ended);
    numbers_.forget(ended.whole);
    at = holes_.erase(at);
    end_hole(ended, lost, now_ns, out);
    any = true;
  }
  if (!any) return;
  release(out);
  end_outage(now_ns, out);
}

void trade_keeper::give_up(std::int64_t now_ns, event_batch& out) {
  for (const auto& entry : holes_) {
    const auto lost = size_of(entry.whole) - entry.came_late - entry.came_filled;
    numbers_.forget(entry.whole);
    end_hole(entry, lost, now_ns, out);
  }
  holes_.clear();
  span_.reset();
  asked_.reset();
  release(out);
  end_outage(now_ns, out);
}

std::int64_t trade_keeper::due_ns() const {
  std::int64_t due = 0;
  const auto at = [&due](std::int64_t when) { due = due == 0 ? when : std::min(due, when); };
  for (const auto& entry : holes_) {
    if (entry.seen_ns == 0) continue;
    if (entry.holds) at(entry.seen_ns + options_.hold_ns);
    at(give_up_at(entry));
    if (is_asked(entry) && !asked_) at(entry.ask_ns);
  }
  if (span_ && !asked_) at(span_->ask_ns);
  return due;
}

}  // namespace feedtree
