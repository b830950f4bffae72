// One side of an order book: sorted levels in small blocks, so that a change near the top costs the
// same in a book of ten levels and in one of fifty thousand.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/decimal.hpp"

namespace feedtree {

// A level by its rank: the price at the book's scale, negated on the bid side, so that the best
// level always has the lowest rank.
struct ranked_level {
  std::int64_t rank = 0;
  std::int64_t quantity_mantissa = 0;
  std::int8_t price_exponent = 0;  // as the venue wrote the price
  std::int8_t quantity_exponent = 0;

  decimal quantity() const { return {quantity_mantissa, quantity_exponent}; }
};

class book_side {
 public:
  enum class set_result : std::uint8_t { added, changed, same };
  // Sets a level; says whether the rank was not there before, or was there with this quantity.
  set_result set(const ranked_level& what);
  // Removes a level; false if the rank was not there.
  bool remove(std::int64_t rank);
  // Removes the worst levels until at most depth are left; gives how many went.
  std::size_t truncate(std::size_t depth);
  void clear();

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // The best level; the side is not empty.
  const ranked_level& best() const { return blocks_.front()->levels.front(); }
  // The rank of the worst level; the side is not empty.
  std::int64_t worst_rank() const { return last_ranks_.back(); }
  // The level of a rank, or null.
  const ranked_level* find(std::int64_t rank) const;
  // Multiplies every rank (a finer price scale); false, with nothing changed, on overflow.
  bool rescale(std::int64_t factor);

  // Calls visit(const ranked_level&) from the best level on, for at most `most` levels.
  template <class Visit>
  void for_top(std::size_t most, Visit&& visit) const {
    for (const auto& where : blocks_) {
      for (std::size_t at = 0; at < where->size; ++at) {
        if (most == 0) return;
        --most;
        visit(where->levels[at]);
      }
    }
  }

 private:
  // Half of a block is moved for a new level, on average: at 64 levels that cost more than finding
  // its place.
  static constexpr std::size_t block_levels = 32;
  struct block {
    std::size_t size = 0;
    std::array<ranked_level, block_levels> levels;
  };
  using block_ptr = std::unique_ptr<block>;

  std::size_t block_of(std::int64_t rank) const;
  static std::size_t position_in(const block& where, std::int64_t rank);
  block_ptr new_block();
  void insert(std::size_t index, std::size_t position, const ranked_level& what);
  void insert_block(std::size_t index, block_ptr what);
  void erase_block(std::size_t index);
  void split(std::size_t index);
  void merge_with_next(std::size_t index);

  std::vector<block_ptr> blocks_;
  std::vector<std::int64_t> last_ranks_;  // of each block
  std::vector<block_ptr> spare_;
  std::size_t size_ = 0;
};

}  // namespace feedtree
