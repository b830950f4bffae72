// The feeds of one instrument that have no book to be checked: trades, quotes, tickers, ...
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "core/event.hpp"
#include "core/ledger.hpp"

namespace feedtree {

// Each kind is syncing until its first event and live from then on, until its connection is lost or
// silent. What is lost of trades and liquidations stays lost; the other kinds are whole again with
// the next event. How an outage of the trades ends is said by the trade_keeper: its entry is taken
// into the ledger. No clock. Not thread-safe.
class plain_feeds {
 public:
  // numbered_trades: the key of a trade is its number, see trade_keeper; trades that follow the
  // last one show that none was lost.
  explicit plain_feeds(const listing* where, bool numbered_trades = false);

  // Appends the event with the state of its feed, and what changes by it.
  void process(const event& what, const event_batch& from, event_batch& out);
  // The connection of these kinds is over, or not to be believed.
  void lost(const kind_set& kinds, std::int64_t now_ns, std::string_view reason, event_batch& out);
  void stale(const kind_set& kinds, std::int64_t now_ns, std::string_view reason, event_batch& out);
  void note_repair(const kind_set& kinds, gap_repair what, std::int64_t now_ns, event_batch& out);

  // What successors are to be told of a kind, and what they do with it: see feed_ledger.
  feed_past past(event_kind kind) const { return feeds_[index(kind)].past(); }
  void resume(event_kind kind, const feed_past& past, std::int64_t accepted_ns, std::int64_t now_ns,
              event_batch& out);
  void resume_after_outage(event_kind kind, const feed_past& past, std::int64_t stored_ns,
                           std::int64_t now_ns, event_batch& out);

  feed_state state(event_kind kind) const { return feeds_[index(kind)].state(); }

 private:
  bool continues(const event& what);
  static std::size_t index(event_kind kind) { return static_cast<std::size_t>(kind); }
  // Calls visit(feed_ledger&) for these kinds, the book and what is no feed left out.
  template <class Visit>
  void for_each(const kind_set& kinds, Visit&& visit) {
    for (std::size_t at = 0; at < event_kinds; ++at) {
      if (kinds.test(at) && is_plain(static_cast<event_kind>(at))) visit(feeds_[at]);
    }
  }
  static bool is_plain(event_kind kind) {
    return kind != event_kind::book && kind != event_kind::status && kind != event_kind::gap;
  }
  template <std::size_t... Kind>
  static std::array<feed_ledger, event_kinds> make(const listing* where,
                                                   std::index_sequence<Kind...>) {
    return {feed_ledger(where, static_cast<event_kind>(Kind))...};
  }

  std::array<feed_ledger, event_kinds> feeds_;
  bool numbered_trades_;
  std::optional<std::uint64_t> last_trade_;
};

}  // namespace feedtree
