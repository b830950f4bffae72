// Which books and connections a venue runs, and what is polled: also when instruments come and go.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "adapters/venues/venue.hpp"

namespace feedtree::actors {

// What the venue's rules are.
struct layout_rules {
  // The connections that carry these streams.
  std::function<std::vector<venues::connection_plan>(const std::vector<venues::stream>&)> plan;
  // The request that is polled for a stream; nothing where it comes over a connection.
  std::function<std::optional<venues::rest_request>(const venues::stream&)> poll;
};

// What a change means for the actors, by their names.
struct layout_change {
  std::vector<const listing*> books;     // that begin, or end
  std::vector<std::string> connections;  // likewise: "connection-3"
  std::vector<std::string> shrunk;       // connections that go on with fewer streams
  bool polls = false;                    // something else is polled from now on
};

// Thread-safe: the director changes it, and connections read it when they start. Instruments that
// come get connections of their own, so that nobody's connection is touched.
class venue_layout {
 public:
  explicit venue_layout(layout_rules rules) : rules_(std::move(rules)) {}

  // Streams of instruments that are not there yet. Names of connections are never used again.
  layout_change add(const std::vector<venues::stream>& streams);
  // All streams of this instrument go.
  layout_change remove(const listing* where);

  bool has(const listing* where) const;
  std::vector<const listing*> books() const;
  // For what is to start behind them; empty: there is none.
  std::string last_connection() const;
  const listing* last_book() const;
  // What the connection of this name carries now; empty for one that is gone.
  venues::connection_plan plan(const std::string& connection) const;
  std::vector<venues::rest_request> polls() const;

 private:
  struct connection {
    std::string name;
    venues::connection_plan plan;
  };
  mutable std::mutex mutex_;
  layout_rules rules_;
  std::vector<const listing*> books_;
  std::vector<connection> connections_;
  std::vector<venues::stream> polled_;
  std::size_t last_number_ = 0;
};

}  // namespace feedtree::actors
