#include "tests/support/captures.hpp"

#include <cstdlib>
#include <filesystem>

#include "storage/capture_reader.hpp"
#include "tests/support/paths.hpp"

namespace feedtree::tests {
namespace {

std::filesystem::path captures_folder() {
  if (const char* const folder = std::getenv("FEEDTREE_CAPTURES")) return folder;
  return std::filesystem::path(paths::source_folder()) / ".." / "shared" / "data";
}

capture_record::what type_of(record_type type) {
  if (type == record_type::rest) return capture_record::what::http;
  return type == record_type::connect ? capture_record::what::connect : capture_record::what::frame;
}

}  // namespace

std::optional<std::string> find_capture(const std::string& name) {
  const auto path = captures_folder() / name;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  return path.string();
}

bool captures_must_be_there() {
  const char* const value = std::getenv("CI");
  return value != nullptr && std::string(value) == "true";
}

std::vector<capture_record> capture_records(const std::string& path) {
  auto source = read_capture(path);
  std::vector<capture_record> result;
  result.reserve(source.records.size());
  for (auto& record : source.records) {
    result.push_back({type_of(record.type), std::move(record.connection), std::move(record.url),
                      std::move(record.text), record.receive_ns});
  }
  return result;
}

}  // namespace feedtree::tests
