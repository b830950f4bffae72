#include "adapters/transport/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace feedtree::transport {
namespace {

using testing::HasSubstr;

url must_parse(std::string_view text) {
  std::string error;
  const auto parsed = parse_url(text, error);
  EXPECT_TRUE(parsed) << error;
  return parsed.value_or(url{});
}

std::string error_of(std::string_view text) {
  std::string error;
  EXPECT_FALSE(parse_url(text, error)) << text;
  return error;
}

TEST(url, is_taken_apart) {
  const auto parsed = must_parse("wss://Stream.Example.com:9443/ws/btcusd@depth?speed=100ms&x=%20");
  EXPECT_EQ(parsed.scheme, "wss");
  EXPECT_EQ(parsed.host, "stream.example.com");
  EXPECT_EQ(parsed.port, 9443);
  EXPECT_EQ(parsed.target, "/ws/btcusd@depth?speed=100ms&x=%20");
  EXPECT_TRUE(parsed.is_tls());
  EXPECT_TRUE(parsed.is_websocket());
  EXPECT_FALSE(parsed.is_ip_literal());
}

TEST(url, has_the_default_port_of_its_scheme) {
  EXPECT_EQ(must_parse("ws://a").port, 80);
  EXPECT_EQ(must_parse("wss://a").port, 443);
  EXPECT_EQ(must_parse("http://a").port, 80);
  EXPECT_EQ(must_parse("HTTPS://a").port, 443);
}

TEST(url, has_a_target_that_begins_with_a_slash) {
  EXPECT_EQ(must_parse("ws://a").target, "/");
  EXPECT_EQ(must_parse("ws://a?x=1").target, "/?x=1");
  EXPECT_EQ(must_parse("ws://a/b").target, "/b");
}

TEST(url, takes_ipv6_in_brackets) {
  const auto parsed = must_parse("https://[2001:DB8::1]:8443/x");
  EXPECT_EQ(parsed.host, "2001:db8::1");
  EXPECT_EQ(parsed.port, 8443);
  EXPECT_EQ(parsed.host_and_port(), "[2001:db8::1]:8443");
  EXPECT_TRUE(parsed.is_ip_literal());
  EXPECT_EQ(must_parse("ws://[::1]").port, 80);
}

TEST(url, leaves_a_default_port_out_of_the_host_header) {
  EXPECT_EQ(must_parse("wss://a.b:443").authority(), "a.b");
  EXPECT_EQ(must_parse("wss://a.b:80").authority(), "a.b:80");
  EXPECT_EQ(must_parse("ws://[::1]").authority(), "[::1]");
  EXPECT_EQ(must_parse("wss://a.b").host_and_port(), "a.b:443");
}

TEST(url, is_refused_with_a_reason) {
  EXPECT_THAT(error_of(""), HasSubstr("no scheme"));
  EXPECT_THAT(error_of("example.com"), HasSubstr("no scheme"));
  EXPECT_THAT(error_of("ftp://example.com"), HasSubstr("'ftp' is not one of"));
  EXPECT_THAT(error_of("ws://"), HasSubstr("no host"));
  EXPECT_THAT(error_of("ws:///x"), HasSubstr("no host"));
  EXPECT_THAT(error_of("ws://user:secret@host/"), HasSubstr("user and password"));
  EXPECT_THAT(error_of("ws://a..b"), HasSubstr("empty part"));
  EXPECT_THAT(error_of("ws://-a.b"), HasSubstr("'-' at its edge"));
  EXPECT_THAT(error_of("ws://a b/"), HasSubstr("character ' '"));
  EXPECT_THAT(error_of("ws://1.2.3.256/"), HasSubstr("not an IPv4 address"));
  EXPECT_THAT(error_of("ws://[::1"), HasSubstr("not closed"));
  EXPECT_THAT(error_of("ws://[zz]/"), HasSubstr("not an IPv6 address"));
  EXPECT_THAT(error_of("ws://[::1]x/"), HasSubstr("between ']' and the port"));
  EXPECT_THAT(error_of("ws://" + std::string(300, 'a')), HasSubstr("longer than"));
}

TEST(url, is_refused_for_a_bad_port) {
  for (const auto* text : {"ws://a:", "ws://a:0", "ws://a:65536", "ws://a:x", "ws://a:8x",
                           "ws://a:-1", "ws://a:+1", "ws://a:99999999999"})
    EXPECT_THAT(error_of(text), HasSubstr("1 to 65535")) << text;
}

TEST(url, is_refused_for_a_target_that_needs_escaping) {
  EXPECT_THAT(error_of("ws://a/#part"), HasSubstr("fragment"));
  EXPECT_THAT(error_of("ws://a/b c"), HasSubstr("character 32"));
  EXPECT_THAT(error_of("ws://a/\r\nX: y"), HasSubstr("character 13"));
  EXPECT_THAT(error_of("ws://a/%4"), HasSubstr("hexadecimal"));
  EXPECT_THAT(error_of("ws://a/%zz"), HasSubstr("hexadecimal"));
  EXPECT_THAT(error_of("ws://a/\xc3\xa9"), HasSubstr("character 195"));
  EXPECT_THAT(error_of(std::string_view("ws://a/\0", 8)), HasSubstr("character 0"));
}

}  // namespace
}  // namespace feedtree::transport
