#include "core/rules/price_board.hpp"

#include <algorithm>
#include <array>

#include "core/rules/ratio.hpp"

namespace feedtree::rules {
namespace {

constexpr std::size_t venues_max = 32;  // that a consensus is made of

}  // namespace

void price_slot::post(const listing* where, const decimal& price, std::int64_t receive_ns) {
  const std::lock_guard lock(mutex_);
  for (auto& each : entries_) {
    if (each.where != where) continue;
    each.price = price;
    each.receive_ns = receive_ns;
    return;
  }
  entries_.push_back({where, price, receive_ns});
}

void price_slot::withdraw(const listing* where) {
  const std::lock_guard lock(mutex_);
  for (auto& each : entries_) {
    if (each.where == where) each.receive_ns = 0;
  }
}

std::optional<decimal> price_slot::consensus(const listing* of, std::int64_t now_ns,
                                             std::int64_t age_max_ns,
                                             std::size_t venues_min) const {
  std::array<decimal, venues_max> prices;
  std::size_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& each : entries_) {
      const bool counts = each.where->venue != of->venue && each.receive_ns != 0 &&
                          now_ns - each.receive_ns <= age_max_ns;
      if (counts && count < venues_max) prices[count++] = each.price;
    }
  }
  if (count == 0 || count < venues_min) return {};
  std::sort(prices.begin(), prices.begin() + static_cast<std::ptrdiff_t>(count));
  const auto middle = count / 2;
  if (count % 2 == 1) return prices[middle];
  return midpoint(prices[middle - 1], prices[middle]);
}

price_slot& price_board::of(const std::string& key) {
  const std::lock_guard lock(mutex_);
  auto& slot = slots_[key];
  if (slot == nullptr) slot = std::make_unique<price_slot>();
  return *slot;
}

std::string board_key(const listing& where, const std::vector<std::string>& same_quotes) {
  const auto& quote = where.details.quote;
  if (std::find(same_quotes.begin(), same_quotes.end(), quote) == same_quotes.end()) {
    return where.symbol;
  }
  const auto begin = where.details.base.size() + 1;
  return where.symbol.substr(0, begin) + "*" + where.symbol.substr(begin + quote.size());
}

}  // namespace feedtree::rules
