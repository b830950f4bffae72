// Which streams of a connection were asked for, granted and refused.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "adapters/venues/venue.hpp"

namespace feedtree::actors {

// No clock: times are passed in. Not thread-safe.
class subscription_tracker {
 public:
  // Everything was asked for just now (a new connection).
  void start(std::span<const venues::stream> streams, std::int64_t now_ns);
  // This instrument's streams are not asked for any more.
  void forget(const listing* where);
  // The venue answered; gives the streams that are refused by it.
  std::vector<venues::stream> on_answer(const venues::subscription_answer& answer);
  // Data of a stream came: as good as an acknowledgement.
  void on_data(event_kind kind, const listing* where);
  // Streams that were neither answered nor heard of since `older_than_ns`; each is told once.
  std::vector<venues::stream> overdue(std::int64_t older_than_ns);
  // Streams that are not refused.
  std::vector<venues::stream> wanted() const;
  // True if none waits for an answer, or for data in its place.
  bool all_answered() const;
  // True if nothing is left that the venue grants.
  bool all_refused() const;

 private:
  enum class standing : std::uint8_t { asked, overdue, granted, refused };
  struct entry {
    venues::stream what;
    standing now = standing::asked;
    std::int64_t asked_ns = 0;
  };
  std::vector<entry> entries_;
};

}  // namespace feedtree::actors
