// What an instrument's last trades were, by their numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/event.hpp"

namespace feedtree {

// Behind it stands what tells a trade from an earlier one with the same number.
inline constexpr char trade_number_end = '~';

// The number of a trade, where its key is one, with or without what stands behind it; else nothing.
std::optional<std::uint64_t> number_of_trade(const event& what);

// A fingerprint of a trade's time, price, quantity and side.
std::uint32_t fingerprint_of_trade(const event& what);

// "12027555~2863311530": the key of a trade whose number another trade had before. It depends on
// this trade alone, so that it is the same in a replay.
event_key key_of_reused_number(std::uint64_t number, const event& what);

enum class trade_match : std::uint8_t {
  unknown,  // no remembered trade has this number
  same,     // this very trade came before
  other,    // another trade had this number
};

// Remembers the last trades, a bounded number. Not thread-safe.
class trade_memory {
 public:
  static constexpr std::size_t trades_max = 8'192;

  void add(std::uint64_t number, const event& what);
  trade_match find(std::uint64_t number, const event& what) const;
  std::size_t size() const { return trades_.size(); }

 private:
  struct remembered {
    std::uint64_t number = 0;
    std::uint32_t content = 0;
  };
  std::vector<remembered> trades_;
  std::size_t oldest_ = 0;  // is overwritten next, once there are trades_max
};

}  // namespace feedtree
