// Between Beast's messages and ours, and the head of an answer as text.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <string_view>

#include "adapters/http/message.hpp"

namespace feedtree::http::detail {

inline std::string_view to_view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

request request_of(boost::beast::http::request<boost::beast::http::string_body>&& what);

// The status for an error while a request is read: 400, 408, 413 or 431; 0 if nobody hears it.
int status_of(const boost::system::error_code& error);
std::string_view detail_of(int status);

// Status line and headers of an answer whose length is known.
std::string head_of(const response& answer, bool keep_alive, bool is_http_1_0);
// Likewise, of a stream that ends with its connection.
std::string stream_head_of(const response& answer);

}  // namespace feedtree::http::detail
