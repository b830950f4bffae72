// The folders of an archive: <root>/<venue>/<YYYY-MM-DD>/<HH>/<connection>-<n>.jsonl.zst.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/archive_manifest.hpp"
#include "storage/archive_reader.hpp"

namespace feedtree::storage {

inline constexpr std::int64_t hour_ns = 3'600'000'000'000;

// "2026-09-12/07" of a time, in UTC.
std::string hour_folder(std::int64_t unix_ns);

struct archive_entry {
  std::string path;
  std::string connection;    // by its name
  std::uint64_t number = 0;  // likewise
  std::uint64_t bytes = 0;
  std::optional<archive_file_facts> facts;  // of the manifest; none: still open, or left by a crash
};
// The file's connection and number by its name; false if it is none of an archive.
bool parse_file_name(const std::string& name, archive_entry& out);

struct archive_hour {
  std::string folder;
  std::string venue;
  std::int64_t begin_ns = 0;
  std::vector<archive_entry> files;  // by connection, then number
  std::vector<std::string> missing;  // named by the manifest, and not there
  std::uint64_t bytes = 0;           // of all that is in the folder
};
// Every hour below a folder (an archive, a venue, a day or an hour), by venue, then time. Throws
// archive_error if it cannot be read.
std::vector<archive_hour> list_archive(const std::string& folder);

struct retention_options {
  std::int64_t age_ns = 0;      // 0: for ever
  std::uint64_t bytes_max = 0;  // of the whole archive; 0: no bound
  bool only_uploaded = false;   // what was not uploaded stays
  std::function<bool(const std::string& folder)> is_in_use;
};
struct retention_result {
  std::vector<std::string> removed;       // folders of hours
  std::uint64_t bytes = 0;                // that they had
  std::vector<std::string> not_uploaded;  // that should go and stay
};
// Removes whole hours, the oldest first: those that ended before the age, and then as many as the
// size asks for. Throws archive_error.
retention_result apply_retention(const std::string& root, const retention_options& options,
                                 std::int64_t now_ns);

// Closes what a crash left open below the root: cuts an unfinished block off, writes the end mark
// and the manifest's line. A file in which no block is whole is removed. Gives one line for people
// for each. Sealed files without their key are left, and told of.
std::vector<std::string> recover_archive(const std::string& root,
                                         const std::optional<archive_key>& key, int level);

}  // namespace feedtree::storage
