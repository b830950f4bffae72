// The latest prices of one instrument at all venues, and what they agree on.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/decimal.hpp"
#include "core/instrument.hpp"

namespace feedtree::rules {

// One instrument. Thread-safe: the engines of all venues share it.
class price_slot {
 public:
  void post(const listing* where, const decimal& price, std::int64_t receive_ns);
  // The venue's price is not to be trusted any more.
  void withdraw(const listing* where);
  // The median of the prices of the other venues that are at most so old; of an even number of them
  // the middle of the two in the middle. Nothing if fewer than venues_min are left.
  std::optional<decimal> consensus(const listing* of, std::int64_t now_ns, std::int64_t age_max_ns,
                                   std::size_t venues_min) const;

 private:
  struct entry {
    const listing* where = nullptr;
    decimal price;
    std::int64_t receive_ns = 0;  // 0: withdrawn
  };
  mutable std::mutex mutex_;
  std::vector<entry> entries_;
};

// All instruments. Thread-safe; what it gives lives as long as the board.
class price_board {
 public:
  price_slot& of(const std::string& key);

 private:
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<price_slot>, std::less<>> slots_;
};

// The name under which prices are comparable: the symbol, with "*" for the quote currency where it
// is one of those that are taken for the same.
std::string board_key(const listing& where, const std::vector<std::string>& same_quotes);

}  // namespace feedtree::rules
