// Reads one file of an archive, block by block; what is cut or altered is told and left out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/archive_file.hpp"
#include "storage/archive_lines.hpp"
#include "storage/archive_seal.hpp"

namespace feedtree::storage {

// True if a file of this path is one of an archive, by its content: sealed, or with an archive's
// header in its first block.
bool is_archive_file(const std::string& path);

class archive_reader {
 public:
  // Throws archive_error: the file cannot be opened, is empty, is none of an archive, is sealed and
  // there is no key, or another one.
  archive_reader(const std::string& path, const std::optional<archive_key>& key);
  ~archive_reader();
  archive_reader(const archive_reader&) = delete;
  archive_reader& operator=(const archive_reader&) = delete;

  // The next record; false at the end. Memory is that of a block.
  bool next(archive_record& out);
  // The next block as its lines; false at the end. Not to be mixed with next().
  bool next_block(std::string& lines);

  const std::string& path() const { return path_; }
  const std::string& venue() const { return venue_; }
  const std::string& connection() const { return connection_; }
  std::int64_t first_ns() const;  // of the first record; 0: there is none
  bool is_sealed() const { return seal_.has_value(); }
  bool has_end() const { return has_end_; }  // known when everything was read
  std::uint64_t blocks() const { return blocks_; }
  std::uint64_t good_bytes() const { return good_bytes_; }    // up to the first damage
  std::uint64_t good_blocks() const { return good_blocks_; }  // likewise
  const archive_block_facts& facts() const { return facts_; }
  std::uint64_t text_bytes() const { return text_bytes_; }
  std::uint64_t unread_lines() const { return unread_lines_; }
  std::uint64_t size() const { return bytes_.size(); }
  std::uint64_t position() const { return at_; }
  // What is wrong, one line each: "block 3 at byte 9120 is cut or altered: 812 bytes left out".
  // Without an end mark the file is still written, or a crash cut it: that is no damage.
  const std::vector<std::string>& damages() const { return damages_; }

 private:
  class mapping;
  bool read_block(std::string& lines);
  std::optional<std::string> block_at(std::size_t at, std::size_t& bytes, bool& is_end,
                                      std::uint64_t& index) const;
  void skip_damage();
  void note_index(std::uint64_t index);
  void check_end(std::string_view text);

  std::string path_;
  std::unique_ptr<mapping> mapping_;
  std::string_view bytes_;
  std::optional<archive_seal> seal_;
  std::size_t at_ = 0;
  std::string venue_;
  std::string connection_;
  std::string lines_;
  std::size_t line_at_ = 0;
  archive_line_reader line_reader_;
  std::uint64_t blocks_ = 0;
  std::uint64_t next_index_ = 0;
  std::uint64_t good_bytes_ = 0;
  std::uint64_t good_blocks_ = 0;
  std::uint64_t text_bytes_ = 0;
  std::uint64_t unread_lines_ = 0;
  archive_block_facts facts_;
  std::vector<std::string> damages_;
  bool has_end_ = false;
};

// Reads a file to its end.
struct archive_check {
  std::string venue;
  archive_block_facts facts;
  std::uint64_t blocks = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t good_bytes = 0;
  std::uint64_t good_blocks = 0;
  std::uint64_t lost_frames = 0;  // by its own records
  bool is_sealed = false;
  bool has_end = false;
  std::vector<std::string> damages;
};
archive_check check_archive_file(const std::string& path, const std::optional<archive_key>& key);

}  // namespace feedtree::storage
