// What the spot and the futures market of Kraken have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/json.hpp"
#include "adapters/venues/venue.hpp"
#include "core/event.hpp"
#include "core/instrument.hpp"

namespace feedtree::venues::kraken_family {

using json_key = simdjson::ondemand::raw_json_string;

// Calls visit(json_key, json::value&) for each member of an object, in the order of the frame.
template <class Visit>
void each_member(json::object from, Visit&& visit) {
  for (auto entry : from) {
    const json_key key = entry.key();
    json::value content = entry.value();
    visit(key, content);
  }
}

// Calls visit(json::value&) for each element of an array.
template <class Visit>
void each_element(json::value& from, Visit&& visit) {
  json::array elements = from.get_array();
  for (auto entry : elements) {
    json::value content = entry.value();
    visit(content);
  }
}

// Appends the levels of [{"price":p,"qty":q},...], gives their number.
std::uint32_t append_level_objects(json::value& from, std::vector<level>& out);

// Both sides of a book frame while it is read; the levels end in the batch as bids, then asks,
// whichever the frame has first.
class book_sides {
 public:
  explicit book_sides(event_batch& out)
      : out_(out), first_(static_cast<std::uint32_t>(out.levels.size())) {}
  void read_bids(json::value& from);
  void read_asks(json::value& from);
  // Writes first_level, bids and asks. Throws decode_error if a side is missing.
  void finish(book_change& into) const;

 private:
  event_batch& out_;
  std::uint32_t first_;
  std::uint32_t bids_ = 0;
  std::uint32_t asks_ = 0;
  bool has_bids_ = false;
  bool has_asks_ = false;
};

// "buy" or "sell"; throws decode_error.
trade_side to_side(json::value& from);
std::string upper_case(std::string_view text);

// Which kinds were asked for, by instrument. Where nothing was asked for (a replay of bare frames),
// everything counts as wanted.
class asked_kinds {
 public:
  void add(event_kind kind, const listing* where);
  void remove(event_kind kind, const listing* where);
  bool asked(event_kind kind, const listing* where) const;
  bool wants(event_kind kind, const listing* where) const;

 private:
  std::vector<std::uint16_t> by_index_;  // a bit a kind
};

// A trade's number, which follows the one before it by one.
struct numbered_trade {
  const listing* where = nullptr;
  std::uint64_t number = 0;
  std::int64_t exchange_ns = 0;
  // How many numbers it stands for, of which number is the last; 0: the venue does not say, so that
  // nothing is missing before it.
  std::uint64_t count = 1;
};

// Notices missing trades by their numbers. What is known outlives a lost connection, so the trades
// that the venue repeats after a reconnect show whether some were missed in between.
class trade_watch {
 public:
  // Judges the trades of one frame: missing numbers become a gap event and are counted, and so do
  // numbers that begin again. In a snapshot (recent trades again, in any order) known numbers are
  // no duplicates.
  void judge(std::vector<numbered_trade>& trades, bool snapshot, const raw_frame& frame,
             session_counters& counters, event_batch& out);

  // What comes next is of another connection.
  void on_connected() {
    for (auto& each : by_index_) each.connects = true;
  }

 private:
  struct last_seen {
    std::optional<std::uint64_t> number;
    std::optional<std::uint64_t> reused;  // a lower number that was no repetition
    std::int64_t exchange_ns = 0;
    std::int64_t receive_ns = 0;
    bool connects = false;  // the next one is the first of a connection
  };
  void judge(const numbered_trade& trade, bool snapshot, std::int64_t receive_ns,
             session_counters& counters, event_batch& out);
  void judge_lower(const numbered_trade& trade, last_seen& last, std::int64_t receive_ns,
                   session_counters& counters, event_batch& out);
  std::vector<last_seen> by_index_;
};

// Recent trades came in any order: puts the events from `first` on in the order of their numbers,
// each instrument for itself.
void sort_trades(event_batch& out, std::size_t first);

// Symbols as the elements of a JSON array: "A","B". The symbols need no escaping.
std::string quoted_list(const std::vector<std::string_view>& symbols, std::size_t first,
                        std::size_t count);

}  // namespace feedtree::venues::kraken_family
