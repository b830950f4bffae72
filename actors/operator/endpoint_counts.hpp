// Counts in the query of a request: "?limit=50".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/http/router.hpp"

namespace feedtree::actors {

// How many entries of a list are given, where a request says nothing and at the most.
inline constexpr std::uint32_t records_default = 100;
inline constexpr std::uint32_t records_max = 1'000;

// The parameter, or `otherwise` where there is none; nothing if it is no whole number within
// [1, most].
std::optional<std::uint32_t> count_of(const http::call& what, std::string_view name,
                                      std::uint32_t otherwise, std::uint32_t most);
// What to answer then: "limit is a whole number from 1 to 1000".
std::string count_problem(std::string_view name, std::uint32_t most);

}  // namespace feedtree::actors
