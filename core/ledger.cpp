#include "core/ledger.hpp"

#include <algorithm>
#include <limits>

namespace feedtree {

event_key ledger_keys::key(event_kind feed, feed_state to, const moment& at) {
  return key(feed, to_string(to), 2 + gap_repairs + static_cast<std::size_t>(to), at);
}

event_key ledger_keys::key(event_kind feed, gap_repair step, const moment& at) {
  return key(feed, to_string(step), 2 + static_cast<std::size_t>(step), at);
}

event_key ledger_keys::key(event_kind feed, std::string_view name, std::size_t number,
                           const moment& at) {
  auto& last_ns = last_ns_[number];
  event_key result;
  result.append(to_string(feed)).append('-');
  if (at.exchange_ns > last_ns) {
    last_ns = at.exchange_ns;
    result.append(at.exchange_ns);
  } else {
    result.append(at.receive_ns).append('r');
  }
  result.append('-').append(name);
  return result;
}

moment feed_ledger::told(const moment& at) {
  last_told_ns_ = std::max(last_told_ns_, at.receive_ns);
  return {at.exchange_ns, last_told_ns_};
}

void feed_ledger::change_state(feed_state to, const moment& when, std::string_view reason,
                               event_batch& out) {
  if (state_ == to) return;
  const auto at = told(when);
  status_change body;
  body.from = state_;
  body.to = to;
  body.feed = feed_;
  body.reason = inline_text<95>(reason);
  state_ = to;
  auto entry = entry_at(at);
  entry.key = keys_.key(feed_, to, at);
  entry.body = body;
  out.events.push_back(entry);
}

void feed_ledger::open_gap(gap_cause cause, const moment& when, std::string_view detail,
                           event_batch& out) {
  if (gap_is_open_) return;
  const auto at = told(when);
  gap_is_open_ = true;
  gap_ = {};
  gap_.cause = cause;
  gap_.feed = feed_;
  gap_.begin_ns = last_good_ns_;
  gap_.detail = inline_text<95>(detail);
  append_gap(keys_.key_of_begin(feed_, at), at, out);
}

void feed_ledger::note_repair(gap_repair what, const moment& when, event_batch& out) {
  if (!gap_is_open_) return;
  const auto at = told(when);
  const auto strongest = std::max(gap_.repair, what);
  gap_.repair = what;
  append_gap(keys_.key(feed_, what, at), at, out);
  gap_.repair = strongest;
}

void feed_ledger::close_gap(bool recovered, const moment& when, event_batch& out) {
  if (!gap_is_open_) return;
  const auto at = told(when);
  gap_is_open_ = false;
  gap_.recovered = recovered;
  gap_.end_ns = at.receive_ns;
  append_gap(keys_.key_of_end(feed_, at), at, out);
  if (!earlier_) return;
  gap_.cause = earlier_->cause;
  gap_.begin_ns = earlier_->begin_ns;
  earlier_.reset();
  append_gap(keys_.key_of_earlier_end(feed_, at), at, out);
}

void feed_ledger::close_outage(const gap& end, const moment& when, event_batch& out) {
  if (!has_outage()) return;
  gap_.detail = end.detail;
  const auto first = out.events.size();
  close_gap(end.recovered, when, out);
  // What is said of it may be known only later.
  for (auto at = first; at < out.events.size(); ++at) {
    std::get<gap>(out.events[at].body).end_ns = std::max(end.end_ns, gap_.begin_ns);
  }
}

void feed_ledger::resume(const feed_past& past, std::int64_t accepted_ns, const moment& at,
                         event_batch& out) {
  constexpr std::string_view reason = "the actor that kept this feed was restarted";
  last_good_ns_ = accepted_ns;
  // The venue's clock may be ahead of ours: what the one before used is not known.
  keys_.forget_before(std::numeric_limits<std::int64_t>::max());
  state_ = past.state;
  if (past.gap_is_open) {
    go_on_with(past.cause, past.begin_ns, reason);
    earlier_ = past.earlier;
  } else if (past.state != feed_state::syncing) {
    open_gap(gap_cause::restart, at, reason, out);
  }
  note_repair(gap_repair::restart, at, out);
  change_state(feed_state::syncing, at, reason, out);
}

void feed_ledger::resume_after_outage(const feed_past& past, std::int64_t stored_ns,
                                      const moment& at, event_batch& out) {
  constexpr std::string_view reason = "the server was not running";
  last_good_ns_ = stored_ns;
  keys_.forget_before(std::numeric_limits<std::int64_t>::max());
  state_ = past.state;
  if (past.gap_is_open && past.cause == gap_cause::outage) {
    go_on_with(past.cause, past.begin_ns, reason);
    earlier_ = past.earlier;
  } else {
    open_gap(gap_cause::outage, at, reason, out);
    if (past.gap_is_open) earlier_ = open_entry{past.cause, past.begin_ns};
  }
  change_state(feed_state::syncing, at, reason, out);
}

// The open gap of one before this: it was told of already.
void feed_ledger::go_on_with(gap_cause cause, std::int64_t begin_ns, std::string_view reason) {
  gap_ = {};
  gap_.cause = cause;
  gap_.feed = feed_;
  gap_.begin_ns = begin_ns;
  gap_.detail = inline_text<95>(reason);
  gap_is_open_ = true;
}

void feed_ledger::append_gap(const event_key& key, const moment& at, event_batch& out) const {
  auto entry = entry_at(at);
  entry.state = gap_is_open_ ? feed_state::gap : feed_state::live;
  entry.key = key;
  entry.body = gap_;
  out.events.push_back(entry);
}

event feed_ledger::entry_at(const moment& at) const {
  event entry;
  entry.where = where_;
  entry.exchange_ns = at.exchange_ns;
  entry.receive_ns = at.receive_ns;
  entry.state = state_;
  return entry;
}

}  // namespace feedtree
