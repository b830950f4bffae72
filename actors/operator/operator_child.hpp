// The operator's actor as a child of the root supervisor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/batch/poller_board.hpp"
#include "actors/operator/operator.hpp"
#include "actors/reporting/reporting.hpp"
#include "actors/server.hpp"
#include "actors/sink/archive_gauge.hpp"
#include "actors/sink/sink_children.hpp"
#include "actors/supervision/supervisor.hpp"
#include "actors/venue/venue_control.hpp"

namespace feedtree::actors {

struct operator_services {
  std::shared_ptr<statistics> counters;
  std::shared_ptr<actor_registry> actors;
  std::shared_ptr<recent_log> recent;
  std::shared_ptr<book_directory> books;
  std::shared_ptr<venue_control> venues;
  std::shared_ptr<const archive_gauge> archive{};  // null: there is none
  std::shared_ptr<const poller_board> pollers{};   // null: there are none
  report_plan reports;
  std::shared_ptr<accounts> operators{};
  decltype(endpoint_services::change_instrument) change_instrument{};
  std::shared_ptr<certificate_switch> certificate{};
  decltype(endpoint_services::find_instrument) find_instrument{};
};

// Opens the port that the server is to have. Throws std::runtime_error with the reason.
std::unique_ptr<http::server> open_http(const server_options& options);

// What the operator's endpoints and reports look at.
std::shared_ptr<operator_desk> make_desk(const server_options& options,
                                         const std::vector<sink_plan>& plans,
                                         const operator_services& services);

// The server is used for the first start; a later one opens the same port.
child_spec operator_child(const server_options& options, std::shared_ptr<operator_desk> desk,
                          const operator_services& services, std::unique_ptr<http::server> web);

}  // namespace feedtree::actors
