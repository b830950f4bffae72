#include "actors/sink_children.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <thread>

#include "actors/failure.hpp"
#include "actors/system.hpp"

namespace feedtree::actors {
namespace {

constexpr std::int64_t open_retry_ms = 200;

std::unique_ptr<sink> open_sink(const sink_plan& plan, std::int64_t deadline_ms) {
  for (bool told = false;;) {
    try {
      return plan.make();
    } catch (const sink_error& error) {
      if (!error.retryable() || steady_ms() >= deadline_ms) throw;
      if (!told) log::info(plan.name, std::string("waiting: ") + error.what());
      told = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(open_retry_ms));
  }
}

}  // namespace

std::vector<std::unique_ptr<sink>> open_sinks(const std::vector<sink_plan>& plans,
                                              std::int64_t timeout_ms) {
  std::vector<std::unique_ptr<sink>> result;
  const auto deadline_ms = steady_ms() + timeout_ms;
  for (const auto& plan : plans) result.push_back(open_sink(plan, deadline_ms));
  return result;
}

supervisor_options sinks_supervisor(const std::vector<sink_plan>& plans,
                                    std::vector<std::unique_ptr<sink>> open,
                                    const sink_services& services) {
  supervisor_options result;
  result.name = "sinks";
  result.strategy = restart_strategy::one_for_one;
  result.restart = services.restart;
  result.now_ms = steady_ms;
  result.random = services.random;
  for (std::size_t at = 0; at < plans.size(); ++at) {
    // Used for the first start, empty afterwards.
    const auto first = std::make_shared<std::unique_ptr<sink>>(std::move(open[at]));
    const auto start = [plan = plans[at], first, services, at](caf::scheduled_actor* parent) {
      sink_actor_options options;
      options.name = plan.name;
      options.index = at;
      options.make = [plan, first] { return *first ? std::move(*first) : plan.make(); };
      options.counters = services.counters;
      if (services.questions) options.questions = services.questions(at);
      options.random = services.random;
      const auto handle = parent->spawn<caf::detached>(sink_actor_behavior, std::move(options));
      services.table->set(at, handle);
      return caf::actor_cast<child_actor>(handle);
    };
    result.children.push_back({plans[at].name, start, services.grace_ms});
  }
  return result;
}

}  // namespace feedtree::actors
