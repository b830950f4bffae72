#include "storage/redis_connection.hpp"

#include <hiredis/hiredis.h>

#include <array>
#include <charconv>

namespace feedtree::storage {
namespace {

struct reply_deleter {
  void operator()(redisReply* what) const { freeReplyObject(what); }
};
using reply_ptr = std::unique_ptr<redisReply, reply_deleter>;

// What the server's error means; its first word is its class.
struct meaning {
  std::string_view word;
  bool retryable;
  std::string_view advice;
};
constexpr std::array<meaning, 9> meanings{
    {{"WRONGPASS", false, "; check user and password of the redis sink"},
     {"NOAUTH", false, "; give the redis sink a user and a password"},
     {"NOPERM", false,
      "; the ACL user needs `+set ~md:*`, with publish also `+publish &md:*`, with stream also "
      "`+xadd ~md-stream:*`"},
     {"OOM", true, "; raise maxmemory of the server, or set its maxmemory-policy to volatile-ttl"},
     {"READONLY", true, "; it is a replica: give the url of its primary"},
     {"MISCONF", true, "; the server cannot save to its disk"},
     {"LOADING", true, "; it still reads its data"},
     {"MASTERDOWN", true, ""},
     {"WRONGTYPE", false, "; another program uses a key of ours: choose another prefix"}}};

void append_length(std::string& out, char kind, std::size_t length) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), length).ptr;
  out += kind;
  out.append(digits.data(), end);
  out += "\r\n";
}

std::string text_of(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
  return reply.str == nullptr ? std::string() : std::string(reply.str, reply.len);
}

}  // namespace

void append_command(std::string& out, std::initializer_list<std::string_view> words) {
  append_length(out, '*', words.size());
  for (const auto word : words) {
    append_length(out, '$', word.size());
    out.append(word).append("\r\n");
  }
}

void redis_connection::reader_deleter::operator()(redisReader* what) const {
  redisReaderFree(what);
}

redis_connection::redis_connection(const redis_target& target)
    : target_(target), reader_(redisReaderCreate()) {
  if (reader_ == nullptr) throw sink_error(true, target_.place() + ": no memory");
  const tls_files files{target_.ca_file, target_.cert_file, target_.key_file};
  try {
    socket_ = std::make_unique<tls_socket>(
        target_.host, target_.port, target_.tls ? &files : nullptr, target_.connect_timeout_ms);
  } catch (const socket_error& error) {
    throw sink_error(!error.final, "cannot connect to " + target_.place() + ": " + error.what +
                                       (error.final ? "" : "; check that it runs, and the url"));
  }
  if (!target_.password.empty()) {
    if (target_.user.empty()) {
      ask({"AUTH", target_.password});
    } else {
      ask({"AUTH", target_.user, target_.password});
    }
  }
  if (target_.database != 0) ask({"SELECT", std::to_string(target_.database)});
}

void redis_connection::fail(const socket_error& error) const {
  throw sink_error(!error.final, target_.place() + ": " + error.what);
}

void redis_connection::refused(const std::string& why) const {
  const auto word = why.substr(0, why.find(' '));
  for (const auto& each : meanings) {
    if (each.word == word) {
      throw sink_error(each.retryable, target_.place() + ": " + why + std::string(each.advice));
    }
  }
  throw sink_error(true, target_.place() + ": " + why);
}

void redis_connection::send(std::string_view commands) {
  try {
    socket_->write(commands, target_.write_timeout_ms);
  } catch (const socket_error& error) {
    fail(error);
  }
}

std::string redis_connection::answer() {
  while (true) {
    void* found = nullptr;
    if (redisReaderGetReply(reader_.get(), &found) != REDIS_OK) {
      throw sink_error(true, target_.place() + ": what answers there is no Redis");
    }
    if (found != nullptr) {
      const reply_ptr reply(static_cast<redisReply*>(found));
      if (reply->type == REDIS_REPLY_ERROR) refused(text_of(*reply));
      return text_of(*reply);
    }
    try {
      const auto more = socket_->read(target_.write_timeout_ms);
      redisReaderFeed(reader_.get(), more.data(), more.size());
    } catch (const socket_error& error) {
      fail(error);
    }
  }
}

void redis_connection::expect(std::size_t answers) {
  for (; answers > 0; --answers) answer();
}

std::string redis_connection::ask(std::initializer_list<std::string_view> words) {
  std::string command;
  append_command(command, words);
  send(command);
  return answer();
}

}  // namespace feedtree::storage
