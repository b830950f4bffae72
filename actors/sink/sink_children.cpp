#include "actors/sink/sink_children.hpp"

#include <algorithm>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <thread>

#include "actors/log.hpp"
#include "actors/service_wait.hpp"
#include "actors/sink/distributor.hpp"
#include "actors/sink/journal_store.hpp"
#include "actors/supervision/counted.hpp"
#include "actors/supervision/failure.hpp"
#include "actors/system.hpp"

namespace feedtree::actors {
namespace {

constexpr std::int64_t open_retry_ms = 200;

void say(std::string_view component, const std::string& line) {
  if (!line.empty()) log::info(component, line);
}

// A second sink of a name is "<name>-2".
std::string child_name(const std::vector<sink_plan>& plans, std::size_t at) {
  const auto same =
      1 + std::count_if(plans.begin(), plans.begin() + static_cast<long>(at),
                        [&](const auto& plan) { return plan.name == plans[at].name; });
  return plans[at].name + (same > 1 ? "-" + std::to_string(same) : "");
}

// Makes those that are not there yet; true if all are.
bool try_to_open(const std::vector<sink_plan>& plans, std::vector<std::unique_ptr<sink>>& sinks,
                 service_wait& waits) {
  bool all = true;
  for (std::size_t at = 0; at < plans.size(); ++at) {
    if (sinks[at]) continue;
    const auto name = child_name(plans, at);
    try {
      sinks[at] = plans[at].make();
      say(name, waits.arrived(name, steady_ms()));
    } catch (const sink_error& error) {
      if (!error.retryable()) throw;
      all = false;
      const auto line = waits.failed(name, error.what(), steady_ms());
      if (!waits.is_over(steady_ms())) say(name, line);
    }
  }
  return all;
}

}  // namespace

std::vector<std::unique_ptr<sink>> open_sinks(
    const std::vector<sink_plan>& plans, std::int64_t timeout_ms,
    const std::function<bool(std::int64_t pause_ms)>& pause) {
  std::vector<std::unique_ptr<sink>> result(plans.size());
  service_wait waits(steady_ms(), timeout_ms);
  while (!try_to_open(plans, result, waits)) {
    if (waits.is_over(steady_ms())) throw sink_error(true, waits.failure());
    say("root", waits.reminder(steady_ms()));
    if (!pause(open_retry_ms)) throw start_stopped("it waited for " + waits.missing());
  }
  return result;
}

bool pause_thread(std::int64_t ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  return true;
}

journal_plan open_journal(std::function<std::unique_ptr<storage::journal>()> make,
                          const std::vector<sink_plan>& plans,
                          const std::vector<std::unique_ptr<sink>>& sinks) {
  journal_plan plan;
  plan.open = make();
  plan.make = std::move(make);
  plan.link = std::make_shared<journal_link>();
  auto& link = *plan.link;
  link.id = plan.open->id();
  link.stored_at_start = plan.open->last_position();
  std::uint64_t last = link.stored_at_start;
  std::vector<std::string> names;
  for (std::size_t at = 0; at < plans.size(); ++at) {
    const bool spools = uses_journal(plans[at].policy);
    link.sinks.push_back(spools ? plans[at].cursor : "");
    const auto passed =
        spools ? std::max(plan.open->cursor(plans[at].cursor), sinks[at]->marked(link.id)) : 0;
    link.passed_at_start.push_back(passed);
    // After a power cut the sink may know positions that the journal has lost.
    last = std::max(last, passed);
    if (spools) names.push_back(plans[at].cursor);
  }
  plan.open->keep_cursors(names);
  link.next_position = last + 1;
  return plan;
}

namespace {

// Where the child of this name counts; null where nobody looks.
std::shared_ptr<actor_gauge> gauge_of(const sink_services& services, const std::string& child) {
  return services.actors ? services.actors->gauge(services.path + "/" + child) : nullptr;
}

child_spec sink_child(const std::vector<sink_plan>& plans, std::size_t at,
                      std::unique_ptr<sink> open, const sink_services& services,
                      const std::string& journal) {
  // Used for the first start, empty afterwards.
  const auto first = std::make_shared<std::unique_ptr<sink>>(std::move(open));
  const auto name = child_name(plans, at);
  const auto start = [plan = plans[at], name, first, services, at,
                      journal](caf::scheduled_actor* parent) {
    sink_actor_options options;
    options.name = plan.name;
    options.index = at;
    options.make = [plan, first] { return *first ? std::move(*first) : plan.make(); };
    options.counters = services.counters;
    options.now_ns = wall_ns;
    if (services.questions) options.questions = services.questions(at);
    options.random = services.random;
    options.flush_events = std::max<std::uint64_t>(1, services.credit.events / 4);
    if (uses_journal(plan.policy)) options.journal = journal;
    const auto handle = spawn_counted<caf::detached>(parent, gauge_of(services, name),
                                                     sink_actor_behavior, std::move(options));
    services.table->set(at, handle);
    return caf::actor_cast<child_actor>(handle);
  };
  child_spec spec{name, start, services.grace_ms, "sink"};
  spec.keeps_trying = true;
  return spec;
}

child_spec journal_child(journal_plan plan, const sink_services& services) {
  const auto first = std::make_shared<std::unique_ptr<storage::journal>>(std::move(plan.open));
  const auto start = [make = plan.make, link = plan.link, first,
                      services](caf::scheduled_actor* parent) {
    journal_store_options options;
    options.make = [make, first] { return *first ? std::move(*first) : make(); };
    options.link = link;
    options.table = services.table;
    options.counters = services.counters;
    const auto handle = spawn_counted<caf::detached>(parent, gauge_of(services, "journal"),
                                                     journal_store_behavior, std::move(options));
    services.table->set(handle);
    return caf::actor_cast<child_actor>(handle);
  };
  return {"journal", start, services.grace_ms, "journal"};
}

child_spec distributor_child(const std::vector<sink_plan>& plans,
                             std::shared_ptr<journal_link> link, const sink_services& services) {
  const auto start = [plans, link = std::move(link), services](caf::scheduled_actor* parent) {
    distributor_options options;
    options.table = services.table;
    for (const auto& plan : plans) {
      options.routes.push_back({plan.name, plan.policy, plan.durable, plan.is_cache});
    }
    options.ask_books = services.ask_books;
    options.link = link;
    options.credit = services.credit;
    options.counters = services.counters;
    options.stop_ms = services.grace_ms / 2;
    const auto handle = spawn_counted(parent, gauge_of(services, "distributor"),
                                      distributor_behavior, std::move(options));
    services.table->set(handle);
    return caf::actor_cast<child_actor>(handle);
  };
  return {"distributor", start, services.grace_ms, "distributor"};
}

supervisor_options empty_supervisor(const sink_services& services) {
  supervisor_options result;
  result.name = "sinks";
  result.strategy = restart_strategy::one_for_one;
  result.restart = services.restart;
  result.now_ms = steady_ms;
  result.random = services.random;
  result.path = services.path;
  result.registry = services.actors;
  return result;
}

}  // namespace

supervisor_options sinks_supervisor(const std::vector<sink_plan>& plans,
                                    std::vector<std::unique_ptr<sink>> open,
                                    const sink_services& services) {
  auto result = empty_supervisor(services);
  for (std::size_t at = 0; at < plans.size(); ++at) {
    result.children.push_back(sink_child(plans, at, std::move(open[at]), services, ""));
  }
  return result;
}

supervisor_options delivery_supervisor(const std::vector<sink_plan>& plans,
                                       std::vector<std::unique_ptr<sink>> open,
                                       std::optional<journal_plan> journal,
                                       const sink_services& services) {
  auto result = empty_supervisor(services);
  const auto link = journal ? journal->link : nullptr;
  if (journal) result.children.push_back(journal_child(std::move(*journal), services));
  for (std::size_t at = 0; at < plans.size(); ++at) {
    result.children.push_back(
        sink_child(plans, at, std::move(open[at]), services, link ? link->id : ""));
  }
  result.children.push_back(distributor_child(plans, link, services));
  return result;
}

}  // namespace feedtree::actors
