// Candles of many instruments in one place and one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/candles.hpp"

namespace feedtree {

// A candle_builder for each instrument that has trades. Not thread-safe.
class candle_desk {
 public:
  explicit candle_desk(candle_options options) : options_(std::move(options)) {}

  // Takes the events of the batch from this one on, then the time: appends what is due.
  void follow(event_batch& batch, std::size_t first, std::int64_t now_ns);

  // Of all instruments together.
  candle_counters counters() const;
  // The builder of an instrument, or null if it had no trade.
  const candle_builder* find(const listing* where) const;

 private:
  candle_builder& builder_of(const listing* where);

  candle_options options_;
  std::vector<std::unique_ptr<candle_builder>> builders_;  // by listing index
};

}  // namespace feedtree
