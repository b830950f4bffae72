// Where HTTP listens, and when it must not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/dependencies.hpp"
#include "config/values.hpp"
#include "tests/config/reading.hpp"

namespace feedtree::config {
namespace {

using namespace tests;
using testing::ElementsAre;
using testing::HasSubstr;

const variables with_token{{"FEEDTREE_OPERATOR_TOKEN", "0123456789abcdef"}};

TEST(config_http, takes_an_address_and_a_port) {
  const auto result = read(good + "http: {listen: \"[::1]:0\"}\n");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.config.http.host, "::1");
  EXPECT_EQ(result.config.http.port, 0);
}

TEST(config_http, refuses_what_is_no_address_and_port) {
  for (const auto* bad : {"8080", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999",
                          "::1:80", "[127.0.0.1]:80", "127.0.0.1:-1"}) {
    EXPECT_THAT(problems(good + "http: {listen: \"" + bad + "\"}\n"),
                ElementsAre(HasSubstr("listen: it is not an IP address and a port")))
        << bad;
  }
}

TEST(config_http, wants_certificate_and_key_together) {
  EXPECT_THAT(problems(good + "http: {cert_file: a.pem}\n"),
              ElementsAre(HasSubstr("cert_file: TLS needs cert_file and key_file")));
}

TEST(config_http, knows_the_loopback_addresses) {
  for (const auto* inside : {"127.0.0.1", "127.8.9.1", "::1"}) {
    EXPECT_TRUE(is_loopback_address(inside)) << inside;
  }
  for (const auto* outside : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "fe80::1", "localhost"}) {
    EXPECT_FALSE(is_loopback_address(outside)) << outside;
  }
}

TEST(config_http, opens_another_address_only_with_tls_and_token) {
  http_config config;
  EXPECT_EQ(http_error(config, lookup({})), "");
  config.host = "0.0.0.0";
  EXPECT_THAT(http_error(config, lookup(with_token)), HasSubstr("needs http.cert_file"));
  config.cert_file = "a.pem";
  EXPECT_THAT(http_error(config, lookup({})), HasSubstr("FEEDTREE_OPERATOR_TOKEN is not set"));
  EXPECT_EQ(http_error(config, lookup(with_token)), "");
  // That insecure defaults are allowed changes nothing here.
  EXPECT_NE(http_error(config, lookup({{"FEEDTREE_ALLOW_INSECURE_DEFAULTS", "1"}})), "");
}

TEST(config_http, takes_no_token_that_is_too_short) {
  EXPECT_EQ(operator_token(lookup({{"FEEDTREE_OPERATOR_TOKEN", "short"}})), "");
  EXPECT_EQ(operator_token(lookup(with_token)), "0123456789abcdef");
}

}  // namespace
}  // namespace feedtree::config
