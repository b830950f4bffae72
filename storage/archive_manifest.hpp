// The manifest of an hour: one line a closed file, in manifest.jsonl beside the files. And the list
// of those that were uploaded, in uploads.jsonl.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/archive_file.hpp"

namespace feedtree::storage {

inline constexpr std::string_view manifest_name = "manifest.jsonl";
inline constexpr std::string_view uploads_name = "uploads.jsonl";

std::string manifest_line(const archive_file_facts& facts);
// False if the line is none: a crash may have cut the last one.
bool parse_manifest_line(std::string_view line, archive_file_facts& out);

// Appends a line to a file of this folder, mode 0600, and waits until the disk has it. What a crash
// left of a line is ended first. Throws archive_error.
void append_line(const std::string& folder, std::string_view name, std::string_view line);

// The entries of a folder, by file name; empty where there is no manifest. The last line of a name
// counts.
std::map<std::string, archive_file_facts> read_manifest(const std::string& folder);

struct upload_facts {
  std::string name;
  std::string sha256;
  std::string key;  // the object's, in its bucket
  std::int64_t at_ns = 0;
};
std::string upload_line(const upload_facts& facts);
std::map<std::string, upload_facts> read_uploads(const std::string& folder);

// SHA-256 of a file, in hexadecimal. Throws archive_error.
std::string sha256_of_file(const std::string& path);

}  // namespace feedtree::storage
