// The actor that looks at the server for its operator, and owns the HTTP server while it runs.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "actors/interfaces.hpp"
#include "actors/operator/endpoints.hpp"
#include "actors/operator/operator_desk.hpp"
#include "actors/reporting/webhook_queue.hpp"
#include "actors/venue/venue_director.hpp"
#include "adapters/http/access.hpp"
#include "adapters/http/server.hpp"

namespace feedtree::actors {

// The way to a server that comes and goes with its actor.
class certificate_switch {
 public:
  void set(http::server* what) {
    const std::lock_guard lock(mutex_);
    server_ = what;
  }
  void reload() {
    const std::lock_guard lock(mutex_);
    if (server_ != nullptr) server_->reload_certificate();
  }

 private:
  std::mutex mutex_;
  http::server* server_ = nullptr;
};

struct operator_options {
  std::string name = "operator";
  std::shared_ptr<operator_desk> desk;
  std::shared_ptr<book_directory> books;
  // Gives the server, listening and not started; called once.
  std::function<std::unique_ptr<http::server>()> make_server;
  http::access_rules access;
  std::shared_ptr<accounts> operators{};
  decltype(endpoint_services::change_instrument) change_instrument{};
  decltype(endpoint_services::find_instrument) find_instrument{};
  std::shared_ptr<webhook_queue> webhook{};  // that alerts go to; null: none
  alert_source source{};
  std::function<std::int64_t()> now_ns;  // wall clock
  std::int64_t look_every_ms = 250;
  // Set while the server runs: makes it read its certificate again. Any thread.
  std::shared_ptr<certificate_switch> certificate{};
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
