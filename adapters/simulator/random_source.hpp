// Random numbers that are the same everywhere: SplitMix64 (Steele, Lea, Flood 2014).
#pragma once

#include <cstdint>
#include <string_view>

namespace feedtree::simulator {

class random_source {
 public:
  explicit random_source(std::uint64_t seed) : state_(seed) {}
  // A seed of its own for each name under one seed.
  random_source(std::uint64_t seed, std::string_view name);

  std::uint64_t next();
  // 0 to bound - 1; bound is above 0.
  std::int64_t below(std::int64_t bound);
  // from to to, both included.
  std::int64_t between(std::int64_t from, std::int64_t to) { return from + below(to - from + 1); }
  bool chance(int percent) { return below(100) < percent; }
  // 0, 1, 2, ...: each next one is `percent` per cent as likely; at most `most`.
  std::int64_t geometric(int percent, std::int64_t most);

 private:
  std::uint64_t state_;
};

}  // namespace feedtree::simulator
