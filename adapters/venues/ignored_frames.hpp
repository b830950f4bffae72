// Frames that were read and are of no interest: of which channel they are.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace feedtree::venues {

// The channel that a frame names, as the venue names it and without its symbol: "heartbeat",
// "orderbook.200", "depth@100ms". "other" where it names none.
std::string ignored_channel(std::string_view frame);

// Counts ignored frames by channel. Names beyond a bounded number count as "other".
class ignored_frames {
 public:
  static constexpr std::size_t channels_max = 32;

  void add(std::string_view channel, std::uint64_t count = 1);
  const std::map<std::string, std::uint64_t, std::less<>>& by_channel() const { return counts_; }
  // Without heartbeats and answers to pings, which are there to be ignored.
  std::uint64_t unexpected() const;
  std::uint64_t expected() const;

 private:
  std::map<std::string, std::uint64_t, std::less<>> counts_;
};

}  // namespace feedtree::venues
