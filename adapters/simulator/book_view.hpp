// What one client sees of a book: its best levels, and what changes in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "adapters/simulator/market.hpp"

namespace feedtree::simulator {

// What the venue does about levels that fall off the subscribed depth.
enum class fallen_levels : std::uint8_t {
  cut_by_client,  // it says nothing: the client cuts its book (Kraken)
  deleted,        // it sends them as deleted
};

// Bids and asks, best first; quantity zero deletes.
struct book_levels {
  std::vector<level> bids;
  std::vector<level> asks;
  bool empty() const { return bids.empty() && asks.empty(); }
};

class book_view {
 public:
  // A view of the best `depth` levels a side; 0: the whole book.
  book_view(std::size_t depth, fallen_levels rule) : depth_(depth), rule_(rule) {}

  // The present levels; the client has them from now on.
  const book_levels& snapshot(const market& of);
  // What the step changes for the client; empty if nothing that it sees.
  book_levels update(const market& of, const market_step& step);
  // What the client has; at depth 0 what the last snapshot had.
  const book_levels& present() const { return present_; }
  std::size_t depth() const { return depth_; }

 private:
  std::size_t depth_;
  fallen_levels rule_;
  book_levels present_;
};

}  // namespace feedtree::simulator
