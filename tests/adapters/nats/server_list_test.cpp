#include "adapters/nats/server_list.hpp"

#include <gtest/gtest.h>

#include "core/sink.hpp"

namespace feedtree::nats {
namespace {

TEST(nats_server_list, takes_addresses_apart) {
  const auto plain = parse_servers("localhost");
  EXPECT_EQ(plain.urls, std::vector<std::string>{"nats://localhost:4222"});
  EXPECT_FALSE(plain.tls);
  EXPECT_FALSE(plain.has_credentials());
  const auto several = parse_servers("tls://a:1,b,[::1]:5/");
  EXPECT_EQ(several.urls, (std::vector<std::string>{"tls://a:1", "tls://b:4222", "tls://[::1]:5"}));
  EXPECT_TRUE(several.tls);
  EXPECT_EQ(several.address(), "a:1, b:4222, [::1]:5");
}

TEST(nats_server_list, takes_secrets_out_of_the_addresses) {
  const auto user = parse_servers("nats://me:p%40ss:w@host:4333");
  EXPECT_EQ(user.user, "me");
  EXPECT_EQ(user.password, "p@ss:w");
  EXPECT_EQ(user.urls, std::vector<std::string>{"nats://host:4333"});
  const auto token = parse_servers("s3cret@host");
  EXPECT_EQ(token.token, "s3cret");
  EXPECT_EQ(token.address(), "host:4222");
}

TEST(nats_server_list, refuses_a_bad_list_without_showing_a_secret) {
  for (const auto* text :
       {"", "http://u:s3cret@host", "u:s3cret@host:port", "u:s3cret@host:0", "u:s3cret@host:65536",
        "u:s3cret@", "u:s3cret@a/b", "@host", ":s3cret@host", "u:s3cret@a,u:s3cret2@b", "a,,b"}) {
    try {
      parse_servers(text);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const sink_error& error) {
      EXPECT_FALSE(error.retryable());
      EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace feedtree::nats
