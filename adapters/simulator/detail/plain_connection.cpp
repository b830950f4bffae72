#include <utility>

#include "adapters/simulator/detail/server_connection.hpp"

namespace feedtree::simulator::detail {

void start_plain_connection(server_impl& owner, boost::asio::ip::tcp::socket socket) {
  using connection = server_connection<boost::beast::tcp_stream>;
  std::make_shared<connection>(owner, std::move(socket))->start();
}

}  // namespace feedtree::simulator::detail
