// Publishes events on NATS, one subject an instrument and kind: docs/subjects.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/nats/book_request_server.hpp"
#include "adapters/nats/connection.hpp"
#include "adapters/nats/event_messages.hpp"
#include "adapters/nats/recent_trouble.hpp"
#include "core/sink.hpp"

namespace feedtree::nats {

// Core NATS: at most once. What the server had not read when a connection broke is lost, and shows
// as a jump of "seq" in the subject; counters().disconnects says that it can have happened. A book
// that is larger than half of what the server takes is sent in parts that share their seq.
// While there is no connection reconnect_buffer_bytes are kept; then write fails, retryably. After
// a failed write give the same batch: it goes on behind the last event that was published.
// Options: see connection_option_names, and prefix, of every subject.
class nats_sink : public sink {
 public:
  // Connects; throws sink_error. context.epoch must not be empty.
  nats_sink(std::string_view target, const sink_context& context);

  void write(const batch_ptr& batch) override;
  void flush() override;
  sink_counters counters() const override;
  // The server does not permit a subject, or a message is larger than it takes: others are
  // delivered.
  std::string trouble() const override;
  void close() override;
  void hear_questions(book_question_handler handler) override;
  void answer(const std::string& reply_to, const event_batch& book) override;
  void refuse(const std::string& reply_to, std::string_view why) override;

  // Answers a request for the present book with this event (a book snapshot), in parts if it is
  // large. It carries the epoch and the seq of the last book message published for that instrument:
  // apply it, and then what follows with seq + 1 and on (0: none was published yet). Call it from
  // the thread that writes, in the order of the batches that the book was made of. Throws
  // sink_error.
  void reply_present_book(const std::string& reply, const event& book, const event_batch& batch);
  // Answers a request with {"version":1,"error":"<why>"}.
  void reply_error(const std::string& reply, std::string_view why);

  // For a book_request_server beside this sink, which must end before close.
  connection& link();

 private:
  void publish_from(const event_batch& batch, std::size_t& at);
  connection& open_link() const;
  [[noreturn]] void rethrow_counted(const sink_error& error);

  std::string prefix_;  // of every subject, with its dot
  std::unique_ptr<connection> link_;
  std::unique_ptr<book_request_server> questions_;  // ends before link_
  std::string address_;
  event_messages messages_;
  recent_trouble too_large_;
  batch_ptr unfinished_;           // the batch of a write that failed
  std::size_t unfinished_at_ = 0;  // how many of its entries were published
  sink_counters counters_;
};

}  // namespace feedtree::nats
