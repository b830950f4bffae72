// The actor that polls what a venue gives over REST only (open interest).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/edges/edge_display.hpp"
#include "actors/edges/outbox.hpp"
#include "actors/interfaces.hpp"
#include "actors/sink/archive_intake.hpp"
#include "actors/venue/shared_budget.hpp"
#include "adapters/transport/https_client.hpp"
#include "adapters/venues/venue.hpp"

namespace feedtree::actors {

struct poller_options {
  std::string name;
  std::vector<venues::rest_request> requests;
  std::shared_ptr<venues::session> session;  // reads the answers
  transport::https_client* https = nullptr;
  std::shared_ptr<shared_budget> budget;
  std::map<const listing*, book_actor> books;
  std::shared_ptr<archive_intake> archive{};  // gets what is received; may be null
  credit_window credit;
  std::shared_ptr<statistics> counters;
  std::function<std::int64_t()> now_ns;
  std::int64_t interval_ms = 15'000;  // between two rounds over all requests
};

struct poller_state {
  poller_options options;
  archive_tap tap;
  std::map<const listing*, outbox<decoded_slice>> outboxes;
  std::map<const listing*, edge_display> displays;
  std::size_t next = 0;      // request of the present round
  std::uint64_t ticket = 0;  // of the request under way
  bool stopping = false;
};

poller_actor::behavior_type poller_behavior(poller_actor::stateful_pointer<poller_state> self,
                                            poller_options options);

}  // namespace feedtree::actors
