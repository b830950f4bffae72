// What a JetStream server answers to messages that were published with a reply subject.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "adapters/nats/connection.hpp"

namespace feedtree::nats {

// Counts acknowledgements of one run of messages. The server's answers all come to one subject: it
// is enough to know that all are there and none is an error. After an error, or when one is missing
// for too long, whoever published looks into the stream and takes a new inbox.
class ack_inbox {
 public:
  struct report {
    std::uint64_t outstanding = 0;    // published and not answered
    std::uint64_t duplicates = 0;     // answers that the stream had the message already
    std::uint64_t last_sequence = 0;  // the highest in the stream of what was acknowledged
    std::string error;                // the first; empty: none
    bool retryable = true;            // false: the same message will never be taken
  };

  // The connection outlives it. Throws sink_error.
  explicit ack_inbox(connection& on);
  ~ack_inbox();
  ack_inbox(const ack_inbox&) = delete;
  ack_inbox& operator=(const ack_inbox&) = delete;

  const std::string& subject() const { return subject_; }
  // One more message is to be published with this subject as its reply; gives how many of them are
  // outstanding.
  std::uint64_t published();
  // Returns when no more than this many are outstanding, an error came, or time is over.
  report wait(std::uint64_t outstanding_max, std::chrono::milliseconds timeout);

 private:
  struct state;
  std::string subject_;
  std::shared_ptr<state> state_;
};

// Adds what an acknowledgement's body says; exposed for tests.
void read_acknowledgement(std::string_view body, ack_inbox::report& into);

}  // namespace feedtree::nats
