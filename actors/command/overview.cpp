#include "actors/command/overview.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "actors/command/output.hpp"
#include "core/codec.hpp"

namespace feedtree::actors {
namespace {

struct totals {
  std::uint64_t received = 0;
  std::uint64_t decoded = 0;
  std::uint64_t ignored = 0;
  std::uint64_t rejected = 0;
  std::uint64_t parts_lost = 0;  // entries and fields
  std::uint64_t quarantined = 0;
  std::uint64_t refused = 0;
  std::uint64_t lost = 0;
  std::uint64_t silent = 0;
  std::uint64_t proofs = 0;
  std::uint64_t unclaimed = 0;
  std::uint64_t events = 0;
  std::array<std::uint64_t, event_kinds> by_kind{};
  keeper_counters continuity;
};

std::uint64_t events_of(const venue_statistics& venue) {
  std::uint64_t sum = 0;
  for (const auto& count : venue.events) sum += count;
  return sum;
}

totals totals_of(const statistics& counters) {
  totals sum;
  for (const auto* venue : counters.venues()) {
    sum.received += venue->frames_received;
    sum.decoded += venue->frames_decoded;
    sum.ignored += venue->frames_ignored;
    sum.rejected += venue->frames_rejected;
    sum.parts_lost += venue->entries_lost + venue->fields_lost;
    sum.quarantined += venue->quarantined;
    sum.refused += venue->subscriptions_refused;
    sum.lost += venue->connections_lost;
    sum.silent += venue->connections_silent;
    sum.proofs += venue->proofs_asked;
    sum.unclaimed += venue->unclaimed;
    sum.continuity.sequence_ok += venue->sequence_ok;
    sum.continuity.sequence_gaps += venue->sequence_gaps;
    sum.continuity.duplicates += venue->duplicates;
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      sum.by_kind[kind] += venue->events[kind];
      sum.events += venue->events[kind];
    }
  }
  for (const auto& book : counters.books()) sum.continuity += book.counters;
  return sum;
}

std::string price_text(const std::optional<level>& best) {
  return best.has_value() ? best->price().to_string() : "-";
}

void print_venue(std::string& out, const venue_statistics& venue) {
  print(out, "  %-16s %10llu frames  %10llu events  %llu rejected  %llu refused  %llu cut",
        venue.venue.c_str(), wide(venue.frames_received), wide(events_of(venue)),
        wide(venue.frames_rejected), wide(venue.subscriptions_refused),
        wide(venue.connections_lost));
  if (venue.sequence_ok + venue.sequence_gaps > 0) {
    print(out, "  connection checks %llu ok, %llu failed", wide(venue.sequence_ok),
          wide(venue.sequence_gaps));
  }
  const auto breaker = venue.breaker.load();
  if (breaker != breaker_state::closed) {
    print(out, "  circuit breaker %s", std::string(to_string(breaker)).c_str());
  }
  out += '\n';
}

// " trade stale, ticker stale": the feeds beside the book that are not to be believed.
std::string stale_feeds(const book_statistics& book) {
  std::string text;
  for (std::size_t at = 0; at < event_kinds; ++at) {
    const auto kind = static_cast<event_kind>(at);
    if (kind == event_kind::book || !book.kinds.test(at) || book.states[at] != feed_state::stale) {
      continue;
    }
    text += (text.empty() ? "  " : ", ") + std::string(to_string(kind)) + " stale";
  }
  return text;
}

void print_book(std::string& out, const book_statistics& book) {
  const auto& c = book.counters;
  const auto stale = stale_feeds(book);
  if (c.snapshots == 0) {
    if (!stale.empty()) {
      print(out, "  %-16s %-18s%s\n", book.where->venue.c_str(), book.where->symbol.c_str(),
            stale.c_str());
    }
    return;
  }
  print(out, "  %-16s %-18s %-8s %14s | %-14s %5llu x %-5llu  checks %llu ok, %llu failed%s\n",
        book.where->venue.c_str(), book.where->symbol.c_str(),
        std::string(to_string(book.state)).c_str(), price_text(book.best_bid).c_str(),
        price_text(book.best_ask).c_str(), wide(book.bids), wide(book.asks),
        wide(c.checksum_ok + c.sequence_ok), wide(c.checksum_failed + c.sequence_gaps),
        stale.c_str());
}

void print_sink(std::string& out, const sink_statistics& sink) {
  print(out, "  %-16s %10llu taken   %10llu delivered  %s\n", sink.name.c_str(),
        wide(sink.counters.events), wide(sink.counters.delivered),
        sink.last_error.empty() ? "ok" : sink.last_error.c_str());
}

class json_object {
 public:
  explicit json_object(std::string& out) : out_(out) { out_ += '{'; }
  json_object& add(std::string_view name, std::uint64_t value) {
    raw(name) += std::to_string(value);
    return *this;
  }
  std::string& raw(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    encode_text(name, out_);
    return out_ += ':';
  }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
};

}  // namespace

std::string overview::text(const statistics& counters, std::int64_t now_ns) {
  const auto sum = totals_of(counters);
  const auto elapsed_ms =
      last_ns_ == 0 ? 1000 : std::max<std::int64_t>(1, (now_ns - last_ns_) / 1'000'000);
  const auto rate = [elapsed_ms](std::uint64_t now, std::uint64_t before) {
    return (now - before) * 1000 / static_cast<std::uint64_t>(elapsed_ms);
  };
  std::string out;
  print(out, "%llu frames/s, %llu events/s; %llu trades, %llu book changes so far\n",
        wide(rate(sum.received, last_frames_)), wide(rate(sum.events, last_events_)),
        wide(sum.by_kind[static_cast<std::size_t>(event_kind::trade)]),
        wide(sum.by_kind[static_cast<std::size_t>(event_kind::book)]));
  for (const auto* venue : counters.venues()) print_venue(out, *venue);
  for (const auto& book : counters.books()) print_book(out, book);
  for (const auto& sink : counters.sinks()) print_sink(out, sink);
  last_ns_ = now_ns;
  last_frames_ = sum.received;
  last_events_ = sum.events;
  return out;
}

std::string summary_json(const statistics& counters) {
  const auto sum = totals_of(counters);
  std::string out;
  json_object all(out);
  json_object(all.raw("frames"))
      .add("received", sum.received)
      .add("decoded", sum.decoded)
      .add("ignored", sum.ignored)
      .add("rejected", sum.rejected)
      .add("parts_lost", sum.parts_lost)
      .end();
  json_object events(all.raw("events"));
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    events.add(to_string(static_cast<event_kind>(kind)), sum.by_kind[kind]);
  }
  events.end();
  json_object(all.raw("continuity"))
      .add("checksum_ok", sum.continuity.checksum_ok)
      .add("checksum_failed", sum.continuity.checksum_failed)
      .add("sequence_ok", sum.continuity.sequence_ok)
      .add("sequence_gaps", sum.continuity.sequence_gaps)
      .add("crossed", sum.continuity.crossed)
      .add("duplicates", sum.continuity.duplicates)
      .end();
  all.add("level_updates", sum.continuity.level_updates).add("quarantined", sum.quarantined);
  all.add("subscriptions_refused", sum.refused).add("connections_lost", sum.lost);
  all.add("connections_silent", sum.silent).add("proofs_asked", sum.proofs);
  all.add("unclaimed", sum.unclaimed);
  json_object sinks(all.raw("sinks"));
  for (const auto& sink : counters.sinks()) {
    json_object(sinks.raw(sink.name))
        .add("taken", sink.counters.events)
        .add("delivered", sink.counters.delivered)
        .end();
  }
  sinks.end();
  all.end();
  return out += '\n';
}

std::string totals_problem(const statistics& counters) {
  const auto sum = totals_of(counters);
  if (sum.received == 0) return "no frame was received";
  if (sum.received != sum.decoded + sum.ignored + sum.rejected) {
    return "frames received are not frames decoded, ignored and rejected";
  }
  if (sum.rejected != 0) return std::to_string(sum.rejected) + " frames were rejected";
  if (sum.parts_lost != 0) {
    return std::to_string(sum.parts_lost) + " entries or fields of frames did not fit";
  }
  const auto failed = sum.continuity.checksum_failed + sum.continuity.sequence_gaps;
  if (failed != 0) return std::to_string(failed) + " continuity checks failed";
  if (sum.quarantined != 0) return std::to_string(sum.quarantined) + " events are in quarantine";
  for (const auto& sink : counters.sinks()) {
    if (sink.counters.events != sum.events || sink.counters.delivered != sum.events) {
      return sink.name + " was given " + std::to_string(sum.events) + " events, took " +
             std::to_string(sink.counters.events) + " and delivered " +
             std::to_string(sink.counters.delivered);
    }
  }
  return {};
}

}  // namespace feedtree::actors
