#include "config/keys.hpp"

#include <algorithm>
#include <array>

#include "config/values.hpp"

namespace feedtree::config {
namespace {

using enum value_type;
constexpr auto required = key_use::required;
constexpr auto optional = key_use::optional;
constexpr auto plain = key_access::plain;
constexpr auto address = key_access::address;
constexpr auto secret = key_access::secret;

constexpr std::int64_t seconds = 1'000;
constexpr std::int64_t minutes = 60 * seconds;
constexpr std::int64_t hours = 60 * minutes;
constexpr std::int64_t days = 24 * hours;
constexpr std::int64_t mebibytes = std::int64_t{1} << 20;

constexpr std::array table{
    key_spec{"venues", list, required},
    key_spec{"venues[].venue", text, required},
    key_spec{"venues[].instruments", list, required},
    key_spec{"venues[].instruments[]", instrument, required},
    key_spec{"venues[].feeds", list, required},
    key_spec{"venues[].feeds[]", feed, required},
    key_spec{"venues[].feeds[].candle", interval, required},
    key_spec{"venues[].book_depth", number, optional, "0", plain, 0, 10'000},
    key_spec{"venues[].websocket_url", websocket_url, optional, "", address},
    key_spec{"venues[].rest_url", rest_url, optional, "", address},
    key_spec{"venues[].tls", mapping},
    key_spec{"venues[].tls.ca_file", text},
    key_spec{"venues[].instruments_per_connection", number, optional, "0", plain, 0, 10'000},
    key_spec{"venues[].idle_timeout", duration, optional, "8s", plain, seconds, 10 * minutes},
    key_spec{"venues[].connect_timeout", duration, optional, "10s", plain, 100, 5 * minutes},
    key_spec{"venues[].freshness", mapping},
    key_spec{"venues[].freshness.floor", duration, optional, "2s", plain, 100, hours},
    key_spec{"venues[].freshness.ceiling", duration, optional, "6s", plain, 500, hours},
    key_spec{"venues[].freshness.proof_timeout", duration, optional, "3s", plain, 500, hours},
    key_spec{"venues[].connection_lifetime", duration, optional, "0s", plain, 0, 168 * hours},
    key_spec{"venues[].connections_per_stream", number, optional, "1", plain, 1, 2},

    key_spec{"sinks", list},
    key_spec{"sinks[].kind", text, required},
    key_spec{"sinks[].policy", choice, optional, "", plain, 0, 0, "block spool conflate"},
    key_spec{"sinks[].options", options},
    key_spec{"sinks[nats].url", nats_url, required, "", secret},
    key_spec{"sinks[nats].user", text, optional, "", secret},
    key_spec{"sinks[nats].password", text, optional, "", secret},
    key_spec{"sinks[nats].token", text, optional, "", secret},
    key_spec{"sinks[nats].creds_file", text},
    key_spec{"sinks[nats].ca_file", text},
    key_spec{"sinks[nats].cert_file", text},
    key_spec{"sinks[nats].key_file", text},
    key_spec{"sinks[nats].name", text, optional, "feedtree"},
    key_spec{"sinks[nats].reply_prefix", text, optional, "_INBOX."},
    key_spec{"sinks[nats].connect_timeout", duration, optional, "2s", plain, 1, hours},
    key_spec{"sinks[nats].write_timeout", duration, optional, "2s", plain, 1, hours},
    key_spec{"sinks[nats].flush_timeout", duration, optional, "5s", plain, 1, hours},
    key_spec{"sinks[nats].reconnect_wait", duration, optional, "250ms", plain, 1, hours},
    key_spec{"sinks[nats].reconnect_buffer", size, optional, "8MiB", plain, 65'536,
             1'024 * mebibytes},
    key_spec{"sinks[jetstream].url", nats_url, required, "", secret},
    key_spec{"sinks[jetstream].user", text, optional, "", secret},
    key_spec{"sinks[jetstream].password", text, optional, "", secret},
    key_spec{"sinks[jetstream].token", text, optional, "", secret},
    key_spec{"sinks[jetstream].creds_file", text},
    key_spec{"sinks[jetstream].ca_file", text},
    key_spec{"sinks[jetstream].cert_file", text},
    key_spec{"sinks[jetstream].key_file", text},
    key_spec{"sinks[jetstream].name", text, optional, "feedtree"},
    key_spec{"sinks[jetstream].reply_prefix", text, optional, "_INBOX."},
    key_spec{"sinks[jetstream].connect_timeout", duration, optional, "2s", plain, 1, hours},
    key_spec{"sinks[jetstream].write_timeout", duration, optional, "2s", plain, 1, hours},
    key_spec{"sinks[jetstream].flush_timeout", duration, optional, "5s", plain, 1, hours},
    key_spec{"sinks[jetstream].reconnect_wait", duration, optional, "250ms", plain, 1, hours},
    key_spec{"sinks[jetstream].reconnect_buffer", size, optional, "8MiB", plain, 65'536,
             1'024 * mebibytes},
    key_spec{"sinks[jetstream].stream", text, optional, "MD"},
    key_spec{"sinks[jetstream].prefix", text},
    key_spec{"sinks[jetstream].create", boolean, optional, "true"},
    key_spec{"sinks[jetstream].duplicate_window", duration, optional, "2m", plain, 100, 24 * hours},
    key_spec{"sinks[jetstream].max_age", duration, optional, "24h", plain, 0, 87'600 * hours},
    key_spec{"sinks[jetstream].max_size", size, optional, "0B", plain, 0, 1'048'576 * mebibytes},
    key_spec{"sinks[jetstream].replicas", number, optional, "1", plain, 1, 5},
    key_spec{"sinks[jetstream].pending_max", number, optional, "4096", plain, 1, 1'000'000},
    key_spec{"sinks[timescale].dsn", dsn, required, "", secret},
    key_spec{"sinks[timescale].rows_max", number, optional, "10000", plain, 1, 1'000'000},
    key_spec{"sinks[timescale].bytes_max", size, optional, "16MiB", plain, 1, 1'024 * mebibytes},
    key_spec{"sinks[timescale].flush_interval", duration, optional, "1s", plain, 0, hours},
    key_spec{"sinks[timescale].connect_timeout", duration, optional, "5s", plain, 1, hours},
    key_spec{"sinks[timescale].statement_timeout", duration, optional, "10s", plain, 1, hours},
    key_spec{"sinks[timescale].compress_after", duration, optional, "7d", plain, hours,
             3'650 * days},
    key_spec{"sinks[timescale].retention", mapping},
    key_spec{"sinks[timescale].retention.trade", duration, optional, "", plain, hours,
             3'650 * days},
    key_spec{"sinks[timescale].retention.book", duration, optional, "", plain, hours, 3'650 * days},
    key_spec{"sinks[timescale].retention.quote", duration, optional, "", plain, hours,
             3'650 * days},
    key_spec{"sinks[timescale].retention.ticker", duration, optional, "", plain, hours,
             3'650 * days},
    key_spec{"sinks[timescale].retention.candle", duration, optional, "", plain, hours,
             3'650 * days},
    key_spec{"sinks[timescale].retention.funding", duration, optional, "", plain, hours,
             3'650 * days},
    key_spec{"sinks[timescale].retention.open_interest", duration, optional, "", plain, hours,
             3'650 * days},
    key_spec{"sinks[timescale].retention.liquidation", duration, optional, "", plain, hours,
             3'650 * days},
    key_spec{"sinks[timescale].retention.status", duration, optional, "", plain, hours,
             3'650 * days},
    key_spec{"sinks[timescale].retention.gap", duration, optional, "", plain, hours, 3'650 * days},
    key_spec{"sinks[timescale].retention.quarantine", duration, optional, "", plain, hours,
             3'650 * days},
    key_spec{"sinks[sqlite].path", text, required},
    key_spec{"sinks[sqlite].rows_max", number, optional, "10000", plain, 1, 1'000'000},
    key_spec{"sinks[sqlite].bytes_max", size, optional, "16MiB", plain, 1, 1'024 * mebibytes},
    key_spec{"sinks[sqlite].flush_interval", duration, optional, "1s", plain, 0, hours},
    key_spec{"sinks[sqlite].busy_timeout", duration, optional, "2s", plain, 0, hours},
    key_spec{"sinks[sqlite].retention", mapping},
    key_spec{"sinks[sqlite].retention.trade", duration, optional, "", plain, hours, 3'650 * days},
    key_spec{"sinks[sqlite].retention.book", duration, optional, "", plain, hours, 3'650 * days},
    key_spec{"sinks[sqlite].retention.quote", duration, optional, "", plain, hours, 3'650 * days},
    key_spec{"sinks[sqlite].retention.ticker", duration, optional, "", plain, hours, 3'650 * days},
    key_spec{"sinks[sqlite].retention.candle", duration, optional, "", plain, hours, 3'650 * days},
    key_spec{"sinks[sqlite].retention.funding", duration, optional, "", plain, hours, 3'650 * days},
    key_spec{"sinks[sqlite].retention.open_interest", duration, optional, "", plain, hours,
             3'650 * days},
    key_spec{"sinks[sqlite].retention.liquidation", duration, optional, "", plain, hours,
             3'650 * days},
    key_spec{"sinks[sqlite].retention.status", duration, optional, "", plain, hours, 3'650 * days},
    key_spec{"sinks[sqlite].retention.gap", duration, optional, "", plain, hours, 3'650 * days},
    key_spec{"sinks[sqlite].retention.quarantine", duration, optional, "", plain, hours,
             3'650 * days},
    key_spec{"sinks[redis].url", redis_url, required, "", secret},
    key_spec{"sinks[redis].user", text, optional, "", secret},
    key_spec{"sinks[redis].password", text, optional, "", secret},
    key_spec{"sinks[redis].ca_file", text},
    key_spec{"sinks[redis].cert_file", text},
    key_spec{"sinks[redis].key_file", text},
    key_spec{"sinks[redis].database", number, optional, "0", plain, 0, 65'535},
    key_spec{"sinks[redis].prefix", text, optional, "md"},
    key_spec{"sinks[redis].depth", number, optional, "10", plain, 1, 1'000},
    key_spec{"sinks[redis].expiry", duration, optional, "30s", plain, 300, 24 * hours},
    key_spec{"sinks[redis].quiet", duration, optional, "10m", plain, seconds, 24 * hours},
    key_spec{"sinks[redis].publish", boolean, optional, "false"},
    key_spec{"sinks[redis].stream", boolean, optional, "false"},
    key_spec{"sinks[redis].maxlen", number, optional, "1000", plain, 1, 1'000'000'000},
    key_spec{"sinks[redis].connect_timeout", duration, optional, "2s", plain, 1, hours},
    key_spec{"sinks[redis].write_timeout", duration, optional, "2s", plain, 1, hours},
    key_spec{"sinks[jsonl].path", text, required},
    key_spec{"sinks[jsonl].overwrite", boolean, optional, "false"},
    key_spec{"sinks[other].target", text, optional, "", secret},

    key_spec{"pollers", list},
    key_spec{"pollers[].name", text, required},
    key_spec{"pollers[].source", text, required},
    key_spec{"pollers[].instruments", list, required},
    key_spec{"pollers[].instruments[]", text, required},
    key_spec{"pollers[].feeds", list, required},
    key_spec{"pollers[].feeds[]", feed, required},
    key_spec{"pollers[].feeds[].candle", interval, required},
    key_spec{"pollers[].interval", interval, optional, "1h"},
    key_spec{"pollers[].every", interval},
    key_spec{"pollers[].cron", text},
    key_spec{"pollers[].history", duration, optional, "1d", plain, minutes, 3'650 * days},
    key_spec{"pollers[].overlap", duration, optional, "1h", plain, 0, 365 * days},
    key_spec{"pollers[].settle", duration, optional, "30s", plain, 0, days},
    key_spec{"pollers[].key", text, optional, "", secret},
    key_spec{"pollers[].plan", choice, optional, "demo", plain, 0, 0, "demo pro"},
    key_spec{"pollers[].rest_url", rest_url, optional, "", address},
    key_spec{"pollers[].tls", mapping},
    key_spec{"pollers[].tls.ca_file", text},

    key_spec{"reconnect", mapping},
    key_spec{"reconnect.initial", duration, optional, "250ms", plain, 10, minutes},
    key_spec{"reconnect.max", duration, optional, "30s", plain, 10, hours},

    key_spec{"restart", mapping},
    key_spec{"restart.intensity", number, optional, "5", plain, 0, 1'000},
    key_spec{"restart.within", duration, optional, "1m", plain, seconds, hours},
    key_spec{"restart.initial", duration, optional, "100ms", plain, 1, minutes},
    key_spec{"restart.max", duration, optional, "10s", plain, 1, hours},

    key_spec{"breaker", mapping},
    key_spec{"breaker.failures", number, optional, "10", plain, 0, 1'000},
    key_spec{"breaker.open_for", duration, optional, "15s", plain, seconds, hours},

    key_spec{"credit", mapping},
    key_spec{"credit.events", number, optional, "65536", plain, 256, 16'777'216},
    key_spec{"credit.bytes", size, optional, "64MiB", plain, mebibytes, 4'096 * mebibytes},

    key_spec{"journal", mapping},
    key_spec{"journal.path", text, optional, "data/journal"},
    key_spec{"journal.max_size", size, optional, "8GiB", plain, mebibytes, 1'048'576 * mebibytes},
    key_spec{"journal.at_limit", choice, optional, "block", plain, 0, 0, "block drop_oldest"},
    key_spec{"journal.sync", choice, optional, "normal", plain, 0, 0, "normal full"},

    key_spec{"candles", mapping},
    key_spec{"candles.intervals", list, required},
    key_spec{"candles.intervals[]", interval, required},
    key_spec{"candles.lateness", duration, optional, "2s", plain, 100, hours},
    key_spec{"candles.revise_for", duration, optional, "1h", plain, minutes, 48 * hours},
    key_spec{"candles.empty", boolean, optional, "false"},

    key_spec{"archive", mapping},
    key_spec{"archive.path", text, required},
    key_spec{"archive.rotate_after", duration, optional, "15m", plain, seconds, hours},
    key_spec{"archive.rotate_size", size, optional, "64MiB", plain, 65'536, 1'024 * mebibytes},
    key_spec{"archive.block_size", size, optional, "1MiB", plain, 4'096, 64 * mebibytes},
    key_spec{"archive.flush_interval", duration, optional, "1s", plain, 10, minutes},
    key_spec{"archive.queue_size", size, optional, "64MiB", plain, mebibytes, 4'096 * mebibytes},
    key_spec{"archive.level", number, optional, "3", plain, 1, 19},
    key_spec{"archive.key", text, optional, "", secret},
    key_spec{"archive.retention", mapping},
    key_spec{"archive.retention.age", duration, optional, "", plain, hours, 36'500 * days},
    key_spec{"archive.retention.size", size, optional, "", plain, mebibytes, 1'048'576 * mebibytes},

    key_spec{"archive.retention.only_uploaded", boolean, optional, "false"},

    key_spec{"http", mapping},
    key_spec{"http.listen", listen_address, optional, "127.0.0.1:8080"},
    key_spec{"http.cert_file", text},
    key_spec{"http.key_file", text},
    key_spec{"http.record_reads", duration, optional, "1h", plain, 0, days},

    key_spec{"validation", mapping},
    key_spec{"validation.rules", text},

    key_spec{"metrics", mapping},
    key_spec{"metrics.file", mapping},
    key_spec{"metrics.file.path", text, optional, "data/metrics"},
    key_spec{"metrics.file.interval", duration, optional, "1m", plain, 0, hours},
    key_spec{"metrics.file.rotate_size", size, optional, "16MiB", plain, 65'536, 1'024 * mebibytes},
    key_spec{"metrics.file.max_size", size, optional, "256MiB", plain, mebibytes,
             1'048'576 * mebibytes},
    key_spec{"metrics.push", mapping},
    key_spec{"metrics.push.url", web_url, required, "", secret},
    key_spec{"metrics.push.job", text, optional, "feedtree"},
    key_spec{"metrics.push.instance", text, optional, "", address},
    key_spec{"metrics.push.interval", duration, optional, "15s", plain, seconds, hours},
    key_spec{"metrics.push.timeout", duration, optional, "5s", plain, 100, 5 * minutes},
    key_spec{"metrics.push.ca_file", text},

    key_spec{"alerts", mapping},
    key_spec{"alerts.webhook", mapping},
    key_spec{"alerts.webhook.url", web_url, required, "", secret},
    key_spec{"alerts.webhook.secret", text, required, "", secret},
    key_spec{"alerts.webhook.ca_file", text},
    key_spec{"alerts.webhook.severity", choice, optional, "warning", plain, 0, 0,
             "info warning critical"},
    key_spec{"alerts.webhook.queue", number, optional, "1000", plain, 1, 100'000},
    key_spec{"alerts.webhook.timeout", duration, optional, "10s", plain, 100, 5 * minutes},
    key_spec{"alerts.webhook.retry", mapping},
    key_spec{"alerts.webhook.retry.initial", duration, optional, "1s", plain, 10, hours},
    key_spec{"alerts.webhook.retry.max", duration, optional, "1m", plain, 10, hours},
    key_spec{"alerts.webhook.give_up_after", duration, optional, "1h", plain, seconds, 7 * days},

    key_spec{"grace_period", duration, optional, "10s", plain, 100, 10 * minutes},
    key_spec{"startup_timeout", duration, optional, "30s", plain, seconds, 10 * minutes},
    key_spec{"log_level", choice, optional, "info", plain, 0, 0, "trace debug info warning error"},
    key_spec{"log_format", choice, optional, "text", plain, 0, 0, "text json"},
};

constexpr std::array<std::string_view, 19> type_names{"mapping",
                                                      "mapping",
                                                      "list",
                                                      "text",
                                                      "choice",
                                                      "instrument",
                                                      "feed",
                                                      "true or false",
                                                      "whole number",
                                                      "duration",
                                                      "size",
                                                      "candle interval",
                                                      "ws or wss URL",
                                                      "http or https URL",
                                                      "http or https URL with a path",
                                                      "nats or tls URL",
                                                      "redis or rediss URL",
                                                      "PostgreSQL connection string",
                                                      "address and port"};

std::string value_text(value_type type, std::int64_t value) {
  if (type == duration) return duration_text(value);
  return type == size ? size_text(value) : std::to_string(value);
}

}  // namespace

std::string_view to_string(value_type type) {
  return type_names[static_cast<std::size_t>(type)];
}

std::string_view key_spec::name() const {
  const auto dot = path.rfind('.');
  return dot == path.npos ? path : path.substr(dot + 1);
}

std::string_view key_spec::short_path() const {
  const auto end = path.rfind("].");
  return end == path.npos ? path : path.substr(end + 2);
}

std::span<const key_spec> all_keys() {
  return table;
}

std::vector<const key_spec*> keys_below(std::string_view path) {
  std::vector<const key_spec*> result;
  for (const auto& key : table) {
    const auto dot = key.path.rfind('.');
    const auto parent = dot == key.path.npos ? std::string_view{} : key.path.substr(0, dot);
    if (parent == path && !key.path.ends_with("[]")) result.push_back(&key);
  }
  return result;
}

std::string bounds_text(const key_spec& key) {
  if (key.most == 0) return {};
  return value_text(key.type, key.least) + " to " + value_text(key.type, key.most);
}

std::vector<std::string> choices_of(const key_spec& key) {
  std::vector<std::string> result(1);
  for (const char c : key.choices) {
    if (c == ' ') {
      result.emplace_back();
    } else {
      result.back() += c;
    }
  }
  return result;
}

std::string type_text(const key_spec& key) {
  if (key.type == choice) return "one of " + joined(choices_of(key));
  const auto bounds = bounds_text(key);
  return std::string(to_string(key.type)) + (bounds.empty() ? "" : ", " + bounds);
}

}  // namespace feedtree::config
