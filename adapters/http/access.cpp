#include "adapters/http/access.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "adapters/http/problem.hpp"

namespace feedtree::http {
namespace {

using digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

digest digest_of(std::string_view text) {
  digest result{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), result.data());
  return result;
}

// The host and port of "http://host:port"; empty if it is not an origin.
std::string_view host_of_origin(std::string_view origin) {
  const auto begin = origin.find("://");
  return begin == origin.npos ? std::string_view() : origin.substr(begin + 3);
}

// A browser says where a request comes from; other programs send neither header.
bool is_cross_site(const request& asked) {
  const auto site = asked.header_value("Sec-Fetch-Site");
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  if (!asked.has_header("Origin")) return false;
  const auto host = asked.header_value("Host");
  return host.empty() || !same_name(host_of_origin(asked.header_value("Origin")), host);
}

bool protects_changes(const access_rules& rules) {
  return rules.protects_changes || !rules.token.empty();
}

// Whose token a request has. Each comparison takes the same time for any token.
caller caller_of(const request& asked, const access_rules& rules) {
  const auto token = bearer_token(asked.header_value("Authorization"));
  if (!token.empty()) {
    const bool is_static = !rules.token.empty() && same_secret(token, rules.token);
    if (is_static) return {std::string(static_token_name), access_role::operates};
    auto known = rules.accounts ? rules.accounts->who(token) : std::nullopt;
    if (known) return std::move(*known);
  }
  if (!protects_changes(rules)) return {std::string(anyone_name), access_role::operates};
  return {"unknown"};
}

bool is_loopback_name_or_empty(std::string_view host) {
  return host.empty() || is_loopback_name(host);
}

std::optional<response> refusal(const request& asked, const access_rules& rules,
                                const access_need& need, const caller& who) {
  if (rules.loopback_names_only && !is_loopback_name_or_empty(asked.header_value("Host"))) {
    return problem(421, "this server answers to localhost only");
  }
  if (need.changes && is_cross_site(asked)) {
    return problem(403, "a request from another site may change nothing");
  }
  if (need.changes && !rules.no_changes.empty()) return problem(403, rules.no_changes);
  const bool needs_token = need.changes ? protects_changes(rules) : rules.protects_reading;
  if (need.is_open || !needs_token) return {};
  if (who.role == access_role::none) {
    return bearer_token(asked.header_value("Authorization")).empty()
               ? unauthorised("the operator's bearer token is needed")
               : unauthorised("this is not the operator's token");
  }
  const auto least = need.changes ? need.least : access_role::viewer;
  if (who.role < least) {
    return problem(403, who.name + " is a " + std::string(to_string(who.role)) +
                            ": this needs the role " + std::string(to_string(least)));
  }
  return {};
}

}  // namespace

std::string_view bearer_token(std::string_view value) {
  constexpr std::string_view scheme = "bearer ";
  if (value.size() < scheme.size() || !same_name(value.substr(0, scheme.size()), scheme)) return {};
  return value.substr(scheme.size());
}

response unauthorised(std::string_view detail) {
  auto answer = problem(401, detail);
  answer.headers.push_back({"WWW-Authenticate", "Bearer realm=\"feedtree\""});
  return answer;
}

bool same_secret(std::string_view a, std::string_view b) {
  const auto left = digest_of(a);
  const auto right = digest_of(b);
  return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

bool is_loopback_name(std::string_view host) {
  constexpr std::array<std::string_view, 3> names{"localhost", "127.0.0.1", "[::1]"};
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    if (!same_name(host.substr(0, name.size()), name)) return false;
    const auto rest = host.substr(name.size());
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return rest.empty() || (rest.size() > 1 && rest[0] == ':' &&
                            std::all_of(rest.begin() + 1, rest.end(), is_digit));
  });
}

judgement judge(const request& asked, const access_rules& rules, const access_need& need) {
  judgement result{caller_of(asked, rules)};
  result.refused = refusal(asked, rules, need, result.who);
  return result;
}

}  // namespace feedtree::http
