#include "adapters/batch/backfill_plan.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <stdexcept>

namespace feedtree::batch {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

void whole_intervals(history_job& job) {
  if (job.kind != event_kind::candle) return;
  job.from_ns = (job.from_ns + job.interval_ns - 1) / job.interval_ns * job.interval_ns;
  job.to_ns = job.to_ns / job.interval_ns * job.interval_ns;
}

}  // namespace

std::vector<history_job> parts_of(const history_job& whole, const history_source& source,
                                  std::int64_t pages) {
  auto job = whole;
  whole_intervals(job);
  if (job.from_ns < 0 || job.to_ns <= job.from_ns) {
    throw std::invalid_argument("nothing lies between " + moment_text(whole.from_ns) + " and " +
                                moment_text(whole.to_ns));
  }
  const auto length = std::max<std::int64_t>(1, source.page_ns(job)) * pages;
  std::vector<history_job> parts;
  for (auto begin = job.from_ns; begin < job.to_ns;) {
    auto part = job;
    part.from_ns = begin;
    part.to_ns = std::min(job.to_ns, (begin / length + 1) * length);
    begin = part.to_ns;
    parts.push_back(part);
  }
  return parts;
}

checkpoint fresh_checkpoint(const history_job& part) {
  checkpoint result;
  result.venue = part.where->venue;
  result.instrument = part.where->symbol;
  result.kind = to_string(part.kind);
  result.interval_ns = part.interval_ns;
  result.from_ns = part.from_ns;
  result.to_ns = part.to_ns;
  result.position.time_ns = part.from_ns;
  return result;
}

std::vector<history_gap> seams(const std::vector<checkpoint>& parts) {
  std::vector<history_gap> gaps;
  std::optional<std::uint64_t> last;
  std::int64_t end_ns = 0;
  std::string of;
  for (const auto& part : parts) {
    const auto name = part.venue + part.instrument + part.kind;
    if (name != of) last.reset();
    of = name;
    const auto first = part.position.first_id;
    if (!first) continue;
    if (last && *first > *last + 1) {
      gaps.push_back({end_ns, part.from_ns,
                      "trades " + std::to_string(*last + 1) + " to " + std::to_string(*first - 1) +
                          " are missing"});
    }
    last = part.position.last_id;
    end_ns = part.to_ns;
  }
  return gaps;
}

std::int64_t progress_of(const std::vector<checkpoint>& parts) {
  double all = 0;
  double done = 0;
  for (const auto& part : parts) {
    const auto length = static_cast<double>(part.to_ns - part.from_ns);
    const auto read = static_cast<double>(part.position.time_ns - part.from_ns);
    all += length;
    done += part.done ? length : std::min(read, length);
  }
  return all <= 0 ? 1000 : static_cast<std::int64_t>(done / all * 1000);
}

std::int64_t parse_moment(const std::string& text, std::int64_t now_ns) {
  if (text == "now") return now_ns;
  if (const auto ago = parse_interval(text); ago > 0) return now_ns - ago;
  venues::calendar_time at;
  long long year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  char between = 'T';
  int used = 0;
  const auto size = static_cast<int>(text.size());
  const char* const from = text.c_str();
  bool good = std::sscanf(from, "%4lld-%2d-%2d%n", &year, &month, &day, &used) == 3;
  if (good && used < size) {
    const bool seconds =
        std::sscanf(from + used, "%c%2d:%2d:%2d", &between, &hour, &minute, &second) == 4;
    const auto length = seconds ? 9 : 6;
    good = (seconds || std::sscanf(from + used, "%c%2d:%2d", &between, &hour, &minute) == 3) &&
           (between == 'T' || between == ' ');
    used += length;
    if (good && used < size && text[static_cast<std::size_t>(used)] == 'Z') ++used;
  }
  at.year = year, at.month = month, at.day = day;
  good = good && std::chrono::year_month_day(std::chrono::year(static_cast<int>(year)),
                                             std::chrono::month(static_cast<unsigned>(month)),
                                             std::chrono::day(static_cast<unsigned>(day)))
                     .ok();
  at.hour = hour, at.minute = minute, at.second = second;
  if (!good || used != size || !at.is_valid()) {
    throw std::invalid_argument("'" + text +
                                "' is no time: give 2026-03-01, 2026-03-01T12:00:00Z, now, or how "
                                "long ago (2h, 7d)");
  }
  return at.seconds_since_epoch() * second_ns;
}

std::string moment_text(std::int64_t unix_ns) {
  const auto seconds = static_cast<std::time_t>(unix_ns / second_ns);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, size};
}

std::string describe(const std::vector<history_gap>& gaps) {
  std::string text;
  for (const auto& gap : gaps) {
    text += text.empty() ? "" : "; ";
    text += moment_text(gap.from_ns) + " to " + moment_text(gap.to_ns) + ": " + gap.reason;
  }
  return text;
}

}  // namespace feedtree::batch
