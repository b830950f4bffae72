// A venue that is alive: its markets move, and every client gets what it subscribed to.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/simulator/capture_frame.hpp"
#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/random_source.hpp"
#include "adapters/simulator/server.hpp"

namespace feedtree::simulator {

struct generator_options {
  std::uint64_t seed = 1;
  std::vector<std::string> instruments;  // canonical, "BTC-USD"
  // Frames of data a second that a client subscribed to everything gets, about; 0: as many as the
  // slowest client takes.
  std::uint32_t frames_per_s = 100;

  // Every problem as a readable line; empty when all is well.
  std::vector<std::string> check() const;
};

// Serves the markets of a venue to the clients of a server.
class market_service : public service {
 public:
  // Throws std::invalid_argument for options that do not pass their check and for instruments that
  // the venue does not have.
  market_service(const venue_simulator& venue, generator_options options, clock_function clock_ns);

  void on_start(server_link& link) override;
  bool accepts(std::string_view target) override;
  void on_open(client_id who, std::string_view target) override;
  void on_text(client_id who, std::string_view text) override;
  void on_close(client_id who) override;
  void on_room(client_id who) override;
  rest_answer on_request(std::string_view method, std::string_view target) override;

  // On the server's thread, or when it has stopped.
  const market_set& markets() const { return markets_; }

  // What a venue in trouble does; on the server's thread. Symbols are canonical; one that there is
  // not is none.
  void cross(std::string_view symbol);
  void set_listed(std::string_view symbol, bool listed);
  // Markets that are at rest do not move; the connections live on.
  void rest() { is_at_rest_ = true; }

 private:
  void on_timer();
  void move();
  std::size_t step(std::int64_t now_ns);
  std::size_t send_step(const market& what, const market_step& change);
  void tick_clients(std::int64_t now_ns);
  bool everyone_has_room();
  void send_all(client_id to, protocol& from);

  const venue_simulator& venue_;
  generator_options options_;
  clock_function clock_ns_;
  market_set markets_;
  random_source choice_;
  std::map<client_id, std::unique_ptr<protocol>> clients_;
  server_link* link_ = nullptr;
  frames pending_;
  std::int64_t moved_ns_ = 0;  // up to here the markets have moved
  std::int64_t ticked_ns_ = 0;
  std::int64_t credit_ = 0;  // frames owed, in billionths
  bool is_at_rest_ = false;
};

struct generated_capture_options {
  std::uint64_t seed = 1;
  std::vector<std::string> instruments;
  std::uint64_t frames = 1000;        // to generate, acknowledgements and snapshots included
  std::int64_t start_ns = 0;          // time of the first record
  std::uint32_t frames_per_s = 1000;  // spacing of the synthetic times
};

// Gives one by one, in the order of their times, the records of a client that subscribes to
// everything (see venue_simulator::scripts): REST answers and frames. Without network and clock:
// the same options give the same records. Throws std::invalid_argument like market_service.
void generate_capture(const venue_simulator& venue, const generated_capture_options& options,
                      const std::function<void(const capture_frame&)>& sink);

}  // namespace feedtree::simulator
