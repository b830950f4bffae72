#include "core/ledger.hpp"

#include <algorithm>

namespace feedtree {

void feed_ledger::change_state(feed_state to, const moment& at, std::string_view reason,
                               event_batch& out) {
  if (state_ == to) return;
  status_change body;
  body.from = state_;
  body.to = to;
  body.feed = feed_;
  body.reason = inline_text<95>(reason);
  state_ = to;
  auto entry = entry_at(at);
  entry.key.append(to_string(feed_)).append('-').append(at.exchange_ns).append('-');
  entry.key.append(to_string(to));
  entry.body = body;
  out.events.push_back(entry);
}

void feed_ledger::open_gap(gap_cause cause, const moment& at, std::string_view detail,
                           event_batch& out) {
  if (gap_is_open_) return;
  gap_is_open_ = true;
  gap_ = {};
  gap_.cause = cause;
  gap_.feed = feed_;
  gap_.begin_ns = last_good_ns_;
  gap_.detail = inline_text<95>(detail);
  append_gap("begin", at, out);
}

void feed_ledger::note_repair(gap_repair what, const moment& at, event_batch& out) {
  if (!gap_is_open_) return;
  const auto strongest = std::max(gap_.repair, what);
  gap_.repair = what;
  append_gap(to_string(what), at, out);
  gap_.repair = strongest;
}

void feed_ledger::close_gap(bool recovered, const moment& at, event_batch& out) {
  if (!gap_is_open_) return;
  gap_is_open_ = false;
  gap_.recovered = recovered;
  gap_.end_ns = at.receive_ns;
  append_gap("end", at, out);
}

void feed_ledger::resume(const feed_past& past, std::int64_t accepted_ns, const moment& at,
                         event_batch& out) {
  constexpr std::string_view reason = "the actor that kept this feed was restarted";
  last_good_ns_ = accepted_ns;
  state_ = past.state;
  if (past.gap_is_open) {
    gap_ = {};
    gap_.cause = past.cause;
    gap_.feed = feed_;
    gap_.begin_ns = past.begin_ns;
    gap_.detail = inline_text<95>(reason);
    gap_is_open_ = true;
  } else if (past.state != feed_state::syncing) {
    open_gap(gap_cause::restart, at, reason, out);
  }
  note_repair(gap_repair::restart, at, out);
  change_state(feed_state::syncing, at, reason, out);
}

void feed_ledger::append_gap(std::string_view step, const moment& at, event_batch& out) const {
  auto entry = entry_at(at);
  entry.state = gap_is_open_ ? feed_state::gap : feed_state::live;
  entry.key.append(to_string(feed_)).append('-').append(at.exchange_ns).append('-').append(step);
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
