// Archives of a few records, for tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "storage/archive_reader.hpp"
#include "storage/archive_tree.hpp"
#include "storage/archive_writer.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {

inline constexpr std::int64_t noon_ns = 1'789'214'400'000'000'000;  // 2026-09-12 12:00:00 UTC
inline constexpr std::int64_t second_ns = 1'000'000'000;

inline storage::archive_key key_of(unsigned char first) {
  storage::archive_key key{};
  key[0] = first;
  return key;
}

inline std::string frame_text(std::uint64_t number) {
  return R"({"channel":"trade","number":)" + std::to_string(number) + R"(,"text":"a\"b\\"})";
}

inline void add_frame(storage::archive_writer& writer, std::uint64_t number, std::int64_t at_ns,
                      const std::string& connection = "connection-1") {
  const auto text = frame_text(number);
  storage::archive_line line;
  line.connection = connection;
  line.text = text;
  line.receive_ns = at_ns;
  writer.add("kraken", line);
}

inline std::vector<std::string> texts_of(storage::archive_reader& reader) {
  std::vector<std::string> result;
  storage::archive_record record;
  while (reader.next(record)) result.push_back(record.text);
  return result;
}

inline std::vector<storage::archive_entry> files_of(const std::string& root) {
  std::vector<storage::archive_entry> result;
  for (const auto& hour : storage::list_archive(root)) {
    result.insert(result.end(), hour.files.begin(), hour.files.end());
  }
  return result;
}

// One file with four blocks of three frames each; closed or left as by a crash.
inline std::string small_file(const std::string& root,
                              const std::optional<storage::archive_key>& key, bool close = true) {
  storage::archive_options options;
  options.root = root;
  options.key = key;
  storage::archive_writer writer(options);
  for (std::uint64_t number = 0; number < 12; ++number) {
    const auto at_ns = noon_ns + static_cast<std::int64_t>(number) * second_ns;
    add_frame(writer, number, at_ns);
    if (number % 3 == 2) writer.tick(at_ns + 2 * second_ns);
  }
  if (close) writer.close();
  return files_of(root).at(0).path;
}

inline bool is_prefix(const std::vector<std::string>& texts) {
  for (std::size_t at = 0; at < texts.size(); ++at) {
    if (texts[at] != frame_text(at)) return false;
  }
  return true;
}

}  // namespace feedtree::tests
