// The server as it is at one moment, for those who look at it: plain data, gathered from what the
// actors count.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/batch/poller_board.hpp"
#include "actors/reporting/report_gauge.hpp"
#include "actors/sink/archive_gauge.hpp"
#include "actors/statistics.hpp"
#include "actors/supervision/actor_registry.hpp"
#include "config/config.hpp"
#include "config/dependencies.hpp"

namespace feedtree::actors {

// What is true from the start to the end.
struct server_facts {
  std::string version;
  std::int64_t started_ns = 0;
  std::vector<std::string> sink_policies;          // by the sink's index
  std::vector<config::fallback> insecure;          // insecure defaults that were taken
  bool needs_token = false;                        // for changes
  std::shared_ptr<const archive_gauge> archive{};  // null: there is none
  std::shared_ptr<const poller_board> pollers{};   // null: there are none
  std::shared_ptr<const report_gauge> reports{};   // null: nothing is reported
};

enum class venue_standing : std::uint8_t { starting, connecting, syncing, degraded, live, failed };
// "starting", "connecting", ...
std::string_view to_string(venue_standing standing);

struct latency_summary {
  std::uint64_t p50_us = 0;
  std::uint64_t p99_us = 0;
};

struct venue_view {
  std::string venue;
  venue_standing state = venue_standing::starting;
  std::string reason;                            // why it is not live, in words; empty if it is
  std::size_t instruments = 0;                   // that are wanted of it
  std::vector<unknown_instrument> unknown;       // of them: those that it does not have
  std::array<std::size_t, feed_states> books{};  // by their state
  std::uint64_t connections_open = 0;
  const venue_statistics* counters = nullptr;  // null before it has begun; outlives the view
  std::uint64_t frames_per_second = 0;
  std::uint64_t events_per_second = 0;
  latency_summary receive;  // exchange to receive, of the last seconds
  latency_summary pass;     // receive to validated
  std::uint64_t checks_failed = 0;
  std::uint64_t restarts = 0;  // of actors below it
};

struct sink_view {
  sink_statistics counters;
  std::string policy;
  edge_statistics edge;         // from the distributor
  std::int64_t behind_ns = 0;   // since when it is behind; 0: it is not
  std::int64_t failing_ns = 0;  // likewise, that it fails
  std::uint64_t events_per_second = 0;
};

struct server_view {
  std::shared_ptr<const server_facts> facts;
  std::int64_t now_ns = 0;
  std::vector<venue_view> venues;      // in the order of the configuration
  std::vector<book_statistics> books;  // of configured instruments
  std::vector<sink_view> sinks;
  std::vector<edge_statistics> edges;
  journal_statistics journal;
  std::vector<actor_info> actors;
  std::map<std::string, std::uint64_t> messages_per_second;  // by the actor's path
  std::map<std::string, latency_summary> handling;           // likewise: time of one message
};

// Makes views: keeps what rates are differences of. One thread. `wanted` are the venues that are
// wanted now.
class view_maker {
 public:
  explicit view_maker(std::shared_ptr<const server_facts> facts) : facts_(std::move(facts)) {}
  // now_ns is wall time; rates are over the last seconds.
  server_view make(const statistics& counters, const actor_registry& registry,
                   const std::vector<config::venue_config>& wanted, std::int64_t now_ns);

 private:
  struct sample {
    std::int64_t at_ns = 0;
    std::map<std::string, std::uint64_t> counts;
    std::map<std::string, latency_counts> latencies;
  };
  std::uint64_t rate(const std::string& name, std::uint64_t now);
  latency_summary summary(const std::string& name, const latency_counts& now);
  void add_venue(const venue_statistics* counters, const config::venue_config& wanted,
                 std::vector<unknown_instrument> unknown, const std::string& trouble,
                 server_view& out);
  void add_counts(const venue_statistics& counters, venue_view& out);
  void add_sinks(const statistics& counters, server_view& out);
  void add_actors(const actor_registry& registry, server_view& out);
  void rotate(std::int64_t now_ns);

  std::shared_ptr<const server_facts> facts_;
  std::vector<sample> samples_;  // the oldest first, one about each half second
  sample next_;
  std::map<std::string, std::int64_t> since_ns_;  // of sinks that are behind or fail
};

// What a venue is, by its books and connections; reason in words.
venue_standing judge_venue(const config::venue_config& config, bool has_begun, bool has_failed,
                           std::uint64_t connections_open,
                           const std::vector<const book_statistics*>& books, std::string& reason);

}  // namespace feedtree::actors
