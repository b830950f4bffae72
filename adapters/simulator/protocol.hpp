// What a venue looks like from its own side: the frames it sends and the requests it answers. A
// simulated venue is one file in venues/; it registers itself and nothing else is edited. Nothing
// here does I/O or reads a clock.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/simulator/market.hpp"

namespace feedtree::simulator {

using frames = std::vector<std::string>;

// One client's connection: what it subscribed to, and its own sequence numbers. All times are
// nanoseconds since 1970. Frames are appended to out in the order in which they are to be sent.
// Not thread-safe; the markets it was made with outlive it.
class protocol {
 public:
  virtual ~protocol() = default;
  protocol() = default;
  protocol(const protocol&) = delete;
  protocol& operator=(const protocol&) = delete;

  // The client connected to this target, path and query ("/v2", "/stream?streams=a@trade").
  virtual void on_connected(std::string_view target, std::int64_t now_ns, frames& out) = 0;
  // The client sent a frame: subscriptions, pings, and what nobody can read. Symbols that there are
  // not get the venue's own refusal.
  virtual void on_client_frame(std::string_view text, std::int64_t now_ns, frames& out) = 0;
  // A market moved: the frames of that for what this client subscribed to. Called for every step
  // of every market.
  virtual void on_step(const market& what, const market_step& step, frames& out) = 0;
  // Called about every 100 ms, for heartbeats and what the venue sends on a timer.
  virtual void on_tick(std::int64_t now_ns, frames& out) = 0;
  // True if the venue closes the connection now, behind the frames that were appended.
  virtual bool wants_close() const { return false; }
};

struct rest_answer {
  int status = 200;
  std::string body;
  std::int64_t retry_after_s = 0;  // the header Retry-After; 0: none
};

// What a client would do to get everything that the venue has: one connection.
struct client_script {
  std::vector<std::string> rest_before;  // targets to GET before it connects (symbols)
  std::string target;                    // to connect to
  frames subscribe;                      // to send then
  std::vector<std::string> rest_after;   // targets to GET when updates flow (book snapshots)
};

// A venue's own side. Stateless and thread-safe.
class venue_simulator {
 public:
  virtual ~venue_simulator() = default;

  // The name of the venue that it plays, as in adapters/venues.
  virtual std::string_view name() const = 0;
  // The venue's public addresses without a path ("wss://ws.kraken.com", "https://api.kraken.com"),
  // for captures.
  virtual std::string websocket_url() const = 0;
  virtual std::string rest_url() const = 0;
  // The port that `feedtree simulate` listens on unless told otherwise.
  virtual std::uint16_t default_port() const = 0;
  // True if the venue takes WebSocket connections at this target (path and query).
  virtual bool accepts(std::string_view target) const = 0;
  // True if what is sent is said in the target, so that a client need not send anything.
  virtual bool streams_in_target(std::string_view target) const {
    static_cast<void>(target);
    return false;
  }

  // The frame by which the venue announces that it closes a connection; empty: it does not.
  virtual std::string close_announcement(std::int64_t now_ns) const {
    static_cast<void>(now_ns);
    return {};
  }

  // True if the venue's book frames have a checksum.
  virtual bool has_checksums() const { return false; }

  // How the venue trades an instrument: start from default_spec, set the venue symbol, channel and
  // the venue's digits. Throws std::invalid_argument for what the venue does not have.
  virtual market_spec spec_of(const instrument& details) const = 0;

  // The protocol of one connection.
  virtual std::unique_ptr<protocol> make_protocol(const market_set& markets) const = 0;

  // Answers an HTTP request on this target (path and query).
  virtual rest_answer rest(std::string_view method, std::string_view target,
                           const market_set& markets, std::int64_t now_ns) const = 0;

  // The connections of a client that wants everything.
  virtual std::vector<client_script> scripts(const market_set& markets) const = 0;
};

// The markets of a venue by canonical symbols ("BTC-USD"). Throws std::invalid_argument for a text
// that is no symbol or an instrument that the venue does not have.
market_set make_markets(const venue_simulator& venue, const std::vector<std::string>& symbols,
                        std::uint64_t seed, std::int64_t start_ns);

// Registered simulators, by the names of the venues.
const venue_simulator* find_simulator(std::string_view name);
std::vector<std::string> simulator_names();

// A static object of this type registers a simulator:
// `const simulator_registration<kraken_simulator> registered;`.
void register_simulator(std::unique_ptr<const venue_simulator> what);
template <class Simulator>
struct simulator_registration {
  simulator_registration() { register_simulator(std::make_unique<const Simulator>()); }
};

}  // namespace feedtree::simulator
