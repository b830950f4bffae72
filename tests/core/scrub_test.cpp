#include "core/scrub.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedtree {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(scrub, takes_known_values_out_wherever_they_stand) {
  know_secret("plum-tree-4711");
  EXPECT_EQ(scrub("login plum-tree-4711 failed"), "login [secret] failed");
  EXPECT_EQ(scrub("xplum-tree-4711y plum-tree-4711"), "x[secret]y [secret]");
  EXPECT_EQ(scrub_known("plum-tree-4711"), "[secret]");
}

TEST(scrub, knows_them_escaped_too) {
  know_secret("a\"quote&and=more");
  EXPECT_EQ(scrub(R"({"text":"a\"quote&and=more"})"), R"({"text":"[secret]"})");
  EXPECT_EQ(scrub("/x?y=a%22quote%26and%3Dmore"), "/x?y=[secret]");
}

TEST(scrub, knows_the_passwords_of_urls_and_dsns) {
  know_secret("nats://feeder:walnut%40shell-9@host:4222");
  EXPECT_EQ(scrub("user feeder, walnut@shell-9"), "user feeder, [secret]");
  EXPECT_EQ(scrub("walnut%40shell-9 at host:4222"), "[secret] at host:4222");
  know_secret("host=db1 user=md password='hazel nut 77' sslmode=verify-full");
  EXPECT_EQ(scrub("FATAL: hazel nut 77 at db1"), "FATAL: [secret] at db1");
  know_secret("postgresql://md@db1/md?password=chestnut-88&sslmode=require");
  EXPECT_EQ(scrub("md chestnut-88"), "md [secret]");
}

TEST(scrub, leaves_the_address_of_an_url) {
  know_secret("nats://broker.example.org:4222");
  EXPECT_EQ(scrub("nats://broker.example.org:4222 is away"),
            "nats://broker.example.org:4222 is away");
}

TEST(scrub, does_not_look_for_what_is_too_short) {
  know_secret("data");
  EXPECT_EQ(scrub("the data of the market"), "the data of the market");
}

TEST(scrub, finds_secrets_by_their_form) {
  const std::string seed = "SUAOZH6JYRKGGEFZLPPUK5RLAHS5BZ5VWB4V6ZO7BYVEEPVVTQPRFZLEKM";
  ASSERT_EQ(seed.size(), 58U);
  for (const std::string& text :
       {std::string("nats://user:hidden77@h:1"), std::string("nats://hidden77@h:1"),
        std::string("password=hidden77"), std::string("Password: hidden77"),
        std::string(R"({"password": "hidden77"})"), std::string(R"({\"token\":\"hidden77\"})"),
        std::string("?token=hidden77&x=1"), std::string("api_key=hidden77"),
        std::string("AWS_SECRET_ACCESS_KEY=hidden77"), std::string("PGPASSWORD=hidden77 psql"),
        std::string("Authorization: Bearer hidden77=="), std::string("basic hidden77xyz")}) {
    EXPECT_THAT(scrub(text), Not(HasSubstr("hidden77"))) << text;
    EXPECT_THAT(scrub(text), HasSubstr("[secret]")) << text;
  }
  EXPECT_EQ(scrub("x ftk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG y"), "x [secret] y");
  EXPECT_EQ(scrub("seed " + seed), "seed [secret]");
  EXPECT_EQ(scrub("AKIAIOSFODNN7EXAMPLE"), "[secret]");
  EXPECT_EQ(scrub("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!"), "[secret]!");
  EXPECT_EQ(scrub("a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b"),
            "a [secret] b");
  EXPECT_EQ(scrub("-----BEGIN PRIVATE KEY-----\nMIIEv cut"), "[secret]");
}

TEST(scrub, leaves_other_texts_as_they_are) {
  for (const auto* text :
       {"the operator's bearer token is needed", "this is not the operator's token",
        "http://127.0.0.1:8080/api/v1/books/kraken/BTC-USD?depth=5", "wss://ws.kraken.com/v2",
        "the operator's token: FEEDTREE_OPERATOR_TOKEN is not set", "a basic rule",
        "kraken/book-BTC-USD: checksum 123456 is 654321", "me@example.org wrote this",
        "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----", "SUPERVISOR restarts it",
        "{\"price\":\"61234.10\",\"key\":\"1234567890\"}", ""}) {
    EXPECT_EQ(scrub(text), text);
  }
}

TEST(scrub, changes_nothing_the_second_time) {
  for (const auto* text :
       {"password=hidden77 and more", "nats://a:bcdefghi@h", "Bearer abcdefgh12"}) {
    const auto once = scrub(text);
    EXPECT_EQ(scrub(once), once);
  }
}

}  // namespace
}  // namespace feedtree
