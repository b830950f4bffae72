#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace feedtree::transport {

enum class inflate_result { done, corrupt, too_large };

// Decompresses gzip (several members too), zlib and raw deflate; which one is found from the
// first bytes, since servers mean zlib or raw by "deflate". Sets `out` with padding_bytes of
// spare capacity; stops with too_large when it would pass `limit_bytes`. Any thread.
[[nodiscard]] inflate_result inflate(std::string_view bytes, std::size_t limit_bytes,
                                     std::string& out);

}  // namespace feedtree::transport
