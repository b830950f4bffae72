// A question whether a venue has an instrument, from someone who waits for the answer.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace feedtree::actors {

struct symbol_answer {
  enum class result : std::uint8_t {
    known,     // the venue lists it, and it trades
    unknown,   // it does not, or it does not trade: why
    not_told,  // the venue cannot be asked now
  };
  result what = result::not_told;
  std::string why{};
  std::vector<std::string> suggestions{};  // instruments with names like it, the nearest first
};

// Copies share one answer: the first. Without any the last copy that goes answers not_told.
// Thread-safe.
class symbol_question {
 public:
  using taker = std::function<void(const symbol_answer&)>;

  symbol_question() = default;
  symbol_question(std::string instrument, taker take)
      : instrument_(std::move(instrument)), asker_(std::make_shared<asker>(std::move(take))) {}

  const std::string& instrument() const { return instrument_; }
  void answer(const symbol_answer& what) const {
    if (asker_) asker_->answer(what);
  }

 private:
  struct asker {
    explicit asker(taker what) : take(std::move(what)) {}
    ~asker() { answer({}); }
    asker(const asker&) = delete;
    asker& operator=(const asker&) = delete;
    void answer(const symbol_answer& what) {
      if (!take || answered.exchange(true)) return;
      const auto taken = std::exchange(take, {});
      taken(what);
    }
    taker take;
    std::atomic<bool> answered = false;
  };

  std::string instrument_;
  std::shared_ptr<asker> asker_;
};

}  // namespace feedtree::actors
