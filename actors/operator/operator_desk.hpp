// What the operator's endpoints know: the last look at the server, kept for any thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/operator/conditions.hpp"
#include "actors/operator/recent_log.hpp"
#include "actors/operator/server_view.hpp"
#include "actors/statistics.hpp"
#include "actors/supervision/actor_registry.hpp"
#include "adapters/http/server.hpp"

namespace feedtree::actors {

// One look: consistent in itself.
struct operator_look {
  server_view view;
  std::vector<condition> present;
  std::vector<alert> alerts;
  std::array<std::uint64_t, severities> begun{};  // alerts so far, by severity
  http::server_counters web;
};

// An actor was started again since the look before.
struct restart_note {
  std::string path;
  std::uint64_t restarts = 0;
  std::string reason;
};

struct look_changes {
  std::vector<alert> alerts;
  std::vector<restart_note> restarts;
};

// `wanted` gives the venues that are wanted now.
class operator_desk {
 public:
  operator_desk(std::shared_ptr<const server_facts> facts, std::shared_ptr<statistics> counters,
                std::shared_ptr<actor_registry> registry, std::shared_ptr<recent_log> recent,
                std::function<std::vector<config::venue_config>()> wanted);

  // Looks at everything anew; gives what changed. One thread.
  look_changes refresh(std::int64_t now_ns, const http::server_counters& web = {});
  // The last look; never null. Any thread.
  std::shared_ptr<const operator_look> look() const;

  const recent_log& recent() const { return *recent_; }
  recent_log& recent() { return *recent_; }
  const actor_registry& registry() const { return *registry_; }
  actor_registry& registry() { return *registry_; }
  const server_facts& facts() const { return *facts_; }

 private:
  std::vector<restart_note> new_restarts(const server_view& view);

  std::shared_ptr<const server_facts> facts_;
  std::shared_ptr<statistics> counters_;
  std::shared_ptr<actor_registry> registry_;
  std::shared_ptr<recent_log> recent_;
  std::function<std::vector<config::venue_config>()> wanted_;
  view_maker views_;
  alert_book alerts_;
  std::map<std::string, std::uint64_t> restarts_;  // as last seen, by path
  mutable std::mutex mutex_;
  std::shared_ptr<const operator_look> look_ = std::make_shared<operator_look>();
};

}  // namespace feedtree::actors
