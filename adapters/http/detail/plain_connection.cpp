#include <utility>

#include "adapters/http/detail/connection.hpp"

namespace feedtree::http::detail {

void start_plain_connection(server_impl& owner, boost::asio::ip::tcp::socket socket) {
  std::make_shared<connection<boost::beast::tcp_stream>>(owner, std::move(socket))->start();
}

}  // namespace feedtree::http::detail
