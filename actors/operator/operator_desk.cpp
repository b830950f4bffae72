#include "actors/operator/operator_desk.hpp"

#include <utility>

namespace feedtree::actors {
namespace {

constexpr std::size_t ended_alerts_max = 200;

}  // namespace

operator_desk::operator_desk(std::shared_ptr<const server_facts> facts,
                             std::shared_ptr<statistics> counters,
                             std::shared_ptr<actor_registry> registry,
                             std::shared_ptr<recent_log> recent,
                             std::function<std::vector<config::venue_config>()> wanted)
    : facts_(std::move(facts)),
      counters_(std::move(counters)),
      registry_(std::move(registry)),
      recent_(std::move(recent)),
      wanted_(std::move(wanted)),
      views_(facts_),
      alerts_(ended_alerts_max) {}

look_changes operator_desk::refresh(std::int64_t now_ns, const http::server_counters& web) {
  auto next = std::make_shared<operator_look>();
  next->view = views_.make(*counters_, *registry_, wanted_(), now_ns);
  look_changes changes;
  changes.alerts = alerts_.update(assess(next->view), now_ns);
  changes.restarts = new_restarts(next->view);
  next->present = alerts_.present();
  next->alerts = alerts_.all();
  next->begun = alerts_.begun();
  next->web = web;
  const std::lock_guard lock(mutex_);
  look_ = std::move(next);
  return changes;
}

std::vector<restart_note> operator_desk::new_restarts(const server_view& view) {
  std::vector<restart_note> result;
  for (const auto& actor : view.actors) {
    auto& seen = restarts_[actor.path];
    if (actor.restarts > seen) result.push_back({actor.path, actor.restarts, actor.last_error});
    seen = actor.restarts;
  }
  return result;
}

std::shared_ptr<const operator_look> operator_desk::look() const {
  const std::lock_guard lock(mutex_);
  return look_;
}

}  // namespace feedtree::actors
