// How one instrument's feed was over time: what the plots of a validation report show.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/event.hpp"
#include "core/rules/clock_samples.hpp"
#include "core/rules/history.hpp"

namespace feedtree::actors {

// Distance from the best price at which a level was changed: the best, the next four, the next
// fifteen, and all below.
inline constexpr std::size_t level_bands = 4;
inline constexpr std::array<std::string_view, level_bands> band_names{"1", "2-5", "6-20", "21-"};

// What fell into one stretch of time.
struct profile_bin {
  std::uint64_t spreads = 0;
  double spread_sum_ppm = 0;
  double spread_max_ppm = 0;
  std::uint64_t depths = 0;
  double bid_depth_sum = 0;  // quantity of the best ten levels
  double ask_depth_sum = 0;
  std::array<std::uint64_t, level_bands> level_updates{};
  std::uint64_t trades = 0;
  std::uint64_t book_messages = 0;
  std::uint64_t skews = 0;
  double skew_sum_ms = 0;
  double skew_max_ms = 0;

  void add(const profile_bin& other);
};

struct profile_gap {
  event_kind feed = event_kind::book;
  gap_cause cause = gap_cause::sequence;
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;  // 0: it is still open
  bool recovered = false;
};

// Takes the events of one instrument in their order. The bins grow with the time that they cover,
// so memory is bounded; of gaps the first 10,000 are kept.
class feed_profile {
 public:
  explicit feed_profile(const listing* where) : where_(where) {}
  void take(const event& what, const event_batch& batch);

  const listing* where() const { return where_; }
  const std::vector<profile_bin>& bins() const { return bins_; }
  std::int64_t begin_ns() const { return begin_ns_; }
  std::int64_t bin_ns() const { return bin_ns_; }
  const std::vector<profile_gap>& gaps() const { return gaps_; }
  const std::array<std::uint64_t, event_kinds>& events() const { return events_; }
  profile_bin total() const;

 private:
  profile_bin& bin_at(std::int64_t receive_ns);
  void take_book(const book_change& change, const event_batch& batch, profile_bin& bin);
  void take_gap(const gap& what);
  void count_levels(book_part part, std::span<const level> levels, profile_bin& bin) const;
  static void add_skew(const event& what, profile_bin& bin);
  static void add_spread(const decimal& bid, const decimal& ask, profile_bin& bin);

  const listing* where_;
  std::int64_t begin_ns_ = 0;
  std::int64_t bin_ns_ = 1'000'000'000;
  std::vector<profile_bin> bins_;
  std::vector<profile_gap> gaps_;
  std::array<std::uint64_t, event_kinds> events_{};
  rules::book_mirror book_;
  rules::clock_samples clock_;
};

}  // namespace feedtree::actors
