#include "core/schedule.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <stdexcept>

#include "core/event.hpp"

namespace feedtree {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t day_ns = 24 * 60 * minute_ns;
constexpr std::int64_t days_searched = 8 * 366;  // 29 February is at most eight years away (1896)

struct field_range {
  const char* name;
  int least;
  int most;
};
constexpr std::array<field_range, 5> fields{
    {{"minute", 0, 59}, {"hour", 0, 23}, {"day", 1, 31}, {"month", 1, 12}, {"weekday", 0, 7}}};

[[noreturn]] void bad(std::string_view text, const field_range& field) {
  throw std::invalid_argument("'" + std::string(text) + "' is no " + field.name + ": give *, " +
                              std::to_string(field.least) + " to " + std::to_string(field.most) +
                              ", a range, a list or a step");
}

int number_of(std::string_view text, std::string_view whole, const field_range& field) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc() && end == text.data() + text.size();
  if (!good || value < field.least || value > field.most) bad(whole, field);
  return value;
}

// One part of a list: "*", "5", "1-5", each with "/STEP".
std::uint64_t part_bits(std::string_view part, const field_range& field) {
  const auto whole = part;
  int step = 1;
  const auto slash = part.find('/');
  if (slash != part.npos) {
    step = number_of(part.substr(slash + 1), whole, {field.name, 1, field.most});
    part = part.substr(0, slash);
  }
  int first = field.least;
  int last = field.most;
  if (part != "*") {
    const auto dash = part.find('-');
    first = number_of(part.substr(0, dash), whole, field);
    if (dash != part.npos) last = number_of(part.substr(dash + 1), whole, field);
    if (dash == part.npos && slash == part.npos) last = first;
    if (last < first) bad(whole, field);
  }
  std::uint64_t bits = 0;
  for (int value = first; value <= last; value += step) bits |= std::uint64_t{1} << value;
  return bits;
}

std::uint64_t field_bits(std::string_view text, const field_range& field) {
  std::uint64_t bits = 0;
  while (true) {
    const auto comma = text.find(',');
    bits |= part_bits(text.substr(0, comma), field);
    if (comma == text.npos) return bits;
    text.remove_prefix(comma + 1);
  }
}

bool has(std::uint64_t bits, unsigned value) {
  return ((bits >> value) & 1U) != 0;
}

}  // namespace

schedule schedule::every(std::string_view interval) {
  schedule result;
  result.text_ = interval;
  result.interval_ns_ = parse_interval(interval);
  if (result.interval_ns_ <= 0) {
    throw std::invalid_argument("'" + std::string(interval) +
                                "' is no interval: give a number with s, m, h, d or w");
  }
  return result;
}

schedule schedule::cron(std::string_view text) {
  schedule result;
  result.text_ = text;
  std::array<std::string_view, 5> parts;
  std::size_t count = 0;
  for (auto rest = text; !rest.empty();) {
    const auto begin = rest.find_first_not_of(" \t");
    if (begin == rest.npos) break;
    rest.remove_prefix(begin);
    const auto part = rest.substr(0, rest.find_first_of(" \t"));
    if (count < parts.size()) parts[count] = part;
    ++count;
    rest.remove_prefix(part.size());
  }
  if (count != parts.size()) {
    throw std::invalid_argument("'" + std::string(text) +
                                "' has not the five fields minute, hour, day, month, weekday");
  }
  result.minutes_ = field_bits(parts[0], fields[0]);
  result.hours_ = field_bits(parts[1], fields[1]);
  result.days_ = field_bits(parts[2], fields[2]);
  result.months_ = field_bits(parts[3], fields[3]);
  result.weekdays_ = field_bits(parts[4], fields[4]);
  if (has(result.weekdays_, 7)) result.weekdays_ |= 1;
  result.any_day_ = parts[2].starts_with('*');
  result.any_weekday_ = parts[4].starts_with('*');
  return result;
}

bool schedule::day_fits(std::int64_t days) const {
  const std::chrono::sys_days at{std::chrono::days{days}};
  const std::chrono::year_month_day date{at};
  if (!has(months_, static_cast<unsigned>(date.month()))) return false;
  const bool day = has(days_, static_cast<unsigned>(date.day()));
  const bool weekday = has(weekdays_, std::chrono::weekday{at}.c_encoding());
  if (any_day_ || any_weekday_) return day && weekday;
  return day || weekday;
}

std::optional<std::int64_t> schedule::next(std::int64_t after_ns) const {
  if (interval_ns_ != 0) return (after_ns / interval_ns_ + 1) * interval_ns_;
  const auto begin = (after_ns / minute_ns + 1) * minute_ns;
  const auto first_day = begin / day_ns;
  for (auto day = first_day; day <= first_day + days_searched; ++day) {
    if (!day_fits(day)) continue;
    const auto first = day == first_day ? (begin - day * day_ns) / minute_ns : 0;
    for (auto minute = first; minute < 24 * 60; ++minute) {
      if (!has(hours_, static_cast<unsigned>(minute / 60))) continue;
      if (has(minutes_, static_cast<unsigned>(minute % 60))) {
        return day * day_ns + minute * minute_ns;
      }
    }
  }
  return {};
}

std::optional<std::int64_t> due_ns(const schedule& when, std::int64_t last_run_ns,
                                   std::int64_t now_ns) {
  if (last_run_ns <= 0) return now_ns;
  const auto next = when.next(last_run_ns);
  if (!next) return {};
  return std::max(*next, now_ns);
}

}  // namespace feedtree
