#include "storage/archive_merge.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <tuple>
#include <utility>

namespace feedtree::storage {

void archive_merge::add(const archive_entry& file) {
  streams_[file.connection].paths.push_back(file.path);
  bytes_ += file.bytes;
}

void archive_merge::note(const archive_reader& from) {
  for (const auto& line : from.damages()) damages_.push_back(from.path() + ": " + line);
  if (from.unread_lines() == 0) return;
  damages_.push_back(from.path() + ": " + std::to_string(from.unread_lines()) +
                     " lines cannot be read");
}

bool archive_merge::advance(stream& from) {
  for (;;) {
    if (from.reader != nullptr && from.reader->next(from.record)) {
      from.key_ns = std::max(from.key_ns, from.record.receive_ns);
      if (from.record.type == archive_type::lost) {
        damages_.push_back(from.reader->path() + ": " + std::to_string(from.record.count) +
                           " frames found no room on their way to the archive");
      }
      return true;
    }
    if (from.reader != nullptr) note(*from.reader);
    from.reader.reset();
    if (from.next_path == from.paths.size()) return false;
    from.reader = std::make_unique<archive_reader>(from.paths[from.next_path++], key_);
  }
}

bool archive_merge::next(archive_record& out) {
  if (std::exchange(starts_, false)) {
    for (auto at = streams_.begin(); at != streams_.end();) {
      at = advance(at->second) ? std::next(at) : streams_.erase(at);
    }
  }
  if (streams_.empty()) return false;
  const auto first = std::min_element(
      streams_.begin(), streams_.end(),
      [](const auto& a, const auto& b) { return a.second.key_ns < b.second.key_ns; });
  std::swap(out, first->second.record);
  if (!advance(first->second)) streams_.erase(first);
  return true;
}

std::vector<std::unique_ptr<archive_merge>> open_archives(const std::vector<std::string>& paths,
                                                          const std::optional<archive_key>& key) {
  std::map<std::string, std::vector<std::pair<std::int64_t, archive_entry>>> by_venue;
  for (const auto& path : paths) {
    if (std::filesystem::is_directory(path)) {
      const auto hours = list_archive(path);
      if (hours.empty()) throw archive_error(path + ": holds no archive");
      for (const auto& hour : hours) {
        for (const auto& file : hour.files) {
          by_venue[hour.venue].emplace_back(hour.begin_ns, file);
        }
      }
      continue;
    }
    const archive_reader reader(path, key);
    archive_entry entry;
    if (!parse_file_name(std::filesystem::path(path).filename().string(), entry)) {
      entry.connection = reader.connection();
    }
    entry.path = path;
    entry.bytes = reader.size();
    by_venue[reader.venue()].emplace_back(reader.first_ns(), entry);
  }
  std::vector<std::unique_ptr<archive_merge>> result;
  for (auto& [venue, files] : by_venue) {
    std::stable_sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
      return std::tie(a.first, a.second.number) < std::tie(b.first, b.second.number);
    });
    auto& merge = *result.emplace_back(std::make_unique<archive_merge>(venue, key));
    for (const auto& [begin_ns, file] : files) merge.add(file);
  }
  return result;
}

}  // namespace feedtree::storage
