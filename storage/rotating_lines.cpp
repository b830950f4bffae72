#include "storage/rotating_lines.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "core/time_text.hpp"

namespace feedtree::storage {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path, const char* what, int error) {
  const auto* const way_out = error == ENOSPC || error == EDQUOT ? "; free space on that disk"
                              : error == EACCES || error == EROFS
                                  ? "; choose a folder that can be written"
                                  : "";
  throw std::runtime_error(path + ": cannot be " + what + ": " + std::strerror(error) + way_out);
}

void make_folder(const std::string& folder) {
  fs::path made;
  for (const auto& part : fs::path(folder)) {
    made /= part;
    if (::mkdir(made.c_str(), 0700) != 0 && errno != EEXIST && !fs::is_directory(made)) {
      fail(made.string(), "made", errno);
    }
  }
}

// "2026-03-01T12:00:00.500000000Z" without what a file's name should not have.
std::string name_of(std::int64_t now_ns) {
  auto text = time_text(now_ns);
  std::erase(text, ':');
  std::erase(text, '-');
  return text;
}

struct old_file {
  std::string path;
  std::uint64_t bytes = 0;
};

// The oldest first: names begin with the time.
std::vector<old_file> files_of(const rotating_options& options, const std::string& but) {
  std::vector<old_file> result;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options.folder, error)) {
    const auto name = entry.path().filename().string();
    const bool is_ours = name.starts_with(options.prefix + "-") && name.ends_with(".jsonl");
    if (!is_ours || entry.path() == but) continue;
    std::error_code gone;
    const auto bytes = entry.file_size(gone);
    if (!gone) result.push_back({entry.path().string(), bytes});
  }
  std::sort(result.begin(), result.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return result;
}

}  // namespace

rotating_lines::~rotating_lines() {
  close();
}

void rotating_lines::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void rotating_lines::open(std::int64_t now_ns) {
  make_folder(options_.folder);
  path_ =
      (fs::path(options_.folder) / (options_.prefix + "-" + name_of(now_ns) + ".jsonl")).string();
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd_ < 0) fail(path_, "opened", errno);
  struct stat about {};
  bytes_ = ::fstat(fd_, &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
}

std::size_t rotating_lines::remove_old(std::uint64_t coming_bytes) const {
  const auto files = files_of(options_, path_);
  auto total = bytes_ + coming_bytes;
  for (const auto& each : files) total += each.bytes;
  std::size_t removed = 0;
  for (const auto& each : files) {
    if (total <= options_.total_bytes) break;
    std::error_code error;
    if (fs::remove(each.path, error)) ++removed;
    total -= each.bytes;
  }
  return removed;
}

std::size_t rotating_lines::append(std::string_view line, std::int64_t now_ns) {
  std::string text(line);
  text += '\n';
  if (fd_ >= 0 && bytes_ > 0 && bytes_ + text.size() > options_.rotate_bytes) close();
  if (fd_ < 0) open(now_ns);
  const auto removed = remove_old(text.size());
  std::size_t written = 0;
  while (written < text.size()) {
    const auto count = ::write(fd_, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const auto error = count < 0 ? errno : EIO;
      // Half a line is none. If not even that works, the next line begins another file.
      if (::ftruncate(fd_, static_cast<off_t>(bytes_)) != 0) close();
      fail(path_, "written", error);
    }
    written += static_cast<std::size_t>(count);
  }
  bytes_ += text.size();
  return removed;
}

}  // namespace feedtree::storage
