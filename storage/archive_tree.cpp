#include "storage/archive_tree.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <tuple>

namespace feedtree::storage {
namespace {

namespace fs = std::filesystem;

bool all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The time of "<date>/<hour>"; nothing if the folder's name is none.
std::optional<std::int64_t> begin_of(const fs::path& folder) {
  const auto hour = folder.filename().string();
  const auto date = folder.parent_path().filename().string();
  std::tm parts{};
  if (hour.size() != 2 || !all_digits(hour) || date.size() != 10) return {};
  if (std::sscanf(date.c_str(), "%4d-%2d-%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday) !=
      3) {
    return {};
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  parts.tm_hour = std::stoi(hour);
  return static_cast<std::int64_t>(timegm(&parts)) * 1'000'000'000;
}

archive_hour read_hour(const fs::path& folder, std::int64_t begin_ns) {
  archive_hour hour;
  hour.folder = folder.string();
  hour.venue = folder.parent_path().parent_path().filename().string();
  hour.begin_ns = begin_ns;
  auto manifest = read_manifest(hour.folder);
  for (const auto& each : fs::directory_iterator(folder)) {
    if (!each.is_regular_file()) continue;
    const auto bytes = each.file_size();
    hour.bytes += bytes;
    archive_entry entry;
    if (!parse_file_name(each.path().filename().string(), entry)) continue;
    entry.path = each.path().string();
    entry.bytes = bytes;
    const auto known = manifest.find(each.path().filename().string());
    if (known != manifest.end()) {
      entry.facts = known->second;
      manifest.erase(known);
    }
    hour.files.push_back(std::move(entry));
  }
  for (const auto& [name, facts] : manifest) hour.missing.push_back(name);
  std::sort(hour.files.begin(), hour.files.end(), [](const auto& a, const auto& b) {
    return std::tie(a.connection, a.number) < std::tie(b.connection, b.number);
  });
  return hour;
}

void collect(const fs::path& folder, int depth, std::vector<archive_hour>& out) {
  if (const auto begin = begin_of(folder)) {
    out.push_back(read_hour(folder, *begin));
    return;
  }
  if (depth == 0) return;
  for (const auto& each : fs::directory_iterator(folder)) {
    if (each.is_directory()) collect(each.path(), depth - 1, out);
  }
}

bool is_uploaded(const archive_hour& hour) {
  const auto uploads = read_uploads(hour.folder);
  return std::all_of(hour.files.begin(), hour.files.end(), [&](const auto& file) {
    const auto name = fs::path(file.path).filename().string();
    const auto found = uploads.find(name);
    return file.facts && found != uploads.end() && found->second.sha256 == file.facts->sha256;
  });
}

void remove_hour(const archive_hour& hour) {
  fs::remove_all(hour.folder);
  std::error_code unused;  // the day's and the venue's folder go when they are empty
  const fs::path day = fs::path(hour.folder).parent_path();
  if (fs::remove(day, unused)) fs::remove(day.parent_path(), unused);
}

std::string recover_file(const archive_hour& hour, const archive_entry& file,
                         const std::optional<archive_key>& key, int level) {
  const auto check = check_archive_file(file.path, key);
  if (check.blocks == 0) {
    fs::remove(file.path);
    return file.path + ": held no whole block and was removed";
  }
  // More than the end is not as it was written: nothing of it is touched.
  if (check.good_blocks != check.blocks) {
    throw archive_error(file.path + ": is damaged before its end (feedtree archive verify)");
  }
  const auto optional_key = check.is_sealed ? key : std::optional<archive_key>();
  auto open = archive_file::reopen(file.path, optional_key, level, check.good_bytes, check.blocks);
  open->recover(check.facts, check.text_bytes, check.has_end);
  open->close();
  const auto& facts = open->facts();
  append_line(hour.folder, manifest_name, manifest_line(facts));
  return file.path + ": was left open and is closed now: " + std::to_string(facts.records) +
         " records, " + std::to_string(facts.cut_bytes) + " bytes of an unfinished block cut off";
}

}  // namespace

std::string hour_folder(std::int64_t unix_ns) {
  const auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%d/%H", &parts);
  return {text, size};
}

bool parse_file_name(const std::string& name, archive_entry& out) {
  auto stem = std::string_view(name);
  const auto suffix = stem.ends_with(sealed_suffix) ? sealed_suffix : archive_suffix;
  if (!stem.ends_with(suffix)) return false;
  stem.remove_suffix(suffix.size());
  const auto dash = stem.rfind('-');
  if (dash == stem.npos || dash == 0) return false;
  const auto number = stem.substr(dash + 1);
  if (!all_digits(number)) return false;
  out.connection = stem.substr(0, dash);
  return std::from_chars(number.data(), number.data() + number.size(), out.number).ec ==
         std::errc();
}

std::vector<archive_hour> list_archive(const std::string& folder) {
  std::vector<archive_hour> result;
  try {
    auto path = fs::canonical(folder);
    collect(path, 3, result);
  } catch (const fs::filesystem_error& error) {
    throw archive_error(folder + ": cannot be read: " + error.code().message());
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return std::tie(a.venue, a.begin_ns, a.folder) < std::tie(b.venue, b.begin_ns, b.folder);
  });
  return result;
}

retention_result apply_retention(const std::string& root, const retention_options& options,
                                 std::int64_t now_ns) {
  retention_result result;
  auto hours = list_archive(root);
  std::stable_sort(hours.begin(), hours.end(),
                   [](const auto& a, const auto& b) { return a.begin_ns < b.begin_ns; });
  std::uint64_t total = 0;
  for (const auto& hour : hours) total += hour.bytes;
  for (const auto& hour : hours) {
    const bool old = options.age_ns != 0 && hour.begin_ns + hour_ns <= now_ns - options.age_ns;
    const bool large = options.bytes_max != 0 && total > options.bytes_max;
    if (!old && !large) continue;
    if (options.is_in_use && options.is_in_use(hour.folder)) continue;
    if (options.only_uploaded && !is_uploaded(hour)) {
      result.not_uploaded.push_back(hour.folder);
      continue;
    }
    try {
      remove_hour(hour);
    } catch (const fs::filesystem_error& error) {
      throw archive_error(hour.folder + ": cannot be removed: " + error.code().message());
    }
    total -= hour.bytes;
    result.bytes += hour.bytes;
    result.removed.push_back(hour.folder);
  }
  return result;
}

std::vector<std::string> recover_archive(const std::string& root,
                                         const std::optional<archive_key>& key, int level) {
  std::vector<std::string> result;
  for (const auto& hour : list_archive(root)) {
    for (const auto& file : hour.files) {
      if (file.facts) continue;
      try {
        result.push_back(recover_file(hour, file, key, level));
      } catch (const archive_error& error) {
        if (file.bytes < seal_header_bytes) {
          fs::remove(file.path);
          result.push_back(file.path + ": held no whole block and was removed");
        } else {
          result.push_back(std::string("is left as it is: ") + error.what());
        }
      }
    }
  }
  return result;
}

}  // namespace feedtree::storage
