#include "tests/support/kill_runs.hpp"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "storage/journal.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

constexpr std::uint32_t longest_ms = 120;

}  // namespace

kill_runs::kill_runs(std::string source, std::string folder, std::string sink, std::uint32_t seed)
    : source_(std::move(source)),
      folder_(std::move(folder)),
      sink_(std::move(sink)),
      state_(seed * 2'654'435'761U + 1) {}

void kill_runs::run_and_kill(std::uint64_t count) {
  state_ = state_ * 1'664'525U + 1'013'904'223U;
  const auto batch = std::to_string(1 + (state_ >> 8) % 40);
  std::filesystem::remove(folder_ + "/accepted");
  child_process process(
      {source_, folder_, sink_, std::to_string(next_), std::to_string(count), batch}, folder_,
      "source");
  // The process may end or be killed in its first steps too, before it is ready.
  const auto wait_ms = (state_ >> 16) % longest_ms;
  if (wait_ms % 8 != 0) process.wait_for_output("ready");
  const auto code = process.wait(std::chrono::milliseconds(wait_ms));
  if (code == -1) {
    process.signal(SIGKILL);
    process.wait();
    ++kills_;
  } else if (code != 0) {
    throw std::runtime_error("the source failed: " + process.err());
  }
  note_accepted(next_);
  note_journal();
  next_ += count;
}

void kill_runs::note_accepted(std::uint64_t first) {
  const auto path = folder_ + "/accepted";
  if (!std::filesystem::exists(path)) return;
  const auto text = read_text(path);
  if (text.empty()) return;
  for (auto number = first; number <= std::stoull(text); ++number) journalled_.insert(number);
}

// What a process that was killed has left in the journal, acknowledged or not. A copy is read, for
// the next process is to find the files as they were left.
void kill_runs::note_journal() {
  const auto copy = folder_ + "/copy";
  std::filesystem::remove_all(copy);
  std::filesystem::create_directory(copy);
  for (const auto* name : {"/journal", "/journal-wal"}) {
    if (!std::filesystem::exists(folder_ + name)) continue;
    std::filesystem::copy_file(folder_ + name, copy + name);
  }
  listing_registry registry;
  storage::journal_options options;
  options.path = copy + "/journal";
  storage::journal journal(options, registry);
  for (std::uint64_t after = 0;;) {
    const auto page = journal.read(after, 100'000, std::uint64_t{64} << 20);
    for (const auto& each : page.batches) {
      for (const auto& what : each.batch->events) {
        journalled_.insert(std::stoull(std::string(what.key.view())));
      }
    }
    if (page.at_end) return;
    after = page.through;
  }
}

std::string kill_runs::drain() {
  child_process process({source_, folder_, sink_, "0", "0", "1"}, folder_, "drain");
  const auto code = process.wait(std::chrono::seconds(120));
  if (code != 0) throw std::runtime_error("the last run failed: " + process.err());
  return process.out();
}

}  // namespace feedtree::tests
