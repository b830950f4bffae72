#include "config/values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "config/environment.hpp"

namespace feedtree::config {
namespace {

TEST(config_values, reads_durations_in_milliseconds) {
  EXPECT_EQ(parse_duration_ms("250ms"), 250);
  EXPECT_EQ(parse_duration_ms("10s"), 10'000);
  EXPECT_EQ(parse_duration_ms("5m"), 300'000);
  EXPECT_EQ(parse_duration_ms("1h"), 3'600'000);
  EXPECT_EQ(parse_duration_ms("7d"), 604'800'000);
  EXPECT_EQ(parse_duration_ms("0s"), 0);
  EXPECT_EQ(parse_duration_ms("99999999999999999999s"), std::numeric_limits<std::int64_t>::max());
  for (const auto* bad : {"", "10", "s", "10 s", "-1s", "+1s", "1.5s", "1w", "10S", "1s "}) {
    EXPECT_FALSE(parse_duration_ms(bad)) << bad;
  }
}

TEST(config_values, reads_sizes_in_bytes) {
  EXPECT_EQ(parse_size_bytes("512B"), 512);
  EXPECT_EQ(parse_size_bytes("64KiB"), 65'536);
  EXPECT_EQ(parse_size_bytes("64MiB"), 67'108'864);
  EXPECT_EQ(parse_size_bytes("1GiB"), 1'073'741'824);
  EXPECT_EQ(parse_size_bytes("9999999999GiB"), std::numeric_limits<std::int64_t>::max());
  for (const auto* bad : {"", "64", "64MB", "64mib", "64 MiB", "-1B", "1.5GiB"}) {
    EXPECT_FALSE(parse_size_bytes(bad)) << bad;
  }
}

TEST(config_values, writes_what_it_reads_in_the_biggest_unit) {
  for (const auto* text : {"250ms", "90s", "5m", "1h", "1500ms"}) {
    EXPECT_EQ(duration_text(*parse_duration_ms(text)), text);
  }
  EXPECT_EQ(duration_text(0), "0ms");
  EXPECT_EQ(duration_text(120'000), "2m");
  EXPECT_EQ(size_text(67'108'864), "64MiB");
  EXPECT_EQ(size_text(1'025), "1025B");
}

TEST(config_values, reads_whole_numbers_only) {
  EXPECT_EQ(parse_number("-5"), -5);
  EXPECT_EQ(parse_number("99999999999999999999"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_number("-99999999999999999999"), std::numeric_limits<std::int64_t>::min());
  for (const auto* bad : {"", "-", "5x", "1e3", "0x10", " 5", "1_000"}) {
    EXPECT_FALSE(parse_number(bad)) << bad;
  }
}

TEST(config_values, shows_values_without_control_characters_and_cut) {
  EXPECT_EQ(quoted_text("a\nb\x1b[1m\xff"), "'a?b?[1m?'");
  EXPECT_EQ(quoted_text(std::string(100, 'x')), "'" + std::string(60, 'x') + "...'");
  EXPECT_EQ(quoted_text("\u5e01\u5b89-USDT"), "'\u5e01\u5b89-USDT'");
  EXPECT_EQ(quoted_text("a\u202eb\u009bc"), "'a?b?c'");
  // A character is whole or not there.
  EXPECT_EQ(quoted_text(std::string(59, 'x') + "\u5e01"), "'" + std::string(59, 'x') + "...'");
}

TEST(config_values, accepts_addresses_of_scheme_host_and_port) {
  for (const auto* url :
       {"wss://a.example", "ws://127.0.0.1:1", "wss://[::1]:65535", "wss://a_b-c"}) {
    EXPECT_EQ(url_error(url, {"wss ws"}), "") << url;
  }
}

TEST(config_values, refuses_what_is_not_an_address) {
  for (const auto* url : {"",           "a.example", "https://a",     "wss://",    "wss://:80",
                          "wss://a:",   "wss://a:0", "wss://a:65536", "wss://a:x", "wss://a:-1",
                          "wss://a/",   "wss://a?b", "wss://a#b",     "wss://u@a", "wss://a b",
                          "wss://[::1", "wss://::1", "wss://[]:80",   "WSS://a",   "://a"}) {
    EXPECT_NE(url_error(url, {"wss ws"}), "") << url;
  }
}

TEST(config_values, checks_every_address_of_a_list) {
  const url_rule rule{"tls nats", true};
  EXPECT_EQ(url_list_error("tls://a,nats://u:p@b:1", rule), "");
  EXPECT_NE(url_list_error("tls://a,b", rule), "");
  EXPECT_NE(url_list_error("tls://a,", rule), "");
  EXPECT_NE(url_list_error("", rule), "");
}

TEST(config_values, puts_credentials_into_an_address) {
  EXPECT_EQ(with_user_information("tls://h:1,tls://i", "me", "a:b@c%"),
            "tls://me:a%3Ab%40c%25@h:1,tls://i");
  EXPECT_EQ(with_user_information("tls://h", "t,k", ""), "tls://t%2Ck@h");
  EXPECT_TRUE(has_user_information("tls://t@h"));
  EXPECT_FALSE(has_user_information("tls://h"));
  EXPECT_FALSE(has_user_information(""));
}

TEST(config_values, reads_the_settings_of_a_postgres_address) {
  const auto found = parse_dsn("postgresql://u:p@h/d?a=1&sslmode=verify%2Dfull");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->at("sslmode"), "verify-full");
  EXPECT_TRUE(parse_dsn("postgres://h")->empty());
}

TEST(config_values, reads_the_settings_of_a_postgres_list) {
  const auto found = parse_dsn(R"( host = db password='it\'s a=b' user=a\ b sslmode=require )");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->at("host"), "db");
  EXPECT_EQ(found->at("password"), "it's a=b");
  EXPECT_EQ(found->at("user"), "a b");
  EXPECT_EQ(found->at("sslmode"), "require");
  for (const auto* bad : {"", " ", "host", "host=a b", "=a", "a='b", "a=b\\"}) {
    EXPECT_FALSE(parse_dsn(bad)) << bad;
  }
}

TEST(config_values, a_setting_in_quotes_cannot_pose_as_another) {
  EXPECT_EQ(parse_dsn("password='x sslmode=verify-full'")->count("sslmode"), 0U);
  EXPECT_EQ(parse_dsn("sslmode=verify-full sslmode=disable")->at("sslmode"), "disable");
}

TEST(config_environment, replaces_variables_and_reads_what_comes_in_no_further) {
  const environment variables = [](const std::string& name) -> std::optional<std::string> {
    return name == "A" ? std::optional<std::string>("${B}") : std::nullopt;
  };
  EXPECT_EQ(expand("x${A}y$z", variables).text, "x${B}y$z");
  EXPECT_THAT(expand("${B}${}", variables).errors, testing::SizeIs(2));
  EXPECT_THAT(expand("a${A", variables).errors, testing::SizeIs(1));
}

}  // namespace
}  // namespace feedtree::config
