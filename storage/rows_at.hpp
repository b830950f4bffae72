// The quote or candle that holds at a moment, and the state of its feed then.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/database_reader.hpp"
#include "storage/query.hpp"
#include "storage/stored_state.hpp"

namespace feedtree::storage {

// A row with the columns of sql_of, and the state of its feed at the moment. A quote holds until
// the next one comes, and so does the last state of a candle.
struct row_at {
  stored_row row;
  stored_state state;
};

// The row of each venue (of candles: of each interval and source) that holds at moment_ns, of what
// was received by then. question.as_of_ns bounds what of the ledger is known; where it is not said,
// everything is. Times of the question are left aside. Throws sink_error.
std::vector<row_at> rows_at(database_reader& from, const event_query& question,
                            std::span<const std::string> venues, std::int64_t moment_ns);

// Columns that follow those of sql_of where a moment was asked for: since when the state lasts, the
// cause in the ledger and the reason. In the row that holds at the moment the state is that of the
// moment; in rows before it these columns are NULL.
std::span<const column> state_columns();

// Puts what is known at the moment into the row that holds then, and these columns into every row.
class row_marker {
 public:
  explicit row_marker(std::span<const row_at> rows) : rows_(rows) {}
  void mark(stored_row& row) const;

 private:
  std::span<const row_at> rows_;
};

}  // namespace feedtree::storage
