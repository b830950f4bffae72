#include "storage/timescale_dsn.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "core/sink.hpp"

namespace feedtree::storage {
namespace {

constexpr std::size_t message_max = 600;
constexpr std::array<std::string_view, 3> secrets{"password", "sslpassword", "passfile"};

[[noreturn]] void refuse(const std::string& why) {
  throw sink_error(false, "the dsn of the timescale sink " + why +
                              "; write postgresql://user@host:port/name?sslmode=verify-full or "
                              "host=... dbname=... sslmode=verify-full");
}

// A password with '@' or '/' in it that was not escaped becomes a part of the host, which messages
// name.
void check_authority(std::string_view text) {
  const auto begin = text.find("://");
  if (begin == text.npos || !text.starts_with("postgres")) return;
  const auto rest = text.substr(begin + 3);
  const auto behind_secret = rest.substr(0, rest.find('?'));
  if (std::count(behind_secret.begin(), behind_secret.end(), '@') > 1) {
    refuse("has more than one '@': in user and password write %40 for '@' and %2F for '/'");
  }
  const auto at = behind_secret.find('@');
  const auto slash = behind_secret.find('/');
  if (at != behind_secret.npos && slash < at) {
    refuse("has a '/' before its '@': in user and password write %2F for '/'");
  }
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string value_of(const std::map<std::string, std::string>& settings, const std::string& name,
                     const std::string& otherwise) {
  const auto found = settings.find(name);
  return found == settings.end() || found->second.empty() ? otherwise : found->second;
}

std::string place_of(const std::map<std::string, std::string>& settings) {
  const auto hosts = split(value_of(settings, "host", value_of(settings, "hostaddr", "localhost")));
  const auto ports = split(value_of(settings, "port", "5432"));
  std::string text = value_of(settings, "dbname", value_of(settings, "user", "the database"));
  text += " at ";
  for (std::size_t at = 0; at < hosts.size(); ++at) {
    const auto& port = ports[std::min(at, ports.size() - 1)];
    text.append(at == 0 ? "" : ",").append(hosts[at]).append(":");
    text.append(port.empty() ? "5432" : port);
  }
  return text;
}

struct options_deleter {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

}  // namespace

timescale_dsn::timescale_dsn(const std::string& text) {
  if (text.empty()) refuse("is empty");
  check_authority(text);
  char* error = nullptr;  // libpq's words repeat pieces of the text: they are not told
  const std::unique_ptr<PQconninfoOption, options_deleter> all(
      PQconninfoParse(text.c_str(), &error));
  PQfreemem(error);
  if (all == nullptr) refuse("is not a PostgreSQL connection string");
  for (const auto* each = all.get(); each->keyword != nullptr; ++each) {
    if (each->val != nullptr) settings_[each->keyword] = each->val;
  }
  if (value_of(settings_, "dbname", "").find_first_of("=:") != std::string::npos) {
    refuse("has a connection string as its dbname");
  }
  place_ = place_of(settings_);
}

std::string timescale_dsn::told(std::string_view message) const {
  std::string line;
  for (const char c : message) {
    const bool ends = c == '\n' || c == '\r' || c == '\t';
    if (ends && (line.empty() || line.back() == ' ')) continue;
    line += ends ? ' ' : c;
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  for (const auto name : secrets) {
    const auto found = settings_.find(std::string(name));
    if (found == settings_.end() || found->second.empty()) continue;
    for (auto at = line.find(found->second); at != line.npos; at = line.find(found->second, at)) {
      line.replace(at, found->second.size(), "***");
      at += 3;
    }
  }
  if (line.size() > message_max) line.replace(message_max, line.npos, "...");
  return line;
}

}  // namespace feedtree::storage
