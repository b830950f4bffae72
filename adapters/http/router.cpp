#include "adapters/http/router.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <exception>

#include "adapters/http/compress.hpp"
#include "adapters/http/problem.hpp"
#include "core/scrub.hpp"

namespace feedtree::http {
namespace {

using path_parts = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t target_bytes_max = 2'048;
constexpr std::size_t gzip_bytes_min = 1'024;

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> result;
  path.remove_prefix(1);
  for (;;) {
    const auto end = std::min(path.find('/'), path.size());
    result.push_back(path.substr(0, end));
    if (end == path.size()) return result;
    path.remove_prefix(end + 1);
  }
}

std::string joined(const std::vector<std::string_view>& segments, std::size_t from,
                   std::size_t count) {
  std::string result;
  for (std::size_t at = from; at < from + count; ++at) {
    if (at > from) result += '/';
    result += segments[at];
  }
  return result;
}

bool is_name(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

// "GET, HEAD, POST": what a path understands.
std::string methods_of(const std::vector<route>& routes, std::string_view path) {
  std::string result;
  for (const auto& each : routes) {
    if (!match(each.path, path) || result.find(each.method) != result.npos) continue;
    if (!result.empty()) result += ", ";
    result += each.method;
    if (each.method == "GET") result += ", HEAD";
  }
  return result;
}

bool is_known_method(std::string_view method) {
  constexpr std::array<std::string_view, 9> known{"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                  "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  return std::find(known.begin(), known.end(), method) != known.end();
}

response wrong_method(std::string_view method, const std::string& allowed) {
  auto answer = problem(405, "this path does not understand " + std::string(method));
  answer.headers.push_back({"Allow", allowed});
  return answer;
}

// A failure is an answer, so that it is recorded.
reply handled(const route& each, const call& what) {
  try {
    return each.handle(what);
  } catch (const std::exception&) {
    return {problem(500, "the server could not do this")};
  }
}

// "actors/root/venues/kraken" of "/api/v1/actors/root/venues/kraken/restart".
std::string target_of(std::string_view path, std::string_view action) {
  constexpr std::string_view begin = "/api/v1/";
  if (path.starts_with(begin)) path.remove_prefix(begin.size());
  if (path.size() > action.size() && path.ends_with(action) &&
      path[path.size() - action.size() - 1] == '/') {
    path.remove_suffix(action.size() + 1);
  }
  return std::string(path);
}

std::string etag_of(std::string_view body, bool is_zipped) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result = "\"";
  for (std::size_t at = 0; at < 16; ++at) {
    result += digits[digest[at] >> 4];
    result += digits[digest[at] & 15U];
  }
  return result + (is_zipped ? "-gzip\"" : "\"");
}

bool has_etag(std::string_view if_none_match, std::string_view etag) {
  return if_none_match == "*" || if_none_match.find(etag) != if_none_match.npos;
}

// Source: the OWASP REST security cheat sheet; the page needs no source but this server.
void add_security_headers(response& answer) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> fixed{{
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
       "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
  }};
  for (const auto& [name, value] : fixed) {
    answer.headers.push_back({std::string(name), std::string(value)});
  }
}

void zip_if_it_pays(const request& asked, response& answer) {
  answer.headers.push_back({"Vary", "Accept-Encoding, Accept"});
  if (!accepts_gzip(asked.header_value("Accept-Encoding"))) return;
  if (answer.gzip_body) {
    answer.body = answer.gzip_body;
  } else if (answer.text().size() >= gzip_bytes_min) {
    answer.body = std::make_shared<const std::string>(gzip(answer.text(), 1));
  } else {
    return;
  }
  answer.headers.push_back({"Content-Encoding", "gzip"});
}

bool is_zipped(const response& answer) {
  return answer.find("Content-Encoding") != nullptr;
}

void record(access_log& log, change_note note, const response& answer) {
  note.status = answer.status;
  note.problem = answer.status < 400 ? "" : std::string(answer.text());
  log.add(std::move(note));
}

// Likewise, when the answer comes.
std::function<void(responder)> recorded(std::function<void(responder)> later,
                                        std::shared_ptr<access_log> log, change_note note) {
  return [later = std::move(later), log = std::move(log), note = std::move(note)](responder to) {
    later([log, note, to = std::move(to)](response answer) {
      record(*log, note, answer);
      to(std::move(answer));
    });
  };
}

}  // namespace

std::optional<path_parts> match(std::string_view pattern, std::string_view path) {
  if (!path.starts_with('/')) return {};
  const auto wanted = segments_of(pattern);
  const auto given = segments_of(path);
  path_parts parts;
  std::size_t at = 0;
  for (std::size_t index = 0; index < wanted.size(); ++index) {
    const auto left = wanted.size() - index - 1;  // segments behind this one
    if (given.size() < at + left + 1) return {};
    const auto segment = wanted[index];
    if (!is_name(segment)) {
      if (given[at++] != segment) return {};
      continue;
    }
    const bool takes_several = segment.ends_with("...}");
    const auto count = takes_several ? given.size() - at - left : 1;
    const auto name = segment.substr(1, segment.size() - (takes_several ? 5 : 2));
    auto value = joined(given, at, count);
    if (value.empty()) return {};
    parts[std::string(name)] = std::move(value);
    at += count;
  }
  if (at != given.size()) return {};
  return parts;
}

router::router(std::vector<route> routes, access_rules rules)
    : routes_(std::move(routes)), rules_(std::move(rules)) {}

reply router::handle(const request& asked) const {
  try {
    return dispatch(asked);
  } catch (const std::exception&) {
    return {problem(500, "the server could not answer this")};
  }
}

reply router::dispatch(const request& asked) const {
  if (asked.target.size() > target_bytes_max) return {problem(414, "the target is too long")};
  const auto where = parse_target(asked.target);
  if (!where) return {problem(400, "the target cannot be read")};
  if (!is_known_method(asked.method)) return {problem(501, "no such method")};
  const auto wanted = asked.method == "HEAD" ? std::string_view("GET") : asked.method;
  for (const auto& each : routes_) {
    if (each.method != wanted) continue;
    auto parts = match(each.path, where->path);
    if (parts) return call_route(each, {asked, *where, std::move(*parts)});
  }
  if (auto refused = judge(asked, rules_, {}).refused) return {std::move(*refused)};
  const auto allowed = methods_of(routes_, where->path);
  if (allowed.empty())
    return {problem(404, "there is nothing at this path; / lists what there is")};
  return {wrong_method(asked.method, allowed)};
}

reply router::call_route(const route& each, call what) const {
  if (each.method != "GET") return change(each, std::move(what));
  auto judged = judge(what.asked, rules_, {false, each.is_open});
  record_read(each, what, judged);
  if (judged.refused) return {std::move(*judged.refused)};
  what.who = std::move(judged.who);
  auto result = each.handle(what);
  if (result.topics != 0 && !each.is_open && !result.may_go_on) {
    result.may_go_on = permission_of(what);
  }
  return result;
}

// What needs no token tells nothing that would have to be recorded.
void router::record_read(const route& each, const call& what, const judgement& judged) const {
  if (!rules_.log || each.is_open) return;
  auto target = target_of(what.where.path, {});
  if (!judged.refused) {
    rules_.log->add_read({judged.who.name, std::move(target), what.asked.peer});
    return;
  }
  rules_.log->add({judged.who.name, "read", std::move(target), what.asked.peer,
                   judged.refused->status, std::string(judged.refused->text())});
}

// Whether the reader of a stream would still be let in; empty where that cannot change.
std::function<bool()> router::permission_of(const call& what) const {
  if (!rules_.protects_reading || !rules_.accounts || what.who.name == static_token_name) return {};
  return [accounts = rules_.accounts,
          token = std::string(bearer_token(what.asked.header_value("Authorization")))] {
    return accounts->who(token).has_value();
  };
}

// Whatever comes of it is recorded, also where the answer comes later.
reply router::change(const route& each, call what) const {
  auto judged = judge(what.asked, rules_, {true, each.is_open, each.least});
  change_note note{judged.who.name, std::string(each.action),
                   target_of(what.where.path, each.action), what.asked.peer};
  reply result;
  if (judged.refused) {
    result.now = std::move(*judged.refused);
  } else if (rules_.log && !rules_.log->has_room()) {
    result.now = problem(503,
                         "what is done cannot be recorded now: the operators' database does "
                         "not answer");
  } else {
    what.who = std::move(judged.who);
    result = handled(each, what);
  }
  if (!rules_.log || (result.later && each.records_itself)) return result;
  if (result.later) {
    result.later = recorded(std::move(result.later), rules_.log, std::move(note));
  } else {
    record(*rules_.log, std::move(note), result.now);
  }
  return result;
}

response router::finish(const request& asked, response answer) {
  add_security_headers(answer);
  if (answer.find("Cache-Control") == nullptr) {
    answer.headers.push_back({"Cache-Control", answer.is_stable ? "no-cache" : "no-store"});
  }
  if (answer.body && !answer.is_stable) {
    answer.body = std::make_shared<const std::string>(scrub_known(answer.text()));
  }
  if (answer.body) zip_if_it_pays(asked, answer);
  if (answer.status == 200 && answer.is_stable) {
    const auto etag = etag_of(answer.text(), is_zipped(answer));
    answer.headers.push_back({"ETag", etag});
    if (has_etag(asked.header_value("If-None-Match"), etag)) {
      answer.status = 304;
      answer.body = nullptr;
      std::erase_if(answer.headers,
                    [](const auto& each) { return each.name == "Content-Encoding"; });
    }
  }
  return answer;
}

}  // namespace feedtree::http
