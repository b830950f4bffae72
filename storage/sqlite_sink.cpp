#include "storage/sqlite_sink.hpp"

#include "storage/sqlite_migration.hpp"

namespace feedtree::storage {
namespace {

constexpr std::int64_t million = 1'000'000;
constexpr std::int64_t hour_ms = 3'600'000;

std::size_t size_option(const sink_context& context, std::string_view name, std::int64_t otherwise,
                        std::int64_t most) {
  return static_cast<std::size_t>(sink_option(context, name, otherwise, 1, most));
}

}  // namespace

sqlite_sink::sqlite_sink(std::string_view path, const sink_context& context)
    : path_(path),
      now_ns_(context.now_ns),
      rows_max_(size_option(context, "rows_max", 10'000, million)),
      bytes_max_(size_option(context, "bytes_max", 16 << 20, 1 << 30)),
      flush_interval_ns_(sink_option(context, "flush_interval_ms", 1'000, 0, hour_ms) * million),
      retention_(context) {
  std::vector<std::string_view> names{"rows_max", "bytes_max", "flush_interval_ms",
                                      "busy_timeout_ms"};
  for (const auto& name : retention_option_names()) names.push_back(name);
  check_sink_options("sqlite", context, names);
  if (path.empty()) throw sink_error(false, "the sqlite sink needs a path (sqlite:PATH)");
  if (!now_ns_) throw sink_error(false, "the sqlite sink needs a clock");
  const auto busy_ms = sink_option(context, "busy_timeout_ms", 2'000, 0, hour_ms);
  database_ = std::make_unique<sqlite_database>(path_, static_cast<int>(busy_ms));
  migrate(*database_, migrations_of("sqlite"), {migration_mode::apply, {}, now_ns_()});
  rows_ = std::make_unique<sqlite_rows>(*database_);
}

sqlite_sink::~sqlite_sink() {
  try {
    close();
  } catch (const sink_error&) {  // close() tells those who call it
    release();
  }
}

void sqlite_sink::write(const batch_ptr& batch) {
  if (database_ == nullptr) throw sink_error(false, path_ + " is closed");
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

bool sqlite_sink::is_due() const {
  return pending_rows_ >= rows_max_ || pending_bytes_ >= bytes_max_ ||
         now_ns_() - oldest_ns_ >= flush_interval_ns_;
}

void sqlite_sink::flush() {
  if (database_ == nullptr) throw sink_error(false, path_ + " is closed");
  if (!pending_.empty() || mark_moved_) commit();
}

void sqlite_sink::mark(std::string_view journal, std::uint64_t position) {
  journal_ = journal;
  position_ = position;
  mark_moved_ = true;
}

std::uint64_t sqlite_sink::marked(std::string_view journal) {
  auto query = database_->prepare("SELECT position FROM sink_cursor WHERE journal = ?");
  query.bind(1, journal);
  return query.step() ? static_cast<std::uint64_t>(query.integer(0)) : 0;
}

// What was taken before a mark is in the same transaction or in an earlier one.
void sqlite_sink::store_mark() {
  if (!mark_moved_) return;
  auto statement = database_->prepare("INSERT OR REPLACE INTO sink_cursor VALUES (?, ?)");
  statement.bind(1, journal_);
  statement.bind(2, static_cast<std::int64_t>(position_));
  statement.run();
}

void sqlite_sink::commit() {
  inserted_rows inserted;
  try {
    database_->execute("BEGIN IMMEDIATE");
    inserted = insert_all();
    store_mark();
    database_->execute("COMMIT");
  } catch (const sink_error&) {
    database_->roll_back();
    known_.clear();
    ++counters_.errors;
    throw;
  }
  mark_moved_ = false;
  counters_.delivered += pending_rows_;
  counters_.duplicates += pending_rows_ - inserted.all_events();
  inserted_ += inserted;
  pending_.clear();
  pending_rows_ = 0;
  pending_bytes_ = 0;
  if (retention_.is_due(now_ns_())) remove_old();
}

// What could not be removed now will be with a later commit: rows are not kept waiting for that.
void sqlite_sink::remove_old() {
  try {
    retention_.step(*database_, now_ns_());
  } catch (const sink_error&) {
    ++counters_.errors;
  }
}

inserted_rows sqlite_sink::insert_all() {
  inserted_rows inserted;
  for (const auto& batch : pending_) {
    for (const auto& what : batch->events) {
      if (know(*what.where)) ++inserted.instrument;
      if (rows_->insert(what, *batch)) ++inserted.events[what.body.index()];
    }
    for (const auto& what : batch->quarantine) {
      if (rows_->insert(what)) ++inserted.quarantine;
    }
  }
  return inserted;
}

// True if the database did not have it.
bool sqlite_sink::know(const listing& where) {
  if (where.index >= known_.size()) known_.resize(where.index + std::size_t{1});
  if (known_[where.index] == &where) return false;
  const bool is_new = rows_->insert(where);
  known_[where.index] = &where;
  return is_new;
}

void sqlite_sink::close() {
  if (database_ == nullptr) return;
  try {
    flush();
  } catch (const sink_error&) {
    release();
    throw;
  }
  release();
}

void sqlite_sink::release() {
  rows_.reset();
  database_.reset();
  pending_.clear();
}

namespace {

const sink_registration registered{
    "sqlite", [](std::string_view target, const sink_context& context) -> std::unique_ptr<sink> {
      return std::make_unique<sqlite_sink>(target, context);
    }};

}  // namespace
}  // namespace feedtree::storage
