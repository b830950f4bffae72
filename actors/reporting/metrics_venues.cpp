// What is counted of venues: frames, events, latencies, states, checks, rules, candles.
#include "actors/reporting/metric_families.hpp"

namespace feedtree::actors::metric_parts {
namespace {

void add_frames(const server_view& view, families& out) {
  auto& frames =
      out.counter("frames_total", "Messages received from venues, by what became of them.");
  auto& lost =
      out.counter("frame_parts_lost_total",
                  "Entries and optional fields that did not fit, of frames that were read.");
  auto& events = out.counter("events_total", "Events that validators passed on.");
  for (const auto& venue : view.venues) {
    if (venue.counters == nullptr) continue;
    const auto& c = *venue.counters;
    frames.add(with(venue_label(venue), "outcome", "decoded"), c.frames_decoded.load());
    frames.add(with(venue_label(venue), "outcome", "ignored"), c.frames_ignored.load());
    frames.add(with(venue_label(venue), "outcome", "rejected"), c.frames_rejected.load());
    lost.add(with(venue_label(venue), "part", "entry"), c.entries_lost.load());
    lost.add(with(venue_label(venue), "part", "field"), c.fields_lost.load());
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      events.add(with(venue_label(venue), "kind", to_string(static_cast<event_kind>(kind))),
                 c.events[kind].load());
    }
  }
}

// What books and trades of a venue were counted.
struct feed_totals {
  keeper_counters books;
  trade_counters trades;
};

feed_totals totals_of(const server_view& view, const std::string& venue) {
  feed_totals result;
  for (const auto& book : view.books) {
    if (book.where->venue != venue) continue;
    result.books += book.counters;
    result.trades += book.trades;
  }
  return result;
}

void add_ignored(const server_view& view, families& out) {
  auto& ignored =
      out.counter("frames_ignored_total", "Messages of no interest, by the venue's channel.");
  for (const auto& venue : view.venues) {
    if (venue.counters == nullptr) continue;
    const auto counts = venue.counters->ignored.read();
    for (const auto& [channel, count] : counts.by_channel()) {
      ignored.add(with(venue_label(venue), "channel", channel), count);
    }
  }
}

// Everything that is dropped on the way from a frame to the validator, each once.
void add_drops(const server_view& view, families& out) {
  auto& dropped =
      out.counter("dropped_total", "Events (of depth: levels) that were dropped, by the reason.");
  for (const auto& venue : view.venues) {
    if (venue.counters == nullptr) continue;
    const auto& c = *venue.counters;
    const auto totals = totals_of(view, venue.venue);
    const auto add = [&](std::string_view reason, std::uint64_t count) {
      dropped.add(with(venue_label(venue), "reason", reason), count);
    };
    add("repeated", totals.books.duplicates + c.duplicates.load());
    add("old", totals.books.old_deltas);
    add("without_snapshot", totals.books.without_snapshot);
    add("snapshot_too_old", totals.books.snapshots_too_old);
    add("depth", totals.books.levels_cut);
    add("trade_repeated", totals.trades.duplicates);
    add("trade_not_missing", totals.trades.unasked);
    add("other_connection", c.repeated.load());
    add("unclaimed", c.unclaimed.load());
    add("unwanted", c.unwanted.load());
    add("candle_trade_misdated", c.candles.misdated.load());
    add("candle_trade_repeated", c.candles.repeated.load());
  }
}

// Numbers that did not follow, and what became of it.
void add_numbers(const server_view& view, families& out) {
  auto& back = out.counter("numbers_back_total", "How often a venue's numbers went back.");
  auto& trades =
      out.counter("trades_out_of_order_total", "Numbered trades that did not follow the last one.");
  for (const auto& venue : view.venues) {
    if (venue.counters == nullptr) continue;
    const auto totals = totals_of(view, venue.venue);
    const auto of = venue_label(venue);
    back.add(with(of, "feed", "book"),
             totals.books.numbers_back + venue.counters->numbers_back.load());
    back.add(with(of, "feed", "trade"), totals.trades.restarts);
    trades.add(with(of, "outcome", "missing"), totals.trades.missing);
    trades.add(with(of, "outcome", "late"), totals.trades.late);
    trades.add(with(of, "outcome", "filled"), totals.trades.filled);
    trades.add(with(of, "outcome", "lost"), totals.trades.lost);
    trades.add(with(of, "outcome", "reused_number"), totals.trades.reused);
  }
}

void add_decimals(const server_view& view, families& out) {
  constexpr std::array<std::string_view, decimal_errors> reasons{"empty", "syntax", "overflow",
                                                                 "precision"};
  auto& rejected = out.counter("decimals_rejected_total",
                               "Frames rejected for a number that is none or does not fit.");
  for (const auto& venue : view.venues) {
    if (venue.counters == nullptr) continue;
    for (std::size_t at = 0; at < decimal_errors; ++at) {
      rejected.add(with(venue_label(venue), "reason", reasons[at]),
                   venue.counters->decimals_rejected[at].load());
    }
  }
}

void add_latencies(const server_view& view, families& out) {
  auto& receive =
      out.histogram("receive_latency_seconds", "From the venue's time of an event to its receipt.");
  auto& pass = out.histogram("validate_latency_seconds",
                             "From the receipt of an event to the end of its validation.");
  auto& skew = out.histogram("clock_skew_seconds", "Receive time minus the venue's time.");
  auto& deviation = out.histogram(
      "snapshot_deviation_ratio",
      "Distance of the middles of a rebuilt book and of the venue's snapshot, by the book's.");
  for (const auto& venue : view.venues) {
    if (venue.counters == nullptr) continue;
    receive.add(venue_label(venue), venue.counters->receive_latency.counts());
    pass.add(venue_label(venue), venue.counters->pass_latency.counts());
    skew.add(venue_label(venue), venue.counters->skew);
    deviation.add(venue_label(venue), venue.counters->snapshot_deviation);
  }
}

// How many feeds of a venue's instruments are in each state.
std::array<std::uint64_t, feed_states> feeds_of(const server_view& view, const std::string& venue) {
  std::array<std::uint64_t, feed_states> result{};
  for (const auto& book : view.books) {
    if (book.where->venue != venue) continue;
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      if (book.kinds.test(kind)) ++result[static_cast<std::size_t>(book.states[kind])];
    }
  }
  return result;
}

void add_states(const server_view& view, families& out) {
  auto& up = out.gauge("venue_live", "1 if a venue and all its books are live.");
  auto& books = out.gauge("books", "Books by their state.");
  auto& feeds = out.gauge("feeds", "Feeds of instruments, each kind for itself, by their state.");
  auto& open = out.gauge("connections_open", "WebSocket connections that are open.");
  auto& unknown = out.gauge("instruments_unknown",
                            "Instruments of the configuration that the venue does not have.");
  for (const auto& venue : view.venues) {
    up.add(venue_label(venue), venue.state == venue_standing::live ? 1 : 0);
    open.add(venue_label(venue), venue.connections_open);
    unknown.add(venue_label(venue), venue.unknown.size());
    const auto by_state = feeds_of(view, venue.venue);
    for (std::size_t state = 0; state < feed_states; ++state) {
      const auto of = with(venue_label(venue), "state", to_string(static_cast<feed_state>(state)));
      books.add(of, venue.books[state]);
      feeds.add(of, by_state[state]);
    }
  }
}

void add_connections(const server_view& view, families& out) {
  auto& opened = out.counter("connections_opened_total", "Connections that came to be open.");
  auto& lost =
      out.counter("connections_lost_total", "Connections that ended, for whatever reason.");
  auto& refused = out.counter("subscriptions_refused_total", "Subscriptions that a venue refused.");
  auto& silent =
      out.counter("connections_silent_total", "Connections that were given up as silent.");
  auto& opened_breaker =
      out.counter("breaker_opened_total", "How often a venue's circuit breaker opened.");
  for (const auto& venue : view.venues) {
    if (venue.counters == nullptr) continue;
    const auto& c = *venue.counters;
    opened.add(venue_label(venue), c.connections_opened.load());
    lost.add(venue_label(venue), c.connections_lost.load());
    refused.add(venue_label(venue), c.subscriptions_refused.load());
    silent.add(venue_label(venue), c.connections_silent.load());
    opened_breaker.add(venue_label(venue), c.breaker_opened.load());
  }
}

void add_checks(const server_view& view, families& out) {
  auto& resyncs = out.counter("resyncs_total", "Snapshots that were asked for to repair a book.");
  auto& quarantined = out.counter("quarantined_total", "Events that broke a rule.");
  auto& failed =
      out.counter("checks_failed_total", "Failed continuity checks: sequence, checksum.");
  for (const auto& venue : view.venues) {
    if (venue.counters == nullptr) continue;
    resyncs.add(venue_label(venue), venue.counters->resyncs.load());
    quarantined.add(venue_label(venue), venue.counters->quarantined.load());
    failed.add(venue_label(venue), venue.checks_failed);
  }
}

void add_candles(const server_view& view, families& out) {
  auto& candles =
      out.counter("candles_total", "Candles built from trades, by what became of them.");
  auto& late = out.counter("candle_trades_late_total", "Trades that came too late for any candle.");
  for (const auto& venue : view.venues) {
    if (venue.counters == nullptr) continue;
    const auto& c = venue.counters->candles;
    candles.add(with(venue_label(venue), "outcome", "closed"), c.closed.load());
    candles.add(with(venue_label(venue), "outcome", "revised"), c.revised.load());
    candles.add(with(venue_label(venue), "outcome", "incomplete"), c.incomplete.load());
    late.add(venue_label(venue), c.late.load());
  }
}

// By rule, of which a file has at most 256, and venue.
void add_rules(const server_view& view, families& out) {
  auto& judged = out.counter("rule_judged_total", "Events that a validation rule looked at.");
  auto& broken = out.counter("rule_broken_total", "Events that broke a validation rule.");
  auto& done = out.counter("rule_outcomes_total", "What came of events that broke a rule.");
  for (const auto& venue : view.venues) {
    const auto* const counts = venue.counters == nullptr ? nullptr : venue.counters->rules.load();
    if (counts == nullptr) continue;
    for (const auto& rule : counts->of_rule) {
      const auto of = with(venue_label(venue), "rule", rule.rule);
      judged.add(of, rule.judged.load());
      broken.add(of, rule.broken.load());
      done.add(with(of, "outcome", "flag"), rule.flagged.load());
      done.add(with(of, "outcome", "quarantine"), rule.quarantined.load());
      done.add(with(of, "outcome", "alert"), rule.alerted.load());
      done.add(with(of, "outcome", "suppressed"), rule.suppressed.load());
    }
  }
}

// Gaps, state changes, what is in quarantine and alerts: as they passed the validator.
void add_ledger(const metrics_input& input, families& out) {
  auto& opened = out.counter("gaps_opened_total", "Ledger entries that were opened.");
  auto& closed = out.counter("gaps_closed_total", "Ledger entries that were closed.");
  auto& filled =
      out.counter("gaps_recovered_total", "Ledger entries that ended with the feed whole again.");
  auto& changes = out.counter("state_changes_total", "Changes of a feed's state.");
  auto& by_rule = out.counter("quarantined_by_rule_total",
                              "Events and frames in quarantine, by the rule that put them there.");
  auto& alerts = out.counter("alerts_raised_total", "Alerts of validation rules and of feeds.");
  for (const auto& venue : input.look.view.venues) {
    const auto found = input.by_venue.find(venue.venue);
    const auto totals = found == input.by_venue.end() ? venue_totals{} : found->second;
    opened.add(venue_label(venue), totals.gaps_opened);
    closed.add(venue_label(venue), totals.gaps_closed);
    filled.add(venue_label(venue), totals.gaps_recovered);
    changes.add(venue_label(venue), totals.state_changes);
    for (const auto& [rule, count] : totals.quarantined_by_rule) {
      by_rule.add(with(venue_label(venue), "rule", rule), count);
    }
    for (std::size_t at = 0; at < alert_severities; ++at) {
      const auto severity = to_string(static_cast<alert_severity>(at));
      alerts.add(with(venue_label(venue), "severity", severity), totals.alerts_by_severity[at]);
    }
  }
}

}  // namespace

void add_venue_metrics(const metrics_input& input, families& out) {
  const auto& view = input.look.view;
  add_frames(view, out);
  add_ignored(view, out);
  add_drops(view, out);
  add_numbers(view, out);
  add_decimals(view, out);
  add_latencies(view, out);
  add_states(view, out);
  add_connections(view, out);
  add_checks(view, out);
  add_candles(view, out);
  add_rules(view, out);
  add_ledger(input, out);
}

}  // namespace feedtree::actors::metric_parts
