#include "actors/command/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace feedtree::actors {

progress_bar::progress_bar(bool wanted, std::uint64_t total)
    : drawn_(wanted && total > 0 && isatty(STDERR_FILENO) == 1),
      total_(total),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

void progress_bar::draw_if_due() {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  draw();
}

void progress_bar::draw() const {
  constexpr std::uint64_t width = 30;
  const auto elapsed_ms = std::max<std::int64_t>(
      1, std::chrono::duration_cast<std::chrono::milliseconds>(last_ - start_).count());
  const auto rate = done_ * 1000 / static_cast<std::uint64_t>(elapsed_ms);
  const auto filled = std::min(width, done_ * width / total_);
  const std::string bar = std::string(filled, '#') + std::string(width - filled, '.');
  const auto left_s = rate == 0 ? 0 : (total_ - std::min(done_, total_)) / rate;
  std::fprintf(stderr, "\r[%s] %3llu %%  %llu records/s  %llu s left \x1b[K", bar.c_str(),
               static_cast<unsigned long long>(done_ * 100 / total_),
               static_cast<unsigned long long>(rate), static_cast<unsigned long long>(left_s));
}

void progress_bar::finish() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

}  // namespace feedtree::actors
