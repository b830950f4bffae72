#include "storage/timescale_policies.hpp"

#include <algorithm>

#include "core/event.hpp"
#include "storage/timescale_migration.hpp"

namespace feedtree::storage {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t most_ms = 3'650 * 24 * hour_ms;
constexpr std::int64_t million = 1'000'000;

// The kinds whose tables are hypertables; the ledger's are kept.
std::vector<std::string> hypertables() {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < event_kinds; ++at) {
    const auto kind = static_cast<event_kind>(at);
    if (kind != event_kind::gap) names.emplace_back(to_string(kind));
  }
  return names;
}

std::string interval(std::int64_t duration_ms) {
  return "INTERVAL '" + std::to_string(duration_ms / 1'000) + " seconds'";
}

// Open and close of trades with one time of the venue are those that the database reads first and
// last.
constexpr std::string_view minute_query =
    "SELECT venue, instrument, time_bucket(INTERVAL '1 minute', exchange_ts) AS minute,"
    " first(price, exchange_ns) AS open, max(price) AS high, min(price) AS low,"
    " last(price, exchange_ns) AS close, sum(quantity) AS volume, count(*) AS trades"
    " FROM trade GROUP BY venue, instrument, minute";

// Runs the statements where the condition holds.
std::string when(const std::string& condition, const std::string& statements) {
  return "DO $$ BEGIN IF " + condition + " THEN " + statements + " END IF; END $$";
}

}  // namespace

const std::vector<std::string>& policy_option_names() {
  static const auto names = [] {
    std::vector<std::string> all{"compress_after_ms"};
    for (const auto& name : retention_option_names()) all.push_back(name);
    return all;
  }();
  return names;
}

timescale_policies::timescale_policies(const sink_context& context)
    : compress_after_ms_(
          sink_option(context, "compress_after_ms", 7 * 24 * hour_ms, hour_ms, most_ms)) {
  for (auto& each : retentions_of(context)) {
    const auto names = hypertables();
    const bool is_plain = std::find(names.begin(), names.end(), each.table) == names.end();
    (is_plain ? plain_ : retentions_).push_back(std::move(each));
  }
}

void timescale_policies::install(pg_connection& connection) {
  const auto license = connection.execute("SELECT current_setting('timescaledb.license', true)");
  full_edition_ = license.text(0, 0) == "timescale";
  const auto statements = full_edition_ ? full_edition_statements() : apache_edition_statements();
  connection.execute("BEGIN");
  try {
    lock_migrations(connection);
    for (const auto& sql : statements) connection.execute(sql);
    connection.execute("COMMIT");
  } catch (...) {
    connection.roll_back();
    throw;
  }
}

std::vector<std::string> timescale_policies::full_edition_statements() const {
  std::vector<std::string> all;
  for (const auto& table : hypertables()) {
    // Not again where chunks may be compressed already.
    all.push_back(
        when("NOT EXISTS (SELECT FROM timescaledb_information.compression_settings"
             " WHERE hypertable_name = '" +
                 table + "')",
             "ALTER TABLE " + table +
                 " SET (timescaledb.compress, timescaledb.compress_segmentby = 'venue,"
                 " instrument', timescaledb.compress_orderby = 'exchange_ts, key');"));
    all.push_back("SELECT remove_compression_policy('" + table + "', if_exists => TRUE)");
    all.push_back("SELECT add_compression_policy('" + table + "', " + interval(compress_after_ms_) +
                  ")");
    all.push_back("SELECT remove_retention_policy('" + table + "', if_exists => TRUE)");
  }
  all.push_back(
      when("NOT EXISTS (SELECT FROM timescaledb_information.continuous_aggregates"
           " WHERE view_name = 'trade_minute')",
           "DROP VIEW IF EXISTS trade_minute; CREATE MATERIALIZED VIEW trade_minute WITH "
           "(timescaledb.continuous, timescaledb.materialized_only = false) AS " +
               std::string(minute_query) + " WITH NO DATA;"));
  all.push_back("SELECT add_continuous_aggregate_policy('trade_minute', start_offset => " +
                interval(compress_after_ms_) +
                ", end_offset => INTERVAL '1 minute', schedule_interval => INTERVAL '1 minute',"
                " if_not_exists => TRUE)");
  for (const auto& each : retentions_) {
    all.push_back("SELECT add_retention_policy('" + each.table + "', " + interval(each.keep_ms) +
                  ")");
  }
  return all;
}

std::vector<std::string> timescale_policies::apache_edition_statements() {
  return {when("to_regclass('trade_minute') IS NULL",
               "CREATE VIEW trade_minute AS " + std::string(minute_query) + ";")};
}

bool timescale_policies::is_due(std::int64_t now_ns) const {
  const bool is_ours = !plain_.empty() || (!full_edition_ && !retentions_.empty());
  return is_ours && now_ns >= next_drop_ns_;
}

void timescale_policies::drop_old(pg_connection& connection, std::int64_t now_ns) {
  next_drop_ns_ = now_ns + hour_ms * million;
  for (const auto& each : plain_) {
    connection.execute("DELETE FROM " + each.table + " WHERE " + std::string(each.time_column) +
                       " < " + std::to_string(now_ns - each.keep_ms * million));
  }
  if (full_edition_) return;
  for (const auto& each : retentions_) {
    const auto before_ms = now_ns / million - each.keep_ms;
    connection.execute("SELECT drop_chunks('" + each.table + "', older_than => to_timestamp(" +
                       std::to_string(before_ms / 1'000) + "))");
  }
}

}  // namespace feedtree::storage
