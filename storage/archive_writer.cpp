#include "storage/archive_writer.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "storage/archive_manifest.hpp"
#include "storage/archive_tree.hpp"

namespace feedtree::storage {
namespace {

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

}  // namespace

archive_writer::archive_writer(archive_options options) : options_(std::move(options)) {
  make_private_folders(options_.root);
  options_.root = std::filesystem::canonical(options_.root).string();
  const auto path = options_.root + "/.lock";
  lock_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (lock_ < 0) throw_system_error(path, "cannot be opened");
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(lock_);
  throw archive_error(options_.root + ": another process writes this archive");
}

archive_writer::~archive_writer() {
  ::close(lock_);
}

archive_writer::stream& archive_writer::stream_of(const std::string& venue,
                                                  std::string_view connection) {
  if (last_ != nullptr && last_->connection == connection && last_->venue == venue) return *last_;
  auto& found = streams_[{venue, std::string(connection)}];
  if (found.connection.empty()) {
    found.venue = venue;
    found.connection = connection;
    found.lines.reserve(options_.block_bytes + options_.block_bytes / 8);
  }
  last_ = &found;
  return found;
}

void archive_writer::open(stream& what) {
  const auto folder = options_.root + "/" + what.venue + "/" + hour_folder(what.hour * hour_ns);
  make_private_folders(folder);
  if (!what.last_number.contains(folder)) what.last_number.clear();
  auto& number = what.last_number[folder];
  const auto suffix = options_.key ? sealed_suffix : archive_suffix;
  do {
    const auto name = what.connection + "-" + std::to_string(number + 1);
    const auto path = folder + "/" + name + std::string(suffix);
    what.file = archive_file::create(path, options_.key, options_.level);
    ++number;
  } while (what.file == nullptr);
  what.file_hour = what.hour;
  what.opened_ns = what.facts.first_ns;
  what.has_header = false;
}

void archive_writer::write_block(stream& what) {
  if (what.facts.records == 0) return;
  if (what.file != nullptr && what.file_hour != what.hour) close_file(what);
  if (what.file == nullptr) open(what);
  const auto before = what.file->facts().bytes;
  if (what.has_header) {
    what.file->write(what.lines, what.facts);
  } else {
    what.file->write(archive_header_line(what.venue, what.connection) + what.lines, what.facts);
    what.has_header = true;
  }
  ++counters_.blocks;
  counters_.text_bytes += what.lines.size();
  counters_.bytes += what.file->facts().bytes - before;
  what.lines.clear();
  what.facts = {};
  if (what.file->facts().bytes >= options_.rotate_bytes) close_file(what);
}

void archive_writer::close_file(stream& what) {
  if (what.file == nullptr) return;
  what.file->close();
  ++counters_.files_closed;
  unlisted_.push_back({folder_of(what.file->path()), what.file->facts()});
  what.file.reset();
  write_manifest();
}

void archive_writer::write_manifest() {
  while (!unlisted_.empty()) {
    append_line(unlisted_.front().folder, manifest_name, manifest_line(unlisted_.front().facts));
    unlisted_.erase(unlisted_.begin());
  }
}

void archive_writer::add(const std::string& venue, const archive_line& what) {
  auto& to = stream_of(venue, what.connection);
  const auto hour = what.receive_ns / hour_ns;
  // A record that comes late stands with those before it.
  const bool is_next_hour = to.facts.records != 0 && hour > to.hour;
  if (is_next_hour || to.lines.size() >= options_.block_bytes) write_block(to);
  if (to.facts.records == 0) to.hour = std::max(to.hour, hour);
  append_archive_line(what, to.lines);
  to.facts.add(what.type == archive_type::frame, what.receive_ns);
  ++counters_.records;
  if (what.type == archive_type::frame) ++counters_.frames;
}

void archive_writer::tick(std::int64_t now_ns) {
  write_manifest();
  for (auto& [name, each] : streams_) {
    if (each.facts.records != 0 && now_ns - each.facts.first_ns >= options_.flush_ns) {
      write_block(each);
    }
    if (each.file == nullptr) continue;
    const bool is_old = now_ns - each.opened_ns >= options_.rotate_after_ns;
    if (!is_old && now_ns / hour_ns <= each.file_hour) continue;
    write_block(each);
    close_file(each);
  }
  // Those that have nothing any more: a connection that is gone does not come again.
  last_ = nullptr;
  std::erase_if(streams_, [&](const auto& each) {
    const auto& what = each.second;
    return what.file == nullptr && what.facts.records == 0 && now_ns / hour_ns > what.file_hour;
  });
}

void archive_writer::close() {
  for (auto& [name, each] : streams_) {
    write_block(each);
    close_file(each);
  }
  write_manifest();
}

bool archive_writer::is_in_use(const std::string& folder) const {
  const auto waits = std::any_of(unlisted_.begin(), unlisted_.end(),
                                 [&](const auto& each) { return each.folder == folder; });
  return waits || std::any_of(streams_.begin(), streams_.end(), [&](const auto& each) {
           return each.second.file != nullptr && folder_of(each.second.file->path()) == folder;
         });
}

std::size_t archive_writer::files_open() const {
  return static_cast<std::size_t>(
      std::count_if(streams_.begin(), streams_.end(),
                    [](const auto& each) { return each.second.file != nullptr; }));
}

std::uint64_t archive_writer::waiting_bytes() const {
  std::uint64_t result = 0;
  for (const auto& [name, each] : streams_) result += each.lines.size();
  return result;
}

}  // namespace feedtree::storage
