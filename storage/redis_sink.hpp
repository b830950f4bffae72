// The present state of every instrument in Redis: see docs/cache.md for the keys.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/sink.hpp"
#include "storage/market_cache.hpp"
#include "storage/redis_connection.hpp"
#include "storage/redis_target.hpp"

namespace feedtree::storage {

struct redis_sink_options {
  redis_target target;
  market_cache_options cache;
  std::int64_t expiry_ms = 30'000;
  bool publish = false;  // PUBLISH to the channel that has the key's name
  bool stream = false;   // XADD to <prefix>-stream:..., of about maxlen entries
  std::int64_t maxlen = 1'000;
};
// Throws sink_error. Options: user, password, ca_file, cert_file, key_file, database, prefix,
// depth, expiry_ms, quiet_ms, publish, stream, maxlen, connect_timeout_ms, write_timeout_ms.
redis_sink_options redis_options_of(std::string_view url, const sink_context& context);

// A cache and not a store: what counts is the latest state. write never waits for the server: it
// changes values in memory, and a thread of the sink's own writes those that have changed, each as
// it is then. A server that is slow or away costs merged updates, counted, and holds up nobody; its
// error is in trouble(). When it is back, every live value is written again. Each value expires
// expiry_ms after it was written; live ones are written again before that, the others are not.
class redis_sink : public sink {
 public:
  // Connects. Throws sink_error.
  explicit redis_sink(const redis_sink_options& options);
  ~redis_sink() override;

  void write(const batch_ptr& batch) override;
  // Waits until the server has answered all that was taken, for at most a quarter of a second, and
  // not for a server that is away or that did not keep up the last time. Throws nothing.
  void flush() override;
  sink_counters counters() const override;
  std::string trouble() const override;
  // Waits for at most write_timeout_ms; then the connection is closed. Values go by their expiry.
  // Throws sink_error, of a kind that can pass, where the server does not have the last state.
  void close() override;

 private:
  // Commands on their way, and what they write.
  struct piece {
    std::string commands;
    std::size_t answers = 0;
    std::vector<market_cache::value_ref> values;
  };
  using lock = std::unique_lock<std::mutex>;

  void run();
  void keep_connected(lock& held);
  void write_all(lock& held);
  void fill(piece& next);
  void add(piece& next, const market_cache::value_ref& what, std::string_view key,
           std::string_view value) const;
  void settle(piece& done);
  void give_up(lock& held, std::vector<piece*> unanswered, const std::string& why);
  void refresh_if_due();
  void wait_until_settled(std::int64_t most_ms);
  void stop();
  bool is_settled() const { return cache_.empty() && !writing_; }

  redis_sink_options options_;
  std::string expiry_text_;
  std::string maxlen_text_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;     // of the writer
  std::condition_variable settled_;  // all is written, or the server is away
  market_cache cache_;
  sink_counters counters_;
  std::string trouble_;
  bool writing_ = false;
  bool behind_ = false;  // a flush did not get all through in its time, and it still is not
  bool stopping_ = false;
  bool closed_ = false;
  std::int64_t retry_at_ms_ = 0;
  std::int64_t retry_delay_ms_ = 0;
  std::int64_t refresh_at_ms_ = 0;
  std::unique_ptr<redis_connection> connection_;  // of the writer, once it runs
  std::thread writer_;
};

}  // namespace feedtree::storage
