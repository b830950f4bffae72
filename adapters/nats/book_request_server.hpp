// Hears the requests for present books on md.v1.get.book.<venue>.<instrument>.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "adapters/nats/connection.hpp"

namespace feedtree::nats {

struct book_request {
  std::string venue;
  std::string instrument;  // canonical, as in listing::symbol
  std::string reply;       // the subject for the answer: see nats_sink::reply_present_book
};

// Called on a thread of nats.c, one request at a time; must not block for long and must not throw.
using book_request_handler = std::function<void(book_request)>;

// Subscribes while it lives. A request without a venue and an instrument is answered with an error
// here; one without a reply subject, or with one that is no inbox (connection::reply_prefix), is
// dropped: an answer to any subject would let whoever may ask publish with our rights. At most
// pending_max requests wait; further ones are dropped by nats.c, and the requester sees no answer.
class book_request_server {
 public:
  static constexpr int pending_max = 1024;

  // The connection outlives it; prefix stands in front of the subject. Throws sink_error.
  book_request_server(connection& on, book_request_handler handler, const std::string& prefix = {});
  // Waits for a call that is under way; no call comes afterwards.
  ~book_request_server();
  book_request_server(const book_request_server&) = delete;
  book_request_server& operator=(const book_request_server&) = delete;

  // Requests whose answer was to go elsewhere than to an inbox.
  std::uint64_t refused() const;
  // The subject of the last of them; empty: there was none.
  std::string refused_subject() const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace feedtree::nats
