// feedtree archive list | verify | decrypt
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "actors/command/commands.hpp"
#include "actors/command/complaint.hpp"
#include "actors/system.hpp"
#include "core/time_text.hpp"
#include "storage/archive_tree.hpp"
#include "storage/archive_upload.hpp"

namespace feedtree::actors {
namespace {

namespace fs = std::filesystem;
using storage::archive_entry;
using storage::archive_hour;

std::optional<storage::archive_key> key_from_environment() {
  const auto text = archive_key_text();
  if (text.empty()) return {};
  try {
    return storage::parse_archive_key(text);
  } catch (const storage::archive_error& error) {
    throw storage::archive_error(std::string(archive_key_variable) + ": " + error.what());
  }
}

// The hours below a folder, or the one hour with the one file.
std::vector<archive_hour> hours_of(const std::string& path) {
  if (fs::is_directory(path)) return storage::list_archive(path);
  const auto folder = fs::absolute(path).parent_path().string();
  archive_hour hour;
  hour.folder = folder;
  archive_entry entry;
  storage::parse_file_name(fs::path(path).filename().string(), entry);
  entry.path = path;
  std::error_code error;
  entry.bytes = fs::file_size(path, error);
  if (error) throw storage::archive_error(path + ": " + error.message());
  const auto manifest = storage::read_manifest(folder);
  const auto known = manifest.find(fs::path(path).filename().string());
  if (known != manifest.end()) entry.facts = known->second;
  hour.files.push_back(std::move(entry));
  return {hour};
}

std::string secret_of(const char* variable) {
  const auto* const text = std::getenv(variable);
  if (text != nullptr && *text != '\0') return text;
  throw storage::archive_error(std::string(variable) + " is not set");
}

std::string state_of(const archive_entry& file) {
  if (!file.facts) return "open";
  std::string state = file.facts->is_recovered ? "recovered" : "closed";
  return state + (file.facts->is_sealed ? ", sealed" : "");
}

void print_file(const archive_entry& file) {
  const auto facts = file.facts.value_or(storage::archive_file_facts{});
  std::printf("%s  %s", file.path.c_str(), state_of(file).c_str());
  if (file.facts) {
    std::printf("  %llu records  %llu of %llu bytes  %s to %s",
                static_cast<unsigned long long>(facts.records),
                static_cast<unsigned long long>(file.bytes),
                static_cast<unsigned long long>(facts.text_bytes),
                second_text(facts.first_ns).c_str(), second_text(facts.last_ns).c_str());
  }
  std::printf("\n");
}

// What is wrong with a file, one line each.
std::vector<std::string> problems_of(const archive_entry& file,
                                     const std::optional<storage::archive_key>& key,
                                     storage::archive_check& check) {
  std::vector<std::string> problems;
  if (file.facts && storage::sha256_of_file(file.path) != file.facts->sha256) {
    problems.emplace_back("its SHA-256 is not the manifest's");
  }
  try {
    check = storage::check_archive_file(file.path, key);
  } catch (const storage::archive_error& error) {
    // The path stands in front of each line already.
    const std::string text = error.what();
    const auto named = file.path + ": ";
    problems.push_back(text.starts_with(named) ? text.substr(named.size()) : text);
    return problems;
  }
  problems.insert(problems.end(), check.damages.begin(), check.damages.end());
  if (!file.facts) return problems;
  if (!check.has_end) problems.emplace_back("is cut: its end mark is not there");
  if (check.facts.records != file.facts->records) {
    problems.push_back("holds " + std::to_string(check.facts.records) +
                       " records that can be read; the manifest says " +
                       std::to_string(file.facts->records));
  }
  return problems;
}

void decrypt_file(const archive_entry& file, const std::string& folder,
                  const std::optional<storage::archive_key>& key) {
  storage::make_private_folders(folder);
  const auto path = folder + "/" + file.connection + "-" + std::to_string(file.number) +
                    std::string(storage::archive_suffix);
  const auto out = storage::archive_file::create(path, {}, 3);
  if (out == nullptr) throw storage::archive_error(path + ": is there already");
  const auto check = storage::check_archive_file(file.path, key);
  storage::archive_reader reader(file.path, key);
  std::string lines;
  while (reader.next_block(lines)) out->write(lines, {});
  out->recover(check.facts, check.text_bytes, false);
  out->close();
  storage::append_line(folder, storage::manifest_name, storage::manifest_line(out->facts()));
  for (const auto& line : check.damages) {
    complain(file.path + ": " + line);
  }
}

}  // namespace

std::string archive_key_text() {
  const auto* const text = std::getenv(archive_key_variable);
  return text == nullptr ? "" : text;
}

int archive_list_command(const std::string& path) {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  for (const auto& hour : hours_of(path)) {
    for (const auto& file : hour.files) {
      print_file(file);
      ++files;
      bytes += file.bytes;
    }
  }
  std::printf("%llu files, %llu bytes\n", static_cast<unsigned long long>(files),
              static_cast<unsigned long long>(bytes));
  return exit_ok;
}

int archive_verify_command(const std::string& path) {
  const auto key = key_from_environment();
  std::uint64_t files = 0;
  std::uint64_t records = 0;
  std::uint64_t lost = 0;
  std::uint64_t bad = 0;
  for (const auto& hour : hours_of(path)) {
    for (const auto& name : hour.missing) {
      std::printf("%s/%s: is named by the manifest and not there\n", hour.folder.c_str(),
                  name.c_str());
      ++bad;
    }
    for (const auto& file : hour.files) {
      storage::archive_check check;
      const auto problems = problems_of(file, key, check);
      for (const auto& line : problems) std::printf("%s: %s\n", file.path.c_str(), line.c_str());
      if (!file.facts) {
        std::printf("%s: is open: written now, or left by a crash\n", file.path.c_str());
      }
      ++files;
      bad += problems.empty() ? 0 : 1;
      records += check.facts.records;
      lost += check.lost_frames;
    }
  }
  std::printf("%llu files, %llu records, %llu frames found no room; %llu files bad or missing\n",
              static_cast<unsigned long long>(files), static_cast<unsigned long long>(records),
              static_cast<unsigned long long>(lost), static_cast<unsigned long long>(bad));
  return bad == 0 ? exit_ok : exit_failure;
}

int archive_decrypt_command(const std::string& path, const std::string& target) {
  const auto key = key_from_environment();
  for (const auto& hour : hours_of(path)) {
    const auto folder = hour.venue.empty()
                            ? target
                            : target + "/" + hour.venue + "/" + storage::hour_folder(hour.begin_ns);
    for (const auto& file : hour.files) decrypt_file(file, folder, key);
  }
  return exit_ok;
}

int archive_upload_command(const archive_upload_arguments& arguments) {
  storage::upload_options options;
  options.endpoint = arguments.endpoint;
  options.region = arguments.region;
  options.bucket = arguments.bucket;
  options.prefix = arguments.prefix;
  options.ca_file = arguments.ca_file;
  options.attempts = arguments.attempts;
  options.access_key = secret_of("AWS_ACCESS_KEY_ID");
  options.secret_key = secret_of("AWS_SECRET_ACCESS_KEY");
  options.wait = [](std::int64_t ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  };
  options.now_ns = wall_ns;
  storage::archive_uploader uploader(std::move(options));
  const auto arrived = uploader.upload_all(arguments.path, [](const archive_entry& file) {
    std::printf("%s: has arrived\n", file.path.c_str());
  });
  std::printf("%llu files have arrived\n", static_cast<unsigned long long>(arrived));
  return exit_ok;
}

}  // namespace feedtree::actors
