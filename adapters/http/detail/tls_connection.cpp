#include <boost/beast/ssl/ssl_stream.hpp>
#include <utility>

#include "adapters/http/detail/connection.hpp"

namespace feedtree::http::detail {

void start_tls_connection(server_impl& owner, boost::asio::ip::tcp::socket socket,
                          boost::asio::ssl::context& context) {
  using stream = boost::beast::ssl_stream<boost::beast::tcp_stream>;
  std::make_shared<connection<stream>>(owner, std::move(socket), context)->start();
}

}  // namespace feedtree::http::detail
