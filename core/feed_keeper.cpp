#include "core/feed_keeper.hpp"

#include <utility>

#include "core/checksum.hpp"

namespace feedtree {

keeper_counters& keeper_counters::operator+=(const keeper_counters& other) {
  checksum_ok += other.checksum_ok;
  checksum_failed += other.checksum_failed;
  sequence_ok += other.sequence_ok;
  sequence_gaps += other.sequence_gaps;
  crossed += other.crossed;
  duplicates += other.duplicates;
  old_deltas += other.old_deltas;
  without_snapshot += other.without_snapshot;
  unknown_deletes += other.unknown_deletes;
  level_updates += other.level_updates;
  snapshots += other.snapshots;
  snapshots_too_old += other.snapshots_too_old;
  return *this;
}

feed_keeper::feed_keeper(const listing* where, guard_ptr guard, keeper_options options)
    : where_(where), guard_(std::move(guard)), options_(options), book_(options.depth) {}

void feed_keeper::process(const event& what, const event_batch& from, event_batch& out) {
  const auto* const change = std::get_if<book_change>(&what.body);
  if (change == nullptr) {
    out.append(what, from);
  } else if (change->snapshot) {
    process_snapshot(what, *change, from, out);
  } else {
    process_delta(what, *change, from, out);
  }
}

void feed_keeper::process_snapshot(const event& what, const book_change& change,
                                   const event_batch& from, event_batch& out) {
  if (!held_.events.empty()) {
    const auto& oldest = std::get<book_change>(held_.events.front().body);
    if (!guard_->reaches(change, oldest)) {
      ++counters_.snapshots_too_old;
      snapshot_asked_ = true;
      snapshot_wanted_ = true;
      return;
    }
  }
  discard_book();
  if (change.depth != 0) book_.set_depth(change.depth);
  guard_->on_snapshot(what, change);
  has_book_ = true;
  joined_ = !guard_->holds_deltas();
  suspect_ = false;
  snapshot_asked_ = false;
  snapshot_wanted_ = false;
  ++counters_.snapshots;
  if (!apply_levels(what, change, from, out)) return;
  const auto before = state_;
  state_ = book_.crossed() ? feed_state::crossed : feed_state::live;
  out.append(what, from).state = state_;
  const auto after = std::exchange(state_, before);
  change_state(after, what, "snapshot", out);
  if (after == feed_state::crossed) ++counters_.crossed;
  if (gap_is_open_) append_gap(what, true, out);
  release_held(out);
}

void feed_keeper::process_delta(const event& what, const book_change& change,
                                const event_batch& from, event_batch& out) {
  if (!has_book_) {
    without_book(what, from);
    return;
  }
  switch (guard_->on_delta(what, change)) {
    case continuity_verdict::apply:
      // The first delta behind a REST snapshot joins it; from then on each must follow the one
      // before.
      if (guard_->checks_sequence() && std::exchange(joined_, true)) ++counters_.sequence_ok;
      apply_delta(what, change, from, out);
      break;
    case continuity_verdict::old:
      ++counters_.old_deltas;
      break;
    case continuity_verdict::duplicate:
      ++counters_.duplicates;
      break;
    case continuity_verdict::broken:
      ++counters_.sequence_gaps;
      break_book(what, gap_cause::sequence, "an update is missing or out of order", out);
      without_book(what, from);
      break;
  }
}

void feed_keeper::apply_delta(const event& what, const book_change& change, const event_batch& from,
                              event_batch& out) {
  if (!apply_levels(what, change, from, out)) return;
  if (suspect_) want_snapshot();
  auto& copy = out.append(what, from);
  const bool is_crossed = book_.crossed();
  if (is_crossed) ++counters_.crossed;
  if (is_crossed == (state_ == feed_state::crossed)) {
    copy.state = state_;
    return;
  }
  copy.state = is_crossed ? feed_state::crossed : suspect_ ? feed_state::gap : feed_state::live;
  judge_crossed(what, out);
}

// The book just became crossed, or no longer is.
void feed_keeper::judge_crossed(const event& what, event_batch& out) {
  if (book_.crossed()) {
    change_state(feed_state::crossed, what, "best bid at or above best ask", out);
    if (guard_->holds_deltas()) {
      // What comes now must be held, or the new snapshot could not be continued.
      break_book(what, gap_cause::crossed, "best bid at or above best ask", out);
    } else {
      want_snapshot();
    }
    return;
  }
  change_state(suspect_ ? feed_state::gap : feed_state::live, what, "no longer crossed", out);
}

bool feed_keeper::apply_levels(const event& what, const book_change& change,
                               const event_batch& from, event_batch& out) {
  apply_counts counts;
  book_.apply(book_part::bids, from.bids(change), counts);
  book_.apply(book_part::asks, from.asks(change), counts);
  book_.truncate(counts);
  counters_.level_updates += change.bids + change.asks;
  counters_.unknown_deletes += counts.unknown_deletes;
  if (!counts.representable) {
    break_book(what, gap_cause::rejected,
               "a level has a negative quantity or a price that does not fit", out);
    return false;
  }
  const auto checksum = guard_->checksum_holds(change, book_);
  if (checksum.has_value()) {
    ++(*checksum ? counters_.checksum_ok : counters_.checksum_failed);
    if (!*checksum) {
      break_book(what, gap_cause::checksum, "the venue's checksum differs from the book's", out);
      return false;
    }
  }
  const auto contradiction = change.snapshot ? std::string_view() : guard_->contradiction(counts);
  if (!contradiction.empty()) {
    ++counters_.sequence_gaps;
    break_book(what, gap_cause::sequence, contradiction, out);
    return false;
  }
  last_good_ns_ = what.receive_ns;
  return true;
}

// A delta for which there is no book: held where a snapshot will come that it can follow.
void feed_keeper::without_book(const event& what, const event_batch& from) {
  want_snapshot();
  if (!guard_->holds_deltas()) {
    ++counters_.without_snapshot;
    return;
  }
  if (held_.events.size() >= options_.held_events_max ||
      held_.levels.size() >= options_.held_levels_max) {
    counters_.without_snapshot += held_.events.size();
    held_.clear();
  }
  held_.append(what, from);
}

void feed_keeper::release_held(event_batch& out) {
  const auto held = std::exchange(held_, {});
  for (const auto& what : held.events) {
    process_delta(what, std::get<book_change>(what.body), held, out);
  }
}

void feed_keeper::discard_book() {
  book_.clear();
  has_book_ = false;
}

void feed_keeper::break_book(const event& what, gap_cause cause, std::string_view detail,
                             event_batch& out) {
  has_book_ = false;
  want_snapshot();
  if (!gap_is_open_) {
    open_gap_ = {};
    open_gap_.cause = cause;
    open_gap_.begin_ns = last_good_ns_;
    open_gap_.detail = inline_text<95>(detail);
    append_gap(what, false, out);
  }
  change_state(feed_state::gap, what, detail, out);
}

void feed_keeper::append_gap(const event& cause_event, bool recovered, event_batch& out) {
  gap_is_open_ = !recovered;
  event entry;
  entry.where = where_;
  entry.exchange_ns = cause_event.exchange_ns;
  entry.receive_ns = cause_event.receive_ns;
  entry.state = recovered ? feed_state::live : feed_state::gap;
  open_gap_.recovered = recovered;
  open_gap_.end_ns = recovered ? cause_event.receive_ns : 0;
  entry.key.append(to_string(open_gap_.feed)).append('-').append(cause_event.exchange_ns);
  entry.key.append(recovered ? "-end" : "-begin");
  entry.body = open_gap_;
  out.events.push_back(entry);
}

void feed_keeper::change_state(feed_state to, const event& cause, std::string_view reason,
                               event_batch& out) {
  if (state_ == to) return;
  event entry;
  entry.where = where_;
  entry.exchange_ns = cause.exchange_ns;
  entry.receive_ns = cause.receive_ns;
  entry.state = to;
  status_change body;
  body.from = state_;
  body.to = to;
  body.reason = inline_text<95>(reason);
  entry.body = body;
  entry.key.append("book-").append(cause.exchange_ns).append('-').append(to_string(to));
  state_ = to;
  out.events.push_back(entry);
}

void feed_keeper::connection_lost(std::int64_t now_ns, std::string_view reason, event_batch& out) {
  event cause;
  cause.exchange_ns = now_ns;
  cause.receive_ns = now_ns;
  if (has_book_) break_book(cause, gap_cause::connection, reason, out);
  discard_book();
  held_.clear();
  snapshot_wanted_ = false;
  snapshot_asked_ = false;
  change_state(feed_state::syncing, cause, reason, out);
}

void feed_keeper::connection_gap(std::int64_t now_ns, std::string_view detail, event_batch& out) {
  // A snapshot that was asked for may be among the missing frames, unless it comes over REST.
  if (snapshot_asked_ && !guard_->holds_deltas()) snapshot_wanted_ = true;
  if (!has_book_) return;
  event cause;
  cause.exchange_ns = now_ns;
  cause.receive_ns = now_ns;
  break_book(cause, gap_cause::sequence, detail, out);
  if (guard_->holds_deltas()) return;  // what comes now must be held for the snapshot
  has_book_ = true;
  suspect_ = true;
}

void feed_keeper::want_snapshot() {
  if (!std::exchange(snapshot_asked_, true)) snapshot_wanted_ = true;
}

bool feed_keeper::take_snapshot_request() {
  return std::exchange(snapshot_wanted_, false);
}

void feed_keeper::snapshot_failed() {
  snapshot_asked_ = false;
  snapshot_wanted_ = false;
}

void feed_keeper::append_present_book(std::int64_t now_ns, event_batch& out) const {
  event entry;
  entry.where = where_;
  entry.exchange_ns = now_ns;
  entry.receive_ns = now_ns;
  entry.state = state_;
  book_change body;
  body.snapshot = true;
  body.depth = static_cast<std::uint32_t>(book_.depth());
  body.first_level = static_cast<std::uint32_t>(out.levels.size());
  body.bids = static_cast<std::uint32_t>(book_.size(book_part::bids));
  body.asks = static_cast<std::uint32_t>(book_.size(book_part::asks));
  book_.top(book_part::bids, body.bids, out.levels);
  book_.top(book_part::asks, body.asks, out.levels);
  entry.key.append("present-").append(now_ns);
  entry.body = body;
  out.events.push_back(entry);
}

}  // namespace feedtree
