// The actor that looks at the server for its operator, and owns the HTTP server while it runs.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "actors/interfaces.hpp"
#include "actors/operator_desk.hpp"
#include "actors/venue_director.hpp"
#include "actors/webhook_queue.hpp"
#include "adapters/http/access.hpp"
#include "adapters/http/server.hpp"

namespace feedtree::actors {

struct operator_options {
  std::string name = "operator";
  std::shared_ptr<operator_desk> desk;
  std::shared_ptr<book_directory> books;
  // Gives the server, listening and not started; called once.
  std::function<std::unique_ptr<http::server>()> make_server;
  http::access_rules access;
  std::shared_ptr<webhook_queue> webhook{};  // that alerts go to; null: none
  alert_source source{};
  std::function<std::int64_t()> now_ns;  // wall clock
  std::int64_t look_every_ms = 250;
};

struct operator_state {
  operator_options options;
  std::unique_ptr<http::server> web;
  std::uint64_t looks = 0;
  // Ends with the actor, on whatever way.
  ~operator_state();
};

operator_actor::behavior_type operator_behavior(
    operator_actor::stateful_pointer<operator_state> self, operator_options options);

// Opens the port of the configuration. Where take_any_port is set and the port is taken, another
// one is opened and told in the log. Throws std::runtime_error with the reason.
std::unique_ptr<http::server> open_http(const config::http_config& config, bool take_any_port);

}  // namespace feedtree::actors
