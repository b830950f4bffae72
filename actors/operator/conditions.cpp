#include "actors/operator/conditions.hpp"

#include <algorithm>
#include <set>

namespace feedtree::actors {
namespace {

condition condition_of(std::string component, std::string text, severity how, bool blocks,
                       std::int64_t since_ns = 0, std::string_view advice = {}) {
  return {std::move(component), std::move(text), how, blocks, since_ns, std::string(advice)};
}

// It is one condition that an operator has paused something; what follows from it is none.
bool is_paused(const server_view& view, const std::string& path_end) {
  return std::any_of(view.actors.begin(), view.actors.end(), [&](const auto& actor) {
    return actor.state == actor_standing::paused && actor.path.ends_with(path_end);
  });
}

std::string_view advice_for(venue_standing standing) {
  switch (standing) {
    case venue_standing::starting:
    case venue_standing::connecting:
      return "It is tried again by itself. If other venues are live, look at this venue's status "
             "page; if none is, at the network. The log has the reason of each attempt.";
    case venue_standing::syncing:
    case venue_standing::degraded:
      return "New snapshots are asked for by themselves, and silent connections are made anew. "
             "If it lasts for a minute, restart the venue's connection under Actors. The Ledger "
             "has what is missed.";
    case venue_standing::failed:
      return "Nothing is tried any more. The log says why: mend that, then restart the venue "
             "under Actors, or the server.";
    case venue_standing::live:
      break;
  }
  return {};
}

std::string_view advice_for_failing(const sink_view& sink) {
  if (sink.policy == "block") {
    return "Mend what it says: it is tried again by itself. As its policy is block, everything "
           "waits while it takes nothing.";
  }
  return "Mend what it says: it is tried again by itself, and nothing is lost meanwhile: it "
         "catches up from the journal.";
}

// Nothing of it can be collected now.
bool has_only_unknown(const venue_view& venue) {
  return !venue.unknown.empty() && venue.unknown.size() == venue.instruments &&
         venue.state == venue_standing::starting;
}

bool any_is_live(const server_view& view) {
  return std::any_of(view.venues.begin(), view.venues.end(),
                     [](const auto& venue) { return venue.state == venue_standing::live; });
}

// One problem for each instrument that a venue does not have, up to a bound; the others go on, so
// a server that collects anything is as ready as without it.
void assess_unknown(const server_view& view, std::vector<condition>& out) {
  constexpr std::size_t named_max = 20;
  constexpr std::string_view advice =
      "It is looked for again every minute, and starts by itself. If the name is wrong, take it "
      "out of the configuration and send SIGHUP, or remove it over HTTP.";
  for (const auto& venue : view.venues) {
    if (is_paused(view, "/venues/" + venue.venue)) continue;
    const bool blocks = has_only_unknown(venue) && !any_is_live(view);
    for (std::size_t at = 0; at < venue.unknown.size() && at < named_max; ++at) {
      const auto& each = venue.unknown[at];
      out.push_back(condition_of("instrument " + each.instrument + " at " + venue.venue,
                                 "is unknown: " + each.reason, severity::warning, blocks,
                                 each.since_ns, advice));
    }
    if (venue.unknown.size() <= named_max) continue;
    out.push_back(condition_of("instruments of " + venue.venue,
                               std::to_string(venue.unknown.size() - named_max) +
                                   " more are unknown: see /api/v1/instruments",
                               severity::warning, blocks, 0, advice));
  }
}

void assess_venues(const server_view& view, std::vector<condition>& out) {
  for (const auto& venue : view.venues) {
    if (venue.state == venue_standing::live || has_only_unknown(venue)) continue;
    if (is_paused(view, "/venues/" + venue.venue)) continue;
    const bool is_down =
        venue.state == venue_standing::failed || venue.state == venue_standing::connecting;
    auto text = std::string(to_string(venue.state)) + ", " + venue.reason;
    if (venue.counters != nullptr && venue.counters->breaker == breaker_state::open) {
      text += "; its circuit breaker is open, nothing is tried for a while";
    }
    out.push_back(condition_of("venue " + venue.venue, text,
                               is_down ? severity::critical : severity::warning, true, 0,
                               advice_for(venue.state)));
  }
}

void assess_sinks(const server_view& view, std::vector<condition>& out) {
  for (const auto& sink : view.sinks) {
    const auto component = "sink " + sink.counters.name;
    if (is_paused(view, "/sinks/" + sink.counters.name)) continue;
    if (sink.failing_ns != 0) {
      out.push_back(condition_of(component, "fails: " + sink.counters.last_error,
                                 severity::critical, true, sink.failing_ns,
                                 advice_for_failing(sink)));
    } else if (!sink.counters.counters.connected) {
      out.push_back(condition_of(component, "is not connected", severity::critical, true, 0,
                                 advice_for_failing(sink)));
    } else if (sink.behind_ns != 0) {
      out.push_back(
          condition_of(component, "is behind and catches up from the journal", severity::warning,
                       true, sink.behind_ns,
                       "It takes less than comes, or has just come back. If it lasts, what it "
                       "writes to is too slow or stands still: see to that. Nothing is lost "
                       "while the journal has room."));
    }
  }
}

void assess_journal(const server_view& view, std::vector<condition>& out) {
  if (view.journal.bytes_max == 0) return;
  if (!view.journal.last_error.empty()) {
    out.push_back(
        condition_of("journal", "fails: " + view.journal.last_error, severity::critical, true, 0,
                     "See to its disk: space, rights, mount. It is tried again by itself."));
  } else if (view.journal.at_limit) {
    out.push_back(
        condition_of("journal", "is full", severity::critical, true, 0,
                     "Bring back the sink that is furthest behind, or give the journal more room "
                     "(journal.max_size)."));
  }
}

// Failures in a row: of those that are restarted, three within five minutes, the last within one.
bool keeps_failing(const server_view& view, const actor_info& actor) {
  constexpr std::size_t failures_min = 3;
  constexpr std::int64_t quiet_ns = 60'000'000'000;
  return actor.failures_lately >= failures_min && view.now_ns - actor.last_error_ns < quiet_ns;
}

void assess_actors(const server_view& view, std::vector<condition>& out) {
  for (const auto& actor : view.actors) {
    const auto component = "actor " + actor.path;
    const auto add = [&](std::string text, severity how, bool blocks, std::string_view advice) {
      out.push_back(condition_of(component, std::move(text), how, blocks, actor.since_ns, advice));
    };
    if (actor.state == actor_standing::failed && actor.kind == "sink") {
      add("failed: " + actor.last_error + "; it is tried again every 30 to 60 s",
          severity::critical, true,
          "Mend what it says: it is tried again by itself and catches up from the journal. Nobody "
          "else waits "
          "for it; when the journal is full, its oldest events are lost to this sink.");
    } else if (actor.state == actor_standing::failed) {
      add("is given up: " + actor.last_error, severity::critical, false,
          "Mend what it says, then restart it under Actors, or the server.");
    } else if (actor.state == actor_standing::paused) {
      add("is paused by an operator", severity::warning, true,
          "Resume it under Actors when it may go on.");
    } else if (keeps_failing(view, actor)) {
      add("fails again and again and is restarted each time: " + actor.last_error,
          severity::critical, true,
          "Mend what it says: restarts alone do not. After too many of them the server ends.");
      out.back().since_ns = actor.failing_since_ns;
    } else if (actor.state == actor_standing::restarting) {
      add("failed and is restarted: " + actor.last_error, severity::warning, false,
          "Nothing, if it does not happen again.");
    }
  }
}

// What is lost on the way to people and to other systems: the market data is not touched by it.
void assess_reports(const server_view& view, std::vector<condition>& out) {
  if (view.facts == nullptr || view.facts->reports == nullptr) return;
  const auto& reports = *view.facts->reports;
  const auto note = [&out](const char* component, const trouble_note& trouble) {
    const auto text = trouble.text();
    if (!text.empty()) out.push_back(condition_of(component, text, severity::warning, false));
  };
  note("alert webhook", reports.webhook.trouble);
  note("metrics file", reports.file.trouble);
  note("metrics push", reports.push.trouble);
}

void assess_pollers(const server_view& view, std::vector<condition>& out) {
  if (view.facts == nullptr || view.facts->pollers == nullptr) return;
  for (const auto& poller : *view.facts->pollers) {
    const auto text = poller->trouble.text();
    if (text.empty()) continue;
    out.push_back(condition_of("poller " + poller->name, text, severity::warning, false));
  }
}

}  // namespace

std::string_view to_string(severity what) {
  return what == severity::critical ? "critical" : "warning";
}

std::string condition::sentence(std::int64_t now_ns) const {
  auto result = component + ": " + text;
  if (since_ns == 0) return result;
  const auto seconds = std::max<std::int64_t>(0, now_ns - since_ns) / 1'000'000'000;
  return result + " (for " + std::to_string(seconds) + " s)";
}

std::vector<condition> assess(const server_view& view) {
  std::vector<condition> result;
  assess_venues(view, result);
  assess_unknown(view, result);
  assess_sinks(view, result);
  assess_journal(view, result);
  assess_actors(view, result);
  assess_reports(view, result);
  assess_pollers(view, result);
  return result;
}

std::vector<alert> alert_book::update(std::vector<condition> now, std::int64_t now_ns) {
  std::vector<alert> changes;
  std::set<std::string> present;
  for (auto& what : now) {
    present.insert(what.component);
    auto& entry = lasting_[what.component];
    const bool is_new = entry.number == 0;
    const bool is_worse = !is_new && what.how != entry.what.how;
    const auto since_ns = what.since_ns != 0 ? what.since_ns : now_ns;
    if (is_new) entry.number = ++last_number_;
    what.since_ns = is_new ? since_ns : entry.what.since_ns;
    entry.what = std::move(what);
    if (!is_new && !is_worse) continue;
    ++begun_[static_cast<std::size_t>(entry.what.how)];
    changes.push_back(entry);
  }
  for (auto at = lasting_.begin(); at != lasting_.end();) {
    if (present.contains(at->first)) {
      ++at;
      continue;
    }
    at->second.cleared_ns = now_ns;
    changes.push_back(at->second);
    ended_.push_front(std::move(at->second));
    at = lasting_.erase(at);
  }
  while (ended_.size() > ended_max_) ended_.pop_back();
  return changes;
}

std::vector<alert> alert_book::all() const {
  std::vector<alert> result;
  for (const auto& [component, what] : lasting_) result.push_back(what);
  result.insert(result.end(), ended_.begin(), ended_.end());
  return result;
}

std::vector<condition> alert_book::present() const {
  std::vector<condition> result;
  for (const auto& [component, what] : lasting_) result.push_back(what.what);
  return result;
}

bool judge_alive(std::int64_t now_ns, std::int64_t last_look_ns) {
  constexpr std::int64_t look_age_max_ns = 10'000'000'000;
  return now_ns - last_look_ns <= look_age_max_ns;
}

readiness judge_readiness(const std::vector<condition>& present) {
  readiness result;
  for (const auto& each : present) {
    (each.blocks_readiness ? result.reasons : result.warnings).push_back(each);
  }
  result.is_ready = result.reasons.empty();
  return result;
}

}  // namespace feedtree::actors
