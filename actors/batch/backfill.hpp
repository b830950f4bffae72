// A backfill as it runs: parts side by side, each page stored before its checkpoint.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/batch/backfill_plan.hpp"
#include "adapters/transport/https_client.hpp"

namespace feedtree::actors {

struct backfill_options {
  std::string venue;
  std::vector<std::string> instruments;
  event_kind kind = event_kind::candle;
  std::int64_t interval_ns = 0;
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  std::string sink_kind = "sqlite";  // or timescale
  std::string sink_target;
  std::string rest_url;  // in place of the venue's own address
  transport::tls_options tls;
  std::size_t parallel = 4;      // requests on the wire at a time
  int attempts = 8;              // of one request, before its part is given up
  std::int64_t part_pages = 20;  // pages in a part, about
};

struct backfill_progress {
  std::int64_t thousandths = 0;
  std::uint64_t rows = 0;  // fetched by this run
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;  // 429 and the like
  double elapsed_s = 0;
  double left_s = -1;   // -1: not known yet
  std::string trouble;  // why the last request is made again; empty once one was answered
};

struct backfill_result {
  std::size_t parts = 0;
  std::size_t parts_done_before = 0;
  backfill_progress progress;
  std::uint64_t duplicates = 0;  // rows that the database had already
  struct gap_line {
    std::string instrument;
    batch::history_gap gap;
  };
  std::vector<gap_line> gaps;
  std::vector<std::string> failures;  // parts that were given up, and why
  bool stopped = false;
};

// Runs it. `report` hears of the progress about twice a second, on the calling thread; once `stop`
// gives true nothing more is asked for. Throws std::invalid_argument for what the venue cannot give
// and sink_error, std::runtime_error for a database or a venue that is not there.
backfill_result run_backfill(const backfill_options& options,
                             const std::function<void(const backfill_progress&)>& report,
                             const std::function<bool()>& stop);

}  // namespace feedtree::actors
