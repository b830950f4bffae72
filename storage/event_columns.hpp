// The columns of the tables that every database has, in the order in which rows are written. A
// database's own migrations make them; the names are the same everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/event.hpp"

namespace feedtree::storage {

enum class column_type : std::uint8_t {
  text,
  integer,    // 64 bits
  number,     // an exact decimal
  update_id,  // a whole number up to 64 bits without a sign
  flag,
  levels,  // [["price","quantity"],...]
};

struct column {
  std::string_view name;
  column_type type = column_type::text;
};

// Those with which every kind of event begins.
std::span<const column> common_columns();
// Those of one kind, behind the common ones.
std::span<const column> columns_of(event_kind kind);
std::span<const column> quarantine_columns();
std::span<const column> instrument_columns();

}  // namespace feedtree::storage
