#include "storage/archive_upload.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "storage/archive_lines.hpp"

namespace feedtree::storage {
namespace {

constexpr std::string_view empty_sha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* hash_name = "x-amz-meta-sha256";
constexpr std::size_t body_max = 4'096;  // of an error that is shown

struct list_free {
  void operator()(curl_slist* what) const { curl_slist_free_all(what); }
};
struct file_close {
  void operator()(std::FILE* what) const { std::fclose(what); }
};

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() < body_max) body.append(bytes, size * count);
  return size * count;
}

std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* to) {
  const std::string_view line(bytes, size * count);
  const auto colon = line.find(':');
  if (colon == line.npos) return line.size();
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto from = line.find_first_not_of(" \t", colon + 1);
  const auto to_end = line.find_last_not_of(" \t\r\n");
  const auto value = from == line.npos || to_end < from ? std::string_view{}
                                                        : line.substr(from, to_end - from + 1);
  (*static_cast<std::map<std::string, std::string>*>(to))[name] = value;
  return line.size();
}

std::size_t read_file(char* to, std::size_t size, std::size_t count, void* file) {
  return std::fread(to, size, count, static_cast<std::FILE*>(file)) * size;
}

bool may_pass(long status) {
  return status == 0 || status == 408 || status == 429 || status >= 500;
}

}  // namespace

struct archive_uploader::answer {
  long status = 0;  // 0: there was none
  std::string error;
  std::string body;
  std::map<std::string, std::string> headers;

  bool has(const archive_file_facts& facts) const {
    const auto size = headers.find("content-length");
    const auto hash = headers.find(hash_name);
    return status == 200 && size != headers.end() && hash != headers.end() &&
           size->second == std::to_string(facts.bytes) && hash->second == facts.sha256;
  }
  std::string text() const {
    if (status == 0) return error;
    return "HTTP " + std::to_string(status) + (body.empty() ? "" : ": " + body.substr(0, 300));
  }
};

archive_uploader::archive_uploader(upload_options options)
    : options_(std::move(options)), handle_(curl_easy_init()) {
  if (handle_ == nullptr) throw archive_error("libcurl cannot begin");
}

archive_uploader::~archive_uploader() {
  curl_easy_cleanup(handle_);
}

archive_uploader::answer archive_uploader::send(const std::string& method, const std::string& key,
                                                const archive_file_facts& facts,
                                                const std::string& path) {
  answer result;
  curl_easy_reset(handle_);
  const auto set = [this](CURLoption option, auto value) {
    curl_easy_setopt(handle_, option, value);
  };
  const auto url = options_.endpoint + "/" + options_.bucket + "/" + key;
  const auto signing = "aws:amz:" + options_.region + ":s3";
  const auto credentials = options_.access_key + ":" + options_.secret_key;
  const bool sends = method == "PUT";
  std::unique_ptr<curl_slist, list_free> headers;
  const auto add = [&headers](const std::string& line) {
    headers.reset(curl_slist_append(headers.release(), line.c_str()));
  };
  add("x-amz-content-sha256: " + (sends ? facts.sha256 : std::string(empty_sha256)));
  std::unique_ptr<std::FILE, file_close> file;
  if (sends) {
    add(std::string(hash_name) + ": " + facts.sha256);
    file.reset(std::fopen(path.c_str(), "rbe"));
    if (file == nullptr) throw_system_error(path, "cannot be opened");
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &read_file);
    set(CURLOPT_READDATA, file.get());
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(facts.bytes));
  } else {
    set(CURLOPT_NOBODY, 1L);
  }
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_AWS_SIGV4, signing.c_str());
  set(CURLOPT_USERPWD, credentials.c_str());
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, &result.body);
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, &result.headers);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TIMEOUT, options_.timeout_s);
  set(CURLOPT_CONNECTTIMEOUT, 10L);
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  const auto code = curl_easy_perform(handle_);
  if (code != CURLE_OK) {
    result.error = curl_easy_strerror(code);
    return result;
  }
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &result.status);
  return result;
}

archive_uploader::answer archive_uploader::send_again(const std::string& method,
                                                      const std::string& key,
                                                      const archive_file_facts& facts,
                                                      const std::string& path) {
  auto delay_ms = options_.retry_ms;
  for (int attempt = 1;; ++attempt, delay_ms *= 2) {
    auto result = send(method, key, facts, path);
    if (!may_pass(result.status) || attempt >= options_.attempts) return result;
    if (options_.wait) options_.wait(delay_ms);
  }
}

bool archive_uploader::upload(const std::string& path, const archive_file_facts& facts,
                              const std::string& key) {
  const auto before = send_again("HEAD", key, facts, path);
  if (before.has(facts)) return false;
  if (before.status != 200 && before.status != 404) {
    throw archive_error(path + ": cannot be uploaded: " + before.text());
  }
  const auto sent = send_again("PUT", key, facts, path);
  if (sent.status != 200) throw archive_error(path + ": cannot be uploaded: " + sent.text());
  const auto after = send_again("HEAD", key, facts, path);
  if (!after.has(facts)) {
    throw archive_error(path + ": was sent, and is not there as it was sent: " + after.text());
  }
  return true;
}

std::uint64_t archive_uploader::upload_all(const std::string& folder,
                                           const std::function<void(const archive_entry&)>& tell) {
  std::uint64_t arrived = 0;
  for (const auto& hour : list_archive(folder)) {
    const auto known = read_uploads(hour.folder);
    for (const auto& file : hour.files) {
      if (!file.facts) continue;
      const auto found = known.find(file.facts->name);
      if (found != known.end() && found->second.sha256 == file.facts->sha256) continue;
      const auto key =
          options_.prefix + hour.venue + "/" + hour_folder(hour.begin_ns) + "/" + file.facts->name;
      upload(file.path, *file.facts, key);
      append_line(hour.folder, uploads_name,
                  upload_line({file.facts->name, file.facts->sha256, key, options_.now_ns()}));
      ++arrived;
      if (tell) tell(file);
    }
  }
  return arrived;
}

}  // namespace feedtree::storage
