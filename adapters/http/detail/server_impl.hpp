// The inside of the server: what its connections need to know. Boost.Beast is seen from here on.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "adapters/http/server.hpp"

namespace feedtree::http::detail {

using frame_ptr = std::shared_ptr<const std::string>;
inline constexpr std::size_t topics_max = 8;

// A connection that a client opened; on the server's thread.
class client_connection {
 public:
  virtual ~client_connection() = default;
  // Ends it at once.
  virtual void cut() = 0;
  // A frame for a reader of events.
  virtual void send(const frame_ptr& frame) = 0;
  // Since when it waits for a request to come; 0 while one is being answered or events flow.
  virtual std::int64_t waits_since_ms() const = 0;
};
using connection_ptr = std::shared_ptr<client_connection>;

// Everything but construction, start, stop, publish and counters runs on thread_.
class server_impl {
 public:
  explicit server_impl(server_options given);
  ~server_impl() { stop(); }

  void start(request_handler handler, response_finisher finish);
  void stop();
  void reload_certificate();
  void publish(unsigned topics, frame_ptr frame);
  bool has_readers(unsigned topics) const;
  server_counters counters() const;
  std::uint16_t port() const { return port_; }

  // For connections: the life of one.
  std::uint64_t add_connection(connection_ptr what);
  void remove_connection(std::uint64_t id);
  reply handle(const request& asked);
  response finish(const request& asked, response answer) const { return finish_(asked, answer); }
  // False if there are enough readers. See reply for may_go_on.
  bool add_reader(std::uint64_t id, unsigned topics, std::function<bool()> may_go_on);
  void count_sent(std::size_t bytes) { bytes_sent_ += bytes; }
  void count_event() { ++events_sent_; }
  void count_timeout() { ++timeouts_; }
  void count_rejected() { ++requests_rejected_; }
  void count_stream_cut() { ++streams_cut_; }
  bool is_stopping() const { return is_stopping_; }
  boost::asio::io_context& context() { return context_; }
  static std::int64_t now_ms();

  const server_options options;

 private:
  void take_certificate();
  void watch_certificate();
  static void yield_to_events();
  void listen();
  void accept();
  void take(boost::asio::ip::tcp::socket socket);
  bool make_room();
  void send_to_readers(unsigned topics, const frame_ptr& frame);
  void watch_readers();
  void count_topics(unsigned topics, int by);

  request_handler handler_;
  response_finisher finish_;
  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::acceptor acceptor_{context_};
  std::optional<boost::asio::ssl::context> tls_;
  boost::asio::steady_timer certificate_timer_{context_};
  boost::asio::steady_timer reader_timer_{context_};
  std::string certificate_mark_;  // of the files that were looked at last
  std::map<std::uint64_t, connection_ptr> connections_;
  struct event_reader {
    unsigned topics = 0;
    std::function<bool()> may_go_on;
  };
  std::map<std::uint64_t, event_reader> readers_;  // by connection
  std::uint64_t last_id_ = 0;
  bool is_stopping_ = false;
  std::uint16_t port_ = 0;
  std::thread thread_;

  std::array<std::atomic<int>, topics_max> topic_readers_{};
  std::atomic<std::uint64_t> connections_now_{0};
  std::atomic<std::uint64_t> connections_accepted_{0};
  std::atomic<std::uint64_t> connections_evicted_{0};
  std::atomic<std::uint64_t> connections_refused_{0};
  std::atomic<std::uint64_t> timeouts_{0};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> requests_rejected_{0};
  std::atomic<std::uint64_t> streams_{0};
  std::atomic<std::uint64_t> streams_cut_{0};
  std::atomic<std::uint64_t> streams_refused_{0};
  std::atomic<std::uint64_t> streams_ended_{0};
  std::atomic<std::uint64_t> events_sent_{0};
  std::atomic<std::uint64_t> bytes_sent_{0};
};

// Begin the life of a connection: each stream is compiled on its own.
void start_plain_connection(server_impl& owner, boost::asio::ip::tcp::socket socket);
void start_tls_connection(server_impl& owner, boost::asio::ip::tcp::socket socket,
                          boost::asio::ssl::context& context);

}  // namespace feedtree::http::detail
