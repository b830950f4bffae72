// OKX's channels as subscriptions: the requests for them, and the venue's answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/venue.hpp"

namespace feedtree::venues::okx {

// 400 (also as 0, the default) and 5.
bool is_book_depth(std::size_t depth);

// An `arg`; the texts live as long as its frame is read.
struct arg_fields {
  std::string_view channel;
  std::string_view inst_id;
  std::string_view inst_type;
};

// A frame with an `event`; likewise.
struct answer_fields {
  std::string_view event;
  std::string_view code;
  std::string_view message;
  arg_fields arg;
};

// What is subscribed to on one connection. Several streams may share a channel (liquidations come
// by type of instrument): it is asked for once and kept until the last of them is gone.
class subscriptions {
 public:
  explicit subscriptions(const symbol_table& symbols) : symbols_(symbols) {}

  // The frames that ask for streams, or no longer want them.
  std::vector<std::string> subscribe(std::span<const stream> streams);
  std::vector<std::string> unsubscribe(std::span<const stream> streams);
  // A new subscription brings a new snapshot.
  std::vector<std::string> resync(const stream& book);
  // No answer comes any more to what was asked before.
  void on_connected() { unanswered_.clear(); }

  // Reads an answer into the report: what is accepted, what refused, what to ask again.
  void take(const answer_fields& answer, frame_report& report);

 private:
  std::vector<std::string> requests(std::string_view op, std::span<const std::string> args);
  void refused(const answer_fields& answer, frame_report& report);
  void report_arg(const std::string& arg, bool accepted, std::string_view reason,
                  frame_report& report) const;

  const symbol_table& symbols_;
  std::map<std::string, std::vector<stream>, std::less<>> wanted_;  // by arg
  std::vector<std::vector<std::string>> unanswered_;  // args by request, as far as not answered
};

}  // namespace feedtree::venues::okx
