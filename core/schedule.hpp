// When something that is done again and again is due: every so often, or by the calendar (UTC).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace feedtree {

// "15m" (whole intervals since 1970: 00:00, 00:15, ...), or the five fields of cron, "30 2 * * *":
// minute, hour, day of the month, month, day of the week (0 or 7 is Sunday). A field is *, a
// number, a range (1-5), a list (1,15) or a step (*/10, 8-18/2). Where both the day of the month
// and that of the week are restricted, either is enough, as POSIX has it (crontab, "EXTENDED
// DESCRIPTION").
class schedule {
 public:
  // Throws std::invalid_argument with one readable line.
  static schedule every(std::string_view interval);
  static schedule cron(std::string_view fields);

  // The first time behind `after_ns` at which it is due, nanoseconds since 1970; nothing if there
  // is none within eight years (30 February).
  std::optional<std::int64_t> next(std::int64_t after_ns) const;

  // The words it was made of.
  const std::string& text() const { return text_; }

 private:
  bool day_fits(std::int64_t days) const;

  std::string text_;
  std::int64_t interval_ns_ = 0;  // 0: by the calendar
  std::uint64_t minutes_ = 0;     // a bit each, as in the fields
  std::uint64_t hours_ = 0;
  std::uint64_t days_ = 0;
  std::uint64_t months_ = 0;
  std::uint64_t weekdays_ = 0;
  bool any_day_ = true;
  bool any_weekday_ = true;
};

// When to run next, given when it ran last (0: never): now, if one or more runs were missed, and
// that once for all of them; else at the next time of the schedule.
std::optional<std::int64_t> due_ns(const schedule& when, std::int64_t last_run_ns,
                                   std::int64_t now_ns);

}  // namespace feedtree
