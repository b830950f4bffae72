#include "actors/operator/operator_actions.hpp"

#include "actors/log.hpp"
#include "actors/operator/endpoint_counts.hpp"
#include "adapters/http/login_body.hpp"
#include "adapters/http/problem.hpp"
#include "core/json_builder.hpp"

namespace feedtree::actors {
namespace {

using http::call;
using http::make_json;
using http::problem;
using http::reply;

reply accepted(std::string_view name, std::string_view value, std::string_view asked) {
  std::string body;
  json_builder json(body);
  json.object([&] { json.add(name, value).add("asked", asked); });
  auto answer = make_json(std::move(body));
  answer.status = 202;
  return {std::move(answer)};
}

reply restart(const endpoint_services& services, const call& what) {
  const auto& path = what.part("path");
  const auto& registry = services.desk->registry();
  if (!registry.find(path)) return {problem(404, "there is no actor " + path)};
  if (registry.is_paused(path)) {
    return {problem(409, path + " is paused: resume it")};
  }
  if (!registry.restart(path)) {
    return {problem(409, path + " has no supervisor that would restart it")};
  }
  log::warning("operator", "restart of " + path + " was asked for over HTTP by " + what.who.name);
  return accepted("path", path, "restart");
}

reply set_paused(const endpoint_services& services, const call& what, bool is_paused) {
  const auto& path = what.part("path");
  auto& registry = services.desk->registry();
  const auto found = registry.find(path);
  if (!found) return {problem(404, "there is no actor " + path)};
  if (!actor_registry::is_pausable(found->kind)) {
    return {problem(
        409, path + " is a " + found->kind + ": venues, connections and sinks can be paused")};
  }
  if (registry.is_paused(path) == is_paused) {
    return {problem(409, path + (is_paused ? " is paused already" : " is not paused"))};
  }
  if (!registry.set_paused(path, is_paused)) {
    return {problem(409, path + " has no supervisor that would do it")};
  }
  return accepted("path", path, is_paused ? "pause" : "resume");
}

reply reply_to_change(const instrument_change& done, const std::string& instrument, bool adds) {
  switch (done.what) {
    case instrument_change::result::no_venue:
    case instrument_change::result::unknown:
      return {problem(404, done.text)};
    case instrument_change::result::nothing_to_do:
      return {problem(adds ? 409 : 404, done.text)};
    case instrument_change::result::refused:
      return {problem(409, done.text)};
    case instrument_change::result::done:
      break;
  }
  return accepted("instrument", instrument, adds ? "add" : "remove");
}

reply change_instrument(const endpoint_services& services, const call& what, bool adds) {
  if (!services.change_instrument) return {problem(409, "instruments cannot change here")};
  const auto& instrument = what.part("instrument");
  return reply_to_change(services.change_instrument(what.part("venue"), instrument, adds),
                         instrument, adds);
}

// The venue is asked first whether it has it.
reply add_instrument(const endpoint_services& services, const call& what) {
  if (!services.change_instrument || !services.find_instrument) {
    return change_instrument(services, what, true);
  }
  reply result;
  result.later = [services, venue = what.part("venue"),
                  instrument = what.part("instrument")](const http::responder& respond) {
    services.find_instrument(venue, instrument, [=](const instrument_change& may) {
      const auto done = may.what == instrument_change::result::done
                            ? services.change_instrument(venue, instrument, true)
                            : may;
      respond(reply_to_change(done, instrument, true).now);
    });
  };
  return result;
}

http::response answer_of(const login_answer& what) {
  if (what.status != 200) {
    auto answer = problem(what.status, what.problem);
    if (what.wait_ms > 0) {
      answer.headers.push_back({"Retry-After", std::to_string((what.wait_ms + 999) / 1'000)});
    }
    return answer;
  }
  std::string body;
  json_builder json(body);
  json.object([&] {
    json.add("token", what.token).add("role", to_string(what.role));
    json.add_ns("expires_ns", what.expires_ns);
  });
  return make_json(std::move(body));
}

reply log_in(const endpoint_services& services, const call& what) {
  if (!services.operators) return {problem(503, "there are no accounts")};
  const auto type = what.asked.header_value("Content-Type");
  if (!type.starts_with("application/json")) {
    return {problem(415, "a sign-in is application/json")};
  }
  auto body = http::parse_login(what.asked.body);
  if (!body) return {problem(400, R"(a sign-in is {"name": "...", "password": "..."})")};
  reply result;
  result.later = [who = services.operators, body = std::move(*body),
                  peer = what.asked.peer](http::responder respond) {
    who->log_in(
        body.name, body.password, peer,
        [respond = std::move(respond)](const login_answer& answer) { respond(answer_of(answer)); });
  };
  return result;
}

reply log_out(const endpoint_services& services, const call& what) {
  if (!services.operators || what.who.name == http::static_token_name ||
      what.who.name == http::anyone_name) {
    return {problem(409, "only a token of an account can be signed out")};
  }
  services.operators->log_out(http::bearer_token(what.asked.header_value("Authorization")));
  return {http::make_response(204, "application/json", "")};
}

// Whose the token is that it is asked with.
reply session(const call& what) {
  if (what.who.role == access_role::none) {
    return {http::unauthorised("there is no such token, or it has ended")};
  }
  const bool is_account =
      what.who.name != http::static_token_name && what.who.name != http::anyone_name;
  std::string body;
  json_builder json(body);
  json.object([&] {
    json.add("name", what.who.name).add("role", to_string(what.who.role));
    json.add("account", is_account);
  });
  return {make_json(std::move(body))};
}

reply audit(const endpoint_services& services, const call& what) {
  const auto most = count_of(what, "limit", records_default, records_max);
  if (!most) return {problem(400, count_problem("limit", records_max))};
  const auto entries =
      services.operators ? services.operators->records(*most) : std::vector<storage::audit_entry>{};
  return {make_json(audit_json(entries, services.desk->look()->view.now_ns))};
}

}  // namespace

std::string audit_json(const std::vector<storage::audit_entry>& entries, std::int64_t now_ns) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add_ns("now_ns", now_ns);
    json.array("records", [&] {
      for (const auto& each : entries) {
        json.object([&] {
          json.add_ns("at_ns", each.at_ns);
          json.add("operator", each.name).add("action", each.action).add("target", each.target);
          json.add("outcome", each.outcome).add_or_null("detail", each.detail);
        });
      }
    });
  });
  return out;
}

void add_action_routes(const endpoint_services& services, std::vector<http::route>& table) {
  constexpr bool open = true;
  const auto route = [&](std::string_view method, std::string_view path, std::string_view summary,
                         std::string_view action, auto&& handle) {
    table.push_back({method, path, summary,
                     [services, handle](const call& what) { return handle(services, what); }, false,
                     action});
  };
  route("POST", "/api/v1/actors/{path...}/restart", "Restart an actor", "restart", restart);
  route("POST", "/api/v1/actors/{path...}/pause", "Stop a venue, a connection or a sink", "pause",
        [](const auto& with, const auto& what) { return set_paused(with, what, true); });
  route("POST", "/api/v1/actors/{path...}/resume", "Start what is paused", "resume",
        [](const auto& with, const auto& what) { return set_paused(with, what, false); });
  route("PUT", "/api/v1/venues/{venue}/instruments/{instrument}", "Add an instrument", "add",
        add_instrument);
  route("DELETE", "/api/v1/venues/{venue}/instruments/{instrument}", "Remove an instrument",
        "remove",
        [](const auto& with, const auto& what) { return change_instrument(with, what, false); });
  route("POST", "/api/v1/login", "Sign in: a token for name and password", "login", log_in);
  table.back().is_open = open;
  table.back().records_itself = true;
  route("POST", "/api/v1/logout", "Sign out: the token ends", "logout", log_out);
  table.back().least = access_role::viewer;
  table.push_back({"GET", "/api/v1/session", "Whose token this is", session});
  table.push_back({"GET", "/api/v1/audit", "What operators did since the start",
                   [services](const call& what) { return audit(services, what); }});
}

}  // namespace feedtree::actors
