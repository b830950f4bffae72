#include "storage/timescale_sink.hpp"

#include "storage/timescale_migration.hpp"

namespace feedtree::storage {
namespace {

constexpr std::int64_t million = 1'000'000;
constexpr std::int64_t hour_ms = 3'600'000;

std::size_t size_option(const sink_context& context, std::string_view name, std::int64_t otherwise,
                        std::int64_t most) {
  return static_cast<std::size_t>(sink_option(context, name, otherwise, 1, most));
}

pg_limits limits_of(const sink_context& context) {
  pg_limits limits;
  limits.connect_timeout_ms =
      sink_option(context, "connect_timeout_ms", limits.connect_timeout_ms, 1, hour_ms);
  limits.statement_timeout_ms =
      sink_option(context, "statement_timeout_ms", limits.statement_timeout_ms, 1, hour_ms);
  return limits;
}

std::vector<std::string_view> option_names() {
  std::vector<std::string_view> names{"rows_max", "bytes_max", "flush_interval_ms",
                                      "connect_timeout_ms", "statement_timeout_ms"};
  for (const auto& name : policy_option_names()) names.push_back(name);
  return names;
}

}  // namespace

timescale_sink::timescale_sink(std::string_view dsn, const sink_context& context)
    : dsn_(std::string(dsn)),
      now_ns_(context.now_ns),
      rows_max_(size_option(context, "rows_max", 10'000, million)),
      bytes_max_(size_option(context, "bytes_max", 16 << 20, 1 << 30)),
      flush_interval_ns_(sink_option(context, "flush_interval_ms", 1'000, 0, hour_ms) * million),
      limits_(limits_of(context)),
      policies_(context) {
  check_sink_options("timescale", context, option_names());
  if (!now_ns_) throw sink_error(false, "the timescale sink needs a clock");
  connect();
}

timescale_sink::~timescale_sink() {
  try {
    close();
  } catch (const sink_error&) {  // close() tells those who call it
    release();
  }
}

void timescale_sink::connect() {
  if (connection_ != nullptr) return;
  counters_.connected = false;
  auto connection = std::make_unique<pg_connection>(dsn_, limits_);
  connection->limit_statements(migration_timeout_ms);
  migrate(*connection, migrations_of("timescale"), {migration_mode::apply, {}, now_ns_()});
  policies_.install(*connection);
  rows_.prepare(*connection);
  connection->limit_statements(limits_.statement_timeout_ms);
  connection_ = std::move(connection);
  counters_.connected = true;
  if (counters_.disconnects > counters_.reconnects) ++counters_.reconnects;
}

void timescale_sink::disconnect() {
  if (connection_ == nullptr) return;
  connection_.reset();
  known_.clear();
  counters_.connected = false;
  ++counters_.disconnects;
}

void timescale_sink::write(const batch_ptr& batch) {
  if (closed_) throw sink_error(false, dsn_.place() + " is closed");
  const auto rows = batch->events.size();
  const auto bytes = batch->bytes();
  if (pending_.empty()) oldest_ns_ = now_ns_();
  pending_.push_back(batch);
  pending_rows_ += rows;
  pending_bytes_ += bytes;
  try {
    if (is_due()) commit();
  } catch (const sink_error&) {
    pending_.pop_back();
    pending_rows_ -= rows;
    pending_bytes_ -= bytes;
    throw;
  }
  ++counters_.batches;
  counters_.events += rows;
}

bool timescale_sink::is_due() const {
  return pending_rows_ >= rows_max_ || pending_bytes_ >= bytes_max_ ||
         now_ns_() - oldest_ns_ >= flush_interval_ns_;
}

void timescale_sink::flush() {
  if (closed_) throw sink_error(false, dsn_.place() + " is closed");
  if (!pending_.empty() || mark_moved_) commit();
}

void timescale_sink::mark(std::string_view journal, std::uint64_t position) {
  journal_ = journal;
  position_ = position;
  mark_moved_ = true;
}

std::uint64_t timescale_sink::marked(std::string_view journal) {
  connect();
  const auto found = connection_->execute("SELECT position FROM sink_cursor WHERE journal = $1",
                                          {std::string(journal)});
  return found.rows() == 0 ? 0 : static_cast<std::uint64_t>(found.integer(0, 0));
}

void timescale_sink::commit() {
  inserted_rows inserted;
  std::uint64_t refused = 0;
  try {
    connect();
    gather();
    try {
      inserted = insert_pipelined();
    } catch (const pg_error& error) {
      if (error.failure() != pg_failure::row) throw;
      connection_->roll_back();
      inserted = insert_singly(refused);
    }
  } catch (const sink_error& error) {
    ++counters_.errors;
    const auto* const failed = dynamic_cast<const pg_error*>(&error);
    if (failed != nullptr && failed->failure() == pg_failure::connection) disconnect();
    if (connection_ != nullptr) connection_->roll_back();
    throw;
  }
  know();
  mark_moved_ = false;
  counters_.delivered += pending_rows_;
  counters_.refused += refused;
  counters_.duplicates += pending_rows_ - inserted.all_events() - refused;
  inserted_ += inserted;
  pending_.clear();
  pending_rows_ = 0;
  pending_bytes_ = 0;
  if (policies_.is_due(now_ns_())) drop_old();
}

// What could not be dropped now will be in an hour: rows are not kept waiting for that.
void timescale_sink::drop_old() {
  try {
    policies_.drop_old(*connection_, now_ns_());
  } catch (const pg_error& error) {
    ++counters_.errors;
    if (error.failure() == pg_failure::connection) disconnect();
  }
}

// Sorts what waits by table, with the instruments that the database may not know.
void timescale_sink::gather() {
  load_.clear();
  std::vector<bool> added(known_.size());
  for (const auto& batch : pending_) {
    load_.add(*batch);
    for (const auto& what : batch->events) {
      const auto index = what.where->index;
      if (index >= known_.size()) known_.resize(index + std::size_t{1});
      if (index >= added.size()) added.resize(known_.size());
      if (known_[index] == what.where || added[index]) continue;
      load_.listings.push_back(what.where);
      added[index] = true;
    }
  }
}

void timescale_sink::know() {
  for (const auto* where : load_.listings) known_[where->index] = where;
  load_.clear();
}

// What was taken before a mark is in the same transaction or in an earlier one.
std::string timescale_sink::cursor_statement() const {
  std::string journal;
  for (const char c : journal_) journal.append(c == '\'' ? "''" : std::string(1, c));
  return "INSERT INTO sink_cursor VALUES ('" + journal + "', " + std::to_string(position_) +
         ") ON CONFLICT (journal) DO UPDATE SET position = excluded.position";
}

inserted_rows timescale_sink::insert_pipelined() {
  connection_->begin_pipeline();
  connection_->send("BEGIN");
  const auto sent = rows_.send(*connection_, load_);
  if (mark_moved_) connection_->send(cursor_statement());
  connection_->send("COMMIT");
  return sent.changed(connection_->finish_pipeline(), 1);
}

inserted_rows timescale_sink::insert_singly(std::uint64_t& refused) {
  connection_->execute("BEGIN");
  std::uint64_t put_aside_rows = 0;
  auto inserted = rows_.insert(*connection_, load_, [&](const auto& row, const auto& reason) {
    if (put_aside(row, reason)) ++put_aside_rows;
    ++refused;
  });
  if (mark_moved_) connection_->execute(cursor_statement());
  connection_->execute("COMMIT");
  inserted.quarantine += put_aside_rows;
  return inserted;
}

bool timescale_sink::put_aside(const event_ref& row, const std::string& reason) {
  const auto& what = *row.what;
  return rows_.insert(*connection_, {what.where->venue, what.where->symbol, "database", reason,
                                     event_id(what), what.receive_ns});
}

void timescale_sink::close() {
  if (closed_) return;
  try {
    flush();
  } catch (const sink_error&) {
    release();
    throw;
  }
  release();
}

void timescale_sink::release() {
  closed_ = true;
  connection_.reset();
  pending_.clear();
  load_.clear();
}

namespace {

const sink_registration registered{
    "timescale", [](std::string_view target, const sink_context& context) -> std::unique_ptr<sink> {
      return std::make_unique<timescale_sink>(target, context);
    }};

}  // namespace
}  // namespace feedtree::storage
