// The request handling without sockets: a request in, an answer out.
#include "adapters/http/router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "adapters/http/problem.hpp"
#include "adapters/transport/inflate.hpp"

namespace feedtree::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

request get(std::string target, std::vector<header> headers = {{"Host", "localhost:8080"}}) {
  return {"GET", std::move(target), std::move(headers), ""};
}

std::vector<route> sample_routes() {
  return {
      {"GET", "/", "root", [](const call&) { return reply{make_json("{}")}; }, true},
      {"GET", "/books/{venue}/{instrument}", "book",
       [](const call& what) {
         return reply{make_json(what.part("venue") + "|" + what.part("instrument") + "|" +
                                what.where.parameter("depth").value_or("-"))};
       }},
      {"GET", "/actors/{path...}", "actor",
       [](const call& what) { return reply{make_json(what.part("path"))}; }},
      {"POST", "/actors/{path...}/restart", "restart",
       [](const call& what) { return reply{make_json("restart " + what.part("path"))}; }},
      {"GET", "/throws", "throws",
       [](const call&) -> reply { throw std::runtime_error("secret inside"); }},
  };
}

response answer_of(const request& asked, const access_rules& rules = {}) {
  return router(sample_routes(), rules).handle(asked).now;
}

TEST(http_router, takes_the_parts_of_a_path_and_its_parameters) {
  EXPECT_EQ(answer_of(get("/books/kraken/BTC-USD?depth=5")).text(), "kraken|BTC-USD|5");
  EXPECT_EQ(answer_of(get("/books/kraken/BTC%2DUSD")).text(), "kraken|BTC-USD|-");
  EXPECT_EQ(answer_of(get("/actors/root/venues/kraken")).text(), "root/venues/kraken");
}

TEST(http_router, keeps_the_last_part_of_a_path_for_what_stands_behind_several) {
  auto asked = get("/actors/root/venues/kraken/restart");
  asked.method = "POST";
  EXPECT_EQ(answer_of(asked).text(), "restart root/venues/kraken");
  asked.target = "/actors/restart";
  EXPECT_EQ(answer_of(asked).status, 405);
}

TEST(http_router, answers_head_as_get) {
  auto asked = get("/books/kraken/BTC-USD");
  asked.method = "HEAD";
  EXPECT_EQ(answer_of(asked).status, 200);
}

TEST(http_router, says_which_methods_a_path_understands) {
  auto asked = get("/actors/root/restart");
  asked.method = "DELETE";
  const auto answer = answer_of(asked);
  EXPECT_EQ(answer.status, 405);
  ASSERT_NE(answer.find("Allow"), nullptr);
  EXPECT_EQ(answer.find("Allow")->value, "GET, HEAD, POST");
  asked.method = "BREW";
  EXPECT_EQ(answer_of(asked).status, 501);
}

TEST(http_router, describes_a_problem_as_rfc_9457_has_it) {
  const auto answer = answer_of(get("/nothing"));
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.content_type, "application/problem+json");
  EXPECT_THAT(std::string(answer.text()),
              HasSubstr(R"({"type":"about:blank","title":"Not Found","status":404,"detail":)"));
}

TEST(http_router, hides_the_text_of_an_exception) {
  const auto answer = answer_of(get("/throws"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(std::string(answer.text()).find("secret"), std::string::npos);
}

TEST(http_router, refuses_targets_that_cannot_be_read) {
  for (const auto* bad : {"", "x", "http://a/b", "*", "/%", "/%4", "/%zz", "/%00", "/%0a", "/\x01",
                          "/%ff", "/%c0%80", "/?a=%f0%9f", "/%ed"}) {
    EXPECT_EQ(answer_of(get(bad)).status, 400) << bad;
  }
  EXPECT_EQ(answer_of(get("/" + std::string(3'000, 'a'))).status, 414);
}

TEST(http_router, matches_nothing_with_an_empty_part) {
  EXPECT_EQ(answer_of(get("/books//BTC-USD")).status, 404);
  EXPECT_EQ(answer_of(get("/books/kraken/BTC-USD/")).status, 404);
  EXPECT_EQ(answer_of(get("/actors/")).status, 404);
}

TEST(http_access, compares_secrets_by_their_content) {
  EXPECT_TRUE(same_secret("0123456789abcdef", "0123456789abcdef"));
  EXPECT_FALSE(same_secret("0123456789abcdef", "0123456789abcdeF"));
  EXPECT_FALSE(same_secret("0123456789abcdef", "0123456789abcde"));
  EXPECT_FALSE(same_secret("", "0123456789abcdef"));
}

TEST(http_access, asks_for_the_token_where_something_is_changed) {
  const access_rules rules{"0123456789abcdef", false, true};
  auto asked = get("/actors/root/restart");
  asked.method = "POST";
  EXPECT_EQ(answer_of(asked, rules).status, 401);
  EXPECT_NE(answer_of(asked, rules).find("WWW-Authenticate"), nullptr);
  asked.headers.push_back({"Authorization", "Bearer wrong"});
  EXPECT_EQ(answer_of(asked, rules).status, 401);
  asked.headers.back().value = "bearer 0123456789abcdef";
  EXPECT_EQ(answer_of(asked, rules).status, 200);
  asked.headers.back().value = "Basic 0123456789abcdef";
  EXPECT_EQ(answer_of(asked, rules).status, 401);
  EXPECT_EQ(answer_of(get("/books/a/b"), rules).status, 200);
}

// Knows two tokens.
class two_accounts : public token_judge {
 public:
  std::optional<caller> who(std::string_view token) const override {
    if (token == "token of olga" && has_olga) return caller{"olga", access_role::operates};
    if (token == "token of victor") return caller{"victor", access_role::viewer};
    return {};
  }
  bool has_olga = true;
};

class noted_access : public access_log {
 public:
  bool has_room() const override { return room; }
  void add(change_note what) override { notes.push_back(std::move(what)); }
  void add_read(const read_note& what) override {
    reads.push_back(what.name + " " + what.target + " " + what.peer);
  }
  std::vector<change_note> notes;
  std::vector<std::string> reads;
  bool room = true;
};

class http_roles : public testing::Test {
 protected:
  http_roles() {
    rules.protects_changes = true;
    rules.accounts = accounts;
    rules.log = noted;
  }
  int status(const std::string& token, std::string target = "/actors/root/x/restart",
             std::string method = "POST") {
    request asked{std::move(method), std::move(target), {{"Host", "localhost"}}, ""};
    if (!token.empty()) asked.headers.push_back({"Authorization", "Bearer " + token});
    asked.peer = "127.0.0.9";
    auto routes = sample_routes();
    for (auto& each : routes) {
      if (each.method == "POST") each.action = "restart";
    }
    return router(routes, rules).handle(asked).now.status;
  }
  std::shared_ptr<noted_access> noted = std::make_shared<noted_access>();
  std::shared_ptr<two_accounts> accounts = std::make_shared<two_accounts>();
  access_rules rules;
};

TEST_F(http_roles, let_operators_change_and_viewers_not) {
  EXPECT_EQ(status("token of olga"), 200);
  EXPECT_EQ(status("token of victor"), 403);
  EXPECT_EQ(status("token of nobody"), 401);
  EXPECT_EQ(status(""), 401);
  EXPECT_EQ(status("", "/actors/root", "GET"), 200);
}

TEST_F(http_roles, let_both_read_where_that_is_protected) {
  rules.protects_reading = true;
  EXPECT_EQ(status("token of olga", "/actors/root", "GET"), 200);
  EXPECT_EQ(status("token of victor", "/actors/root", "GET"), 200);
  EXPECT_EQ(status("", "/actors/root", "GET"), 401);
  EXPECT_EQ(status("", "/", "GET"), 200);
}

TEST_F(http_roles, keep_the_static_token_beside_the_accounts) {
  rules.token = "0123456789abcdef";
  EXPECT_EQ(status("0123456789abcdef"), 200);
  EXPECT_EQ(noted->notes.back().name, "static-token");
}

TEST_F(http_roles, note_a_change_whose_answer_comes_later_when_it_comes) {
  responder waiting;
  route put{"PUT", "/instruments/{name}", "", [&](const call&) {
              reply result;
              result.later = [&](responder to) { waiting = std::move(to); };
              return result;
            }};
  put.action = "add";
  auto own = put;
  own.path = "/login";
  own.records_itself = true;
  const router routes({put, own}, rules);
  for (const auto* const target : {"/instruments/A-USD", "/login"}) {
    request asked{"PUT", target, {{"Host", "localhost"}}, ""};
    asked.headers.push_back({"Authorization", "Bearer token of olga"});
    auto answer = routes.handle(asked);
    ASSERT_TRUE(answer.later) << target;
    int status = 0;
    answer.later([&](const response& late) { status = late.status; });
    EXPECT_EQ(noted->notes.size(), target[1] == 'i' ? 0U : 1U);
    waiting(make_response(404, "text/plain", "no such instrument"));
    EXPECT_EQ(status, 404);
  }
  ASSERT_EQ(noted->notes.size(), 1U);
  EXPECT_EQ(noted->notes[0].name + " " + noted->notes[0].action, "olga add");
  EXPECT_EQ(noted->notes[0].status, 404);
  EXPECT_EQ(noted->notes[0].problem, "no such instrument");
}

TEST_F(http_roles, note_every_change_that_was_done_or_refused) {
  status("token of olga");
  status("token of victor");
  status("");
  ASSERT_EQ(noted->notes.size(), 3U);
  const auto& first = noted->notes[0];
  EXPECT_EQ(first.name + " " + first.action + " " + first.target + " " + first.peer,
            "olga restart /actors/root/x 127.0.0.9");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.problem, "");
  EXPECT_EQ(noted->notes[1].name, "victor");
  EXPECT_THAT(noted->notes[1].problem, HasSubstr("this needs the role operator"));
  EXPECT_EQ(noted->notes[2].name, "unknown");
  status("", "/actors/root", "GET");
  EXPECT_EQ(noted->notes.size(), 3U);
}

TEST_F(http_roles, note_every_read_that_needs_a_token) {
  rules.protects_reading = true;
  status("token of victor", "/books/a/b?depth=1", "GET");
  status("token of victor", "/actors/root", "HEAD");
  status("", "/", "GET");
  EXPECT_THAT(noted->reads,
              ElementsAre("victor /books/a/b 127.0.0.9", "victor /actors/root 127.0.0.9"));
  EXPECT_TRUE(noted->notes.empty());
  status("token of nobody", "/books/a/b", "GET");
  ASSERT_EQ(noted->notes.size(), 1U);
  EXPECT_EQ(noted->notes[0].name + " " + noted->notes[0].action + " " + noted->notes[0].target,
            "unknown read /books/a/b");
  EXPECT_EQ(noted->notes[0].status, 401);
  EXPECT_EQ(noted->reads.size(), 2U);
}

TEST_F(http_roles, let_a_stream_go_on_while_its_token_is_accepted) {
  rules.protects_reading = true;
  rules.token = "0123456789abcdef";
  auto routes = sample_routes();
  routes.push_back({"GET", "/events", "events", [](const call&) { return reply{{}, {}, 1}; }});
  const auto opened = [&](const std::string& token) {
    request asked = get("/events");
    asked.headers.push_back({"Authorization", "Bearer " + token});
    return router(routes, rules).handle(asked);
  };
  const auto stream = opened("token of olga");
  EXPECT_TRUE(stream.may_go_on());
  accounts->has_olga = false;
  EXPECT_FALSE(stream.may_go_on());
  // The server's own token ends with the server.
  EXPECT_FALSE(opened("0123456789abcdef").may_go_on);
  rules.protects_reading = false;
  EXPECT_FALSE(opened("token of victor").may_go_on);
}

TEST_F(http_roles, change_nothing_that_cannot_be_noted) {
  noted->room = false;
  EXPECT_EQ(status("token of olga"), 503);
  EXPECT_EQ(status("", "/actors/root", "GET"), 200);
}

TEST_F(http_roles, change_nothing_where_nothing_may_be_changed) {
  rules.no_changes = "changes are made over TLS only";
  EXPECT_EQ(status("token of olga"), 403);
  EXPECT_EQ(status("", "/actors/root", "GET"), 200);
}

TEST(http_access, asks_for_the_token_for_reading_where_that_is_protected) {
  const access_rules rules{"0123456789abcdef", true, false};
  EXPECT_EQ(answer_of(get("/books/a/b"), rules).status, 401);
  EXPECT_EQ(answer_of(get("/"), rules).status, 200);  // the page itself holds nothing
  EXPECT_EQ(answer_of(get("/nothing"), rules).status, 401);
  EXPECT_EQ(answer_of(get("/books/a/b",
                          {{"Host", "feed.example"}, {"Authorization", "Bearer 0123456789abcdef"}}),
                      rules)
                .status,
            200);
}

TEST(http_access, lets_no_other_site_change_anything) {
  auto asked = get("/actors/root/restart");
  asked.method = "POST";
  EXPECT_EQ(answer_of(asked).status, 200);
  const auto with = [&](std::string name, std::string value) {
    auto changed = asked;
    changed.headers.push_back({std::move(name), std::move(value)});
    return answer_of(changed).status;
  };
  EXPECT_EQ(with("Origin", "http://evil.example"), 403);
  EXPECT_EQ(with("Origin", "null"), 403);
  EXPECT_EQ(with("Origin", "http://localhost:8081"), 403);
  EXPECT_EQ(with("Origin", "http://localhost:8080"), 200);
  EXPECT_EQ(with("Sec-Fetch-Site", "cross-site"), 403);
  EXPECT_EQ(with("Sec-Fetch-Site", "same-site"), 403);
  EXPECT_EQ(with("Sec-Fetch-Site", "same-origin"), 200);
}

TEST(http_access, answers_on_loopback_under_its_own_names_only) {
  for (const auto* good : {"localhost", "localhost:1", "127.0.0.1:8080", "[::1]:80", "LOCALHOST"}) {
    EXPECT_EQ(answer_of(get("/", {{"Host", good}})).status, 200) << good;
  }
  for (const auto* bad : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80",
                          "localhost:", "localhost:8x", "127.0.0.1:80:80"}) {
    EXPECT_EQ(answer_of(get("/", {{"Host", bad}})).status, 421) << bad;
  }
}

TEST(http_finish, adds_the_security_headers_to_every_answer) {
  const auto answer = router::finish(get("/"), problem(404, "x"));
  for (const auto* name : {"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options",
                           "Referrer-Policy", "Cache-Control"}) {
    EXPECT_NE(answer.find(name), nullptr) << name;
  }
  EXPECT_EQ(answer.find("Cache-Control")->value, "no-store");
}

TEST(http_finish, sends_gzip_to_those_who_take_it_where_it_pays) {
  const std::string large(20'000, 'a');
  const auto asks = [&](const char* encoding) {
    return router::finish(get("/", {{"Accept-Encoding", encoding}}), make_json(large));
  };
  const auto zipped = asks("br, gzip;q=0.8");
  ASSERT_NE(zipped.find("Content-Encoding"), nullptr);
  std::string plain;
  EXPECT_EQ(transport::inflate(zipped.text(), 1 << 20, plain), transport::inflate_result::done);
  EXPECT_EQ(plain, large);
  EXPECT_EQ(asks("gzip;q=0").text(), large);
  EXPECT_EQ(asks("").text(), large);
  EXPECT_EQ(router::finish(get("/", {{"Accept-Encoding", "gzip"}}), make_json("small")).text(),
            "small");
}

TEST(http_finish, spares_a_client_what_it_has) {
  auto answer = make_json("always the same");
  answer.is_stable = true;
  const auto first = router::finish(get("/"), answer);
  ASSERT_NE(first.find("ETag"), nullptr);
  const auto etag = first.find("ETag")->value;
  const auto second = router::finish(get("/", {{"If-None-Match", "\"x\", " + etag}}), answer);
  EXPECT_EQ(second.status, 304);
  EXPECT_EQ(second.text(), "");
  EXPECT_EQ(router::finish(get("/", {{"If-None-Match", "\"other\""}}), answer).status, 200);
}

}  // namespace
}  // namespace feedtree::http
