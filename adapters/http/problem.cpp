#include "adapters/http/problem.hpp"

#include "core/json_builder.hpp"
#include "core/scrub.hpp"

namespace feedtree::http {

response problem(int status, std::string_view detail) {
  std::string body;
  json_builder json(body);
  json.object([&] {
    json.add("type", "about:blank");
    json.add("title", reason_of(status));
    json.add("status", status);
    json.add("detail", scrub(detail));
  });
  return make_response(status, "application/problem+json", std::move(body));
}

}  // namespace feedtree::http
