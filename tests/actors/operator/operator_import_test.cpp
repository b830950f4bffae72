#include "actors/operator/operator_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/password.hpp"

namespace feedtree::actors {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(operator_import, takes_a_list_in_several_forms) {
  for (const std::string before : {"", R"({"operators":)", R"({"version":1,"users":)"}) {
    const auto result = parse_operators(
        before + R"([{"name":"ann","role":"operator","password":"a long password"}])" +
        (before.empty() ? "" : "}"));
    EXPECT_THAT(result.problems, IsEmpty());
    ASSERT_THAT(result.operators, SizeIs(1));
    EXPECT_EQ(result.operators[0].name, "ann");
    EXPECT_EQ(result.operators[0].role, access_role::operates);
    EXPECT_EQ(result.operators[0].password, "a long password");
  }
}

TEST(operator_import, knows_other_names_of_its_members) {
  const auto hash = storage::hash_password("whatever it was");
  const auto result =
      parse_operators(R"([{"username":"a","role":"admin","passwordHash":")" + hash + R"("},
          {"login":"b","password":"a long password","active":false,"id":7},
          {"email":"c@example.org","password":"a long password","disabled":true,"role":null},
          {"name":"d","password":"a long password","enabled":true}])");
  EXPECT_THAT(result.problems, IsEmpty());
  ASSERT_THAT(result.operators, SizeIs(4));
  EXPECT_EQ(result.operators[0].role, access_role::operates);
  EXPECT_EQ(result.operators[0].password_hash, hash);
  EXPECT_TRUE(result.operators[1].is_disabled);
  EXPECT_EQ(result.operators[2].name, "c@example.org");
  EXPECT_EQ(result.operators[2].role, access_role::viewer);
  EXPECT_TRUE(result.operators[2].is_disabled);
  EXPECT_FALSE(result.operators[3].is_disabled);
}

TEST(operator_import, tells_every_problem_and_no_password) {
  const auto result = parse_operators(
      R"([{"name":"a","password":"pw"}, {"name":"a b","password":"a long password"},
          {"name":"c","password":"a long password","role":"king"}, 7, {"name":"e"},
          {"name":"f","password":"a long password"}, {"name":"f","password":"a long password"},
          {"name":"g","password":1}, {"name":"unknown","password":"a long password"},
          {"name":"i","password":"a long password","disabled":"yes"},
          {"name":"j","password_hash":"$2b$12$x"}])");
  EXPECT_THAT(
      result.problems,
      ElementsAre("entry 1 (a): its password is shorter than 12 bytes or longer than 1024",
                  "entry 2: its name is not 1 to 64 letters, digits, '.', '_', '-' and '@'",
                  "entry 3 (c): its role is none of viewer, operator, admin",
                  "entry 4: is no object", "entry 5 (e): has no password or password_hash, or both",
                  "entry 7 (f): is there twice", "entry 8 (g): password is no text",
                  "entry 9: its name is one that the server gives itself",
                  "entry 10 (i): disabled is neither true nor false",
                  "entry 11 (j): its password_hash is no Argon2id hash ($argon2id$v=19$...)"));
}

TEST(operator_import, refuses_what_holds_no_list) {
  for (const auto* bad : {"", "{", "7", "{}", R"({"users":{}})", "\xff"}) {
    const auto result = parse_operators(bad);
    EXPECT_THAT(result.problems, SizeIs(1)) << bad;
    EXPECT_THAT(result.operators, IsEmpty());
  }
  EXPECT_THAT(parse_operators("[]").problems, IsEmpty());
}

}  // namespace
}  // namespace feedtree::actors
