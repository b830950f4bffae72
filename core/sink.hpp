// Where events go. A sink is one file that registers its kind ("jsonl", "sqlite", "nats", ...) by a
// static object, and one test; nothing else is edited.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.hpp"

namespace feedtree {

// A sink could not do what was asked. The message names the target (path or host:port, never a
// secret) and the way out, and can be shown as it is.
class sink_error : public std::runtime_error {
 public:
  sink_error(bool retryable, const std::string& message)
      : std::runtime_error(message), retryable_(retryable) {}
  // True if the same call may succeed later (server away, disk full, database locked); false if
  // it will not without someone's help (closed pipe, bad target, changed migration).
  bool retryable() const { return retryable_; }

 private:
  bool retryable_;
};

struct sink_counters {
  std::uint64_t batches = 0;      // taken by write
  std::uint64_t events = 0;       // taken by write
  std::uint64_t delivered = 0;    // events that left the process: published, committed, written
  std::uint64_t bytes = 0;        // of delivered text; 0 where there is none
  std::uint64_t duplicates = 0;   // events that the target had already; part of delivered
  std::uint64_t refused = 0;      // events that the target would not have; part of delivered
  std::uint64_t errors = 0;       // sink_error thrown
  std::uint64_t disconnects = 0;  // connections lost
  std::uint64_t reconnects = 0;
  std::uint64_t written = 0;        // values of a cache that the server has taken
  std::uint64_t merged = 0;         // changes of a cache's values that a later one overtook
  std::uint64_t too_large = 0;      // messages that are larger than the target takes; not delivered
  std::uint64_t not_permitted = 0;  // messages that the target does not permit us
  std::uint64_t questions_refused = 0;  // whose answer was to go to a subject that is no inbox
  bool connected = true;                // always true for files
};

// Someone asks for the present book of an instrument; the answer goes to reply_to.
using book_question_handler =
    std::function<void(std::string venue, std::string instrument, std::string reply_to)>;

// Takes batches in order. One thread at a time. Every call may block for at most the sink's own
// bounds (a timeout in its options), and holds at most a stated amount of memory.
class sink {
 public:
  sink() = default;
  virtual ~sink() = default;
  sink(const sink&) = delete;
  sink& operator=(const sink&) = delete;

  // Takes a batch; it may stay in a bounded buffer until flush. If this throws, the batch was not
  // taken: after a retryable error give the same batch again (events that had already gone are not
  // sent twice, or are duplicates that the target drops). What was taken before stays taken.
  virtual void write(const batch_ptr& batch) = 0;
  // Hands everything taken to the target and waits until it has it (committed, written, answered
  // by the server). Call it when idle, and at least as often as data may be late. Throws
  // sink_error; what could not be handed over stays in the buffer and a later flush tries again.
  virtual void flush() = 0;
  // Everything taken so far ends at this position of that journal. A target that can keeps the
  // position in one transaction with what was taken.
  virtual void mark(std::string_view journal, std::uint64_t position) {
    static_cast<void>(journal), static_cast<void>(position);
  }
  // The position of that journal up to which the target has everything, as it says itself; 0 if it
  // does not know.
  virtual std::uint64_t marked(std::string_view journal) {
    static_cast<void>(journal);
    return 0;
  }
  // Where the target can be asked for a present book (NATS), questions go to the handler from now
  // on, on a thread of the target's client, until close.
  virtual void hear_questions(book_question_handler handler) { static_cast<void>(handler); }
  // Answers a question: the batch holds the book as its one event. Called between writes, behind
  // the batches that the book was made of.
  virtual void answer(const std::string& reply_to, const event_batch& book) {
    static_cast<void>(reply_to), static_cast<void>(book);
  }
  // Answers a question that has no book, with the reason.
  virtual void refuse(const std::string& reply_to, std::string_view why) {
    static_cast<void>(reply_to), static_cast<void>(why);
  }
  virtual sink_counters counters() const = 0;
  // What is wrong at present although nothing is held up (a cache whose server is away), in words
  // for the operator; empty where nothing is.
  virtual std::string trouble() const { return {}; }
  // Flushes and lets go of the target; throws as flush does, but the target is let go of all the
  // same. Twice is harmless; write afterwards throws.
  virtual void close() = 0;
};

// What a sink gets from the process that makes it.
struct sink_context {
  std::function<std::int64_t()> now_ns;  // wall clock, nanoseconds since 1970; called per batch
  std::string epoch;       // names this run of the publisher: sequences begin anew with it
  bool insecure = false;   // plain connections without credentials are allowed
  bool is_replay = false;  // what comes happened before: messages that others read say so
  // By name, e.g. {"ca_file", "/etc/ssl/nats.pem"}; each sink says which it has, others are
  // refused.
  std::map<std::string, std::string, std::less<>> options;
};

// Makes the sink of "KIND:TARGET" ("jsonl:events.jsonl", "nats:tls://host:4222", "none"). Throws
// sink_error: an unknown kind names those that there are; a target that cannot be opened says why.
std::unique_ptr<sink> make_sink(std::string_view spec, const sink_context& context);

// The registered kinds, sorted.
std::vector<std::string> sink_kinds();

using sink_factory = std::unique_ptr<sink> (*)(std::string_view target, const sink_context&);
void register_sink(std::string_view kind, sink_factory make);

// A static object of this type registers a kind:
// `const sink_registration registered{"none", [](auto target, auto& context) {...}};`.
struct sink_registration {
  sink_registration(std::string_view kind, sink_factory make) { register_sink(kind, make); }
};

// Throws sink_error if the context has an option that is not among the known ones.
void check_sink_options(std::string_view kind, const sink_context& context,
                        const std::vector<std::string_view>& known);
// A whole number option, or its default; throws sink_error if it is not one within [least, most].
std::int64_t sink_option(const sink_context& context, std::string_view name, std::int64_t otherwise,
                         std::int64_t least, std::int64_t most);
// A text option, or empty.
std::string sink_option(const sink_context& context, std::string_view name);

}  // namespace feedtree
