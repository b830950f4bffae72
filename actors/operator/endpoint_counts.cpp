#include "actors/operator/endpoint_counts.hpp"

namespace feedtree::actors {

std::optional<std::uint32_t> count_of(const http::call& what, std::string_view name,
                                      std::uint32_t otherwise, std::uint32_t most) {
  const auto text = what.where.parameter(name);
  if (!text) return otherwise;
  const auto value = http::parse_count(*text);
  return value && *value >= 1 && *value <= most ? value : std::nullopt;
}

std::string count_problem(std::string_view name, std::uint32_t most) {
  std::string text(name);
  text.append(" is a whole number from 1 to ").append(std::to_string(most));
  return text;
}

}  // namespace feedtree::actors
