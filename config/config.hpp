// What a server is to do, as read from its configuration file. Every key is explained in
// docs/configuration.md. Plain data: the reader (config/config_reader.hpp) has checked it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/event.hpp"

namespace feedtree::config {

// One kind of event that is wanted of every instrument of a venue.
struct feed_config {
  event_kind kind = event_kind::book;
  std::int64_t interval_ns = 0;  // candles only, there above 0

  friend bool operator==(const feed_config&, const feed_config&) = default;
};

struct tls_config {
  // A PEM file of the authorities that are trusted; empty: those of the system.
  std::string ca_file;

  friend bool operator==(const tls_config&, const tls_config&) = default;
};

// When a silence is looked into, and how long a proof that the market is quiet may take.
struct freshness_config {
  std::int64_t floor_ms = 2'000;
  std::int64_t ceiling_ms = 6'000;
  std::int64_t proof_timeout_ms = 3'000;

  friend bool operator==(const freshness_config&, const freshness_config&) = default;
};

struct venue_config {
  std::string venue;                     // "kraken"
  std::vector<std::string> instruments;  // canonical symbols, none twice
  std::vector<feed_config> feeds;        // none twice
  std::size_t book_depth = 0;            // levels a side; 0: the venue's default
  std::string websocket_url;  // scheme://host[:port] instead of the venue's own; empty: its own
  std::string rest_url;       // likewise
  tls_config tls;
  std::size_t instruments_per_connection = 0;  // 0: as many as the venue allows
  std::int64_t idle_timeout_ms = 8'000;        // silence after which a connection is not live
  std::int64_t connect_timeout_ms = 10'000;    // resolve, TCP, TLS and WebSocket upgrade together
  freshness_config freshness{};
  // A connection is replaced by a new one before this age; 0: as the venue's own limit has it.
  std::int64_t connection_lifetime_ms = 0;
  std::size_t connections_per_stream = 1;  // so many bring the same; the first arrival counts

  friend bool operator==(const venue_config&, const venue_config&) = default;
};

struct sink_config {
  std::string kind;  // "nats", "jetstream", "sqlite", "timescale", "redis", "jsonl" or "none"
  // nats, jetstream, redis: url, with its credentials; sqlite, jsonl: path; timescale: dsn; none:
  // empty. May hold secrets: never to be shown.
  std::string target;
  // Those that were set, under the names that the sink has for them (sink_context::options).
  std::map<std::string, std::string> options;
  // What happens when it takes less than there is: "block", "spool", "conflate"; empty: as its kind
  // has it.
  std::string policy{};

  friend bool operator==(const sink_config&, const sink_config&) = default;
};

// The delay before a connection is made anew doubles from initial to max, with jitter.
struct reconnect_config {
  std::int64_t initial_ms = 250;
  std::int64_t max_ms = 30'000;

  friend bool operator==(const reconnect_config&, const reconnect_config&) = default;
};

// An actor that fails is restarted; more than `intensity` restarts within `within_ms` escalate to
// its parent. The delay before a restart doubles from initial to max, with jitter.
struct restart_config {
  std::uint32_t intensity = 5;
  std::int64_t within_ms = 60'000;
  std::int64_t initial_ms = 100;
  std::int64_t max_ms = 10'000;

  friend bool operator==(const restart_config&, const restart_config&) = default;
};

// A venue that fails so often in a row is left alone for a while; then one trial decides.
struct breaker_config {
  std::uint32_t failures = 10;  // 0: it is always tried
  std::int64_t open_for_ms = 15'000;

  friend bool operator==(const breaker_config&, const breaker_config&) = default;
};

// What may be under way on one edge between two actors.
struct credit_config {
  std::size_t events = 65'536;
  std::size_t bytes = std::size_t{64} << 20;

  friend bool operator==(const credit_config&, const credit_config&) = default;
};

// The journal in front of the sinks.
struct journal_config {
  std::string path = "data/journal";
  std::uint64_t max_size_bytes = std::uint64_t{8} << 30;
  std::string at_limit = "block";  // "block", "drop_oldest"
  std::string sync = "normal";     // "normal", "full"

  friend bool operator==(const journal_config&, const journal_config&) = default;
};

// Candles that are built from trades, of every instrument whose trades are wanted.
struct candles_config {
  std::vector<std::int64_t> intervals_ns;  // none: no candles are built
  std::int64_t lateness_ms = 2'000;
  std::int64_t revise_for_ms = 3'600'000;
  bool empty = false;

  friend bool operator==(const candles_config&, const candles_config&) = default;
};

// The archive of what venues sent; there is none without a path.
struct archive_config {
  std::string path;
  std::int64_t rotate_after_ms = 900'000;
  std::uint64_t rotate_size_bytes = std::uint64_t{64} << 20;
  std::uint64_t block_size_bytes = std::uint64_t{1} << 20;
  std::int64_t flush_interval_ms = 1'000;
  std::uint64_t queue_size_bytes = std::uint64_t{64} << 20;
  int level = 3;                           // of zstd
  std::string key;                         // empty: nothing is sealed; never to be shown
  std::int64_t retention_age_ms = 0;       // 0: for ever
  std::uint64_t retention_size_bytes = 0;  // 0: no bound
  bool retention_only_uploaded = false;

  friend bool operator==(const archive_config&, const archive_config&) = default;
};

// Where the operator reaches the server.
struct http_config {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;  // 0: one that is free
  std::string cert_file;      // PEM chain; empty: no TLS
  std::string key_file;
  std::int64_t record_reads_ms = 3'600'000;  // 0: reads are not recorded

  friend bool operator==(const http_config&, const http_config&) = default;
};

// The rules that every event is judged by.
struct validation_config {
  std::string rules;  // a file, see config/rules_reader.hpp; empty: only those that are built in

  friend bool operator==(const validation_config&, const validation_config&) = default;
};

// An instrument that is polled, and what the source calls it where that must be said.
struct polled_instrument {
  std::string symbol;  // canonical
  std::string name{};  // "bitcoin"; empty: a venue knows its symbols

  friend bool operator==(const polled_instrument&, const polled_instrument&) = default;
};

// What is fetched over REST again and again, by a schedule.
struct poller_config {
  std::string name;    // "prices": its actor is root/pollers/prices
  std::string source;  // a venue, or a source that is none: "coingecko", "coinalyze"
  std::vector<polled_instrument> instruments;    // none twice
  std::vector<feed_config> feeds;                // none twice
  std::int64_t interval_ns = 3'600'000'000'000;  // of feeds that are given by intervals
  std::string every;                             // "15m"; empty: by cron
  std::string cron;                              // "30 2 * * *", UTC; empty: by every
  std::int64_t history_ms = 86'400'000;          // how far back the first run goes
  std::int64_t overlap_ms = 3'600'000;           // so much is fetched again
  std::int64_t settle_ms = 30'000;               // what is younger is left to the next run
  std::string key;                               // of the source; never to be shown
  std::string plan = "demo";                     // that the key is of: "demo", "pro"
  std::string rest_url;                          // in place of the source's own address
  tls_config tls{};

  friend bool operator==(const poller_config&, const poller_config&) = default;
};

// Counts of the server in a file, a line an interval.
struct metrics_file_config {
  std::string path = "data/metrics";  // a folder
  std::int64_t interval_ms = 60'000;  // 0: nothing is written
  std::uint64_t rotate_size_bytes = std::uint64_t{16} << 20;
  std::uint64_t max_size_bytes = std::uint64_t{256} << 20;  // of all files; the oldest go

  friend bool operator==(const metrics_file_config&, const metrics_file_config&) = default;
};

// A push gateway of Prometheus.
struct metrics_push_config {
  std::string url;  // empty: there is none; may hold secrets: never to be shown
  std::string job = "feedtree";
  std::string instance;  // empty: the host's name
  std::int64_t interval_ms = 15'000;
  std::int64_t timeout_ms = 5'000;
  std::string ca_file;  // PEM; empty: the system's authorities

  friend bool operator==(const metrics_push_config&, const metrics_push_config&) = default;
};

struct metrics_config {
  metrics_file_config file{};
  metrics_push_config push{};

  friend bool operator==(const metrics_config&, const metrics_config&) = default;
};

// Where alerts are sent.
struct webhook_config {
  std::string url;     // empty: nowhere; may hold secrets: never to be shown
  std::string secret;  // signs what is sent; empty: nothing is signed
  std::string ca_file;
  std::string severity = "warning";  // the least that is sent: "info", "warning", "critical"
  std::size_t queue = 1'000;         // alerts that wait
  std::int64_t timeout_ms = 10'000;  // of one attempt
  std::int64_t retry_initial_ms = 1'000;
  std::int64_t retry_max_ms = 60'000;
  std::int64_t give_up_after_ms = 3'600'000;  // an alert is tried for so long

  friend bool operator==(const webhook_config&, const webhook_config&) = default;
};

struct alerts_config {
  webhook_config webhook{};

  friend bool operator==(const alerts_config&, const alerts_config&) = default;
};

struct server_config {
  std::vector<venue_config> venues;  // at least one, none twice
  std::vector<sink_config> sinks;    // may be empty
  reconnect_config reconnect;
  restart_config restart;
  breaker_config breaker;
  credit_config credit;
  journal_config journal;
  archive_config archive{};
  http_config http;
  candles_config candles;
  validation_config validation;
  metrics_config metrics{};
  alerts_config alerts{};
  std::vector<poller_config> pollers{};      // may be empty; no name twice
  std::int64_t grace_period_ms = 10'000;     // for each child to stop
  std::int64_t startup_timeout_ms = 30'000;  // until every venue has its symbols
  std::string log_level = "info";            // "trace", "debug", "info", "warning", "error"
  std::string log_format = "text";           // "text", "json"

  friend bool operator==(const server_config&, const server_config&) = default;
};

}  // namespace feedtree::config
