#include "actors/operator/server_view.hpp"

#include <algorithm>

namespace feedtree::actors {
namespace {

constexpr std::int64_t sample_every_ns = 500'000'000;
constexpr std::size_t samples_max = 11;  // latencies are of the last five seconds
constexpr std::size_t rate_samples = 4;  // rates of the last two

std::uint64_t events_of(const venue_statistics& venue) {
  std::uint64_t sum = 0;
  for (const auto& count : venue.events) sum += count;
  return sum;
}

std::string text_of(std::size_t number) {
  return std::to_string(number);
}

bool wants_books(const config::venue_config& config) {
  return std::any_of(config.feeds.begin(), config.feeds.end(),
                     [](const auto& feed) { return feed.kind == event_kind::book; });
}

// The configuration without what the venue does not have.
config::venue_config without_unknown(config::venue_config config,
                                     const std::vector<unknown_instrument>& unknown) {
  std::erase_if(config.instruments, [&](const auto& symbol) {
    return std::any_of(unknown.begin(), unknown.end(),
                       [&](const auto& each) { return each.instrument == symbol; });
  });
  return config;
}

// Those that are wanted still: what is not is forgotten by the venue a little later.
std::vector<unknown_instrument> wanted_unknown(const config::venue_config& config,
                                               std::vector<unknown_instrument> unknown) {
  std::erase_if(unknown, [&](const auto& each) {
    return std::find(config.instruments.begin(), config.instruments.end(), each.instrument) ==
           config.instruments.end();
  });
  return unknown;
}

// "2 of 3 books are not live: BTC-USD syncing, ETH-USD gap".
std::string books_reason(std::size_t wanted, std::size_t live,
                         const std::vector<const book_statistics*>& books) {
  std::string names;
  std::size_t named = 0;
  for (const auto* book : books) {
    if (book->state == feed_state::live) continue;
    if (++named > 3) break;
    names += (names.empty() ? "" : ", ") + book->where->symbol + " " +
             std::string(to_string(book->state));
  }
  if (named > 3) names += ", ...";
  return text_of(wanted - live) + " of " + text_of(wanted) + " books are not live" +
         (names.empty() ? "" : ": " + names);
}

// "no data of: BTC-USD trade, ETH-USD ticker": the feeds beside books that are silent.
std::string stale_reason(const std::vector<const book_statistics*>& books) {
  std::string names;
  std::size_t named = 0;
  for (const auto* book : books) {
    for (std::size_t at = 0; at < event_kinds; ++at) {
      const auto kind = static_cast<event_kind>(at);
      const bool is_stale = book->kinds.test(at) && book->states[at] == feed_state::stale;
      if (kind == event_kind::book || !is_stale) continue;
      if (++named > 3) return "no data of: " + names + ", ...";
      names += (names.empty() ? "" : ", ") + book->where->symbol + " ";
      names += to_string(kind);
    }
  }
  return names.empty() ? names : "no data of: " + names;
}

venue_standing judge_books(const config::venue_config& config,
                           const std::vector<const book_statistics*>& books, std::string& reason) {
  const auto live =
      static_cast<std::size_t>(std::count_if(books.begin(), books.end(), [](const auto* book) {
        return book->state == feed_state::live;
      }));
  const auto wanted = std::max(config.instruments.size(), books.size());
  if (live == wanted) return venue_standing::live;
  reason = books_reason(wanted, live, books);
  return live == 0 ? venue_standing::syncing : venue_standing::degraded;
}

const edge_statistics* find_edge(const std::vector<edge_statistics>& edges,
                                 const std::string& name) {
  const auto found =
      std::find_if(edges.begin(), edges.end(), [&](const auto& edge) { return edge.name == name; });
  return found == edges.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(venue_standing standing) {
  constexpr std::array<std::string_view, 6> names{"starting", "connecting", "syncing",
                                                  "degraded", "live",       "failed"};
  return names[static_cast<std::size_t>(standing)];
}

venue_standing judge_venue(const config::venue_config& config, bool has_begun, bool has_failed,
                           std::uint64_t connections_open,
                           const std::vector<const book_statistics*>& books, std::string& reason) {
  if (has_failed) {
    reason = "given up";
    return venue_standing::failed;
  }
  if (!has_begun) {
    reason = "asking for symbols";
    return venue_standing::starting;
  }
  if (connections_open == 0) {
    reason = "no connection is open";
    return venue_standing::connecting;
  }
  if (wants_books(config)) {
    const auto books_are = judge_books(config, books, reason);
    if (books_are != venue_standing::live) return books_are;
  }
  reason = stale_reason(books);
  return reason.empty() ? venue_standing::live : venue_standing::degraded;
}

std::uint64_t view_maker::rate(const std::string& name, std::uint64_t now) {
  next_.counts[name] = now;
  if (samples_.empty()) return 0;
  const auto& before = samples_[samples_.size() - std::min(samples_.size(), rate_samples)];
  const auto found = before.counts.find(name);
  if (found == before.counts.end() || found->second > now) return 0;
  const auto elapsed_ms = std::max<std::int64_t>(1, (next_.at_ns - before.at_ns) / 1'000'000);
  return (now - found->second) * 1000 / static_cast<std::uint64_t>(elapsed_ms);
}

latency_summary view_maker::summary(const std::string& name, const latency_counts& now) {
  next_.latencies[name] = now;
  auto recent = now;
  if (!samples_.empty()) {
    const auto found = samples_.front().latencies.find(name);
    if (found != samples_.front().latencies.end()) recent = now - found->second;
  }
  return {recent.quantile_us(500), recent.quantile_us(990)};
}

void view_maker::add_counts(const venue_statistics& counters, venue_view& out) {
  out.counters = &counters;
  out.connections_open = counters.connections_open;
  out.checks_failed += counters.sequence_gaps;
  out.frames_per_second = rate(out.venue + " frames", counters.frames_received);
  out.events_per_second = rate(out.venue + " events", events_of(counters));
  out.receive = summary(out.venue + " receive", counters.receive_latency.counts());
  out.pass = summary(out.venue + " pass", counters.pass_latency.counts());
}

void view_maker::add_venue(const venue_statistics* counters, const config::venue_config& wanted,
                           std::vector<unknown_instrument> unknown, const std::string& trouble,
                           server_view& out) {
  venue_view view;
  view.venue = wanted.venue;
  view.unknown = wanted_unknown(wanted, std::move(unknown));
  view.instruments = wanted.instruments.size();
  std::vector<const book_statistics*> books;
  for (const auto& book : out.books) {
    if (book.where->venue != wanted.venue) continue;
    books.push_back(&book);
    if (wants_books(wanted)) ++view.books[static_cast<std::size_t>(book.state)];
    view.checks_failed += book.counters.checksum_failed + book.counters.sequence_gaps;
  }
  if (counters != nullptr) add_counts(*counters, view);
  const auto path = "root/venues/" + wanted.venue;
  bool has_failed = false;
  std::string failure;
  for (const auto& actor : out.actors) {
    if (actor.path == path) {
      has_failed = actor.state == actor_standing::failed;
      failure = actor.last_error;
    }
    if (actor.path == path || actor.path.starts_with(path + "/")) view.restarts += actor.restarts;
  }
  const auto known = without_unknown(wanted, view.unknown);
  if (!has_failed && known.instruments.empty() && !view.unknown.empty()) {
    view.reason = "it has none of its instruments at the moment";
  } else {
    view.state = judge_venue(known, view.counters != nullptr, has_failed, view.connections_open,
                             books, view.reason);
  }
  const auto words = has_failed ? failure : trouble;
  if (view.state != venue_standing::live && !words.empty()) view.reason += ": " + words;
  out.venues.push_back(std::move(view));
}

void view_maker::add_sinks(const statistics& counters, server_view& out) {
  const auto all = counters.sinks();
  for (std::size_t at = 0; at < all.size(); ++at) {
    sink_view view;
    view.counters = all[at];
    if (at < out.facts->sink_policies.size()) view.policy = out.facts->sink_policies[at];
    if (const auto* edge = find_edge(out.edges, "distributor to " + all[at].name)) {
      view.edge = *edge;
    }
    const auto since = [&](const std::string& name, bool is_so) {
      if (!is_so) return since_ns_[name] = 0;
      auto& begin = since_ns_[name];
      return begin = begin == 0 ? out.now_ns : begin;
    };
    const auto name = std::to_string(at) + all[at].name;
    view.behind_ns = since(name + " behind", view.edge.behind);
    view.failing_ns = since(name + " failing", !all[at].last_error.empty());
    view.events_per_second = rate(name + " delivered", all[at].counters.delivered);
    out.sinks.push_back(std::move(view));
  }
}

void view_maker::add_actors(const actor_registry& registry, server_view& out) {
  out.actors = registry.all();
  for (const auto& actor : out.actors) {
    out.messages_per_second[actor.path] = rate("actor " + actor.path, actor.messages_handled);
    out.handling[actor.path] = summary("actor " + actor.path, actor.handling);
  }
}

void view_maker::rotate(std::int64_t now_ns) {
  if (!samples_.empty() && now_ns - samples_.back().at_ns < sample_every_ns &&
      now_ns >= samples_.back().at_ns) {
    return;
  }
  samples_.push_back(std::move(next_));
  if (samples_.size() > samples_max) samples_.erase(samples_.begin());
}

server_view view_maker::make(const statistics& counters, const actor_registry& registry,
                             const std::vector<config::venue_config>& wanted, std::int64_t now_ns) {
  next_ = {};
  next_.at_ns = now_ns;
  server_view view;
  view.facts = facts_;
  view.now_ns = now_ns;
  view.books = counters.books();
  view.edges = counters.edges();
  view.journal = counters.journal();
  add_actors(registry, view);
  const auto counted = counters.venues();
  for (const auto& config : wanted) {
    const auto found = std::find_if(counted.begin(), counted.end(),
                                    [&](const auto* each) { return each->venue == config.venue; });
    add_venue(found == counted.end() ? nullptr : *found, config, counters.unknown(config.venue),
              counters.trouble(config.venue), view);
  }
  add_sinks(counters, view);
  rotate(now_ns);
  return view;
}

}  // namespace feedtree::actors
