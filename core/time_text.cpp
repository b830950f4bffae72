#include "core/time_text.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace feedtree {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_s = 86'400;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes pieces off the front of a text; after the first that is not there good() is false.
class piece_reader {
 public:
  explicit piece_reader(std::string_view text) : left_(text) {}
  bool good() const { return good_; }
  bool at_end() const { return left_.empty(); }

  // So many digits.
  std::int64_t number(std::size_t digits) {
    std::int64_t value = 0;
    for (std::size_t at = 0; at < digits; ++at) {
      if (left_.empty() || !is_digit(left_.front())) {
        good_ = false;
        return 0;
      }
      value = value * 10 + (left_.front() - '0');
      left_.remove_prefix(1);
    }
    return value;
  }
  // One of these characters; 0 if it is none.
  char one_of(std::string_view which) {
    if (left_.empty() || which.find(left_.front()) == which.npos) return 0;
    const char found = left_.front();
    left_.remove_prefix(1);
    return found;
  }
  void need(std::string_view which) { good_ = one_of(which) != 0 && good_; }
  // Digits behind a point, as nanoseconds.
  std::int64_t fraction() {
    std::int64_t value = 0;
    std::size_t digits = 0;
    while (!left_.empty() && is_digit(left_.front())) {
      if (++digits > 9) break;
      value = value * 10 + (left_.front() - '0');
      left_.remove_prefix(1);
    }
    good_ = good_ && digits > 0 && digits <= 9;
    for (; digits < 9; ++digits) value *= 10;
    return value;
  }

 private:
  std::string_view left_;
  bool good_ = true;
};

std::optional<std::int64_t> days_since_1970(std::int64_t year, std::int64_t month,
                                            std::int64_t day) {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(static_cast<int>(year)),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || year < 1970 || year > 2261) return {};
  return sys_days(date).time_since_epoch().count();
}

// The zone's distance from UTC in seconds.
std::int64_t zone(piece_reader& in) {
  if (in.one_of("Zz") != 0) return 0;
  const char sign = in.one_of("+-");
  const auto hours = in.number(2);
  in.need(":");
  const auto minutes = in.number(2);
  if (sign == 0 || hours > 23 || minutes > 59) in.need("");
  return (sign == '-' ? -1 : 1) * (hours * 3'600 + minutes * 60);
}

std::optional<std::int64_t> nanoseconds(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.size() < 16) return {};
  return value;
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
  if (text.find_first_not_of("0123456789") == text.npos) return nanoseconds(text);
  piece_reader in(text);
  const auto year = in.number(4);
  in.need("-");
  const auto month = in.number(2);
  in.need("-");
  const auto day = in.number(2);
  if (!in.good()) return {};
  const auto days = days_since_1970(year, month, day);
  if (!days) return {};
  if (in.at_end()) return *days * day_s * second_ns;
  in.need("Tt ");
  const auto hour = in.number(2);
  in.need(":");
  const auto minute = in.number(2);
  in.need(":");
  const auto second = in.number(2);
  const auto fraction = in.one_of(".") != 0 ? in.fraction() : 0;
  const auto offset = zone(in);
  if (!in.good() || !in.at_end() || hour > 23 || minute > 59 || second > 59) return {};
  const auto seconds = *days * day_s + hour * 3'600 + minute * 60 + second - offset;
  if (seconds < 0) return {};
  return seconds * second_ns + fraction;
}

std::string time_text(std::int64_t ns) {
  using namespace std::chrono;
  auto fraction = ns % second_ns;
  auto seconds = ns / second_ns;
  if (fraction < 0) {
    fraction += second_ns;
    --seconds;
  }
  auto days = seconds / day_s;
  auto rest = seconds % day_s;
  if (rest < 0) {
    rest += day_s;
    --days;
  }
  const year_month_day date{sys_days(std::chrono::days(days))};
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%09dZ",
                                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                                 static_cast<unsigned>(date.day()), static_cast<int>(rest / 3'600),
                                 static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60),
                                 static_cast<int>(fraction));
  return {text, static_cast<std::size_t>(size)};
}

std::string second_text(std::int64_t ns) {
  constexpr std::string_view second = "2026-08-09T21:05:00";
  return time_text(ns).substr(0, second.size()) + "Z";
}

}  // namespace feedtree
