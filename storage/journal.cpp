#include "storage/journal.hpp"

#include <algorithm>

#include "core/byte_reader.hpp"
#include "core/byte_writer.hpp"
#include "core/event_codec.hpp"
#include "core/sink.hpp"

namespace feedtree::storage {
namespace {

constexpr std::size_t row_bytes = 256 << 10;        // batches share a row up to here
constexpr std::uint64_t free_bytes_min = 64 << 20;  // less is not given back to the disk
constexpr std::uint64_t page_bytes = 16'384;
constexpr std::uint64_t pages_at_once = 256;  // given back in one step
// The past is stored when batches are deleted, and after so many bytes: a start reads no more.
constexpr std::uint64_t past_bytes_max = 16 << 20;
constexpr auto dropped_text = "the journal was full: the oldest events were dropped";

// Debian's SQLite overwrites what is deleted with zeros unless it is told not to. The file is for
// one process alone: two would give the same positions to different batches.
constexpr auto first_pragmas =
    "PRAGMA page_size=16384; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA secure_delete=OFF; "
    "PRAGMA locking_mode=EXCLUSIVE";

std::int64_t as_signed(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

std::uint64_t as_unsigned(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

}  // namespace

journal::journal(journal_options options, listing_registry& registry)
    : options_(std::move(options)),
      registry_(registry),
      database_(options_.path, options_.busy_timeout_ms, first_pragmas),
      past_(database_, options_.past) {
  const bool full = options_.sync == journal_sync::full;
  database_.execute(full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  database_.execute("PRAGMA wal_autocheckpoint=1024; PRAGMA journal_size_limit=67108864");
  make_tables();
  insert_ = database_.prepare("INSERT INTO entry VALUES (?,?,?,?,?)");
  select_ = database_.prepare("SELECT last, body FROM entry WHERE last > ? ORDER BY last");
  measure_ = database_.prepare("SELECT coalesce(sum(bytes), 0) FROM entry WHERE last <= ?");
  remove_ = database_.prepare("DELETE FROM entry WHERE last <= ?");
  set_cursor_ = database_.prepare("INSERT OR REPLACE INTO cursor VALUES (?,?)");
  load_past();
}

void journal::make_tables() {
  transaction([&] {
    database_.execute(
        "CREATE TABLE IF NOT EXISTS entry (last INTEGER PRIMARY KEY, first INTEGER NOT NULL,"
        " events INTEGER NOT NULL, bytes INTEGER NOT NULL, body BLOB NOT NULL);"
        "CREATE TABLE IF NOT EXISTS cursor (sink TEXT PRIMARY KEY, position INTEGER NOT NULL);"
        "CREATE TABLE IF NOT EXISTS journal (id TEXT NOT NULL, last INTEGER NOT NULL);"
        "INSERT INTO journal SELECT lower(hex(randomblob(8))), 0"
        " WHERE NOT EXISTS (SELECT * FROM journal)");
  });
  auto head = database_.prepare("SELECT id, last FROM journal");
  head.step();
  id_ = head.text(0);
  auto rows =
      database_.prepare("SELECT coalesce(max(last), 0), coalesce(sum(bytes), 0) FROM entry");
  rows.step();
  last_position_ = as_unsigned(std::max(head.integer(1), rows.integer(0)));
  bytes_ = as_unsigned(rows.integer(1));
  auto cursors = database_.prepare("SELECT sink, position FROM cursor");
  while (cursors.step()) cursors_[cursors.text(0)] = as_unsigned(cursors.integer(1));
}

// As it was stored last, and what came behind that.
void journal::load_past() {
  const auto through = past_.load(database_);
  // Names of instruments that are gone must not come to be known by this.
  listing_registry names;
  select_.bind(1, as_signed(through));
  while (select_.step()) {
    for (const auto& each : batches_of(select_.bytes(1), names)) {
      if (each.position > through) past_.take(*each.batch);
    }
  }
  select_.reset();
  past_.forget_listings();
}

void journal::keep_past(const wanted_feeds& wanted) {
  past_.keep(wanted);
  transaction([&] { past_.store(last_position_); });
  past_is_stored();
}

void journal::past_is_stored() {
  past_.is_stored();
  past_bytes_ = 0;
}

template <class Action>
void journal::transaction(Action&& action) {
  try {
    database_.execute("BEGIN IMMEDIATE");
    action();
    database_.execute("COMMIT");
  } catch (...) {
    database_.roll_back();
    throw;
  }
}

std::vector<journal::row> journal::rows_of(std::span<const journal_batch> batches) const {
  std::vector<row> rows;
  std::string bytes;
  for (const auto& next : batches) {
    if (rows.empty() || rows.back().body.size() >= row_bytes) {
      rows.emplace_back().first = next.position;
    }
    auto& into = rows.back();
    bytes.clear();
    encode_batch(*next.batch, bytes);
    byte_writer out(into.body);
    out.number(next.position);
    out(bytes);
    out.finish();
    into.last = next.position;
    into.events += next.batch->events.size();
  }
  return rows;
}

std::vector<journal_batch> journal::batches_of(std::string_view body,
                                               listing_registry& registry) const {
  std::vector<journal_batch> result;
  byte_reader in(body);
  while (!in.at_end()) {
    const auto position = in.number();
    auto batch = decode_batch(in.text(), registry);
    if (!in.good() || !batch) {
      throw sink_error(false, "the journal " + options_.path +
                                  " is damaged; put it aside and start with a new one");
    }
    result.push_back({position, std::make_shared<const event_batch>(std::move(*batch))});
  }
  return result;
}

void journal::store(const row& what) {
  insert_.bind(1, as_signed(what.last));
  insert_.bind(2, as_signed(what.first));
  insert_.bind(3, as_signed(what.events));
  insert_.bind(4, as_signed(what.body.size()));
  insert_.bind_bytes(5, what.body);
  insert_.run();
  bytes_ += what.body.size();
}

bool journal::append(std::span<const journal_batch> batches) {
  if (batches.empty()) return true;
  const auto rows = rows_of(batches);
  std::uint64_t added = 0;
  for (const auto& each : rows) added += each.body.size();
  const bool fits = bytes_ == 0 || bytes_ + added <= options_.bytes_max;
  if (!fits && options_.at_limit == journal_limit::block) return false;
  const auto bytes_before = bytes_;
  const auto dropped_before = events_dropped_;
  const bool stores_past = !fits || past_bytes_ >= past_bytes_max;
  try {
    transaction([&] {
      if (!fits) drop_oldest(added);
      if (stores_past) past_.store(last_position_);
      for (const auto& each : rows) store(each);
    });
  } catch (...) {
    bytes_ = bytes_before;
    events_dropped_ = dropped_before;
    throw;
  }
  last_position_ = batches.back().position;
  if (stores_past) past_is_stored();
  for (const auto& each : batches) past_.take(*each.batch);
  past_bytes_ += added;
  return true;
}

// In the place of what is dropped stands its ledger entry, so that a sink that comes by learns what
// it does not get, and one that has passed does not.
void journal::drop_oldest(std::uint64_t bytes_needed) {
  loss_summary lost;
  row entry;
  select_.bind(1, 0);
  // A quarter more than needed, or every append would drop again.
  const auto room = options_.bytes_max - std::min(options_.bytes_max, bytes_needed);
  const auto goal = room - room / 4;
  auto left = bytes_;
  while (left > goal && select_.step()) {
    const auto body = select_.bytes(1);
    for (const auto& each : batches_of(body, registry_)) lost.add(*each.batch);
    left -= std::min<std::uint64_t>(left, body.size());
    entry.last = as_unsigned(select_.integer(0));
  }
  select_.reset();
  if (entry.last == 0) return;
  remove_.bind(1, as_signed(entry.last));
  remove_.run();
  bytes_ = left;
  const auto ledger = lost.entries(dropped_text);
  entry.first = 1;
  entry.events = ledger.events.size();
  std::string bytes;
  encode_batch(ledger, bytes);
  byte_writer out(entry.body);
  out.number(entry.last);
  out(bytes);
  out.finish();
  store(entry);
  events_dropped_ += lost.events();
}

journal_page journal::read(std::uint64_t after, std::uint64_t events_max, std::uint64_t bytes_max) {
  journal_page page;
  page.through = after;
  page.at_end = true;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
  select_.bind(1, as_signed(after));
  while (select_.step()) {
    if (events >= events_max || bytes >= bytes_max) {
      page.at_end = false;
      break;
    }
    for (auto& each : batches_of(select_.bytes(1), registry_)) {
      if (each.position <= after) continue;  // the sink stands within this row
      events += each.batch->events.size();
      bytes += each.batch->bytes();
      page.batches.push_back(std::move(each));
    }
    page.through = as_unsigned(select_.integer(0));
  }
  select_.reset();
  if (page.at_end) page.through = std::max(page.through, last_position_);
  return page;
}

std::uint64_t journal::cursor(const std::string& sink) const {
  const auto found = cursors_.find(sink);
  return found == cursors_.end() ? 0 : found->second;
}

void journal::keep_cursors(const std::vector<std::string>& sinks) {
  std::map<std::string, std::uint64_t> kept;
  for (const auto& sink : sinks) kept[sink] = cursor(sink);
  transaction([&] {
    database_.execute("DELETE FROM cursor");
    for (const auto& [sink, position] : kept) {
      set_cursor_.bind(1, sink);
      set_cursor_.bind(2, as_signed(position));
      set_cursor_.run();
    }
  });
  cursors_ = std::move(kept);
}

void journal::advance(const std::map<std::string, std::uint64_t>& cursors) {
  auto moved = cursors_;
  for (const auto& [sink, position] : cursors) {
    auto& known = moved[sink];
    known = std::max(known, position);
  }
  const auto before = std::exchange(cursors_, moved);
  const auto bytes_before = bytes_;
  bool stored_past = false;
  try {
    transaction([&] {
      for (const auto& [sink, position] : cursors_) {
        set_cursor_.bind(1, sink);
        set_cursor_.bind(2, as_signed(position));
        set_cursor_.run();
      }
      stored_past = delete_passed();
    });
  } catch (...) {
    cursors_ = before;
    bytes_ = bytes_before;
    throw;
  }
  if (stored_past) past_is_stored();
  give_back();
}

std::uint64_t journal::passed() const {
  std::uint64_t least = last_position_;
  for (const auto& [sink, position] : cursors_) least = std::min(least, position);
  return cursors_.empty() ? 0 : least;
}

// True if there was something: the past is stored then.
bool journal::delete_passed() {
  const auto through = as_signed(passed());
  measure_.bind(1, through);
  measure_.step();
  const auto freed = as_unsigned(measure_.integer(0));
  measure_.reset();
  if (freed == 0) return false;
  remove_.bind(1, through);
  remove_.run();
  past_.store(last_position_);  // on a full disk there is room for it now
  bytes_ -= std::min(bytes_, freed);
  // The last position outlives its row.
  database_.execute("UPDATE journal SET last = max(last, " + std::to_string(last_position_) + ")");
  return true;
}

std::uint64_t journal::pragma(const char* name) {
  auto statement = database_.prepare(std::string("PRAGMA ") + name);
  statement.step();
  return as_unsigned(statement.integer(0));
}

void journal::limit_pages(std::uint64_t pages) {
  pragma(("max_page_count=" + std::to_string(pages)).c_str());
}

void journal::give_back() {
  const auto free = pragma("freelist_count");
  if (free * page_bytes < free_bytes_min || free * 2 < pragma("page_count")) return;
  database_.execute("PRAGMA incremental_vacuum(" + std::to_string(pages_at_once) + ")");
}

}  // namespace feedtree::storage
