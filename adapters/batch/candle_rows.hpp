// Candles as REST writes them: a list of rows, or of objects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/json.hpp"
#include "core/event.hpp"

namespace feedtree::batch {

// Which column of a row holds what; -1: none of them.
struct candle_columns {
  std::int64_t time_unit_ns = 1'000'000;  // of the first column, the begin of the interval
  int open = 1;
  int high = 2;
  int low = 3;
  int close = 4;
  int volume = 5;
  int quote_volume = -1;
  int trades = -1;
};

// One whose prices or volume are missing or do not fit.
struct unread_candle {
  std::int64_t open_ns = 0;
  std::string reason;
};

// An answer's candles, in whatever order they came.
struct candle_list {
  std::vector<candle> rows;
  std::vector<unread_candle> unread;
};

// [[1586987400000,"6733.55","6737.79","6726.61","6727.14","121.20",..],..]. Throws decode_error
// where the time of one cannot be read.
candle_list candle_rows(venues::json::array from, const candle_columns& columns);

// [{"start":"1639508050","low":"140.21",..},..]; the name of the time differs. Throws likewise.
candle_list candle_objects(venues::json::array from, std::string_view time_name,
                           std::int64_t time_unit_ns);

}  // namespace feedtree::batch
