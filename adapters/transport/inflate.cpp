#include "adapters/transport/inflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "adapters/transport/http_message.hpp"

namespace feedtree::transport {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{32} << 10;

// zlib's windowBits: 15 is zlib, 15 + 16 gzip, -15 raw deflate (zlib manual, inflateInit2).
int window_bits(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < 2) return -15;
  if (at(0) == 0x1f && at(1) == 0x8b) return 15 + 16;
  const bool is_zlib = (at(0) & 0x0fU) == 8 && (at(0) * 256U + at(1)) % 31 == 0;
  return is_zlib ? 15 : -15;
}

struct inflate_end {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

void point_input_at(z_stream& stream, std::string_view bytes) {
  // zlib does not write through next_in; its type has no const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
}

// One chunk of output; gives zlib's code.
int inflate_chunk(z_stream& stream, std::string& out) {
  std::array<char, chunk_bytes> chunk;
  stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
  stream.avail_out = chunk.size();
  const int code = ::inflate(&stream, Z_NO_FLUSH);
  out.append(chunk.data(), chunk.size() - stream.avail_out);
  return code;
}

inflate_result inflate_all(z_stream& stream, bool is_gzip, std::size_t limit_bytes,
                           std::string& out) {
  while (true) {
    const int code = inflate_chunk(stream, out);
    if (out.size() > limit_bytes) return inflate_result::too_large;
    if (code == Z_STREAM_END) {
      if (!is_gzip || stream.avail_in == 0) return inflate_result::done;
      if (inflateReset(&stream) != Z_OK) return inflate_result::corrupt;
    } else if (code != Z_OK) {
      return inflate_result::corrupt;  // Z_BUF_ERROR: the input ended too early
    }
  }
}

}  // namespace

inflate_result inflate(std::string_view bytes, std::size_t limit_bytes, std::string& out) {
  out.clear();
  if (bytes.size() > std::numeric_limits<uInt>::max()) return inflate_result::too_large;
  const int bits = window_bits(bytes);
  z_stream stream{};
  if (inflateInit2(&stream, bits) != Z_OK) return inflate_result::corrupt;
  const std::unique_ptr<z_stream, inflate_end> guard(&stream);
  point_input_at(stream, bytes);
  const auto result = inflate_all(stream, bits > 15, limit_bytes, out);
  out.reserve(out.size() + padding_bytes);
  return result;
}

}  // namespace feedtree::transport
