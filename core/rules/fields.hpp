// The fields of events that a rule can name, as docs/schema has them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/event.hpp"

namespace feedtree::rules {

enum class field : std::uint8_t {
  price,
  quantity,
  side,
  bid_price,
  bid_quantity,
  ask_price,
  ask_quantity,
  last_price,
  open_price,
  high_price,
  low_price,
  volume,
  quote_volume,
  mark_price,
  index_price,
  open,
  high,
  low,
  close,
  trades,
  rate,
  predicted_rate,
  next_funding_ns,
  value,
};
inline constexpr std::size_t fields = 24;

std::string_view to_string(field name);
std::optional<field> parse_field(std::string_view text);

// True if events of the kind may have it.
bool has_field(event_kind kind, field name);

// The value, or nothing where the event has none. A side has the value 0, absent where it is
// unknown; times and counts are whole numbers.
optional_decimal value_of(const event& what, field name);

// What counts as the price of an event: a trade's and a liquidation's own, a ticker's last, a
// candle's close, of a quote the middle. Of the other kinds nothing.
optional_decimal price_of(const event& what);

}  // namespace feedtree::rules
