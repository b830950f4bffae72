// What a hostile venue did and what was true all the while, as JSON Lines.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string_view>
#include <vector>

#include "adapters/simulator/faults.hpp"
#include "adapters/simulator/frame_reader.hpp"
#include "adapters/simulator/market.hpp"

namespace feedtree::simulator {

// What became of a frame on its way to the client.
enum class frame_fate : std::uint8_t { sent, withheld, damaged };
std::string_view to_string(frame_fate fate);

// One line a fault: time, fault, connection, instrument, the events that it hit.
class fault_log {
 public:
  // Either may be null: nothing is written there. Both outlive the log.
  fault_log(std::ostream* faults, std::ostream* truth) : faults_(faults), truth_(truth) {}

  // A fault happened to a frame or a connection; connection 0 where it was all of them or none.
  void fault(std::int64_t now_ns, const fault_spec& spec, client_id connection,
             std::string_view instrument, const std::vector<frame_event>& hit);
  // A fault that lasts kept these back; it is not counted once more.
  void withheld(std::int64_t now_ns, const fault_spec& spec, client_id connection,
                const std::vector<frame_event>& hit);
  // Every event that was made for a client, once for each client.
  void events(std::int64_t now_ns, client_id connection, const std::vector<frame_event>& made,
              frame_fate fate);
  // The books as they are, with the hash that a replay reports: of all levels, and of the best N.
  void books(std::string_view venue, const market_set& markets);
  // So often each fault happened.
  const std::map<std::string_view, std::uint64_t>& counts() const { return counts_; }
  // Writes out what was kept back.
  void flush();

 private:
  void write_fault(std::int64_t now_ns, const fault_spec& spec, client_id connection,
                   std::string_view instrument, const std::vector<frame_event>& hit, bool more);

  std::ostream* faults_;
  std::ostream* truth_;
  std::map<std::string_view, std::uint64_t> counts_;
};

}  // namespace feedtree::simulator
