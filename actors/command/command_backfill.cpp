#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "actors/batch/backfill.hpp"
#include "actors/command/commands.hpp"
#include "actors/command/complaint.hpp"
#include "actors/signals.hpp"
#include "actors/system.hpp"
#include "core/scrub.hpp"
#include "core/sink.hpp"

namespace feedtree::actors {
namespace {

constexpr std::int64_t line_every_ms = 5'000;
constexpr std::size_t trouble_width = 80;

std::string duration_text(double seconds) {
  if (seconds < 0) return "?";
  const auto all = static_cast<long long>(seconds + 0.5);
  char text[32];
  std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", all / 3600, all / 60 % 60, all % 60);
  return text;
}

std::string progress_text(const backfill_progress& now) {
  char text[160];
  const auto rate = now.elapsed_s > 0 ? static_cast<double>(now.rows) / now.elapsed_s : 0.0;
  std::snprintf(text, sizeof text,
                "%5.1f %%  %" PRIu64 " rows  %.0f rows/s  %" PRIu64 " requests, %" PRIu64
                " refused  %s left",
                static_cast<double>(now.thousandths) / 10, now.rows, rate, now.requests,
                now.refused, duration_text(now.left_s).c_str());
  if (now.trouble.empty()) return text;
  // In one line: what a venue answers may have several.
  auto trouble = scrub(now.trouble).substr(0, trouble_width);
  std::replace_if(
      trouble.begin(), trouble.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return text + ("; asks again: " + trouble);
}

// On a terminal a bar that stays in its place; elsewhere a line every few seconds.
class progress_view {
 public:
  void show(const backfill_progress& now) {
    if (terminal_) {
      constexpr int width = 24;
      const auto filled = static_cast<std::size_t>(now.thousandths * width / 1000);
      const auto bar = std::string(filled, '#') + std::string(width - filled, '.');
      std::fprintf(stderr, "\r\x1b[K[%s] %s", bar.c_str(), progress_text(now).c_str());
      shown_ = true;
    } else if (steady_ms() - last_ms_ >= line_every_ms) {
      last_ms_ = steady_ms();
      std::fprintf(stderr, "%s\n", progress_text(now).c_str());
    }
  }
  void finish() const {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
  std::int64_t last_ms_ = steady_ms();
};

bool stop_was_asked() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  const timespec now{0, 0};
  return sigtimedwait(&signals, nullptr, &now) > 0;
}

void print_result(const backfill_result& result) {
  std::printf("%zu parts, %zu of them done before; %" PRIu64 " rows fetched, %" PRIu64
              " of them there already; %" PRIu64 " requests, %" PRIu64 " refused; %s\n",
              result.parts, result.parts_done_before, result.progress.rows, result.duplicates,
              result.progress.requests, result.progress.refused,
              duration_text(result.progress.elapsed_s).c_str());
  std::printf("gaps: %zu\n", result.gaps.size());
  for (const auto& [instrument, gap] : result.gaps) {
    std::printf("  %s %s to %s: %s\n", instrument.c_str(), batch::moment_text(gap.from_ns).c_str(),
                batch::moment_text(gap.to_ns).c_str(), gap.reason.c_str());
  }
}

backfill_options options_of(const backfill_arguments& arguments) {
  backfill_options options;
  const auto now = wall_ns();
  options.venue = arguments.venue;
  options.instruments = arguments.instruments;
  options.kind = arguments.kind == "trades" ? event_kind::trade : event_kind::candle;
  options.from_ns = batch::parse_moment(arguments.from, now);
  options.to_ns = std::min(now, batch::parse_moment(arguments.to, now));
  options.parallel = arguments.parallel;
  options.rest_url = arguments.rest_url;
  options.tls.ca_file = arguments.ca_file;
  if (options.kind == event_kind::candle) {
    options.interval_ns = parse_interval(arguments.interval);
    if (options.interval_ns <= 0) {
      throw std::invalid_argument("--interval: '" + arguments.interval +
                                  "' is no interval: give 1m, 5m, 1h, 1d, ...");
    }
  }
  const auto colon = arguments.sink.find(':');
  options.sink_kind = arguments.sink.substr(0, colon);
  if (colon != std::string::npos) options.sink_target = arguments.sink.substr(colon + 1);
  if (options.sink_kind != "sqlite" && options.sink_kind != "timescale") {
    throw std::invalid_argument("--sink: give sqlite:PATH or timescale:DSN");
  }
  return options;
}

}  // namespace

int backfill_command(const backfill_arguments& arguments) {
  block_stop_signals();
  backfill_result result;
  progress_view view;
  try {
    const auto options = options_of(arguments);
    result = run_backfill(
        options, [&view](const auto& now) { view.show(now); }, stop_was_asked);
  } catch (const std::invalid_argument& error) {
    view.finish();
    complain(error.what());
    return exit_usage;
  }
  view.finish();
  print_result(result);
  for (const auto& failure : result.failures) {
    complain("given up: " + failure);
  }
  if (result.stopped) {
    complain("stopped; the same command goes on from here");
  }
  return result.failures.empty() && !result.stopped ? exit_ok : exit_failure;
}

}  // namespace feedtree::actors
