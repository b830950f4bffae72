#include "actors/statistics.hpp"

#include <algorithm>

#include "core/scrub.hpp"

namespace feedtree::actors {

statistics::statistics(const std::vector<std::string>& sink_names) {
  for (const auto& name : sink_names) {
    sinks_.push_back({name, {}, {}});
    sink_latencies_.emplace_back();
  }
}

venue_statistics& statistics::of_venue(std::string_view venue) {
  const std::lock_guard lock(mutex_);
  for (auto& entry : venues_) {
    if (entry.venue == venue) return entry;
  }
  auto& entry = venues_.emplace_back();
  entry.venue = venue;
  return entry;
}

std::shared_ptr<rules::venue_counts> statistics::rules_of(std::string_view venue,
                                                          const rules::rule_list& rules) {
  auto& counters = of_venue(venue);
  const std::lock_guard lock(mutex_);
  auto& counts = rules_[std::string(venue)];
  if (counts == nullptr) {
    counts = std::make_shared<rules::venue_counts>(rules);
    counters.rules = counts.get();
  }
  return counts;
}

void statistics::set_book(const book_statistics& what) {
  const std::lock_guard lock(mutex_);
  if (what.where->index >= books_.size()) books_.resize(what.where->index + 1);
  books_[what.where->index] = what;
}

std::optional<book_statistics> statistics::book(const listing* where) const {
  const std::lock_guard lock(mutex_);
  if (where->index >= books_.size() || books_[where->index].where == nullptr) return {};
  return books_[where->index];
}

std::shared_ptr<std::atomic<std::int64_t>> statistics::accepted_ns(const listing* where) {
  const std::lock_guard lock(mutex_);
  auto& known = accepted_ns_[where];
  if (known == nullptr) known = std::make_shared<std::atomic<std::int64_t>>(0);
  return known;
}

void statistics::remove_book(const listing* where) {
  const std::lock_guard lock(mutex_);
  if (where->index < books_.size()) books_[where->index].where = nullptr;
}

void statistics::remove_books(std::string_view venue) {
  const std::lock_guard lock(mutex_);
  for (auto& entry : books_) {
    if (entry.where != nullptr && entry.where->venue == venue) entry.where = nullptr;
  }
}

void statistics::set_sink(std::size_t index, const sink_counters& counters,
                          const std::string& last_error) {
  const std::lock_guard lock(mutex_);
  sinks_[index].counters = counters;
  sinks_[index].last_error = scrub(last_error);
}

void statistics::set_rows(std::size_t index, std::vector<table_rows> rows) {
  const std::lock_guard lock(mutex_);
  sinks_[index].rows = std::move(rows);
}

void statistics::set_edge(const edge_statistics& what) {
  const std::lock_guard lock(mutex_);
  edges_[what.name] = what;
}

void statistics::watch_edge(const std::string& name,
                            std::function<std::optional<edge_statistics>()> look) {
  const std::lock_guard lock(mutex_);
  watched_[name] = std::move(look);
}

void statistics::set_journal(const journal_statistics& what) {
  const std::lock_guard lock(mutex_);
  journal_ = what;
  journal_.last_error = scrub(what.last_error);
}

void statistics::set_unknown(std::string_view venue, std::vector<unknown_instrument> what) {
  const std::lock_guard lock(mutex_);
  auto& known = notes_[std::string(venue)].unknown;
  for (auto& each : what) {
    const auto before = std::find_if(known.begin(), known.end(), [&](const auto& other) {
      return other.instrument == each.instrument;
    });
    if (before != known.end()) each.since_ns = before->since_ns;
    each.reason = scrub(each.reason);
  }
  known = std::move(what);
}

void statistics::set_trouble(std::string_view venue, const std::string& part,
                             const std::string& text) {
  const std::lock_guard lock(mutex_);
  auto& trouble = notes_[std::string(venue)].trouble;
  if (text.empty()) {
    trouble.erase(part);
  } else {
    trouble[part] = scrub(text);
  }
}

void statistics::set_waits(std::string_view venue, std::int64_t until_ns) {
  const std::lock_guard lock(mutex_);
  auto& known = notes_[std::string(venue)].waits_until_ns;
  known = std::max(known, until_ns);
}

void statistics::forget_notes(std::string_view venue) {
  const std::lock_guard lock(mutex_);
  const auto found = notes_.find(venue);
  if (found != notes_.end()) notes_.erase(found);
}

const statistics::venue_notes& statistics::notes_of(std::string_view venue) const {
  static const venue_notes none;
  const auto found = notes_.find(venue);
  return found == notes_.end() ? none : found->second;
}

std::vector<unknown_instrument> statistics::unknown(std::string_view venue) const {
  const std::lock_guard lock(mutex_);
  return notes_of(venue).unknown;
}

std::string statistics::trouble(std::string_view venue) const {
  const std::lock_guard lock(mutex_);
  const auto& all = notes_of(venue).trouble;
  return all.empty() ? std::string() : all.begin()->second;
}

std::int64_t statistics::waits_until_ns(std::string_view venue) const {
  const std::lock_guard lock(mutex_);
  return notes_of(venue).waits_until_ns;
}

void statistics::set_failure(std::string text) {
  const std::lock_guard lock(mutex_);
  last_failure_ = scrub(text);
}

std::vector<const venue_statistics*> statistics::venues() const {
  const std::lock_guard lock(mutex_);
  std::vector<const venue_statistics*> result;
  for (const auto& entry : venues_) result.push_back(&entry);
  return result;
}

std::vector<book_statistics> statistics::books() const {
  const std::lock_guard lock(mutex_);
  std::vector<book_statistics> result;
  for (const auto& entry : books_) {
    if (entry.where != nullptr) result.push_back(entry);
  }
  return result;
}

std::vector<sink_statistics> statistics::sinks() const {
  const std::lock_guard lock(mutex_);
  auto result = sinks_;
  for (std::size_t at = 0; at < result.size(); ++at) {
    result[at].latency = sink_latencies_[at].counts();
  }
  return result;
}

std::vector<edge_statistics> statistics::edges() const {
  const std::lock_guard lock(mutex_);
  auto all = edges_;
  for (const auto& [name, look] : watched_) {
    if (auto now = look()) all[name] = std::move(*now);
  }
  std::vector<edge_statistics> result;
  for (auto& [name, edge] : all) result.push_back(std::move(edge));
  return result;
}

journal_statistics statistics::journal() const {
  const std::lock_guard lock(mutex_);
  return journal_;
}

std::string statistics::last_failure() const {
  const std::lock_guard lock(mutex_);
  return last_failure_;
}

}  // namespace feedtree::actors
