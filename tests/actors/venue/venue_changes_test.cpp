// Instruments and venues that come and go while they run, on the test coordinator. The reactor does
// not run: no socket is opened, and answers of the venue are what the test sends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <caf/stateful_actor.hpp>
#include <sstream>

#include "actors/venue/venue_director.hpp"
#include "adapters/venues/symbol_pages.hpp"
#include "tests/actors/supervision/supervised.hpp"

namespace feedtree::actors {
namespace {

using names = std::vector<std::string>;

// The venue "small": two instruments a connection; its symbols are a list: ["A-USD"]. "!B-USD" is
// listed and does not trade, ">2" says that there is a page 2.
class small_session : public venues::session {
 public:
  explicit small_session(venues::venue_symbols& symbols) : session("small"), symbols_(symbols) {}
  std::vector<std::string> subscribe_frames(std::span<const venues::stream>) override { return {}; }
  std::vector<std::string> unsubscribe_frames(std::span<const venues::stream>) override {
    return {};
  }

 protected:
  void read_frame(const venues::raw_frame&, event_batch&, venues::frame_report&) override {}
  void read_rest(std::string_view url, const venues::raw_frame& body, event_batch&,
                 venues::frame_report& report) override {
    auto text = body.text;
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return std::string_view("[]\",").find(c) != std::string_view::npos; }, ' ');
    std::istringstream in(text);
    for (std::string symbol; in >> symbol;) {
      if (symbol[0] == '>') {
        report.next_page = venues::with_cursor(url, symbol.substr(1));
        continue;
      }
      if (symbol[0] == '!') {
        symbols_.set_not_trading(symbol.substr(1), "BREAK");
        continue;
      }
      symbols_.of("").add(symbol,
                          symbols_.registry().intern("small", *parse_instrument(symbol), symbol));
    }
  }

 private:
  venues::venue_symbols& symbols_;
};

class small_venue : public venues::venue {
 public:
  std::string_view name() const override { return "small"; }
  venues::venue_limits limits() const override {
    venues::venue_limits limits;
    limits.instruments_per_connection = 2;
    return limits;
  }
  std::vector<event_kind> kinds() const override {
    return {event_kind::book, event_kind::open_interest};
  }
  std::vector<venues::rest_request> symbol_requests(const venues::venue_addresses&) const override {
    return {{venues::rest_purpose::symbols, "https://127.0.0.1:1/symbols"}};
  }
  std::optional<venues::rest_request> poll_request(const venues::stream& what,
                                                   const venues::venue_addresses&) const override {
    if (what.kind != event_kind::open_interest) return {};
    return venues::rest_request{venues::rest_purpose::open_interest, "https://127.0.0.1:1/poll",
                                what.where};
  }
  std::vector<venues::connection_plan> plan(std::span<const venues::stream> streams,
                                            const venues::venue_addresses&) const override {
    return venues::split_streams(streams, limits(), "ws://127.0.0.1:1/stream");
  }
  std::unique_ptr<venues::session> make_session(venues::venue_symbols& symbols, std::string_view,
                                                const venues::venue_addresses&) const override {
    return std::make_unique<small_session>(symbols);
  }
  guard_ptr make_guard(const venues::stream&) const override { return make_unchecked_guard(); }
  keeper_options book_options(const venues::stream&) const override { return {}; }
};

class running_venue : public testing::Test {
 protected:
  ~running_venue() override {
    system.know(director);
    caf::anon_send(director, stop_atom::value);
    system.advance(100);
  }

  void start(const names& instruments,
             std::vector<config::feed_config> feeds = {{event_kind::book, 0}}) {
    venue_director_options options;
    options.config.venue = "small";
    options.config.instruments = instruments;
    options.config.feeds = std::move(feeds);
    control =
        std::make_shared<venue_control>(std::vector<config::venue_config>{options.config},
                                        [](const config::venue_config&) { return child_spec{}; });
    options.venue = &venue;
    options.path = "root/venues/small";
    options.look_again_ms = look_again_ms;
    auto& services = options.services;
    services.reactor = &reactor;
    services.registry = &listings;
    services.sinks = std::make_shared<sink_table>(0);
    services.counters = counters;
    services.books = books;
    services.now_ns = [this] { return system.now_ms() * 1'000'000; };
    services.steady_ms = [this] { return system.now_ms(); };
    services.random = tests::highest_random();
    services.grace_period_ms = 50;
    services.actors = actors;
    services.budgets = std::make_shared<venue_budgets>(breaker_options{}, services.random,
                                                       venue_budgets::on_change{});
    services.control = control;
    director = system.spawn(venue_director_behavior, options);
    system.run();
  }
  // The venue answers the request of this number.
  void answer_symbols(std::uint64_t ticket, const names& symbols) {
    std::string text;
    for (const auto& symbol : symbols) text += (text.empty() ? "" : ",") + ('"' + symbol + '"');
    answer(ticket, 200, "[" + text + "]");
  }
  void answer(std::uint64_t ticket, int status, std::string_view body) {
    transport::http_response what;
    what.status = status;
    what.body = transport::padded_string(body);
    caf::anon_send(director, rest_atom::value,
                   rest_result{ticket, std::make_shared<transport::http_result>(what)});
    system.run();
  }
  void answer_error(std::uint64_t ticket) {
    transport::transport_error error;
    error.message = "no answer";
    caf::anon_send(director, rest_atom::value,
                   rest_result{ticket, std::make_shared<transport::http_result>(error)});
    system.run();
  }
  // "A-USD: why" of each instrument that is shown as unknown.
  names unknown() {
    names result;
    for (const auto& each : counters->unknown("small")) {
      result.push_back(each.instrument + ": " + each.reason);
    }
    return result;
  }
  // Asks for an instrument; the answer is in `answered`.
  void ask_for(const std::string& instrument) {
    control->find("small", symbol_question(instrument, [this](const symbol_answer& what) {
                    answered.push_back(what);
                  }));
    system.run();
  }
  void want(const names& instruments) {
    config::venue_config config;
    config.venue = "small";
    config.instruments = instruments;
    control->set(config);
    system.advance(100);
  }
  // Who runs, without the path before it.
  names running() {
    names result;
    for (const auto& info : actors->all()) {
      if (info.state == actor_standing::running) {
        result.push_back(info.path.substr(std::string("root/venues/small/").size()));
      }
    }
    return result;
  }
  actor_info of(const std::string& name) {
    return actors->find("root/venues/small/" + name).value();
  }

  transport::reactor reactor{transport::reactor_options{1, {}}};
  small_venue venue;
  listing_registry listings;
  std::shared_ptr<statistics> counters = std::make_shared<statistics>(names{});
  std::shared_ptr<book_directory> books = std::make_shared<book_directory>();
  std::shared_ptr<actor_registry> actors;
  std::shared_ptr<venue_control> control;
  std::int64_t look_again_ms = 1'000;
  std::vector<symbol_answer> answered;
  tests::test_system system;
  venue_actor director;

  void SetUp() override {
    actors = std::make_shared<actor_registry>([this] { return system.now_ms() * 1'000'000; });
  }
};

TEST_F(running_venue, starts_what_its_configuration_says) {
  start({"A-USD", "B-USD", "C-USD"});
  answer_symbols(1, {"A-USD", "B-USD", "C-USD", "D-USD"});
  EXPECT_EQ(running(), (names{"book-A-USD", "book-B-USD", "book-C-USD", "connection-1",
                              "connection-2", "validator"}));
}

TEST_F(running_venue, instrument_that_comes_has_a_book_and_a_connection_of_its_own) {
  start({"A-USD"});
  answer_symbols(1, {"A-USD", "B-USD"});
  const auto since = of("connection-1").since_ns;
  want({"A-USD", "B-USD"});
  EXPECT_EQ(running(),
            (names{"book-A-USD", "book-B-USD", "connection-1", "connection-2", "validator"}));
  EXPECT_EQ(of("connection-1").since_ns, since);
  EXPECT_EQ(of("connection-1").restarts, 0u);
  EXPECT_EQ(of("book-A-USD").restarts, 0u);
  EXPECT_NE(books->find("small", "B-USD"), nullptr);
}

TEST_F(running_venue, instrument_that_goes_leaves_its_neighbours_running) {
  start({"A-USD", "B-USD", "C-USD"});
  answer_symbols(1, {"A-USD", "B-USD", "C-USD"});
  want({"B-USD", "C-USD"});
  EXPECT_EQ(running(),
            (names{"book-B-USD", "book-C-USD", "connection-1", "connection-2", "validator"}));
  for (const auto* name : {"book-B-USD", "book-C-USD", "connection-1", "connection-2"}) {
    EXPECT_EQ(of(name).restarts, 0u) << name;
  }
  EXPECT_EQ(books->find("small", "A-USD"), nullptr);
  EXPECT_NE(books->find("small", "B-USD"), nullptr);
}

TEST_F(running_venue, connection_goes_with_its_last_instrument) {
  start({"A-USD", "B-USD", "C-USD"});
  answer_symbols(1, {"A-USD", "B-USD", "C-USD"});
  want({"A-USD", "B-USD"});
  EXPECT_EQ(running(), (names{"book-A-USD", "book-B-USD", "connection-1", "validator"}));
}

TEST_F(running_venue, instrument_can_go_and_come_again) {
  start({"A-USD", "B-USD"});
  answer_symbols(1, {"A-USD", "B-USD"});
  want({"A-USD"});
  want({"A-USD", "B-USD"});
  EXPECT_EQ(running(),
            (names{"book-A-USD", "book-B-USD", "connection-1", "connection-2", "validator"}));
}

TEST_F(running_venue, instrument_that_was_listed_later_is_looked_up_anew) {
  start({"A-USD"});
  answer_symbols(1, {"A-USD"});
  want({"A-USD", "NEW-USD"});
  EXPECT_EQ(running(), (names{"book-A-USD", "connection-1", "validator"}));
  answer_symbols(2, {"A-USD", "NEW-USD"});
  system.advance(100);
  EXPECT_EQ(running(),
            (names{"book-A-USD", "book-NEW-USD", "connection-1", "connection-2", "validator"}));
  EXPECT_EQ(of("connection-1").restarts, 0u);
}

TEST_F(running_venue, instrument_that_the_venue_does_not_have_changes_nothing) {
  start({"A-USD"});
  answer_symbols(1, {"A-USD"});
  want({"A-USD", "NO-USD"});
  answer_symbols(2, {"A-USD"});
  system.advance(100);
  EXPECT_EQ(running(), (names{"book-A-USD", "connection-1", "validator"}));
}

TEST_F(running_venue, change_before_the_symbols_are_known_counts_when_they_are) {
  start({"A-USD"});
  want({"B-USD"});
  answer_symbols(1, {"A-USD", "B-USD"});
  EXPECT_EQ(running(), (names{"book-B-USD", "connection-1", "validator"}));
}

TEST_F(running_venue, poller_begins_anew_with_what_is_polled_now) {
  start({"A-USD"}, {{event_kind::book, 0}, {event_kind::open_interest, 0}});
  answer_symbols(1, {"A-USD", "B-USD"});
  EXPECT_EQ(running(), (names{"book-A-USD", "connection-1", "poller", "validator"}));
  want({"A-USD", "B-USD"});
  EXPECT_EQ(running(), (names{"book-A-USD", "book-B-USD", "connection-1", "connection-2", "poller",
                              "validator"}));
  EXPECT_EQ(of("book-A-USD").restarts, 0u);
  EXPECT_EQ(of("connection-1").restarts, 0u);
}

TEST_F(running_venue, books_that_come_stand_before_the_connections_in_the_order_of_restarts) {
  start({"A-USD"});
  answer_symbols(1, {"A-USD", "B-USD"});
  want({"A-USD", "B-USD"});
  // Everything behind the new book is restarted with it, and nothing before it.
  EXPECT_TRUE(actors->restart("root/venues/small/book-B-USD"));
  system.advance(300);
  EXPECT_EQ(of("book-A-USD").restarts, 0u);
  EXPECT_EQ(of("book-B-USD").restarts, 1u);
  EXPECT_EQ(of("connection-1").restarts, 1u);
  EXPECT_EQ(of("connection-2").restarts, 1u);
}

// ---- instruments that the venue does not have, or not yet ----

TEST_F(running_venue, instrument_that_is_listed_later_starts_by_itself) {
  start({"A-USD", "NEW-USD"});
  answer_symbols(1, {"A-USD", "NEAR-USD"});
  EXPECT_EQ(running(), (names{"book-A-USD", "connection-1", "validator"}));
  EXPECT_EQ(unknown(), names{"NEW-USD: small does not list it; did you mean NEAR-USD?"});
  answer_symbols(2, {"A-USD", "NEW-USD"});
  EXPECT_EQ(unknown().size(), 1u) << "it was asked for before its time";
  system.advance(1'000);
  answer_symbols(2, {"A-USD"});
  system.advance(1'000);
  answer_symbols(3, {"A-USD", "NEW-USD"});
  system.advance(100);
  EXPECT_EQ(running(),
            (names{"book-A-USD", "book-NEW-USD", "connection-1", "connection-2", "validator"}));
  EXPECT_TRUE(unknown().empty());
  EXPECT_EQ(of("connection-1").restarts, 0u);
  // All are there: nothing is asked for any more.
  system.advance(5'000);
  answer_symbols(4, {"A-USD"});
  EXPECT_TRUE(unknown().empty());
}

TEST_F(running_venue, instrument_is_looked_for_again_after_a_minute) {
  look_again_ms = venue_director_options{}.look_again_ms;
  start({"NEW-USD"});
  answer_symbols(1, {"A-USD"});
  system.advance(59'000);
  answer_symbols(2, {"NEW-USD"});
  EXPECT_EQ(running(), names{});
  system.advance(2'000);
  answer_symbols(2, {"NEW-USD"});
  EXPECT_EQ(running(), (names{"book-NEW-USD", "connection-1", "validator"}));
}

TEST_F(running_venue, instrument_that_does_not_trade_yet_is_told_in_the_venue_s_words) {
  start({"A-USD", "B-USD"});
  answer_symbols(1, {"A-USD", "!B-USD"});
  EXPECT_EQ(running(), (names{"book-A-USD", "connection-1", "validator"}));
  EXPECT_EQ(unknown(), names{"B-USD: it does not trade at the moment: small says BREAK"});
  system.advance(1'000);
  answer_symbols(2, {"A-USD", "B-USD"});
  system.advance(100);
  EXPECT_TRUE(unknown().empty());
  EXPECT_NE(books->find("small", "B-USD"), nullptr);
}

TEST_F(running_venue, that_has_none_of_its_instruments_goes_on_asking) {
  start({"A-USD"});
  answer_symbols(1, {"!A-USD", "OTHER-USD"});
  EXPECT_EQ(running(), names{});
  system.advance(1'000);
  answer_symbols(2, {"A-USD"});
  EXPECT_EQ(running(), (names{"book-A-USD", "connection-1", "validator"}));
}

TEST_F(running_venue, instrument_that_runs_goes_on_when_it_is_not_listed_any_more) {
  start({"A-USD", "NEW-USD"});
  answer_symbols(1, {"A-USD"});
  system.advance(1'000);
  answer_symbols(2, {"!A-USD", "NEW-USD"});
  system.advance(100);
  EXPECT_EQ(running(),
            (names{"book-A-USD", "book-NEW-USD", "connection-1", "connection-2", "validator"}));
  EXPECT_TRUE(unknown().empty());
}

TEST_F(running_venue, list_is_read_to_its_last_page) {
  start({"A-USD", "C-USD"});
  answer_symbols(1, {"A-USD", ">2"});
  answer_symbols(2, {"B-USD", ">3"});
  EXPECT_EQ(running(), names{});
  answer_symbols(3, {"C-USD"});
  EXPECT_EQ(running(), (names{"book-A-USD", "book-C-USD", "connection-1", "validator"}));
}

TEST_F(running_venue, reload_looks_again_at_once) {
  look_again_ms = 1'000'000;
  start({"A-USD", "NEW-USD"});
  answer_symbols(1, {"A-USD"});
  control->look_again();
  system.run();
  answer_symbols(2, {"A-USD", "NEW-USD"});
  system.advance(100);
  EXPECT_NE(books->find("small", "NEW-USD"), nullptr);
  // And asks for nothing where nothing is missing.
  control->look_again();
  system.run();
  ask_for("ODD-USD");
  ASSERT_EQ(answered.size(), 1u);
}

TEST_F(running_venue, look_that_fails_leaves_what_runs_and_is_made_again) {
  start({"A-USD", "NEW-USD"});
  answer_symbols(1, {"A-USD"});
  for (std::uint64_t ticket = 2; ticket < 20; ++ticket) {
    system.advance(1'000);
    ticket % 2 == 0 ? answer_error(ticket) : answer(ticket, 500, "<h1>down</h1>");
  }
  // An instrument that is known starts although the list cannot be read.
  want({"NEW-USD"});
  EXPECT_EQ(running(), (names{"validator"}));
  want({"A-USD", "NEW-USD"});
  EXPECT_EQ(running(), (names{"book-A-USD", "connection-2", "validator"}));
  EXPECT_EQ(counters->trouble("small"), "https://127.0.0.1:1/symbols: HTTP 500: down");
}

TEST_F(running_venue, venue_that_refuses_its_symbols_is_quoted) {
  start({"A-USD"});
  answer(1, 451, R"({"msg":"Service unavailable from a restricted location"})");
  EXPECT_THAT(counters->trouble("small"),
              testing::HasSubstr("HTTP 451: {\"msg\":\"Service unavailable from a restricted"));
  EXPECT_THAT(counters->last_failure(), testing::HasSubstr("restricted location"));
}

TEST_F(running_venue, venue_that_says_that_it_is_asked_too_often_is_left_alone) {
  start({"A-USD"});
  answer(1, 403, "<h1>403</h1>access too frequent");
  const auto now_ns = system.now_ms() * 1'000'000;
  EXPECT_EQ(counters->waits_until_ns("small"), now_ns + 600'000'000'000);
  system.advance(30'000);
  answer_symbols(2, {"A-USD"});
  EXPECT_EQ(running(), names{}) << "it was asked again";
}

TEST_F(running_venue, question_for_an_instrument_is_answered_by_the_present_list) {
  start({"A-USD"});
  ask_for("A-USD");
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_EQ(answered[0].what, symbol_answer::result::not_told);
  answer_symbols(1, {"A-USD", "ALPHA-USD"});
  // A list that is this young is believed.
  ask_for("ALPHA-USD");
  ask_for("ALPHA-USX");
  ASSERT_EQ(answered.size(), 3u);
  EXPECT_EQ(answered[1].what, symbol_answer::result::known);
  EXPECT_EQ(answered[2].what, symbol_answer::result::unknown);
  EXPECT_EQ(answered[2].why, "small does not list it; did you mean ALPHA-USD?");
  EXPECT_EQ(answered[2].suggestions, names{"ALPHA-USD"});
  // An older one is asked for again.
  system.advance(6'000);
  ask_for("NEW-USD");
  EXPECT_EQ(answered.size(), 3u);
  answer_symbols(2, {"A-USD", "NEW-USD"});
  ASSERT_EQ(answered.size(), 4u);
  EXPECT_EQ(answered[3].what, symbol_answer::result::known);
}

TEST_F(running_venue, question_that_the_venue_does_not_answer_in_time_is_given_up) {
  start({"A-USD"});
  answer_symbols(1, {"A-USD"});
  system.advance(6'000);
  ask_for("NEW-USD");
  system.advance(8'000);
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_EQ(answered[0].what, symbol_answer::result::not_told);
  answer_symbols(2, {"A-USD", "NEW-USD"});
  EXPECT_EQ(answered.size(), 1u);
  system.advance(6'000);
  ask_for("ODD-USD");
  answer_error(3);
  ASSERT_EQ(answered.size(), 2u);
  EXPECT_EQ(answered[1].what, symbol_answer::result::not_told);
  EXPECT_EQ(answered[1].why, "no answer");
}

TEST(symbol_question, is_answered_when_nobody_can) {
  std::vector<symbol_answer> answered;
  const auto take = [&](const symbol_answer& what) { answered.push_back(what); };
  { const symbol_question lost("A-USD", take); }
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_EQ(answered[0].what, symbol_answer::result::not_told);
  {
    const symbol_question asked("A-USD", take);
    const auto copy = asked;
    copy.answer({symbol_answer::result::known});
    asked.answer({symbol_answer::result::unknown});
  }
  ASSERT_EQ(answered.size(), 2u);
  EXPECT_EQ(answered[1].what, symbol_answer::result::known);
}

// Venues under their supervisor.
class venues_under_control : public tests::supervised {
 protected:
  void start_venues(const names& venues) {
    std::vector<config::venue_config> wanted;
    for (const auto& name : venues) wanted.push_back(config_of(name));
    control.emplace(std::move(wanted),
                    [this](const config::venue_config& config) { return spec_of(config.venue); });
    options.children = control->children();
    supervisor = system.spawn(supervisor_behavior, options);
    control->runs(supervisor);
    system.run();
    over.emplace(system, supervisor);
    EXPECT_EQ(take_log(), started(venues));
  }
  static config::venue_config config_of(const std::string& name, const names& instruments = {}) {
    config::venue_config result;
    result.venue = name;
    result.instruments = instruments;
    return result;
  }
  std::optional<venue_control> control;
};

TEST_F(venues_under_control, come_and_go_without_touching_the_others) {
  start_venues({"kraken", "okx"});
  control->set(config_of("binance"));
  control->remove("okx");
  system.advance(2'000);
  EXPECT_EQ(take_log(), (names{"start binance", "stop okx"}));
  EXPECT_TRUE(control->wanted("binance").has_value());
  EXPECT_FALSE(control->wanted("okx").has_value());
}

TEST_F(venues_under_control, are_started_by_a_new_supervisor_as_they_are_wanted_now) {
  start_venues({"kraken", "okx"});
  control->set(config_of("binance"));
  control->remove("okx");
  std::vector<std::string> next;
  for (const auto& child : control->children()) next.push_back(child.name);
  EXPECT_EQ(next, (names{"kraken", "binance"}));
  system.advance(2'000);
  EXPECT_EQ(take_log(), (names{"start binance", "stop okx"}));
}

TEST_F(venues_under_control, keep_all_but_their_instruments) {
  start_venues({"kraken"});
  auto other = config_of("kraken", {"BTC-USD"});
  other.book_depth = 10;
  control->set(other);
  system.run();
  EXPECT_EQ(take_log(), names{});
  EXPECT_EQ(control->wanted("kraken")->instruments, names{"BTC-USD"});
  EXPECT_EQ(control->wanted("kraken")->book_depth, 0u);
}

}  // namespace
}  // namespace feedtree::actors
