#include "core/instrument_feeds.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace feedtree {
namespace {

std::size_t index_of(event_kind kind) {
  return static_cast<std::size_t>(kind);
}

}  // namespace

merge_counters& merge_counters::operator+=(const merge_counters& other) {
  repeated += other.repeated;
  disagreements += other.disagreements;
  takeovers += other.takeovers;
  unused_snapshots += other.unused_snapshots;
  return *this;
}

instrument_feeds::instrument_feeds(const listing* where, book_arbiter::keeper_factory make,
                                   const trade_keeper_options& trades)
    : book_(std::move(make)), trades_(where, trades), others_(where, trades.numbered) {}

void instrument_feeds::process(source_id from, const event& what, const event_batch& batch,
                               event_batch& out) {
  const auto kind = what.kind();
  note_kind(from, kind);
  if (kind == event_kind::book) {
    has_book_ = true;
    book_.process(book_source(from), what, batch, out);
    return;
  }
  if (!is_first(from, what, out)) return;
  if (kind == event_kind::trade) {
    process_trade(what, out);
  } else {
    others_.process(what, batch, out);
  }
}

void instrument_feeds::process_answer(source_id from, const event& what, const event_batch& batch,
                                      event_batch& out) {
  if (what.kind() == event_kind::trade) {
    process_trade(what, out);
  } else if (what.kind() != event_kind::book) {
    others_.process(what, batch, out);
  } else if (from == unnamed) {
    take_unnamed_snapshot(what, batch, out);
  } else {
    process(from, what, batch, out);
  }
}

// Whoever recorded it asked for what was missing then.
void instrument_feeds::take_trades(const event_batch& answer, std::int64_t now_ns,
                                   event_batch& out) {
  trades_.take_request(std::numeric_limits<std::int64_t>::max());
  trades_.take_answer(answer, now_ns, whole_);
  pass_trades(out);
}

// For the books that wait for one. Where no connection has brought the book yet, it is the begin of
// the first one that does.
void instrument_feeds::take_unnamed_snapshot(const event& what, const event_batch& batch,
                                             event_batch& out) {
  has_book_ = true;
  if (book_sources_.empty() || book_sources_.size() == 1) {
    const auto only = book_sources_.empty() ? unnamed : book_source(book_sources_.front());
    book_.process(only, what, batch, out);
    return;
  }
  bool used = false;
  for (const auto from : book_sources_) {
    const auto id = book_source(from);
    if (book_.is_live(id)) continue;
    book_.process(id, what, batch, out);
    used = true;
  }
  if (!used) ++merged_.unused_snapshots;
}

// The number by which the book's arbiter knows a connection.
source_id instrument_feeds::book_source(source_id from) {
  const bool is_known =
      std::find(book_sources_.begin(), book_sources_.end(), from) != book_sources_.end();
  if (!is_known) {
    if (book_sources_.empty() && book_.knows(unnamed)) adopter_ = from;
    book_sources_.push_back(from);
  }
  return from == adopter_ ? unnamed : from;
}

void instrument_feeds::process_trade(const event& what, event_batch& out) {
  trades_.process(what, whole_);
  pass_trades(out);
}

void instrument_feeds::pass_trades(event_batch& out) {
  for (const auto& what : whole_.events) others_.process(what, whole_, out);
  whole_.clear();
}

void instrument_feeds::lost(source_id from, std::int64_t now_ns, std::string_view reason,
                            event_batch& out) {
  if (std::find(book_sources_.begin(), book_sources_.end(), from) != book_sources_.end()) {
    book_.connection_lost(book_source(from), now_ns, reason, out);
  }
  others_.lost(take_along(source_of(from)), now_ns, reason, out);
}

void instrument_feeds::connection_gap(source_id from, std::int64_t now_ns, std::string_view detail,
                                      event_batch& out) {
  if (std::find(book_sources_.begin(), book_sources_.end(), from) == book_sources_.end()) return;
  book_.connection_gap(book_source(from), now_ns, detail, out);
}

void instrument_feeds::on_time(std::int64_t now_ns, event_batch& out) {
  trades_.on_time(now_ns, whole_);
  pass_trades(out);
}

void instrument_feeds::finish(std::int64_t now_ns, event_batch& out) {
  trades_.give_up(now_ns, whole_);
  pass_trades(out);
}

instrument_feeds::source& instrument_feeds::source_of(source_id id) {
  for (auto& entry : sources_) {
    if (entry.id == id) return entry;
  }
  return sources_.emplace_back(source{id, {}});
}

void instrument_feeds::note_kind(source_id from, event_kind kind) {
  auto& brings = source_of(from).brings;
  if (brings.test(index_of(kind))) return;
  brings.set(index_of(kind));
  follow_sources();
}

// The kinds that nobody else brings go with a connection that is lost.
kind_set instrument_feeds::take_along(source& from) {
  auto rest = std::exchange(from.brings, {});
  for (const auto& entry : sources_) rest &= ~entry.brings;
  follow_sources();
  return rest;
}

// A connection that brings anything of the instrument may bring a trade that another one lacks.
void instrument_feeds::follow_sources() {
  const auto count = std::count_if(sources_.begin(), sources_.end(),
                                   [](const source& entry) { return entry.brings.any(); });
  trades_.set_redundant(count > 1);
}

// False if another connection brought it already.
bool instrument_feeds::is_first(source_id from, const event& what, event_batch& out) {
  const auto verdict = arbiter_.take(from, what);
  if (verdict == arrival::first) return true;
  ++merged_.repeated;
  if (verdict == arrival::differs) append_disagreement(what, ++merged_.disagreements, out);
  return false;
}

merge_counters instrument_feeds::merged() const {
  auto result = merged_;
  result.takeovers = book_.takeovers();
  return result;
}

}  // namespace feedtree
