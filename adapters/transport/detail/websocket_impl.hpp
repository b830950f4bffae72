#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "adapters/transport/detail/dialer.hpp"
#include "adapters/transport/detail/reactor_impl.hpp"
#include "adapters/transport/websocket_client.hpp"

namespace feedtree::transport {

// The work of a websocket_client. Everything runs on strand_, but for what says otherwise.
class websocket_client::impl : public std::enable_shared_from_this<websocket_client::impl> {
 public:
  impl(reactor& loop, websocket_options options, websocket_callbacks callbacks);

  // Any thread.
  void start();
  send_result send(std::string text);
  void close(std::string reason);
  void pause_reading();
  void resume_reading();
  void abandon();
  connection_info info() const;
  websocket_counters counters() const;

 private:
  using websocket = boost::beast::websocket::stream<detail::any_stream>;
  using error_code = boost::system::error_code;
  using strand = boost::asio::strand<boost::asio::io_context::executor_type>;
  using milliseconds = detail::milliseconds;
  using steady_clock = detail::steady_clock;
  enum class phase : std::uint8_t { idle, connecting, open, closing, over };

  // Opening (websocket_open.cpp).
  void do_start();
  bool prepare(transport_error& problem);
  void dial();
  void on_dialed(detail::dial_result result);
  void upgrade(detail::dialed connection);
  void configure();
  void on_upgraded(const error_code& error);
  transport_error describe_refusal(const error_code& error) const;
  void note_connection();

  // Reading, writing and ending (websocket_impl.cpp).
  void read();
  void on_read(const error_code& error);
  void on_control(boost::beast::websocket::frame_type kind);
  void deliver();
  void write();
  void on_written(const error_code& error);
  void on_write_failed(const error_code& error);
  void schedule_tick();
  void on_tick();
  void ping();
  void do_close(std::string reason);
  void begin_close(boost::beast::websocket::close_code code, std::string reason,
                   transport_error error);
  void send_close_when_drained();
  void arm_close_timer();
  void cut();
  void finish(transport_error error);
  transport_error describe_failure(const error_code& error, error_stage stage) const;
  transport_error make_error(error_stage stage, const std::string& what) const;
  void stop_accepting();
  bool is_over() const { return phase_ == phase::over; }
  std::string peer() const { return target_.host_and_port(); }
  steady_clock::time_point ping_due() const;
  steady_clock::time_point idle_due() const;

  // Calls back unless the client is gone.
  template <class Function, class... Arguments>
  void call(Function& function, Arguments&&... arguments) {
    const std::lock_guard lock(callback_mutex_);
    if (!is_abandoned_ && function) function(std::forward<Arguments>(arguments)...);
  }

  const websocket_options options_;
  url target_;
  strand strand_;
  boost::asio::steady_timer stage_timer_;  // upgrade, then close
  boost::asio::steady_timer tick_timer_;   // ping and idle
  std::shared_ptr<detail::dialer> dialer_;
  std::optional<websocket> websocket_;
  boost::beast::websocket::response_type response_;
  phase phase_ = phase::idle;

  boost::beast::flat_buffer buffer_;
  std::int64_t receive_ns_ = 0;
  steady_clock::time_point received_at_;
  steady_clock::time_point pinged_at_;
  bool is_reading_ = false;
  bool is_paused_ = false;
  bool is_frame_held_ = false;  // complete, but reading was paused meanwhile
  bool is_pinging_ = false;

  std::string writing_;
  bool is_writing_ = false;
  bool is_close_sent_ = false;
  bool is_close_seen_ = false;
  boost::beast::websocket::close_reason close_reason_;
  transport_error close_error_;  // what on_closed gets when the close is done

  mutable std::mutex mutex_;  // of what send() and info() share with the strand
  std::deque<std::string> outbox_;
  std::size_t outbox_messages_ = 0;  // the one being written included
  std::size_t outbox_bytes_ = 0;
  bool is_accepting_ = false;
  bool is_started_ = false;
  connection_info info_;

  std::atomic<std::uint64_t> frames_received_{0};
  std::atomic<std::uint64_t> bytes_received_{0};
  std::atomic<std::uint64_t> messages_sent_{0};
  std::atomic<std::uint64_t> messages_refused_{0};
  std::atomic<std::uint64_t> pings_sent_{0};

  std::recursive_mutex callback_mutex_;  // held during a callback
  websocket_callbacks callbacks_;
  bool is_abandoned_ = false;
};

}  // namespace feedtree::transport
