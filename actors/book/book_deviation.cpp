// How far a rebuilt book is from what the venue says it is.
#include <cmath>

#include "actors/book/book_parts.hpp"

namespace feedtree::actors::book_parts {
namespace {

// For statistics only: prices that are passed on stay exact.
double approximate(const decimal& price) {
  return static_cast<double>(price.mantissa) * std::pow(10.0, price.exponent);
}

// The best price of a side in any order; none where it is empty.
std::optional<decimal> best_of(std::span<const level> side, bool highest) {
  std::optional<decimal> best;
  for (const auto& each : side) {
    if (each.quantity().is_zero()) continue;
    const auto price = each.price();
    if (!best || (highest ? price > *best : price < *best)) best = price;
  }
  return best;
}

}  // namespace

void note_deviation(book_state& state, const event& what, const event_batch& batch) {
  const auto& change = std::get<book_change>(what.body);
  const auto& keeper = state.book->leader();
  if (!change.snapshot) return;
  if (keeper.state() != feed_state::live && keeper.state() != feed_state::stale) return;
  const auto bid = keeper.book().best(book_part::bids);
  const auto ask = keeper.book().best(book_part::asks);
  const auto new_bid = best_of(batch.bids(change), true);
  const auto new_ask = best_of(batch.asks(change), false);
  if (!bid || !ask || !new_bid || !new_ask) return;
  // Twice the middle, on both sides of the division.
  const auto ours = approximate(bid->price()) + approximate(ask->price());
  const auto theirs = approximate(*new_bid) + approximate(*new_ask);
  const bool is_same = *new_bid == bid->price() && *new_ask == ask->price();
  if (ours > 0) {
    state.venue->snapshot_deviation.add_ppm(is_same ? 0 : std::abs(theirs - ours) / ours * 1e6);
  }
}

}  // namespace feedtree::actors::book_parts
