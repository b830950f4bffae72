// What the frames that a simulated venue sends to a client mean: the events in them, by their ids.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/server.hpp"
#include "adapters/venues/venue.hpp"

namespace feedtree::simulator {

struct frame_event {
  std::string id;  // "<venue>:<instrument>:<kind>:<key>"
  std::string instrument;
  event_kind kind = event_kind::book;
  bool snapshot = false;            // of a book
  std::vector<std::string> prices;  // of a book's change: "b60000.4", "a60000.5"
};

// Reads with the venue's own decoder, one for each client, before anything happens to a frame.
class frame_reader {
 public:
  // Gives the venue's answer to a GET of this target.
  using ask_function = std::function<rest_answer(std::string_view target)>;

  // Throws std::invalid_argument for a venue that has no decoder.
  frame_reader(const venue_simulator& venue, ask_function ask);

  void opened(client_id who, std::string_view target);
  void closed(client_id who) { sessions_.erase(who); }
  // The events of a frame; none if it has none. Valid until the next call.
  const std::vector<frame_event>& read(client_id to, std::string_view frame, std::int64_t now_ns);

  // The instrument whose book a REST answer gives; empty if it is no snapshot.
  std::string snapshot_of(std::string_view target, const rest_answer& answer);

 private:
  void learn_symbols();

  const venues::venue& venue_;
  std::string websocket_url_;
  std::string rest_url_;
  ask_function ask_;
  listing_registry registry_;
  venues::venue_symbols symbols_{registry_};
  bool knows_symbols_ = false;
  std::map<client_id, std::unique_ptr<venues::session>> sessions_;
  event_batch decoded_;
  venues::frame_report report_;
  std::vector<frame_event> events_;
};

}  // namespace feedtree::simulator
