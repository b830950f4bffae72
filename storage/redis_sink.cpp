#include "storage/redis_sink.hpp"

#include <algorithm>
#include <chrono>

namespace feedtree::storage {
namespace {

constexpr std::size_t piece_values = 256;
constexpr std::size_t piece_bytes = 256 * 1'024;
constexpr std::int64_t retry_first_ms = 100;
constexpr std::int64_t retry_most_ms = 5'000;
constexpr std::int64_t flush_ms = 250;
constexpr std::int64_t hour_ms = 3'600'000;

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

std::chrono::steady_clock::time_point time_at(std::int64_t at_ms) {
  return std::chrono::steady_clock::time_point(std::chrono::milliseconds(at_ms));
}

std::string option_or(const sink_context& context, std::string_view name, std::string otherwise) {
  auto found = sink_option(context, name);
  return found.empty() ? std::move(otherwise) : found;
}

void take_login(const sink_context& context, redis_target& target) {
  target.user = option_or(context, "user", target.user);
  target.password = option_or(context, "password", target.password);
  target.ca_file = sink_option(context, "ca_file");
  target.cert_file = sink_option(context, "cert_file");
  target.key_file = sink_option(context, "key_file");
  if (target.cert_file.empty() != target.key_file.empty()) {
    throw sink_error(false, "the redis sink: cert_file and key_file belong together");
  }
  if (!target.tls && !(target.ca_file.empty() && target.cert_file.empty())) {
    throw sink_error(false, "the redis sink: ca_file and cert_file are for a url of rediss://");
  }
}

}  // namespace

redis_sink_options redis_options_of(std::string_view url, const sink_context& context) {
  check_sink_options("redis", context,
                     {"user", "password", "ca_file", "cert_file", "key_file", "database", "prefix",
                      "depth", "expiry_ms", "quiet_ms", "publish", "stream", "maxlen",
                      "connect_timeout_ms", "write_timeout_ms"});
  redis_sink_options result;
  auto& target = result.target;
  target = parse_redis_url(url);
  take_login(context, target);
  if (!context.insecure && !(target.tls && !target.password.empty())) {
    throw sink_error(false, target.place() +
                                ": wants rediss://, and a user and a password, where insecure "
                                "defaults are not allowed");
  }
  target.database = sink_option(context, "database", 0, 0, 65'535);
  target.connect_timeout_ms = sink_option(context, "connect_timeout_ms", 2'000, 1, hour_ms);
  target.write_timeout_ms = sink_option(context, "write_timeout_ms", 2'000, 1, hour_ms);
  auto& cache = result.cache;
  cache.prefix = option_or(context, "prefix", cache.prefix);
  cache.depth = static_cast<std::size_t>(sink_option(context, "depth", 10, 1, 1'000));
  cache.quiet_ms = sink_option(context, "quiet_ms", cache.quiet_ms, 1'000, 24 * hour_ms);
  result.expiry_ms = sink_option(context, "expiry_ms", result.expiry_ms, 300, 24 * hour_ms);
  cache.refresh_ms = result.expiry_ms / 3;
  result.publish = sink_option(context, "publish", 0, 0, 1) == 1;
  result.stream = sink_option(context, "stream", 0, 0, 1) == 1;
  result.maxlen = sink_option(context, "maxlen", result.maxlen, 1, 1'000'000'000);
  return result;
}

redis_sink::redis_sink(const redis_sink_options& options)
    : options_(options),
      expiry_text_(std::to_string(options.expiry_ms)),
      maxlen_text_(std::to_string(options.maxlen)),
      cache_(options.cache),
      connection_(std::make_unique<redis_connection>(options.target)) {
  writer_ = std::thread([this] { run(); });
}

redis_sink::~redis_sink() {
  stop();
}

void redis_sink::write(const batch_ptr& batch) {
  const lock held(mutex_);
  if (closed_) throw sink_error(false, options_.target.place() + " is closed");
  cache_.follow(*batch, now_ms());
  ++counters_.batches;
  counters_.events += batch->events.size();
  if (is_settled() && counters_.connected) counters_.delivered = counters_.events;
  wake_.notify_one();
}

void redis_sink::flush() {
  {
    const lock held(mutex_);
    if (closed_) throw sink_error(false, options_.target.place() + " is closed");
    if (behind_) return;
  }
  wait_until_settled(flush_ms);
}

void redis_sink::wait_until_settled(std::int64_t most_ms) {
  lock held(mutex_);
  settled_.wait_until(held, time_at(now_ms() + most_ms),
                      [this] { return is_settled() || !counters_.connected; });
  behind_ = !is_settled();
}

void redis_sink::close() {
  {
    const lock held(mutex_);
    if (closed_) return;
  }
  wait_until_settled(options_.target.write_timeout_ms);
  stop();
  if (!is_settled()) {
    throw sink_error(true, options_.target.place() + " does not have the last state" +
                               (trouble_.empty() ? "" : ": " + trouble_));
  }
}

void redis_sink::stop() {
  {
    const lock held(mutex_);
    closed_ = stopping_ = true;
  }
  wake_.notify_one();
  if (writer_.joinable()) writer_.join();
  connection_.reset();
}

sink_counters redis_sink::counters() const {
  const lock held(mutex_);
  auto result = counters_;
  result.merged = cache_.merged();
  return result;
}

std::string redis_sink::trouble() const {
  const lock held(mutex_);
  return trouble_;
}

void redis_sink::run() {
  lock held(mutex_);
  refresh_at_ms_ = now_ms() + options_.cache.refresh_ms / 2;
  while (!stopping_) {
    if (connection_ == nullptr) {
      keep_connected(held);
      continue;
    }
    refresh_if_due();
    if (cache_.empty()) {
      counters_.delivered = counters_.events;
      behind_ = false;
      trouble_.clear();
      retry_delay_ms_ = 0;
      settled_.notify_all();
      wake_.wait_until(held, time_at(refresh_at_ms_),
                       [this] { return stopping_ || !cache_.empty(); });
      continue;
    }
    write_all(held);
  }
}

void redis_sink::refresh_if_due() {
  const auto now = now_ms();
  if (now < refresh_at_ms_) return;
  cache_.refresh(now);
  refresh_at_ms_ = now + options_.cache.refresh_ms / 2;
}

// Connects when it is time, without the lock.
void redis_sink::keep_connected(lock& held) {
  if (now_ms() < retry_at_ms_) {
    wake_.wait_until(held, time_at(retry_at_ms_), [this] { return stopping_; });
    return;
  }
  held.unlock();
  std::unique_ptr<redis_connection> made;
  std::string why;
  try {
    made = std::make_unique<redis_connection>(options_.target);
  } catch (const sink_error& error) {
    why = error.what();
  }
  held.lock();
  if (made == nullptr) return give_up(held, {}, why);
  connection_ = std::move(made);
  counters_.connected = true;
  ++counters_.reconnects;
  cache_.rewrite();
}

// Sends the next piece before it waits for the answers to the one before.
void redis_sink::write_all(lock& held) {
  writing_ = true;
  piece one;
  piece other;
  auto* next = &one;
  auto* on_the_way = &other;
  try {
    while (!stopping_ && (!cache_.empty() || on_the_way->answers > 0)) {
      refresh_if_due();
      fill(*next);
      held.unlock();
      if (!next->commands.empty()) connection_->send(next->commands);
      connection_->expect(on_the_way->answers);
      held.lock();
      settle(*on_the_way);
      std::swap(next, on_the_way);
    }
    if (on_the_way->answers > 0) {
      connection_->expect(on_the_way->answers);
      settle(*on_the_way);
    }
    writing_ = false;
  } catch (const sink_error& error) {
    if (!held.owns_lock()) held.lock();
    writing_ = false;
    give_up(held, {on_the_way, next}, error.what());
  }
}

void redis_sink::fill(piece& next) {
  market_cache::value_ref what;
  std::string_view key;
  std::string_view value;
  while (next.values.size() < piece_values && next.commands.size() < piece_bytes &&
         cache_.take(now_ms(), what, key, value)) {
    add(next, what, key, value);
  }
}

void redis_sink::add(piece& next, const market_cache::value_ref& what, std::string_view key,
                     std::string_view value) const {
  next.values.push_back(what);
  append_command(next.commands, {"SET", key, value, "PX", expiry_text_});
  ++next.answers;
  if (!what.news) return;
  if (options_.publish) {
    append_command(next.commands, {"PUBLISH", key, value});
    ++next.answers;
  }
  if (!options_.stream) return;
  auto name = options_.cache.prefix + "-stream";
  name.append(key.substr(options_.cache.prefix.size()));
  append_command(next.commands, {"XADD", name, "MAXLEN", "~", maxlen_text_, "*", "value", value});
  ++next.answers;
}

void redis_sink::settle(piece& done) {
  counters_.written += done.values.size();
  counters_.bytes += done.commands.size();
  done.commands.clear();
  done.values.clear();
  done.answers = 0;
}

void redis_sink::give_up(lock& held, std::vector<piece*> unanswered, const std::string& why) {
  static_cast<void>(held);
  for (auto* each : unanswered) {
    for (const auto& what : each->values) cache_.put_back(what);
  }
  if (connection_ != nullptr) ++counters_.disconnects;
  connection_.reset();
  counters_.connected = false;
  ++counters_.errors;
  trouble_ = why + "; trying again, the latest state will win";
  retry_delay_ms_ = std::clamp(retry_delay_ms_ * 2, retry_first_ms, retry_most_ms);
  retry_at_ms_ = now_ms() + retry_delay_ms_;
  settled_.notify_all();
}

namespace {

const sink_registration registered{
    "redis", [](std::string_view target, const sink_context& context) -> std::unique_ptr<sink> {
      return std::make_unique<redis_sink>(redis_options_of(target, context));
    }};

}  // namespace
}  // namespace feedtree::storage
