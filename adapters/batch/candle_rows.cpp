#include "adapters/batch/candle_rows.hpp"

#include <utility>

namespace feedtree::batch {
namespace {

namespace json = venues::json;
using venues::decode_error;
using venues::frame_losses;

std::int64_t time_of(json::value& from, std::int64_t unit_ns) {
  std::int64_t result = 0;
  const auto value = json::to_int(from, "time");
  if (value <= 0 || __builtin_mul_overflow(value, unit_ns, &result)) {
    throw decode_error("time: out of range");
  }
  return result;
}

void read_row(json::array from, const candle_columns& columns, candle& row) {
  frame_losses losses;
  int at = 0;
  int seen = 0;
  for (auto entry : from) {
    json::value value = entry.value();
    const auto is = [&](int column) { return at == column; };
    const auto number = [&](std::string_view field) {
      ++seen;
      return json::to_decimal(value, field);
    };
    if (at == 0) {
      row.open_ns = time_of(value, columns.time_unit_ns);
    } else if (is(columns.open)) {
      row.open = number("open");
    } else if (is(columns.high)) {
      row.high = number("high");
    } else if (is(columns.low)) {
      row.low = number("low");
    } else if (is(columns.close)) {
      row.close = number("close");
    } else if (is(columns.volume)) {
      row.volume = number("volume");
    } else if (is(columns.quote_volume)) {
      row.quote_volume = json::to_optional_decimal(value, "quote volume", losses);
    } else if (is(columns.trades)) {
      row.trades = json::to_optional_int(value, "trades", losses).value_or(row.trades);
    }
    ++at;
  }
  if (seen != 4 + (columns.volume < 0 ? 0 : 1)) {
    throw decode_error("a candle with a column missing");
  }
}

void read_object(json::object from, std::string_view time_name, std::int64_t unit_ns, candle& row) {
  unsigned seen = 0;
  for (auto field : from) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    if (key == time_name) row.open_ns = time_of(value, unit_ns), seen |= 1;
    if (key == "open") row.open = json::to_decimal(value, key), seen |= 2;
    if (key == "high") row.high = json::to_decimal(value, key), seen |= 4;
    if (key == "low") row.low = json::to_decimal(value, key), seen |= 8;
    if (key == "close") row.close = json::to_decimal(value, key), seen |= 16;
    if (key == "volume") row.volume = json::to_decimal(value, key), seen |= 32;
  }
  if (seen != 63) throw decode_error("a candle with a field missing");
}

// One that does not fit costs itself alone, if it says of when it is.
template <class Read>
candle_list read_all(json::array from, Read&& read) {
  candle_list result;
  event_batch none;
  for (auto entry : from) {
    json::value value = entry.value();
    candle row;
    frame_losses losses;
    json::read_entry(value, none, losses, [&] { read(value, row); });
    if (losses.entries.empty()) {
      result.rows.push_back(row);
    } else if (row.open_ns != 0) {
      result.unread.push_back({row.open_ns, std::move(losses.entries.front().reason)});
    } else {
      throw decode_error(losses.entries.front().reason);
    }
  }
  return result;
}

}  // namespace

candle_list candle_rows(json::array from, const candle_columns& columns) {
  return read_all(
      from, [&](json::value& entry, candle& row) { read_row(entry.get_array(), columns, row); });
}

candle_list candle_objects(json::array from, std::string_view time_name,
                           std::int64_t time_unit_ns) {
  return read_all(from, [&](json::value& entry, candle& row) {
    read_object(entry.get_object(), time_name, time_unit_ns, row);
  });
}

}  // namespace feedtree::batch
