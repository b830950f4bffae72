// libFuzzer target: the HTTP request handling, whatever the request. The input is a method, a
// target, headers, each on a line, an empty line and a body. An answer is whole: it has a status
// and a body that fits its length, a problem where it is an error; nothing changes without the
// token.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/http/problem.hpp"
#include "adapters/http/router.hpp"

namespace {

using namespace feedtree::http;

int changes = 0;

void must(bool holds) {
  if (!holds) std::abort();
}

std::string_view next_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

request request_of(std::string_view text) {
  request result;
  result.method = next_line(text);
  result.target = next_line(text);
  while (!text.empty()) {
    const auto line = next_line(text);
    if (line.empty()) break;
    const auto colon = std::min(line.find(':'), line.size());
    result.headers.push_back({std::string(line.substr(0, colon)),
                              std::string(line.substr(std::min(colon + 1, line.size())))});
  }
  result.body = text;
  return result;
}

router make_router() {
  const auto echo = [](const call& what) {
    std::string text;
    for (const auto& [name, value] : what.parts) {
      must(!value.empty());
      text += value;
    }
    for (const auto& [name, value] : what.where.query) text += name + value;
    auto answer = make_json(std::move(text));
    answer.is_stable = true;
    return reply{std::move(answer)};
  };
  return router({{"GET", "/", "", echo},
                 {"GET", "/books/{venue}/{instrument}", "", echo},
                 {"GET", "/actors/{path...}", "", echo},
                 {"POST", "/actors/{path...}/restart", "",
                  [echo](const call& what) {
                    ++changes;
                    return echo(what);
                  }}},
                {"0123456789abcdef", false, true});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto routes = make_router();
  const auto asked = request_of({reinterpret_cast<const char*>(data), size});
  const auto changes_before = changes;
  const auto first = routes.handle(asked);
  must(!first.later && first.topics == 0);
  must(reason_of(first.now.status) != "Unknown");
  must((first.now.status >= 400) == (first.now.content_type == "application/problem+json"));
  if (changes != changes_before) {
    must(asked.method == "POST");
    must(asked.header_value("Authorization").find("0123456789abcdef") != std::string_view::npos);
  }
  const auto sent = router::finish(asked, first.now);
  must(sent.find("Content-Security-Policy") != nullptr);
  must(sent.status != 304 || sent.text().empty());
  return 0;
}
