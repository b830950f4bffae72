#include "actors/venue/subscriptions.hpp"

#include <algorithm>

namespace feedtree::actors {

void subscription_tracker::start(std::span<const venues::stream> streams, std::int64_t now_ns) {
  entries_.clear();
  for (const auto& what : streams) entries_.push_back({what, standing::asked, now_ns});
}

void subscription_tracker::forget(const listing* where) {
  std::erase_if(entries_, [where](const auto& known) { return known.what.where == where; });
}

std::vector<venues::stream> subscription_tracker::on_answer(
    const venues::subscription_answer& answer) {
  std::vector<venues::stream> refused;
  for (auto& known : entries_) {
    // An answer without a symbol is about the request as a whole and says nothing of one stream.
    if (answer.where == nullptr || answer.where != known.what.where) continue;
    if (answer.kind.has_value() && *answer.kind != known.what.kind) continue;
    if (!answer.accepted && known.now != standing::refused) refused.push_back(known.what);
    known.now = answer.accepted ? standing::granted : standing::refused;
  }
  return refused;
}

void subscription_tracker::on_data(event_kind kind, const listing* where) {
  for (auto& known : entries_) {
    if (known.what.kind == kind && known.what.where == where && known.now != standing::refused) {
      known.now = standing::granted;
    }
  }
}

std::vector<venues::stream> subscription_tracker::overdue(std::int64_t older_than_ns) {
  std::vector<venues::stream> result;
  for (auto& known : entries_) {
    if (known.now != standing::asked || known.asked_ns > older_than_ns) continue;
    known.now = standing::overdue;
    result.push_back(known.what);
  }
  return result;
}

std::vector<venues::stream> subscription_tracker::wanted() const {
  std::vector<venues::stream> result;
  for (const auto& known : entries_) {
    if (known.now != standing::refused) result.push_back(known.what);
  }
  return result;
}

bool subscription_tracker::all_answered() const {
  return std::none_of(entries_.begin(), entries_.end(),
                      [](const auto& what) { return what.now == standing::asked; });
}

bool subscription_tracker::all_refused() const {
  return !entries_.empty() && std::all_of(entries_.begin(), entries_.end(), [](const auto& what) {
    return what.now == standing::refused;
  });
}

}  // namespace feedtree::actors
