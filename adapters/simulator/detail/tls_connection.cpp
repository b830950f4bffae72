#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <utility>

#include "adapters/simulator/detail/server_connection.hpp"

namespace feedtree::simulator::detail {

void start_tls_connection(server_impl& owner, boost::asio::ip::tcp::socket socket,
                          boost::asio::ssl::context& context) {
  using connection = server_connection<boost::beast::ssl_stream<boost::beast::tcp_stream>>;
  std::make_shared<connection>(owner, std::move(socket), context)->start();
}

}  // namespace feedtree::simulator::detail
