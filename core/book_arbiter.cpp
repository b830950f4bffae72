#include "core/book_arbiter.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace feedtree {
namespace {

constexpr std::size_t delivered_max = 512;
// With one connection alone: a second one may begin with what the first brought a moment ago.
constexpr std::size_t delivered_alone_max = 64;
constexpr std::size_t ahead_events_max = 4'096;
constexpr std::size_t ahead_levels_max = 400'000;
constexpr std::size_t ahead_unused_max = 1'024;
// The leader is replaced if another connection is so far ahead of it.
constexpr std::int64_t lead_max_ns = 1'000'000'000;

bool is_book(const event& what) {
  return what.kind() == event_kind::book;
}

kind_set book_only() {
  return kind_set().set(static_cast<std::size_t>(event_kind::book));
}

bool is_snapshot(const event& what) {
  return std::get<book_change>(what.body).snapshot;
}

// By the venue's numbers; false where it has none.
bool follows(const book_change& what, const std::optional<std::uint64_t>& last_id) {
  if (!last_id) return false;
  if (what.previous_update_id != 0) return what.previous_update_id == *last_id;
  return what.first_update_id == *last_id + 1;
}

// 0 and 0: the venue has none.
std::optional<std::uint64_t> number_of(const book_change& what) {
  if (what.first_update_id == 0 && what.last_update_id == 0 && !what.snapshot) return {};
  return what.last_update_id;
}

}  // namespace

book_arbiter::book_arbiter(keeper_factory make) : make_(std::move(make)) {
  sources_.emplace_back().keeper = make_();
  // The keepers may have used any time.
  keys_.forget_before(std::numeric_limits<std::int64_t>::max());
}

void book_arbiter::process(source_id from, const event& what, const event_batch& batch,
                           event_batch& out) {
  auto& with = source_of(from);
  if (sources_.size() > 1 || joins_) {
    event_batch result;
    with.keeper->process(what, batch, result);
    take_result(index_of(from), result, out);
    return;
  }
  const auto first = out.events.size();
  with.keeper->process(what, batch, out);
  for (auto at = first; at < out.events.size(); ++at) {
    note_published(out.events[at]);
    if (is_book(out.events[at])) note_delivered(out.events[at]);
  }
}

void book_arbiter::connection_lost(source_id from, std::int64_t now_ns, std::string_view reason,
                                   event_batch& out) {
  auto& with = source_of(from);
  event_batch result;
  with.keeper->connection_lost(book_only(), now_ns, reason, result);
  with.ahead.clear();
  with.first = 0;
  with.whole = false;
  take_result(index_of(from), result, out);
}

void book_arbiter::connection_gap(source_id from, std::int64_t now_ns, std::string_view detail,
                                  event_batch& out) {
  auto& with = source_of(from);
  event_batch result;
  with.keeper->connection_gap(now_ns, detail, result);
  take_result(index_of(from), result, out);
}

void book_arbiter::stale(source_id from, std::int64_t now_ns, std::string_view reason,
                         event_batch& out) {
  event_batch result;
  source_of(from).keeper->stale(book_only(), now_ns, reason, result);
  take_result(index_of(from), result, out);
}

void book_arbiter::note_repair(source_id from, gap_repair what, std::int64_t now_ns,
                               event_batch& out) {
  event_batch result;
  source_of(from).keeper->note_repair(book_only(), what, now_ns, result);
  take_result(index_of(from), result, out);
}

bool book_arbiter::proves(source_id from, const event& snapshot, const event_batch& batch,
                          std::int64_t now_ns, event_batch& out) {
  event_batch result;
  const auto& change = std::get<book_change>(snapshot.body);
  const bool is_same = source_of(from).keeper->proves(change, batch, now_ns, result);
  take_result(index_of(from), result, out);
  return is_same;
}

void book_arbiter::end(source_id from, std::int64_t now_ns, std::string_view reason,
                       event_batch& out) {
  if (!knows(from)) return;
  connection_lost(from, now_ns, reason, out);
  const auto index = index_of(from);
  if (sources_.size() == 1) {
    sources_.front().bound = false;
    return;
  }
  ended_ += sources_[index].keeper->counters();
  sources_.erase(sources_.begin() + static_cast<std::ptrdiff_t>(index));
  if (leader_ == index) {
    leader_ = 0;
  } else if (leader_ > index) {
    --leader_;
  }
}

feed_past book_arbiter::past() const {
  return {published_, gap_is_open_, open_gap_.cause, open_gap_.begin_ns, earlier_};
}

void book_arbiter::resume(const feed_past& past, std::int64_t accepted_ns, std::int64_t now_ns,
                          event_batch& out) {
  event_batch result;
  leader().resume(past, accepted_ns, now_ns, result);
  take_past(past, result, out);
}

void book_arbiter::resume_after_outage(const feed_past& past, std::int64_t stored_ns,
                                       std::int64_t now_ns, event_batch& out) {
  event_batch result;
  leader().resume_after_outage(past, stored_ns, now_ns, result);
  take_past(past, result, out);
  earlier_ = leader().past().earlier;
}

// What the leader's keeper made of the past. A gap that goes on is told of by nobody.
void book_arbiter::take_past(const feed_past& past, event_batch& result, event_batch& out) {
  published_ = past.state;
  gap_is_open_ = past.gap_is_open;
  open_gap_.feed = event_kind::book;
  open_gap_.cause = past.cause;
  open_gap_.begin_ns = past.begin_ns;
  earlier_ = past.earlier;
  take_result(leader_, result, out);
}

book_arbiter::source& book_arbiter::source_of(source_id id) {
  for (auto& entry : sources_) {
    if (entry.bound && entry.id == id) return entry;
  }
  auto free = std::find_if(sources_.begin(), sources_.end(),
                           [](const source& entry) { return !entry.bound; });
  if (free == sources_.end()) {
    free = sources_.emplace(sources_.end());
    free->keeper = make_();
  }
  free->id = id;
  free->bound = true;
  return *free;
}

std::size_t book_arbiter::index_of(source_id id) const {
  std::size_t at = 0;
  while (!(sources_[at].bound && sources_[at].id == id)) ++at;
  return at;
}

const book_arbiter::source* book_arbiter::find(source_id id) const {
  const auto found = std::find_if(sources_.begin(), sources_.end(), [id](const source& entry) {
    return entry.bound && entry.id == id;
  });
  return found == sources_.end() ? nullptr : &*found;
}

bool book_arbiter::is_live(source_id from) const {
  const auto* const found = find(from);
  return found != nullptr && is_live(*found);
}

bool book_arbiter::is_live(const source& what) const {
  return what.keeper->state() == feed_state::live;
}

void book_arbiter::take_result(std::size_t index, event_batch& result, event_batch& out) {
  if (index != leader_) {
    stand_by(sources_[index], result);
  } else {
    const bool replaced =
        !is_live(sources_[leader_]) &&
        std::any_of(sources_.begin(), sources_.end(), [this](const auto& s) { return is_live(s); });
    for (const auto& what : result.events) {
      if (is_book(what) || !replaced) pass(what, result, out);
    }
  }
  if (sources_.size() > 1) consider_takeover(out);
  if (index == leader_ && (gap_is_open_ || published_ != leader().state()) &&
      is_live(sources_[leader_]) && !result.events.empty()) {
    publish_state(result.events.back(), out);
  }
}

// Keeps what the leader has not brought yet.
void book_arbiter::stand_by(source& from, const event_batch& result) {
  for (const auto& what : result.events) {
    if (!is_book(what)) continue;
    from.last = what.key;
    from.last_ns = what.receive_ns;
    const bool restarts = is_snapshot(what);
    const bool delivered = was_delivered(what.key);
    const bool full = from.ahead.events.size() >= ahead_events_max ||
                      from.ahead.levels.size() >= ahead_levels_max;
    if (restarts || delivered || full) {
      from.ahead.clear();
      from.first = 0;
      from.whole = delivered && !restarts;
    }
    if (!delivered || restarts) from.ahead.append(what, result);
  }
}

// What the leader's keeper gave.
void book_arbiter::note_published(const event& what) {
  if (is_book(what)) {
    sources_[leader_].last = what.key;
    sources_[leader_].last_ns = what.receive_ns;
  } else if (const auto* const change = std::get_if<status_change>(&what.body)) {
    published_ = change->to;
  } else if (const auto* const entry = std::get_if<gap>(&what.body)) {
    gap_is_open_ = entry->end_ns == 0;
    open_gap_ = *entry;
    if (!gap_is_open_) earlier_.reset();
  }
}

void book_arbiter::pass(const event& what, const event_batch& from, event_batch& out) {
  note_published(what);
  if (!is_book(what)) {
    out.append(what, from);
    return;
  }
  if (joins_ && !is_snapshot(what)) {
    join(what, from, out);
    return;
  }
  joins_ = false;
  out.append(what, from);
  note_delivered(what);
}

// A new leader that was not ahead: what was passed on before is left out. Behind that its updates
// follow; if it does not get there, its book as it is takes the place of the old.
void book_arbiter::join(const event& what, const event_batch& from, event_batch& out) {
  if (was_delivered(what.key)) {
    at_end_ = what.key == delivered_.back();
    return;
  }
  if (at_end_ || follows(std::get<book_change>(what.body), delivered_id_)) {
    out.append(what, from);
  } else {
    append_book(what, out);
  }
  joins_ = false;
  note_delivered(what);
}

bool book_arbiter::was_delivered(const event_key& key) const {
  return std::find(delivered_.rbegin(), delivered_.rend(), key) != delivered_.rend();
}

// The leader's book as a snapshot, as of this update.
void book_arbiter::append_book(const event& as_of, event_batch& out) {
  leader().append_present_book(as_of.receive_ns, out);
  auto& snapshot = out.events.back();
  snapshot.exchange_ns = as_of.exchange_ns;
  snapshot.key = {};
  snapshot.key.append('s').append(as_of.key.view());
}

void book_arbiter::note_delivered(const event& what) {
  delivered_id_ = number_of(std::get<book_change>(what.body));
  delivered_.push_back(what.key);
  const auto most = sources_.size() > 1 ? delivered_max : delivered_alone_max;
  while (delivered_.size() > most) delivered_.pop_front();
  for (std::size_t at = 0; at < sources_.size(); ++at) {
    if (at != leader_) drop_delivered(sources_[at], what.key);
  }
}

// The leader brought this update: up to it nothing is ahead of the leader any more.
void book_arbiter::drop_delivered(source& from, const event_key& key) {
  const auto& events = from.ahead.events;
  const auto end = std::min(events.size(), from.first + delivered_max);
  for (auto at = from.first; at < end; ++at) {
    if (!(events[at].key == key)) continue;
    from.first = at + 1;
    from.whole = true;
    break;
  }
  if (from.first == events.size()) {
    from.ahead.clear();
    from.first = 0;
  } else if (from.first > ahead_unused_max) {
    event_batch rest;
    for (auto at = from.first; at < events.size(); ++at) rest.append(events[at], from.ahead);
    from.ahead = std::move(rest);
    from.first = 0;
  }
}

bool book_arbiter::lags(const source& other) const {
  return other.ahead.events.size() > other.first &&
         other.last_ns - sources_[leader_].last_ns > lead_max_ns;
}

void book_arbiter::consider_takeover(event_batch& out) {
  const bool leads = is_live(sources_[leader_]);
  std::size_t best = leader_;
  for (std::size_t at = 0; at < sources_.size(); ++at) {
    const auto& other = sources_[at];
    if (at == leader_ || !is_live(other) || (leads && !lags(other))) continue;
    if (best == leader_ || other.last_ns > sources_[best].last_ns) best = at;
  }
  if (best != leader_) take_over(best, out);
}

void book_arbiter::take_over(std::size_t index, event_batch& out) {
  ++takeovers_;
  leader_ = index;
  auto& with = sources_[index];
  const auto ahead = std::exchange(with.ahead, {});
  const auto first = std::exchange(with.first, 0);
  const auto count = ahead.events.size() - first;
  event cause;
  cause.exchange_ns = cause.receive_ns = with.last_ns;
  cause.key = with.last;
  joins_ = false;
  // A snapshot alone may be older than what the old leader brought, unless that had a gap.
  const bool restarts = count != 0 && is_snapshot(ahead.events[first]) &&
                        (count > 1 || published_ != feed_state::live);
  if (count != 0 && (with.whole || restarts)) {
    for (auto at = first; at < ahead.events.size(); ++at) {
      out.append(ahead.events[at], ahead);
      note_delivered(ahead.events[at]);
    }
  } else if ((count == 0 || is_snapshot(ahead.events[first])) && published_ == feed_state::live) {
    joins_ = true;
    at_end_ = with.whole && !delivered_.empty() && with.last == delivered_.back();
  } else {
    append_book(cause, out);
  }
  with.whole = false;
  publish_state(cause, out);
}

// Tells consumers what the state is if they have another one.
void book_arbiter::publish_state(const event& cause, event_batch& out) {
  event entry;
  entry.where = leader().where();
  entry.exchange_ns = cause.exchange_ns;
  entry.receive_ns = cause.receive_ns;
  entry.state = leader().state();
  if (published_ != leader().state()) {
    status_change body;
    body.from = std::exchange(published_, leader().state());
    body.to = published_;
    body.reason = inline_text<95>("another connection has the book");
    entry.body = body;
    entry.key = keys_.key(event_kind::book, body.to, moment::of(cause));
    out.events.push_back(entry);
  }
  if (!gap_is_open_ || published_ != feed_state::live) return;
  gap_is_open_ = false;
  open_gap_.recovered = true;
  open_gap_.end_ns = cause.receive_ns;
  entry.key = keys_.key_of_end(open_gap_.feed, moment::of(cause));
  entry.body = open_gap_;
  out.events.push_back(entry);
  if (!earlier_) return;
  auto earlier = open_gap_;
  earlier.cause = earlier_->cause;
  earlier.begin_ns = earlier_->begin_ns;
  earlier_.reset();
  entry.key = keys_.key_of_earlier_end(earlier.feed, moment::of(cause));
  entry.body = earlier;
  out.events.push_back(entry);
}

std::vector<source_id> book_arbiter::take_snapshot_requests() {
  std::vector<source_id> result;
  for (auto& entry : sources_) {
    if (entry.keeper->take_snapshot_request() && entry.bound) result.push_back(entry.id);
  }
  return result;
}

void book_arbiter::snapshot_failed(source_id from) {
  for (auto& entry : sources_) {
    if (entry.bound && entry.id == from) entry.keeper->snapshot_failed();
  }
}

std::uint64_t book_arbiter::repeated(source_id from) const {
  for (const auto& entry : sources_) {
    if (entry.bound && entry.id == from) return entry.keeper->repeated();
  }
  return 0;
}

keeper_counters book_arbiter::counters() const {
  auto total = ended_;
  for (const auto& entry : sources_) total += entry.keeper->counters();
  return total;
}

}  // namespace feedtree
