// The records of an archive in the order in which they came: every connection's own order is kept,
// and connections are put together by receive time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/archive_reader.hpp"
#include "storage/archive_tree.hpp"

namespace feedtree::storage {

// The files of one venue. Memory is one block for each of its connections.
class archive_merge {
 public:
  archive_merge(std::string venue, std::optional<archive_key> key)
      : venue_(std::move(venue)), key_(std::move(key)) {}

  const std::string& venue() const { return venue_; }
  // Files of one connection are added in their order.
  void add(const archive_entry& file);
  std::uint64_t bytes() const { return bytes_; }  // of all files

  // Leaves out the files that nothing from this time on needs: a connection begins with the file in
  // which it was last opened before. Before the first record. Throws archive_error.
  void begin_for(std::int64_t from_ns);
  // Begins again with the first record.
  void rewind();

  // The next record; false at the end. Throws archive_error where a file cannot be opened.
  bool next(archive_record& out);
  // What was cut, altered or lost in the files read so far, one line each.
  const std::vector<std::string>& damages() const { return damages_; }

 private:
  struct stream {
    std::vector<std::string> paths;
    std::size_t first_path = 0;
    std::size_t next_path = 0;
    std::unique_ptr<archive_reader> reader;
    archive_record record;
    std::int64_t key_ns = 0;  // no less than those before it
  };
  bool advance(stream& from);
  void note(const archive_reader& from);
  std::size_t first_needed(const stream& of, std::int64_t from_ns) const;
  bool starts_ = true;

  std::string venue_;
  std::optional<archive_key> key_;
  std::map<std::string, stream> streams_;
  std::vector<stream*> open_;  // that have a record, by their names
  std::uint64_t bytes_ = 0;
  std::vector<std::string> damages_;
};

// One merge for each venue that has something below these folders and files.
std::vector<std::unique_ptr<archive_merge>> open_archives(const std::vector<std::string>& paths,
                                                          const std::optional<archive_key>& key);

}  // namespace feedtree::storage
