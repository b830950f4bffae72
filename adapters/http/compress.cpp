#include "adapters/http/compress.hpp"

#include <zlib.h>

#include <algorithm>
#include <stdexcept>

namespace feedtree::http {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "q=0", "q=0.0", "q=0.000": this coding is not wanted.
bool is_refused(std::string_view parameters) {
  const auto text = trimmed(parameters);
  if (!text.starts_with("q=0") && !text.starts_with("Q=0")) return false;
  return text.find_first_of("123456789") == text.npos;
}

bool names_gzip(std::string_view part) {
  const auto semicolon = std::min(part.find(';'), part.size());
  const auto name = trimmed(part.substr(0, semicolon));
  if (name != "gzip" && name != "x-gzip" && name != "*") return false;
  return !is_refused(part.substr(std::min(semicolon + 1, part.size())));
}

}  // namespace

std::string gzip(std::string_view text, int level) {
  z_stream stream{};
  // windowBits 15 + 16: gzip (zlib manual, deflateInit2).
  if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib cannot begin");
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  // zlib does not write through next_in; its type has no const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = ::deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) throw std::runtime_error("zlib did not finish");
  return out;
}

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const auto end = std::min(accept_encoding.find(','), accept_encoding.size());
    if (names_gzip(accept_encoding.substr(0, end))) return true;
    accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
  }
  return false;
}

}  // namespace feedtree::http
