// One file of an archive while it is written: blocks, each compressed by itself and, with a key,
// sealed; an end mark when it is closed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/archive_seal.hpp"

struct ZSTD_CCtx_s;
struct evp_md_ctx_st;

namespace feedtree::storage {

inline constexpr std::string_view archive_suffix = ".jsonl.zst";
inline constexpr std::string_view sealed_suffix = ".jsonl.zst.sealed";

// What the manifest says of a closed file.
struct archive_file_facts {
  std::string name;  // "connection-1-1.jsonl.zst", in the folder of its hour
  std::string sha256;
  std::uint64_t bytes = 0;
  std::uint64_t text_bytes = 0;  // of its lines
  std::uint64_t blocks = 0;
  std::uint64_t records = 0;  // lines but the header
  std::uint64_t frames = 0;   // of these
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
  bool is_sealed = false;
  bool is_recovered = false;    // it was open when the server ended
  std::uint64_t cut_bytes = 0;  // then: an unfinished block at its end, taken away
  friend bool operator==(const archive_file_facts&, const archive_file_facts&) = default;
};

// What a block holds, for the manifest.
struct archive_block_facts {
  std::uint64_t records = 0;
  std::uint64_t frames = 0;
  std::int64_t first_ns = 0;  // 0: none
  std::int64_t last_ns = 0;
  void add(bool is_frame, std::int64_t receive_ns);
  void add(const archive_block_facts& other);
};

// The mark at the end of a closed plain file: a skippable frame of zstd (RFC 8878, 3.1.2).
std::string archive_end_mark(std::uint64_t blocks, std::uint64_t records);
// The text in it, and in the last block of a sealed one.
std::string archive_end_text(std::uint64_t blocks, std::uint64_t records);

// Appends to one file, mode 0600. Throws archive_error where the disk takes nothing: the file then
// ends behind its last whole block, and the same call may be made again.
class archive_file {
 public:
  // Creates it. Gives null if a file of this name exists.
  static std::unique_ptr<archive_file> create(const std::string& path,
                                              const std::optional<archive_key>& key, int level);
  // Goes on with a file that a crash left open: behind these bytes, which are whole blocks.
  static std::unique_ptr<archive_file> reopen(const std::string& path,
                                              const std::optional<archive_key>& key, int level,
                                              std::uint64_t good_bytes, std::uint64_t blocks);
  ~archive_file();
  archive_file(const archive_file&) = delete;
  archive_file& operator=(const archive_file&) = delete;

  // Writes whole lines as one block.
  void write(std::string_view lines, const archive_block_facts& facts);
  // Writes the end mark and waits until the disk has the file.
  void close();

  const std::string& path() const { return path_; }
  // Complete after close().
  const archive_file_facts& facts() const { return facts_; }
  // Of a file that was reopened: what its blocks hold, and whether it has its end mark.
  void recover(const archive_block_facts& facts, std::uint64_t text_bytes, bool has_end);

 private:
  archive_file(std::string path, int descriptor, int level);
  void append(std::string_view bytes);
  void hash(std::string_view bytes);
  std::string compressed(std::string_view lines);

  std::string path_;
  int descriptor_;
  int level_;
  std::unique_ptr<ZSTD_CCtx_s, void (*)(ZSTD_CCtx_s*)> compressor_;
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> digest_;
  std::optional<archive_seal> seal_;
  archive_file_facts facts_;
  archive_block_facts block_facts_;
  bool has_end_ = false;
};

// Small helpers of this folder: all throw archive_error with the path.
// Makes a folder and those above it, mode 0700 each that is new.
void make_private_folders(const std::string& path);
// Waits until the disk has the entries of a folder.
void sync_folder(const std::string& path);
[[noreturn]] void throw_system_error(const std::string& path, std::string_view what);

}  // namespace feedtree::storage
