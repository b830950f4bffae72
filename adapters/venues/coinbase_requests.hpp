// What a Coinbase connection was asked for and what the venue answered.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/venues/venue.hpp"

namespace feedtree::venues::coinbase {

// The channel that gives a kind, e.g. "market_trades" for trades; empty if there is none.
std::string_view channel_of(event_kind kind);
// The reverse, for the names used in requests and acknowledgements ("level2", not "l2_data").
std::optional<event_kind> kind_of(std::string_view channel);

// One entry of an acknowledgement: channel and product.
using channel_product = std::pair<std::string_view, std::string_view>;

// Writes the request frames of one connection and matches the answers with them: the venue answers
// every request in order, with the list of all that is subscribed or with an error frame.
class request_ledger {
 public:
  // One frame a channel. The first subscription of a connection asks for the heartbeats too.
  std::vector<std::string> subscribe(std::span<const stream> streams);
  std::vector<std::string> unsubscribe(std::span<const stream> streams);
  // The connection is a new one: nothing was asked yet.
  void clear();

  // The venue sent its list of subscriptions. Judges the oldest request that has no answer; where
  // nothing was asked (a replay) all that is listed counts as accepted.
  void acknowledge(const std::vector<channel_product>& listed, symbol_table& symbols,
                   std::vector<subscription_answer>& answers);
  // The venue sent an error frame: it refuses the oldest request that has no answer, if any.
  void refuse(std::string_view reason, symbol_table& symbols,
              std::vector<subscription_answer>& answers);

 private:
  struct request {
    bool subscribes = true;
    std::string channel;
    std::vector<std::string> products;  // empty for heartbeats
  };

  void ask(bool subscribes, std::span<const stream> streams, std::vector<std::string>& frames);
  std::optional<request> next();

  bool heartbeats_asked_ = false;
  std::deque<request> unanswered_;
};

}  // namespace feedtree::venues::coinbase
