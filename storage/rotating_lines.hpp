// Lines in files of a folder that rotate and are bounded: the oldest are removed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace feedtree::storage {

struct rotating_options {
  std::string folder;  // made where it is not there, for this user alone (0700)
  std::string prefix;  // files are PREFIX-TIME.jsonl
  std::uint64_t rotate_bytes = std::uint64_t{16} << 20;  // a file that would be larger is ended
  std::uint64_t total_bytes = std::uint64_t{256} << 20;  // of all files with this prefix
};

// Appends whole lines: one that could not be written is not there in part. One thread at a time.
class rotating_lines {
 public:
  // Opens nothing yet.
  explicit rotating_lines(rotating_options options) : options_(std::move(options)) {}
  ~rotating_lines();
  rotating_lines(const rotating_lines&) = delete;
  rotating_lines& operator=(const rotating_lines&) = delete;

  // Writes the line and its end; now_ns (since 1970) names a file that begins with it. Gives the
  // number of old files that were removed. Throws std::runtime_error that names the file, the
  // reason and the way out; a later call tries again.
  std::size_t append(std::string_view line, std::int64_t now_ns);
  // The present file; empty before the first line.
  const std::string& path() const { return path_; }

 private:
  void open(std::int64_t now_ns);
  void close();
  std::size_t remove_old(std::uint64_t coming_bytes) const;

  rotating_options options_;
  int fd_ = -1;
  std::string path_;
  std::uint64_t bytes_ = 0;  // of the present file
};

}  // namespace feedtree::storage
