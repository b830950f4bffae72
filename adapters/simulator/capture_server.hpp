// Serves a recording as if it were the venue: each client gets the frames of one recorded
// connection, and REST requests get the recorded answers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/simulator/capture_frame.hpp"
#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/server.hpp"

namespace feedtree::simulator {

struct capture_service_options {
  // Times the recorded pace; 0: as fast as the client takes it. Frames without a recorded time are
  // sent without a pause.
  std::uint32_t speed_percent = 100;
  // Close behind the last frame; else the connection stays, and pings are answered.
  bool close_at_end = false;
  // The venue of the recording, if there is a simulator of it: it says which streams stand in the
  // target, and answers pings. May be null.
  const venue_simulator* venue = nullptr;
};

class capture_service : public service {
 public:
  // The records in the order in which they came.
  capture_service(std::vector<capture_frame> records, capture_service_options options,
                  clock_function clock_ns);

  void on_start(server_link& link) override;
  // A recorded connection of this path; any path if only one connection was recorded.
  bool accepts(std::string_view target) override;
  void on_open(client_id who, std::string_view target) override;
  void on_text(client_id who, std::string_view text) override;
  void on_close(client_id who) override;
  void on_room(client_id who) override;
  // The latest recorded answer at or before the place that the clients have come to, else the
  // earliest, of this path and the same instrument; 404 if there is none.
  rest_answer on_request(std::string_view method, std::string_view target) override;

  // Frames that a client gets, by connection in the order of the recording; for messages.
  std::vector<std::size_t> connection_sizes() const;

 private:
  struct recorded_connection {
    std::string name;
    std::string path;
    std::vector<const capture_frame*> frames;
    std::size_t clients = 0;  // being served with it now
  };
  struct client {
    std::size_t connection = 0;
    std::size_t next = 0;  // frame
    bool streams = false;
    bool waits = false;                 // for a timer
    std::int64_t began_ns = 0;          // when it started to stream
    std::unique_ptr<protocol> answers;  // pings
  };

  recorded_connection& connection_of(const capture_frame& frame);
  std::size_t choose(std::string_view target) const;
  void stream(client_id who);
  void advance(client_id who);
  bool is_paced(const capture_frame& frame) const;
  std::int64_t due_in_ns(const client& who) const;
  void answer_ping(client_id who, client& state, std::string_view text);
  std::int64_t position_ns() const;

  std::vector<capture_frame> records_;
  capture_service_options options_;
  clock_function clock_ns_;
  std::vector<recorded_connection> connections_;
  std::vector<const capture_frame*> answers_;
  market_set no_markets_;
  std::map<client_id, client> clients_;
  server_link* link_ = nullptr;
};

}  // namespace feedtree::simulator
