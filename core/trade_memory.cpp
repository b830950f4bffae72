#include "core/trade_memory.hpp"

#include <charconv>

#include "core/checksum.hpp"

namespace feedtree {

std::optional<std::uint64_t> number_of_trade(const event& what) {
  const auto key = what.key.view();
  const auto* const key_end = key.data() + key.size();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(key.data(), key_end, number);
  if (error != std::errc{} || (end != key_end && *end != trade_number_end)) return {};
  return number;
}

std::uint32_t fingerprint_of_trade(const event& what) {
  const auto& body = std::get<trade>(what.body);
  fingerprint content;
  content.add(what.exchange_ns).add(body.price).add(body.quantity);
  return content.add(static_cast<std::int64_t>(body.side)).value();
}

event_key key_of_reused_number(std::uint64_t number, const event& what) {
  event_key key;
  return key.append(number).append(trade_number_end).append(fingerprint_of_trade(what));
}

void trade_memory::add(std::uint64_t number, const event& what) {
  const remembered made{number, fingerprint_of_trade(what)};
  if (trades_.size() < trades_max) {
    trades_.push_back(made);
    return;
  }
  trades_[oldest_] = made;
  oldest_ = (oldest_ + 1) % trades_max;
}

trade_match trade_memory::find(std::uint64_t number, const event& what) const {
  auto found = trade_match::unknown;
  const auto content = fingerprint_of_trade(what);
  for (const auto& entry : trades_) {
    if (entry.number != number) continue;
    if (entry.content == content) return trade_match::same;
    found = trade_match::other;
  }
  return found;
}

}  // namespace feedtree
