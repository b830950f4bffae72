#include "core/noticed_holes.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace feedtree {
namespace {

constexpr std::size_t holes_max = 256;
// Another connection notices the same hole within so long, or has no hole.
constexpr std::int64_t remembered_ns = 60'000'000'000;

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

event narrowed(event entry, const number_range& to) {
  auto& detail = std::get<gap>(entry.body).detail;
  detail = {};
  detail.append("trades ").append(to.first).append(" to ").append(to.last).append(" are missing");
  entry.key = {};
  entry.key.append("trade-").append(to.first).append('-').append(to.last);
  return entry;
}

}  // namespace

// "trade-105-107"
std::optional<number_range> missing_numbers(const event& entry) {
  constexpr std::string_view prefix = "trade-";
  const auto key = entry.key.view();
  if (!key.starts_with(prefix)) return {};
  const auto numbers = key.substr(prefix.size());
  const auto first = number_of(numbers.substr(0, numbers.find('-')));
  const auto last = number_of(numbers.substr(numbers.find('-') + 1));
  if (!first || !last || numbers.find('-') == numbers.npos) return {};
  return number_range{*first, *last};
}

std::optional<number_range> noticed_holes::lacked_by_others(const hole& of,
                                                            std::size_t others) const {
  auto lacked = of.numbers;
  std::vector<source_id> found;
  for (auto each = holes_.rbegin(); each != holes_.rend(); ++each) {  // the latest first
    const auto first = std::max(lacked.first, each->numbers.first);
    const auto last = std::min(lacked.last, each->numbers.last);
    const bool is_known = std::find(found.begin(), found.end(), each->from) != found.end();
    if (each->from == of.from || first > last || is_known) continue;
    lacked = {first, last};
    found.push_back(each->from);
  }
  return found.size() >= others ? std::optional(lacked) : std::nullopt;
}

void noticed_holes::take(source_id from, const event& entry, std::size_t sources,
                         event_batch& out) {
  const auto numbers = missing_numbers(entry);
  if (!numbers || sources <= 1) {
    out.events.push_back(entry);
    return;
  }
  const hole made{from, *numbers, entry.receive_ns};
  while (!holes_.empty() && (holes_.size() >= holes_max ||
                             holes_.front().receive_ns + remembered_ns < entry.receive_ns)) {
    holes_.pop_front();
  }
  const auto lacked = lacked_by_others(made, sources - 1);
  holes_.push_back(made);
  if (lacked) out.events.push_back(narrowed(entry, *lacked));
}

}  // namespace feedtree
