// How far backfills are, in the database that gets their rows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace feedtree::storage {

// A row of the table backfill; its first six fields are the key. What is polled has no end: its row
// has from_ns and to_ns 0.
struct backfill_row {
  std::string venue;
  std::string instrument;
  std::string kind;
  std::int64_t interval_ns = 0;
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  std::int64_t next_ns = 0;
  std::optional<std::uint64_t> first_id;
  std::optional<std::uint64_t> last_id;
  std::int64_t step_ns = 0;
  bool done = false;
  std::uint64_t rows = 0;
};

struct backfill_gap_row {
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  std::string reason;
};

// [from_ns, to_ns); empty: nothing.
struct backfill_stretch {
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
};

// Events of one table, by their keys.
struct event_keys {
  std::string kind;  // the table
  std::string venue;
  std::string instrument;
  std::vector<std::string> keys;
  // Between which exchange times they are looked for, a day around included: an event that came
  // another way may have another time.
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
};

// One thread at a time; every call throws sink_error.
class backfill_state {
 public:
  virtual ~backfill_state() = default;
  // Fills in what is stored of this key; false, and the row as it was, if nothing is.
  virtual bool load(backfill_row& row) = 0;
  // Stores a row, in place of an older one, with the gaps that were found on the way: all or
  // nothing, and for good. Older gaps of the feed that lie within what was read are gone: it was
  // read again.
  virtual void save(const backfill_row& row, const std::vector<backfill_gap_row>& gaps,
                    const backfill_stretch& read = {}) = 0;
  // The gaps of this key's part.
  virtual std::vector<backfill_gap_row> gaps(const backfill_row& of) = 0;
  // Of these the keys that there are rows of, in any order.
  virtual std::vector<std::string> stored(const event_keys& of) = 0;
  // The position in this journal up to which the database has everything; 0: nothing of it.
  virtual std::uint64_t position(std::string_view journal) = 0;
};

// Of a sink "sqlite" or "timescale" with this target, whose tables are there already. A SQLite that
// another process writes to is waited for so long. Throws sink_error; other kinds have none.
std::unique_ptr<backfill_state> make_backfill_state(std::string_view kind,
                                                    const std::string& target,
                                                    int busy_timeout_ms = 10'000);

}  // namespace feedtree::storage
