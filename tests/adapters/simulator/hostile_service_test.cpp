#include "adapters/simulator/hostile_service.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <tuple>

#include "tests/adapters/simulator/fake_link.hpp"

namespace feedtree::tests {
namespace {

using simulator::fault_log;
using simulator::hostile_options;
using simulator::hostile_service;

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t s = 1'000 * ms;
const std::string subscribe =
    R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","ETH/USD"]}})";

// A Kraken that does wrong, and one client of it, without a network.
class hostile_kraken {
 public:
  explicit hostile_kraken(const std::vector<std::string>& wrongs, std::int64_t faults_for_ns = 0,
                          std::int64_t move_for_ns = 0)
      : service_(*simulator::find_simulator("kraken"), {5, {"BTC-USD", "ETH-USD"}, 500},
                 options_of(wrongs, faults_for_ns, move_for_ns), link.clock(), log_) {
    service_.on_start(link);
    connect(1);
  }
  void connect(simulator::client_id who) {
    service_.on_open(who, "/v2");
    service_.on_text(who, subscribe);
  }
  void run(std::int64_t for_ns) { link.advance_to(link.now_ns + for_ns); }
  const std::vector<std::string>& sent(simulator::client_id who = 1) { return link.sent[who]; }
  std::uint64_t count(std::string_view fault) const {
    const auto found = log_.counts().find(fault);
    return found == log_.counts().end() ? 0 : found->second;
  }
  // Lines of the truth or of the fault log that have this text.
  static std::size_t lines(const std::ostringstream& of, const std::string& text) {
    std::istringstream in(of.str());
    std::size_t found = 0;
    for (std::string line; std::getline(in, line);) found += line.find(text) != std::string::npos;
    return found;
  }
  hostile_service& service() { return service_; }

  fake_link link;
  std::ostringstream faults;
  std::ostringstream truth;

 private:
  static hostile_options options_of(const std::vector<std::string>& texts,
                                    std::int64_t faults_for_ns, std::int64_t move_for_ns) {
    hostile_options options;
    for (const auto& text : texts) options.faults.push_back(simulator::parse_fault(text));
    options.faults_for_ns = faults_for_ns;
    options.move_for_ns = move_for_ns;
    return options;
  }
  fault_log log_{&faults, &truth};
  hostile_service service_;
};

TEST(hostile_service, without_faults_all_that_is_made_is_sent) {
  hostile_kraken venue({});
  venue.run(2 * s);
  const auto made = hostile_kraken::lines(venue.truth, "\"fate\":\"sent\"");
  EXPECT_GT(made, 100U);
  std::size_t books = 0;
  for (const auto& frame : venue.sent()) books += frame.find("\"channel\":\"book\",\"type\"") == 1;
  EXPECT_EQ(made, books);
  EXPECT_TRUE(venue.faults.str().empty());
}

TEST(hostile_service, a_dropped_frame_is_named_in_both_logs_and_not_sent) {
  hostile_kraken venue({"drop:at=20,instrument=BTC-USD,kind=book"});
  venue.run(2 * s);
  EXPECT_EQ(venue.count("drop"), 1U);
  EXPECT_EQ(hostile_kraken::lines(venue.truth, "\"fate\":\"withheld\""), 1U);
  EXPECT_EQ(hostile_kraken::lines(venue.faults, "\"fault\":\"drop\""), 1U);
  const auto log = venue.faults.str();
  const auto begin = log.find("kraken:BTC-USD:book:");
  ASSERT_NE(begin, std::string::npos) << log;
  const auto id = log.substr(begin, log.find('"', begin) - begin);
  EXPECT_NE(venue.truth.str().find(id), std::string::npos);
}

TEST(hostile_service, a_fault_of_one_connection_leaves_the_others_alone) {
  hostile_kraken venue({"drop:every=5,connection=2", "disconnect:after=1500ms,connection=2"});
  venue.connect(2);
  venue.run(1 * s);
  EXPECT_GT(venue.count("drop"), 10U);
  EXPECT_EQ(hostile_kraken::lines(venue.faults, R"("fault":"drop")"),
            hostile_kraken::lines(venue.faults, R"("connection":2)"));
  venue.run(1 * s);
  EXPECT_EQ(venue.count("disconnect"), 1U);
  EXPECT_EQ(venue.link.was_cut, std::set<simulator::client_id>{2});
}

TEST(hostile_service, frames_are_doubled_swapped_and_damaged_as_told) {
  hostile_kraken plain({});
  plain.run(1 * s);
  hostile_kraken doubled({"duplicate:at=10"});
  doubled.run(1 * s);
  EXPECT_EQ(doubled.sent().size(), plain.sent().size() + 1);
  hostile_kraken swapped({"reorder:at=10"});
  swapped.run(1 * s);
  ASSERT_EQ(swapped.sent().size(), plain.sent().size());
  EXPECT_NE(swapped.sent(), plain.sent());
  EXPECT_TRUE(
      std::is_permutation(swapped.sent().begin(), swapped.sent().end(), plain.sent().begin()));
  for (const auto* fault : {"truncated", "malformed", "wrong_type", "corrupt_checksum"}) {
    hostile_kraken damaged({std::string(fault) + ":at=10"});
    damaged.run(1 * s);
    ASSERT_EQ(damaged.sent().size(), plain.sent().size()) << fault;
    std::size_t others = 0;
    for (std::size_t at = 0; at < plain.sent().size(); ++at) {
      others += damaged.sent()[at] != plain.sent()[at];
    }
    EXPECT_EQ(others, 1U) << fault;
    EXPECT_EQ(hostile_kraken::lines(damaged.truth, "\"fate\":\"damaged\""), 1U) << fault;
  }
}

TEST(hostile_service, a_delay_holds_everything_back_in_order) {
  hostile_kraken plain({});
  hostile_kraken late({"delay:at=30,by=600ms"});
  plain.run(1 * s);
  late.run(700 * ms);
  const auto before = late.sent().size();
  EXPECT_LT(before, plain.sent().size());
  late.run(300 * ms);
  EXPECT_EQ(late.sent(), plain.sent());
}

TEST(hostile_service, a_muted_connection_stays_and_a_new_one_speaks) {
  hostile_kraken venue({"mute:after=1s,for=5s"});
  venue.run(1100 * ms);
  const auto before = venue.sent().size();
  venue.run(2 * s);
  EXPECT_EQ(venue.sent().size(), before);
  EXPECT_TRUE(venue.link.was_cut.empty());
  EXPECT_GT(hostile_kraken::lines(venue.faults, "\"goes_on\":true"), 50U);
  EXPECT_EQ(venue.count("mute"), 1U);
  venue.connect(2);
  venue.run(500 * ms);
  EXPECT_GT(venue.sent(2).size(), 10U);
  venue.run(3 * s);
  EXPECT_GT(venue.sent().size(), before);
}

TEST(hostile_service, half_open_freezes_and_at_last_cuts) {
  hostile_kraken venue({"half_open:after=1s,for=2s"});
  venue.run(1500 * ms);
  EXPECT_TRUE(venue.link.frozen.contains(1));
  EXPECT_TRUE(venue.link.was_cut.empty());
  venue.run(2 * s);
  EXPECT_TRUE(venue.link.was_cut.contains(1));
}

TEST(hostile_service, disconnects_and_maintenance_end_connections) {
  hostile_kraken cut({"disconnect:after=1s"});
  cut.run(1100 * ms);
  EXPECT_TRUE(cut.link.was_cut.contains(1));
  hostile_kraken closed({"maintenance:after=1s,for=1s"});
  EXPECT_FALSE(closed.service().refuses("/v2"));
  closed.run(1100 * ms);
  EXPECT_TRUE(closed.link.closed.contains(1));
  ASSERT_TRUE(closed.service().refuses("/v2"));
  EXPECT_EQ(closed.service().on_request("GET", "/0/public/AssetPairs").status, 503);
  closed.run(1 * s);
  EXPECT_FALSE(closed.service().refuses("/v2"));
}

TEST(hostile_service, closes_that_are_announced_come_later_and_spare_new_connections) {
  for (const auto& [name, symbol, target, words] :
       {std::tuple{"okx", "BTC-USDT", "/ws/v5/public", R"("event":"notice","code":"64008")"},
        std::tuple{"binance", "BTC-USDT", "/stream", R"("e":"serverShutdown")"}}) {
    fake_link link;
    fault_log log{nullptr, nullptr};
    hostile_options options;
    options.faults.push_back(simulator::parse_fault("announced_close:after=1s,by=3s"));
    hostile_service service(*simulator::find_simulator(name), {5, {symbol}, 500}, options,
                            link.clock(), log);
    service.on_start(link);
    service.on_open(1, target);
    const auto begin = link.now_ns;
    link.advance_to(begin + 1100 * ms);
    ASSERT_FALSE(link.sent[1].empty()) << name;
    EXPECT_NE(link.sent[1].back().find(words), std::string::npos) << link.sent[1].back();
    EXPECT_FALSE(link.closed.contains(1));
    service.on_open(2, target);
    link.advance_to(begin + 4100 * ms);
    EXPECT_TRUE(link.closed.contains(1)) << name;
    EXPECT_FALSE(link.closed.contains(2)) << name;
  }
}

TEST(hostile_service, a_close_is_announced_only_by_venues_that_do_so) {
  EXPECT_THROW(hostile_kraken({"announced_close"}), std::invalid_argument);
}

TEST(hostile_service, openings_are_refused_slowed_and_given_a_wrong_certificate) {
  hostile_kraken refusing({"refuse:at=2"});
  EXPECT_TRUE(refusing.service().on_connection().is_taken);
  EXPECT_FALSE(refusing.service().on_connection().is_taken);
  EXPECT_TRUE(refusing.service().on_connection().is_taken);
  hostile_kraken slow({"slow_handshake:by=300ms"});
  EXPECT_EQ(slow.service().on_connection().wait_ns, 300 * ms);
  hostile_kraken wrong({"bad_certificate:at=1"});
  EXPECT_FALSE(wrong.service().on_connection().good_certificate);
  EXPECT_TRUE(wrong.service().on_connection().good_certificate);
}

TEST(hostile_service, requests_are_limited_and_fail) {
  hostile_kraken limited({"rate_limit:at=1,status=418,retry=3s"});
  const auto answer = limited.service().on_request("GET", "/0/public/AssetPairs");
  EXPECT_EQ(answer.status, 418);
  EXPECT_EQ(answer.retry_after_s, 3);
  EXPECT_EQ(limited.service().on_request("GET", "/0/public/AssetPairs").status, 200);
  hostile_kraken failing({"rest_error:every=2"});
  EXPECT_EQ(failing.service().on_request("GET", "/0/public/AssetPairs").status, 200);
  EXPECT_EQ(failing.service().on_request("GET", "/0/public/AssetPairs").status, 500);
}

TEST(hostile_service, a_market_is_crossed_for_one_step_and_a_symbol_is_taken_off) {
  hostile_kraken venue(
      {"crossed:after=1s,instrument=BTC-USD", "delist:after=2s,instrument=ETH-USD"});
  venue.run(990 * ms);
  EXPECT_EQ(venue.count("crossed"), 0U);
  venue.run(1020 * ms);
  EXPECT_EQ(venue.count("crossed"), 1U);
  const auto* const market = venue.service().inner().markets().find_symbol("BTC-USD");
  EXPECT_LT(market->best(book_part::bids).price_mantissa,
            market->best(book_part::asks).price_mantissa);
  EXPECT_EQ(venue.service().inner().markets().find("ETH/USD"), nullptr);
  const auto before = venue.sent().size();
  venue.service().on_text(1, subscribe);
  EXPECT_NE(venue.sent().back().find("Currency pair not supported ETH/USD"), std::string::npos);
  EXPECT_GT(venue.sent().size(), before);
}

TEST(hostile_service, an_old_snapshot_is_sent_again) {
  hostile_kraken venue({"stale_snapshot:at=3,instrument=BTC-USD"});
  venue.run(1 * s);
  venue.connect(2);
  venue.run(1 * s);
  venue.connect(3);
  const auto snapshot = [&](simulator::client_id who) {
    for (const auto& frame : venue.sent(who)) {
      if (frame.starts_with(R"({"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD")"))
        return frame;
    }
    return std::string();
  };
  EXPECT_EQ(snapshot(3), snapshot(1));
  EXPECT_NE(snapshot(2), snapshot(1));
}

TEST(hostile_service, faults_end_and_markets_rest_when_told) {
  hostile_kraken venue({"drop:every=2"}, 1 * s, 2 * s);
  venue.run(1 * s);
  const auto dropped = venue.count("drop");
  EXPECT_GT(dropped, 10U);
  venue.run(1 * s);
  EXPECT_EQ(venue.count("drop"), dropped);
  const auto made = hostile_kraken::lines(venue.truth, "\"type\":\"event\"");
  venue.run(2 * s);
  EXPECT_EQ(hostile_kraken::lines(venue.truth, "\"type\":\"event\""), made);
  venue.service().finish();
  EXPECT_EQ(hostile_kraken::lines(venue.truth, "\"type\":\"book\""), 2U);
}

TEST(hostile_service, faults_that_the_venue_cannot_have_are_refused) {
  EXPECT_THROW(hostile_kraken({"drop:instrument=SOL-USD"}), std::invalid_argument);
  fake_link link;
  fault_log log(nullptr, nullptr);
  hostile_options options;
  options.faults.push_back(simulator::parse_fault("corrupt_checksum"));
  EXPECT_THROW(hostile_service(*simulator::find_simulator("okx"), {1, {"BTC-USDT"}, 10}, options,
                               link.clock(), log),
               std::invalid_argument);
}

}  // namespace
}  // namespace feedtree::tests
