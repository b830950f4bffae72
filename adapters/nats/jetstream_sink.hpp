// Stores events in a stream of JetStream, each once: docs/subjects.md, docs/reliability.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/nats/ack_inbox.hpp"
#include "adapters/nats/book_request_server.hpp"
#include "adapters/nats/connection.hpp"
#include "adapters/nats/event_messages.hpp"
#include "adapters/nats/jetstream.hpp"
#include "adapters/nats/recent_trouble.hpp"
#include "adapters/nats/stored_messages.hpp"
#include "core/sink.hpp"

namespace feedtree::nats {

// Publishes without waiting and acknowledges (flush returns) when the server has acknowledged every
// message: then it is in the server's file, though not synced to disk (sync_interval of the
// server). The message id is the event's id, so that the server drops what comes twice within its
// duplicate window. Beyond that window the stream itself is asked: with each flush a cursor is kept
// beside the stream, and at the start, and after a connection or an acknowledgement was lost, what
// stands behind the cursor is read back and not published again. Holds the batches since the last
// flush. Options: see jetstream_option_names.
class jetstream_sink : public sink {
 public:
  // Connects, finds or makes the stream; throws sink_error. context.epoch must not be empty.
  jetstream_sink(std::string_view target, const sink_context& context);

  void write(const batch_ptr& batch) override;
  void flush() override;
  void mark(std::string_view journal, std::uint64_t position) override;
  // Reads back what stands behind the cursor too: to be called before the first write.
  std::uint64_t marked(std::string_view journal) override;
  sink_counters counters() const override;
  std::string trouble() const override;
  void close() override;
  void hear_questions(book_question_handler handler) override;
  void answer(const std::string& reply_to, const event_batch& book) override;
  void refuse(const std::string& reply_to, std::string_view why) override;

 private:
  connection& open_link() const;
  void check_link() const;
  void begin_run();
  void read_back();
  void recover();
  void publish(const event_batch& batch);
  bool publish(outlet& to, const std::string& id, std::string_view body);
  std::size_t header_bytes(const std::string& id) const;
  ack_inbox::report wait_for_acknowledgements(std::uint64_t outstanding_max);
  void keep_cursor(std::uint64_t last_sequence);
  void count_delivered(const ack_inbox::report& report);
  template <class Action>
  void guarded(Action&& action);

  stream_options stream_options_;
  std::int64_t timeout_ms_;
  std::uint64_t pending_max_;
  event_messages messages_;
  std::unique_ptr<connection> link_;
  std::string address_;
  std::unique_ptr<jetstream> stream_;
  std::unique_ptr<ack_inbox> acks_;
  std::unique_ptr<book_request_server> questions_;  // ends before link_
  acknowledged_by by_;
  std::uint64_t disconnects_ = 0;  // of the connection when the run began
  bool in_doubt_ = false;          // it is not known what the stream has of what was published

  std::string journal_;
  std::uint64_t position_ = 0;  // marked last
  stream_cursor cursor_;        // as it is kept
  std::uint64_t sequence_ = 0;  // what is ours and not flushed stands behind it in the stream
  stored_messages stored_;
  std::vector<batch_ptr> unflushed_;
  std::uint64_t bytes_ = 0;       // published since the last flush
  std::uint64_t skipped_ = 0;     // what the stream had already, since then
  std::uint64_t duplicates_ = 0;  // that the server dropped in this run and that are counted
  recent_trouble too_large_;
  sink_counters counters_;
};

const std::vector<std::string_view>& jetstream_option_names();

}  // namespace feedtree::nats
