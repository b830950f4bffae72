// Bybit's topics, and the requests for them with the venue's answers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/venue.hpp"

namespace feedtree::venues::bybit {

// The depths that the order book topic has (0 stands for the default, 200).
// https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook
bool is_book_depth(std::size_t depth);
// "60" for an hour, "D" for a day; empty if the venue has no such candles. A month is left out: it
// has no fixed length. https://bybit-exchange.github.io/docs/v5/enum#interval
std::string_view interval_code(std::int64_t interval_ns);
// The reverse; 0 if it is none.
std::int64_t interval_of(std::string_view code);

// The answer to a request; the texts live as long as its frame is read.
struct command_answer {
  std::string_view op;
  std::string_view message;
  std::string_view request_id;
  bool there = false;
  bool success = false;
};

// What is subscribed to on one connection. Several streams may share a topic: it is asked for once
// and kept until the last of them is gone.
class subscriptions {
 public:
  explicit subscriptions(const symbol_table& symbols) : symbols_(symbols) {}

  // The frames that ask for streams, or no longer want them.
  std::vector<std::string> subscribe(std::span<const stream> streams);
  std::vector<std::string> unsubscribe(std::span<const stream> streams);
  // A new subscription brings a new snapshot.
  std::vector<std::string> resync(const stream& book);

  // Reads an answer into the report: what is accepted, what refused, what to ask again.
  void take(const command_answer& answer, frame_report& report);

 private:
  std::string request(std::string_view op, std::span<const std::string> topics);
  std::vector<std::string> requests(std::string_view op, const std::vector<std::string>& topics);
  void refused(const std::vector<std::string>& topics, std::string_view message,
               frame_report& report);
  void report_topic(const std::string& topic, bool accepted, std::string_view reason,
                    frame_report& report) const;

  const symbol_table& symbols_;
  std::map<std::string, std::vector<stream>, std::less<>> wanted_;  // by topic
  std::map<std::uint64_t, std::vector<std::string>> asked_;         // topics by request
  std::uint64_t last_request_ = 0;
};

}  // namespace feedtree::venues::bybit
