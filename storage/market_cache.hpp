// The present state of every instrument as values under keys, for a cache. No I/O and no clock.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/activity_windows.hpp"
#include "core/codec.hpp"
#include "core/current_candle.hpp"
#include "core/event.hpp"
#include "core/market_features.hpp"
#include "core/order_book.hpp"

namespace feedtree::storage {

enum class cache_kind : std::uint8_t {
  trade,
  book,
  quote,
  ticker,
  candle,
  funding,
  open_interest,
  liquidation,
  features,
};
inline constexpr std::size_t cache_kinds = 9;
std::string_view to_string(cache_kind kind);

struct market_cache_options {
  std::string prefix = "md";
  std::size_t depth = 10;            // levels a side of a book's value
  std::int64_t refresh_ms = 10'000;  // a live value is written again when it is so old
  std::int64_t quiet_ms = 600'000;   // but no longer than so without any event of its instrument
};

// Follows events and keeps what is to be written: for each instrument the last trade, the best
// levels of its book, its quote (where the venue sends none, the best levels of the book), ticker,
// funding, open interest and liquidation, the candle of the present minute, and features. A value
// that changes again before it was written is written once, as it is then. Every value has the
// state of its feed; when that changes, it is written again. Memory grows with the number of
// instruments and the depth of their books. Deterministic. Not thread-safe.
class market_cache {
 public:
  explicit market_cache(market_cache_options options) : options_(std::move(options)) {}

  // now_ms: any clock that does not go back; the same one for all calls.
  void follow(const event_batch& batch, std::int64_t now_ms);
  // Live values that were written refresh_ms ago or more are to be written again.
  void refresh(std::int64_t now_ms);
  // Everything is to be written again: the cache may have lost it.
  void rewrite();

  struct value_ref {
    std::uint32_t instrument = 0;
    cache_kind kind = cache_kind::trade;
    bool news = false;  // false: written again only so that it does not expire
  };
  // One value that is to be written, the one that has waited longest; false if there is none. The
  // texts are valid until the next call.
  bool take(std::int64_t now_ms, value_ref& what, std::string_view& key, std::string_view& value);
  // What was taken did not reach the cache.
  void put_back(const value_ref& what);

  bool empty() const { return waiting_.empty(); }
  std::size_t waiting() const { return waiting_.size(); }
  std::uint64_t updates() const { return updates_; }  // changes of values
  std::uint64_t merged() const { return merged_; }    // that found the one before not yet written

 private:
  enum class wait : std::uint8_t { none, refresh, news };
  struct slot {
    bool there = false;  // has a value
    wait waits = wait::none;
    std::int64_t written_ms = 0;
    std::string key;
  };
  struct market {
    const listing* of = nullptr;
    order_book book;
    bool book_known = false;
    event book_event;  // the last change of the book
    bool own_quotes = false;
    std::array<std::optional<event>, cache_kinds> last;  // of the kinds that are events
    std::array<feed_state, event_kinds> states{};
    activity_windows activity;
    current_candle candle{60'000'000'000};
    event activity_event;  // the last one that changed the features
    std::int64_t event_ms = 0;
    std::array<slot, cache_kinds> slots;
  };

  market& market_of(const event& what);
  void take_event(const event& what, const event_batch& batch, std::int64_t now_ms);
  void take_trade(market& in, const event& what);
  void take_book(market& in, const event& what, const event_batch& batch);
  void take_quote(market& in, const event& what);
  void take_status(market& in, const event& what);
  void take_gap(market& in, const event& what);
  void take_other(market& in, cache_kind kind, const event& what);
  void changed(market& in, cache_kind kind);
  void wait_for(market& in, cache_kind kind, wait how);
  feed_state state_of(const market& in, cache_kind kind) const;
  bool encode(const market& in, cache_kind kind);
  bool encode_book(const market& in);
  bool encode_quote(const market& in);
  bool encode_candle(const market& in);
  void encode_event(const market& in, event what, cache_kind kind, const event_batch& batch);
  void encode_features(const market& in);

  market_cache_options options_;
  std::deque<market> markets_;  // by listing index
  std::deque<value_ref> waiting_;
  event_encoder encoder_;
  event_batch scratch_;
  std::string value_;
  std::uint64_t updates_ = 0;
  std::uint64_t merged_ = 0;
};

}  // namespace feedtree::storage
