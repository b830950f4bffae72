// The same accounts, tokens and records in both databases.
#include "storage/operator_store.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "core/sink.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/sqlite_migration.hpp"
#include "tests/storage/timescale_fixture.hpp"

namespace feedtree::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> names_of(const std::vector<accepted_token>& tokens) {
  std::vector<std::string> result;
  for (const auto& each : tokens) {
    result.push_back(each.name + " " + std::string(to_string(each.role)));
  }
  return result;
}

operator_account account(const std::string& name, access_role role, std::int64_t at_ns,
                         const std::string& hash = "hash") {
  return {name, role, hash, at_ns, at_ns, 0};
}

void accounts_come_and_change(operator_store& store) {
  EXPECT_THAT(store.all(), IsEmpty());
  EXPECT_FALSE(store.find("alice").has_value());
  const auto bob = account("bob", access_role::viewer, 5);
  store.put(bob);
  store.put(account("alice", access_role::operates, 6));
  EXPECT_EQ(store.find("bob"), bob);
  ASSERT_THAT(store.all(), SizeIs(2));
  EXPECT_EQ(store.all()[0].name, "alice");
  store.put(account("bob", access_role::operates, 9, "other"));
  EXPECT_EQ(store.find("bob")->role, access_role::operates);
  EXPECT_EQ(store.find("bob")->password_hash, "other");
  EXPECT_TRUE(store.disable("bob", 10));
  EXPECT_EQ(store.find("bob")->disabled_ns, 10);
  EXPECT_TRUE(store.disable("bob", 11));
  EXPECT_EQ(store.find("bob")->disabled_ns, 10);  // since when it is
  EXPECT_FALSE(store.disable("nobody", 10));
  // A name is a value and nothing else.
  store.put(account("'; DROP TABLE operator; --", access_role::viewer, 12));
  EXPECT_TRUE(store.find("'; DROP TABLE operator; --").has_value());
}

void tokens_end(operator_store& store) {
  store.put(account("alice", access_role::operates, 1));
  store.put(account("bob", access_role::viewer, 1));
  store.add_token("a1", "alice", 10, 100);
  store.add_token("a2", "alice", 11, 200);
  store.add_token("b1", "bob", 10, 300);
  EXPECT_THAT(store.accepted(20), SizeIs(3));
  EXPECT_THAT(store.accepted(99), SizeIs(3));
  EXPECT_THAT(store.accepted(100), SizeIs(2));  // a1 has ended by its time
  store.revoke("a2", 120);
  EXPECT_THAT(names_of(store.accepted(121)), ElementsAre("bob viewer"));
  store.add_token("a3", "alice", 130, 400);
  store.add_token("a4", "alice", 131, 400);
  EXPECT_EQ(store.revoke_all("alice", 140), 2U);
  EXPECT_EQ(store.revoke_all("alice", 140), 0U);
  EXPECT_THAT(names_of(store.accepted(141)), ElementsAre("bob viewer"));
  store.disable("bob", 150);
  EXPECT_THAT(store.accepted(151), IsEmpty());
}

void tokens_end_with_what_they_were_made_for(operator_store& store) {
  const auto alice = account("alice", access_role::operates, 1);
  store.put(alice);
  store.add_token("a1", "alice", 10, 1'000);
  store.put(alice);  // nothing changes
  EXPECT_THAT(store.accepted(20), SizeIs(1));
  store.put(account("alice", access_role::viewer, 30));
  EXPECT_THAT(store.accepted(31), IsEmpty());
  store.add_token("a2", "alice", 40, 1'000);
  store.put(account("alice", access_role::viewer, 50, "another password"));
  EXPECT_THAT(store.accepted(51), IsEmpty());
}

void tokens_are_bounded(operator_store& store) {
  store.put(account("alice", access_role::operates, 1));
  for (std::size_t at = 0; at < operator_store::tokens_max + 20; ++at) {
    store.add_token("t" + std::to_string(at), "alice", 100 + static_cast<std::int64_t>(at), 9'000);
  }
  const auto left = store.accepted(500);
  EXPECT_THAT(left, SizeIs(operator_store::tokens_max));
  for (const auto& each : left) EXPECT_NE(each.token_sha256, "t0");
}

void records_are_kept(operator_store& store) {
  const auto before = store.records(100).size();  // of the migrations
  const audit_entry first{1'000,  "alice",   "restart", "actors/root/venues/kraken",
                          "done", "from ::1"};
  const audit_entry second{1'001, "unknown", "pause", "actors/root", "refused", "it's \"x\""};
  store.record(first);
  store.record(second);
  store.record(second);  // again after a lost answer: it is there once
  EXPECT_THAT(store.records(100), SizeIs(before + 2));
  std::vector<audit_entry> mine;
  for (const auto& each : store.records(100)) {
    if (each.at_ns >= 1'000 && each.at_ns <= 1'001) mine.push_back(each);
  }
  EXPECT_THAT(mine, ElementsAre(second, first));
  EXPECT_THAT(store.records(1), SizeIs(1));
}

void what_is_paused_is_known_by_the_last_record(operator_store& store) {
  const auto add = [&](std::int64_t at_ns, const std::string& action, const std::string& target,
                       const std::string& outcome) {
    store.record({at_ns, "olga", action, target, outcome, ""});
  };
  EXPECT_TRUE(store.paused().empty());
  add(10, "pause", "actors/root/venues/okx", "done");
  add(11, "pause", "actors/root/venues/kraken", "done");
  add(12, "pause", "actors/root/venues/bybit", "refused");
  add(13, "resume", "actors/root/venues/okx", "done");
  add(14, "resume", "actors/root/venues/kraken", "refused");
  add(15, "restart", "actors/root/venues/kraken", "done");
  EXPECT_THAT(store.paused(), ElementsAre(paused_actor{"root/venues/kraken", "olga", 11}));
  add(16, "pause", "actors/root/sinks/nats", "done");
  EXPECT_THAT(store.paused(), ElementsAre(paused_actor{"root/sinks/nats", "olga", 16},
                                          paused_actor{"root/venues/kraken", "olga", 11}));
}

using scenario = void (*)(operator_store&);
constexpr scenario scenarios[] = {
    accounts_come_and_change, tokens_end,       tokens_end_with_what_they_were_made_for,
    tokens_are_bounded,       records_are_kept, what_is_paused_is_known_by_the_last_record};

TEST(operator_store_of_sqlite, keeps_accounts_tokens_and_records) {
  int number = 0;
  for (const auto run : scenarios) {
    const auto path = testing::TempDir() + "operators-" + std::to_string(::getpid()) + "-" +
                      std::to_string(++number) + ".db";
    std::filesystem::remove(path);
    auto store = open_operator_store({"sqlite", path}, 5);
    EXPECT_EQ(store.place(), path);
    run(store);
  }
}

TEST(operator_store_of_sqlite, takes_over_the_names_of_the_former_table) {
  const auto path = testing::TempDir() + "former-operators.db-" + std::to_string(::getpid());
  std::filesystem::remove(path);
  migrate_sqlite(path, {migration_mode::apply, 10, 5});
  sqlite_database(path, 100).execute(
      "INSERT INTO operator (name, token_sha256, created_ns) VALUES ('old', 'hash', 3)");
  auto store = open_operator_store({"sqlite", path}, 6);
  const operator_account expected{"old", access_role::viewer, "", 3, 3, 0};
  EXPECT_EQ(store.find("old"), expected);
  EXPECT_THAT(store.accepted(7), IsEmpty());
}

class operator_store_of_timescale : public timescale_test {};

TEST_F(operator_store_of_timescale, keeps_accounts_tokens_and_records) {
  int number = 0;
  for (const auto run : scenarios) {
    auto store = open_operator_store(
        {"timescale", server().make_database("operators_" + std::to_string(++number))}, 5);
    run(store);
  }
}

}  // namespace
}  // namespace feedtree::storage
