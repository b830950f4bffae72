// A progress bar on a terminal.
#pragma once

#include <chrono>
#include <cstdint>

namespace feedtree::actors {

// Draws on standard error, at most ten times a second; draws nothing where it is not wanted or
// standard error is no terminal.
class progress_bar {
 public:
  progress_bar(bool wanted, std::uint64_t total);
  ~progress_bar() { finish(); }
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;
  void advance() {
    if (drawn_ && (++done_ & 0xff) == 0) draw_if_due();
  }
  // Clears the line.
  void finish();

 private:
  void draw_if_due();
  void draw() const;

  bool drawn_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace feedtree::actors
