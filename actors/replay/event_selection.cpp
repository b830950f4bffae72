#include "actors/replay/event_selection.hpp"

#include <algorithm>
#include <utility>

namespace feedtree::actors {
namespace {

template <class Items, class Condition>
void erase_since(Items& items, std::size_t first, Condition&& condition) {
  const auto begin = items.begin() + static_cast<std::ptrdiff_t>(first);
  items.erase(std::remove_if(begin, items.end(), condition), items.end());
}

}  // namespace

void batch_mark::drop_since(event_batch& batch) const {
  const auto all = [](const auto&) { return true; };
  erase_since(batch.events, events, all);
  erase_since(batch.quarantine, quarantine, all);
  erase_since(batch.alerts, alerts, all);
}

event_selection::event_selection(std::vector<std::string> names) {
  for (auto& text : names) names_.push_back({std::move(text), false});
}

bool event_selection::takes(const listing& of) {
  if (names_.empty()) return true;
  if (of.index >= by_index_.size()) by_index_.resize(of.index + std::size_t{1});
  auto& known = by_index_[of.index];
  if (known == verdict::unknown) {
    known = matches(of.venue, of.symbol) ? verdict::taken : verdict::left;
  }
  return known == verdict::taken;
}

bool event_selection::matches(std::string_view venue, std::string_view symbol) {
  bool any = false;
  for (auto& each : names_) {
    const std::string_view text = each.text;
    const bool same = text == symbol ||
                      (text.size() == venue.size() + 1 + symbol.size() && text.starts_with(venue) &&
                       text[venue.size()] == ':' && text.ends_with(symbol));
    each.seen = each.seen || same;
    any = any || same;
  }
  return any;
}

void event_selection::keep_selected(event_batch& batch, const batch_mark& since) {
  if (names_.empty()) return;
  erase_since(batch.events, since.events,
              [this](const event& what) { return !takes(*what.where); });
  const auto is_of_others = [this](const auto& entry) {
    return !entry.instrument.empty() && !matches(entry.venue, entry.instrument);
  };
  erase_since(batch.quarantine, since.quarantine, is_of_others);
  erase_since(batch.alerts, since.alerts, is_of_others);
}

std::vector<std::string> event_selection::unseen() const {
  std::vector<std::string> result;
  for (const auto& each : names_) {
    if (!each.seen) result.push_back(each.text);
  }
  return result;
}

}  // namespace feedtree::actors
