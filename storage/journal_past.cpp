#include "storage/journal_past.hpp"

#include <limits>
#include <utility>

#include "core/byte_reader.hpp"
#include "core/byte_writer.hpp"

namespace feedtree::storage {
namespace {

constexpr auto tables =
    "CREATE TABLE IF NOT EXISTS past (venue TEXT, instrument TEXT, body BLOB NOT NULL,"
    " PRIMARY KEY (venue, instrument)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS past_candle (venue TEXT, instrument TEXT, interval_ns INTEGER,"
    " open_ns INTEGER, body BLOB NOT NULL,"
    " PRIMARY KEY (venue, instrument, interval_ns, open_ns)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS past_through (id INTEGER PRIMARY KEY, position INTEGER NOT NULL)";

void load_candles(sqlite_database& database, const std::string& venue,
                  const std::string& instrument, candle_past& into) {
  auto rows = database.prepare(
      "SELECT open_ns, body FROM past_candle WHERE venue = ? AND instrument = ?"
      " AND interval_ns = ? ORDER BY open_ns");
  for (auto& each : into.series) {
    rows.bind(1, venue);
    rows.bind(2, instrument);
    rows.bind(3, each.interval_ns);
    while (rows.step()) {
      stored_candle known;
      byte_reader in(rows.bytes(1));
      read_candle(known, in);
      known.open_ns = rows.integer(0);
      known.is_kept = true;
      if (in.good()) each.candles.push_back(known);
    }
    rows.reset();
  }
}

}  // namespace

journal_past::journal_past(sqlite_database& database, past_options options)
    : recorder_(std::make_unique<past_recorder>(std::move(options))) {
  database.execute(tables);
  set_past_ = database.prepare("INSERT OR REPLACE INTO past VALUES (?,?,?)");
  set_candle_ = database.prepare("INSERT OR REPLACE INTO past_candle VALUES (?,?,?,?,?)");
  drop_candles_ = database.prepare(
      "DELETE FROM past_candle WHERE venue = ? AND instrument = ? AND interval_ns = ?"
      " AND open_ns < ?");
  set_through_ = database.prepare("INSERT OR REPLACE INTO past_through VALUES (1,?)");
}

// A row that cannot be read is as if nothing were known of its instrument.
std::uint64_t journal_past::load(sqlite_database& database) {
  auto rows = database.prepare("SELECT venue, instrument, body FROM past");
  while (rows.step()) {
    auto known = decode_past(rows.bytes(2));
    if (!known) continue;
    const std::string venue(rows.text(0));
    const std::string instrument(rows.text(1));
    load_candles(database, venue, instrument, known->candles);
    recorder_->load(venue, instrument, std::move(*known));
  }
  auto head = database.prepare("SELECT max(position) FROM past_through");
  head.step();
  return static_cast<std::uint64_t>(head.integer(0));
}

void journal_past::store(std::uint64_t through) {
  std::string body;
  recorder_->for_changed(
      [&](const std::string& venue, const std::string& instrument, const instrument_past& past) {
        body.clear();
        encode_past(past, body);
        set_past_.bind(1, venue);
        set_past_.bind(2, instrument);
        set_past_.bind_bytes(3, body);
        set_past_.run();
        store_candles(venue, instrument, past.candles);
      });
  set_through_.bind(1, static_cast<std::int64_t>(through));
  set_through_.run();
}

void journal_past::store_candles(const std::string& venue, const std::string& instrument,
                                 const candle_past& candles) {
  for (const auto interval_ns : candles.dropped) {
    drop_candles(venue, instrument, interval_ns, std::numeric_limits<std::int64_t>::max());
  }
  std::string body;
  for (const auto& series : candles.series) {
    if (series.dropped_before_ns != 0) {
      drop_candles(venue, instrument, series.interval_ns, series.dropped_before_ns);
    }
    for (const auto& each : series.candles) {
      if (each.is_kept) continue;
      body.clear();
      byte_writer out(body);
      write_candle(each, out);
      out.finish();
      set_candle_.bind(1, venue);
      set_candle_.bind(2, instrument);
      set_candle_.bind(3, series.interval_ns);
      set_candle_.bind(4, each.open_ns);
      set_candle_.bind_bytes(5, body);
      set_candle_.run();
    }
  }
}

void journal_past::drop_candles(const std::string& venue, const std::string& instrument,
                                std::int64_t interval_ns, std::int64_t before_ns) {
  drop_candles_.bind(1, venue);
  drop_candles_.bind(2, instrument);
  drop_candles_.bind(3, interval_ns);
  drop_candles_.bind(4, before_ns);
  drop_candles_.run();
}

}  // namespace feedtree::storage
