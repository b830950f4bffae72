// The journal in front of the sinks: batches in order, in a SQLite database, until every sink has
// passed them.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/event.hpp"
#include "core/loss_summary.hpp"
#include "core/past_recorder.hpp"
#include "storage/journal_past.hpp"
#include "storage/sqlite_database.hpp"

namespace feedtree::storage {

enum class journal_limit : std::uint8_t {
  block,        // take no more until sinks have passed something
  drop_oldest,  // put a ledger entry in the place of the oldest
};
enum class journal_sync : std::uint8_t {
  normal,  // a commit survives the end of the process; a power cut may undo the last ones
  full,    // and a power cut
};

struct journal_options {
  std::string path;
  std::uint64_t bytes_max = std::uint64_t{8} << 30;  // of batches as they are stored
  journal_limit at_limit = journal_limit::block;
  journal_sync sync = journal_sync::normal;
  int busy_timeout_ms = 2'000;
  past_options past{};  // what is to be known of feeds at the next start
};

// A batch and its place; positions grow from 1, and some may be missing.
struct journal_batch {
  std::uint64_t position = 0;
  batch_ptr batch;
};

// What a read gives: batches in order, and up to which position there is nothing else.
struct journal_page {
  std::vector<journal_batch> batches;
  std::uint64_t through = 0;
  bool at_end = false;  // nothing is stored behind `through`
};

// One thread at a time. Errors are sink_error: retryable where the disk is full.
class journal {
 public:
  // Opens or makes the file. What is read from it is interned in the registry, which outlives it.
  journal(journal_options options, listing_registry& registry);

  // Names this journal: a position means something only together with it.
  const std::string& id() const { return id_; }
  // The highest position that was ever stored here, 0 before the first.
  std::uint64_t last_position() const { return last_position_; }
  // What is stored now, without what was passed.
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t events_dropped() const { return events_dropped_; }
  const journal_options& options() const { return options_; }

  // Stores batches in one transaction, all or none. False, with nothing stored, if they do not fit
  // and at_limit is block. One batch that alone is larger than the bound is stored when the journal
  // is empty. With drop_oldest the oldest make room, in the same transaction.
  bool append(std::span<const journal_batch> batches);

  // Batches behind a position, in order: at least one if there is one, then up to these bounds.
  // Bytes are those of the batches in memory.
  journal_page read(std::uint64_t after, std::uint64_t events_max, std::uint64_t bytes_max);

  // The position up to which a sink has everything; 0 for one that was never heard of.
  std::uint64_t cursor(const std::string& sink) const;
  // Sinks that are gone hold nothing back any more; new ones begin with what is still there.
  void keep_cursors(const std::vector<std::string>& sinks);
  // Notes how far sinks are (never backwards) and deletes what all have passed. The space is used
  // again; where most of a large file is free, a part of it is given back to the disk.
  void advance(const std::map<std::string, std::uint64_t>& cursors);
  // What is known of the feeds from all that was ever stored here: it outlives what is deleted.
  instrument_pasts past() { return past_.all(); }
  // Feeds that are not wanted any more are forgotten.
  void keep_past(const wanted_feeds& wanted);

  // The file may have no more pages than this, of 16 KiB; behind that it is as if the disk were
  // full.
  void limit_pages(std::uint64_t pages);

 private:
  struct row {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t events = 0;
    std::string body;
  };
  void make_tables();
  void load_past();
  void past_is_stored();
  std::vector<row> rows_of(std::span<const journal_batch> batches) const;
  void store(const row& what);
  bool delete_passed();
  void drop_oldest(std::uint64_t bytes_needed);
  std::vector<journal_batch> batches_of(std::string_view body, listing_registry& registry) const;
  std::uint64_t passed() const;
  std::uint64_t pragma(const char* name);
  void give_back();
  template <class Action>
  void transaction(Action&& action);

  journal_options options_;
  listing_registry& registry_;
  sqlite_database database_;
  sqlite_statement insert_;
  sqlite_statement select_;
  sqlite_statement measure_;
  sqlite_statement remove_;
  sqlite_statement set_cursor_;
  journal_past past_;
  std::uint64_t past_bytes_ = 0;  // stored since the past was
  std::string id_;
  std::map<std::string, std::uint64_t> cursors_;
  std::uint64_t last_position_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t events_dropped_ = 0;
};

}  // namespace feedtree::storage
