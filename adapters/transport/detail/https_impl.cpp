#include "adapters/transport/detail/https_impl.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace feedtree::transport {
namespace {

namespace asio = boost::asio;

std::string key_of(const url& target) {
  return target.scheme + "://" + target.host_and_port();
}

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

transport_error make_error(error_stage stage, std::string message, bool terminal) {
  transport_error error;
  error.stage = stage;
  error.message = std::move(message);
  error.terminal = terminal;
  return error;
}

std::size_t size_of(const http_request& request) {
  auto bytes = request.url.size() + request.body.size();
  for (const auto& [name, value] : request.headers.lines()) bytes += name.size() + value.size();
  return bytes;
}

// True when the server has ended a kept connection in the meantime.
bool has_ended(detail::any_stream& stream) {
  auto& socket = stream.socket();
  boost::system::error_code error;
  socket.non_blocking(true, error);
  char byte = 0;
  if (!error) socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
  return error && error != asio::error::would_block;
}

}  // namespace

https_client::impl::impl(reactor& loop, https_options options)
    : options_(std::move(options)),
      problems_(options_.check()),
      strand_(asio::make_strand(loop.internals().context)),
      sweep_timer_(strand_) {}

void https_client::impl::send(http_request request, callback on_result) {
  ++requests_;
  const auto job = std::make_shared<detail::http_job>();
  job->request = std::move(request);
  job->on_result = std::move(on_result);
  if (auto error = read_job(*job)) return post_answer(job, std::move(*error));
  if (auto error = admit(*job)) return post_answer(job, std::move(*error));
  asio::post(strand_, [self = shared_from_this(), job] { self->enqueue(job); });
}

std::optional<transport_error> https_client::impl::read_job(detail::http_job& job) const {
  const auto refuse = [](const std::string& why) {
    return make_error(error_stage::options, why, true);
  };
  if (!problems_.empty()) return refuse("the HTTPS options are wrong: " + join(problems_));
  std::string problem;
  const auto target = parse_url(job.request.url, problem);
  if (!target) return refuse(problem);
  if (target->is_websocket()) return refuse("'" + job.request.url + "' is not an HTTP URL");
  const auto header_problems = job.request.headers.check();
  if (!header_problems.empty()) return refuse(join(header_problems));
  job.target = *target;
  return std::nullopt;
}

std::optional<transport_error> https_client::impl::admit(detail::http_job& job) {
  job.bytes = size_of(job.request);
  const std::lock_guard lock(mutex_);
  auto& load = loads_[key_of(job.target)];
  if (load.requests >= options_.in_flight_max + options_.queue_requests_max ||
      job.bytes > options_.queue_bytes_max - load.bytes) {
    ++requests_refused_;
    if (load.requests == 0) loads_.erase(key_of(job.target));
    return make_error(
        error_stage::queue_full,
        "request to " + job.target.host_and_port() + " was refused: its queue is full", false);
  }
  ++load.requests;
  load.bytes += job.bytes;
  return std::nullopt;
}

void https_client::impl::release(const detail::http_job& job) {
  const std::lock_guard lock(mutex_);
  const auto found = loads_.find(key_of(job.target));
  if (found == loads_.end()) return;
  --found->second.requests;
  found->second.bytes -= job.bytes;
  if (found->second.requests == 0) loads_.erase(found);
}

void https_client::impl::enqueue(const job_pointer& job) {
  if (is_shut_down_) return;
  const auto key = key_of(job->target);
  hosts_[key].waiting.push_back(job);
  pump(key);
}

void https_client::impl::pump(const std::string& key) {
  auto& host = hosts_[key];
  while (!host.waiting.empty() && host.active.size() < options_.in_flight_max) {
    auto job = std::move(host.waiting.front());
    host.waiting.pop_front();
    launch(key, std::move(job));
  }
}

void https_client::impl::launch(const std::string& key, job_pointer job) {
  std::string problem;
  auto context = context_for(*job, problem);
  if (!problem.empty()) {
    release(*job);
    return post_answer(
        job, make_error(error_stage::tls,
                        "cannot connect to " + job->target.host_and_port() + ": " + problem, true));
  }
  auto& host = hosts_[key];
  auto kept = job->is_retry ? std::nullopt : take_kept(host);
  // The exchange finds itself by a weak pointer: it owns the function.
  const auto slot = std::make_shared<std::weak_ptr<detail::http_exchange>>();
  const auto exchange = std::make_shared<detail::http_exchange>(
      strand_, options_, std::move(job),
      [weak = weak_from_this(), slot, key](detail::exchange_result done) {
        const auto self = weak.lock();
        if (const auto own = slot->lock(); self && own) self->on_done(key, own, std::move(done));
      });
  *slot = exchange;
  host.active.insert(exchange);
  // Posted, since it may end at once and change what pump() walks through.
  asio::post(strand_, [exchange, context, stream = std::move(kept)]() mutable {
    exchange->start(std::move(context), std::move(stream));
  });
}

void https_client::impl::on_done(const std::string& key, const exchange_pointer& exchange,
                                 detail::exchange_result done) {
  auto& host = hosts_[key];
  host.active.erase(exchange);
  const auto job = exchange->job();
  if (done.is_connected) ++connections_opened_;
  if (done.reusable) keep(host, std::move(*done.reusable));
  if (done.is_stale && job->request.method == http_method::get) {
    ++stale_retries_;
    job->is_retry = true;
    host.waiting.push_front(job);
  } else {
    release(*job);
    answer(job, std::move(done.result));
  }
  pump(key);
  forget_if_unused(key);
}

void https_client::impl::keep(host_state& host, detail::any_stream stream) {
  if (host.kept.size() >= options_.in_flight_max || options_.keep_alive_ms == 0) return;
  const auto lifetime = detail::milliseconds(options_.keep_alive_ms);
  host.kept.push_back({std::move(stream), steady_clock::now() + lifetime});
  schedule_sweep();
}

std::optional<detail::any_stream> https_client::impl::take_kept(host_state& host) {
  while (!host.kept.empty()) {
    auto stream = std::move(host.kept.back().stream);
    host.kept.pop_back();
    if (!has_ended(stream)) return stream;
  }
  return std::nullopt;
}

void https_client::impl::schedule_sweep() {
  if (std::exchange(is_sweeping_, true)) return;
  sweep_timer_.expires_after(detail::milliseconds(options_.keep_alive_ms));
  sweep_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) self->sweep();
  });
}

void https_client::impl::sweep() {
  is_sweeping_ = false;
  const auto now = steady_clock::now();
  std::vector<std::string> keys;
  for (auto& [key, host] : hosts_) {
    std::erase_if(host.kept, [&](const auto& kept) { return kept.expires_at <= now; });
    keys.push_back(key);
  }
  for (const auto& key : keys) forget_if_unused(key);
  if (!hosts_.empty()) schedule_sweep();
}

void https_client::impl::forget_if_unused(const std::string& key) {
  const auto found = hosts_.find(key);
  if (found == hosts_.end()) return;
  const auto& host = found->second;
  if (host.waiting.empty() && host.active.empty() && host.kept.empty()) hosts_.erase(found);
}

detail::tls_context https_client::impl::context_for(const detail::http_job& job,
                                                    std::string& problem) {
  if (!job.target.is_tls()) return nullptr;
  if (!context_) context_ = detail::make_tls_context(options_.tls, problem);
  return context_;
}

void https_client::impl::answer(const job_pointer& job, http_result result) {
  ++(std::holds_alternative<http_response>(result) ? responses_ : errors_);
  const auto on_result = std::exchange(job->on_result, nullptr);
  const std::lock_guard lock(callback_mutex_);
  if (!is_abandoned_ && on_result) on_result(std::move(result));
}

void https_client::impl::post_answer(const job_pointer& job, transport_error error) {
  asio::post(strand_, [self = shared_from_this(), job, failure = std::move(error)]() mutable {
    self->answer(job, std::move(failure));
  });
}

void https_client::impl::abandon() {
  {
    const std::lock_guard lock(callback_mutex_);
    is_abandoned_ = true;
  }
  asio::post(strand_, [self = shared_from_this()] { self->shut_down(); });
}

void https_client::impl::shut_down() {
  is_shut_down_ = true;
  sweep_timer_.cancel();
  for (auto& [key, host] : hosts_)
    for (const auto& exchange : host.active) exchange->cancel();
  hosts_.clear();
}

https_counters https_client::impl::counters() const {
  return {requests_, responses_, errors_, requests_refused_, connections_opened_, stale_retries_};
}

}  // namespace feedtree::transport
