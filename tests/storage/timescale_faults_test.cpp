// What the sink does when the database does not do what it should. Each against a real server.
#include <gmock/gmock.h>

#include <thread>

#include "storage/timescale_sink.hpp"
#include "tests/storage/timescale_fixture.hpp"
#include "tests/support/eventually.hpp"

namespace feedtree::storage {
namespace {

using testing::HasSubstr;
using testing::Not;

class timescale_faults : public timescale_test {
 protected:
  // The message of a flush that can be tried again; empty if it went through.
  static std::string failure_of_flush(sink& out) {
    try {
      out.flush();
      return {};
    } catch (const sink_error& error) {
      EXPECT_TRUE(error.retryable()) << error.what();
      return error.what();
    }
  }
  // The server may need some time until it takes connections again.
  static bool goes_through(sink& out) {
    return tests::eventually([&out] { return failure_of_flush(out).empty(); });
  }
  std::string keys() { return rows("SELECT count(*), count(DISTINCT key) FROM trade"); }
};

TEST_F(timescale_faults, a_cut_connection_is_made_anew_and_nothing_is_lost_or_twice) {
  timescale_sink out(dsn_, context_);
  out.write(trades(0, 2'500));
  out.flush();
  execute(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE pid <> "
      "pg_backend_pid() AND application_name = 'feedtree' AND datname = current_database()");
  out.write(trades(2'500, 5'000));
  out.mark("journal", 9);
  EXPECT_NE(failure_of_flush(out), "");
  EXPECT_FALSE(out.counters().connected);
  EXPECT_TRUE(goes_through(out));
  EXPECT_EQ(keys(), "5000|5000\n");
  const auto counters = out.counters();
  EXPECT_TRUE(counters.connected);
  EXPECT_EQ(counters.disconnects, 1U);
  EXPECT_EQ(counters.reconnects, 1U);
  EXPECT_EQ(counters.errors, 1U);
  EXPECT_EQ(counters.duplicates, 0U);
  EXPECT_EQ(out.marked("journal"), 9U);
}

TEST_F(timescale_faults, a_server_that_is_killed_and_comes_back_has_each_row_once) {
  timescale_sink out(dsn_, context_);
  out.write(trades(0, 100));
  out.flush();
  server().kill();
  out.write(trades(100, 200));
  EXPECT_THAT(failure_of_flush(out), HasSubstr("is lost"));
  const auto refused = failure_of_flush(out);
  EXPECT_THAT(refused, HasSubstr("Connection refused"));
  EXPECT_THAT(refused, HasSubstr("; check that it runs"));
  EXPECT_THROW(out.write(trades(200, 20'000)), sink_error);  // not taken
  EXPECT_EQ(out.counters().events, 200U);
  server().start();
  EXPECT_TRUE(goes_through(out));
  out.write(trades(200, 300));
  out.close();
  EXPECT_EQ(keys(), "300|300\n");
}

TEST_F(timescale_faults, a_server_that_is_restarted_is_found_again) {
  timescale_sink out(dsn_, context_);
  out.write(trades(0, 10));
  server().stop();
  EXPECT_NE(failure_of_flush(out), "");
  server().start();
  EXPECT_TRUE(goes_through(out));
  EXPECT_EQ(keys(), "10|10\n");
}

TEST_F(timescale_faults, a_lock_is_waited_for_as_long_as_is_allowed_and_then_tried_again) {
  context_.options["statement_timeout_ms"] = "2000";
  timescale_sink out(dsn_, context_);
  out.write(trades(0, 10));
  pg_connection other(timescale_dsn(dsn_), {});
  other.execute("BEGIN; LOCK TABLE trade IN ACCESS EXCLUSIVE MODE");
  EXPECT_THAT(failure_of_flush(out),
              HasSubstr("canceling statement due to statement timeout (57014); it took longer"));
  EXPECT_TRUE(out.counters().connected);
  other.execute("COMMIT");
  EXPECT_TRUE(goes_through(out));
  EXPECT_EQ(keys(), "10|10\n");
}

TEST_F(timescale_faults, a_server_that_hangs_is_left_after_the_time_that_is_allowed) {
  context_.options["statement_timeout_ms"] = "2000";
  timescale_sink out(dsn_, context_);
  out.write(trades(0, 10));
  server().freeze();
  EXPECT_THAT(failure_of_flush(out), HasSubstr("is lost: no answer for 4000 ms"));
  server().thaw();
  EXPECT_TRUE(goes_through(out));
  EXPECT_EQ(keys(), "10|10\n");
}

TEST_F(timescale_faults, another_host_of_the_dsn_takes_over_when_one_is_gone_or_takes_no_writes) {
  FEEDTREE_TIMESCALE(second);
  FEEDTREE_TIMESCALE(third);
  const auto dsn = "postgresql://md@" + second->address() + "," + third->address() + "/postgres";
  timescale_sink out(dsn, context_);
  out.write(trades(0, 10));
  out.flush();
  const auto count_of = [](const tests::postgres_server& of) {
    pg_connection connection(timescale_dsn(of.dsn()), {});
    return connection.execute("SELECT count(*) FROM trade").text(0, 0);
  };
  EXPECT_EQ(count_of(*second), "10");
  // What a standby that was promoted elsewhere does: it reads only.
  {
    pg_connection connection(timescale_dsn(second->dsn()), {});
    connection.execute("ALTER SYSTEM SET default_transaction_read_only = on");
    connection.execute("SELECT pg_reload_conf()");
  }
  ASSERT_TRUE(tests::eventually([&] {
    pg_connection connection(
        timescale_dsn("host=127.0.0.1 user=md dbname=postgres port=" +
                      std::to_string(second->port()) + " target_session_attrs=any"),
        {});
    return connection.execute("SHOW default_transaction_read_only").text(0, 0) == "on";
  }));
  out.write(trades(10, 20));
  EXPECT_THAT(failure_of_flush(out), HasSubstr("read-only transaction (25006)"));
  EXPECT_TRUE(goes_through(out));
  EXPECT_EQ(count_of(*third), "10");
  second->kill();
  timescale_sink another(dsn, context_);
  another.write(trades(20, 30));
  another.close();
  EXPECT_EQ(count_of(*third), "20");
}

TEST_F(timescale_faults, a_wrong_password_is_told_of_without_telling_it) {
  FEEDTREE_TIMESCALE(strict);
  {
    pg_connection connection(timescale_dsn(strict->dsn()), {});
    connection.execute("CREATE ROLE writer LOGIN PASSWORD 'RIGHT'");
  }
  strict->write_file("pg_hba.conf",
                     "host all md 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
  strict->stop();
  strict->start();
  for (const auto* password : {"password=SECRET", ""}) {
    try {
      timescale_sink out("host=127.0.0.1 user=writer dbname=postgres port=" +
                             std::to_string(strict->port()) + " " + password,
                         context_);
      FAIL() << "nothing was thrown";
    } catch (const sink_error& error) {
      EXPECT_FALSE(error.retryable()) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("check the user and the password in the dsn"));
      EXPECT_THAT(error.what(), Not(HasSubstr("SECRET")));
    }
  }
}

TEST_F(timescale_faults, tables_that_were_changed_by_hand_are_told_of) {
  timescale_sink out(dsn_, context_);
  execute("ALTER TABLE trade DROP COLUMN side");
  out.write(trades(0, 10));
  try {
    out.flush();
    FAIL() << "nothing was thrown";
  } catch (const sink_error& error) {
    EXPECT_FALSE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr("the tables were changed by hand"));
  }
}

TEST_F(timescale_faults, an_unreachable_server_is_named_and_may_be_tried_again) {
  try {
    timescale_sink out("postgresql://me:SECRET@127.0.0.1:1/md", context_);
    FAIL() << "nothing was thrown";
  } catch (const sink_error& error) {
    EXPECT_TRUE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr("cannot connect to md at 127.0.0.1:1: "));
    EXPECT_THAT(error.what(), Not(HasSubstr("SECRET")));
  }
}

}  // namespace
}  // namespace feedtree::storage
