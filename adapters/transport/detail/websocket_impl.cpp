#include "adapters/transport/detail/websocket_impl.hpp"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/zlib/error.hpp>
#include <utility>

namespace feedtree::transport {
namespace {

namespace asio = boost::asio;
namespace ws = boost::beast::websocket;

// Large enough for a burst of small messages, small enough to notice an oversized one early.
constexpr std::size_t read_chunk_bytes = std::size_t{64} << 10;
// A buffer that one large message grew beyond this is given back.
constexpr std::size_t kept_buffer_bytes = std::size_t{1} << 20;
// RFC 6455, 5.5: a control frame has at most 125 bytes, two of them are the close code.
constexpr std::size_t close_reason_bytes_max = 123;

bool is_end_of_stream(const boost::system::error_code& error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated ||
         error == asio::error::connection_reset || error == asio::error::broken_pipe;
}

bool is_protocol_error(const boost::system::error_code& error) {
  using boost::system::error_code;
  return error.category() == error_code(ws::error::closed).category() ||
         error.category() == error_code(boost::beast::zlib::error::end_of_stream).category();
}

// Cut to what fits a close frame, never inside a UTF-8 sequence.
std::string fit_reason(std::string reason) {
  if (reason.size() <= close_reason_bytes_max) return reason;
  auto end = close_reason_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xc0U) == 0x80U) --end;
  reason.resize(end);
  return reason;
}

}  // namespace

websocket_client::impl::impl(reactor& loop, websocket_options options,
                             websocket_callbacks callbacks)
    : options_(std::move(options)),
      strand_(asio::make_strand(loop.internals().context)),
      stage_timer_(strand_),
      tick_timer_(strand_),
      callbacks_(std::move(callbacks)) {}

void websocket_client::impl::start() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_started_, true)) return;
    is_accepting_ = true;
  }
  asio::post(strand_, [self = shared_from_this()] { self->do_start(); });
}

send_result websocket_client::impl::send(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_accepting_) return send_result::closed;
    if (outbox_messages_ >= options_.write_queue_messages_max ||
        text.size() > options_.write_queue_bytes_max - outbox_bytes_) {
      ++messages_refused_;
      return send_result::queue_full;
    }
    ++outbox_messages_;
    outbox_bytes_ += text.size();
    outbox_.push_back(std::move(text));
  }
  asio::post(strand_, [self = shared_from_this()] { self->write(); });
  return send_result::queued;
}

void websocket_client::impl::close(std::string reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(is_accepting_, false)) return;
  }
  asio::post(strand_, [self = shared_from_this(), text = std::move(reason)]() mutable {
    self->do_close(std::move(text));
  });
}

void websocket_client::impl::pause_reading() {
  asio::dispatch(strand_, [self = shared_from_this()] { self->is_paused_ = true; });
}

void websocket_client::impl::resume_reading() {
  asio::post(strand_, [self = shared_from_this()] {
    if (!std::exchange(self->is_paused_, false) || self->phase_ != phase::open) return;
    self->received_at_ = steady_clock::now();
    self->schedule_tick();
    if (std::exchange(self->is_frame_held_, false)) self->deliver();
    self->read();
  });
}

void websocket_client::impl::abandon() {
  {
    const std::lock_guard lock(callback_mutex_);
    is_abandoned_ = true;
  }
  stop_accepting();
  asio::post(strand_, [self = shared_from_this()] { self->finish({}); });
}

connection_info websocket_client::impl::info() const {
  const std::lock_guard lock(mutex_);
  return info_;
}

websocket_counters websocket_client::impl::counters() const {
  return {frames_received_, bytes_received_, messages_sent_, messages_refused_, pings_sent_};
}

void websocket_client::impl::read() {
  if (phase_ != phase::open || is_reading_ || is_paused_ || is_frame_held_) return;
  is_reading_ = true;
  websocket_->async_read_some(buffer_, read_chunk_bytes,
                              [self = shared_from_this()](const error_code& error, std::size_t) {
                                self->is_reading_ = false;
                                self->on_read(error);
                              });
}

void websocket_client::impl::on_read(const error_code& error) {
  if (is_over() || is_close_sent_) return;
  if (phase_ == phase::closing) {
    if (error) finish(std::move(close_error_));
    return;
  }
  if (error) return finish(describe_failure(error, error_stage::read));
  received_at_ = steady_clock::now();
  if (buffer_.size() > options_.read_limit_bytes)
    return begin_close(ws::close_code::too_big, "message too big",
                       make_error(error_stage::too_large,
                                  peer() + " sent a message larger than the read limit of " +
                                      std::to_string(options_.read_limit_bytes) + " bytes"));
  if (websocket_->is_message_done()) {
    receive_ns_ = options_.clock_ns();
    is_frame_held_ = is_paused_;
    if (!is_paused_) deliver();
  }
  read();
}

void websocket_client::impl::on_control(ws::frame_type kind) {
  received_at_ = steady_clock::now();
  if (kind != ws::frame_type::close) return;
  // Beast answers and then waits for the end of the stream, for which the peer may have no hurry.
  is_close_seen_ = true;
  if (phase_ == phase::open) arm_close_timer();
}

void websocket_client::impl::deliver() {
  const auto bytes = buffer_.cdata();
  auto frame = padded_string({static_cast<const char*>(bytes.data()), bytes.size()});
  buffer_.consume(bytes.size());
  if (buffer_.capacity() > kept_buffer_bytes) buffer_.shrink_to_fit();
  ++frames_received_;
  bytes_received_ += frame.size();
  call(callbacks_.on_frame, std::move(frame), receive_ns_);
}

void websocket_client::impl::write() {
  if (is_writing_ || !websocket_ || (phase_ != phase::open && phase_ != phase::closing)) return;
  {
    const std::lock_guard lock(mutex_);
    is_writing_ = !outbox_.empty();
    if (is_writing_) {
      writing_ = std::move(outbox_.front());
      outbox_.pop_front();
    }
  }
  if (!is_writing_) return send_close_when_drained();
  websocket_->async_write(asio::buffer(writing_),
                          [self = shared_from_this()](const error_code& error, std::size_t) {
                            self->is_writing_ = false;
                            self->on_written(error);
                          });
}

void websocket_client::impl::on_written(const error_code& error) {
  if (is_over()) return;
  if (error) return on_write_failed(error);
  ++messages_sent_;
  {
    const std::lock_guard lock(mutex_);
    --outbox_messages_;
    outbox_bytes_ -= writing_.size();
  }
  write();
}

void websocket_client::impl::on_write_failed(const error_code& error) {
  if (is_close_sent_ || is_close_seen_) return;
  if (phase_ == phase::closing) return finish(std::move(close_error_));
  close_error_ = describe_failure(error, error_stage::write);
  if (!is_reading_) return finish(std::move(close_error_));
  // The pending read knows more where the peer said why it closed.
  arm_close_timer();
}

detail::steady_clock::time_point websocket_client::impl::ping_due() const {
  return std::max(received_at_, pinged_at_) + milliseconds(options_.ping_interval_ms);
}

detail::steady_clock::time_point websocket_client::impl::idle_due() const {
  return received_at_ + milliseconds(options_.idle_timeout_ms);
}

void websocket_client::impl::schedule_tick() {
  if (phase_ != phase::open) return;
  auto due = steady_clock::now() + milliseconds(options_.close_timeout_ms);
  if (options_.ping_interval_ms > 0 && !is_pinging_) due = std::min(due, ping_due());
  if (options_.idle_timeout_ms > 0 && !is_paused_) due = std::min(due, idle_due());
  tick_timer_.expires_at(due);
  tick_timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && self->phase_ == phase::open) self->on_tick();
  });
}

void websocket_client::impl::on_tick() {
  // Beast found a bad frame and now waits for a peer that does not end the connection.
  if (!websocket_->is_open() && !is_close_seen_)
    return finish(describe_failure(asio::error::operation_aborted, error_stage::read));
  const auto now = steady_clock::now();
  if (options_.idle_timeout_ms > 0 && !is_paused_ && now >= idle_due())
    return finish(make_error(error_stage::timeout, "nothing was received from " + peer() + " for " +
                                                       std::to_string(options_.idle_timeout_ms) +
                                                       " ms"));
  if (options_.ping_interval_ms > 0 && !is_pinging_ && now >= ping_due()) ping();
  schedule_tick();
}

void websocket_client::impl::ping() {
  is_pinging_ = true;
  pinged_at_ = steady_clock::now();
  websocket_->async_ping({}, [self = shared_from_this()](const error_code& error) {
    self->is_pinging_ = false;
    if (self->phase_ != phase::open) return;
    if (error) return self->on_write_failed(error);
    ++self->pings_sent_;
    self->schedule_tick();
  });
}

void websocket_client::impl::do_close(std::string reason) {
  auto error = make_error(error_stage::closed_by_us,
                          "we closed the connection to " + peer() + ": " + reason);
  if (phase_ == phase::idle || phase_ == phase::connecting) return finish(std::move(error));
  begin_close(ws::close_code::normal, std::move(reason), std::move(error));
}

void websocket_client::impl::begin_close(ws::close_code code, std::string reason,
                                         transport_error error) {
  if (phase_ != phase::open) return;
  phase_ = phase::closing;
  stop_accepting();
  tick_timer_.cancel();
  close_reason_ = ws::close_reason(code, fit_reason(std::move(reason)));
  close_error_ = std::move(error);
  arm_close_timer();
  write();
}

void websocket_client::impl::send_close_when_drained() {
  if (phase_ != phase::closing || std::exchange(is_close_sent_, true)) return;
  websocket_->async_close(close_reason_, [self = shared_from_this()](const error_code&) {
    self->finish(std::move(self->close_error_));
  });
}

void websocket_client::impl::arm_close_timer() {
  stage_timer_.expires_after(milliseconds(options_.close_timeout_ms));
  stage_timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || self->is_over()) return;
    if (!self->is_close_seen_ || self->phase_ == phase::closing)
      return self->finish(std::move(self->close_error_));
    self->finish(self->describe_failure(ws::error::closed, error_stage::read));
  });
}

void websocket_client::impl::cut() {
  if (dialer_) dialer_->cancel();
  stage_timer_.cancel();
  tick_timer_.cancel();
  if (websocket_) websocket_->next_layer().close();
}

void websocket_client::impl::stop_accepting() {
  const std::lock_guard lock(mutex_);
  is_accepting_ = false;
}

void websocket_client::impl::finish(transport_error error) {
  if (std::exchange(phase_, phase::over) == phase::over) return;
  stop_accepting();
  cut();
  // Moved out first: it may destroy the client, and it is the last callback.
  auto on_closed = std::exchange(callbacks_.on_closed, nullptr);
  callbacks_ = {};
  call(on_closed, std::move(error));
}

transport_error websocket_client::impl::make_error(error_stage stage,
                                                   const std::string& what) const {
  transport_error error;
  error.stage = stage;
  error.message = what;
  return error;
}

transport_error websocket_client::impl::describe_failure(const error_code& error,
                                                         error_stage stage) const {
  if (is_close_seen_ || error == ws::error::closed) {
    const auto& reason = websocket_->reason();
    const std::string text(reason.reason.data(), reason.reason.size());
    auto closed =
        make_error(error_stage::closed_by_peer,
                   peer() + " closed the connection with code " + std::to_string(reason.code) +
                       (text.empty() ? ", without a reason" : ": " + text));
    closed.close_code = reason.code;
    return closed;
  }
  if (is_end_of_stream(error))
    return make_error(error_stage::closed_by_peer,
                      peer() + " ended the connection without a close frame: " + error.message());
  if (is_protocol_error(error))
    return make_error(error_stage::protocol,
                      peer() + " broke the WebSocket protocol: " + error.message());
  if (error == asio::error::operation_aborted && !websocket_->is_open())
    return make_error(error_stage::protocol,
                      peer() + " broke the WebSocket protocol and kept the connection open");
  return make_error(stage, "the connection to " + peer() + " failed: " + error.message());
}

}  // namespace feedtree::transport
