#include "adapters/nats/subject.hpp"

#include <charconv>

namespace feedtree::nats {
namespace {

constexpr std::string_view hex = "0123456789ABCDEF";

bool is_reserved(char c) {
  const auto code = static_cast<unsigned char>(c);
  return c == '.' || c == '*' || c == '>' || c == '%' || code <= 0x20 || code == 0x7f;
}

}  // namespace

std::string subject_token(std::string_view name) {
  std::string token;
  for (const char c : name) {
    if (!is_reserved(c)) {
      token.push_back(c);
      continue;
    }
    const auto code = static_cast<unsigned char>(c);
    token.append(1, '%').append(1, hex[code >> 4]).append(1, hex[code & 15]);
  }
  return token;
}

std::string name_of_token(std::string_view token) {
  std::string name;
  for (std::size_t at = 0; at < token.size(); ++at) {
    unsigned code = 0;
    if (token[at] == '%' && at + 2 < token.size()) {
      const char* const end = token.data() + at + 3;
      if (std::from_chars(token.data() + at + 1, end, code, 16).ptr == end) {
        name.push_back(static_cast<char>(code));
        at += 2;
        continue;
      }
    }
    name.push_back(token[at]);
  }
  return name;
}

std::string subject_of(const quarantine_entry& what) {
  return "md.v1.quarantine." + subject_token(what.venue);
}

std::string subject_of(const alert_entry& what) {
  return "md.v1.alert." + std::string(to_string(what.severity));
}

std::string subject_of(const event& what) {
  std::string subject = "md.v1.";
  subject.append(to_string(what.kind()));
  if (const auto* body = std::get_if<candle>(&what.body)) {
    subject.append(1, '.').append(interval_text(body->interval_ns));
  }
  subject.append(1, '.').append(subject_token(what.where->venue));
  return subject.append(1, '.').append(subject_token(what.where->symbol));
}

}  // namespace feedtree::nats
