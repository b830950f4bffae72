// What must hold of everything that a venue's decoder and the keepers of its books give.
#pragma once

#include <cstdint>
#include <string>

#include "adapters/venues/venue.hpp"
#include "core/event.hpp"
#include "core/feed_keeper.hpp"

namespace feedtree::fuzz {

// Why the events from `first` on are not what a decoder may give; empty if they are.
inline std::string events_break(const event_batch& batch, std::size_t first,
                                std::string_view venue) {
  for (std::size_t at = first; at < batch.events.size(); ++at) {
    const auto& what = batch.events[at];
    if (what.where == nullptr) return "an event without an instrument";
    if (what.where->venue != venue) return "an event of venue " + what.where->venue;
    if (what.where->symbol.empty() || what.where->details.base.empty()) return "no name";
    if (what.key.empty()) return "an empty key";
    if (!what.key.fits()) return "a key that was cut";
    if (what.receive_ns == 0) return "no receive time";
    if (const auto* change = std::get_if<book_change>(&what.body)) {
      const auto end = std::uint64_t{change->first_level} + change->bids + change->asks;
      if (end > batch.levels.size()) return "levels outside of the batch";
    }
  }
  return {};
}

// Why a report contradicts what was appended; empty if it does not.
inline std::string report_breaks(const venues::frame_report& report, std::size_t events_appended,
                                 std::size_t levels_appended) {
  if (report.outcome != venues::frame_outcome::rejected) {
    return report.reason.empty() ? "" : "a reason without a rejection";
  }
  if (report.reason.empty()) return "rejected without a reason";
  if (events_appended != 0 || levels_appended != 0) return "rejected, but not taken back";
  if (!report.subscriptions.empty()) return "rejected, but answers a subscription";
  return {};
}

// Why a book is not one; empty if it is.
inline std::string book_breaks(const order_book& book) {
  for (const auto part : {book_part::bids, book_part::asks}) {
    std::size_t count = 0;
    std::string wrong;
    decimal last;
    book.for_top(part, book.size(part), [&](const level& entry) {
      const auto order = compare(last, entry.price());
      const bool better = part == book_part::bids ? order > 0 : order < 0;
      if (count > 0 && !better) wrong = "levels out of order";
      if (!entry.quantity().is_positive()) wrong = "a level without a quantity";
      last = entry.price();
      ++count;
    });
    if (!wrong.empty()) return wrong;
    if (count != book.size(part)) return "a wrong count of levels";
    if (book.depth() != 0 && count > book.depth()) return "more levels than the depth";
  }
  return {};
}

// Likewise for a keeper: a live book is not crossed.
inline std::string keeper_breaks(const feed_keeper& keeper) {
  if (keeper.state() == feed_state::live && keeper.book().crossed()) return "live, but crossed";
  return {};
}

}  // namespace feedtree::fuzz
