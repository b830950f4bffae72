// The lines of an archive: what a venue sent, as it came, and what happened to the connection.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace feedtree::storage {

// An archive that cannot be written or read; what() names the file.
class archive_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class archive_type : std::uint8_t {
  frame,    // a WebSocket message
  rest,     // the body of a REST answer that was read as data
  proof,    // the body of a REST answer that a book was compared with: no event came of it
  connect,  // the connection was opened at this URL
  close,    // the connection ended: the text says why
  lost,     // so many frames found no room on their way to the archive: see count
  header,   // the first line of a file
  other     // a line of a later version
};
inline constexpr std::size_t archive_types = 8;
std::string_view to_string(archive_type type);

struct archive_record {
  archive_type type = archive_type::frame;
  std::string connection;       // "connection-1"
  std::string url;              // of a REST answer or a connection
  std::string text;             // frame or body, with 64 bytes of spare capacity behind its end
  std::int64_t receive_ns = 0;  // nanoseconds since 1970
  std::uint64_t count = 0;      // of lost frames
  std::string venue;            // of a header
};

// One line with its newline, in the format of captures (see capture_reader.hpp). A text that is no
// UTF-8 stands in base64. `count` is of archive_type::lost.
struct archive_line {
  archive_type type = archive_type::frame;
  std::string_view connection;
  std::string_view url;
  std::string_view text;
  std::int64_t receive_ns = 0;
  std::uint64_t count = 0;
};
void append_archive_line(const archive_line& what, std::string& out);
// The first line of a file.
std::string archive_header_line(std::string_view venue, std::string_view connection);

// Reads lines; not thread-safe. Keeps its memory from line to line.
class archive_line_reader {
 public:
  archive_line_reader();
  ~archive_line_reader();
  archive_line_reader(const archive_line_reader&) = delete;
  archive_line_reader& operator=(const archive_line_reader&) = delete;
  // False if the line (without its newline) is none of an archive.
  bool read(std::string_view line, archive_record& out);

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

// Bytes of a base64 text. Throws archive_error if it is none.
std::string from_base64(std::string_view text);

}  // namespace feedtree::storage
