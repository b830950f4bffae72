#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "adapters/transport/error.hpp"

namespace feedtree::transport {

// Header lines in order; a name is looked up without regard to case. One thread at a time.
class http_headers {
 public:
  using line = std::pair<std::string, std::string>;

  http_headers() = default;
  http_headers(std::initializer_list<line> lines) : lines_(lines) {}

  void add(std::string name, std::string value);
  // The value of the first line with this name, or nothing. Valid until the headers change.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  [[nodiscard]] const std::vector<line>& lines() const noexcept { return lines_; }
  // Every line that is not a legal header (RFC 9110, 5.1 and 5.5) as a readable problem.
  [[nodiscard]] std::vector<std::string> check() const;

 private:
  std::vector<line> lines_;
};

enum class http_method : std::uint8_t { get, post, put };

struct http_request {
  http_method method = http_method::get;
  std::string url;
  http_headers headers;
  std::string body;  // not sent with GET
};

struct http_response {
  int status = 0;
  http_headers headers;
  // Decoded (gzip, deflate). capacity() >= size() + 64: a parser may read past the end.
  std::string body;
  // Seconds to wait, from Retry-After (seconds or a date).
  std::optional<std::int64_t> retry_after_s;
  // When the last byte of the answer was read: nanoseconds since 1970 by the client's clock.
  std::int64_t receive_ns = 0;
};

// Any complete answer is a response, a 4xx or 5xx too; an error means there was no answer.
using http_result = std::variant<http_response, transport_error>;

// Spare bytes behind every frame and body that is handed over.
inline constexpr std::size_t padding_bytes = 64;

// Copies `bytes` into a string with `padding_bytes` of spare capacity. Any thread.
[[nodiscard]] std::string padded_string(std::string_view bytes);

// The wait that a Retry-After value asks for, in seconds: a number, or an HTTP date (RFC 9110,
// 5.6.7, IMF-fixdate) less `now_s`, never negative. Nothing when it is neither. Any thread.
[[nodiscard]] std::optional<std::int64_t> parse_retry_after_s(std::string_view value,
                                                              std::int64_t now_s);

}  // namespace feedtree::transport
