// Uploads closed files of an archive to S3-compatible storage, and keeps the proof of their
// arrival.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "storage/archive_tree.hpp"

namespace feedtree::storage {

struct upload_options {
  std::string endpoint;  // "https://s3.eu-central-1.amazonaws.com"; the bucket stands in the path
  std::string region = "us-east-1";
  std::string bucket;
  std::string prefix;  // in front of the object's name; may be empty
  std::string access_key;
  std::string secret_key;
  std::string ca_file;                        // PEM; empty: the system's authorities
  int attempts = 5;                           // for each request
  std::int64_t retry_ms = 500;                // before the second; doubles
  long timeout_s = 300;                       // for one request
  std::function<void(std::int64_t ms)> wait;  // between attempts
  std::function<std::int64_t()> now_ns;
};

// One client; not thread-safe. Requests are signed with AWS's Signature Version 4, with the body's
// SHA-256 in it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
class archive_uploader {
 public:
  explicit archive_uploader(upload_options options);
  ~archive_uploader();
  archive_uploader(const archive_uploader&) = delete;
  archive_uploader& operator=(const archive_uploader&) = delete;

  // Sends a file and asks for it again by HEAD: it has arrived when the object has its size, and
  // its SHA-256 in its metadata (which the server checked against the body by the signature).
  // Retries what may pass (no connection, 429, 5xx). Throws archive_error with the server's words.
  // An object that is there already with this hash is not sent again. True if it was sent.
  bool upload(const std::string& path, const archive_file_facts& facts, const std::string& key);

  // Every closed file below a folder that is in no uploads.jsonl, in order; `tell` hears of each.
  // Gives how many arrived. Throws as upload() does.
  std::uint64_t upload_all(const std::string& folder,
                           const std::function<void(const archive_entry&)>& tell);

 private:
  struct answer;
  answer send(const std::string& method, const std::string& key, const archive_file_facts& facts,
              const std::string& path);
  answer send_again(const std::string& method, const std::string& key,
                    const archive_file_facts& facts, const std::string& path);

  upload_options options_;
  void* handle_;
};

}  // namespace feedtree::storage
