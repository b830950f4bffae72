// What one run of a poller consists of.
#include "adapters/batch/poll_jobs.hpp"

#include <gtest/gtest.h>

#include "adapters/batch/poll_round.hpp"

namespace feedtree::batch {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t hour_ns = 60 * minute_ns;
constexpr std::int64_t now_ns = 1'800'000'000 * second_ns + 125 * second_ns;

venues::raw_frame frame(std::string text) {
  text.reserve(text.size() + venues::frame_padding);
  return {std::move(text), now_ns};
}

class polled : public testing::Test {
 protected:
  polled() : symbols_(registry_) {
    session_ = venues::find_venue("binance")->make_session(symbols_, {}, {});
    reader_.session = session_.get();
  }
  const listing* symbol(const char* text) {
    return registry_.intern("binance", *parse_instrument(text), "BTCUSDT");
  }
  poll_job_ptr job(const checkpoint& known, const poll_window& window) {
    return make_history_job(*find_history("binance"), feed(), known, window, reader_);
  }
  polled_feed feed() { return {symbol("BTC-USDT"), event_kind::candle, minute_ns}; }

  listing_registry registry_;
  venues::venue_symbols symbols_;
  std::unique_ptr<venues::session> session_;
  history_reader reader_;
};

std::int64_t parameter(const std::string& url, const std::string& name) {
  return std::stoll(url.substr(url.find(name + "=") + name.size() + 1));
}

TEST_F(polled, begins_as_far_back_as_it_is_told) {
  const auto first = job(fresh_checkpoint(feed()), {now_ns, 2 * hour_ns, hour_ns, 30 * second_ns});
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->name(), "candle 1m BTC-USDT");
  const auto url = first->request().what.url;
  EXPECT_EQ(parameter(url, "startTime"), 1'800'000'120'000 - 7'200'000);
  EXPECT_EQ(parameter(url, "endTime"), 1'800'000'060'000 - 1);  // that minute may not be settled
}

TEST_F(polled, goes_on_where_it_was_and_reads_the_overlap_again) {
  auto known = fresh_checkpoint(feed());
  known.position.time_ns = 1'800'000'000 * second_ns;
  EXPECT_EQ(
      job(known, {now_ns, hour_ns, 0, 0})->request().what.url.find("startTime=1800000000000") !=
          std::string::npos,
      true);
  EXPECT_EQ(
      parameter(job(known, {now_ns, hour_ns, 10 * minute_ns, 0})->request().what.url, "startTime"),
      1'800'000'000'000 - 600'000);
  known.position.time_ns = 1'800'000'120 * second_ns;
  EXPECT_EQ(job(known, {now_ns, hour_ns, hour_ns, 0}), nullptr);  // nothing is over since
}

TEST_F(polled, tells_how_far_it_is_after_each_page) {
  auto known = fresh_checkpoint(feed());
  known.position.time_ns = 1'800'000'000 * second_ns;
  known.rows = 5;
  const auto run = job(known, {now_ns, hour_ns, 0, 0});
  event_batch out;
  EXPECT_THROW(run->read("", frame(R"({"code":-1121,"msg":"Invalid symbol."})"), out),
               venues::decode_error);
  EXPECT_FALSE(run->is_done());
  const auto progress = run->read(
      "", frame(R"([[1800000060000,"1","2","1","2","3",1800000119999,"4",9,"1","2","0"]])"), out);
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(out.events.size(), 1U);
  EXPECT_EQ(progress->at.position.time_ns, 1'800'000'120 * second_ns);
  EXPECT_EQ(progress->at.rows, 6U);
  EXPECT_EQ(progress->at.to_ns, 0);
  EXPECT_EQ(progress->read_from_ns, 1'800'000'000 * second_ns);
  ASSERT_EQ(progress->gaps.size(), 1U);
  EXPECT_TRUE(run->is_done());
}

TEST_F(polled, goes_on_behind_what_the_venue_does_not_give_any_more) {
  const polled_feed trades{symbol("BTC-USDT"), event_kind::trade, 0};
  auto known = fresh_checkpoint(trades);
  known.position = {now_ns - 100 * hour_ns, 1, 50, 0};
  const auto run =
      make_history_job(*find_history("binance"), trades, known, {now_ns, hour_ns, 0, 0}, reader_);
  ASSERT_NE(run, nullptr);
  EXPECT_FALSE(run->refused({R"({"code":-1121,"msg":"Invalid symbol."})", now_ns}));
  EXPECT_NE(run->request().what.url.find("fromId=51"), std::string::npos);
  const auto progress = run->refused({R"({"code":-4166,"msg":"too old"})", now_ns});
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->read_from_ns, now_ns - 100 * hour_ns);
  ASSERT_EQ(progress->gaps.size(), 1U);
  EXPECT_EQ(progress->gaps[0].to_ns, progress->at.position.time_ns);
  EXPECT_NE(describe(progress->gaps).find("Z: the venue does not give trades so old any more"),
            std::string::npos);
  EXPECT_FALSE(run->is_done());
  const auto url = run->request().what.url;
  EXPECT_GT(parameter(url, "startTime"), (now_ns - 48 * hour_ns) / 1'000'000);
}

TEST_F(polled, asks_for_the_symbols_of_a_venue_until_it_knows_them) {
  const auto run = make_symbols_job(*venues::find_venue("binance"), reader_);
  event_batch out;
  EXPECT_THROW(run->read(run->request().what.url, frame("{"), out), venues::decode_error);
  EXPECT_FALSE(run->is_done());
  run->read(run->request().what.url,
            frame(R"({"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC",)"
                  R"("quoteAsset":"USDT"}]})"),
            out);
  EXPECT_TRUE(run->is_done());
  EXPECT_NE(registry_.find("binance", "BTC-USDT"), nullptr);
}

TEST_F(polled, asks_for_tickers_in_groups_of_a_currency) {
  const auto& source = *find_poll_source("coingecko-simple");
  std::vector<const listing*> coins;
  for (int at = 0; at < 251; ++at) {
    const auto base = "C" + std::to_string(at);
    coins.push_back(source.list(registry_, base + "-USD", "c" + std::to_string(at)));
  }
  coins.push_back(source.list(registry_, "BTC-EUR", "bitcoin"));
  const auto jobs = make_present_jobs(source, coins, {});
  ASSERT_EQ(jobs.size(), 3U);
  EXPECT_NE(jobs[0]->request().what.url.find("ids=bitcoin&vs_currencies=eur"), std::string::npos);
  EXPECT_EQ(jobs[1]->name(), "tickers of 250 instruments");
  EXPECT_EQ(jobs[2]->name(), "tickers of 1 instruments");
}

class counted_job final : public poll_job {
 public:
  explicit counted_job(std::string name) : name_(std::move(name)) {}
  std::string name() const override { return name_; }
  bool is_done() const override { return done_; }
  poll_request request() const override { return {{{}, name_}, {}}; }
  std::optional<poll_progress> read(const std::string&, const venues::raw_frame&,
                                    event_batch&) override {
    done_ = true;
    return {};
  }

 private:
  std::string name_;
  bool done_ = false;
};

TEST(poll_round, tries_again_with_a_longer_delay_and_then_gives_up_that_job_alone) {
  poll_round round({3, 500, 800});
  round.add(std::make_unique<counted_job>("a"));
  round.add(std::make_unique<counted_job>("b"));
  round.add(nullptr);
  EXPECT_EQ(round.current()->name(), "a");
  EXPECT_EQ(round.failed("busy", true), 500);
  EXPECT_EQ(round.failed("busy", true), 800);
  EXPECT_FALSE(round.failed("busy", true).has_value());
  EXPECT_EQ(round.current()->name(), "b");
  EXPECT_EQ(round.failed("busy", true), 500);  // its own attempts
  event_batch out;
  round.current()->read("", {}, out);
  round.succeeded();
  EXPECT_EQ(round.current(), nullptr);
  EXPECT_EQ(round.failures(), std::vector<std::string>{"a: busy"});
}

TEST(poll_round, gives_up_at_once_where_no_attempt_can_help) {
  poll_round round;
  round.add(std::make_unique<counted_job>("a"));
  round.current();
  EXPECT_FALSE(round.failed("HTTP 401", false).has_value());
  EXPECT_EQ(round.current(), nullptr);
}

TEST(poll_round, is_made_again_soon_after_a_failure_and_never_later_than_scheduled) {
  const std::int64_t at = 1'000 * minute_ns;
  EXPECT_EQ(run_again_ns(1, at, {}), at + minute_ns);
  EXPECT_EQ(run_again_ns(3, at, {}), at + 4 * minute_ns);
  EXPECT_EQ(run_again_ns(40, at, {}), at + 15 * minute_ns);
  EXPECT_EQ(run_again_ns(40, at, at + 2 * minute_ns), at + 2 * minute_ns);
  EXPECT_EQ(run_again_ns(1, at, at + 90 * minute_ns), at + minute_ns);
}

}  // namespace
}  // namespace feedtree::batch
