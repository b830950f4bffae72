#include "actors/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <limits>
#include <sstream>

namespace feedtree::actors {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

// One metric with its samples.
class family {
 public:
  family(MetricType type, std::string name, std::string help) {
    what_.type = type;
    what_.name = "feedtree_" + std::move(name);
    what_.help = std::move(help);
  }
  template <class Number>
  family& add(labels of, Number value) {
    ClientMetric sample;
    sample.label = std::move(of);
    const auto number = static_cast<double>(value);
    if (what_.type == MetricType::Counter) {
      sample.counter.value = number;
    } else {
      sample.gauge.value = number;
    }
    what_.metric.push_back(std::move(sample));
    return *this;
  }
  // Buckets at whole powers of two, in seconds.
  family& add(labels of, const latency_counts& counts) {
    ClientMetric sample;
    sample.label = std::move(of);
    auto& histogram = sample.histogram;
    histogram.sample_count = counts.total();
    histogram.sample_sum = static_cast<double>(counts.sum_us) / 1e6;
    std::uint64_t below = 0;
    for (std::size_t at = 0; at < latency_counts::buckets; ++at) {
      below += counts.count[at];
      const bool is_last = at + 1 == latency_counts::buckets;
      if (at % 2 == 1 && !is_last) continue;
      const auto end = static_cast<double>(latency_counts::end_us(at)) / 1e6;
      histogram.bucket.push_back({below, is_last ? std::numeric_limits<double>::infinity() : end});
    }
    what_.metric.push_back(std::move(sample));
    return *this;
  }
  // Buckets as the histogram has them, in seconds; those below zero too.
  family& add(labels of, const rules::skew_histogram& skew) {
    ClientMetric sample;
    sample.label = std::move(of);
    auto& histogram = sample.histogram;
    histogram.sample_sum = static_cast<double>(skew.sum_us()) / 1e6;
    std::uint64_t below = 0;
    for (std::size_t at = 0; at < rules::skew_histogram::buckets; ++at) {
      below += skew.count(at);
      const bool is_last = at == rules::skew_histogram::ends_ms.size();
      const auto end = is_last ? std::numeric_limits<double>::infinity()
                               : static_cast<double>(rules::skew_histogram::ends_ms[at]) / 1e3;
      histogram.bucket.push_back({below, end});
    }
    histogram.sample_count = below;
    what_.metric.push_back(std::move(sample));
    return *this;
  }
  bool is_empty() const { return what_.metric.empty(); }
  MetricFamily&& take() { return std::move(what_); }

 private:
  MetricFamily what_;
};

class families {
 public:
  family& counter(const std::string& name, const std::string& help) {
    return all_.emplace_back(MetricType::Counter, name, help);
  }
  family& gauge(const std::string& name, const std::string& help) {
    return all_.emplace_back(MetricType::Gauge, name, help);
  }
  family& histogram(const std::string& name, const std::string& help) {
    return all_.emplace_back(MetricType::Histogram, name, help);
  }
  std::vector<MetricFamily> take() {
    std::vector<MetricFamily> result;
    for (auto& each : all_) {
      if (!each.is_empty()) result.push_back(each.take());
    }
    return result;
  }

 private:
  std::deque<family> all_;  // references stay valid
};

labels venue_label(const venue_view& venue) {
  return {{"venue", venue.venue}};
}

labels with(labels of, std::string name, std::string_view value) {
  of.push_back({std::move(name), std::string(value)});
  return of;
}

void add_frames(const server_view& view, families& out) {
  auto& frames =
      out.counter("frames_total", "Messages received from venues, by what became of them.");
  auto& events = out.counter("events_total", "Events that validators passed on.");
  for (const auto& venue : view.venues) {
    if (venue.counters == nullptr) continue;
    const auto& c = *venue.counters;
    frames.add(with(venue_label(venue), "outcome", "decoded"), c.frames_decoded.load());
    frames.add(with(venue_label(venue), "outcome", "ignored"), c.frames_ignored.load());
    frames.add(with(venue_label(venue), "outcome", "rejected"), c.frames_rejected.load());
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      events.add(with(venue_label(venue), "kind", to_string(static_cast<event_kind>(kind))),
                 c.events[kind].load());
    }
  }
}

void add_latencies(const server_view& view, families& out) {
  auto& receive =
      out.histogram("receive_latency_seconds", "From the venue's time of an event to its receipt.");
  auto& pass = out.histogram("validate_latency_seconds",
                             "From the receipt of an event to the end of its validation.");
  for (const auto& venue : view.venues) {
    if (venue.counters == nullptr) continue;
    receive.add(venue_label(venue), venue.counters->receive_latency.counts());
    pass.add(venue_label(venue), venue.counters->pass_latency.counts());
  }
}

void add_venue_states(const server_view& view, families& out) {
  auto& up = out.gauge("venue_live", "1 if a venue and all its books are live.");
  auto& books = out.gauge("books", "Books by their state.");
  auto& open = out.gauge("connections_open", "WebSocket connections that are open.");
  for (const auto& venue : view.venues) {
    up.add(venue_label(venue), venue.state == venue_standing::live ? 1 : 0);
    open.add(venue_label(venue), venue.connections_open);
    for (std::size_t state = 0; state < feed_states; ++state) {
      books.add(with(venue_label(venue), "state", to_string(static_cast<feed_state>(state))),
                venue.books[state]);
    }
  }
}

void add_venue_counts(const server_view& view, families& out) {
  auto& opened = out.counter("connections_opened_total", "Connections that came to be open.");
  auto& lost =
      out.counter("connections_lost_total", "Connections that ended, for whatever reason.");
  auto& resyncs = out.counter("resyncs_total", "Snapshots that were asked for to repair a book.");
  auto& quarantined = out.counter("quarantined_total", "Events that broke a rule.");
  auto& refused = out.counter("subscriptions_refused_total", "Subscriptions that a venue refused.");
  auto& silent =
      out.counter("connections_silent_total", "Connections that were given up as silent.");
  auto& opened_breaker =
      out.counter("breaker_opened_total", "How often a venue's circuit breaker opened.");
  auto& failed =
      out.counter("checks_failed_total", "Failed continuity checks: sequence, checksum.");
  for (const auto& venue : view.venues) {
    if (venue.counters == nullptr) continue;
    const auto& c = *venue.counters;
    opened.add(venue_label(venue), c.connections_opened.load());
    lost.add(venue_label(venue), c.connections_lost.load());
    resyncs.add(venue_label(venue), c.resyncs.load());
    quarantined.add(venue_label(venue), c.quarantined.load());
    refused.add(venue_label(venue), c.subscriptions_refused.load());
    silent.add(venue_label(venue), c.connections_silent.load());
    opened_breaker.add(venue_label(venue), c.breaker_opened.load());
    failed.add(venue_label(venue), venue.checks_failed);
  }
}

// By rule, of which a file has at most 256, and venue.
void add_rules(const server_view& view, families& out) {
  auto& judged = out.counter("rule_judged_total", "Events that a validation rule looked at.");
  auto& broken = out.counter("rule_broken_total", "Events that broke a validation rule.");
  auto& done = out.counter("rule_outcomes_total", "What came of events that broke a rule.");
  auto& skew = out.histogram("clock_skew_seconds", "Receive time minus the venue's time.");
  for (const auto& venue : view.venues) {
    const auto* const counts = venue.counters == nullptr ? nullptr : venue.counters->rules.load();
    if (counts == nullptr) continue;
    skew.add(venue_label(venue), counts->skew);
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

void add_sinks(const server_view& view, families& out) {
  auto& taken = out.counter("sink_events_taken_total", "Events that a sink took.");
  auto& delivered = out.counter("sink_events_delivered_total", "Events that a sink's target has.");
  auto& errors = out.counter("sink_errors_total", "Calls of a sink that failed.");
  auto& merged = out.counter("sink_values_merged_total",
                             "Changes of a cache's values that a later one overtook.");
  auto& connected = out.gauge("sink_connected", "1 if a sink reaches its target.");
  auto& behind = out.gauge("sink_behind", "1 if a sink is fed from the journal.");
  auto& queued = out.gauge("sink_queue_events", "Events on the way to a sink.");
  auto& bound = out.gauge("sink_queue_events_max", "The bound of these.");
  std::size_t number = 0;
  for (const auto& sink : view.sinks) {
    const labels of{{"sink", sink.counters.name}, {"index", std::to_string(number++)}};
    taken.add(of, sink.counters.counters.events);
    delivered.add(of, sink.counters.counters.delivered);
    errors.add(of, sink.counters.counters.errors);
    merged.add(of, sink.counters.counters.merged);
    connected.add(of, sink.counters.counters.connected ? 1 : 0);
    behind.add(of, sink.behind_ns != 0 ? 1 : 0);
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
  out.counter("archive_hours_removed_total", "Hours that retention removed.")
      .add({}, a.hours_removed.load());
  out.gauge("archive_files_open", "Files that are written.").add({}, a.files_open.load());
  out.gauge("archive_queue_bytes", "What waits to be written.").add({}, a.queue_bytes.load());
  out.gauge("archive_healthy", "1 if the archive can be written.")
      .add({}, a.failing.load() ? 0 : 1);
}

void add_ledger(const recent_totals& totals, families& out) {
  out.counter("gaps_opened_total", "Ledger entries that were opened.").add({}, totals.gaps_opened);
  out.counter("gaps_closed_total", "Ledger entries that were closed.").add({}, totals.gaps_closed);
  out.counter("state_changes_total", "Changes of a feed's state.").add({}, totals.state_changes);
}

// By kind, so that the number of instruments does not multiply them.
void add_actors(const server_view& view, families& out) {
  struct sums {
    std::uint64_t running = 0, down = 0, restarts = 0, messages = 0, mailbox = 0;
  };
  std::map<std::string, sums> by_kind;
  for (const auto& actor : view.actors) {
    auto& sum = by_kind[actor.kind];
    ++(actor.state == actor_standing::running ? sum.running : sum.down);
    sum.restarts += actor.restarts;
    sum.messages += actor.messages_handled;
    sum.mailbox += actor.mailbox_depth;
  }
  auto& actors = out.gauge("actors", "Actors by kind and whether they run.");
  auto& restarts = out.counter("actor_restarts_total", "Starts of an actor after its first.");
  auto& messages = out.counter("actor_messages_total", "Messages that actors handled.");
  auto& mailbox = out.gauge("actor_mailbox_messages", "Messages that wait.");
  for (const auto& [kind, sum] : by_kind) {
    actors.add({{"kind", kind}, {"running", "true"}}, sum.running);
    actors.add({{"kind", kind}, {"running", "false"}}, sum.down);
    restarts.add({{"kind", kind}}, sum.restarts);
    messages.add({{"kind", kind}}, sum.messages);
    mailbox.add({{"kind", kind}}, sum.mailbox);
  }
}

void add_web(const http::server_counters& web, families& out) {
  out.counter("http_requests_total", "Requests that were answered.").add({}, web.requests);
  out.counter("http_requests_rejected_total", "What was no request, or too large a one.")
      .add({}, web.requests_rejected);
  out.counter("http_timeouts_total", "Requests that did not come to their end in time.")
      .add({}, web.timeouts);
  out.gauge("http_connections", "Connections that are open.").add({}, web.connections);
  out.counter("http_connections_refused_total", "Connections for which there was no room.")
      .add({}, web.connections_refused);
  out.gauge("http_event_streams", "Readers of server-sent events.").add({}, web.streams);
  out.counter("http_event_streams_cut_total", "Readers that were too slow.")
      .add({}, web.streams_cut);
}

std::uint64_t resident_bytes() {
  unsigned long long pages = 0;
  unsigned long long resident = 0;
  if (auto* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%llu %llu", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void add_process(const server_view& view, families& out) {
  out.gauge("build_info", "1, with the version.").add({{"version", view.facts->version}}, 1);
  out.gauge("start_time_seconds", "When the server started, since 1970.")
      .add({}, static_cast<double>(view.facts->started_ns) / 1e9);
  out.gauge("resident_memory_bytes", "Memory that the process holds.").add({}, resident_bytes());
  out.counter("cpu_seconds_total", "Processor time of the process.").add({}, cpu_seconds());
  auto& insecure = out.gauge("insecure_default", "1 for each insecure default that is in use.");
  for (const auto& each : view.facts->insecure) insecure.add({{"service", each.service}}, 1);
}

}  // namespace

std::string metrics_text(const server_view& view, const recent_totals& totals,
                         const http::server_counters& web) {
  families all;
  add_frames(view, all);
  add_latencies(view, all);
  add_venue_states(view, all);
  add_venue_counts(view, all);
  add_rules(view, all);
  add_sinks(view, all);
  add_journal(view, all);
  add_archive(view, all);
  add_pollers(view, all);
  add_ledger(totals, all);
  add_actors(view, all);
  add_web(web, all);
  add_process(view, all);
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, all.take());
  return out.str();
}

}  // namespace feedtree::actors
