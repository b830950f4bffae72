#include "core/feed_keeper.hpp"

#include <algorithm>
#include <utility>

#include "core/checksum.hpp"

namespace feedtree {
namespace {

constexpr std::string_view crossed_detail = "best bid at or above best ask";
constexpr std::string_view back_detail = "the venue's numbers went back";
constexpr std::string_view missing_detail = "an update is missing or out of order";

}  // namespace

keeper_counters& keeper_counters::operator+=(const keeper_counters& other) {
  checksum_ok += other.checksum_ok;
  checksum_failed += other.checksum_failed;
  sequence_ok += other.sequence_ok;
  sequence_gaps += other.sequence_gaps;
  crossed += other.crossed;
  duplicates += other.duplicates;
  old_deltas += other.old_deltas;
  without_snapshot += other.without_snapshot;
  numbers_back += other.numbers_back;
  unknown_deletes += other.unknown_deletes;
  level_updates += other.level_updates;
  snapshots += other.snapshots;
  snapshots_too_old += other.snapshots_too_old;
  levels_cut += other.levels_cut;
  return *this;
}

feed_keeper::feed_keeper(const listing* where, guard_ptr guard, keeper_options options)
    : where_(where),
      guard_(std::move(guard)),
      options_(options),
      book_(options.depth),
      ledger_(where, event_kind::book),
      others_(where) {}

void feed_keeper::process(const event& what, const event_batch& from, event_batch& out) {
  const auto* const change = std::get_if<book_change>(&what.body);
  if (change == nullptr) {
    others_.process(what, from, out);
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
  const auto at = moment::of(what);
  pass(what, change, from, out);
  ledger_.change_state(worth(), at, "snapshot", out);
  if (worth() == feed_state::crossed) {
    ++counters_.crossed;
    ledger_.open_gap(gap_cause::crossed, at, crossed_detail, out);
  } else {
    ledger_.close_gap(true, at, out);
  }
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
      break_sequence(what, from, missing_detail, out);
      break;
    case continuity_verdict::went_back:
      ++counters_.numbers_back;
      numbers_reused_ = std::max(numbers_reused_.value_or(0), highest_number_);
      break_sequence(what, from, back_detail, out);
      break;
  }
}

void feed_keeper::break_sequence(const event& what, const event_batch& from,
                                 std::string_view detail, event_batch& out) {
  ++counters_.sequence_gaps;
  break_book(moment::of(what), gap_cause::sequence, detail, out);
  without_book(what, from);
}

void feed_keeper::apply_delta(const event& what, const book_change& change, const event_batch& from,
                              event_batch& out) {
  if (!apply_levels(what, change, from, out)) return;
  if (suspect_) want_snapshot();
  if (book_.crossed()) ++counters_.crossed;
  pass(what, change, from, out);
  if (worth() != state()) judge_state(what, out);
}

// Numbers that the venue gave before it counted again make no key of their own any more.
void feed_keeper::pass(const event& what, const book_change& change, const event_batch& from,
                       event_batch& out) {
  auto& made = out.append(what, from);
  made.state = worth();
  highest_number_ = std::max(highest_number_, change.last_update_id);
  if (!numbers_reused_ || change.last_update_id > *numbers_reused_) return;
  // The time of a snapshot may be our own clock's: its levels tell it from others.
  fingerprint content;
  if (change.snapshot) {
    content.add(from.all(change));
  } else {
    content.add(what.exchange_ns);
  }
  made.key.append('~').append(content.value());
}

// What the book is worth by itself.
feed_state feed_keeper::worth() const {
  if (book_.crossed()) return feed_state::crossed;
  return suspect_ ? feed_state::gap : feed_state::live;
}

// A delta changed what the book is worth: it became crossed, or no longer is, or was stale.
void feed_keeper::judge_state(const event& what, event_batch& out) {
  const auto at = moment::of(what);
  if (!book_.crossed()) {
    const bool was_stale = state() == feed_state::stale;
    ledger_.change_state(worth(), at, was_stale ? "data" : "no longer crossed", out);
    if (!suspect_) ledger_.close_gap(true, at, out);
    return;
  }
  ledger_.change_state(feed_state::crossed, at, crossed_detail, out);
  if (guard_->holds_deltas()) {
    // What comes now must be held, or the new snapshot could not be continued.
    break_book(at, gap_cause::crossed, crossed_detail, out);
  } else {
    ledger_.open_gap(gap_cause::crossed, at, crossed_detail, out);
    want_snapshot();
  }
}

bool feed_keeper::apply_levels(const event& what, const book_change& change,
                               const event_batch& from, event_batch& out) {
  apply_counts counts;
  book_.apply(book_part::bids, from.bids(change), counts);
  book_.apply(book_part::asks, from.asks(change), counts);
  book_.truncate(counts);
  counters_.level_updates += change.bids + change.asks;
  counters_.unknown_deletes += counts.unknown_deletes;
  counters_.levels_cut += counts.truncated;
  if (!counts.representable) {
    break_book(moment::of(what), gap_cause::rejected,
               "a level has a negative quantity or a price that does not fit", out);
    return false;
  }
  const auto checksum = guard_->checksum_holds(change, book_);
  if (checksum.has_value()) {
    ++(*checksum ? counters_.checksum_ok : counters_.checksum_failed);
    if (!*checksum) {
      break_book(moment::of(what), gap_cause::checksum,
                 "the venue's checksum differs from the book's", out);
      return false;
    }
  }
  const auto contradiction = change.snapshot ? std::string_view() : guard_->contradiction(counts);
  if (!contradiction.empty()) {
    ++counters_.sequence_gaps;
    break_book(moment::of(what), gap_cause::sequence, contradiction, out);
    return false;
  }
  ledger_.good(what.receive_ns);
  return true;
}

// A delta for which there is no book: held where a snapshot will come that it can follow.
void feed_keeper::without_book(const event& what, const event_batch& from) {
  want_snapshot();
  if (!guard_->holds_deltas()) {
    ++counters_.without_snapshot;
    return;
  }
  // What was numbered before the venue began to count again cannot lead to what comes now.
  const bool is_useless = !held_.events.empty() && numbers_went_back(held_.events.back(), what);
  if (is_useless || held_.events.size() >= options_.held_events_max ||
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

void feed_keeper::break_book(const moment& at, gap_cause cause, std::string_view detail,
                             event_batch& out) {
  has_book_ = false;
  want_snapshot();
  ledger_.open_gap(cause, at, detail, out);
  ledger_.change_state(feed_state::gap, at, detail, out);
}

void feed_keeper::connection_lost(const kind_set& kinds, std::int64_t now_ns,
                                  std::string_view reason, event_batch& out) {
  if (kinds.test(static_cast<std::size_t>(event_kind::book))) {
    const auto at = moment::ours(now_ns);
    if (has_book_) break_book(at, gap_cause::connection, reason, out);
    discard_book();
    guard_->on_connection_lost();
    counters_.without_snapshot += held_.events.size();
    held_.clear();
    snapshot_wanted_ = false;
    snapshot_asked_ = false;
    if (state() != feed_state::syncing) ledger_.note_repair(gap_repair::reconnect, at, out);
    ledger_.change_state(feed_state::syncing, at, reason, out);
  }
  others_.lost(kinds, now_ns, reason, out);
}

void feed_keeper::stale(const kind_set& kinds, std::int64_t now_ns, std::string_view reason,
                        event_batch& out) {
  const bool trusted = state() == feed_state::live || state() == feed_state::crossed;
  if (trusted && kinds.test(static_cast<std::size_t>(event_kind::book))) {
    const auto at = moment::ours(now_ns);
    ledger_.open_gap(gap_cause::silence, at, reason, out);
    ledger_.change_state(feed_state::stale, at, reason, out);
  }
  others_.stale(kinds, now_ns, reason, out);
}

void feed_keeper::note_repair(const kind_set& kinds, gap_repair what, std::int64_t now_ns,
                              event_batch& out) {
  if (kinds.test(static_cast<std::size_t>(event_kind::book))) {
    ledger_.note_repair(what, moment::ours(now_ns), out);
  }
  others_.note_repair(kinds, what, now_ns, out);
}

bool feed_keeper::proves(const book_change& snapshot, const event_batch& from, std::int64_t now_ns,
                         event_batch& out) {
  if (!has_book_ || suspect_ || !shows_the_same(book_part::bids, from.bids(snapshot)) ||
      !shows_the_same(book_part::asks, from.asks(snapshot))) {
    return false;
  }
  if (state() != feed_state::stale) return true;
  const auto at = moment::ours(now_ns);
  ledger_.change_state(worth(), at, "the venue's book is the same", out);
  ledger_.close_gap(true, at, out);
  return true;
}

bool feed_keeper::shows_the_same(book_part part, std::span<const level> best) const {
  std::vector<level> ours;
  book_.top(part, best.size(), ours);
  if (ours.size() != best.size() || (best.empty() && book_.size(part) != 0)) return false;
  return std::equal(ours.begin(), ours.end(), best.begin(), [](const level& a, const level& b) {
    return a.price() == b.price() && a.quantity() == b.quantity();
  });
}

void feed_keeper::connection_gap(std::int64_t now_ns, std::string_view detail, event_batch& out) {
  // A snapshot that was asked for may be among the missing frames, unless it comes over REST.
  if (snapshot_asked_ && !guard_->holds_deltas()) snapshot_wanted_ = true;
  if (!has_book_) return;
  break_book(moment::ours(now_ns), gap_cause::sequence, detail, out);
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
  entry.state = state();
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
