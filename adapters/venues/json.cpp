#include "adapters/venues/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace feedtree::venues {
namespace {

[[noreturn]] void wrong(std::string_view field, std::string_view what, std::string_view token) {
  throw decode_error(std::string(field) + ": " + std::string(what) + ": " +
                     std::string(token.substr(0, 40)));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\t' ||
                           text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view unquoted(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

template <class Integer>
Integer parse_integer(std::string_view text, std::string_view field) {
  Integer result = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size())
    wrong(field, "not an integer", text);
  return result;
}

std::int64_t scaled(std::int64_t value, std::int64_t factor) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(value, factor, &result)) throw decode_error("time out of range");
  return result;
}

// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
std::int64_t days_since_epoch(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const auto era = year / 400;
  const auto year_of_era = year - era * 400;
  const auto day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const auto day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

std::int64_t digits_at(std::string_view text, std::size_t at, std::size_t count) {
  std::int64_t value = 0;
  for (std::size_t index = at; index < at + count; ++index) {
    if (index >= text.size() || text[index] < '0' || text[index] > '9') {
      wrong("time", "not RFC 3339", text);
    }
    value = value * 10 + (text[index] - '0');
  }
  return value;
}

std::int64_t fraction_ns(std::string_view text, std::size_t& at) {
  std::int64_t ns = 0;
  if (at >= text.size() || text[at] != '.') return 0;
  std::int64_t unit = 100'000'000;
  for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
    ns += (text[at] - '0') * unit;
  }
  return ns;
}

}  // namespace

namespace json {
namespace {

// Levels as nearly all frames write them, read from their text alone: about twice as fast as asking
// the parser for each number. Where anything is unusual it gives up.
class level_scanner {
 public:
  explicit level_scanner(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  bool append_to(std::vector<level>& out) {
    if (!take('[')) return false;
    if (take(']')) return at_ == end_;
    do {
      decimal price;
      decimal quantity;
      if (!take('[') || !read(price) || !take(',') || !read(quantity) || !end_level()) return false;
      out.emplace_back(price, quantity);
    } while (take(','));
    return take(']') && at_ == end_;
  }

 private:
  // The text ends in the frame's own text, so that at_ may always be looked at.
  bool take(char c) {
    if (*at_ != c) return false;
    ++at_;
    return true;
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  std::uint64_t digit() const { return static_cast<std::uint64_t>(*at_ - '0'); }

  // digits[.digits] of at most 18 digits, in quotes or bare.
  bool read(decimal& out) {
    const bool quoted = take('"');
    const char* const first = at_;
    std::uint64_t value = 0;  // wraps where there are too many digits: then it is not used
    for (; is_digit(*at_); ++at_) value = value * 10 + digit();
    auto digits = at_ - first;
    int exponent = 0;
    if (digits == 0 || digits > digits_max) return false;
    if (*at_ == '.') {
      const char* const point = at_++;
      for (; is_digit(*at_); ++at_) value = value * 10 + digit();
      exponent = static_cast<int>(point + 1 - at_);
      digits -= exponent;
      if (exponent == 0 || digits > digits_max) return false;
    }
    out = {static_cast<std::int64_t>(value), static_cast<std::int8_t>(exponent)};
    return quoted ? take('"') : *at_ == ',' || *at_ == ']';
  }

  // What stands behind price and quantity is of no interest, as long as it is texts and numbers.
  bool end_level() {
    while (take(',')) {
      const bool quoted = take('"');
      while (*at_ == '.' || is_digit(*at_)) ++at_;
      if (quoted && !take('"')) return false;
    }
    return take(']');
  }

  static constexpr std::ptrdiff_t digits_max = 18;
  const char* at_;
  const char* end_;
};

bool is_absent(std::string_view token) {
  return token.empty() || token == "null";
}

template <class Integer>
std::optional<Integer> optional_whole(std::string_view token, std::string_view field,
                                      frame_losses& losses) {
  if (is_absent(token)) return {};
  Integer result = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), result);
  if (error == std::errc{} && end == token.data() + token.size()) return result;
  losses.note_field(field, "not an integer", token);
  return {};
}

// Any form of level that the parser reads; says what is wrong with others.
std::uint32_t append_any_levels(array from, std::vector<level>& out) {
  const auto before = out.size();
  for (auto entry : from) {
    std::array<decimal, 2> pair;
    std::size_t at = 0;
    for (auto member : entry.get_array()) {
      if (at == pair.size()) break;
      value scalar = member.value();
      pair[at] = to_decimal(scalar, at == 0 ? "price" : "quantity");
      ++at;
    }
    if (at != pair.size()) throw decode_error("a level is not [price, quantity]");
    out.emplace_back(pair[0], pair[1]);
  }
  return static_cast<std::uint32_t>(out.size() - before);
}

}  // namespace

std::string_view token(value& from) {
  return unquoted(from.raw_json_token());
}

decimal to_decimal(std::string_view text, std::string_view field) {
  decimal result;
  const auto error = parse_decimal(text, result);
  if (error != decimal_error::none) wrong(field, to_string(error), text);
  return result;
}

decimal to_decimal(value& from, std::string_view field) {
  return to_decimal(token(from), field);
}

optional_decimal to_optional_decimal(value& from, std::string_view field) {
  const auto text = token(from);
  if (text.empty() || text == "null") return {};
  return to_decimal(text, field);
}

std::int64_t to_int(value& from, std::string_view field) {
  return parse_integer<std::int64_t>(token(from), field);
}

std::uint64_t to_unsigned(value& from, std::string_view field) {
  return parse_integer<std::uint64_t>(token(from), field);
}

std::string_view to_text(value& from, std::string_view field) {
  std::string_view result;
  if (from.get_string().get(result) != simdjson::SUCCESS) wrong(field, "not a text", token(from));
  return result;
}

std::string_view to_id(value& from, std::string_view field) {
  const auto type = from.type().value();
  if (type == simdjson::ondemand::json_type::number) return token(from);
  return to_text(from, field);
}

optional_decimal optional_decimal_of(std::string_view token, std::string_view field,
                                     frame_losses& losses) {
  if (is_absent(token)) return {};
  decimal result;
  const auto error = parse_decimal(token, result);
  if (error == decimal_error::none) return result;
  losses.note_field(field, to_string(error), token);
  return {};
}

optional_decimal to_optional_decimal(value& from, std::string_view field, frame_losses& losses) {
  return optional_decimal_of(token(from), field, losses);
}

optional_decimal to_optional_price(value& from, std::string_view field, frame_losses& losses) {
  const auto price = to_optional_decimal(from, field, losses);
  return price && price->is_zero() ? optional_decimal() : price;
}

std::optional<std::int64_t> optional_int_of(std::string_view token, std::string_view field,
                                            frame_losses& losses) {
  return optional_whole<std::int64_t>(token, field, losses);
}

std::optional<std::int64_t> to_optional_int(value& from, std::string_view field,
                                            frame_losses& losses) {
  return optional_whole<std::int64_t>(token(from), field, losses);
}

std::optional<std::uint64_t> to_optional_unsigned(value& from, std::string_view field,
                                                  frame_losses& losses) {
  return optional_whole<std::uint64_t>(token(from), field, losses);
}

std::int64_t to_optional_time_ns(value& from, std::string_view field, frame_losses& losses) {
  return optional_time_ns_of(token(from), field, losses);
}

std::int64_t optional_time_ns_of(std::string_view token, std::string_view field,
                                 frame_losses& losses) {
  const auto ms = optional_whole<std::int64_t>(token, field, losses);
  std::int64_t ns = 0;
  if (!ms) return 0;
  if (*ms >= 0 && !__builtin_mul_overflow(*ms, std::int64_t{1'000'000}, &ns)) return ns;
  losses.note_field(field, "no time", token);
  return 0;
}

std::int64_t to_optional_rfc3339(value& from, std::string_view field, frame_losses& losses) {
  const auto text = token(from);
  if (is_absent(text)) return 0;
  try {
    return from_rfc3339(text);
  } catch (const decode_error&) {
    losses.note_field(field, "not RFC 3339", text);
    return 0;
  }
}

std::string_view to_optional_text(value& from, std::string_view field, frame_losses& losses) {
  const auto raw = token(from);
  if (raw == "null") return {};
  std::string_view result;
  if (from.get_string().get(result) == simdjson::SUCCESS) return result;
  losses.note_field(field, "not a text", raw);
  return {};
}

bool is_local(simdjson::error_code error) {
  switch (error) {
    case simdjson::INCORRECT_TYPE:
    case simdjson::NO_SUCH_FIELD:
    case simdjson::NUMBER_ERROR:
    case simdjson::NUMBER_OUT_OF_RANGE:
    case simdjson::INDEX_OUT_OF_BOUNDS:
      return true;
    default:
      return false;
  }
}

std::string excerpt_at(const char* begin) {
  constexpr std::size_t excerpt_max = 160;
  return {begin, strnlen(begin, excerpt_max)};
}

std::uint32_t append_levels(array from, std::vector<level>& out) {
  const auto before = out.size();
  if (level_scanner(std::string_view(from.raw_json())).append_to(out)) {
    return static_cast<std::uint32_t>(out.size() - before);
  }
  out.resize(before);
  from.reset();
  return append_any_levels(from, out);
}

document read(parser& with, const raw_frame& frame) {
  // A parser's tables are many times as large as the largest frame that it read.
  constexpr std::size_t kept_capacity = std::size_t{4} << 20;
  if (with.capacity() > kept_capacity && frame.text.size() <= kept_capacity) with = parser();
  return with.iterate(frame.text.data(), frame.text.size(), frame.text.capacity());
}

void check_end(document& from) {
  if (from.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    throw decode_error("text behind the end of the frame");
  }
}

}  // namespace json

std::int64_t from_ms(std::int64_t ms) {
  return scaled(ms, 1'000'000);
}
std::int64_t from_us(std::int64_t us) {
  return scaled(us, 1'000);
}
std::int64_t from_s(std::int64_t s) {
  return scaled(s, 1'000'000'000);
}

bool calendar_time::is_valid() const {
  return year >= 1970 && year <= 2260 && month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
         hour <= 23 && minute <= 59 && second <= 60;
}

std::int64_t calendar_time::seconds_since_epoch() const {
  return ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
}

std::int64_t from_rfc3339(std::string_view text) {
  const calendar_time when{digits_at(text, 0, 4),  digits_at(text, 5, 2),  digits_at(text, 8, 2),
                           digits_at(text, 11, 2), digits_at(text, 14, 2), digits_at(text, 17, 2)};
  const bool separators = text[4] == '-' && text[7] == '-' &&
                          (text[10] == 'T' || text[10] == ' ') && text[13] == ':' &&
                          text[16] == ':';
  if (!separators || !when.is_valid()) wrong("time", "not RFC 3339", text);
  std::size_t at = 19;
  const auto ns = fraction_ns(text, at);
  if (text.substr(at) != "Z" && text.substr(at) != "+00:00") wrong("time", "not in UTC", text);
  return when.seconds_since_epoch() * 1'000'000'000 + ns;
}

event& append_event(event_batch& out, const listing* where, std::int64_t exchange_ns,
                    std::int64_t receive_ns) {
  auto& result = out.events.emplace_back();
  result.where = where;
  result.exchange_ns = exchange_ns;
  result.receive_ns = receive_ns == 0 ? exchange_ns : receive_ns;
  return result;
}

void check_key(const event_key& key) {
  if (key.empty()) throw decode_error("an event without an id");
  if (!key.fits()) throw decode_error("an event id longer than 47 characters");
}

void number_twin_key(event_batch& out, std::size_t first) {
  auto& last = out.events.back();
  const auto plain = last.key;
  const auto is_twin = [&plain, &last](const event& other) {
    const auto key = other.key.view();
    return other.where == last.where && key.starts_with(plain.view()) &&
           (key.size() == plain.view().size() || key[plain.view().size()] == '-');
  };
  const auto begin = out.events.begin() + static_cast<std::ptrdiff_t>(first);
  const auto twins = std::count_if(begin, out.events.end() - 1, is_twin);
  if (twins > 0) last.key.append('-').append(twins + 1);
}

}  // namespace feedtree::venues
