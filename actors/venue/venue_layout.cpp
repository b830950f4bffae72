#include "actors/venue/venue_layout.hpp"

#include <algorithm>

namespace feedtree::actors {

layout_change venue_layout::add(const std::vector<venues::stream>& streams) {
  const std::lock_guard lock(mutex_);
  layout_change change;
  std::vector<venues::stream> carried;
  for (const auto& what : streams) {
    if (std::find(books_.begin(), books_.end(), what.where) == books_.end()) {
      books_.push_back(what.where);
      change.books.push_back(what.where);
    }
    const bool polls = rules_.poll(what).has_value();
    (polls ? polled_ : carried).push_back(what);
    change.polls = change.polls || polls;
  }
  if (carried.empty()) return change;
  for (auto& plan : rules_.plan(carried)) {
    connections_.push_back({"connection-" + std::to_string(++last_number_), std::move(plan)});
    change.connections.push_back(connections_.back().name);
  }
  return change;
}

layout_change venue_layout::remove(const listing* where) {
  const std::lock_guard lock(mutex_);
  layout_change change;
  const auto is_of = [where](const venues::stream& what) { return what.where == where; };
  if (std::erase(books_, where) != 0) change.books.push_back(where);
  change.polls = std::erase_if(polled_, is_of) != 0;
  for (auto& each : connections_) {
    if (std::erase_if(each.plan.streams, is_of) == 0) continue;
    (each.plan.streams.empty() ? change.connections : change.shrunk).push_back(each.name);
  }
  std::erase_if(connections_, [](const auto& each) { return each.plan.streams.empty(); });
  return change;
}

bool venue_layout::has(const listing* where) const {
  const std::lock_guard lock(mutex_);
  return std::find(books_.begin(), books_.end(), where) != books_.end();
}

std::string venue_layout::last_connection() const {
  const std::lock_guard lock(mutex_);
  return connections_.empty() ? "" : connections_.back().name;
}

const listing* venue_layout::last_book() const {
  const std::lock_guard lock(mutex_);
  return books_.empty() ? nullptr : books_.back();
}

venues::connection_plan venue_layout::plan(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(connections_.begin(), connections_.end(),
                                  [&](const auto& each) { return each.name == name; });
  return found == connections_.end() ? venues::connection_plan{} : found->plan;
}

std::vector<const listing*> venue_layout::books() const {
  const std::lock_guard lock(mutex_);
  return books_;
}

std::vector<venues::rest_request> venue_layout::polls() const {
  const std::lock_guard lock(mutex_);
  std::vector<venues::rest_request> result;
  for (const auto& what : polled_) result.push_back(*rules_.poll(what));
  return result;
}

}  // namespace feedtree::actors
