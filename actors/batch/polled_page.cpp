#include "actors/batch/polled_page.hpp"

#include <algorithm>
#include <map>
#include <unordered_set>

namespace feedtree::actors {
namespace {

using feed = std::pair<const listing*, event_kind>;

feed feed_of(const event& what) {
  return {what.where, what.kind()};
}

std::map<feed, storage::event_keys> keys_of(const event_batch& batch) {
  std::map<feed, storage::event_keys> result;
  for (const auto& what : batch.events) {
    auto& keys = result[feed_of(what)];
    if (keys.keys.empty()) {
      keys.kind = to_string(what.kind());
      keys.venue = what.where->venue;
      keys.instrument = what.where->symbol;
      keys.from_ns = keys.to_ns = what.exchange_ns;
    }
    keys.keys.emplace_back(what.key.view());
    keys.from_ns = std::min(keys.from_ns, what.exchange_ns);
    keys.to_ns = std::max(keys.to_ns, what.exchange_ns);
  }
  return result;
}

}  // namespace

std::size_t remove_stored(storage::backfill_state& database, event_batch& batch) {
  std::size_t removed = 0;
  for (const auto& [of, keys] : keys_of(batch)) {
    const auto found = database.stored(keys);
    const std::unordered_set<std::string> stored(found.begin(), found.end());
    removed += std::erase_if(batch.events, [&, &which = of](const event& what) {
      return feed_of(what) == which && stored.contains(std::string(what.key.view()));
    });
  }
  return removed;
}

std::size_t repeated_events::remove(event_batch& batch) {
  return std::erase_if(batch.events, [this](const event& what) {
    auto id = event_id(what);
    auto feed = id.substr(0, id.size() - what.key.view().size());
    auto& last = last_[std::move(feed)];
    if (last == id) return true;
    last = std::move(id);
    return false;
  });
}

}  // namespace feedtree::actors
