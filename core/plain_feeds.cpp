#include "core/plain_feeds.hpp"

#include "core/trade_keeper.hpp"

namespace feedtree {
namespace {

// What was not sent cannot be had again from what follows.
bool is_history(event_kind kind) {
  return kind == event_kind::trade || kind == event_kind::liquidation;
}

const gap* outage_of_trades(const event& what) {
  const auto* const entry = std::get_if<gap>(&what.body);
  if (entry == nullptr || entry->cause != gap_cause::outage) return nullptr;
  return entry->feed == event_kind::trade ? entry : nullptr;
}

}  // namespace

plain_feeds::plain_feeds(const listing* where, bool numbered_trades)
    : feeds_(make(where, std::make_index_sequence<event_kinds>())),
      numbered_trades_(numbered_trades) {}

// True if this is the trade behind the last one.
bool plain_feeds::continues(const event& what) {
  if (!numbered_trades_ || what.kind() != event_kind::trade) return false;
  const auto number = number_of_trade(what);
  const auto before = std::exchange(last_trade_, number);
  return before && number && *before + 1 == *number;
}

void plain_feeds::process(const event& what, const event_batch& from, event_batch& out) {
  const auto kind = what.kind();
  if (const auto* const end = outage_of_trades(what)) {
    feeds_[index(event_kind::trade)].close_outage(*end, moment::of(what), out);
    return;
  }
  auto& copy = out.append(what, from);
  if (!is_plain(kind)) return;
  auto& feed = feeds_[index(kind)];
  const bool follows = continues(what);
  feed.good(what.receive_ns);
  copy.state = feed_state::live;
  if (feed.state() == feed_state::live) return;
  const auto at = moment::of(what);
  feed.change_state(feed_state::live, at, "data", out);
  if (kind == event_kind::trade && feed.has_outage()) return;
  feed.close_gap(follows || !is_history(kind), at, out);
}

void plain_feeds::lost(const kind_set& kinds, std::int64_t now_ns, std::string_view reason,
                       event_batch& out) {
  const auto at = moment::ours(now_ns);
  for_each(kinds, [&](feed_ledger& feed) {
    if (feed.state() == feed_state::syncing) return;
    feed.open_gap(gap_cause::connection, at, reason, out);
    feed.note_repair(gap_repair::reconnect, at, out);
    feed.change_state(feed_state::syncing, at, reason, out);
  });
}

void plain_feeds::stale(const kind_set& kinds, std::int64_t now_ns, std::string_view reason,
                        event_batch& out) {
  const auto at = moment::ours(now_ns);
  for_each(kinds, [&](feed_ledger& feed) {
    if (feed.state() != feed_state::live) return;
    feed.open_gap(gap_cause::silence, at, reason, out);
    feed.change_state(feed_state::stale, at, reason, out);
  });
}

void plain_feeds::resume(event_kind kind, const feed_past& past, std::int64_t accepted_ns,
                         std::int64_t now_ns, event_batch& out) {
  if (is_plain(kind)) feeds_[index(kind)].resume(past, accepted_ns, moment::ours(now_ns), out);
}

void plain_feeds::resume_after_outage(event_kind kind, const feed_past& past,
                                      std::int64_t stored_ns, std::int64_t now_ns,
                                      event_batch& out) {
  if (!is_plain(kind)) return;
  feeds_[index(kind)].resume_after_outage(past, stored_ns, moment::ours(now_ns), out);
}

void plain_feeds::note_repair(const kind_set& kinds, gap_repair what, std::int64_t now_ns,
                              event_batch& out) {
  for_each(kinds, [&](feed_ledger& feed) { feed.note_repair(what, moment::ours(now_ns), out); });
}

}  // namespace feedtree
