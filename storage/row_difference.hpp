// Compares the rows that a replay gives with those that a SQLite database has, and corrects these.
// For TimescaleDB see timescale_difference.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/event.hpp"
#include "storage/database_reader.hpp"

namespace feedtree::storage {

// What becomes of the rows of a feed (a table and an instrument) of which the database has none at
// all: a server need not have stored all that its venue sent.
enum class feed_choice : std::uint8_t {
  stored,  // they are counted and left alone
  all      // they are new
};

enum class row_change : std::uint8_t {
  differs,  // the same key with other values
  added,    // the replay has it, the database does not
  missing   // the database has it within the times of the replay, the replay does not
};
std::string_view to_string(row_change change);

struct row_difference {
  row_change change = row_change::differs;
  std::string table;  // "trade", "book", ...
  std::string venue;
  std::string instrument;
  std::string key;
  std::int64_t exchange_ns = 0;
  std::string columns;  // "price: 61234.10 -> 61234.20, ..."; of rows that differ
};

struct difference_counts {
  std::uint64_t compared = 0;  // rows of the replay
  std::uint64_t differ = 0;
  std::uint64_t added = 0;
  std::uint64_t missing = 0;
  std::uint64_t fetched = 0;       // only in the database, of a backfill or a poller: no difference
  std::uint64_t of_new_feeds = 0;  // only in the replay, see feed_choice: no difference
  bool is_same() const { return differ + added + missing == 0; }
};

// Compares the tables of market data (not the states of feeds, which are of the connections that a
// server had) and tells of each difference, by table. receive_ns is not compared. What only the
// database has is missing, unless it lies where the database notes that a backfill or a poller
// fetched the same kind: that came from another source than what is replayed. Throws sink_error.
difference_counts compare_rows(const std::string& replayed, const std::string& database,
                               feed_choice feeds,
                               const std::function<void(const row_difference&)>& tell);

// Calls take with each row of a kind that the replay has otherwise than the database, or alone, as
// the choice of feeds has it: its columns are those of event_columns.hpp, the common ones first.
void read_corrections(const std::string& replayed, const std::string& database, feed_choice feeds,
                      event_kind kind, const std::function<void(const stored_row&)>& take);

// Corrects the database in one transaction: rows that differ get the values of the replay, and what
// they were is kept in `superseded`; rows that it lacks are added. Both get now_ns as receive_ns:
// nobody knew them before. Rows that only the database has stay: the archive may have a hole there.
void correct_rows(const std::string& replayed, const std::string& database, feed_choice feeds,
                  std::int64_t now_ns);

}  // namespace feedtree::storage
