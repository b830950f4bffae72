// Accounts while a server runs, over a real SQLite database.
#include "actors/operator/accounts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <mutex>

#include "core/sink.hpp"
#include "storage/migrations/migration.hpp"
#include "storage/password.hpp"
#include "tests/support/eventually.hpp"

namespace feedtree::actors {
namespace {

using testing::HasSubstr;

constexpr std::int64_t ms = 1'000'000;

class accounts_test : public testing::Test {
 protected:
  accounts_test() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    options_.database = storage::database_target{"sqlite", folder_ + "/admin.db"};
    options_.now_ns = [this] { return now_ns_.load(); };
    options_.look_every_ms = 10;
  }
  ~accounts_test() override { std::filesystem::remove_all(folder_); }
  storage::operator_store store() {
    return storage::open_operator_store(*options_.database, now_ns_);
  }
  void add(const std::string& name, access_role role) {
    store().put({name, role, storage::hash_password("a password of " + name), now_ns_, now_ns_, 0});
  }
  login_answer log_in(accounts& with, const std::string& name, const std::string& password,
                      const std::string& peer = "::1") {
    std::promise<login_answer> answer;
    with.log_in(name, password, peer,
                [&](login_answer what) { answer.set_value(std::move(what)); });
    return answer.get_future().get();
  }

  std::string folder_ = testing::TempDir() + "accounts_" + std::to_string(::getpid());
  std::atomic<std::int64_t> now_ns_ = 1'700'000'000'000 * ms;
  accounts_options options_;
};

TEST_F(accounts_test, a_sign_in_gives_a_token_that_is_known_at_once_and_ends_by_its_time) {
  add("olga", access_role::operates);
  accounts all(options_);
  const auto answer = log_in(all, "olga", "a password of olga");
  ASSERT_EQ(answer.status, 200) << answer.problem;
  EXPECT_EQ(answer.expires_ns, now_ns_ + options_.session_ms * ms);
  const auto who = all.who(answer.token);
  ASSERT_TRUE(who.has_value());
  EXPECT_EQ(who->name, "olga");
  EXPECT_EQ(who->role, access_role::operates);
  EXPECT_FALSE(all.who(answer.token + "x").has_value());
  EXPECT_FALSE(all.who("").has_value());
  now_ns_ = answer.expires_ns;
  EXPECT_FALSE(all.who(answer.token).has_value());
}

// Nobody looks into the database meanwhile, and what was seen there is still trusted.
TEST_F(accounts_test, a_token_ends_by_its_time_without_a_look_into_the_database) {
  add("olga", access_role::operates);
  options_.session_ms = 60'000;
  options_.look_every_ms = options_.trust_for_ms = 3'600'000;
  accounts all(options_);
  const auto answer = log_in(all, "olga", "a password of olga");
  ASSERT_EQ(answer.status, 200) << answer.problem;
  now_ns_ = answer.expires_ns - 1;
  EXPECT_TRUE(all.who(answer.token).has_value());
  now_ns_ = answer.expires_ns;
  EXPECT_FALSE(all.who(answer.token).has_value());
}

TEST_F(accounts_test, a_wrong_sign_in_does_not_say_what_was_wrong) {
  add("olga", access_role::operates);
  add("dora", access_role::operates);
  store().disable("dora", now_ns_);
  accounts all(options_);
  const auto wrong = log_in(all, "olga", "something else");
  EXPECT_EQ(wrong.status, 401);
  for (const auto& [name, password] : std::vector<std::pair<std::string, std::string>>{
           {"nobody", "a password of nobody"}, {"dora", "a password of dora"}}) {
    const auto answer = log_in(all, name, password);
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.problem, wrong.problem);
  }
}

TEST_F(accounts_test, too_many_tries_must_wait_and_are_recorded) {
  add("olga", access_role::operates);
  options_.limits = {2, 1'000, 100};
  accounts all(options_);
  EXPECT_EQ(log_in(all, "olga", "wrong").status, 401);
  EXPECT_EQ(log_in(all, "olga", "wrong").status, 401);
  const auto refused = log_in(all, "olga", "a password of olga");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.wait_ms, 1'000);
  now_ns_ += 1'000 * ms;
  EXPECT_EQ(log_in(all, "olga", "a password of olga").status, 200);
  ASSERT_EQ(all.records(100).size(), 4U);
  EXPECT_EQ(all.records(1)[0].outcome, "done");
}

TEST_F(accounts_test, tokens_that_others_make_and_end_are_seen) {
  add("olga", access_role::viewer);
  accounts all(options_);
  store().add_token(storage::sha256("made elsewhere"), "olga", now_ns_, now_ns_ + 60'000 * ms);
  ASSERT_TRUE(tests::eventually([&] { return all.who("made elsewhere").has_value(); }));
  EXPECT_EQ(all.who("made elsewhere")->role, access_role::viewer);
  store().revoke_all("olga", now_ns_);
  EXPECT_TRUE(tests::eventually([&] { return !all.who("made elsewhere").has_value(); }));
}

TEST_F(accounts_test, a_sign_out_holds_at_once_and_in_the_database) {
  add("olga", access_role::operates);
  accounts all(options_);
  const auto token = log_in(all, "olga", "a password of olga").token;
  all.log_out(token);
  EXPECT_FALSE(all.who(token).has_value());
  EXPECT_TRUE(tests::eventually([&] { return store().accepted(now_ns_).empty(); }));
  EXPECT_FALSE(all.who(token).has_value());
}

TEST_F(accounts_test, every_note_is_a_row_in_its_order) {
  {
    accounts all(options_);
    now_ns_ += ms;  // the record of the migrations is older
    for (int i = 0; i < 50; ++i) {
      all.add({"olga", "restart", "actors/" + std::to_string(i), "::1", 202});
    }
  }
  std::vector<std::string> targets;
  for (const auto& each : store().records(50)) targets.push_back(each.target);
  ASSERT_EQ(targets.size(), 50U);
  EXPECT_EQ(targets.front(), "actors/49");
  EXPECT_EQ(targets.back(), "actors/0");
}

TEST_F(accounts_test, refusals_are_bounded_and_counted) {
  options_.refusals_max = 5;
  accounts all(options_);
  for (int i = 0; i < 20; ++i) all.add({"unknown", "restart", "actors/x", "::1", 401, "no"});
  EXPECT_EQ(all.records(100).size(), 5U);
  EXPECT_EQ(all.view().refusals_unrecorded, 15U);
  now_ns_ += 1'000 * ms;
  all.add({"unknown", "restart", "actors/x", "::1", 401, "no"});
  EXPECT_THAT(all.records(1)[0].detail, HasSubstr("15 refusals before it"));
}

TEST_F(accounts_test, secrets_are_in_no_record) {
  accounts all(options_);
  all.add({"olga", "restart", "actors/password=hidden-4711", "::1", 404,
           R"({"title":"Not Found","detail":"there is no actor token=hidden-4711"})"});
  const auto record = all.records(1)[0];
  EXPECT_EQ(record.target, "actors/password=[secret]");
  EXPECT_EQ(record.detail, "from ::1: there is no actor token=[secret]");
}

TEST_F(accounts_test, while_the_database_is_away_records_wait_and_then_nothing_may_change) {
  options_.records_max = 3;
  add("olga", access_role::operates);
  const auto path = options_.database->target;
  accounts all(options_);
  const auto token = log_in(all, "olga", "a password of olga").token;
  ASSERT_TRUE(tests::eventually([&] { return all.view().records_waiting == 0; }));
  auto holder = storage::open_runner(*options_.database);
  holder->run("BEGIN EXCLUSIVE", {});
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(all.has_room());
    all.add({"olga", "restart", "actors/x", "::1", 202});
  }
  EXPECT_FALSE(all.has_room());
  EXPECT_TRUE(all.who(token).has_value());  // what is known is trusted for a while
  now_ns_ += options_.trust_for_ms * ms + 1;
  EXPECT_FALSE(all.who(token).has_value());
  holder->run("ROLLBACK", {});
  EXPECT_TRUE(tests::eventually([&] { return all.has_room() && all.who(token).has_value(); }));
}

TEST_F(accounts_test, reads_leave_room_for_changes_while_the_database_is_away) {
  options_.records_max = 4;
  options_.reads_every_ms = 60'000;
  accounts all(options_);
  auto holder = storage::open_runner(*options_.database);
  holder->run("BEGIN EXCLUSIVE", {});
  for (int i = 0; i < 10; ++i) all.add_read({"victor", "books/kraken/" + std::to_string(i), "::1"});
  EXPECT_TRUE(all.has_room());
  const auto waiting = all.view().records_waiting;
  EXPECT_GE(waiting, 1U);
  EXPECT_LE(waiting, 2U);
  EXPECT_GE(all.view().reads_unrecorded, 7U);
  all.add({"olga", "restart", "actors/x", "::1", 202});
  holder->run("ROLLBACK", {});
  ASSERT_TRUE(tests::eventually([&] { return all.view().records_waiting == 0; }));
  const auto rows = store().records(2);
  EXPECT_EQ(rows[0].action, "restart");
  EXPECT_EQ(rows[1].action + " " + rows[1].target + " " + rows[1].detail,
            "read books/kraken/1 from ::1");
  EXPECT_EQ(all.records(10).size(), 1U);  // what operators did
}

TEST_F(accounts_test, what_was_paused_is_told_once_when_the_database_answers) {
  store().record({5, "olga", "pause", "actors/root/venues/kraken", "done", ""});
  std::vector<std::string> told;
  std::mutex mutex;
  options_.keep_paused = [&](const storage::paused_actor& what) {
    const std::lock_guard lock(mutex);
    told.push_back(what.path + " by " + what.name);
  };
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return told.size();
  };
  {
    accounts all(options_);
    EXPECT_EQ(count(), 1U);
    EXPECT_EQ(told.front(), "root/venues/kraken by olga");
  }
  auto holder = storage::open_runner(*options_.database);
  holder->run("BEGIN EXCLUSIVE", {});
  accounts late(options_);
  EXPECT_FALSE(late.view().is_connected);
  EXPECT_EQ(count(), 1U);
  holder->run("ROLLBACK", {});
  EXPECT_TRUE(tests::eventually([&] { return count() == 2; }));
}

TEST_F(accounts_test, a_database_that_can_never_be_opened_is_told_at_the_start) {
  options_.database->target = folder_;
  EXPECT_THROW(accounts all(options_), sink_error);
}

TEST_F(accounts_test, without_a_database_nobody_signs_in_and_records_are_in_memory) {
  options_.database.reset();
  accounts all(options_);
  EXPECT_EQ(log_in(all, "olga", "a password of olga").status, 503);
  all.add({"static-token", "restart", "actors/x", "::1", 202});
  EXPECT_EQ(all.records(10).size(), 1U);
  EXPECT_TRUE(all.has_room());
  EXPECT_FALSE(all.view().has_database);
}

}  // namespace
}  // namespace feedtree::actors
