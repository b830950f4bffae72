#include "core/order_book.hpp"

#include <limits>

namespace feedtree {
namespace {

std::int64_t power_of_ten(int exponent) {
  std::int64_t power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

// FNV-1a over the bytes of 64-bit words.
void mix(std::uint64_t& hash, std::uint64_t word) {
  for (int byte = 0; byte < 8; ++byte) {
    hash = (hash ^ ((word >> (8 * byte)) & 0xff)) * 0x100000001b3ULL;
  }
}

void mix(std::uint64_t& hash, const decimal& value) {
  const auto plain = value.normalised();
  mix(hash, static_cast<std::uint64_t>(plain.mantissa));
  mix(hash, static_cast<std::uint64_t>(static_cast<std::int64_t>(plain.exponent)));
}

constexpr int scale_span_max = 18;

}  // namespace

bool order_book::refine_scale(int exponent) {
  if (scale_ - exponent > scale_span_max) return false;
  const auto factor = power_of_ten(scale_ - exponent);
  if (!bids_.rescale(factor)) return false;
  if (!asks_.rescale(factor)) {
    // Bids fitted and asks did not: the factor divides what was just multiplied.
    book_side undone;
    bids_.for_top(bids_.size(), [&](ranked_level entry) {
      entry.rank /= factor;
      undone.set(entry);
    });
    bids_ = std::move(undone);
    return false;
  }
  scale_ = exponent;
  return true;
}

bool order_book::rank_of(book_part part, const decimal& price, std::int64_t& rank) {
  if (!scale_set_) {
    scale_ = price.exponent;
    scale_set_ = true;
  }
  if (price.exponent == scale_) [[likely]] {
    rank = price.mantissa;
  } else if (!price.mantissa_at(scale_, rank)) {
    if (price.exponent >= scale_ || !refine_scale(price.exponent)) return false;
    rank = price.mantissa;
  }
  if (part == book_part::bids) {
    if (rank == std::numeric_limits<std::int64_t>::min()) return false;
    rank = -rank;
  }
  return true;
}

level order_book::as_sent(book_part part, const ranked_level& entry) const {
  level result;
  result.price_exponent = entry.price_exponent;
  result.quantity_exponent = entry.quantity_exponent;
  result.quantity_mantissa = entry.quantity_mantissa;
  const decimal price{part == book_part::bids ? -entry.rank : entry.rank,
                      static_cast<std::int8_t>(scale_)};
  if (!price.mantissa_at(entry.price_exponent, result.price_mantissa)) {
    result.price_mantissa = price.mantissa;
    result.price_exponent = price.exponent;
  }
  return result;
}

void order_book::apply(book_part part, std::span<const level> levels, apply_counts& counts) {
  auto& side = part_of(part);
  const bool full = depth_ != 0 && side.size() >= depth_;
  const auto worst = full ? side.worst_rank() : std::numeric_limits<std::int64_t>::max();
  const auto deleted_before = counts.deleted;
  const int scale_before = scale_;
  std::size_t below_worst = 0;
  for (const auto& change : levels) {
    ranked_level entry;
    if (change.quantity_mantissa < 0 || !rank_of(part, change.price(), entry.rank)) {
      counts.representable = false;
      continue;
    }
    if (change.deletes()) {
      ++(side.remove(entry.rank) ? counts.deleted : counts.unknown_deletes);
      continue;
    }
    entry.quantity_mantissa = change.quantity_mantissa;
    entry.price_exponent = change.price_exponent;
    entry.quantity_exponent = change.quantity_exponent;
    const auto result = side.set(entry);
    ++counts.set;
    if (result == book_side::set_result::same) ++counts.unchanged;
    if (result == book_side::set_result::added && entry.rank > worst) ++below_worst;
  }
  const bool comparable = counts.deleted == deleted_before && scale_ == scale_before;
  if (comparable) counts.beyond_depth += below_worst;
}

void order_book::truncate(apply_counts& counts) {
  if (depth_ == 0) return;
  counts.truncated += bids_.truncate(depth_) + asks_.truncate(depth_);
}

void order_book::clear() {
  bids_.clear();
  asks_.clear();
  scale_set_ = false;
}

std::optional<level> order_book::best(book_part part) const {
  const auto& side = part_of(part);
  if (side.empty()) return {};
  return as_sent(part, side.best());
}

void order_book::top(book_part part, std::size_t most, std::vector<level>& out) const {
  for_top(part, most, [&out](const level& entry) { out.push_back(entry); });
}

std::optional<decimal> order_book::quantity_at(book_part part, const decimal& price) const {
  std::int64_t rank = 0;
  if (!scale_set_ || !price.mantissa_at(scale_, rank)) return {};
  const auto* const found = part_of(part).find(part == book_part::bids ? -rank : rank);
  if (found == nullptr) return {};
  return decimal{found->quantity_mantissa, found->quantity_exponent};
}

bool order_book::crossed() const {
  if (bids_.empty() || asks_.empty()) return false;
  return -bids_.best().rank >= asks_.best().rank;
}

std::uint64_t order_book::hash() const {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const auto part : {book_part::bids, book_part::asks}) {
    mix(hash, size(part));
    for_top(part, size(part), [&hash](const level& entry) {
      mix(hash, entry.price());
      mix(hash, entry.quantity());
    });
  }
  return hash;
}

}  // namespace feedtree
