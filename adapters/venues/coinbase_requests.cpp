#include "adapters/venues/coinbase_requests.hpp"

#include <algorithm>
#include <array>

namespace feedtree::venues::coinbase {
namespace {

constexpr std::string_view heartbeats = "heartbeats";
constexpr std::string_view not_listed = "not in the venue's list of subscriptions";

constexpr std::array<std::pair<event_kind, std::string_view>, 4> channels{
    {{event_kind::book, "level2"},
     {event_kind::trade, "market_trades"},
     {event_kind::ticker, "ticker"},
     {event_kind::candle, "candles"}}};

// {"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"}
std::string request_frame(bool subscribes, std::string_view channel,
                          const std::vector<std::string>& products) {
  std::string text = subscribes ? R"({"type":"subscribe",)" : R"({"type":"unsubscribe",)";
  if (!products.empty()) {
    text += R"("product_ids":[)";
    for (const auto& product : products) text.append(1, '"').append(product).append("\",");
    text.back() = ']';
    text += ',';
  }
  return text.append(R"("channel":")").append(channel).append(R"("})");
}

subscription_answer answer(std::string_view channel, std::string_view product,
                           symbol_table& symbols, std::string_view refusal = {}) {
  subscription_answer result;
  result.text = std::string(channel);
  if (!product.empty() && product != channel) result.text.append(1, ':').append(product);
  result.where = symbols.find(product);
  result.kind = kind_of(channel);
  result.accepted = refusal.empty();
  result.reason = std::string(refusal);
  return result;
}

}  // namespace

std::string_view channel_of(event_kind kind) {
  for (const auto& [entry, name] : channels) {
    if (entry == kind) return name;
  }
  return {};
}

std::optional<event_kind> kind_of(std::string_view channel) {
  for (const auto& [kind, name] : channels) {
    if (name == channel) return kind;
  }
  return {};
}

void request_ledger::ask(bool subscribes, std::span<const stream> streams,
                         std::vector<std::string>& frames) {
  for (const auto& [kind, channel] : channels) {
    request wanted{subscribes, std::string(channel), {}};
    for (const auto& what : streams) {
      if (what.kind == kind) wanted.products.push_back(what.where->venue_symbol);
    }
    if (wanted.products.empty()) continue;
    frames.push_back(request_frame(subscribes, channel, wanted.products));
    unanswered_.push_back(std::move(wanted));
  }
}

// A channel without updates is closed after 60 to 90 seconds; the heartbeats keep it, and make a
// missing frame show within a second.
std::vector<std::string> request_ledger::subscribe(std::span<const stream> streams) {
  std::vector<std::string> frames;
  if (!std::exchange(heartbeats_asked_, true)) {
    frames.push_back(request_frame(true, heartbeats, {}));
    unanswered_.push_back({true, std::string(heartbeats), {}});
  }
  ask(true, streams, frames);
  return frames;
}

std::vector<std::string> request_ledger::unsubscribe(std::span<const stream> streams) {
  std::vector<std::string> frames;
  ask(false, streams, frames);
  return frames;
}

void request_ledger::clear() {
  heartbeats_asked_ = false;
  unanswered_.clear();
}

std::optional<request_ledger::request> request_ledger::next() {
  if (unanswered_.empty()) return {};
  auto oldest = std::move(unanswered_.front());
  unanswered_.pop_front();
  return oldest;
}

void request_ledger::acknowledge(const std::vector<channel_product>& listed, symbol_table& symbols,
                                 std::vector<subscription_answer>& answers) {
  const auto asked = next();
  if (!asked) {
    for (const auto& [channel, product] : listed) {
      answers.push_back(answer(channel, product, symbols));
    }
    return;
  }
  if (!asked->subscribes) return;
  const auto judge = [&](std::string_view product) {
    const bool there = std::find(listed.begin(), listed.end(),
                                 channel_product{asked->channel, product}) != listed.end();
    answers.push_back(answer(asked->channel, product, symbols, there ? "" : not_listed));
  };
  if (asked->products.empty()) judge(asked->channel);
  for (const auto& product : asked->products) judge(product);
}

void request_ledger::refuse(std::string_view reason, symbol_table& symbols,
                            std::vector<subscription_answer>& answers) {
  const auto asked = next();
  if (!asked || !asked->subscribes) return;
  if (asked->products.empty()) answers.push_back(answer(asked->channel, "", symbols, reason));
  for (const auto& product : asked->products) {
    answers.push_back(answer(asked->channel, product, symbols, reason));
  }
}

}  // namespace feedtree::venues::coinbase
