// How long a database keeps the rows of a table: options retention_<table>_ms of its sink.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/sink.hpp"

namespace feedtree::storage {

struct table_retention {
  std::string table;             // a kind of events, or "quarantine"
  std::string_view time_column;  // whose age counts, in nanoseconds
  std::int64_t keep_ms = 0;
};

// One for each kind of events, and for quarantine.
const std::vector<std::string>& retention_option_names();
// Those that are set. Throws sink_error for one below an hour or above ten years.
std::vector<table_retention> retentions_of(const sink_context& context);

}  // namespace feedtree::storage
