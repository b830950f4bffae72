// Finding captured exchange traffic for the tests. It is not part of this repository: tests that
// need it are skipped where it is absent, and fail where it must be there (CI=true).
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace feedtree::tests {

// The path of a capture below FEEDTREE_CAPTURES, or below ../shared/data beside the checkout.
std::optional<std::string> find_capture(const std::string& name);
// True where a missing capture is a failure.
bool captures_must_be_there();

// One record of a capture, in the order of its receive times (stable).
struct capture_record {
  enum class what { frame, http, connect, send } type = what::frame;
  std::string connection;       // "KRAKEN.ws.1"; empty for bare frames
  std::string url;              // of an http record or a connect/send record
  std::string text;             // frame or body; capacity() >= size() + 64
  std::int64_t receive_ns = 0;  // 0 where the capture does not say
};
// Reads cryptofeed recordings, bare frames a line, and {"rx_ns":..,"frame":{..}} lines; plain or
// .zst. Throws std::runtime_error on a file that cannot be read.
std::vector<capture_record> capture_records(const std::string& path);

}  // namespace feedtree::tests

// Declares a std::string with the capture's path, or skips (or, in CI, fails) the test.
#define FEEDTREE_CAPTURE(variable, name)                                            \
  const auto variable##_found = ::feedtree::tests::find_capture(name);              \
  if (!variable##_found && ::feedtree::tests::captures_must_be_there()) {           \
    FAIL() << "no captures, but they must be there: " << (name);                    \
  }                                                                                 \
  if (!variable##_found) GTEST_SKIP() << "skipped: no captures (" << (name) << ")"; \
  const std::string variable = *variable##_found
