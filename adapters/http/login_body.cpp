#include "adapters/http/login_body.hpp"

#include <simdjson.h>

namespace feedtree::http {

std::optional<login_body> parse_login(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const simdjson::padded_string text(json);
  if (parser.parse(text).get(object) != simdjson::SUCCESS) return {};
  std::string_view name;
  std::string_view password;
  const bool good = object["name"].get(name) == simdjson::SUCCESS &&
                    object["password"].get(password) == simdjson::SUCCESS && object.size() == 2;
  if (!good || name.empty()) return {};
  return login_body{std::string(name), std::string(password)};
}

}  // namespace feedtree::http
