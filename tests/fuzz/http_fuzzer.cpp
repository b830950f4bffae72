// libFuzzer target: the HTTP request handling, whatever the request. The input is a method, a
// target, headers, each on a line, an empty line and a body. An answer is whole: it has a status
// and a body that fits its length, a problem where it is an error; nothing changes without a token
// whose bearer may; what needs a token is recorded once, as what became of it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/http/login_body.hpp"
#include "adapters/http/problem.hpp"
#include "adapters/http/router.hpp"

namespace {

using namespace feedtree::http;

constexpr std::string_view static_token = "0123456789abcdef";
int changes = 0;

class two_accounts : public token_judge {
 public:
  std::optional<caller> who(std::string_view token) const override {
    if (token == "olga's token") return caller{"olga", feedtree::access_role::operates};
    if (token == "victor's token") return caller{"victor", feedtree::access_role::viewer};
    return {};
  }
};

class recorded : public access_log {
 public:
  bool has_room() const override { return true; }
  void add(change_note what) override { notes.push_back(std::move(what)); }
  void add_read(const read_note& what) override { reads.push_back(what); }
  std::vector<change_note> notes;
  std::vector<read_note> reads;
};

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

reply log_in(const call& what) {
  const auto body = parse_login(what.asked.body);
  if (!body) return {problem(400, "no sign-in")};
  must(!body->name.empty());
  return {make_json("{}")};
}

router make_router(bool protects_reading, const std::shared_ptr<recorded>& log) {
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
                    must(what.who.role == feedtree::access_role::operates);
                    return echo(what);
                  },
                  false, "restart"},
                 {"POST", "/login", "", log_in, true, "login"},
                 {"GET", "/events", "",
                  [](const call&) {
                    return reply{{}, {}, 1};
                  }}},
                {std::string(static_token), protects_reading, true, true, "",
                 std::make_shared<two_accounts>(), log});
}

void judge_answer(const router& routes, const request& asked, recorded& log) {
  log.notes.clear();
  log.reads.clear();
  const auto changes_before = changes;
  const auto first = routes.handle(asked);
  must(!first.later);
  must(first.topics == 0 || first.now.status == 200);
  must(reason_of(first.now.status) != "Unknown");
  must(first.topics != 0 ||
       (first.now.status >= 400) == (first.now.content_type == "application/problem+json"));
  must(log.notes.size() + log.reads.size() <= 1);
  if (!log.notes.empty()) must(log.notes.front().status == first.now.status);
  if (!log.reads.empty()) must(asked.method == "GET" || asked.method == "HEAD");
  if (changes != changes_before) {
    must(asked.method == "POST");
    must(log.notes.size() == 1 && log.notes.front().action == "restart");
    const auto token = bearer_token(asked.header_value("Authorization"));
    must(token == static_token || token == "olga's token");
  }
  const auto sent = router::finish(asked, first.now);
  must(sent.find("Content-Security-Policy") != nullptr);
  must(sent.status != 304 || sent.text().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto log = std::make_shared<recorded>();
  static const auto open = make_router(false, log);
  static const auto closed = make_router(true, log);
  const auto asked = request_of({reinterpret_cast<const char*>(data), size});
  for (const auto* routes : {&open, &closed}) judge_answer(*routes, asked, *log);
  return 0;
}
