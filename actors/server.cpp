#include "actors/server.hpp"

#include <signal.h>

#include <algorithm>
#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/batch/poller_children.hpp"
#include "actors/bridge.hpp"
#include "actors/operator/operator_child.hpp"
#include "actors/reload.hpp"
#include "actors/signals.hpp"
#include "actors/sink/archive.hpp"
#include "actors/sink/sink_children.hpp"
#include "actors/sink/sink_plans.hpp"
#include "actors/supervision/counted.hpp"
#include "actors/supervision/failure.hpp"
#include "actors/system.hpp"
#include "actors/venue/venue_director.hpp"
#include "core/time_text.hpp"

namespace feedtree::actors {
namespace {

constexpr std::size_t records_max = 1'000;  // of gaps, states, quarantine: in memory for HTTP

// Everything that lives as long as the actor system.
struct world {
  explicit world(const server_options& server, std::shared_ptr<statistics> counted);

  const server_options& options;
  std::shared_ptr<statistics> counters;
  listing_registry registry;
  transport::reactor reactor{
      transport::reactor_options{1, [](std::string_view what) { log::error("reactor", what); }}};
  std::shared_ptr<sink_table> sinks;
  std::shared_ptr<book_directory> books = std::make_shared<book_directory>();
  std::shared_ptr<recent_log> recent = std::make_shared<recent_log>(records_max);
  std::shared_ptr<rules::price_board> prices = std::make_shared<rules::price_board>();
  random_source random = make_random_source();
  std::shared_ptr<actor_registry> actors = std::make_shared<actor_registry>(wall_ns);
  std::shared_ptr<venue_budgets> budgets;
  std::shared_ptr<venue_control> venues;
  std::shared_ptr<archive_intake> archive;
  std::shared_ptr<trade_claims> claims;
  std::shared_ptr<const instrument_pasts> past;
  std::shared_ptr<certificate_switch> certificate = std::make_shared<certificate_switch>();

  restart_options restart() const {
    const auto& restart = options.config.restart;
    return {restart.intensity, restart.within_ms, {restart.initial_ms, restart.max_ms}};
  }
};

// A question for a book, on a thread of the sink's client, goes to the book's actor.
book_question_handler questions_to_books(const world& all, std::size_t sink) {
  return [books = all.books, sinks = all.sinks, sink](
             const std::string& venue, const std::string& instrument, std::string reply_to) {
    book_question question{sink, std::move(reply_to)};
    if (const auto book = books->find(venue, instrument)) {
      bridge<book_actor>(book).post(present_atom::value, std::move(question));
    } else if (const auto to = sinks->all()[sink]) {
      bridge<sink_actor>(to).post(present_atom::value, std::move(question), batch_ptr{});
    }
  };
}

child_spec sinks_child(world& all, const std::vector<sink_plan>& plans,
                       std::vector<std::unique_ptr<sink>> open,
                       std::optional<journal_plan> journal) {
  sink_services services;
  services.table = all.sinks;
  services.counters = all.counters;
  services.questions = [&all](std::size_t sink) { return questions_to_books(all, sink); };
  services.ask_books = [books = all.books](std::size_t sink) {
    for (const auto& book : books->all()) {
      bridge<book_actor>(book).post(present_atom::value, book_question{sink, ""});
    }
  };
  services.random = all.random;
  services.grace_ms = all.options.config.grace_period_ms;
  services.restart = all.restart();
  // Half of what is between two actors: a sink that stands still holds this much in memory.
  const auto& credit = all.options.config.credit;
  services.credit = {credit.events / 2, credit.bytes / 2};
  services.actors = all.actors;
  services.path = "root/sinks";
  const auto supervisor = std::make_shared<supervisor_options>(
      delivery_supervisor(plans, std::move(open), std::move(journal), services));
  return {"sinks",
          [supervisor](caf::scheduled_actor* parent) {
            return caf::actor_cast<child_actor>(parent->spawn(supervisor_behavior, *supervisor));
          },
          all.options.config.grace_period_ms * 2, "supervisor"};
}

candle_options candles_of(const config::candles_config& from) {
  constexpr std::int64_t ms = 1'000'000;
  return {from.intervals_ns, from.lateness_ms * ms, from.revise_for_ms * ms, from.empty};
}

venue_services services_of(world& all) {
  const auto& config = all.options.config;
  return {&all.reactor,
          &all.registry,
          all.sinks,
          all.counters,
          all.books,
          wall_ns,
          steady_ms,
          all.random,
          config.reconnect,
          config.restart,
          config.credit,
          config.grace_period_ms,
          all.actors,
          all.budgets,
          all.venues,
          all.recent,
          all.options.rules,
          all.prices,
          candles_of(config.candles),
          all.archive,
          all.claims,
          all.past};
}

child_spec venue_child(world& all, const config::venue_config& config) {
  return {config.venue,
          [&all, config](caf::scheduled_actor* parent) {
            venue_director_options options{config, venues::find_venue(config.venue),
                                           services_of(all), "root/venues/" + config.venue};
            return caf::actor_cast<child_actor>(spawn_counted(
                parent, all.actors->gauge(options.path), venue_director_behavior, options));
          },
          all.options.config.grace_period_ms * 2, "venue",
          [&all, venue = config.venue] {
            all.books->remove(venue);
            all.counters->remove_books(venue);
            all.counters->forget_notes(venue);
          }};
}

// The breaker of a venue opened or closed.
void show_breaker(statistics& counters, const std::string& venue, const breaker_view& view) {
  auto& of_venue = counters.of_venue(venue);
  of_venue.breaker = view.state;
  of_venue.breaker_since_ns = view.since_ns;
  of_venue.breaker_opened = view.times_opened;
  const auto text = "circuit breaker is " + std::string(to_string(view.state));
  if (view.state == breaker_state::open) {
    log::error(venue, text + " after " + std::to_string(view.failures) +
                          " failures in a row: nothing is tried for a while");
  } else {
    log::info(venue, text);
  }
}

world::world(const server_options& server, std::shared_ptr<statistics> counted)
    : options(server), counters(std::move(counted)) {
  const auto& breaker = options.config.breaker;
  budgets = std::make_shared<venue_budgets>(
      breaker_options{breaker.failures, breaker.open_for_ms}, random,
      [to = counters](const std::string& venue, const breaker_view& view) {
        show_breaker(*to, venue, view);
      });
  venues = std::make_shared<venue_control>(
      options.config.venues,
      [this](const config::venue_config& config) { return venue_child(*this, config); });
}

child_spec venues_child(world& all) {
  return {"venues",
          [&all](caf::scheduled_actor* parent) {
            supervisor_options options;
            options.name = "venues";
            options.restart = all.restart();
            options.children = all.venues->children();
            options.survives_fatal_children = true;
            options.now_ms = steady_ms;
            options.random = all.random;
            options.path = "root/venues";
            options.registry = all.actors;
            const auto supervisor = parent->spawn(supervisor_behavior, std::move(options));
            all.venues->runs(supervisor);
            return caf::actor_cast<child_actor>(supervisor);
          },
          all.options.config.grace_period_ms * 3, "supervisor"};
}

// It stops after the venues, so that what they receive to the last is in it.
std::optional<child_spec> archive_child(world& all, std::optional<archive_actor_options> archive) {
  if (!archive) return {};
  all.archive = archive->intake;
  archive->counters = all.counters;
  archive->now_ns = wall_ns;
  return archive_child(std::move(*archive), all.actors->gauge("root/archive"),
                       all.options.config.grace_period_ms);
}

std::optional<child_spec> pollers_child(world& all,
                                        const std::shared_ptr<const poller_board>& board,
                                        const std::optional<journal_plan>& journal) {
  if (!all.options.config.pollers.empty()) all.claims = std::make_shared<trade_claims>();
  return pollers_child(
      all.options.config, board,
      {&all.reactor, &all.registry, all.sinks, all.counters, all.actors, all.budgets, all.recent,
       all.archive, all.restart(), all.random, journal ? journal->link : nullptr, all.claims});
}

supervisor_options root_supervisor(world& all, child_spec sinks, std::optional<child_spec> archive,
                                   std::optional<child_spec> pollers, child_spec operated,
                                   std::vector<child_spec> reports) {
  supervisor_options options;
  options.name = "root";
  options.strategy = restart_strategy::rest_for_one;
  options.restart = all.restart();
  options.children.push_back(std::move(sinks));
  if (archive) options.children.push_back(std::move(*archive));
  options.children.push_back(venues_child(all));
  if (pollers) options.children.push_back(std::move(*pollers));
  options.children.push_back(std::move(operated));
  // Last, so that nobody is restarted with them.
  for (auto& each : reports) options.children.push_back(std::move(each));
  options.now_ms = steady_ms;
  options.random = all.random;
  options.path = "root";
  options.registry = all.actors;
  return options;
}

// A venue that is to be connected and is not paused.
bool any_venue_wanted(const world& all) {
  const auto wanted = all.venues->all();
  return std::any_of(wanted.begin(), wanted.end(), [&](const config::venue_config& each) {
    return !all.actors->is_paused("root/venues/" + each.venue);
  });
}

bool any_connection_opened(const statistics& counters) {
  for (const auto* venue : counters.venues()) {
    if (venue->connections_opened > 0) return true;
  }
  return false;
}

// A venue that asked not to be bothered for a while, or that was reached and lists none of what is
// wanted of it: both come by themselves.
bool any_venue_waits(const world& all) {
  const auto wanted = all.venues->all();
  return std::any_of(wanted.begin(), wanted.end(), [&](const config::venue_config& each) {
    const auto unknown = all.counters->unknown(each.venue).size();
    return all.counters->waits_until_ns(each.venue) > wall_ns() ||
           (unknown > 0 && unknown == each.instruments.size());
  });
}

// Watches the root until it is down: reports once a second, keeps the time limits.
class watch {
 public:
  watch(world& all, caf::scoped_actor& self, child_actor root)
      : all_(all),
        self_(self),
        root_(std::move(root)),
        started_ms_(steady_ms()),
        unreached_ms_(started_ms_) {}

  server_result until_down() {
    self_->monitor(root_);
    bool down = false;
    while (!down) {
      self_->receive(
          [&](const caf::down_msg& message) {
            down = true;
            if (result_.reason.empty()) result_.reason = failure_text(message.reason);
          },
          caf::after(std::chrono::seconds(1)) >> [&] { every_second(); });
    }
    if (!result_.reason.empty()) result_.exit_code = 1;
    return result_;
  }

 private:
  void every_second() {
    const auto& options = all_.options;
    const auto now_ms = steady_ms();
    if (options.report) options.report(*all_.counters, wall_ns());
    opened_ = opened_ || any_connection_opened(*all_.counters) || !any_venue_wanted(all_);
    if (any_venue_waits(all_)) unreached_ms_ = now_ms;
    if (!opened_ && now_ms - unreached_ms_ >= options.config.startup_timeout_ms) {
      const auto why = all_.counters->last_failure();
      stop("no venue could be reached within " +
           std::to_string(options.config.startup_timeout_ms / 1000) + " s" +
           (why.empty() ? "" : ": " + why));
    }
    const bool over =
        options.run_seconds != 0 && now_ms - started_ms_ >= options.run_seconds * 1000;
    if (over) stop("");
  }

  void stop(const std::string& reason) {
    if (std::exchange(stopping_, true)) return;
    result_.reason = reason;
    caf::anon_send(root_, stop_atom::value);
  }

  world& all_;
  caf::scoped_actor& self_;
  child_actor root_;
  std::int64_t started_ms_;
  std::int64_t unreached_ms_;  // since then no venue is reached
  bool opened_ = false;
  bool stopping_ = false;
  server_result result_;
};

reload_actions reload_of(world& all) {
  return {all.options.read_config,
          [&all](const config::venue_config& config) { all.venues->set(config); },
          [&all](const std::string& venue) { all.venues->remove(venue); },
          all.options.set_log_level,
          all.options.refuses_instrument,
          [certificate = all.certificate, venues = all.venues] {
            certificate->reload();
            venues->look_again();
          }};
}

// What an operator changes over HTTP.
decltype(operator_services::change_instrument) changes_by(reloader& reload) {
  return [&reload](const std::string& venue, const std::string& instrument, bool adds) {
    return adds ? reload.add_instrument(venue, instrument)
                : reload.remove_instrument(venue, instrument);
  };
}

// What an operator has paused stays so over a restart of the server.
void keep_paused(actor_registry& actors, const storage::paused_actor& what) {
  log::warning(what.path, "stays paused: " + what.name + " paused it at " + time_text(what.at_ns) +
                              "; resume it over HTTP");
  actors.keep_paused(what.path);
}

std::shared_ptr<accounts> open_accounts(const server_options& options,
                                        const std::shared_ptr<actor_registry>& actors) {
  accounts_options own;
  own.database = options.accounts;
  own.now_ns = wall_ns;
  own.reads_every_ms = options.config.http.record_reads_ms;
  own.keep_paused = [actors](const storage::paused_actor& what) { keep_paused(*actors, what); };
  if (!own.database) {
    log::warning("accounts",
                 "no database holds accounts or records what operators do: "
                 "FEEDTREE_ADMIN_DSN is not set, and no sink is a database");
  }
  return std::make_shared<accounts>(std::move(own));
}

}  // namespace

server_result run_server(const server_options& options,
                         const std::shared_ptr<statistics>& counters) {
  world all(options, counters);
  std::vector<sink_plan> plans;
  std::vector<std::unique_ptr<sink>> open;
  std::optional<journal_plan> journal;
  std::unique_ptr<http::server> web;
  std::optional<archive_actor_options> archive;
  std::optional<child_spec> pollers;
  const auto board = make_poller_board(options.config);
  std::shared_ptr<accounts> operators;
  try {
    archive = plan_archive(options.config.archive);
    web = open_http(options);
    plans = plans_of(options.config.sinks);
    open = open_sinks(plans, options.config.startup_timeout_ms,
                      [](std::int64_t ms) { return wait_for_stop_signal(ms) == 0; });
    journal = plan_journal(options.config.journal, candles_of(options.config.candles), all.registry,
                           plans, open);
    if (journal) all.past = read_past(*journal->open, options.config);
    all.sinks = std::make_shared<sink_table>(plans.size());
    if (archive) all.archive = archive->intake;
    pollers = pollers_child(all, board, journal);
    operators = open_accounts(options, all.actors);
  } catch (const start_stopped& stop) {
    log::info("root", std::string("stopped at the start: ") + stop.what());
    return {};
  } catch (const std::runtime_error& error) {
    return {1, error.what()};
  }
  if (options.on_http) options.on_http(web->url());
  system_config configuration;
  caf::actor_system system(configuration);
  all.reactor.start();
  all.actors->add("root", "supervisor", {});
  all.actors->started("root");
  reloader reload(options.config, reload_of(all));
  const operator_services services{
      counters,
      all.actors,
      all.recent,
      all.books,
      all.venues,
      archive ? archive->gauge : nullptr,
      board,
      plan_reports(options.config, all.random, wall_ns()),
      operators,
      changes_by(reload),
      all.certificate,
      instrument_finder(reload, [venues = all.venues](const auto& venue, const auto& what) {
        venues->find(venue, what);
      })};
  const auto desk = make_desk(options, plans, services);
  auto operated = operator_child(options, desk, services, std::move(web));
  auto reports =
      report_children(options.config, services.reports, {desk, all.actors, &all.reactor});
  const auto root = caf::actor_cast<child_actor>(system.spawn(
      supervisor_behavior,
      root_supervisor(all, sinks_child(all, plans, std::move(open), std::move(journal)),
                      archive_child(all, std::move(archive)), std::move(pollers),
                      std::move(operated), std::move(reports))));
  server_result result;
  {
    const signal_waiter signals(
        [to = bridge<child_actor>(root)](int signal) {
          log::info("root", std::string(signal == SIGINT ? "SIGINT" : "SIGTERM") +
                                ": handing over what is under way, then stopping");
          to.post(stop_atom::value);
        },
        [&reload] { reload.run(); });
    caf::scoped_actor self(system);
    result = watch(all, self, root).until_down();
  }
  all.sinks->release();
  system.await_all_actors_done();
  all.reactor.stop();
  if (options.report) options.report(*counters, wall_ns());
  return result;
}

}  // namespace feedtree::actors
