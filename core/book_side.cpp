#include "core/book_side.hpp"

#include <algorithm>

namespace feedtree {
namespace {

// The first of `count` sorted entries that is not below the rank. Each step is a selection and no
// jump: which half it is cannot be predicted.
template <class Entry, class Rank>
std::size_t first_not_below(const Entry* entries, std::size_t count, std::int64_t rank,
                            Rank&& rank_of) {
  const Entry* at = entries;
  while (count > 1) {
    const auto half = count / 2;
    at = rank_of(at[half - 1]) < rank ? at + half : at;
    count -= half;
  }
  const bool is_below = count == 1 && rank_of(*at) < rank;
  return static_cast<std::size_t>(at - entries) + (is_below ? 1 : 0);
}

}  // namespace

std::size_t book_side::block_of(std::int64_t rank) const {
  // Most changes are near the top: look there before searching.
  if (!last_ranks_.empty() && rank <= last_ranks_.front()) return 0;
  return first_not_below(last_ranks_.data(), last_ranks_.size(), rank,
                         [](std::int64_t last) { return last; });
}

std::size_t book_side::position_in(const block& where, std::int64_t rank) {
  return first_not_below(where.levels.data(), where.size, rank,
                         [](const ranked_level& entry) { return entry.rank; });
}

book_side::block_ptr book_side::new_block() {
  if (spare_.empty()) return std::make_unique<block>();
  auto result = std::move(spare_.back());
  spare_.pop_back();
  result->size = 0;
  return result;
}

void book_side::insert_block(std::size_t index, block_ptr what) {
  const auto offset = static_cast<std::ptrdiff_t>(index);
  last_ranks_.insert(last_ranks_.begin() + offset,
                     what->size == 0 ? 0 : what->levels[what->size - 1].rank);
  blocks_.insert(blocks_.begin() + offset, std::move(what));
}

void book_side::erase_block(std::size_t index) {
  const auto offset = static_cast<std::ptrdiff_t>(index);
  spare_.push_back(std::move(blocks_[index]));
  blocks_.erase(blocks_.begin() + offset);
  last_ranks_.erase(last_ranks_.begin() + offset);
}

void book_side::split(std::size_t index) {
  auto& full = *blocks_[index];
  auto half = new_block();
  constexpr auto keep = block_levels / 2;
  std::copy(full.levels.begin() + keep, full.levels.end(), half->levels.begin());
  half->size = block_levels - keep;
  full.size = keep;
  last_ranks_[index] = full.levels[keep - 1].rank;
  insert_block(index + 1, std::move(half));
}

void book_side::insert(std::size_t index, std::size_t position, const ranked_level& what) {
  auto& where = *blocks_[index];
  auto* const at = where.levels.data() + position;
  std::copy_backward(at, where.levels.data() + where.size, where.levels.data() + where.size + 1);
  *at = what;
  ++where.size;
  ++size_;
  last_ranks_[index] = where.levels[where.size - 1].rank;
}

book_side::set_result book_side::set(const ranked_level& what) {
  auto index = block_of(what.rank);
  if (index == blocks_.size()) {
    // Worse than all: goes behind the last level, in a new block where that one is full.
    if (index == 0 || blocks_[index - 1]->size == block_levels) {
      insert_block(index, new_block());
    } else {
      --index;
    }
    insert(index, blocks_[index]->size, what);
    return set_result::added;
  }
  auto position = position_in(*blocks_[index], what.rank);
  auto& where = *blocks_[index];
  if (where.levels[position].rank == what.rank) {
    const bool same = where.levels[position].quantity() == what.quantity();
    where.levels[position] = what;
    return same ? set_result::same : set_result::changed;
  }
  if (where.size == block_levels) {
    split(index);
    if (position > blocks_[index]->size) position -= blocks_[index++]->size;
  }
  insert(index, position, what);
  return set_result::added;
}

bool book_side::remove(std::int64_t rank) {
  const auto index = block_of(rank);
  if (index == blocks_.size()) return false;
  auto& where = *blocks_[index];
  const auto position = position_in(where, rank);
  auto* const at = where.levels.data() + position;
  if (at->rank != rank) return false;
  std::copy(at + 1, where.levels.data() + where.size, at);
  --where.size;
  --size_;
  if (where.size == 0) {
    erase_block(index);
  } else {
    last_ranks_[index] = where.levels[where.size - 1].rank;
    merge_with_next(index);
  }
  return true;
}

void book_side::merge_with_next(std::size_t index) {
  if (index + 1 >= blocks_.size()) return;
  auto& where = *blocks_[index];
  const auto& next = *blocks_[index + 1];
  if (where.size + next.size > block_levels / 2) return;
  std::copy(next.levels.data(), next.levels.data() + next.size, where.levels.data() + where.size);
  where.size += next.size;
  last_ranks_[index] = last_ranks_[index + 1];
  erase_block(index + 1);
}

std::size_t book_side::truncate(std::size_t depth) {
  const auto before = size_;
  while (size_ > depth) {
    auto& last = *blocks_.back();
    const auto excess = std::min(size_ - depth, last.size);
    last.size -= excess;
    size_ -= excess;
    if (last.size == 0) {
      erase_block(blocks_.size() - 1);
    } else {
      last_ranks_.back() = last.levels[last.size - 1].rank;
    }
  }
  return before - size_;
}

void book_side::clear() {
  while (!blocks_.empty()) erase_block(blocks_.size() - 1);
  size_ = 0;
}

const ranked_level* book_side::find(std::int64_t rank) const {
  const auto index = block_of(rank);
  if (index == blocks_.size()) return nullptr;
  const auto& where = *blocks_[index];
  const auto& found = where.levels[position_in(where, rank)];
  return found.rank == rank ? &found : nullptr;
}

bool book_side::rescale(std::int64_t factor) {
  bool fits = true;
  std::int64_t ignored = 0;
  for_top(size_, [&](const ranked_level& entry) {
    fits = fits && !__builtin_mul_overflow(entry.rank, factor, &ignored);
  });
  if (!fits) return false;
  for (std::size_t index = 0; index < blocks_.size(); ++index) {
    auto& where = *blocks_[index];
    for (std::size_t at = 0; at < where.size; ++at) where.levels[at].rank *= factor;
    last_ranks_[index] = where.levels[where.size - 1].rank;
  }
  return true;
}

}  // namespace feedtree
