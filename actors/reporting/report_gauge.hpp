// How the reports that leave the server do: alerts by webhook, metrics in a file and by push. Any
// thread reads while their actors count.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace feedtree::actors {

// What is wrong with one of them; empty where nothing is.
class trouble_note {
 public:
  void set(std::string text) {
    const std::lock_guard lock(mutex_);
    text_ = std::move(text);
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

struct report_gauge {
  struct webhook_counts {
    bool is_on = false;  // set before anyone reads
    std::atomic<std::uint64_t> delivered{0};
    std::atomic<std::uint64_t> retried{0};   // attempts after an alert's first one
    std::atomic<std::uint64_t> refused{0};   // given up: the receiver would not have them
    std::atomic<std::uint64_t> given_up{0};  // given up: it could not be reached for too long
    std::atomic<std::uint64_t> dropped{0};   // there was no room for them
    std::atomic<std::uint64_t> waiting{0};   // now
    trouble_note trouble;
  };
  struct file_counts {
    bool is_on = false;
    std::atomic<std::uint64_t> lines{0};
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> errors{0};
    std::atomic<std::uint64_t> files_removed{0};
    trouble_note trouble;
  };
  struct push_counts {
    bool is_on = false;
    std::atomic<std::uint64_t> pushed{0};
    std::atomic<std::uint64_t> errors{0};
    trouble_note trouble;
  };
  webhook_counts webhook;
  file_counts file;
  push_counts push;
};

}  // namespace feedtree::actors
