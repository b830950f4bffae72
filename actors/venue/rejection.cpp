#include "actors/venue/rejection.hpp"

#include <string>

namespace feedtree::actors {

decimal_error rejected_decimal(std::string_view reason) {
  using enum decimal_error;
  for (const auto error : {empty, syntax, overflow, precision}) {
    if (reason.find(": " + std::string(to_string(error)) + ": ") != reason.npos) return error;
  }
  return none;
}

}  // namespace feedtree::actors
