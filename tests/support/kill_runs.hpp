// Kills a delivery again and again, and tells what its sink must have in the end.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace feedtree::tests {

// One journal and one sink over many processes, each killed at a moment of its own.
class kill_runs {
 public:
  // source: the program delivery_source. sink: KIND:TARGET. The seed gives the moments.
  kill_runs(std::string source, std::string folder, std::string sink, std::uint32_t seed);

  // Starts a process that sends up to `count` trades and kills it at a random moment; numbers go on
  // where the last process may have come to. Throws std::runtime_error if a process ends by itself
  // with a failure.
  void run_and_kill(std::uint64_t count);
  // Runs once more without sending, to the end: the sink gets what the journal has. Gives what the
  // process printed.
  std::string drain();

  // Numbers of the trades that were accepted, or stood in the journal after a kill: all of these
  // must be in the sink once.
  const std::set<std::uint64_t>& journalled() const { return journalled_; }
  // The highest number that a process can have sent; nothing above it may be in the sink.
  std::uint64_t last_sent() const { return next_ - 1; }
  // Kills that found the process at work, and not at its end.
  int kills() const { return kills_; }

 private:
  void note_accepted(std::uint64_t first);
  void note_journal();

  std::string source_;
  std::string folder_;
  std::string sink_;
  std::uint32_t state_;
  std::uint64_t next_ = 1;
  std::set<std::uint64_t> journalled_;
  int kills_ = 0;
};

}  // namespace feedtree::tests
