// The judgement of an instrument's or a venue's events: the built-in rules, then those of a file.
#pragma once

#include <cstdint>
#include <memory>

#include "core/event.hpp"
#include "core/rules/engine.hpp"

namespace feedtree::rules {

// Stands in front of everything that is made of events, such as candles: what breaks a rule with
// the outcome quarantine is in the batch's quarantine afterwards and nowhere else. Not thread-safe.
class event_judgement {
 public:
  // No engine: only the built-in rules.
  explicit event_judgement(std::unique_ptr<rule_engine> engine = {}) : engine_(std::move(engine)) {}

  // Judges the events of the batch from this one on, each once and in their order. Gives how many
  // went into quarantine.
  std::size_t judge(event_batch& batch, std::size_t first = 0);

  // Whether silences are looked for, which takes a sweep now and then.
  bool sweeps() const;
  void sweep(std::int64_t now_ns, event_batch& out);

 private:
  std::unique_ptr<rule_engine> engine_;
};

}  // namespace feedtree::rules
