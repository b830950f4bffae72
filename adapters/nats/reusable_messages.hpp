// Messages of one subject that are made once and sent many times.
#pragma once

#include <nats/nats.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace feedtree::nats {

struct message_deleter {
  void operator()(natsMsg* message) const { natsMsg_Destroy(message); }
};
using message_ptr = std::unique_ptr<natsMsg, message_deleter>;

// Of messages that a JetStream server is to acknowledge.
struct acknowledged_by {
  std::string reply;   // the subject of the acknowledgements
  std::string source;  // the header Feedtree-Source
};

// Publishing with a header needs a natsMsg. Making and destroying one costs three times what
// sending it does (nats.c hands each to its garbage collector's thread), so small bodies are put
// into a message that is kept. Its length is fixed when it is made: there is one for each length in
// steps, and the body is filled up with blanks, which JSON allows after its end. Not thread-safe.
class reusable_messages {
 public:
  static constexpr std::size_t step_bytes = 64;
  static constexpr std::size_t body_max_bytes = 1024;  // longer ones get a message of their own

  // replay: the header Feedtree-Replay of every message; empty: there is none.
  explicit reusable_messages(std::string subject, std::string replay = {})
      : subject_(std::move(subject)), replay_(std::move(replay)) {}
  const std::string& subject() const { return subject_; }

  // Publishes a body with the header Nats-Msg-Id. `by` is the same until clear.
  natsStatus publish(natsConnection* connection, const std::string& id, std::string_view body,
                     const acknowledged_by* by = nullptr);
  // Forgets the messages that were made.
  void clear() { by_steps_.clear(); }

 private:
  natsStatus make(std::string_view body, const acknowledged_by* by, message_ptr& out) const;
  natsStatus message_for(std::string_view body, const acknowledged_by* by, natsMsg*& out);

  std::string subject_;
  std::string replay_;
  std::vector<message_ptr> by_steps_;
  message_ptr single_;  // the last long one
};

}  // namespace feedtree::nats
