#include "storage/archive_file.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "storage/archive_lines.hpp"

namespace feedtree::storage {
namespace {

constexpr std::uint32_t end_magic = 0x184D2A5F;

void free_compressor(ZSTD_CCtx* what) {
  ZSTD_freeCCtx(what);
}

std::string little_endian(std::uint32_t value) {
  std::string result;
  for (int at = 0; at < 4; ++at) result += static_cast<char>((value >> (8 * at)) & 0xff);
  return result;
}

std::string hex_of(const unsigned char* bytes, unsigned count) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string result;
  for (unsigned at = 0; at < count; ++at) {
    (result += hex[bytes[at] >> 4]) += hex[bytes[at] & 15];
  }
  return result;
}

}  // namespace

void throw_system_error(const std::string& path, std::string_view what) {
  throw archive_error(path + ": " + std::string(what) + ": " + std::strerror(errno));
}

void make_private_folders(const std::string& path) {
  if (path.empty() || path == "/" || ::access(path.c_str(), F_OK) == 0) return;
  make_private_folders(std::filesystem::path(path).parent_path().string());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    throw_system_error(path, "cannot be created");
  }
}

void sync_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) throw_system_error(path, "cannot be opened");
  const bool good = ::fsync(folder) == 0;
  const int error = errno;
  ::close(folder);
  errno = error;
  if (!good) throw_system_error(path, "cannot be written to the disk");
}

void archive_block_facts::add(bool is_frame, std::int64_t receive_ns) {
  archive_block_facts one{1, is_frame ? 1U : 0U, receive_ns, receive_ns};
  add(one);
}

void archive_block_facts::add(const archive_block_facts& other) {
  records += other.records;
  frames += other.frames;
  if (other.first_ns != 0 && (first_ns == 0 || other.first_ns < first_ns)) {
    first_ns = other.first_ns;
  }
  last_ns = std::max(last_ns, other.last_ns);
}

std::string archive_end_text(std::uint64_t blocks, std::uint64_t records) {
  return R"({"t":"end","blocks":")" + std::to_string(blocks) + R"(","records":")" +
         std::to_string(records) + "\"}\n";
}

std::string archive_end_mark(std::uint64_t blocks, std::uint64_t records) {
  const auto text = archive_end_text(blocks, records);
  return little_endian(end_magic) + little_endian(static_cast<std::uint32_t>(text.size())) + text;
}

archive_file::archive_file(std::string path, int descriptor, int level)
    : path_(std::move(path)),
      descriptor_(descriptor),
      level_(level),
      compressor_(ZSTD_createCCtx(), &free_compressor),
      digest_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
  facts_.name = std::filesystem::path(path_).filename().string();
  ZSTD_CCtx_setParameter(compressor_.get(), ZSTD_c_compressionLevel, level_);
  ZSTD_CCtx_setParameter(compressor_.get(), ZSTD_c_checksumFlag, 1);
  if (EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr) != 1) {
    throw archive_error("OpenSSL gives no SHA-256");
  }
}

archive_file::~archive_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::unique_ptr<archive_file> archive_file::create(const std::string& path,
                                                   const std::optional<archive_key>& key,
                                                   int level) {
  const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    if (errno == EEXIST) return nullptr;
    throw_system_error(path, "cannot be created");
  }
  std::unique_ptr<archive_file> result(new archive_file(path, descriptor, level));
  if (!key) return result;
  result->facts_.is_sealed = true;
  result->seal_.emplace(*key);
  try {
    result->append(result->seal_->header());
  } catch (const archive_error&) {
    ::unlink(path.c_str());
    throw;
  }
  return result;
}

std::unique_ptr<archive_file> archive_file::reopen(const std::string& path,
                                                   const std::optional<archive_key>& key, int level,
                                                   std::uint64_t good_bytes, std::uint64_t blocks) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) throw_system_error(path, "cannot be opened");
  std::unique_ptr<archive_file> result(new archive_file(path, descriptor, level));
  std::string header;
  std::string piece(std::size_t{1} << 20, '\0');
  struct stat now {};
  if (::fstat(descriptor, &now) != 0) throw_system_error(path, "cannot be read");
  if (::ftruncate(descriptor, static_cast<off_t>(good_bytes)) != 0) {
    throw_system_error(path, "cannot be cut");
  }
  for (std::uint64_t done = 0; done < good_bytes;) {
    const auto got = ::read(descriptor, piece.data(), piece.size());
    if (got <= 0) throw_system_error(path, "cannot be read");
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
    if (done == 0) header = bytes.substr(0, seal_header_bytes);
    result->hash(bytes);
    done += static_cast<std::uint64_t>(got);
  }
  auto& facts = result->facts_;
  facts.bytes = good_bytes;
  facts.blocks = blocks;
  facts.is_recovered = true;
  facts.cut_bytes = static_cast<std::uint64_t>(now.st_size) - good_bytes;
  if (key && header.starts_with(seal_magic)) {
    facts.is_sealed = true;
    result->seal_.emplace(*key, header);
  }
  return result;
}

void archive_file::recover(const archive_block_facts& facts, std::uint64_t text_bytes,
                           bool has_end) {
  block_facts_ = facts;
  facts_.text_bytes = text_bytes;
  has_end_ = has_end;
}

void archive_file::hash(std::string_view bytes) {
  EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size());
}

// All of it or nothing.
void archive_file::append(std::string_view bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const auto wrote = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      const int error = errno;
      const bool cut = ::ftruncate(descriptor_, static_cast<off_t>(facts_.bytes)) == 0 &&
                       ::lseek(descriptor_, static_cast<off_t>(facts_.bytes), SEEK_SET) >= 0;
      errno = error;
      throw_system_error(path_, cut ? "cannot be written" : "cannot be written, nor cut again");
    }
    done += static_cast<std::size_t>(wrote);
  }
  facts_.bytes += bytes.size();
  hash(bytes);
}

std::string archive_file::compressed(std::string_view lines) {
  std::string result(ZSTD_compressBound(lines.size()), '\0');
  const auto size =
      ZSTD_compress2(compressor_.get(), result.data(), result.size(), lines.data(), lines.size());
  if (ZSTD_isError(size) != 0U) {
    throw archive_error(path_ + ": zstd: " + ZSTD_getErrorName(size));
  }
  result.resize(size);
  return result;
}

void archive_file::write(std::string_view lines, const archive_block_facts& facts) {
  auto block = compressed(lines);
  if (seal_) block = seal_->seal(seal_type::data, facts_.blocks, block);
  append(block);
  ++facts_.blocks;
  facts_.text_bytes += lines.size();
  block_facts_.add(facts);
}

void archive_file::close() {
  if (!has_end_) {
    const auto records = block_facts_.records;
    append(
        seal_ ? seal_->seal(seal_type::end, facts_.blocks, archive_end_text(facts_.blocks, records))
              : archive_end_mark(facts_.blocks, records));
    has_end_ = true;
  }
  if (::fsync(descriptor_) != 0) throw_system_error(path_, "cannot be written to the disk");
  sync_folder(std::filesystem::path(path_).parent_path().string());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned bytes = 0;
  EVP_DigestFinal_ex(digest_.get(), digest.data(), &bytes);
  facts_.sha256 = hex_of(digest.data(), bytes);
  facts_.records = block_facts_.records;
  facts_.frames = block_facts_.frames;
  facts_.first_ns = block_facts_.first_ns;
  facts_.last_ns = block_facts_.last_ns;
  ::close(std::exchange(descriptor_, -1));
}

}  // namespace feedtree::storage
