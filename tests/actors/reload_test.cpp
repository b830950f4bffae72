#include "actors/reload.hpp"

#include <gtest/gtest.h>

namespace feedtree::actors {
namespace {

using texts = std::vector<std::string>;

config::venue_config venue(const std::string& name, const texts& instruments) {
  config::venue_config result;
  result.venue = name;
  result.instruments = instruments;
  return result;
}

class reloaded : public testing::Test {
 protected:
  void SetUp() override {
    file.config.venues = {venue("kraken", {"BTC-USD", "ETH-USD"}), venue("okx", {"BTC-USDT"})};
    reload.emplace(
        file.config,
        reload_actions{[this] { return file; },
                       [this](const config::venue_config& config) {
                         std::string text = "set " + config.venue;
                         for (const auto& each : config.instruments) text += " " + each;
                         done.push_back(text);
                       },
                       [this](const std::string& name) { done.push_back("remove " + name); },
                       [this](const std::string& level) { done.push_back(level); }});
  }
  reload_report run() {
    done.clear();
    return reload->run();
  }

  config::read_result file;  // as it is read next
  texts done;
  std::optional<reloader> reload;
};

TEST_F(reloaded, same_file_does_nothing) {
  const auto report = run();
  EXPECT_TRUE(report.ok());
  EXPECT_TRUE(report.changes.empty());
  EXPECT_TRUE(done.empty());
}

TEST_F(reloaded, instrument_is_added_and_removed_as_asked) {
  using result = instrument_change::result;
  EXPECT_EQ(reload->add_instrument("kraken", "SOL-USD").what, result::done);
  EXPECT_EQ(done, texts{"set kraken BTC-USD ETH-USD SOL-USD"});
  EXPECT_EQ(reload->add_instrument("kraken", "SOL-USD").what, result::nothing_to_do);
  done.clear();
  EXPECT_EQ(reload->remove_instrument("kraken", "BTC-USD").what, result::done);
  EXPECT_EQ(done, texts{"set kraken ETH-USD SOL-USD"});
  EXPECT_EQ(reload->remove_instrument("kraken", "BTC-USD").what, result::nothing_to_do);
  EXPECT_EQ(reload->add_instrument("nowhere", "BTC-USD").what, result::no_venue);
  // What the file says comes back with the next reading.
  EXPECT_EQ(run().changes, (texts{"kraken: SOL-USD removed", "kraken: BTC-USD added"}));
}

TEST_F(reloaded, instrument_is_looked_for_before_it_is_added) {
  using result = instrument_change::result;
  texts asked;
  symbol_answer answer;
  const auto find = instrument_finder(*reload, [&](const auto& venue, const auto& what) {
    asked.push_back(venue + " " + what.instrument());
    what.answer(answer);
  });
  std::vector<instrument_change> told;
  const auto take = [&](const instrument_change& what) { told.push_back(what); };
  // The configuration alone says no.
  find("nowhere", "SOL-USD", take);
  find("kraken", "BTC-USD", take);
  EXPECT_TRUE(asked.empty());
  for (const auto what : {symbol_answer::result::known, symbol_answer::result::not_told}) {
    answer.what = what;
    find("kraken", "SOL-USD", take);
  }
  answer = {symbol_answer::result::unknown, "kraken does not list it", {}};
  find("kraken", "SOL-USD", take);
  EXPECT_EQ(asked, texts(3, "kraken SOL-USD"));
  ASSERT_EQ(told.size(), 5u);
  EXPECT_EQ(told[0].what, result::no_venue);
  EXPECT_EQ(told[1].what, result::nothing_to_do);
  EXPECT_EQ(told[2].what, result::done);
  EXPECT_EQ(told[3].what, result::done);
  EXPECT_EQ(told[4].what, result::unknown);
  EXPECT_EQ(told[4].text, "kraken has no instrument SOL-USD: kraken does not list it");
  EXPECT_TRUE(done.empty());
}

TEST_F(reloaded, last_instrument_of_a_venue_stays) {
  EXPECT_EQ(reload->remove_instrument("kraken", "ETH-USD").what, instrument_change::result::done);
  const auto last = reload->remove_instrument("kraken", "BTC-USD");
  EXPECT_EQ(last.what, instrument_change::result::refused);
  EXPECT_EQ(last.text, "BTC-USD is the last instrument of kraken: pause the venue instead");
}

TEST_F(reloaded, instruments_come_and_go_with_a_line_each) {
  file.config.venues[0].instruments = {"BTC-USD", "SOL-USD"};
  EXPECT_EQ(run().changes, (texts{"kraken: ETH-USD removed", "kraken: SOL-USD added"}));
  EXPECT_EQ(done, texts{"set kraken BTC-USD SOL-USD"});
}

TEST_F(reloaded, venues_come_and_go_with_a_line_each) {
  file.config.venues[1] = venue("binance", {"BTC-USDT", "ETH-USDT"});
  EXPECT_EQ(run().changes, (texts{"okx: removed", "binance: added with BTC-USDT, ETH-USDT"}));
  EXPECT_EQ(done, (texts{"remove okx", "set binance BTC-USDT ETH-USDT"}));
}

TEST_F(reloaded, log_level_changes) {
  file.config.log_level = "debug";
  EXPECT_EQ(run().changes, texts{"log_level: is debug"});
  EXPECT_EQ(done, texts{"debug"});
}

TEST_F(reloaded, second_reading_of_a_changed_file_does_nothing) {
  file.config.venues[0].instruments = {"BTC-USD"};
  run();
  EXPECT_TRUE(run().changes.empty());
  EXPECT_TRUE(done.empty());
}

TEST_F(reloaded, bad_file_changes_nothing_and_says_why) {
  file.config.venues.clear();
  file.problems = {{"feedtree.yaml", 3, 5, "unknown key 'venue'"}};
  const auto report = run();
  EXPECT_EQ(report.problems, texts{"feedtree.yaml:3:5: unknown key 'venue'"});
  EXPECT_TRUE(report.changes.empty());
  EXPECT_TRUE(done.empty());
  // And what is in force is what was in force before.
  file.problems.clear();
  file.config.venues = {venue("kraken", {"BTC-USD", "ETH-USD"})};
  EXPECT_EQ(run().changes, texts{"okx: removed"});
}

TEST_F(reloaded, key_that_only_a_start_reads_is_named_and_the_rest_is_done) {
  file.config.credit.events = 1'000;
  file.config.venues[0].book_depth = 10;
  file.config.venues[0].instruments = {"BTC-USD"};
  const auto report = run();
  EXPECT_EQ(report.changes, texts{"kraken: ETH-USD removed"});
  EXPECT_EQ(report.warnings,
            (texts{"venues[kraken].book_depth: cannot change while the server runs; restart it for "
                   "that",
                   "credit: cannot change while the server runs; restart it for that"}));
  // They are named each time: they are not in force.
  EXPECT_EQ(run().warnings.size(), 2u);
}

TEST_F(reloaded, venue_is_given_the_keys_that_are_in_force) {
  file.config.venues[0].book_depth = 10;
  file.config.venues[0].instruments = {"BTC-USD"};
  std::size_t depth = 99;
  reload.emplace(
      [&] {
        config::server_config before;
        before.venues = {venue("kraken", {"BTC-USD", "ETH-USD"}), venue("okx", {"BTC-USDT"})};
        return before;
      }(),
      reload_actions{[this] { return file; },
                     [&](const config::venue_config& config) { depth = config.book_depth; },
                     [](const std::string&) {}, [](const std::string&) {}});
  reload->run();
  EXPECT_EQ(depth, 0u);
}

}  // namespace
}  // namespace feedtree::actors
