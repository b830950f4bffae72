#include "adapters/venues/binance_fields.hpp"

#include <algorithm>
#include <charconv>

namespace feedtree::venues::binance {
namespace {

std::string_view field_name(const char& name) {
  return name == previous_id ? std::string_view("pu") : std::string_view(&name, 1);
}

[[noreturn]] void wrong(char name, std::string_view what) {
  throw decode_error(std::string(field_name(name)) + ": " + std::string(what));
}

std::string_view trimmed(std::string_view token) {
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

std::string_view unquoted(std::string_view token) {
  token = trimmed(token);
  if (token.size() >= 2 && token.front() == '"' && token.back() == '"') {
    return token.substr(1, token.size() - 2);
  }
  return token;
}

template <class Integer>
Integer parse_integer(std::string_view text, char name) {
  Integer result = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size()) wrong(name, "not an integer");
  return result;
}

// Reads digits into a number; gives how many there were. Nineteen or more may wrap around.
std::ptrdiff_t read_digits(const char*& at, std::uint64_t& value) {
  const char* const first = at;
  for (; *at >= '0' && *at <= '9'; ++at) value = value * 10 + static_cast<unsigned>(*at - '0');
  return at - first;
}

// A number in plain notation, without sign, of at most 18 digits, in quotes and without white
// space; gives the place behind it, or null for anything else. The frame's end stops it.
const char* read_plain(const char* at, decimal& into) {
  if (*at++ != '"') return nullptr;
  std::uint64_t mantissa = 0;
  std::ptrdiff_t fraction = 0;
  const auto whole = read_digits(at, mantissa);
  if (*at == '.') {
    fraction = read_digits(++at, mantissa);
    if (fraction == 0) return nullptr;
  }
  if (whole == 0 || whole + fraction > 18 || *at != '"') return nullptr;
  into = {static_cast<std::int64_t>(mantissa), static_cast<std::int8_t>(-fraction)};
  return at + 1;
}

// ["1.5","2"]
const char* read_plain_level(const char* at, std::vector<level>& out) {
  decimal price;
  decimal quantity;
  if (*at++ != '[') return nullptr;
  at = read_plain(at, price);
  if (at == nullptr || *at++ != ',') return nullptr;
  at = read_plain(at, quantity);
  if (at == nullptr || *at++ != ']') return nullptr;
  out.emplace_back(price, quantity);
  return at;
}

// Levels as the venue writes them, [["1.5","2"],["1.4","0"]], without a tokenizer between; false
// for anything else.
bool read_plain_levels(const char* at, std::vector<level>& out) {
  if (*at++ != '[') return false;
  if (*at == ']') return true;
  for (;; ++at) {
    at = read_plain_level(at, out);
    if (at == nullptr) return false;
    if (*at != ',') return *at == ']';
  }
}

// The quick way for what the venue sends, the exact one for all else that JSON allows.
std::uint32_t append_levels(json::array from, std::vector<level>& out) {
  const auto before = out.size();
  if (read_plain_levels(from.raw_json().value().data(), out)) {
    return static_cast<std::uint32_t>(out.size() - before);
  }
  out.resize(before);
  from.reset().value();
  return json::append_levels(from, out);
}

void collect_letters(json::object from, letters& into) {
  for (auto field : from) {
    const char* const key = field.key().value().raw();
    json::value value = field.value();
    if (key[0] != '"' && key[1] == '"') into.set(key[0], value.raw_json_token());
  }
}

void collect(json::object from, message& into, event_batch& out, bool within_data);

void collect_value(char name, json::value& value, message& into, event_batch& out) {
  const std::string_view token = value.raw_json_token();
  const char first = token.front();
  if (first == '[') {
    if (name == 'b' || name == 'a') read_levels(name, value.get_array(), into, out);
  } else if (first == '{') {
    if (name == 'k' || name == 'o') collect_letters(value.get_object(), into.inner);
  } else {
    into.top.set(name, token);
  }
}

void collect(json::object from, message& into, event_batch& out, bool within_data) {
  for (auto field : from) {
    const char* const key = field.key().value().raw();
    json::value value = field.value();
    if (key[0] == '"') continue;
    if (key[1] == '"') {
      collect_value(key[0], value, into, out);
    } else if (key[0] == 'p' && key[1] == 'u' && key[2] == '"') {
      into.top.set(previous_id, value.raw_json_token());
    } else if (!within_data && std::string_view(key, 5) == "data\"") {
      if (std::string_view(value.raw_json_token()).front() != '{') continue;
      collect(value.get_object(), into, out, true);
    }
  }
}

}  // namespace

std::string_view letters::text_or_empty(char name) const {
  return has(name) ? unquoted(tokens_[index(name)]) : std::string_view{};
}

std::string_view letters::text(char name) const {
  if (!has(name)) wrong(name, "missing");
  return unquoted(tokens_[index(name)]);
}

decimal letters::number(char name) const {
  decimal value;
  if (has(name) && read_plain(tokens_[index(name)].data(), value) != nullptr) return value;
  return json::to_decimal(text(name), field_name(name));
}

bool letters::is_none(char name) const {
  const auto token = text_or_empty(name);
  return token.empty() || token == "null";
}

optional_decimal letters::optional_number(char name, frame_losses& losses) const {
  return json::optional_decimal_of(text_or_empty(name), field_name(name), losses);
}

optional_decimal letters::optional_price(char name, frame_losses& losses) const {
  const auto price = optional_number(name, losses);
  return price && price->is_zero() ? optional_decimal() : price;
}

std::optional<std::int64_t> letters::optional_integer(char name, frame_losses& losses) const {
  return json::optional_int_of(text_or_empty(name), field_name(name), losses);
}

std::int64_t letters::optional_time_ns(char name, frame_losses& losses) const {
  return json::optional_time_ns_of(text_or_empty(name), field_name(name), losses);
}

optional_decimal letters::side(char name) const {
  if (!has(name)) wrong(name, "missing");
  return is_none(name) ? optional_decimal() : optional_decimal(number(name));
}

std::int64_t letters::integer(char name) const {
  return parse_integer<std::int64_t>(text(name), name);
}

std::uint64_t letters::id(char name) const {
  return parse_integer<std::uint64_t>(text(name), name);
}

bool letters::flag(char name) const {
  const auto token = text(name);
  if (token == "true") return true;
  if (token != "false") wrong(name, "not true or false");
  return false;
}

std::int64_t letters::time_ns(char name) const {
  return from_ms(integer(name));
}

void read_levels(char side, json::array from, message& into, event_batch& out) {
  auto& seen = side == 'b' ? into.has_bids : into.has_asks;
  if (seen) wrong(side, "twice in one message");
  seen = true;
  const auto begin = static_cast<std::uint32_t>(out.levels.size());
  if (into.has_bids != into.has_asks) into.first_level = begin;
  const auto count = append_levels(from, out.levels);
  (side == 'b' ? into.bids : into.asks) = count;
  if (side == 'b' && into.has_asks) {
    const auto first = out.levels.begin() + into.first_level;
    std::rotate(first, first + into.asks, out.levels.end());
  }
}

void read_message(json::parser& parser, const raw_frame& frame, message& into, event_batch& out) {
  auto document = json::read(parser, frame);
  collect(document.get_object(), into, out, false);
  json::check_end(document);
}

}  // namespace feedtree::venues::binance
