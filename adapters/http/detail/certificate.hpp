// Certificate and key of the server, from their files.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "adapters/http/server.hpp"

namespace feedtree::http::detail {

// TLS 1.2 and 1.3 with the files of the options. Throws std::runtime_error, which names them, where
// they cannot be read or do not belong together.
boost::asio::ssl::context load_certificate(const server_options& options);

// Another text when one of the files is another one or was written to.
std::string mark_of(const server_options& options);

}  // namespace feedtree::http::detail
