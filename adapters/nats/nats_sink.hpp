// Publishes events on NATS, one subject an instrument and kind: docs/subjects.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/nats/book_request_server.hpp"
#include "adapters/nats/connection.hpp"
#include "adapters/nats/reusable_messages.hpp"
#include "core/codec.hpp"
#include "core/sink.hpp"

namespace feedtree::nats {

// Core NATS: at most once. What the server had not read when a connection broke is lost, and shows
// as a jump of "seq" in the subject; counters().disconnects says that it can have happened. A book
// that is larger than half of what the server takes is sent in parts that share their seq.
// While there is no connection reconnect_buffer_bytes are kept; then write fails, retryably. After
// a failed write give the same batch: it goes on behind the last event that was published.
// Options: see connection_option_names.
class nats_sink : public sink {
 public:
  // Connects; throws sink_error. context.epoch must not be empty.
  nats_sink(std::string_view target, const sink_context& context);

  void write(const batch_ptr& batch) override;
  void flush() override;
  sink_counters counters() const override;
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
  // One subject: its count and its messages.
  struct outlet {
    outlet(std::string subject, std::string prefix)
        : messages(std::move(subject)), id_prefix(std::move(prefix)) {}
    reusable_messages messages;
    std::string id_prefix;  // of the event's id: all but the key
    std::uint64_t seq = 0;  // of the last message
  };
  struct candle_outlet {
    std::int64_t interval_ns = 0;
    std::unique_ptr<outlet> at;
  };
  struct listing_outlets {
    const listing* of = nullptr;
    std::array<std::unique_ptr<outlet>, event_kinds> by_kind;
    std::vector<candle_outlet> candles;
  };

  outlet& outlet_of(const event& what);
  std::unique_ptr<outlet>& slot_of(const event& what);
  void publish_from(const event_batch& batch, std::size_t& at);
  void publish(const event& what, const event_batch& batch);
  void publish(const quarantine_entry& what);
  // Encodes into bodies_, in parts if need be; gives how many.
  std::size_t encode(const event& what, const event_batch& batch, std::uint64_t seq);
  void encode_parts(const event& what, const event_batch& batch, std::uint64_t seq,
                    std::size_t parts);
  connection& open_link() const;
  [[noreturn]] void rethrow_counted(const sink_error& error);

  std::unique_ptr<connection> link_;
  std::unique_ptr<book_request_server> questions_;  // ends before link_
  std::string address_;
  std::string epoch_;
  event_encoder encoder_;
  std::vector<listing_outlets> outlets_;
  std::map<std::string, outlet, std::less<>> quarantines_;  // by venue
  std::vector<std::string> bodies_;
  std::string id_;
  std::size_t payload_max_bytes_ = 0;
  batch_ptr unfinished_;           // the batch of a write that failed
  std::size_t unfinished_at_ = 0;  // how many of its entries were published
  sink_counters counters_;
};

}  // namespace feedtree::nats
