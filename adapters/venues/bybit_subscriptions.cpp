#include "adapters/venues/bybit_subscriptions.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace feedtree::venues::bybit {
namespace {

constexpr std::int64_t minute_ns = 60'000'000'000;

constexpr std::array<std::size_t, 4> book_depths{1, 50, 200, 1000};
constexpr std::size_t book_depth_default = 200;

struct interval_entry {
  std::string_view code;
  std::int64_t interval_ns;
};
constexpr std::array<interval_entry, 12> intervals{{{"1", minute_ns},
                                                    {"3", 3 * minute_ns},
                                                    {"5", 5 * minute_ns},
                                                    {"15", 15 * minute_ns},
                                                    {"30", 30 * minute_ns},
                                                    {"60", 60 * minute_ns},
                                                    {"120", 120 * minute_ns},
                                                    {"240", 240 * minute_ns},
                                                    {"360", 360 * minute_ns},
                                                    {"720", 720 * minute_ns},
                                                    {"D", 1440 * minute_ns},
                                                    {"W", 10080 * minute_ns}}};

std::size_t depth_of(const stream& what) {
  return what.depth == 0 ? book_depth_default : what.depth;
}

// "orderbook.200.BTCUSDT". Quotes are the book of depth 1; funding and open interest are fields of
// the ticker.
std::string topic_of(const stream& what) {
  const auto& symbol = what.where->venue_symbol;
  switch (what.kind) {
    case event_kind::trade:
      return "publicTrade." + symbol;
    case event_kind::book:
      return "orderbook." + std::to_string(depth_of(what)) + "." + symbol;
    case event_kind::quote:
      return "orderbook.1." + symbol;
    case event_kind::candle:
      return "kline." + std::string(interval_code(what.interval_ns)) + "." + symbol;
    case event_kind::liquidation:
      return "allLiquidation." + symbol;
    default:
      return "tickers." + symbol;
  }
}

bool is_top_topic(std::string_view topic) {
  return topic.starts_with("orderbook.1.");
}

// True if the text names the topic (or symbol) as a whole word.
bool names(std::string_view text, std::string_view word) {
  const auto inside = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !inside(text[at - 1])) && (end == text.size() || !inside(text[end])))
      return true;
  }
  return false;
}

std::string_view symbol_in(std::string_view topic) {
  return topic.substr(topic.rfind('.') + 1);
}

}  // namespace

bool is_book_depth(std::size_t depth) {
  return depth == 0 ||
         std::find(book_depths.begin(), book_depths.end(), depth) != book_depths.end();
}

std::string_view interval_code(std::int64_t interval_ns) {
  for (const auto& entry : intervals) {
    if (entry.interval_ns == interval_ns) return entry.code;
  }
  return {};
}

std::int64_t interval_of(std::string_view code) {
  for (const auto& entry : intervals) {
    if (entry.code == code) return entry.interval_ns;
  }
  return 0;
}

// {"req_id":"1","op":"subscribe","args":["orderbook.200.BTCUSDT","publicTrade.BTCUSDT"]}
std::string subscriptions::request(std::string_view op, std::span<const std::string> topics) {
  std::string frame = R"({"req_id":")" + std::to_string(++last_request_) + R"(","op":")";
  frame.append(op).append(R"(","args":[)");
  for (const auto& topic : topics) {
    if (&topic != topics.data()) frame += ',';
    frame.append("\"").append(topic).append("\"");
  }
  if (op == "subscribe") asked_[last_request_].assign(topics.begin(), topics.end());
  // Answers that never come must not pile up.
  constexpr std::size_t asked_max = 4096;
  if (asked_.size() > asked_max) asked_.erase(asked_.begin());
  return frame += "]}";
}

// Spot takes ten topics in one request.
std::vector<std::string> subscriptions::requests(std::string_view op,
                                                 const std::vector<std::string>& topics) {
  constexpr std::size_t most = 10;
  std::vector<std::string> frames;
  for (std::size_t at = 0; at < topics.size(); at += most) {
    const auto count = std::min(most, topics.size() - at);
    frames.push_back(request(op, {topics.data() + at, count}));
  }
  return frames;
}

std::vector<std::string> subscriptions::subscribe(std::span<const stream> streams) {
  std::vector<std::string> topics;
  for (const auto& what : streams) {
    auto topic = topic_of(what);
    auto& wanted = wanted_[topic];
    if (std::find(wanted.begin(), wanted.end(), what) == wanted.end()) wanted.push_back(what);
    if (std::find(topics.begin(), topics.end(), topic) == topics.end()) {
      topics.push_back(std::move(topic));
    }
  }
  // The deep book's snapshot is to come before the top of the book.
  std::stable_partition(topics.begin(), topics.end(),
                        [](const auto& topic) { return !is_top_topic(topic); });
  return requests("subscribe", topics);
}

// A topic that another stream still needs is kept.
std::vector<std::string> subscriptions::unsubscribe(std::span<const stream> streams) {
  std::vector<std::string> topics;
  for (const auto& what : streams) {
    const auto found = wanted_.find(topic_of(what));
    if (found == wanted_.end()) continue;
    std::erase(found->second, what);
    if (!found->second.empty()) continue;
    topics.push_back(found->first);
    wanted_.erase(found);
  }
  return requests("unsubscribe", topics);
}

std::vector<std::string> subscriptions::resync(const stream& book) {
  const std::vector<std::string> topics{topic_of(book)};
  return {request("unsubscribe", topics), request("subscribe", topics)};
}

void subscriptions::report_topic(const std::string& topic, bool accepted, std::string_view reason,
                                 frame_report& report) const {
  subscription_answer answer{topic, nullptr, {}, accepted, std::string(reason)};
  const auto found = wanted_.find(topic);
  if (found == wanted_.end() || found->second.empty()) {
    answer.where = symbols_.find(symbol_in(topic));
    report.subscriptions.push_back(std::move(answer));
    return;
  }
  for (const auto& what : found->second) {
    answer.where = what.where;
    answer.kind = what.kind;
    report.subscriptions.push_back(answer);
  }
}

// {"success":true,"ret_msg":"","conn_id":"d8bu1olkndm7crnfs1e0-j6akw","req_id":"1","op":"subscribe"}
// {"success":false,"ret_msg":"error:handler not found,topic:kline.7.BTCUSDT",..}
void subscriptions::take(const command_answer& answer, frame_report& report) {
  report.outcome = frame_outcome::decoded;
  if (answer.op == "ping" || answer.op == "pong" || answer.op == "unsubscribe") {
    report.outcome = frame_outcome::ignored;
    return;
  }
  if (answer.op != "subscribe") {
    if (!answer.success) report.error = std::string(answer.message);
    return;
  }
  std::uint64_t id = 0;
  std::from_chars(answer.request_id.data(), answer.request_id.data() + answer.request_id.size(),
                  id);
  const auto asked = asked_.extract(id);
  const std::string message(answer.message);
  if (asked.empty()) {
    // Not one of our requests, or the venue did not say which.
    if (!answer.success) report.subscriptions.push_back({message, nullptr, {}, false, message});
  } else if (answer.success) {
    for (const auto& topic : asked.mapped()) report_topic(topic, true, {}, report);
  } else {
    refused(asked.mapped(), message, report);
  }
}

// The venue refuses a request as a whole; the topics at which it does not point are asked for
// again, so that one bad symbol does not cost the others.
void subscriptions::refused(const std::vector<std::string>& topics, std::string_view message,
                            frame_report& report) {
  const bool subscribed = message.find("already subscribed") != std::string_view::npos;
  std::vector<std::string> others;
  for (const auto& topic : topics) {
    const bool named =
        topics.size() == 1 || names(message, topic) ||
        (message.find("symbol") != std::string_view::npos && names(message, symbol_in(topic)));
    if (named) {
      report_topic(topic, subscribed, subscribed ? std::string_view{} : message, report);
    } else {
      others.push_back(topic);
    }
  }
  if (others.size() == topics.size()) {
    for (const auto& topic : others) report.replies.push_back(request("subscribe", {&topic, 1}));
  } else if (!others.empty()) {
    report.replies.push_back(request("subscribe", others));
  }
}

}  // namespace feedtree::venues::bybit
