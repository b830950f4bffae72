// One event a line, as JSON, into a file or to standard output.
#pragma once

#include <cstdint>
#include <string>

#include "core/codec.hpp"
#include "core/sink.hpp"

namespace feedtree::storage {

// The same batches give the same bytes; what is in quarantine
// follows the events of its batch. A file is appended to; a line that an earlier run left
// unfinished (a full disk, a kill) is cut off first. Options: "overwrite" ("1" begins the file
// anew). Lines are written in pieces of buffer_bytes, and at flush; a piece that the disk does not
// take stays, and the next call goes on behind its last byte, so that no line is ever torn.
// A full disk is a retryable error, a closed pipe is not. Writing to a pipe or to standard output
// sets SIGPIPE to be ignored where nothing else handles it.
class jsonl_sink : public sink {
 public:
  static constexpr std::size_t buffer_bytes = 1 << 20;

  // target: a path, or "-" for standard output. Throws sink_error.
  jsonl_sink(std::string_view target, const sink_context& context);
  ~jsonl_sink() override;

  void write(const batch_ptr& batch) override;
  void flush() override;
  sink_counters counters() const override { return counters_; }
  void close() override;

 private:
  void open_file(bool overwrite);
  void cut_unfinished_line(std::int64_t file_bytes);
  std::int64_t bytes_of_whole_lines(std::int64_t file_bytes);
  void drain();
  [[noreturn]] void fail(const char* doing, int error);
  void release();

  std::string name_;  // for messages
  int fd_ = -1;
  bool owns_fd_ = false;
  event_encoder encoder_;
  std::string buffer_;
  std::size_t buffered_events_ = 0;
  sink_counters counters_;
};

}  // namespace feedtree::storage
