#include "actors/replay/feed_profile.hpp"

#include <algorithm>
#include <cmath>

namespace feedtree::actors {
namespace {

constexpr std::size_t bins_max = 240;
constexpr std::size_t gaps_max = 10'000;
constexpr std::size_t depth_levels = 10;
constexpr std::array<std::size_t, level_bands - 1> band_ends{1, 5, 20};

double to_double(const decimal& value) {
  return static_cast<double>(value.mantissa) * std::pow(10.0, value.exponent);
}

double depth_of(const order_book& book, book_part part) {
  double sum = 0;
  book.for_top(part, depth_levels, [&](const level& each) { sum += to_double(each.quantity()); });
  return sum;
}

}  // namespace

void profile_bin::add(const profile_bin& other) {
  spreads += other.spreads;
  spread_sum_ppm += other.spread_sum_ppm;
  spread_max_ppm = std::max(spread_max_ppm, other.spread_max_ppm);
  depths += other.depths;
  bid_depth_sum += other.bid_depth_sum;
  ask_depth_sum += other.ask_depth_sum;
  for (std::size_t at = 0; at < level_bands; ++at) level_updates[at] += other.level_updates[at];
  trades += other.trades;
  book_messages += other.book_messages;
  skew_max_ms = skews == 0
                    ? other.skew_max_ms
                    : (other.skews == 0 ? skew_max_ms : std::max(skew_max_ms, other.skew_max_ms));
  skews += other.skews;
  skew_sum_ms += other.skew_sum_ms;
}

profile_bin& feed_profile::bin_at(std::int64_t receive_ns) {
  if (begin_ns_ == 0) begin_ns_ = receive_ns;
  const auto since = std::max<std::int64_t>(receive_ns - begin_ns_, 0);
  while (since / bin_ns_ >= static_cast<std::int64_t>(bins_max)) {
    for (std::size_t at = 0; at < bins_.size(); ++at) {
      if (at % 2 == 1) {
        bins_[at / 2].add(bins_[at]);
      } else if (at != 0) {
        bins_[at / 2] = bins_[at];
      }
    }
    bins_.resize((bins_.size() + 1) / 2);
    bin_ns_ *= 2;
  }
  const auto at = static_cast<std::size_t>(since / bin_ns_);
  if (at >= bins_.size()) bins_.resize(at + 1);
  return bins_[at];
}

void feed_profile::add_spread(const decimal& bid, const decimal& ask, profile_bin& bin) {
  const auto low = to_double(bid);
  if (low <= 0) return;
  const auto ppm = (to_double(ask) - low) / low * 1e6;
  ++bin.spreads;
  bin.spread_sum_ppm += ppm;
  bin.spread_max_ppm = std::max(bin.spread_max_ppm, ppm);
}

void feed_profile::count_levels(book_part part, std::span<const level> levels,
                                profile_bin& bin) const {
  std::array<decimal, level_bands - 1> ends{};
  std::array<bool, level_bands - 1> there{};
  std::size_t rank = 0;
  book_.book().for_top(part, band_ends.back(), [&](const level& each) {
    ++rank;
    for (std::size_t at = 0; at < band_ends.size(); ++at) {
      if (rank > band_ends[at]) continue;
      ends[at] = each.price();
      there[at] = rank == band_ends[at];
    }
  });
  for (const auto& each : levels) {
    std::size_t band = 0;
    const auto within = [&](std::size_t at) {
      // A band that the book does not fill has no end.
      if (!there[at]) return true;
      return part == book_part::bids ? each.price() >= ends[at] : each.price() <= ends[at];
    };
    while (band < band_ends.size() && !within(band)) ++band;
    ++bin.level_updates[band];
  }
}

void feed_profile::take_book(const book_change& change, const event_batch& batch,
                             profile_bin& bin) {
  if (!change.snapshot && book_.known()) {
    count_levels(book_part::bids, batch.bids(change), bin);
    count_levels(book_part::asks, batch.asks(change), bin);
  }
  book_.take(change, batch);
  ++bin.book_messages;
  const auto bid = book_.bid();
  const auto ask = book_.ask();
  if (!bid || !ask) return;
  add_spread(*bid, *ask, bin);
  ++bin.depths;
  bin.bid_depth_sum += depth_of(book_.book(), book_part::bids);
  bin.ask_depth_sum += depth_of(book_.book(), book_part::asks);
}

void feed_profile::take_gap(const gap& what) {
  for (auto each = gaps_.rbegin(); each != gaps_.rend(); ++each) {
    if (each->feed != what.feed || each->begin_ns != what.begin_ns) continue;
    each->end_ns = what.end_ns;
    each->recovered = what.recovered;
    return;
  }
  if (gaps_.size() >= gaps_max) return;
  gaps_.push_back({what.feed, what.cause, what.begin_ns, what.end_ns, what.recovered});
}

void feed_profile::add_skew(const event& what, profile_bin& bin) {
  const auto skew_ms = static_cast<double>(what.receive_ns - what.exchange_ns) / 1e6;
  bin.skew_max_ms = bin.skews == 0 ? skew_ms : std::max(bin.skew_max_ms, skew_ms);
  ++bin.skews;
  bin.skew_sum_ms += skew_ms;
}

void feed_profile::take(const event& what, const event_batch& batch) {
  ++events_[static_cast<std::size_t>(what.kind())];
  auto& bin = bin_at(what.receive_ns);
  if (clock_.take(what)) add_skew(what, bin);
  if (const auto* const body = std::get_if<gap>(&what.body)) return take_gap(*body);
  if (const auto* const body = std::get_if<status_change>(&what.body)) {
    const bool lost = body->to == feed_state::gap || body->to == feed_state::syncing;
    if (body->feed == event_kind::book && lost) book_.forget();
    return;
  }
  if (what.kind() == event_kind::trade) ++bin.trades;
  if (const auto* const body = std::get_if<book_change>(&what.body)) take_book(*body, batch, bin);
  const auto* const best = std::get_if<quote>(&what.body);
  if (best != nullptr && best->has_both_sides() && !book_.known()) {
    add_spread(*best->bid_price, *best->ask_price, bin);
  }
}

profile_bin feed_profile::total() const {
  profile_bin result;
  for (const auto& each : bins_) result.add(each);
  return result;
}

}  // namespace feedtree::actors
