// What is wrong with the server, said once: readiness, alerts and the dashboard go by it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "actors/operator/server_view.hpp"

namespace feedtree::actors {

enum class severity : std::uint8_t { warning, critical };
inline constexpr std::size_t severities = 2;
std::string_view to_string(severity what);

struct condition {
  std::string component;  // "venue kraken", "sink nats", "journal", "actor root/venues/kraken"
  std::string text;       // "no connection is open"; never a secret
  severity how = severity::warning;
  bool blocks_readiness = false;
  std::int64_t since_ns = 0;
  std::string advice{};  // what an operator can do, in a sentence or two

  // "sink nats: is behind for 12 s".
  std::string sentence(std::int64_t now_ns) const;
};

// All that is wrong in this view. since_ns is 0 where the view does not know it.
std::vector<condition> assess(const server_view& view);

struct alert {
  std::uint64_t number = 0;  // counts up
  condition what;
  std::int64_t cleared_ns = 0;  // 0 while it lasts
};

// Remembers since when conditions last and which there were. One thread.
class alert_book {
 public:
  explicit alert_book(std::size_t ended_max) : ended_max_(ended_max) {}

  // Takes what is wrong now; gives what began or ended with it.
  std::vector<alert> update(std::vector<condition> now, std::int64_t now_ns);
  // Those that last, by their component, then those that ended, the newest first.
  std::vector<alert> all() const;
  std::vector<condition> present() const;
  // How many began so far, or became of this severity, by severity.
  const std::array<std::uint64_t, severities>& begun() const { return begun_; }

 private:
  std::size_t ended_max_;
  std::uint64_t last_number_ = 0;
  std::array<std::uint64_t, severities> begun_{};
  std::map<std::string, alert> lasting_;  // by component
  std::deque<alert> ended_;               // the newest first
};

// Alive: the actors get to run. The operator's actor looks several times a second as long as the
// root supervisor keeps it and there is a thread for it; a look that is older than ten seconds says
// that one of both is gone.
bool judge_alive(std::int64_t now_ns, std::int64_t last_look_ns);

// Ready, or each reason why not. An insecure default that was taken is told and does not count: an
// operator has allowed it.
struct readiness {
  bool is_ready = false;
  std::vector<condition> reasons;
  std::vector<condition> warnings;  // what is wrong besides
};
readiness judge_readiness(const std::vector<condition>& present);

}  // namespace feedtree::actors
