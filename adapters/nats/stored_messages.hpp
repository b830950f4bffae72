// Which messages the stream has already of those that are still to be published.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace feedtree::nats {

// Filled from the stream, emptied as the same messages come by. Those that came by stay at hand
// until a flush, for what was published since then may come by again. Not thread-safe.
class stored_messages {
 public:
  // Whose message it is: published by this run of the program (its seq counts on) or by an earlier.
  enum class origin : std::uint8_t { none, earlier_run, this_run };

  // After so many messages in a row that were not stored, none of an earlier run can be to come:
  // the journal gives them in order, and a run has less on the way than that.
  static constexpr std::uint64_t misses_max = std::uint64_t{1} << 24;

  void add(std::string_view id, origin from) { waiting_[std::string(id)] = from; }
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }

  // Takes a message that comes by; none if it is not stored.
  origin take(const std::string& id) {
    if (waiting_.empty()) return origin::none;
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) {
      if (++misses_ >= misses_max) waiting_.clear();
      return origin::none;
    }
    misses_ = 0;
    const auto result = found->second;
    taken_.insert(waiting_.extract(found));
    return result;
  }
  // All that was taken so far will not come again.
  void flushed() { taken_.clear(); }
  // All that was taken since the last flush comes once more.
  void take_back() {
    waiting_.merge(taken_);
    taken_.clear();
    misses_ = 0;
  }

 private:
  std::unordered_map<std::string, origin> waiting_;
  std::unordered_map<std::string, origin> taken_;
  std::uint64_t misses_ = 0;
};

}  // namespace feedtree::nats
