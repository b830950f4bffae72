#include "storage/archive_manifest.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <functional>
#include <memory>

#include "core/json_builder.hpp"
#include "storage/archive_lines.hpp"

namespace feedtree::storage {
namespace {

using fields = std::map<std::string, std::string, std::less<>>;

// A flat object of texts, numbers and truths; empty if the line is none.
fields fields_of(std::string_view line) {
  fields result;
  try {
    simdjson::dom::parser parser;
    const simdjson::padded_string text(line);
    for (const auto [key, value] : simdjson::dom::object(parser.parse(text))) {
      result[std::string(key)] = value.is_string()
                                     ? std::string(std::string_view(value.get_string()))
                                     : simdjson::to_string(value);
    }
  } catch (const simdjson::simdjson_error&) {
    return {};
  }
  return result;
}

template <class Number>
bool take(const fields& from, std::string_view name, Number& out) {
  const auto found = from.find(name);
  if (found == from.end()) return false;
  const auto& text = found->second;
  const auto end = text.data() + text.size();
  return std::from_chars(text.data(), end, out).ptr == end;
}

bool is_true(const fields& from, std::string_view name) {
  const auto found = from.find(name);
  return found != from.end() && found->second == "true";
}

void for_each_line(const std::string& path, const std::function<void(std::string_view)>& read) {
  std::ifstream file(path, std::ios::binary);
  for (std::string line; std::getline(file, line);) read(line);
}

class open_file {
 public:
  open_file(const std::string& path, int flags) : number(::open(path.c_str(), flags, 0600)) {
    if (number < 0) throw_system_error(path, "cannot be opened");
  }
  ~open_file() { ::close(number); }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  const int number;
};

bool ends_within_a_line(int file) {
  struct stat what {};
  char last = '\n';
  if (::fstat(file, &what) != 0 || what.st_size == 0) return false;
  return ::pread(file, &last, 1, what.st_size - 1) == 1 && last != '\n';
}

}  // namespace

std::string manifest_line(const archive_file_facts& facts) {
  std::string line;
  json_builder json(line);
  json.object([&] {
    json.add("file", facts.name).add("sha256", facts.sha256).add("bytes", facts.bytes);
    json.add("text_bytes", facts.text_bytes).add("blocks", facts.blocks);
    json.add("records", facts.records).add("frames", facts.frames);
    json.add("first_ns", std::to_string(facts.first_ns));
    json.add("last_ns", std::to_string(facts.last_ns)).add("sealed", facts.is_sealed);
    if (facts.is_recovered) json.add("recovered", true).add("cut_bytes", facts.cut_bytes);
  });
  return line += '\n';
}

bool parse_manifest_line(std::string_view line, archive_file_facts& out) {
  const auto from = fields_of(line);
  const auto name = from.find("file");
  const auto digest = from.find("sha256");
  if (name == from.end() || digest == from.end()) return false;
  out = {};
  out.name = name->second;
  out.sha256 = digest->second;
  const bool good = take(from, "bytes", out.bytes) && take(from, "text_bytes", out.text_bytes) &&
                    take(from, "blocks", out.blocks) && take(from, "records", out.records) &&
                    take(from, "frames", out.frames) && take(from, "first_ns", out.first_ns) &&
                    take(from, "last_ns", out.last_ns);
  out.is_sealed = is_true(from, "sealed");
  out.is_recovered = is_true(from, "recovered");
  take(from, "cut_bytes", out.cut_bytes);
  return good;
}

void append_line(const std::string& folder, std::string_view name, std::string_view line) {
  const auto path = folder + "/" + std::string(name);
  const open_file file(path, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC);
  const auto text = (ends_within_a_line(file.number) ? "\n" : "") + std::string(line);
  const auto wrote = ::write(file.number, text.data(), text.size());
  if (wrote != static_cast<ssize_t>(text.size()) || ::fsync(file.number) != 0) {
    throw_system_error(path, "cannot be written");
  }
  sync_folder(folder);
}

std::map<std::string, archive_file_facts> read_manifest(const std::string& folder) {
  std::map<std::string, archive_file_facts> result;
  for_each_line(folder + "/" + std::string(manifest_name), [&](std::string_view line) {
    archive_file_facts facts;
    if (parse_manifest_line(line, facts)) result[facts.name] = facts;
  });
  return result;
}

std::string upload_line(const upload_facts& facts) {
  std::string line;
  json_builder json(line);
  json.object([&] {
    json.add("file", facts.name).add("sha256", facts.sha256).add("key", facts.key);
    json.add("at_ns", std::to_string(facts.at_ns));
  });
  return line += '\n';
}

std::map<std::string, upload_facts> read_uploads(const std::string& folder) {
  std::map<std::string, upload_facts> result;
  for_each_line(folder + "/" + std::string(uploads_name), [&](std::string_view line) {
    auto from = fields_of(line);
    upload_facts facts{from["file"], from["sha256"], from["key"], 0};
    take(from, "at_ns", facts.at_ns);
    if (!facts.name.empty()) result[facts.name] = facts;
  });
  return result;
}

std::string sha256_of_file(const std::string& path) {
  const open_file file(path, O_RDONLY | O_CLOEXEC);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(),
                                                                       &EVP_MD_CTX_free);
  EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
  std::string piece(std::size_t{1} << 20, '\0');
  for (;;) {
    const auto got = ::read(file.number, piece.data(), piece.size());
    if (got < 0) throw_system_error(path, "cannot be read");
    if (got == 0) break;
    EVP_DigestUpdate(digest.get(), piece.data(), static_cast<std::size_t>(got));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned count = 0;
  EVP_DigestFinal_ex(digest.get(), bytes.data(), &count);
  std::string result;
  for (unsigned at = 0; at < count; ++at) {
    constexpr std::string_view hex = "0123456789abcdef";
    (result += hex[bytes[at] >> 4]) += hex[bytes[at] & 15];
  }
  return result;
}

}  // namespace feedtree::storage
