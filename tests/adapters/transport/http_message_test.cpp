#include "adapters/transport/http_message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "adapters/transport/inflate.hpp"

namespace feedtree::transport {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(http_headers, are_found_without_regard_to_case) {
  const http_headers headers{{"Content-Type", "text/plain"}, {"X-A", "1"}, {"x-a", "2"}};
  EXPECT_EQ(headers.find("content-TYPE"), "text/plain");
  EXPECT_EQ(headers.find("X-a"), "1");
  EXPECT_EQ(headers.find("X-B"), std::nullopt);
  EXPECT_EQ(headers.lines().size(), 3U);
}

TEST(http_headers, are_refused_where_they_could_smuggle_a_line) {
  const http_headers headers{
      {"X-A", "a\r\nX-B: b"}, {"X A", "a"}, {"", "a"}, {"X-C", "tab\tis fine"}};
  EXPECT_THAT(headers.check(),
              ElementsAre(HasSubstr("control characters"), HasSubstr("'X A'"), HasSubstr("''")));
}

TEST(retry_after, is_read_from_seconds) {
  EXPECT_EQ(parse_retry_after_s("120", 0), 120);
  EXPECT_EQ(parse_retry_after_s(" 0 ", 0), 0);
}

TEST(retry_after, is_read_from_a_date) {
  EXPECT_EQ(parse_retry_after_s("Sun, 06 Nov 1994 08:49:37 GMT", 784'111'700), 77);
  EXPECT_EQ(parse_retry_after_s("Sun, 06 Nov 1994 08:49:37 GMT", 784'111'800), 0);
}

TEST(retry_after, is_nothing_when_it_is_neither) {
  for (const auto* text : {"", "soon", "-1", "1.5", "Sun, 06 Nov 1994 08:49:37",
                           "99999999999999999999", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 06 Nov 1994 28:49:37 GMT"})
    EXPECT_EQ(parse_retry_after_s(text, 0), std::nullopt) << text;
}

TEST(padded_string, has_spare_capacity) {
  for (const std::size_t size : {0U, 1U, 15U, 16U, 1'000U}) {
    const auto text = padded_string(std::string(size, 'x'));
    EXPECT_EQ(text.size(), size);
    EXPECT_GE(text.capacity(), size + padding_bytes);
  }
}

TEST(terminal_status, is_one_that_waiting_does_not_change) {
  for (const int status : {301, 400, 401, 403, 404, 451}) EXPECT_TRUE(is_terminal_status(status));
  for (const int status : {200, 408, 418, 423, 425, 429, 500, 503})
    EXPECT_FALSE(is_terminal_status(status)) << status;
}

TEST(error_stage, has_a_name_for_each_value) {
  EXPECT_EQ(to_string(error_stage::options), "options");
  for (auto i = 0; i <= static_cast<int>(error_stage::queue_full); ++i)
    EXPECT_NE(to_string(static_cast<error_stage>(i)), "unknown");
}

// zlib's windowBits: 15 is zlib, 31 gzip, -15 raw deflate.
std::string compress(const std::string& text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 1'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string some_text() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919);
  return text;
}

TEST(inflate, reads_gzip_zlib_and_raw_deflate) {
  const auto text = some_text();
  for (const int bits : {31, 15, -15}) {
    std::string out;
    ASSERT_EQ(inflate(compress(text, bits), text.size(), out), inflate_result::done) << bits;
    EXPECT_EQ(out, text);
    EXPECT_GE(out.capacity(), out.size() + padding_bytes);
  }
}

TEST(inflate, reads_gzip_of_several_members) {
  std::string out;
  EXPECT_EQ(inflate(compress("one ", 31) + compress("two", 31), 100, out), inflate_result::done);
  EXPECT_EQ(out, "one two");
}

TEST(inflate, stops_at_its_limit) {
  std::string out;
  EXPECT_EQ(inflate(compress(std::string(50'000'000, 'x'), 31), 1'000'000, out),
            inflate_result::too_large);
  EXPECT_LT(out.size(), 1'100'000U);
}

TEST(inflate, reports_what_is_cut_or_garbled) {
  std::string out;
  auto bytes = compress(some_text(), 31);
  for (const auto size : {std::size_t{0}, std::size_t{1}, bytes.size() / 2, bytes.size() - 1})
    EXPECT_EQ(inflate(bytes.substr(0, size), 1'000'000, out), inflate_result::corrupt) << size;
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
  EXPECT_EQ(inflate(bytes, 1'000'000, out), inflate_result::corrupt);
}

}  // namespace
}  // namespace feedtree::transport
