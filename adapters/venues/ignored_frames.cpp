#include "adapters/venues/ignored_frames.hpp"

#include <algorithm>
#include <array>

namespace feedtree::venues {
namespace {

constexpr std::string_view other = "other";
constexpr std::size_t name_max = 40;
// In the order in which they say most.
constexpr std::array<std::string_view, 8> names{R"("channel")", R"("stream")", R"("topic")",
                                                R"("feed")",    R"("e")",      R"("event")",
                                                R"("op")",      R"("type")"};
constexpr std::array<std::string_view, 6> expected_channels{"heartbeat", "heartbeats", "ping",
                                                            "pong",      "status",     "info"};

bool is_expected(std::string_view channel) {
  return std::find(expected_channels.begin(), expected_channels.end(), channel) !=
         expected_channels.end();
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= name_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("_-.@!").find(c) != std::string_view::npos;
         });
}

// btcusdt@depth@100ms: the symbol stands in front; orderbook.200.BTCUSDT: behind.
std::string_view without_symbol(std::string_view name) {
  if (const auto at = name.find('@'); at != std::string_view::npos) return name.substr(at + 1);
  return name.substr(0, name.rfind('.'));
}

// The text that a member of this name has, blanks around the colon left out; empty if it has none.
std::string_view text_behind(std::string_view frame, std::string_view name) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto found = frame.find(name);
  if (found == std::string_view::npos) return {};
  auto rest = frame.substr(found + name.size());
  for (const char expected : {':', '"'}) {
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    if (rest.empty() || rest.front() != expected) return {};
    rest.remove_prefix(1);
  }
  return rest.substr(0, rest.find('"'));
}

}  // namespace

std::string ignored_channel(std::string_view frame) {
  if (is_plain(frame)) return std::string(frame);  // pong
  for (const auto name : names) {
    const auto text = text_behind(frame, name);
    if (is_plain(text)) return std::string(without_symbol(text));
  }
  return std::string(other);
}

void ignored_frames::add(std::string_view channel, std::uint64_t count) {
  const auto found = counts_.find(channel);
  if (found != counts_.end()) {
    found->second += count;
  } else if (counts_.size() < channels_max) {
    counts_.emplace(channel, count);
  } else {
    counts_[std::string(other)] += count;
  }
}

std::uint64_t ignored_frames::expected() const {
  std::uint64_t total = 0;
  for (const auto& [channel, count] : counts_) total += is_expected(channel) ? count : 0;
  return total;
}

std::uint64_t ignored_frames::unexpected() const {
  std::uint64_t total = 0;
  for (const auto& [channel, count] : counts_) total += is_expected(channel) ? 0 : count;
  return total;
}

}  // namespace feedtree::venues
