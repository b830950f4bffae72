// The report of a replay as JSON.
#include <array>
#include <cstdio>

#include "actors/replay/replay.hpp"
#include "core/codec.hpp"

namespace feedtree::actors {
namespace {

// Writes members of an object, one by one.
class members {
 public:
  explicit members(std::string& out) : out_(out) { out_ += '{'; }
  members& number(std::string_view name, std::uint64_t value) {
    key(name);
    out_ += std::to_string(value);
    return *this;
  }
  members& text(std::string_view name, std::string_view value) {
    key(name);
    encode_text(value, out_);
    return *this;
  }
  members& text_or_null(std::string_view name, std::string_view value) {
    if (!value.empty()) return text(name, value);
    key(name);
    out_ += "null";
    return *this;
  }
  std::string& raw(std::string_view name) {
    key(name);
    return out_;
  }
  void end() { out_ += '}'; }

 private:
  void key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    encode_text(name, out_);
    out_ += ':';
  }
  std::string& out_;
  bool first_ = true;
};

// Nanoseconds as seconds with six decimals.
std::string seconds_text(std::int64_t ns) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%lld.%06lld", static_cast<long long>(ns / 1'000'000'000),
                static_cast<long long>(ns % 1'000'000'000 / 1'000));
  return text.data();
}

std::string hash_text(std::uint64_t hash) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

void write_ignored(const venues::ignored_frames& ignored, std::string& out) {
  members channels(out);
  for (const auto& [channel, count] : ignored.by_channel()) channels.number(channel, count);
  channels.end();
}

void write_trades(const trade_counters& c, std::string& out) {
  members(out)
      .number("in_order", c.in_order)
      .number("missing", c.missing)
      .number("late", c.late)
      .number("lost", c.lost)
      .number("repeated", c.duplicates)
      .number("reused_numbers", c.reused)
      .number("restarts", c.restarts)
      .end();
}

// Trades that candles were built from, and those that are in none.
void write_candles(const candle_counters& c, std::string& out) {
  members(out)
      .number("trades", c.trades)
      .number("repeated", c.duplicates)
      .number("late", c.too_late)
      .number("misdated", c.misdated)
      .end();
}

void write_continuity(const keeper_counters& c, std::string& out) {
  members(out)
      .number("checksum_ok", c.checksum_ok)
      .number("checksum_failed", c.checksum_failed)
      .number("sequence_ok", c.sequence_ok)
      .number("sequence_gaps", c.sequence_gaps)
      .number("crossed", c.crossed)
      .number("duplicates", c.duplicates)
      .number("old", c.old_deltas)
      .number("without_snapshot", c.without_snapshot)
      .number("numbers_back", c.numbers_back)
      .number("snapshots_too_old", c.snapshots_too_old)
      .number("levels_cut", c.levels_cut)
      .number("unknown_deletes", c.unknown_deletes)
      .end();
}

void write_instruments(const replay_result& result, std::string& out) {
  out += '[';
  for (const auto& line : result.instruments) {
    if (out.back() != '[') out += ',';
    members(out)
        .text("venue", line.venue)
        .text("instrument", line.instrument)
        .text("state", to_string(line.state))
        .number("bids", line.bids)
        .number("asks", line.asks)
        .text_or_null("best_bid", line.best_bid)
        .text_or_null("best_ask", line.best_ask)
        .text("book_hash", hash_text(line.book_hash))
        .end();
  }
  out += ']';
}

void write_events(const replay_result& result, std::string& out) {
  members events(out);
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    events.number(to_string(static_cast<event_kind>(kind)), result.events[kind]);
  }
  events.end();
}

void write_sinks(const replay_result& result, std::string& out) {
  out += '[';
  for (const auto& line : result.sinks) {
    if (out.back() != '[') out += ',';
    members(out)
        .text("sink", line.sink)
        .number("events", line.counters.events)
        .number("delivered", line.counters.delivered)
        .number("duplicates", line.counters.duplicates)
        .number("refused", line.counters.refused)
        .end();
  }
  out += ']';
}

}  // namespace

std::string report_json(const replay_result& result) {
  std::string out;
  members report(out);
  members(report.raw("frames"))
      .number("received", result.frames.received)
      .number("decoded", result.frames.decoded)
      .number("ignored", result.frames.ignored)
      .number("rejected", result.frames.rejected)
      .number("entries_lost", result.frames.entries_lost)
      .number("fields_lost", result.frames.fields_lost)
      .number("not_archived", result.not_archived)
      .end();
  write_ignored(result.ignored, report.raw("ignored"));
  write_events(result, report.raw("events"));
  report.number("level_updates", result.continuity.level_updates);
  write_continuity(result.continuity, report.raw("continuity"));
  write_trades(result.trades, report.raw("trades"));
  write_candles(result.candles, report.raw("candles"));
  report.number("quarantined", result.quarantined);
  members(report.raw("connections"))
      .number("count", result.connections)
      .number("repeated", result.merged.repeated)
      .number("disagreements", result.merged.disagreements)
      .number("takeovers", result.merged.takeovers)
      .number("unused_snapshots", result.merged.unused_snapshots)
      .end();
  write_instruments(result, report.raw("instruments"));
  write_sinks(result, report.raw("sinks"));
  report.raw("seconds") += seconds_text(result.elapsed_ns);
  report.end();
  out += '\n';
  return out;
}

namespace {

// "ticker 500, l2_data 20"
std::string channels_text(const venues::ignored_frames& ignored) {
  std::string text;
  for (const auto& [channel, count] : ignored.by_channel()) {
    text += (text.empty() ? "" : ", ") + channel + " " + std::to_string(count);
  }
  return text;
}

// Most of what was received, heartbeats left out.
bool is_mostly_ignored(const replay_result& result) {
  const auto ignored = result.ignored.unexpected();
  return ignored * 2 > result.frames.received - result.ignored.expected();
}

}  // namespace

std::string replay_result::strict_failure() const {
  const auto& c = continuity;
  std::string text;
  const auto add = [&text](std::uint64_t count, std::string_view what) {
    if (count == 0) return;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(what);
  };
  add(frames.rejected, "frames rejected");
  add(frames.entries_lost, "entries of frames lost");
  add(frames.fields_lost, "fields lost");
  if (is_mostly_ignored(*this)) {
    add(ignored.unexpected(), "frames ignored (" + channels_text(ignored) + ")");
  }
  add(c.checksum_failed, "checksums failed");
  add(c.sequence_gaps, "sequence gaps");
  add(c.duplicates, "duplicates");
  add(c.crossed, "crossed books");
  add(quarantined, "events quarantined");
  add(merged.disagreements, "events on which connections disagree");
  add(damages.size(), "damages of the archive");
  add(not_archived, "frames that found no room in the archive");
  add(complaints.size(), "refused subscriptions or error frames");
  std::uint64_t not_live = 0;
  for (const auto& line : instruments) not_live += line.state == feed_state::live ? 0 : 1;
  add(not_live, "books not live at the end");
  return text;
}

}  // namespace feedtree::actors
