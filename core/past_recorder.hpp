// Follows what is stored, and keeps of each instrument what a later run of the server goes on from.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/candle_past.hpp"
#include "core/event.hpp"
#include "core/instrument_past.hpp"

namespace feedtree {

struct past_options {
  // True for a venue whose trades' keys are numbers without holes; none: no venue has such.
  std::function<bool(std::string_view venue)> numbers_trades;
  candle_options candles{};  // that are built from trades
};

// By venue and canonical symbol.
using instrument_pasts = std::map<std::pair<std::string, std::string>, instrument_past>;

using wanted_feeds =
    std::function<bool(const std::string& venue, const std::string& symbol, event_kind kind)>;

// No clock, and no I/O. Not thread-safe; the same events give the same past, in whatever batches.
class past_recorder {
 public:
  explicit past_recorder(past_options options) : options_(std::move(options)) {}
  past_recorder(const past_recorder&) = delete;
  past_recorder& operator=(const past_recorder&) = delete;

  // What an earlier run kept.
  void load(std::string_view venue, std::string_view symbol, instrument_past past);
  void take(const event_batch& batch);
  // Forgets the feeds that are not wanted.
  void keep(const wanted_feeds& wanted);
  // Listings of another registry come from now on.
  void forget_listings() { by_index_.clear(); }

  instrument_pasts all();
  // Calls visit(venue, symbol, past) for what has changed since the last changes_are_kept.
  template <class Visit>
  void for_changed(Visit&& visit) {
    for (auto* const each : changed_) {
      each->candles->fold();
      visit(each->name->first, each->name->second, each->past);
    }
  }
  void changes_are_kept();

 private:
  using instrument_name = std::pair<std::string, std::string>;
  struct entry {
    const instrument_name* name = nullptr;
    instrument_past past;
    std::optional<candle_recorder> candles;    // of the past
    std::unordered_set<std::uint64_t> recent;  // where trades have no numbers: those of the past
    bool numbers_trades = false;
    bool reuses_number = false;  // the next trade
    bool is_changed = false;
  };
  static void take(entry& into, const event& what);
  static void take_entry(entry& into, const event& what, const gap& of_ledger);
  static void take_trade(entry& into, const event& what);
  static void take_numbering(entry& into, std::string_view key);
  static bool is_new(entry& into, const event& what);
  static std::int64_t lost_since(const entry& of, const gap& of_ledger);
  entry& entry_of(const listing* of);
  entry& entry_of(std::string_view venue, std::string_view symbol);
  void note_change(entry& of);

  past_options options_;
  std::map<instrument_name, entry> entries_;
  std::vector<entry*> by_index_;  // by listing index
  std::vector<entry*> changed_;
};

}  // namespace feedtree
