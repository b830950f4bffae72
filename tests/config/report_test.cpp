#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/values.hpp"
#include "tests/config/reading.hpp"

namespace feedtree::config {
namespace {

using namespace tests;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string webhook = "alerts:\n  webhook:\n";

TEST(report_config, metrics_go_to_a_file_unless_the_interval_is_zero) {
  EXPECT_EQ(read(good).config.metrics.file.path, "data/metrics");
  EXPECT_EQ(read(good).config.metrics.file.interval_ms, 60'000);
  const auto off = read(good + "metrics: {file: {interval: 0s}}\n");
  EXPECT_THAT(problems_of(off), IsEmpty());
  EXPECT_EQ(off.config.metrics.file.interval_ms, 0);
}

TEST(report_config, has_every_key_of_a_webhook) {
  const auto result = read(good + webhook +
                           "    url: https://alerts.example/hooks/a1?x=y\n"
                           "    secret: 0123456789abcdef\n    ca_file: ca.pem\n"
                           "    severity: critical\n    queue: 10\n    timeout: 2s\n"
                           "    retry: {initial: 10ms, max: 20ms}\n    give_up_after: 5s\n");
  EXPECT_THAT(problems_of(result), IsEmpty());
  webhook_config wanted;
  wanted.url = "https://alerts.example/hooks/a1?x=y";
  wanted.secret = "0123456789abcdef";
  wanted.ca_file = "ca.pem";
  wanted.severity = "critical";
  wanted.queue = 10;
  wanted.timeout_ms = 2'000;
  wanted.retry_initial_ms = 10;
  wanted.retry_max_ms = 20;
  wanted.give_up_after_ms = 5'000;
  EXPECT_EQ(result.config.alerts.webhook, wanted);
}

TEST(report_config, has_every_key_of_a_push_gateway) {
  const auto result =
      read(good +
           "metrics:\n  push: {url: \"http://gateway:9091/prefix\", job: a, instance: b-1,\n"
           "         interval: 2s, timeout: 1s, ca_file: ca.pem}\n");
  EXPECT_THAT(problems_of(result), IsEmpty());
  EXPECT_EQ(result.config.metrics.push, (metrics_push_config{"http://gateway:9091/prefix", "a",
                                                             "b-1", 2'000, 1'000, "ca.pem"}));
}

TEST(report_config, a_webhook_needs_a_secret_of_some_length_and_tls) {
  EXPECT_THAT(problems(good + webhook + "    url: https://alerts.example/x\n"),
              ElementsAre(HasSubstr("secret")));
  EXPECT_THAT(problems(good + webhook + "    url: https://alerts.example/x\n    secret: short\n"),
              ElementsAre(HasSubstr("secret: has fewer than 16 characters")));
  EXPECT_THAT(
      problems(good + webhook + "    url: http://10.0.0.1/x\n    secret: 0123456789abcdef\n"),
      ElementsAre(HasSubstr("url: alerts leave this machine by https:// only")));
  EXPECT_THAT(
      problems(good + webhook + "    url: http://127.0.0.1:1/x\n    secret: 0123456789abcdef\n"),
      IsEmpty());
}

TEST(report_config, no_message_repeats_the_address_or_the_secret) {
  for (const auto& message : problems(
           good + webhook + "    url: ftp://user:hunter2@alerts.example\n    secret: hunter2\n")) {
    EXPECT_EQ(message.find("hunter2"), message.npos) << message;
  }
}

TEST(report_config, bounds_that_contradict_each_other_are_reported) {
  EXPECT_THAT(problems(good + webhook +
                       "    url: https://a.example\n    secret: 0123456789abcdef\n"
                       "    retry: {initial: 2m, max: 1m}\n"),
              ElementsAre(HasSubstr("max: 1m is below initial, 2m")));
  EXPECT_THAT(problems(good + "metrics: {file: {rotate_size: 2MiB, max_size: 1MiB}}\n"),
              ElementsAre(HasSubstr("max_size: 1MiB is below rotate_size, 2MiB")));
  EXPECT_THAT(problems(good + "metrics: {push: {url: \"http://a\", job: a/b}}\n"),
              ElementsAre(HasSubstr("job: expected letters")));
}

TEST(report_config, open_urls_are_those_that_leave_the_machine_without_tls) {
  for (const auto* url : {"http://10.0.0.1", "http://example.com:80/x", "http://[::2]:1/"}) {
    EXPECT_TRUE(is_open_url(url)) << url;
  }
  for (const auto* url :
       {"https://10.0.0.1", "http://127.0.0.9/x", "http://localhost:1", "http://[::1]:8080/x"}) {
    EXPECT_FALSE(is_open_url(url)) << url;
  }
}

TEST(report_config, web_urls_may_have_a_path_and_nothing_that_must_be_escaped) {
  for (const auto* url : {"https://a.example", "http://a:1/b/c?d=e&f=%20"}) {
    EXPECT_EQ(web_url_error(url), "") << url;
  }
  for (const auto* url : {"a.example", "ftp://a", "https://", "https://u:p@a/b", "https://a/b c",
                          "https://a/b#c", "https://a:0/"}) {
    EXPECT_NE(web_url_error(url), "") << url;
  }
}

}  // namespace
}  // namespace feedtree::config
