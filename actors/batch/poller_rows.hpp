// The rows in which a poller keeps how far it is.
#pragma once

#include <string>

#include "adapters/batch/backfill_plan.hpp"
#include "storage/backfill_state.hpp"

namespace feedtree::actors {

// The row that says when the last run was.
inline storage::backfill_row run_row(const std::string& poller) {
  storage::backfill_row row;
  row.venue = "poller";
  row.instrument = poller;
  row.kind = "run";
  return row;
}

inline storage::backfill_row row_of(const batch::checkpoint& from) {
  return {from.venue,
          from.instrument,
          from.kind,
          from.interval_ns,
          0,
          0,
          from.position.time_ns,
          from.position.first_id,
          from.position.last_id,
          from.position.step_ns,
          false,
          from.rows};
}

}  // namespace feedtree::actors
