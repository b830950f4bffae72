#include "storage/file_text.hpp"

#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace feedtree {
namespace {

constexpr std::string_view zstd_magic("\x28\xb5\x2f\xfd", 4);

std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": " + std::strerror(errno));
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (file.bad()) throw std::runtime_error(path + ": " + std::strerror(errno));
  return std::move(bytes).str();
}

std::string decompressed(const std::string& bytes, const std::string& path) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  std::string result;
  std::string chunk(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  std::size_t left = 1;
  while (input.pos < input.size) {
    ZSTD_outBuffer output{chunk.data(), chunk.size(), 0};
    left = ZSTD_decompressStream(context.get(), &output, &input);
    if (ZSTD_isError(left) != 0U) {
      throw std::runtime_error(path + ": damaged zstd data: " + ZSTD_getErrorName(left));
    }
    result.append(chunk.data(), output.pos);
  }
  while (left != 0) {
    ZSTD_outBuffer output{chunk.data(), chunk.size(), 0};
    left = ZSTD_decompressStream(context.get(), &output, &input);
    if (ZSTD_isError(left) != 0U || output.pos == 0) {
      throw std::runtime_error(path + ": zstd data ends too early");
    }
    result.append(chunk.data(), output.pos);
  }
  return result;
}

}  // namespace

std::string read_file_text(const std::string& path) {
  auto bytes = read_bytes(path);
  return bytes.starts_with(zstd_magic) ? decompressed(bytes, path) : std::move(bytes);
}

}  // namespace feedtree
