#include "core/conflater.hpp"

#include <algorithm>
#include <span>

namespace feedtree {
namespace {

constexpr std::uint64_t level_bytes = sizeof(level) + 64;  // with what a map adds

std::uint32_t updates_of(std::uint32_t merged) {
  return std::max<std::uint32_t>(merged, 1);
}

bool tells_of_a_feed(const event& what) {
  return what.kind() == event_kind::status || what.kind() == event_kind::gap;
}

template <class Levels>
void set_levels(Levels& side, std::span<const level> changes, bool snapshot) {
  for (const auto& change : changes) {
    if (snapshot && change.deletes()) {
      side.erase(change.price());
    } else {
      side.insert_or_assign(change.price(), change);
    }
  }
}

// The levels as they came go below those that are there already: these are later.
template <class Levels>
void set_levels_below(Levels& side, std::span<const level> changes, bool snapshot) {
  for (std::size_t at = changes.size(); at > 0; --at) {
    side.try_emplace(changes[at - 1].price(), changes[at - 1]);
  }
  if (snapshot) std::erase_if(side, [](const auto& each) { return each.second.deletes(); });
}

// What a change says of the whole that it is merged into.
void take_over(event& into, const event& what) {
  const auto& change = std::get<book_change>(what.body);
  auto whole = std::get<book_change>(into.body);
  const auto updates = updates_of(whole.merged) + updates_of(change.merged);
  if (change.snapshot) {
    whole = change;
  } else {
    whole.last_update_id = change.last_update_id;
    if (whole.snapshot) whole.first_update_id = change.last_update_id;
    whole.has_checksum = change.has_checksum;
    whole.checksum = change.checksum;
  }
  whole.merged = updates;
  into = what;
  into.body = whole;
}

}  // namespace

conflater::feed& conflater::feed_of(const event& what) {
  const auto index = std::size_t{what.where->index};
  if (index >= feeds_.size()) feeds_.resize(index + 1);
  auto& result = feeds_[index];
  if (result.of != what.where) {
    result = feed{};
    result.of = what.where;
  }
  return result;
}

void conflater::add(const event_batch& batch) {
  for (const auto& what : batch.events) {
    if (what.kind() == event_kind::book) {
      add_book(what, batch);
      continue;
    }
    if (what.kind() == event_kind::quote) {
      add_quote(what);
      continue;
    }
    slots_.push_back({what, {}, {}, {}});
    if (!tells_of_a_feed(what)) continue;
    auto& of = feed_of(what);
    of.book_slot = none;
    of.quote_slot = none;
  }
  quarantine_.insert(quarantine_.end(), batch.quarantine.begin(), batch.quarantine.end());
  alerts_.insert(alerts_.end(), batch.alerts.begin(), batch.alerts.end());
}

void conflater::pass(const event_batch& batch) {
  for (const auto& what : batch.events) {
    if (what.kind() == event_kind::book) follow(feed_of(what), what, batch, nullptr);
  }
}

void conflater::add_quote(const event& what) {
  auto& of = feed_of(what);
  if (of.quote_slot == none) {
    of.quote_slot = slots_.size();
    slots_.push_back({what, {}, {}, {}});
    return;
  }
  auto& into = slots_[of.quote_slot].what;
  const auto updates =
      updates_of(std::get<quote>(into.body).merged) + updates_of(std::get<quote>(what.body).merged);
  into = what;
  std::get<quote>(into.body).merged = updates;
  ++merged_;
}

void conflater::add_book(const event& what, const event_batch& batch) {
  auto& of = feed_of(what);
  const bool first = of.book_slot == none;
  if (first) {
    const auto levels = batch.all(std::get<book_change>(what.body));
    slots_.push_back({what, {levels.begin(), levels.end()}, {}, {}});
  }
  auto& into = slots_[first ? slots_.size() - 1 : of.book_slot];
  const auto levels_before = first ? 0 : into.levels();
  if (!first) {
    merge(into, what, batch);
    ++merged_;
  }
  follow(of, what, batch, &into);
  levels_ += into.levels() - levels_before;
  // Without its snapshot it is not known what the venue cuts.
  if (first && of.book_known) of.book_slot = slots_.size() - 1;
}

void conflater::merge(slot& into, const event& what, const event_batch& batch) {
  const auto before = std::get<book_change>(into.what.body);
  const auto& change = std::get<book_change>(what.body);
  if (change.snapshot) {
    into.bids.clear();
    into.asks.clear();
  } else if (!into.as_sent.empty()) {
    const std::span<const level> levels(into.as_sent);
    set_levels_below(into.bids, levels.first(before.bids), before.snapshot);
    set_levels_below(into.asks, levels.subspan(before.bids), before.snapshot);
  }
  into.as_sent.clear();
  const bool snapshot = before.snapshot || change.snapshot;
  set_levels(into.bids, batch.bids(change), snapshot);
  set_levels(into.asks, batch.asks(change), snapshot);
  take_over(into.what, what);
}

// Keeps the book of a venue that cuts it, and puts what was cut into the slot.
void conflater::follow(feed& of, const event& what, const event_batch& batch, slot* into) {
  const auto& change = std::get<book_change>(what.body);
  if (change.snapshot) {
    of.book_known = true;
    of.book.reset();
    if (change.depth != 0) of.book.emplace(change.depth);
  }
  if (!of.book) return;
  apply_counts counts;
  of.book->apply(book_part::bids, batch.bids(change), counts);
  of.book->apply(book_part::asks, batch.asks(change), counts);
  for (const auto part : {book_part::bids, book_part::asks}) cut(*of.book, part, into);
  of.book->truncate(counts);
}

void conflater::cut(order_book& book, book_part part, slot* into) {
  if (into == nullptr || book.size(part) <= book.depth()) return;
  const auto& change = std::get<book_change>(into->what.body);
  const bool whole = change.snapshot && into->as_sent.empty();
  std::size_t at = 0;
  book.for_top(part, book.size(part), [&](level beyond) {
    if (at++ < book.depth()) return;
    beyond.quantity_mantissa = 0;
    set_levels(into->side(part), std::span(&beyond, 1), whole);
  });
}

std::uint64_t conflater::bytes() const {
  return slots_.size() * sizeof(slot) + levels_ * level_bytes;
}

std::shared_ptr<event_batch> conflater::take() {
  auto result = std::make_shared<event_batch>();
  result->events.reserve(slots_.size());
  for (auto& next : slots_) {
    auto& what = result->events.emplace_back(next.what);
    auto* const change = std::get_if<book_change>(&what.body);
    if (change == nullptr) continue;
    change->first_level = static_cast<std::uint32_t>(result->levels.size());
    auto& levels = result->levels;
    if (change->merged <= 1 || !next.as_sent.empty()) {
      levels.insert(levels.end(), next.as_sent.begin(), next.as_sent.end());
      continue;
    }
    change->bids = static_cast<std::uint32_t>(next.bids.size());
    change->asks = static_cast<std::uint32_t>(next.asks.size());
    for (auto at = next.bids.rbegin(); at != next.bids.rend(); ++at) levels.push_back(at->second);
    for (const auto& [price, each] : next.asks) levels.push_back(each);
  }
  result->quarantine = std::move(quarantine_);
  quarantine_.clear();
  result->alerts = std::move(alerts_);
  alerts_.clear();
  slots_.clear();
  levels_ = 0;
  for (auto& of : feeds_) of.book_slot = of.quote_slot = none;
  return result;
}

}  // namespace feedtree
