#include "actors/operator/endpoints.hpp"

#include <array>
#include <mutex>

#include "actors/log.hpp"
#include "actors/operator/endpoint_counts.hpp"
#include "actors/operator/operator_actions.hpp"
#include "actors/operator/operator_json.hpp"
#include "actors/reporting/metrics.hpp"
#include "adapters/http/asset.hpp"
#include "adapters/http/compress.hpp"
#include "adapters/http/problem.hpp"

namespace feedtree::actors {
namespace {

using http::call;
using http::make_json;
using http::problem;
using http::reply;

constexpr std::uint32_t depth_default = 10;
constexpr std::uint32_t depth_max = 5'000;

constexpr std::array<std::pair<std::string_view, unsigned>, 8> topic_names{{
    {"overview", topic_overview},
    {"actors", topic_actors},
    {"instruments", topic_instruments},
    {"gaps", topic_gaps},
    {"states", topic_states},
    {"quarantine", topic_quarantine},
    {"alerts", topic_alerts},
    {"restarts", topic_restarts},
}};

reply bad_request(const std::string& detail) {
  return {problem(400, detail)};
}

// A file of the program, with its gzip made once.
http::response file_answer(std::string_view name, std::string_view type) {
  static std::mutex mutex;
  static std::map<std::string, http::response, std::less<>> made;
  const std::lock_guard lock(mutex);
  auto& answer = made[std::string(name)];
  if (!answer.body) {
    const auto text = http::asset(name);
    answer = http::make_response(200, type, std::string(text));
    answer.gzip_body = std::make_shared<const std::string>(http::gzip(text, 9));
    answer.is_stable = true;
  }
  return answer;
}

std::string_view type_of(std::string_view name) {
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  return name.ends_with(".svg") ? "image/svg+xml" : "";
}

// A part of the dashboard.
reply asset_file(const call& what) {
  const auto& name = what.part("file");
  const auto type = type_of(name);
  if (type.empty() || http::asset(name).empty()) return {problem(404, "there is no file " + name)};
  return {file_answer(name, type)};
}

// What there is, for machines.
std::string listing(const std::vector<http::route>& routes) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add("name", "feedtree");
    json.array("endpoints", [&] {
      for (const auto& each : routes) {
        json.object([&] {
          json.add("method", each.method).add("path", each.path).add("summary", each.summary);
        });
      }
    });
  });
  return out;
}

bool wants_json(const call& what) {
  const auto accept = what.asked.header_value("Accept");
  return accept.find("application/json") != accept.npos && accept.find("text/html") == accept.npos;
}

// Answers that depend on a look alone are made once a look, however many ask.
class look_answers {
 public:
  template <class Render>
  http::response get(const std::shared_ptr<const operator_look>& look, std::string_view name,
                     Render&& render) {
    const std::lock_guard lock(mutex_);
    auto& kept = kept_[name];
    if (kept.look != look) kept = {look, make_json(render(*look))};
    return kept.answer;
  }

 private:
  struct entry {
    std::shared_ptr<const operator_look> look;
    http::response answer;
  };
  std::mutex mutex_;
  std::map<std::string_view, entry> kept_;  // names are literals
};

class handlers {
 public:
  explicit handlers(endpoint_services services) : services_(std::move(services)) {}

  template <class Render>
  reply per_look(std::string_view name, Render&& render) {
    return {answers_.get(look(), name, std::forward<Render>(render))};
  }

  reply health() const {
    const bool is_alive = services_.is_alive();
    auto answer = make_json(health_json(look()->view, is_alive));
    answer.status = is_alive ? 200 : 503;
    return {std::move(answer)};
  }

  reply ready() const {
    const auto now = look();
    auto answer = make_json(readiness_json(now->view, now->present));
    answer.status = judge_readiness(now->present).is_ready ? 200 : 503;
    return {std::move(answer)};
  }

  reply metrics() const {
    const auto now = look();
    auto input = metrics_of(*now, services_.desk->recent());
    input.web = services_.web();
    return {http::make_response(200, metrics_type, metrics_text(input))};
  }

  reply overview() {
    return per_look("overview", [](const operator_look& now) {
      return overview_json(now.view, now.present, now.web);
    });
  }

  reply actors() {
    return per_look("actors", [](const operator_look& now) { return actors_json(now.view); });
  }

  reply venues() {
    return per_look("venues", [](const operator_look& now) { return venues_json(now.view); });
  }

  reply sinks() {
    return per_look("sinks", [](const operator_look& now) { return sinks_json(now.view); });
  }

  reply instruments(const call& what) {
    const auto venue = what.where.parameter("venue").value_or("");
    if (!venue.empty()) return {make_json(instruments_json(look()->view, venue))};
    return per_look("instruments",
                    [](const operator_look& now) { return instruments_json(now.view, ""); });
  }

  reply actor(const call& what) const {
    const auto& path = what.part("path");
    const auto found = services_.desk->registry().find(path);
    if (!found) return {problem(404, "there is no actor " + path)};
    return {make_json(actor_json(look()->view, *found))};
  }

  reply book(const call& what) const {
    const auto depth = count_of(what, "depth", depth_default, depth_max);
    if (!depth) return bad_request(count_problem("depth", depth_max));
    const auto& venue = what.part("venue");
    const auto& instrument = what.part("instrument");
    reply result;
    result.later = [ask = services_.ask_book, venue, instrument,
                    levels = *depth](http::responder respond) {
      ask(venue, instrument,
          [respond = std::move(respond), levels, venue, instrument](const batch_ptr& book) {
            respond(book ? make_json(book_json(*book, levels))
                         : problem(404, "there is no book of " + instrument + " at " + venue));
          });
    };
    return result;
  }

  // Gaps, states and quarantine: the same parameters.
  template <class List>
  reply records(const call& what, List&& list) const {
    const auto filter = filter_of(what);
    if (!filter) return bad_request(count_problem("limit", records_max));
    return {make_json(list(services_.desk->recent(), *filter, look()->view.now_ns))};
  }

  // The parameters are of those that rules have raised: the operator's own are few.
  reply alerts(const call& what) const {
    const auto filter = filter_of(what);
    if (!filter) return bad_request(count_problem("limit", records_max));
    const auto now = look();
    return {make_json(
        alerts_json(now->alerts, services_.desk->recent().alerts(*filter), now->view.now_ns))};
  }

  reply events(const call& what) const {
    const auto topics = parse_topics(what.where.parameter("topics").value_or(""));
    if (!topics) return bad_request("topics are names with commas between them; see docs/http.md");
    const auto now = look();
    reply result;
    result.now.content_type = "text/event-stream";
    result.topics = *topics;
    // A browser that lost the connection tries again after a second.
    auto first = std::string("retry: 1000\n\n");
    if ((*topics & topic_overview) != 0) {
      first +=
          http::event_frame("overview", overview_json(now->view, now->present, services_.web()));
    }
    result.now.body = std::make_shared<const std::string>(std::move(first));
    return result;
  }

  std::shared_ptr<const operator_look> look() const { return services_.desk->look(); }

 private:
  // Nothing if the limit is wrong.
  static std::optional<record_filter> filter_of(const call& what) {
    const auto most = count_of(what, "limit", records_default, records_max);
    if (!most) return {};
    record_filter filter;
    filter.venue = what.where.parameter("venue").value_or("");
    filter.instrument = what.where.parameter("instrument").value_or("");
    filter.most = *most;
    return filter;
  }

  endpoint_services services_;
  look_answers answers_;
};

}  // namespace

std::optional<unsigned> parse_topics(std::string_view names) {
  unsigned all = 0;
  for (const auto& [name, bit] : topic_names) all |= bit;
  if (names.empty()) return all;
  unsigned result = 0;
  while (!names.empty()) {
    const auto end = std::min(names.find(','), names.size());
    unsigned found = 0;
    for (const auto& [name, bit] : topic_names) {
      if (name == names.substr(0, end)) found = bit;
    }
    if (found == 0) return {};
    result |= found;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return result;
}

std::vector<http::route> endpoints(const endpoint_services& services) {
  const auto on = std::make_shared<handlers>(services);
  const auto listed = std::make_shared<std::string>();
  const auto root = [listed](const call& what) {
    if (!wants_json(what)) {
      return reply{file_answer("dashboard.html", "text/html; charset=utf-8")};
    }
    auto answer = make_json(*listed);
    answer.is_stable = true;
    return reply{std::move(answer)};
  };
  const auto gaps = [on](const call& what) {
    return on->records(
        what, [](auto& log, auto& filter, auto now) { return gaps_json(log.gaps(filter), now); });
  };
  const auto states = [on](const call& what) {
    return on->records(what, [](auto& log, auto& filter, auto now) {
      return states_json(log.states(filter), now);
    });
  };
  const auto quarantine = [on](const call& what) {
    return on->records(what, [](auto& log, auto& filter, auto now) {
      return quarantine_json(log.quarantine(filter), now);
    });
  };
  const auto instruments = [on](const call& what) { return on->instruments(what); };
  constexpr bool open = true;
  std::vector<http::route> table{
      {"GET", "/", "The dashboard; this list for machines that ask for JSON", root, open},
      {"GET", "/assets/{file}", "The parts of the dashboard", asset_file, open},
      {"GET", "/openapi.json", "The description of all of this",
       [](auto&) { return reply{file_answer("openapi.json", "application/json")}; }, open},
      {"GET", "/healthz", "Is the process alive?", [on](auto&) { return on->health(); }, open},
      {"GET", "/readyz", "Is it ready, and if not, why?", [on](auto&) { return on->ready(); },
       open},
      {"GET", "/metrics", "Counts for Prometheus", [on](auto&) { return on->metrics(); }},
      {"GET", "/api/v1/overview", "Venues, sinks, journal and readiness in one",
       [on](auto&) { return on->overview(); }},
      {"GET", "/api/v1/actors", "The tree of actors", [on](auto&) { return on->actors(); }},
      {"GET", "/api/v1/actors/{path...}", "One actor",
       [on](auto& what) { return on->actor(what); }},
      {"GET", "/api/v1/venues", "Venues with state, rates and latency",
       [on](auto&) { return on->venues(); }},
      {"GET", "/api/v1/instruments", "Instruments with the state and top of their books",
       instruments},
      {"GET", "/api/v1/books/{venue}/{instrument}", "The present book",
       [on](auto& what) { return on->book(what); }},
      {"GET", "/api/v1/sinks", "Sinks and the journal", [on](auto&) { return on->sinks(); }},
      {"GET", "/api/v1/gaps", "The last ledger entries", gaps},
      {"GET", "/api/v1/states", "The last changes of feeds' states", states},
      {"GET", "/api/v1/quarantine", "The last quarantined events", quarantine},
      {"GET", "/api/v1/alerts", "Alerts that last, the last that ended, and those of rules",
       [on](auto& what) { return on->alerts(what); }},
      {"GET", "/api/v1/events", "Server-sent events",
       [on](auto& what) { return on->events(what); }},
  };
  add_action_routes(services, table);
  *listed = listing(table);
  return table;
}

}  // namespace feedtree::actors
