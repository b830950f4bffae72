#include "actors/operator/operator_json.hpp"

#include <algorithm>

namespace feedtree::actors {
namespace {

void add_latency(json_builder& json, std::string_view name, const latency_summary& what) {
  json.object(name, [&] { json.add("p50_us", what.p50_us).add("p99_us", what.p99_us); });
}

void add_frames(json_builder& json, const venue_view& venue) {
  json.object("frames", [&] {
    const auto* counters = venue.counters;
    json.add("received", counters ? counters->frames_received.load() : 0);
    json.add("decoded", counters ? counters->frames_decoded.load() : 0);
    json.add("ignored", counters ? counters->frames_ignored.load() : 0);
    json.add("rejected", counters ? counters->frames_rejected.load() : 0);
    json.add("entries_lost", counters ? counters->entries_lost.load() : 0);
    json.add("fields_lost", counters ? counters->fields_lost.load() : 0);
    json.add("per_second", venue.frames_per_second);
  });
}

void add_events(json_builder& json, const venue_view& venue) {
  json.object("events", [&] {
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      json.add(to_string(static_cast<event_kind>(kind)),
               venue.counters ? venue.counters->events[kind].load() : 0);
    }
    json.add("per_second", venue.events_per_second);
  });
}

void add_connections(json_builder& json, const venue_view& venue) {
  json.object("connections", [&] {
    const auto* counters = venue.counters;
    json.add("open", venue.connections_open);
    json.add("opened", counters ? counters->connections_opened.load() : 0);
    json.add("lost", counters ? counters->connections_lost.load() : 0);
  });
}

void add_venue(json_builder& json, const venue_view& venue) {
  json.object([&] {
    json.add("venue", venue.venue);
    json.add("state", to_string(venue.state)).add_or_null("reason", venue.reason);
    json.add("instruments", venue.instruments).add("unknown", venue.unknown.size());
    json.object("books", [&] {
      for (std::size_t state = 0; state < feed_states; ++state) {
        json.add(to_string(static_cast<feed_state>(state)), venue.books[state]);
      }
    });
    add_connections(json, venue);
    add_frames(json, venue);
    add_events(json, venue);
    json.add("checks_failed", venue.checks_failed);
    json.add("resyncs", venue.counters ? venue.counters->resyncs.load() : 0);
    json.add("quarantined", venue.counters ? venue.counters->quarantined.load() : 0);
    json.add("refused", venue.counters ? venue.counters->subscriptions_refused.load() : 0);
    json.add("restarts", venue.restarts);
    json.add("breaker",
             to_string(venue.counters ? venue.counters->breaker.load() : breaker_state::closed));
    json.add("silent_connections", venue.counters ? venue.counters->connections_silent.load() : 0);
    json.object("latency", [&] {
      add_latency(json, "exchange_to_receive", venue.receive);
      add_latency(json, "receive_to_validated", venue.pass);
    });
  });
}

void add_level(json_builder& json, std::string_view name, const std::optional<level>& best) {
  json.add_or_null(name, best ? best->price().to_string() : "");
}

void add_instrument(json_builder& json, const book_statistics& book) {
  const auto& c = book.counters;
  json.object([&] {
    json.add("venue", book.where->venue).add("instrument", book.where->symbol);
    json.add("venue_symbol", book.where->venue_symbol);
    json.add("type", to_string(book.where->details.type));
    json.add("state", to_string(book.state)).add_raw("reason", "null");
    add_level(json, "bid_price", book.best_bid);
    add_level(json, "ask_price", book.best_ask);
    json.add("bids", book.bids).add("asks", book.asks);
    json.add("updates", c.level_updates).add("snapshots", c.snapshots);
    json.add("checks_ok", c.checksum_ok + c.sequence_ok);
    json.add("checks_failed", c.checksum_failed + c.sequence_gaps);
    json.add("crossed", c.crossed);
  });
}

// An instrument that its venue does not have: as one of which nothing came.
void add_unknown(json_builder& json, const unknown_instrument& what) {
  const auto details = parse_instrument(what.instrument);
  json.object([&] {
    json.add("venue", what.venue).add("instrument", what.instrument);
    json.add_raw("venue_symbol", "null");
    json.add("type", to_string(details ? details->type : market_type::spot));
    json.add("state", "unknown").add("reason", what.reason);
    json.add_raw("bid_price", "null").add_raw("ask_price", "null");
    for (const auto* name :
         {"bids", "asks", "updates", "snapshots", "checks_ok", "checks_failed", "crossed"}) {
      json.add(name, 0);
    }
  });
}

std::string_view state_of(const sink_view& sink) {
  if (sink.failing_ns != 0) return "failing";
  if (!sink.counters.counters.connected) return "disconnected";
  return sink.behind_ns != 0 ? "behind" : "ok";
}

void add_queue(json_builder& json, const edge_statistics& edge) {
  json.object("queue", [&] {
    json.add("events", edge.events).add("events_max", edge.events_max);
    json.add("bytes", edge.bytes).add("bytes_max", edge.bytes_max);
    json.add("events_dropped", edge.events_dropped).add("events_merged", edge.events_merged);
    json.add("times_behind", edge.times_behind);
  });
}

void add_sink(json_builder& json, const sink_view& sink) {
  const auto& c = sink.counters.counters;
  json.object([&] {
    json.add("sink", sink.counters.name).add("state", state_of(sink)).add("policy", sink.policy);
    json.add_ns("behind_since_ns", sink.behind_ns).add_ns("failing_since_ns", sink.failing_ns);
    json.add("events_taken", c.events).add("events_delivered", c.delivered);
    json.add("bytes_delivered", c.bytes).add("duplicates", c.duplicates);
    json.add("values_written", c.written).add("values_merged", c.merged);
    json.add("messages_too_large", c.too_large).add("messages_not_permitted", c.not_permitted);
    json.add("questions_refused", c.questions_refused);
    json.add("errors", c.errors).add("disconnects", c.disconnects);
    json.add("connected", c.connected).add("per_second", sink.events_per_second);
    add_queue(json, sink.edge);
    json.add_or_null("last_error", sink.counters.last_error);
  });
}

void add_journal(json_builder& json, const journal_statistics& journal) {
  if (journal.bytes_max == 0) {
    json.add_raw("journal", "null");
    return;
  }
  json.object("journal", [&] {
    json.add("bytes", journal.bytes).add("bytes_max", journal.bytes_max);
    json.add("last_position", journal.last_position);
    json.add("events_dropped", journal.events_dropped).add("at_limit", journal.at_limit);
    json.add_or_null("last_error", journal.last_error);
  });
}

// The queue into which an actor sends, by the name that its edge begins with.
const edge_statistics* edge_of(const server_view& view, std::string_view path) {
  const auto found = std::find_if(view.edges.begin(), view.edges.end(), [&](const auto& edge) {
    const auto from = std::string_view(edge.name).substr(0, edge.name.find(" to "));
    return path.size() > from.size() && path.ends_with(from) &&
           path[path.size() - from.size() - 1] == '/';
  });
  return found == view.edges.end() ? nullptr : &*found;
}

void add_actor(json_builder& json, const server_view& view, const actor_info& actor) {
  const auto rate = view.messages_per_second.find(actor.path);
  json.object([&] {
    json.add("path", actor.path).add("kind", actor.kind).add("state", to_string(actor.state));
    json.add_ns("since_ns", actor.since_ns);
    json.add("restarts", actor.restarts).add("restartable", actor.restartable);
    json.add("pausable", actor.pausable).add("failures_lately", actor.failures_lately);
    json.add_or_null("last_error", actor.last_error);
    json.add_ns("last_error_ns", actor.last_error_ns);
    json.add("mailbox", actor.mailbox_depth).add("messages", actor.messages_handled);
    json.add("messages_per_second", rate == view.messages_per_second.end() ? 0 : rate->second);
    const auto handling = view.handling.find(actor.path);
    add_latency(json, "time_per_message",
                handling == view.handling.end() ? latency_summary{} : handling->second);
    if (const auto* edge = edge_of(view, actor.path)) {
      add_queue(json, *edge);
    } else {
      json.add_raw("queue", "null");
    }
  });
}

void add_fallbacks(json_builder& json, const server_facts& facts) {
  json.array("insecure_defaults", [&] {
    for (const auto& each : facts.insecure) {
      json.object([&] { json.add("service", each.service).add("what", each.what); });
    }
  });
}

void add_reasons(json_builder& json, const server_view& view,
                 const std::vector<condition>& present) {
  const auto ready = judge_readiness(present);
  json.add("ready", ready.is_ready);
  json.array("reasons", [&] {
    for (const auto& each : ready.reasons) json.text(each.sentence(view.now_ns));
  });
  json.array("warnings", [&] {
    for (const auto& each : ready.warnings) json.text(each.sentence(view.now_ns));
  });
  add_fallbacks(json, *view.facts);
}

void add_problems(json_builder& json, const std::vector<condition>& present) {
  json.array("problems", [&] {
    for (const auto& each : present) {
      json.object([&] {
        json.add("component", each.component).add("text", each.text);
        json.add_or_null("advice", each.advice).add("severity", to_string(each.how));
        json.add_ns("since_ns", each.since_ns);
      });
    }
  });
}

void add_list(json_builder& json, const server_view& view, std::string_view name) {
  json.array(name, [&] {
    if (name == "venues") {
      for (const auto& each : view.venues) add_venue(json, each);
    } else {
      for (const auto& each : view.sinks) add_sink(json, each);
    }
  });
}

template <class Records>
void add_records(json_builder& json, std::string_view name, const Records& records) {
  json.array(name, [&] {
    for (const auto& each : records) json.raw(record_json(each));
  });
}

template <class Records>
std::string records_json(std::string_view name, const Records& records, std::int64_t now_ns) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add_ns("now_ns", now_ns);
    add_records(json, name, records);
  });
  return out;
}

void add_levels(json_builder& json, std::string_view name, std::span<const level> side,
                std::size_t depth) {
  std::string levels;
  encode_levels(side.first(std::min(depth, side.size())), levels);
  json.add_raw(name, levels);
}

}  // namespace

std::string health_json(const server_view& view, bool is_alive) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add("alive", is_alive).add("version", view.facts->version);
    json.add_ns("now_ns", view.now_ns).add_ns("started_ns", view.facts->started_ns);
  });
  return out;
}

std::string readiness_json(const server_view& view, const std::vector<condition>& present) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    add_reasons(json, view, present);
    json.add_ns("now_ns", view.now_ns);
  });
  return out;
}

std::string venues_json(const server_view& view) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add_ns("now_ns", view.now_ns);
    add_list(json, view, "venues");
  });
  return out;
}

std::string instruments_json(const server_view& view, std::string_view venue) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add_ns("now_ns", view.now_ns);
    json.array("instruments", [&] {
      for (const auto& book : view.books) {
        if (venue.empty() || book.where->venue == venue) add_instrument(json, book);
      }
      for (const auto& each : view.venues) {
        if (!venue.empty() && each.venue != venue) continue;
        for (const auto& unknown : each.unknown) add_unknown(json, unknown);
      }
    });
  });
  return out;
}

std::string sinks_json(const server_view& view) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add_ns("now_ns", view.now_ns);
    add_list(json, view, "sinks");
    add_journal(json, view.journal);
  });
  return out;
}

std::string actors_json(const server_view& view) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add_ns("now_ns", view.now_ns);
    json.array("actors", [&] {
      for (const auto& actor : view.actors) add_actor(json, view, actor);
    });
  });
  return out;
}

std::string actor_json(const server_view& view, const actor_info& actor) {
  std::string out;
  json_builder json(out);
  add_actor(json, view, actor);
  return out;
}

std::string gaps_json(const std::vector<gap_record>& gaps, std::int64_t now_ns) {
  return records_json("gaps", gaps, now_ns);
}

std::string quarantine_json(const std::vector<quarantine_record>& entries, std::int64_t now_ns) {
  return records_json("quarantine", entries, now_ns);
}

std::string states_json(const std::vector<state_record>& states, std::int64_t now_ns) {
  return records_json("states", states, now_ns);
}

std::string alerts_json(const std::vector<alert>& alerts, const std::vector<alert_record>& raised,
                        std::int64_t now_ns) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add_ns("now_ns", now_ns);
    add_records(json, "alerts", alerts);
    add_records(json, "raised", raised);
  });
  return out;
}

std::string book_json(const event_batch& book, std::size_t depth) {
  const auto& what = book.events.front();
  const auto& change = std::get<book_change>(what.body);
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add("venue", what.where->venue).add("instrument", what.where->symbol);
    json.add("state", to_string(what.state)).add_ns("receive_ns", what.receive_ns);
    json.add("bids_total", change.bids).add("asks_total", change.asks);
    add_levels(json, "bids", book.bids(change), depth);
    add_levels(json, "asks", book.asks(change), depth);
  });
  return out;
}

std::string overview_json(const server_view& view, const std::vector<condition>& present,
                          const http::server_counters& web) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add("version", view.facts->version).add_ns("now_ns", view.now_ns);
    json.add_ns("started_ns", view.facts->started_ns);
    json.add("needs_token", view.facts->needs_token);
    add_reasons(json, view, present);
    add_problems(json, present);
    add_list(json, view, "venues");
    add_list(json, view, "sinks");
    add_journal(json, view.journal);
    json.object("http", [&] {
      json.add("connections", web.connections).add("requests", web.requests);
      json.add("streams", web.streams).add("streams_cut", web.streams_cut);
    });
  });
  return out;
}

}  // namespace feedtree::actors
