// What is counted of sinks, the journal, the archive and the queues between actors.
#include <algorithm>

#include "actors/reporting/metric_families.hpp"

namespace feedtree::actors::metric_parts {
namespace {

labels sink_label(const sink_view& sink, std::size_t number) {
  return {{"sink", sink.counters.name}, {"index", std::to_string(number)}};
}

void add_deliveries(const server_view& view, families& out) {
  auto& taken = out.counter("sink_events_taken_total", "Events that a sink took.");
  auto& delivered = out.counter("sink_events_delivered_total", "Events that a sink's target has.");
  auto& twice =
      out.counter("sink_events_duplicate_total", "Delivered events that the target had already.");
  auto& refused =
      out.counter("sink_events_refused_total", "Delivered events that the target would not have.");
  auto& bytes = out.counter("sink_bytes_total", "Text that was delivered; 0 for databases.");
  auto& latency = out.histogram("publish_latency_seconds",
                                "From the receipt of an event until a sink's target has it.");
  auto& rows = out.counter("sink_rows_written_total", "Rows that are new in a table.");
  for (std::size_t at = 0; at < view.sinks.size(); ++at) {
    const auto& sink = view.sinks[at].counters;
    const auto of = sink_label(view.sinks[at], at);
    taken.add(of, sink.counters.events);
    delivered.add(of, sink.counters.delivered);
    twice.add(of, sink.counters.duplicates);
    refused.add(of, sink.counters.refused);
    bytes.add(of, sink.counters.bytes);
    latency.add(of, sink.latency);
    for (const auto& table : sink.rows) rows.add(with(of, "table", table.table), table.rows);
  }
}

void add_conditions(const server_view& view, families& out) {
  auto& errors = out.counter("sink_errors_total", "Calls of a sink that failed.");
  auto& lost = out.counter("sink_disconnects_total", "Connections to a target that were lost.");
  auto& written =
      out.counter("sink_values_written_total", "Values of a cache that its server has taken.");
  auto& merged = out.counter("sink_values_merged_total",
                             "Changes of a cache's values that a later one overtook.");
  auto& not_sent =
      out.counter("sink_messages_not_sent_total",
                  "Messages that a target would not have: too large, or not permitted.");
  auto& questions = out.counter("sink_questions_refused_total",
                                "Requests for books whose answer was to go to no inbox.");
  auto& connected = out.gauge("sink_connected", "1 if a sink reaches its target.");
  auto& behind = out.gauge("sink_behind", "1 if a sink is fed from the journal.");
  auto& positions = out.gauge("sink_journal_positions_behind",
                              "Positions of the journal that a sink does not have for good.");
  auto& queued = out.gauge("sink_queue_events", "Events on the way to a sink.");
  auto& bound = out.gauge("sink_queue_events_max", "The bound of these.");
  for (std::size_t at = 0; at < view.sinks.size(); ++at) {
    const auto& sink = view.sinks[at];
    const auto of = sink_label(sink, at);
    errors.add(of, sink.counters.counters.errors);
    lost.add(of, sink.counters.counters.disconnects);
    written.add(of, sink.counters.counters.written);
    merged.add(of, sink.counters.counters.merged);
    not_sent.add(with(of, "why", "too_large"), sink.counters.counters.too_large);
    not_sent.add(with(of, "why", "not_permitted"), sink.counters.counters.not_permitted);
    questions.add(of, sink.counters.counters.questions_refused);
    connected.add(of, sink.counters.counters.connected ? 1 : 0);
    behind.add(of, sink.behind_ns != 0 ? 1 : 0);
    positions.add(of, sink.edge.positions_behind);
    queued.add(of, sink.edge.events);
    bound.add(of, sink.edge.events_max);
  }
}

void add_journal(const server_view& view, families& out) {
  if (view.journal.bytes_max == 0) return;
  out.gauge("journal_bytes", "Size of the journal.").add({}, view.journal.bytes);
  out.gauge("journal_bytes_max", "Bound of the journal.").add({}, view.journal.bytes_max);
  out.gauge("journal_position", "The last position that is stored.")
      .add({}, view.journal.last_position);
  out.counter("journal_events_dropped_total", "Events for which the journal had no room.")
      .add({}, view.journal.events_dropped);
  out.gauge("journal_healthy", "1 if the journal has room and its disk works.")
      .add({}, view.journal.last_error.empty() && !view.journal.at_limit ? 1 : 0);
}

void add_pollers(const server_view& view, families& out) {
  if (view.facts->pollers == nullptr) return;
  auto& runs = out.counter("poller_runs_total", "Runs of pollers that came to their end.");
  auto& failed = out.counter("poller_runs_failed_total", "Of these: with something given up.");
  auto& requests = out.counter("poller_requests_total", "Requests of pollers.");
  auto& refused = out.counter("poller_refused_total", "Requests that the source was too busy for.");
  auto& events = out.counter("poller_events_total", "Events that pollers handed on.");
  auto& repeated =
      out.counter("poller_repeated_total", "Events that were published before, and not again.");
  auto& aside = out.counter("poller_quarantined_total", "What pollers could not hand on.");
  auto& gaps = out.counter("poller_gaps_total", "Stretches that the source had nothing for.");
  auto& last = out.gauge("poller_last_run_timestamp_seconds", "When the last whole run ended.");
  auto& healthy = out.gauge("poller_healthy", "1 if the last run was whole.");
  for (const auto& each : *view.facts->pollers) {
    const labels of{{"poller", each->name}, {"source", each->source}};
    runs.add(of, each->runs.load());
    failed.add(of, each->runs_failed.load());
    requests.add(of, each->requests.load());
    refused.add(of, each->refused.load());
    events.add(of, each->events.load());
    repeated.add(of, each->repeated.load());
    aside.add(of, each->quarantined.load());
    gaps.add(of, each->gaps.load());
    last.add(of, each->last_run_ns.load() / 1'000'000'000);
    healthy.add(of, each->failing ? 0 : 1);
  }
}

void add_archive(const server_view& view, families& out) {
  if (view.facts->archive == nullptr) return;
  const auto& a = *view.facts->archive;
  out.counter("archive_frames_total", "Messages that the archive took.").add({}, a.frames.load());
  out.counter("archive_dropped_total", "Messages for which the archive had no room.")
      .add({}, a.dropped.load());
  out.counter("archive_text_bytes_total", "What was written, before compression.")
      .add({}, a.text_bytes.load());
  out.counter("archive_bytes_total", "What was written.").add({}, a.bytes.load());
  out.counter("archive_files_closed_total", "Files that were closed.")
      .add({}, a.files_closed.load());
  out.counter("archive_folders_removed_total", "Folders of an hour that retention removed.")
      .add({}, a.hours_removed.load());
  out.gauge("archive_files_open", "Files that are written.").add({}, a.files_open.load());
  out.gauge("archive_queue_bytes", "What waits to be written.").add({}, a.queue_bytes.load());
  out.gauge("archive_healthy", "1 if the archive can be written.")
      .add({}, a.failing.load() ? 0 : 1);
}

// Queues of the same kind are one, so that instruments and connections do not multiply them.
std::string_view stage_of(std::string_view edge) {
  if (edge.starts_with("archive")) return "archive";
  if (edge.ends_with(" inbox")) return "connection";
  if (edge.ends_with(" questions") || edge.ends_with(" answers")) return "questions";
  if (edge.starts_with("distributor to ")) {
    return edge.ends_with(" to journal") ? "journal" : "sink";
  }
  if (edge.ends_with(" to validator")) return "validator";
  return edge.ends_with(" to distributor") ? "distributor" : "book";
}

void add_queues(const server_view& view, families& out) {
  struct sums {
    std::uint64_t events = 0, bytes = 0, dropped = 0;
    double fullest = 0;
  };
  std::map<std::string_view, sums> by_stage;
  for (const auto& edge : view.edges) {
    auto& sum = by_stage[stage_of(edge.name)];
    sum.events += edge.events;
    sum.bytes += edge.bytes;
    sum.dropped += edge.events_dropped;
    const auto share = [](std::uint64_t part, std::uint64_t whole) {
      return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
    };
    sum.fullest = std::max(
        {sum.fullest, share(edge.events, edge.events_max), share(edge.bytes, edge.bytes_max)});
  }
  auto& events = out.gauge("queue_events", "Events (or frames) on their way to this stage.");
  auto& bytes = out.gauge("queue_bytes", "Their size.");
  auto& used = out.gauge("queue_credit_used_ratio",
                         "Part of the credit that is used, of the fullest queue to this stage.");
  auto& dropped = out.counter("queue_events_dropped_total", "Events that did not pass.");
  for (const auto& [stage, sum] : by_stage) {
    const labels of{{"stage", std::string(stage)}};
    events.add(of, sum.events);
    bytes.add(of, sum.bytes);
    used.add(of, sum.fullest);
    dropped.add(of, sum.dropped);
  }
}

}  // namespace

void add_sink_metrics(const metrics_input& input, families& out) {
  const auto& view = input.look.view;
  add_deliveries(view, out);
  add_conditions(view, out);
  add_journal(view, out);
  add_archive(view, out);
  add_pollers(view, out);
  add_queues(view, out);
}

}  // namespace feedtree::actors::metric_parts
