#include "core/scrub.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <vector>

#include "core/codec.hpp"

namespace feedtree {
namespace {

using secrets = std::vector<std::string>;

// The list is never changed, only replaced: readers need no lock beyond taking it.
struct secret_book {
  std::mutex mutex;
  std::shared_ptr<const secrets> known = std::make_shared<const secrets>();

  std::shared_ptr<const secrets> all() {
    const std::lock_guard lock(mutex);
    return known;
  }
};

secret_book& book() {
  static secret_book it;
  return it;
}

bool is_in(char c, std::string_view set) {
  return set.find(c) != set.npos;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_letter(char c) {
  return is_upper(c) || (c >= 'a' && c <= 'z');
}
bool is_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}
// Of Base64 in both alphabets.
bool is_token(char c) {
  return is_word(c) || is_in(c, "-+/=.~");
}
char lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

template <class Is>
std::size_t span_of(std::string_view text, Is&& is) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is) - text.begin());
}

bool begins_with(std::string_view text, std::string_view lower_case) {
  return text.size() >= lower_case.size() &&
         std::equal(lower_case.begin(), lower_case.end(), text.begin(),
                    [](char a, char b) { return a == lower(b); });
}

std::string json_escaped(std::string_view text) {
  std::string quoted;
  encode_text(text, quoted);
  return quoted.substr(1, quoted.size() - 2);
}

std::string percent_escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (is_word(c) || is_in(c, "-.~")) {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result.append(1, '%').append(1, digits[byte >> 4]).append(1, digits[byte & 15U]);
  }
  return result;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool whole = text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0 &&
                       hex_value(text[at + 2]) >= 0;
    if (!whole) {
      result += text[at];
      continue;
    }
    result += static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
    at += 2;
  }
  return result;
}

void add(secrets& to, std::string_view value) {
  if (value.size() < secret_bytes_min) return;
  for (auto& each : {std::string(value), json_escaped(value), percent_escaped(value)}) {
    const bool is_new = std::find(to.begin(), to.end(), each) == to.end();
    if (is_new && to.size() < secrets_max) to.push_back(each);
  }
}

// Of "scheme://user:password@host" and "scheme://token@host".
void add_user_information(secrets& to, std::string_view url) {
  const auto begin = url.find("://");
  if (begin == url.npos) return;
  url.remove_prefix(begin + 3);
  const auto authority = url.substr(0, url.find_first_of("/?#"));
  const auto end = authority.rfind('@');
  if (end == authority.npos) return;
  const auto user = authority.substr(0, end);
  const auto colon = user.find(':');
  const auto secret = colon == user.npos ? user : user.substr(colon + 1);
  add(to, secret);
  add(to, percent_decoded(secret));
}

// Of "host=... password=... sslpassword='...'", and behind the '?' of an URL.
void add_passwords(secrets& to, std::string_view dsn) {
  constexpr std::string_view key = "password=";
  for (auto at = dsn.find(key); at != dsn.npos; at = dsn.find(key)) {
    dsn.remove_prefix(at + key.size());
    const bool is_quoted = dsn.starts_with('\'');
    const auto value = is_quoted ? dsn.substr(1, dsn.find('\'', 1) - 1)
                                 : dsn.substr(0, dsn.find_first_of(" \t\r\n&"));
    add(to, value);
    add(to, percent_decoded(value));
  }
}

// Where a secret stands in a text: what goes before it stays.
struct place {
  std::size_t begin = 0;  // from the position that was looked at
  std::size_t end = 0;    // begin: there is none
};

place url_secret(std::string_view text) {
  if (!text.starts_with("://")) return {};
  const auto rest = text.substr(3);
  const auto end = std::min(rest.find_first_of("/?# \t\r\n\"'<>\\"), rest.size());
  const auto at = rest.substr(0, end).rfind('@');
  return at == rest.npos || at == 0 ? place{} : place{3, 3 + at};
}

// The longer names come first.
constexpr std::array<std::string_view, 18> key_names{
    "passphrase", "password",  "passwd",     "pwd",          "secret_access_key", "client_secret",
    "secret_key", "secretkey", "secret",     "private_key",  "access_key",        "api_key",
    "apikey",     "api-key",   "api_secret", "access_token", "refresh_token",     "token"};

// Behind "password=", "password: ", "\"token\":\"": the value up to its end. A name that prose has
// too counts only where it is written as a setting.
place key_secret(std::string_view text) {
  for (const auto name : key_names) {
    if (!begins_with(text, name)) continue;
    auto at = name.size();
    bool is_setting = false;
    while (at < text.size() && is_in(text[at], "\\\"'")) ++at, is_setting = true;
    const auto mark = at;
    while (at < text.size() && text[at] == ' ') ++at;
    if (at >= text.size() || !is_in(text[at], "=:")) return {};
    is_setting = is_setting || (text[at] == '=' && at == mark) || name == "password" ||
                 (text[at] == ':' && at + 1 < text.size() && text[at + 1] != ' ');
    if (!is_setting) return {};
    ++at;
    while (at < text.size() && text[at] == ' ') ++at;
    while (at < text.size() && is_in(text[at], "\\\"'")) ++at;
    const auto begin = at;
    while (at < text.size() && !is_in(text[at], " \t\r\n\"'\\&,;<>{}[]()")) ++at;
    return {begin, at};
  }
  return {};
}

// "Bearer TOKEN", "Basic TOKEN". Source: RFC 6750, RFC 7617.
place scheme_secret(std::string_view text) {
  for (const std::string_view scheme : {"bearer ", "basic "}) {
    if (!begins_with(text, scheme)) continue;
    const auto size = span_of(text.substr(scheme.size()), is_token);
    if (size >= secret_bytes_min) return {scheme.size(), scheme.size() + size};
  }
  return {};
}

bool is_nkey(char c) {
  return is_upper(c) || (c >= '2' && c <= '7');
}

// What has a form of its own.
place shaped_secret(std::string_view text) {
  if (text.starts_with("ftk_")) {
    const auto size = span_of(text, [](char c) { return is_word(c) || c == '-'; });
    return size >= 24 ? place{0, size} : place{};
  }
  if (text.starts_with("eyJ")) {
    const auto size = span_of(text, [](char c) { return is_word(c) || c == '-' || c == '.'; });
    const auto dots = std::count(text.begin(), text.begin() + static_cast<long>(size), '.');
    return dots >= 2 && size >= 24 ? place{0, size} : place{};
  }
  if (text.starts_with("AKIA") || text.starts_with("ASIA")) {
    const auto size = span_of(text, [](char c) { return is_upper(c) || is_digit(c); });
    return size == 20 ? place{0, size} : place{};
  }
  if (text.size() >= 58 && text[0] == 'S' && is_in(text[1], "UAONCX")) {
    return span_of(text, is_nkey) == 58 ? place{0, 58} : place{};
  }
  return {};
}

// To the end mark, or to the end of the text where it was cut.
place pem_secret(std::string_view text) {
  constexpr std::string_view begin = "-----BEGIN ";
  constexpr std::string_view mark = "PRIVATE KEY-----";
  if (!text.starts_with(begin)) return {};
  const auto head = text.find(mark);
  if (head == text.npos || head > 40) return {};
  const auto end = text.find("-----END ", head);
  const auto close = end == text.npos ? end : text.find(mark, end);
  return {0, close == text.npos ? text.size() : close + mark.size()};
}

// The secret that begins, with what leads to it, at the begin of the text.
place secret_at(std::string_view text, bool begins_word) {
  switch (text.front()) {
    case ':':
      return url_secret(text);
    case '-':
      return pem_secret(text);
    default:
      break;
  }
  if (!is_letter(text.front())) return {};
  if (const auto key = key_secret(text); key.end > key.begin) return key;
  if (!begins_word) return {};
  const auto scheme = scheme_secret(text);
  return scheme.end > scheme.begin ? scheme : shaped_secret(text);
}

}  // namespace

void know_secret(std::string_view value) {
  if (value.size() < secret_bytes_min) return;
  auto& it = book();
  const std::lock_guard lock(it.mutex);
  auto next = std::make_shared<secrets>(*it.known);
  if (value.find("://") == value.npos) add(*next, value);
  add_user_information(*next, value);
  add_passwords(*next, value);
  std::stable_sort(next->begin(), next->end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  it.known = std::move(next);
}

std::string scrub_known(std::string_view text) {
  std::string result(text);
  const auto known = book().all();
  for (const auto& secret : *known) {
    for (auto at = result.find(secret); at != result.npos;
         at = result.find(secret, at + scrubbed_text.size())) {
      result.replace(at, secret.size(), scrubbed_text);
    }
  }
  return result;
}

std::string scrub(std::string_view text) {
  const auto left = scrub_known(text);
  std::string_view rest(left);
  std::string result;
  result.reserve(left.size());
  bool begins_word = true;
  while (!rest.empty()) {
    const auto found = secret_at(rest, begins_word);
    if (found.end > found.begin) {
      result += rest.substr(0, found.begin);
      const bool is_done = rest.substr(found.begin, found.end - found.begin) ==
                           scrubbed_text.substr(0, found.end - found.begin);
      result += is_done ? rest.substr(found.begin, found.end - found.begin) : scrubbed_text;
      rest.remove_prefix(found.end);
      begins_word = false;
      continue;
    }
    begins_word = !is_word(rest.front());
    result += rest.front();
    rest.remove_prefix(1);
  }
  return result;
}

}  // namespace feedtree
