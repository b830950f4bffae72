#include "adapters/batch/scalar_fields.hpp"

#include <charconv>

namespace feedtree::batch {
namespace {

namespace json = venues::json;
using venues::decode_error;

bool is_scalar(json::value& what) {
  const auto type = what.type().value();
  return type != simdjson::ondemand::json_type::object &&
         type != simdjson::ondemand::json_type::array;
}

}  // namespace

scalar_fields::scalar_fields(json::object from) {
  for (auto field : from) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    if (is_scalar(value)) fields_.insert_or_assign(key, json::token(value));
  }
}

bool scalar_fields::has(std::string_view name) const {
  const auto found = fields_.find(name);
  return found != fields_.end() && found->second != "null";
}

std::string_view scalar_fields::text(std::string_view name) const {
  if (!has(name)) throw decode_error(std::string(name) + ": missing");
  return fields_.find(name)->second;
}

decimal scalar_fields::number(std::string_view name) const {
  return json::to_decimal(text(name), name);
}

std::int64_t scalar_fields::integer(std::string_view name) const {
  const auto digits = text(name);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    throw decode_error(std::string(name) + ": not a whole number");
  }
  return value;
}

optional_decimal scalar_fields::optional_number(std::string_view name) const {
  return has(name) ? optional_decimal(number(name)) : optional_decimal();
}

}  // namespace feedtree::batch
