#include "adapters/venues/okx_subscriptions.hpp"

#include <algorithm>

#include "adapters/venues/okx_guard.hpp"
#include "adapters/venues/okx_messages.hpp"
#include "adapters/venues/okx_symbols.hpp"

namespace feedtree::venues::okx {
namespace {

constexpr std::size_t top5_depth = 5;

std::string_view channel_of(const stream& what) {
  switch (what.kind) {
    case event_kind::trade:
      return "trades";
    case event_kind::book:
      return what.depth == top5_depth ? "books5" : "books";
    case event_kind::quote:
      return "bbo-tbt";
    case event_kind::ticker:
      return "tickers";
    case event_kind::candle:
      return candle_channel(what.interval_ns);
    case event_kind::funding:
      return "funding-rate";
    case event_kind::open_interest:
      return "open-interest";
    case event_kind::liquidation:
      return "liquidation-orders";
    default:
      return {};
  }
}

// {"channel":"books","instId":"BTC-USDT"}: how a subscription is named in requests and answers.
std::string arg_text(std::string_view channel, std::string_view of, std::string_view name) {
  std::string text = R"({"channel":")";
  text.append(channel).append(R"(",")").append(of).append(R"(":")").append(name).append("\"}");
  return text;
}

// Liquidations are subscribed to by type of instrument, all else by instrument.
std::string arg_of(const stream& what) {
  const auto channel = channel_of(what);
  if (what.kind == event_kind::liquidation) {
    return arg_text(channel, "instType", okx_type_of(what.where->details));
  }
  return arg_text(channel, "instId", what.where->venue_symbol);
}

std::string_view between(std::string_view text, std::string_view begin, std::string_view ends) {
  const auto at = text.find(begin);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + begin.size());
  return text.substr(0, text.find_first_of(ends));
}

}  // namespace

bool is_book_depth(std::size_t depth) {
  return depth == 0 || depth == okx_book_depth || depth == top5_depth;
}

// {"op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT"},..]}: at most 64 KB, which a
// hundred args never reach.
std::vector<std::string> subscriptions::requests(std::string_view op,
                                                 std::span<const std::string> args) {
  constexpr std::size_t most = 100;
  std::vector<std::string> frames;
  for (std::size_t at = 0; at < args.size(); at += most) {
    const auto piece = args.subspan(at, std::min(most, args.size() - at));
    std::string frame = R"({"op":")" + std::string(op) + R"(","args":[)";
    for (const auto& arg : piece) {
      if (&arg != piece.data()) frame += ',';
      frame += arg;
    }
    frames.push_back(frame += "]}");
    if (op == "subscribe") unanswered_.emplace_back(piece.begin(), piece.end());
  }
  // Answers that never come must not pile up.
  constexpr std::size_t unanswered_max = 1024;
  if (unanswered_.size() > unanswered_max) unanswered_.erase(unanswered_.begin());
  return frames;
}

std::vector<std::string> subscriptions::subscribe(std::span<const stream> streams) {
  std::vector<std::string> args;
  for (const auto& what : streams) {
    auto arg = arg_of(what);
    auto& wanted = wanted_[arg];
    if (std::find(wanted.begin(), wanted.end(), what) == wanted.end()) wanted.push_back(what);
    if (std::find(args.begin(), args.end(), arg) == args.end()) args.push_back(std::move(arg));
  }
  return requests("subscribe", args);
}

// A channel that another stream still needs (liquidations of a type) is kept.
std::vector<std::string> subscriptions::unsubscribe(std::span<const stream> streams) {
  std::vector<std::string> args;
  for (const auto& what : streams) {
    const auto found = wanted_.find(arg_of(what));
    if (found == wanted_.end()) continue;
    std::erase(found->second, what);
    if (!found->second.empty()) continue;
    args.push_back(found->first);
    wanted_.erase(found);
  }
  return requests("unsubscribe", args);
}

std::vector<std::string> subscriptions::resync(const stream& book) {
  const std::vector<std::string> args{arg_of(book)};
  auto frames = requests("unsubscribe", args);
  auto again = requests("subscribe", args);
  std::move(again.begin(), again.end(), std::back_inserter(frames));
  return frames;
}

void subscriptions::report_arg(const std::string& arg, bool accepted, std::string_view reason,
                               frame_report& report) const {
  subscription_answer answer{arg, nullptr, {}, accepted, std::string(reason)};
  const auto found = wanted_.find(arg);
  if (found == wanted_.end() || found->second.empty()) {
    answer.where = symbols_.find(between(arg, R"("instId":")", "\""));
    report.subscriptions.push_back(std::move(answer));
    return;
  }
  for (const auto& what : found->second) {
    answer.where = what.where;
    answer.kind = what.kind;
    report.subscriptions.push_back(answer);
  }
}

// {"event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"a4d3ae55"}
// {"event":"error","code":"60018","msg":"Wrong URL or channel:candle1m,instId:BTC-USDT doesn't
//  exist. Please use the correct URL, channel and parameters ..","connId":"a4d3ae55"}
// {"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade.
//  Please reconnect.","connId":"a4d3ae55"}
void subscriptions::take(const answer_fields& answer, frame_report& report) {
  if (answer.event == "subscribe") {
    const bool by_type = answer.arg.inst_id.empty();
    const auto arg = arg_text(answer.arg.channel, by_type ? "instType" : "instId",
                              by_type ? answer.arg.inst_type : answer.arg.inst_id);
    for (auto& args : unanswered_) std::erase(args, arg);
    std::erase_if(unanswered_, [](const auto& args) { return args.empty(); });
    report_arg(arg, true, {}, report);
  } else if (answer.event == "error") {
    refused(answer, report);
  } else if (answer.event == "notice") {
    report.closes_soon = true;
  } else {
    return;
  }
  report.outcome = frame_outcome::decoded;
}

// An error that names a channel refuses it; the rest of its request that is not answered yet is
// asked for again, in case the venue dropped the request as a whole. A second subscription to the
// same channel is harmless: a book then begins anew with its snapshot.
void subscriptions::refused(const answer_fields& answer, frame_report& report) {
  const std::string reason = std::string(answer.code) + ": " + std::string(answer.message);
  const auto channel = between(answer.message, "channel:", ", ");
  const auto inst_id = between(answer.message, "instId:", ", ");
  const auto inst_type = between(answer.message, "instType:", ", ");
  const auto arg = inst_id.empty() ? arg_text(channel, "instType", inst_type)
                                   : arg_text(channel, "instId", inst_id);
  const auto request = std::find_if(unanswered_.begin(), unanswered_.end(), [&](const auto& args) {
    return std::find(args.begin(), args.end(), arg) != args.end();
  });
  if (channel.empty() || (request == unanswered_.end() && !wanted_.contains(arg))) {
    report.error = reason;
    return;
  }
  report_arg(arg, false, reason, report);
  if (request == unanswered_.end()) return;
  auto others = std::move(*request);
  unanswered_.erase(request);
  std::erase(others, arg);
  report.replies = requests("subscribe", others);
}

}  // namespace feedtree::venues::okx
