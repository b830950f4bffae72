// The endpoints as a plain function: requests in, answers out, over what the actors would count.
#include "actors/operator/endpoints.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/http/asset.hpp"

namespace feedtree::actors {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class operated : public testing::Test {
 protected:
  operated() {
    facts_->version = "1.2.3";
    config::venue_config venue;
    venue.venue = "kraken";
    venue.instruments = {"BTC-USD"};
    venue.feeds = {{event_kind::book, 0}};
    const std::vector<config::venue_config> wanted{venue};
    facts_->insecure = {{"OPERATOR", "HTTP without \"token\""}};
    registry_->add("root", "supervisor", {});
    registry_->add("root/venues", "supervisor", [this] { ++restarts_; });
    desk_ = std::make_shared<operator_desk>(facts_, counters_, registry_, recent_,
                                            [wanted] { return wanted; });
    desk_->refresh(1'000'000'000);
    endpoint_services services;
    services.desk = desk_;
    services.ask_book = [this](const auto& of, const auto& instrument, const book_taker& take) {
      take(of == "kraken" && instrument == "BTC-USD" ? book_ : nullptr);
    };
    services.web = [] { return http::server_counters{}; };
    services.is_alive = [this] { return is_alive_; };
    services.change_instrument = [this](const auto&, const auto& instrument, bool) {
      added_.push_back(instrument);
      return instrument_change{};
    };
    services.find_instrument = [this](const auto&, const auto&, const auto& take) { take(may_); };
    router_ = std::make_unique<http::router>(endpoints(services), http::access_rules{});
  }
  http::reply ask(std::string target, std::string method = "GET", std::string accept = "") {
    http::request asked{std::move(method), std::move(target), {{"Host", "localhost"}}, ""};
    if (!accept.empty()) asked.headers.push_back({"Accept", accept});
    return router_->handle(asked);
  }
  http::response get(std::string target) {
    auto result = ask(std::move(target));
    if (result.later) result.later([&](http::response late) { result.now = std::move(late); });
    return result.now;
  }

  std::shared_ptr<server_facts> facts_ = std::make_shared<server_facts>();
  std::shared_ptr<statistics> counters_ =
      std::make_shared<statistics>(std::vector<std::string>{"sqlite"});
  std::shared_ptr<actor_registry> registry_ =
      std::make_shared<actor_registry>([] { return std::int64_t{5}; });
  std::shared_ptr<recent_log> recent_ = std::make_shared<recent_log>(10);
  std::shared_ptr<operator_desk> desk_;
  std::unique_ptr<http::router> router_;
  batch_ptr book_;
  bool is_alive_ = true;
  instrument_change may_;
  std::vector<std::string> added_;
  int restarts_ = 0;
};

TEST_F(operated, the_root_is_a_page_for_browsers_and_a_list_for_machines) {
  EXPECT_THAT(ask("/", "GET", "text/html,*/*").now.content_type, StartsWith("text/html"));
  EXPECT_THAT(std::string(ask("/", "GET", "text/html").now.text()), StartsWith("<!doctype html>"));
  const auto listing = ask("/", "GET", "application/json").now;
  EXPECT_EQ(listing.content_type, "application/json");
  EXPECT_THAT(std::string(listing.text()), HasSubstr(R"("path":"/api/v1/venues")"));
}

TEST_F(operated, everything_that_the_page_loads_is_there) {
  for (const auto* path : {"/assets/main.js", "/assets/page.js", "/assets/style.css",
                           "/assets/favicon.svg", "/openapi.json"}) {
    EXPECT_GT(get(path).text().size(), 100U) << path;
  }
  for (const auto* path : {"/assets/nothing.js", "/assets/openapi.json", "/assets/../main.cpp"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
  // The page may load nothing from elsewhere.
  EXPECT_EQ(http::asset("dashboard.html").find("http"), std::string_view::npos);
}

TEST_F(operated, health_follows_the_actors) {
  EXPECT_EQ(get("/healthz").status, 200);
  is_alive_ = false;
  EXPECT_EQ(get("/healthz").status, 503);
}

TEST_F(operated, readiness_names_every_reason_and_shows_insecure_defaults) {
  const auto answer = get("/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(std::string(answer.text()),
              HasSubstr("\"reasons\":[\"venue kraken: starting, asking for symbols (for 0 s)\"]"));
  EXPECT_THAT(std::string(answer.text()),
              HasSubstr(R"({"service":"OPERATOR","what":"HTTP without \"token\""})"));
}

TEST_F(operated, an_unknown_instrument_is_a_warning_and_is_listed_with_its_reason) {
  counters_->set_unknown("kraken", {{"kraken", "BTC-USD", "kraken does not list it", 1}});
  desk_->refresh(2'000'000'000);
  EXPECT_THAT(
      std::string(get("/api/v1/instruments").text()),
      HasSubstr(R"("instrument":"BTC-USD","venue_symbol":null,"type":"spot",)"
                R"("state":"unknown","reason":"kraken does not list it","bid_price":null)"));
  EXPECT_THAT(std::string(get("/api/v1/venues").text()), HasSubstr(R"("unknown":1)"));
  EXPECT_THAT(std::string(get("/api/v1/instruments?venue=okx").text()),
              HasSubstr(R"("instruments":[])"));
  EXPECT_THAT(std::string(get("/readyz").text()), HasSubstr(R"("warnings":[])"));
  EXPECT_THAT(std::string(get("/metrics").text()),
              HasSubstr("feedtree_instruments_unknown{venue=\"kraken\"} 1"));
}

TEST_F(operated, an_instrument_is_added_where_the_venue_has_it) {
  const std::string path = "/api/v1/venues/kraken/instruments/NEW-USD";
  const auto put = [&] {
    http::response result;
    auto reply = ask(path, "PUT");
    EXPECT_TRUE(reply.later);
    reply.later([&](http::response late) { result = std::move(late); });
    return result;
  };
  EXPECT_EQ(put().status, 202);
  EXPECT_EQ(added_, std::vector<std::string>{"NEW-USD"});
  may_ = {instrument_change::result::unknown,
          "kraken has no instrument NEW-USD: kraken does not list it; did you mean NEO-USD?"};
  const auto unknown = put();
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(std::string(unknown.text()), HasSubstr("did you mean NEO-USD?"));
  may_ = {instrument_change::result::refused, "kraken has no perpetuals"};
  EXPECT_EQ(put().status, 409);
  EXPECT_EQ(added_.size(), 1U);
}

TEST_F(operated, an_actor_is_found_by_its_path) {
  EXPECT_THAT(std::string(get("/api/v1/actors/root/venues").text()),
              HasSubstr(R"("path":"root/venues","kind":"supervisor")"));
  EXPECT_EQ(get("/api/v1/actors/root/nobody").status, 404);
}

TEST_F(operated, the_overview_says_what_is_wrong_since_when_and_what_can_be_done) {
  const auto body = get("/api/v1/overview").text();
  EXPECT_THAT(std::string(body), HasSubstr(R"("problems":[{"component":"venue kraken","text":)"));
  EXPECT_THAT(std::string(body), HasSubstr(R"("advice":"It is tried again by itself.)"));
}

TEST_F(operated, a_session_is_of_anyone_where_no_token_is_needed) {
  EXPECT_EQ(get("/api/v1/session").text(),
            R"({"name":"anyone","role":"operator","account":false})");
}

TEST_F(operated, a_restart_reaches_the_supervisor_or_says_why_not) {
  EXPECT_EQ(ask("/api/v1/actors/root/venues/restart", "POST").now.status, 202);
  EXPECT_EQ(restarts_, 1);
  EXPECT_EQ(ask("/api/v1/actors/root/restart", "POST").now.status, 409);
  EXPECT_EQ(ask("/api/v1/actors/nobody/restart", "POST").now.status, 404);
  EXPECT_EQ(ask("/api/v1/actors/root/venues/restart", "GET").now.status, 404);
  EXPECT_EQ(restarts_, 1);
}

TEST_F(operated, a_book_is_cut_to_the_depth_that_was_asked_for) {
  listing_registry listings;
  auto batch = std::make_shared<event_batch>();
  event what;
  what.where = listings.intern("kraken", *parse_instrument("BTC-USD"), "BTC/USD");
  book_change change;
  change.snapshot = true;
  change.bids = 2;
  change.asks = 1;
  what.body = change;
  what.receive_ns = 7;
  batch->events.push_back(what);
  batch->levels = {{{100, 0}, {5, -1}}, {{99, 0}, {4, 0}}, {{101, 0}, {1, 0}}};
  book_ = batch;
  const auto answer = get("/api/v1/books/kraken/BTC-USD?depth=1");
  EXPECT_EQ(std::string(answer.text()),
            R"({"venue":"kraken","instrument":"BTC-USD","state":"live","receive_ns":"7",)"
            R"("bids_total":2,"asks_total":1,"bids":[["100","0.5"]],"asks":[["101","1"]]})");
  EXPECT_EQ(get("/api/v1/books/kraken/NO-WAY").status, 404);
  for (const auto* bad : {"0", "-1", "x", "5001", "1e3", ""}) {
    EXPECT_EQ(get("/api/v1/books/kraken/BTC-USD?depth=" + std::string(bad)).status, 400) << bad;
  }
}

TEST_F(operated, lists_are_of_the_last_look) {
  for (const std::int64_t now : {2'500'000'000, 3'000'000'000}) {
    desk_->refresh(now);
    for (const auto* path : {"overview", "actors", "venues", "sinks", "instruments"}) {
      const auto list = get("/api/v1/" + std::string(path));
      EXPECT_EQ(list.status, 200) << path;
      EXPECT_THAT(std::string(list.text()), HasSubstr("\"now_ns\":\"" + std::to_string(now) + "\""))
          << path;
    }
  }
}

TEST_F(operated, lists_take_bounds_and_nothing_else) {
  EXPECT_EQ(std::string(get("/api/v1/gaps?limit=5").text()),
            R"({"now_ns":"1000000000","gaps":[]})");
  for (const auto* path : {"/api/v1/gaps", "/api/v1/states", "/api/v1/quarantine"}) {
    EXPECT_EQ(get(std::string(path) + "?limit=1001").status, 400);
  }
}

TEST_F(operated, events_are_of_the_topics_that_were_asked_for) {
  EXPECT_EQ(ask("/api/v1/events?topics=gaps,alerts").topics, topic_gaps | topic_alerts);
  EXPECT_EQ(ask("/api/v1/events").topics, 255U);
  EXPECT_THAT(std::string(ask("/api/v1/events").now.text()), HasSubstr("event: overview\n"));
  EXPECT_EQ(ask("/api/v1/events?topics=weather").now.status, 400);
}

TEST_F(operated, an_alert_is_listed_while_it_lasts_and_after) {
  EXPECT_THAT(std::string(get("/api/v1/alerts").text()),
              HasSubstr(R"("component":"venue kraken")"));
}

TEST_F(operated, a_restart_is_told_once) {
  registry_->started("root/venues");
  registry_->started("root/venues");
  const auto changes = desk_->refresh(2'000'000'000);
  ASSERT_EQ(changes.restarts.size(), 1U);
  EXPECT_EQ(changes.restarts[0].path, "root/venues");
  EXPECT_TRUE(desk_->refresh(3'000'000'000).restarts.empty());
}

}  // namespace
}  // namespace feedtree::actors
