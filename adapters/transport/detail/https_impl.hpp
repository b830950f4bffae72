#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/transport/detail/http_exchange.hpp"
#include "adapters/transport/detail/reactor_impl.hpp"
#include "adapters/transport/https_client.hpp"

namespace feedtree::transport {

// The work of an https_client. Everything runs on strand_, but for what says otherwise.
class https_client::impl : public std::enable_shared_from_this<https_client::impl> {
 public:
  impl(reactor& loop, https_options options);

  // Any thread.
  void send(http_request request, callback on_result);
  void abandon();
  https_counters counters() const;

 private:
  using job_pointer = std::shared_ptr<detail::http_job>;
  using exchange_pointer = std::shared_ptr<detail::http_exchange>;
  using strand = boost::asio::strand<boost::asio::io_context::executor_type>;
  using steady_clock = detail::steady_clock;

  struct kept_connection {
    detail::any_stream stream;
    steady_clock::time_point expires_at;
  };
  // What is counted before a job reaches the strand, so that the bounds hold at any rate.
  struct host_load {
    std::size_t requests = 0;  // waiting and on the wire
    std::size_t bytes = 0;
  };
  struct host_state {
    std::deque<job_pointer> waiting;
    std::set<exchange_pointer> active;
    std::vector<kept_connection> kept;
  };

  std::optional<transport_error> read_job(detail::http_job& job) const;
  std::optional<transport_error> admit(detail::http_job& job);
  void release(const detail::http_job& job);
  void enqueue(const job_pointer& job);
  void pump(const std::string& key);
  void launch(const std::string& key, job_pointer job);
  void on_done(const std::string& key, const exchange_pointer& exchange,
               detail::exchange_result done);
  void keep(host_state& host, detail::any_stream stream);
  std::optional<detail::any_stream> take_kept(host_state& host);
  void schedule_sweep();
  void sweep();
  void forget_if_unused(const std::string& key);
  detail::tls_context context_for(const detail::http_job& job, std::string& problem);
  void answer(const job_pointer& job, http_result result);
  void post_answer(const job_pointer& job, transport_error error);
  void shut_down();

  const https_options options_;
  const std::vector<std::string> problems_;
  strand strand_;
  boost::asio::steady_timer sweep_timer_;
  bool is_sweeping_ = false;
  bool is_shut_down_ = false;
  detail::tls_context context_;
  std::map<std::string, host_state> hosts_;

  std::mutex mutex_;  // of loads_
  std::map<std::string, host_load> loads_;

  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> responses_{0};
  std::atomic<std::uint64_t> errors_{0};
  std::atomic<std::uint64_t> requests_refused_{0};
  std::atomic<std::uint64_t> connections_opened_{0};
  std::atomic<std::uint64_t> stale_retries_{0};

  std::recursive_mutex callback_mutex_;  // held during a callback
  bool is_abandoned_ = false;
};

}  // namespace feedtree::transport
