#include "actors/operator/operator_child.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/supervision/counted.hpp"
#include "actors/system.hpp"
#include "actors/version.hpp"
#include "config/values.hpp"

namespace feedtree::actors {
namespace {

constexpr const char* path = "root/operator";

std::string name_of(sink_policy policy) {
  switch (policy) {
    case sink_policy::block:
      return "block";
    case sink_policy::spool:
      return "spool";
    case sink_policy::conflate:
      return "conflate";
  }
  return "unknown";
}

std::shared_ptr<const server_facts> facts_of(const server_options& options,
                                             const std::vector<sink_plan>& plans,
                                             const operator_services& services) {
  auto facts = std::make_shared<server_facts>();
  facts->version = version_text();
  facts->archive = services.archive;
  facts->pollers = services.pollers;
  facts->reports = services.reports.gauge;
  facts->started_ns = services.reports.source.started_ns;
  for (const auto& plan : plans) facts->sink_policies.push_back(name_of(plan.policy));
  facts->insecure = options.insecure;
  facts->needs_token = options.needs_token;
  return facts;
}

http::access_rules access_of(const server_options& options,
                             const std::shared_ptr<accounts>& operators) {
  const bool is_local = config::is_loopback_address(options.config.http.host);
  return {options.operator_token, !is_local, is_local, options.needs_token,
          options.no_changes,     operators, operators};
}

}  // namespace

std::unique_ptr<http::server> open_http(const server_options& options) {
  // A port that is taken is no reason not to start where anything goes.
  return open_http(options.config.http, !options.insecure.empty());
}

std::shared_ptr<operator_desk> make_desk(const server_options& options,
                                         const std::vector<sink_plan>& plans,
                                         const operator_services& services) {
  return std::make_shared<operator_desk>(facts_of(options, plans, services), services.counters,
                                         services.actors, services.recent,
                                         [venues = services.venues] { return venues->all(); });
}

child_spec operator_child(const server_options& options, std::shared_ptr<operator_desk> desk,
                          const operator_services& services, std::unique_ptr<http::server> web) {
  const auto first = std::make_shared<std::unique_ptr<http::server>>(std::move(web));
  auto again = options.config.http;
  again.port = (*first)->listening_port();
  operator_options own;
  own.desk = std::move(desk);
  own.webhook = services.reports.webhook;
  own.source = services.reports.source;
  own.books = services.books;
  own.access = access_of(options, services.operators);
  own.operators = services.operators;
  own.change_instrument = services.change_instrument;
  own.find_instrument = services.find_instrument;
  own.certificate = services.certificate;
  own.make_server = [first, again] { return *first ? std::move(*first) : open_http(again, false); };
  own.now_ns = wall_ns;
  return {
      "operator",
      [own, gauge = services.actors->gauge(path)](caf::scheduled_actor* parent) {
        return caf::actor_cast<child_actor>(spawn_counted(parent, gauge, operator_behavior, own));
      },
      options.config.grace_period_ms, "operator"};
}

}  // namespace feedtree::actors
