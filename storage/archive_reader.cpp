#include "storage/archive_reader.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <utility>

namespace feedtree::storage {
namespace {

constexpr std::string_view zstd_magic("\x28\xb5\x2f\xfd", 4);
constexpr std::string_view end_magic("\x5f\x2a\x4d\x18", 4);
constexpr std::size_t block_text_max = std::size_t{256} << 20;

std::uint32_t size_at(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t at = 0; at < 4; ++at) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])) << (8 * at);
  }
  return value;
}

// The text of the frame at the beginning of these bytes, all of whose size and checksum is right.
std::optional<std::string> decompressed(std::string_view frame) {
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) return {};
  if (size > block_text_max) return {};
  std::string text(static_cast<std::size_t>(size), '\0');
  const auto got = ZSTD_decompress(text.data(), text.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0U || got != text.size()) return {};
  return text;
}

}  // namespace

class archive_reader::mapping {
 public:
  explicit mapping(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) throw_system_error(path, "cannot be opened");
    struct stat what {};
    const bool known = ::fstat(file, &what) == 0 && S_ISREG(what.st_mode);
    size_ = known ? static_cast<std::size_t>(what.st_size) : 0;
    if (size_ > 0) address_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    ::close(file);
    if (address_ == MAP_FAILED) throw_system_error(path, "cannot be read");
  }
  ~mapping() {
    if (address_ != nullptr) ::munmap(address_, size_);
  }
  mapping(const mapping&) = delete;
  mapping& operator=(const mapping&) = delete;
  std::string_view bytes() const { return {static_cast<const char*>(address_), size_}; }

 private:
  void* address_ = nullptr;
  std::size_t size_ = 0;
};

archive_reader::archive_reader(const std::string& path, const std::optional<archive_key>& key)
    : path_(path), mapping_(std::make_unique<mapping>(path)), bytes_(mapping_->bytes()) {
  if (bytes_.starts_with(seal_magic)) {
    if (!key) {
      throw archive_error(path + ": is sealed, and there is no key for it (FEEDTREE_ARCHIVE_KEY)");
    }
    try {
      seal_.emplace(*key, bytes_);
    } catch (const archive_error& error) {
      throw archive_error(path + ": " + error.what());
    }
    at_ = seal_header_bytes;
    good_bytes_ = at_;
  }
  // The header stands in the first block; without it the rest is read all the same.
  if (!read_block(lines_)) return;
  archive_record header;
  const auto end = std::min(lines_.find('\n'), lines_.size());
  if (!line_reader_.read(std::string_view(lines_).substr(0, end), header)) return;
  if (header.type != archive_type::header) return;
  venue_ = header.venue;
  connection_ = header.connection;
}

archive_reader::~archive_reader() = default;

std::int64_t archive_reader::first_ns() const {
  archive_line_reader reader;
  archive_record record;
  const auto text = std::string_view(lines_);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const bool good = reader.read(text.substr(at, end - at), record);
    if (good && record.receive_ns != 0) return record.receive_ns;
    at = end + 1;
  }
  return 0;
}

// The text of the block there; nothing if there is no whole one.
std::optional<std::string> archive_reader::block_at(std::size_t at, std::size_t& bytes,
                                                    bool& is_end, std::uint64_t& index) const {
  const auto rest = bytes_.substr(at);
  is_end = false;
  if (seal_) {
    const auto block = seal_->open(rest);
    if (!block) return {};
    bytes = block->bytes;
    index = block->index;
    is_end = block->type == seal_type::end;
    return is_end ? block->text : decompressed(block->text);
  }
  if (rest.starts_with(end_magic)) {
    if (rest.size() < 8 || rest.size() - 8 < size_at(rest.substr(4))) return {};
    bytes = 8 + size_at(rest.substr(4));
    is_end = true;
    return std::string(rest.substr(8, bytes - 8));
  }
  if (!rest.starts_with(zstd_magic)) return {};
  bytes = ZSTD_findFrameCompressedSize(rest.data(), rest.size());
  if (ZSTD_isError(bytes) != 0U) return {};
  index = next_index_;
  return decompressed(rest.substr(0, bytes));
}

// Goes to the next place where a whole block begins.
void archive_reader::skip_damage() {
  const auto from = at_;
  const auto magic = seal_ ? seal_block_magic : zstd_magic;
  std::size_t bytes = 0;
  bool is_end = false;
  std::uint64_t index = 0;
  for (++at_; at_ < bytes_.size(); ++at_) {
    const auto next =
        std::min(bytes_.find(magic, at_), seal_ ? bytes_.npos : bytes_.find(end_magic, at_));
    if (next == bytes_.npos) {
      at_ = bytes_.size();
      break;
    }
    at_ = next;
    if (block_at(at_, bytes, is_end, index)) break;
  }
  at_ = std::min(at_, bytes_.size());
  damages_.push_back("block " + std::to_string(next_index_) + " at byte " + std::to_string(from) +
                     " is cut or altered: " + std::to_string(at_ - from) + " bytes left out");
}

void archive_reader::note_index(std::uint64_t index) {
  // A damaged stretch was told of already; its blocks are not counted twice.
  if (index != next_index_ && (damages_.empty() || index < next_index_)) {
    damages_.push_back("block " + std::to_string(index) + " stands where " +
                       std::to_string(next_index_) + " should: blocks were taken out or put in");
  }
  next_index_ = index + 1;
}

void archive_reader::check_end(std::string_view text) {
  has_end_ = true;
  if (!damages_.empty()) return;
  if (text == archive_end_text(blocks_, facts_.records)) return;
  // Of a file that a crash left open and that was closed afterwards, records are known as well.
  if (text.starts_with(R"({"t":"end","blocks":")" + std::to_string(blocks_) + '"')) return;
  damages_.push_back("its end mark speaks of other blocks than there are (" +
                     std::to_string(blocks_) + "): some were taken out or put in");
}

bool archive_reader::read_block(std::string& lines) {
  while (at_ < bytes_.size()) {
    std::size_t bytes = 0;
    bool is_end = false;
    std::uint64_t index = 0;
    auto text = block_at(at_, bytes, is_end, index);
    if (!text) {
      skip_damage();
      continue;
    }
    at_ += bytes;
    if (is_end) {
      check_end(*text);
      if (damages_.empty()) good_bytes_ = at_;
      if (at_ < bytes_.size()) {
        damages_.push_back(std::to_string(bytes_.size() - at_) +
                           " bytes stand behind its end mark");
        at_ = bytes_.size();
      }
      return false;
    }
    note_index(index);
    ++blocks_;
    if (damages_.empty()) {
      good_bytes_ = at_;
      good_blocks_ = blocks_;
    }
    text_bytes_ += text->size();
    lines = std::move(*text);
    line_at_ = 0;
    return true;
  }
  return false;
}

bool archive_reader::next(archive_record& out) {
  for (;;) {
    while (line_at_ < lines_.size()) {
      const auto end = std::min(lines_.find('\n', line_at_), lines_.size());
      const auto line = std::string_view(lines_).substr(line_at_, end - line_at_);
      line_at_ = end + 1;
      if (!line_reader_.read(line, out)) {
        ++unread_lines_;
        continue;
      }
      if (out.type == archive_type::header) continue;
      facts_.add(out.type == archive_type::frame, out.receive_ns);
      return true;
    }
    lines_.clear();
    if (!read_block(lines_)) return false;
  }
}

bool archive_reader::next_block(std::string& lines) {
  // The first was read when the file was opened.
  if (!lines_.empty()) {
    lines = std::exchange(lines_, {});
    return true;
  }
  return read_block(lines);
}

bool is_archive_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  std::string start(seal_magic.size(), '\0');
  const auto got = ::read(file, start.data(), start.size());
  ::close(file);
  if (got < 4) return false;
  if (start == seal_magic) return true;
  if (!start.starts_with(zstd_magic)) return false;
  const archive_reader reader(path, {});
  return !reader.connection().empty();
}

archive_check check_archive_file(const std::string& path, const std::optional<archive_key>& key) {
  archive_reader reader(path, key);
  archive_check result;
  archive_record record;
  while (reader.next(record)) {
    if (record.type == archive_type::lost) result.lost_frames += record.count;
  }
  result.venue = reader.venue();
  result.facts = reader.facts();
  result.blocks = reader.blocks();
  result.text_bytes = reader.text_bytes();
  result.good_bytes = reader.good_bytes();
  result.good_blocks = reader.good_blocks();
  result.is_sealed = reader.is_sealed();
  result.has_end = reader.has_end();
  result.damages = reader.damages();
  if (reader.unread_lines() != 0) {
    result.damages.push_back(std::to_string(reader.unread_lines()) + " lines cannot be read");
  }
  return result;
}

}  // namespace feedtree::storage
