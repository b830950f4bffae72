#include "storage/archive_merge.hpp"

#include <algorithm>
#include <filesystem>
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
    for (auto& [name, each] : streams_) {
      if (advance(each)) open_.push_back(&each);
    }
  }
  if (open_.empty()) return false;
  const auto first =
      std::min_element(open_.begin(), open_.end(),
                       [](const stream* a, const stream* b) { return a->key_ns < b->key_ns; });
  std::swap(out, (*first)->record);
  if (!advance(**first)) open_.erase(first);
  return true;
}

void archive_merge::rewind() {
  for (auto& [name, each] : streams_) {
    each.next_path = each.first_path;
    each.reader.reset();
    each.key_ns = 0;
  }
  open_.clear();
  damages_.clear();
  starts_ = true;
}

void archive_merge::begin_for(std::int64_t from_ns) {
  for (auto& [name, each] : streams_) {
    each.next_path = each.first_path = first_needed(each, from_ns);
  }
}

// What is no connection (symbols, a poller) is needed from its begin.
std::size_t archive_merge::first_needed(const stream& of, std::int64_t from_ns) const {
  for (auto at = of.paths.size(); at-- > 0;) {
    archive_reader reader(of.paths[at], key_);
    if (reader.first_ns() > from_ns) continue;
    archive_record record;
    while (reader.next(record) && record.receive_ns <= from_ns) {
      if (record.type == archive_type::connect) return at;
    }
  }
  return 0;
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
