// The members of a JSON object that are single values, as they stand in the text: read first and
// made sense of later, so that one that is wrong spoils only its own object.
#pragma once

#include <map>
#include <string_view>

#include "adapters/venues/json.hpp"

namespace feedtree::batch {

class scalar_fields {
 public:
  // Reads the object to its end. The texts live as long as the frame and its parser.
  explicit scalar_fields(venues::json::object from);

  // True if it is there and not null.
  bool has(std::string_view name) const;
  // Throw decode_error, with the field's name, for one that is missing, null or no number.
  decimal number(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  std::string_view text(std::string_view name) const;
  // Absent where it is missing or null.
  optional_decimal optional_number(std::string_view name) const;

 private:
  std::map<std::string_view, std::string_view> fields_;
};

}  // namespace feedtree::batch
