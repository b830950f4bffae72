// How many rows of which table.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/event.hpp"
#include "core/row_counter.hpp"

namespace feedtree::storage {

struct inserted_rows {
  std::array<std::uint64_t, event_kinds> events{};
  std::uint64_t quarantine = 0;
  std::uint64_t instrument = 0;

  std::uint64_t all_events() const {
    std::uint64_t sum = 0;
    for (const auto each : events) sum += each;
    return sum;
  }
  inserted_rows& operator+=(const inserted_rows& other) {
    for (std::size_t kind = 0; kind < event_kinds; ++kind) events[kind] += other.events[kind];
    quarantine += other.quarantine;
    instrument += other.instrument;
    return *this;
  }
  // Under the names of the tables.
  std::vector<table_rows> by_table() const {
    std::vector<table_rows> result;
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      result.push_back({std::string(to_string(static_cast<event_kind>(kind))), events[kind]});
    }
    result.push_back({"quarantine", quarantine});
    result.push_back({"instrument", instrument});
    return result;
  }
};

}  // namespace feedtree::storage
