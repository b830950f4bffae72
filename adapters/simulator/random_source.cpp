#include "adapters/simulator/random_source.hpp"

namespace feedtree::simulator {
namespace {

std::uint64_t mix(std::uint64_t word) {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
  word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
  return word ^ (word >> 31);
}

}  // namespace

random_source::random_source(std::uint64_t seed, std::string_view name) : state_(mix(seed)) {
  for (const char c : name) state_ = mix(state_ + static_cast<unsigned char>(c) + 1);
}

std::uint64_t random_source::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  return mix(state_);
}

std::int64_t random_source::below(std::int64_t bound) {
  return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(bound));
}

std::int64_t random_source::geometric(int percent, std::int64_t most) {
  std::int64_t value = 0;
  while (value < most && chance(percent)) ++value;
  return value;
}

}  // namespace feedtree::simulator
