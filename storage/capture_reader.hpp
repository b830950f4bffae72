// Reading captures: recorded frames and REST answers, in the order in which they came.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace feedtree {

enum class record_type : std::uint8_t { frame, rest, connect };

struct capture_record {
  record_type type = record_type::frame;
  std::string connection;       // "KRAKEN.ws.1"; empty for bare frames
  std::string url;              // of a REST answer or a connection
  std::string text;             // frame or body, with 64 bytes of spare capacity behind its end
  std::int64_t receive_ns = 0;  // 0 where the capture does not say
};

struct capture {
  std::string venue;          // our venue id where the capture says it, else empty
  std::string recorded_from;  // what it says instead, where that is no venue of ours
  std::vector<capture_record> records;
  std::uint64_t skipped_lines = 0;  // lines that are neither record nor frame (metadata, sends)
};

// A capture that cannot be read; what() names the file and the line.
class capture_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Reads a whole capture, plain or zstd-compressed. Understood, line by line:
// - our own: {"t":"header","format":"feedtree-1","venue":..}, then {"t":"frame"|"rest"|"connect",
//   "connection":..,"url":..,"receive_ns":"..","text":".."};
// - cryptofeed recordings: {"t":"header","exchange":..}, then
// {"t":"recv"|"http"|"connect"|"send",..};
// - {"rx_ns":..,"frame":{..}}: one raw frame with its receive time;
// - anything else: one raw frame.
// Records with a time are put in the order of time (stable). Throws capture_error.
capture read_capture(const std::string& path);
// The same for text that is already in memory.
capture parse_capture(std::string_view text);

// One line of our own format, with its newline.
std::string capture_header_line(std::string_view venue);
std::string capture_record_line(const capture_record& record);

// Our venue id for the exchange name of a cryptofeed recording, former names among them ("OKEX");
// empty if there is none.
std::string_view venue_of_cryptofeed(std::string_view exchange);

}  // namespace feedtree
