#include "storage/jsonl_sink.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace feedtree::storage {
namespace {

// A closed pipe is to be an error that write gives, not a signal that ends the process.
void ignore_broken_pipes() {
  struct sigaction present {};
  if (::sigaction(SIGPIPE, nullptr, &present) == 0 && present.sa_handler == SIG_DFL) {
    std::signal(SIGPIPE, SIG_IGN);
  }
}

std::string way_out(int error) {
  switch (error) {
    case ENOSPC:
      return "; free space on that disk, the rest is kept and written then";
    case EDQUOT:
      return "; the disk quota is used up, the rest is kept and written then";
    case EFBIG:
      return "; the file size limit is reached: raise it or begin another file";
    case EPIPE:
      return "; its reader has gone";
    case ENOENT:
      return "; make the directory first";
    case EACCES:
      return "; check who may write there";
    default:
      return "";
  }
}

bool is_retryable(int error) {
  return error == ENOSPC || error == EDQUOT || error == EFBIG || error == EIO || error == EAGAIN;
}

}  // namespace

jsonl_sink::jsonl_sink(std::string_view target, const sink_context& context)
    : name_(target == "-" ? "standard output" : target) {
  check_sink_options("jsonl", context, {"overwrite"});
  if (target.empty()) throw sink_error(false, "the jsonl sink needs a path, or - (jsonl:PATH)");
  if (target == "-") {
    fd_ = STDOUT_FILENO;
  } else {
    open_file(sink_option(context, "overwrite", 0, 0, 1) == 1);
  }
  struct stat about {};
  if (::fstat(fd_, &about) == 0 && !S_ISREG(about.st_mode)) ignore_broken_pipes();
  buffer_.reserve(buffer_bytes + buffer_bytes / 4);
}

jsonl_sink::~jsonl_sink() {
  try {
    close();
  } catch (const sink_error&) {  // close() tells those who call it
    release();
  }
}

void jsonl_sink::open_file(bool overwrite) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (overwrite ? O_TRUNC : 0);
  fd_ = ::open(name_.c_str(), flags, 0644);
  if (fd_ < 0) fail("open", errno);
  owns_fd_ = true;
  struct stat about {};
  if (::fstat(fd_, &about) == 0 && S_ISREG(about.st_mode)) cut_unfinished_line(about.st_size);
}

void jsonl_sink::cut_unfinished_line(std::int64_t file_bytes) {
  const auto whole_bytes = file_bytes == 0 ? 0 : bytes_of_whole_lines(file_bytes);
  if (::ftruncate(fd_, whole_bytes) != 0 || ::lseek(fd_, whole_bytes, SEEK_SET) < 0) {
    fail("append to", errno);
  }
}

// Up to the last newline, which is looked for from the end.
std::int64_t jsonl_sink::bytes_of_whole_lines(std::int64_t file_bytes) {
  const int reader = ::open(name_.c_str(), O_RDONLY | O_CLOEXEC);
  if (reader < 0) fail("read the end of", errno);
  std::array<char, 65'536> piece{};
  auto at = file_bytes;
  auto newline = std::string_view::npos;
  while (at > 0 && newline == std::string_view::npos) {
    const auto bytes = std::min(at, static_cast<std::int64_t>(piece.size()));
    at -= bytes;
    const auto got = ::pread(reader, piece.data(), static_cast<std::size_t>(bytes), at);
    if (got <= 0) break;
    newline = std::string_view(piece.data(), static_cast<std::size_t>(got)).rfind('\n');
  }
  ::close(reader);
  if (at > 0 && newline == std::string_view::npos) fail("read the end of", EIO);
  return newline == std::string_view::npos ? 0 : at + static_cast<std::int64_t>(newline) + 1;
}

void jsonl_sink::write(const batch_ptr& batch) {
  if (fd_ < 0) throw sink_error(false, name_ + " is closed");
  if (buffer_.size() >= buffer_bytes) drain();
  for (const auto& what : batch->events) {
    encoder_.encode(what, *batch, buffer_);
    buffer_.push_back('\n');
  }
  for (const auto& what : batch->quarantine) {
    encode_json(what, {}, buffer_);
    buffer_.push_back('\n');
  }
  for (const auto& what : batch->alerts) {
    encode_json(what, {}, buffer_);
    buffer_.push_back('\n');
  }
  buffered_events_ += batch->events.size();
  ++counters_.batches;
  counters_.events += batch->events.size();
}

void jsonl_sink::flush() {
  if (fd_ < 0) throw sink_error(false, name_ + " is closed");
  drain();
}

void jsonl_sink::drain() {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const auto bytes = ::write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) {
      const int error = bytes < 0 ? errno : ENOSPC;
      buffer_.erase(0, done);
      fail("write to", error);
    }
    done += static_cast<std::size_t>(bytes);
    counters_.bytes += static_cast<std::uint64_t>(bytes);
  }
  buffer_.clear();
  counters_.delivered += buffered_events_;
  buffered_events_ = 0;
}

void jsonl_sink::close() {
  if (fd_ < 0) return;
  try {
    drain();
  } catch (const sink_error&) {
    release();
    throw;
  }
  release();
}

void jsonl_sink::release() {
  if (owns_fd_ && fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void jsonl_sink::fail(const char* doing, int error) {
  ++counters_.errors;
  throw sink_error(is_retryable(error), std::string("cannot ") + doing + " " + name_ + ": " +
                                            std::strerror(error) + way_out(error));
}

namespace {

const sink_registration registered{
    "jsonl", [](std::string_view target, const sink_context& context) -> std::unique_ptr<sink> {
      return std::make_unique<jsonl_sink>(target, context);
    }};

}  // namespace
}  // namespace feedtree::storage
