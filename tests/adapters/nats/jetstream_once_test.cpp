// Each event is in the stream once and in order, whatever happens between the sink and the server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/adapters/nats/jetstream_support.hpp"

namespace feedtree::nats {
namespace {

using testing::_;
using testing::Each;
using testing::Pair;

class jetstream_once : public tests::jetstream_storing {
 protected:
  // Ids from 0 on, each once, in order; seq without a gap within each epoch.
  void expect_once_in_order(std::size_t count) const {
    const auto stored = tests::stream_reader(server_->url()).all();
    std::size_t next = 0;
    std::map<std::string, int> last;
    for (const auto& each : stored) {
      if (each.id == tests::window_id) continue;
      EXPECT_EQ(each.id, "kraken:BTC-USD:trade:" + std::to_string(next++));
      const auto seq = std::stoi(tests::json_field(each.body, "seq"));
      EXPECT_EQ(seq, ++last[tests::json_field(each.body, "epoch")]) << each.id;
    }
    EXPECT_EQ(next, count);
  }
  // Calls flush until the sink has come through.
  static void flush_until_done(jetstream_sink& out) {
    EXPECT_TRUE(tests::wait_until([&] {
      try {
        out.flush();
        return true;
      } catch (const sink_error& error) {
        EXPECT_TRUE(error.retryable()) << error.what();
        return false;
      }
    }));
  }
  static void write_until_taken(jetstream_sink& out, const batch_ptr& batch) {
    EXPECT_TRUE(tests::wait_until([&] {
      try {
        out.write(batch);
        return true;
      } catch (const sink_error& error) {
        EXPECT_TRUE(error.retryable()) << error.what();
        return false;
      }
    }));
  }
};

// A process that ends between the stream's storing and its own note of it; the next one comes when
// the server has forgotten the ids.
TEST_F(jetstream_once, a_next_run_reads_back_what_the_last_one_did_not_note) {
  context_.options["duplicate_window_ms"] = "100";
  const tests::stream_reader stream(server_->url());
  {
    const auto out = make("run-1");
    EXPECT_EQ(out->marked("j"), 0U);
    out->write(trades(0, 10));
    out->mark("j", 1);
    out->flush();
    out->write(trades(10, 15));
    out->mark("j", 2);
    ASSERT_TRUE(tests::wait_until([&] { return stream.last_sequence() == 15; }));
  }  // without close
  ASSERT_TRUE(stream.wait_until_the_window_is_over());
  const auto out = make("run-2");
  EXPECT_EQ(out->marked("j"), 1U);
  out->write(trades(10, 15));
  out->mark("j", 2);
  out->write(trades(15, 20));
  out->mark("j", 3);
  out->flush();
  expect_once_in_order(20);
  EXPECT_EQ(out->counters().duplicates, 5U);
  EXPECT_EQ(out->counters().delivered, 10U);
  EXPECT_EQ(make("run-3")->marked("j"), 3U);
}

TEST_F(jetstream_once, a_run_that_ends_before_its_first_flush_is_read_back_too) {
  context_.options["duplicate_window_ms"] = "100";
  const tests::stream_reader stream(server_->url());
  {
    const auto out = make("run-1");
    out->marked("j");
    out->write(trades(0, 10));
    ASSERT_TRUE(tests::wait_until([&] { return stream.last_sequence() == 10; }));
  }
  ASSERT_TRUE(stream.wait_until_the_window_is_over());
  const auto out = make("run-2");
  EXPECT_EQ(out->marked("j"), 0U);
  out->write(trades(0, 12));
  out->flush();
  expect_once_in_order(12);
}

// Killed once more before all that an earlier run had stored has come by.
TEST_F(jetstream_once, what_was_read_back_is_read_back_again_after_a_second_end) {
  context_.options["duplicate_window_ms"] = "100";
  const tests::stream_reader stream(server_->url());
  {
    const auto out = make("run-1");
    out->marked("j");
    out->write(trades(0, 10));
    ASSERT_TRUE(tests::wait_until([&] { return stream.last_sequence() == 10; }));
  }
  {
    const auto out = make("run-2");
    out->marked("j");
    out->write(trades(0, 4));
    out->mark("j", 1);
    out->flush();
  }
  ASSERT_TRUE(stream.wait_until_the_window_is_over());
  const auto out = make("run-3");
  EXPECT_EQ(out->marked("j"), 1U);
  out->write(trades(4, 12));
  out->flush();
  expect_once_in_order(12);
}

TEST_F(jetstream_once, another_journal_has_nothing_read_back) {
  {
    const auto out = make("run-1");
    out->marked("j");
    out->write(trades(0, 3));
    out->mark("j", 1);
    out->flush();
  }
  const auto out = make("run-2");
  EXPECT_EQ(out->marked("another"), 0U);
  out->write(trades(3, 5));
  out->flush();
  EXPECT_EQ(out->counters().duplicates, 0U);
  expect_once_in_order(5);
}

TEST_F(jetstream_once, a_stream_that_was_made_anew_makes_the_cursor_void) {
  const auto first = make("run-1");
  first->marked("j");
  first->write(trades(0, 3));
  first->mark("j", 9);
  first->flush();
  tests::stream_reader(server_->url()).remove_stream();
  const auto out = make("run-2");
  EXPECT_EQ(out->marked("j"), 0U);
  out->write(trades(0, 3));
  out->flush();
  expect_once_in_order(3);
}

TEST_F(jetstream_once, a_server_that_dies_and_comes_back_gets_the_rest) {
  const auto out = make();
  out->marked("j");
  for (int round = 0; round < 6; ++round) {
    write_until_taken(*out, trades(round * 500, round * 500 + 500));
    if (round % 2 == 0) {
      server_->stop();
      server_->start_again();
    }
    write_until_taken(*out, trades(round * 500 + 500, round * 500 + 500));
    if (round % 3 == 2) flush_until_done(*out);
  }
  flush_until_done(*out);
  expect_once_in_order(3'000);
  EXPECT_EQ(out->counters().delivered, 3'000U);
  EXPECT_GT(out->counters().disconnects, 0U);
}

TEST_F(jetstream_once, a_server_that_stands_still_gets_the_rest_when_it_goes_on) {
  context_.options["flush_timeout_ms"] = "300";
  const auto out = make();
  out->marked("j");
  out->write(trades(0, 100));
  out->flush();
  server_->pause();
  out->write(trades(100, 200));
  EXPECT_THROW(out->flush(), sink_error);
  EXPECT_THROW(out->flush(), sink_error);
  server_->resume();
  flush_until_done(*out);
  write_until_taken(*out, trades(200, 300));
  flush_until_done(*out);
  expect_once_in_order(300);
}

TEST_F(jetstream_once, two_servers_with_the_same_events_store_them_once_within_the_window) {
  const auto one = make("run-1");
  const auto two = make("run-2");
  for (int at = 0; at < 100; at += 10) {
    one->write(trades(at, at + 10));
    two->write(trades(at, at + 10));
  }
  one->flush();
  two->flush();
  EXPECT_THAT(tests::stream_reader(server_->url()).counts(), Each(Pair(_, 1)));
  EXPECT_EQ(one->counters().duplicates + two->counters().duplicates, 100U);
}

}  // namespace
}  // namespace feedtree::nats
