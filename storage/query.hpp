// Questions about stored events, as statements for either database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/event.hpp"
#include "storage/event_columns.hpp"

namespace feedtree::storage {

struct event_query {
  event_kind kind = event_kind::trade;
  std::string instrument;
  std::string venue;                     // empty: every
  std::optional<std::int64_t> from_ns;   // by the venue's clock; of candles: by their begin
  std::optional<std::int64_t> to_ns;     // before this
  std::optional<std::int64_t> as_of_ns;  // what was received up to then, by our clock
  // Candles only.
  std::int64_t interval_ns = 0;  // 0: all
  std::string source;            // "venue", "trades"; empty: both
  bool every_revision = false;   // else the last state of each that was known
};

// A SELECT with its parameters, and what stands in its columns.
struct query_text {
  std::string sql;
  std::vector<std::string> parameters;
  std::vector<column> columns;
};

// Rows in the order of their times, then of their arrival. partitioned: tables have exchange_ts.
query_text sql_of(const event_query& what, bool partitioned);

// The newest row by the venue's time; of candles the newest of each interval and source. Needs a
// venue.
query_text newest_sql(const event_query& what, bool partitioned);

}  // namespace feedtree::storage
