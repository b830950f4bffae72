// The HTTP endpoints of a server: one table of them all.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actors/operator/accounts.hpp"
#include "actors/operator/operator_desk.hpp"
#include "actors/reload.hpp"
#include "adapters/http/router.hpp"
#include "adapters/http/server.hpp"
#include "core/event.hpp"

namespace feedtree::actors {

// What server-sent events are about; bits of reply::topics.
enum topic : unsigned {
  topic_overview = 1,
  topic_actors = 2,
  topic_instruments = 4,
  topic_gaps = 8,
  topic_states = 16,
  topic_quarantine = 32,
  topic_alerts = 64,
  topic_restarts = 128,
};

// Gets the present book, or null if there is none; on any thread.
using book_taker = std::function<void(batch_ptr)>;

struct endpoint_services {
  std::shared_ptr<operator_desk> desk;
  // Asks the book of an instrument; the answer comes later.
  std::function<void(const std::string& venue, const std::string& instrument, book_taker)> ask_book;
  std::function<http::server_counters()> web;
  std::function<bool()> is_alive;         // the process and its root supervisor
  std::shared_ptr<accounts> operators{};  // null: nobody can sign in, nothing is recorded
  // Adds or removes an instrument; may be empty.
  std::function<instrument_change(const std::string& venue, const std::string& instrument,
                                  bool adds)>
      change_instrument{};
  // Whether an instrument may be added: also by what its venue lists, so the answer comes later, on
  // any thread. May be empty: then only change_instrument judges.
  std::function<void(const std::string& venue, const std::string& instrument, instrument_taker)>
      find_instrument{};
};

// The table. README and docs/http.md describe it; /openapi.json is checked against it.
std::vector<http::route> endpoints(const endpoint_services& services);

// The bits of "overview,gaps"; nothing if a name is unknown. An empty text is all of them.
std::optional<unsigned> parse_topics(std::string_view names);

}  // namespace feedtree::actors
