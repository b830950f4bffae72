// A connection to Redis: commands are sent in one piece and answered in order. Answers are read by
// hiredis; the socket is our own, because Debian 12's hiredis has no TLS.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/sink.hpp"
#include "storage/redis_target.hpp"
#include "storage/tls_socket.hpp"

struct redisReader;

namespace feedtree::storage {

// Appends a command as the protocol wants it. Source: redis.io, "Redis serialization protocol".
void append_command(std::string& out, std::initializer_list<std::string_view> words);

// One thread at a time. Every call waits for at most the target's timeouts and throws sink_error;
// afterwards only the destructor may be called.
class redis_connection {
 public:
  // Connects, logs in, and chooses the database.
  explicit redis_connection(const redis_target& target);

  // Sends commands that append_command made.
  void send(std::string_view commands);
  // Waits for so many answers; throws at the first that is an error.
  void expect(std::size_t answers);
  // One command; gives its answer: the text, the number as text, or "" where there is none.
  std::string ask(std::initializer_list<std::string_view> words);

 private:
  struct reader_deleter {
    void operator()(redisReader* what) const;
  };
  std::string answer();
  [[noreturn]] void fail(const socket_error& error) const;
  [[noreturn]] void refused(const std::string& why) const;

  redis_target target_;
  std::unique_ptr<tls_socket> socket_;
  std::unique_ptr<redisReader, reader_deleter> reader_;
};

}  // namespace feedtree::storage
