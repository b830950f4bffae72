// The inside of the server: what its connections need to know. Boost.Beast is seen from here on.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "adapters/simulator/server.hpp"

namespace feedtree::simulator::detail {

// A connection that a client opened; on the server's thread.
class client_connection {
 public:
  virtual ~client_connection() = default;
  virtual void send(std::string frame) = 0;
  // Says goodbye behind what is queued.
  virtual void close() = 0;
  // Ends it at once.
  virtual void cut() = 0;
  // Neither reads nor writes any more, and stays.
  virtual void freeze() = 0;
  virtual std::size_t queued_frames() const = 0;
  virtual std::size_t queued_bytes() const = 0;
  // The queue was full once and is to tell when it has drained.
  virtual void tell_room() = 0;
};
using connection_ptr = std::shared_ptr<client_connection>;

// Everything but start and stop runs on thread_.
class server_impl : public server_link {
 public:
  server_impl(server_options options, service& what);

  void start();
  void stop();

  bool send(client_id to, std::string frame) override;
  void close(client_id who) override;
  void cut(client_id who) override;
  void freeze(client_id who) override;
  bool has_room(client_id who) override;
  void run_after(std::int64_t delay_ns, std::function<void()> task) override;

  // For connections: the life of one.
  client_id add_connection(connection_ptr what);
  void remove_connection(client_id id);
  std::optional<rest_answer> refusal(std::string_view target);
  bool admits(std::string_view target);
  bool is_full() const { return websockets_.size() >= options.clients_max; }
  void opened(client_id id, std::string_view target);
  void received(client_id id, std::string_view text);
  void drained(client_id id);
  rest_answer answer(std::string_view method, std::string_view target);
  void count_sent(std::size_t bytes);
  void count_refused() { ++clients_refused_; }
  bool is_stopping() const { return is_stopping_; }

  const server_options options;

  std::uint16_t port() const { return port_; }
  server_counters counters() const;

 private:
  using timer = boost::asio::steady_timer;

  void listen();
  void load_certificate();
  void accept();
  void take(boost::asio::ip::tcp::socket socket);
  void begin(boost::asio::ip::tcp::socket socket, bool good_certificate);
  void begin_stop();
  // Runs a call of the service for a client; false if it threw.
  template <class Call>
  bool guarded(client_id id, Call&& call);

  service& service_;
  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::acceptor acceptor_{context_};
  std::optional<boost::asio::ssl::context> tls_;
  std::optional<boost::asio::ssl::context> wrong_tls_;
  std::map<client_id, connection_ptr> connections_;  // HTTP connections too
  std::set<client_id> websockets_;
  std::set<std::shared_ptr<timer>> timers_;
  client_id last_id_ = 0;
  bool is_stopping_ = false;
  std::uint16_t port_ = 0;
  std::thread thread_;

  std::atomic<std::uint64_t> clients_{0};
  std::atomic<std::uint64_t> clients_accepted_{0};
  std::atomic<std::uint64_t> clients_refused_{0};
  std::atomic<std::uint64_t> clients_cut_{0};
  std::atomic<std::uint64_t> frames_sent_{0};
  std::atomic<std::uint64_t> bytes_sent_{0};
  std::atomic<std::uint64_t> frames_received_{0};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> service_errors_{0};
};

// Begin the life of a connection: each stream is compiled on its own.
void start_plain_connection(server_impl& owner, boost::asio::ip::tcp::socket socket);
void start_tls_connection(server_impl& owner, boost::asio::ip::tcp::socket socket,
                          boost::asio::ssl::context& context);

}  // namespace feedtree::simulator::detail
