#include "storage/password.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace feedtree::storage {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

TEST(password, is_known_by_its_argon2id_hash_only) {
  const auto hash = hash_password("correct horse battery");
  EXPECT_THAT(hash, StartsWith("$argon2id$v=19$m=65536,t=2,p=1$"));
  EXPECT_EQ(password_hash_error(hash), "");
  EXPECT_NE(hash, hash_password("correct horse battery"));  // its salt is its own
  EXPECT_TRUE(is_password("correct horse battery", hash));
  EXPECT_FALSE(is_password("correct horse batterz", hash));
  EXPECT_FALSE(is_password("", hash));
  EXPECT_FALSE(is_password(std::string(2'000, 'a'), hash));
}

TEST(password, is_never_right_against_what_is_no_hash) {
  for (const auto* hash : {"", "x", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$"}) {
    EXPECT_FALSE(is_password("correct horse battery", hash)) << hash;
    EXPECT_NE(password_hash_error(hash), "") << hash;
  }
}

TEST(password, hashes_that_would_take_all_memory_or_for_ever_are_refused) {
  const std::string tail = "$c29tZXNhbHQxMjM$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";
  EXPECT_EQ(password_hash_error("$argon2id$v=19$m=65536,t=2,p=1" + tail), "");
  for (const auto* bad :
       {"m=262145,t=2,p=1", "m=65536,t=17,p=1", "m=65536,t=2,p=9", "m=65536,t=0,p=1", "m=4,t=2,p=1",
        "m=65536,t=2", "t=2,m=65536,p=1", "m=-1,t=2,p=1", "m=99999999999999999999,t=2,p=1"}) {
    EXPECT_NE(password_hash_error("$argon2id$v=19$" + std::string(bad) + tail), "") << bad;
  }
  EXPECT_THAT(password_hash_error("$argon2i$v=19$m=65536,t=2,p=1" + tail), HasSubstr("Argon2id"));
  EXPECT_NE(password_hash_error("$argon2id$v=19$m=65536,t=2,p=1$a b$c"), "");
}

TEST(token, is_new_each_time) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto token = make_token();
    EXPECT_THAT(token, MatchesRegex("ftk_[A-Za-z0-9_-]{43}"));
    seen.insert(token);
  }
  EXPECT_EQ(seen.size(), 100U);
}

}  // namespace
}  // namespace feedtree::storage
