// Writes an archive: one open file a connection, rotated by time and size.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/archive_file.hpp"
#include "storage/archive_lines.hpp"

namespace feedtree::storage {

struct archive_options {
  std::string root;
  std::int64_t rotate_after_ns = 900'000'000'000;  // a file is closed when it is so old
  std::uint64_t rotate_bytes = std::uint64_t{64} << 20;
  std::uint64_t block_bytes = std::uint64_t{1} << 20;  // of lines, before compression
  std::int64_t flush_ns = 1'000'000'000;               // a block waits no longer than this
  int level = 3;                                       // of zstd
  std::optional<archive_key> key;
};

struct archive_counters {
  std::uint64_t frames = 0;
  std::uint64_t records = 0;
  std::uint64_t text_bytes = 0;  // written, before compression
  std::uint64_t bytes = 0;       // written
  std::uint64_t blocks = 0;      // likewise
  std::uint64_t files_closed = 0;
};

// Not thread-safe. Times are those of the records and of the caller's clock, which are the same
// clock. Throws archive_error where the disk takes nothing; nothing that was taken is lost then,
// and every call may be made again.
class archive_writer {
 public:
  // Locks the folder for this process, and makes it where it is not there.
  explicit archive_writer(archive_options options);
  ~archive_writer();  // closes nothing: as after a crash
  archive_writer(const archive_writer&) = delete;
  archive_writer& operator=(const archive_writer&) = delete;

  // Takes a record of a connection of a venue. Throws before it takes it: where the connection's
  // block is full and cannot be written.
  void add(const std::string& venue, const archive_line& what);
  // Writes blocks that have waited long enough; closes files that are old, or of an hour that is
  // over.
  void tick(std::int64_t now_ns);
  // Writes and closes everything.
  void close();

  // True if a file in this folder is open.
  bool is_in_use(const std::string& folder) const;
  const archive_counters& counters() const { return counters_; }
  std::size_t files_open() const;
  std::uint64_t waiting_bytes() const;  // in blocks that were not written yet
  const archive_options& options() const { return options_; }

 private:
  struct stream {
    std::string venue;
    std::string connection;
    std::string lines;  // the block that is being filled
    archive_block_facts facts;
    std::int64_t hour = 0;  // of the block's records, in hours since 1970
    std::unique_ptr<archive_file> file;
    std::int64_t file_hour = 0;
    std::int64_t opened_ns = 0;
    bool has_header = false;
    std::map<std::string, std::uint64_t> last_number;  // by folder; of the present hour only
  };
  stream& stream_of(const std::string& venue, std::string_view connection);
  void open(stream& what);
  void write_block(stream& what);
  void close_file(stream& what);
  void write_manifest();

  archive_options options_;
  int lock_ = -1;
  std::map<std::pair<std::string, std::string>, stream> streams_;
  stream* last_ = nullptr;
  struct closed_file {
    std::string folder;
    archive_file_facts facts;
  };
  std::vector<closed_file> unlisted_;  // closed, and not in their manifest yet
  archive_counters counters_;
};

}  // namespace feedtree::storage
