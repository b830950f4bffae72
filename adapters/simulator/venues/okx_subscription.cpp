#include "adapters/simulator/venues/okx_subscription.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "adapters/simulator/frame_writer.hpp"
#include "adapters/simulator/venues/okx_frames.hpp"

namespace feedtree::simulator::okx {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t hour_ns = 60 * minute_ns;

// Those candles of the venue that markets keep.
constexpr std::array<channel, 20> channels{{
    {"books", channel_kind::book, 400},
    {"books5", channel_kind::whole_book, 5},
    {"bbo-tbt", channel_kind::whole_book, 1},
    {"trades", channel_kind::trades},
    {"tickers", channel_kind::ticker},
    {"funding-rate", channel_kind::funding},
    {"open-interest", channel_kind::open_interest},
    {"liquidation-orders", channel_kind::liquidations},
    {"candle1m", channel_kind::candles, 0, minute_ns},
    {"candle3m", channel_kind::candles, 0, 3 * minute_ns},
    {"candle5m", channel_kind::candles, 0, 5 * minute_ns},
    {"candle15m", channel_kind::candles, 0, 15 * minute_ns},
    {"candle30m", channel_kind::candles, 0, 30 * minute_ns},
    {"candle1H", channel_kind::candles, 0, hour_ns},
    {"candle2H", channel_kind::candles, 0, 2 * hour_ns},
    {"candle4H", channel_kind::candles, 0, 4 * hour_ns},
    {"candle6Hutc", channel_kind::candles, 0, 6 * hour_ns},
    {"candle12Hutc", channel_kind::candles, 0, 12 * hour_ns},
    {"candle1Dutc", channel_kind::candles, 0, 24 * hour_ns},
    {"candle1Wutc", channel_kind::candles, 0, 168 * hour_ns},
}};

}  // namespace

const channel* find_channel(std::string_view name) {
  const auto* const found = std::find_if(channels.begin(), channels.end(),
                                         [&](const auto& entry) { return entry.name == name; });
  return found == channels.end() ? nullptr : found;
}

std::string argument::to_json() const {
  frame_writer out;
  out.begin_object().field("channel", channel);
  if (!inst_type.empty()) out.field("instType", inst_type);
  if (!inst_id.empty()) out.field("instId", inst_id);
  return out.end_object().take();
}

subscription::subscription(const channel& what, argument arg, const market* of)
    : what_(what), type_(std::move(arg.inst_type)), of_(of) {
  arg.inst_type = what.kind == channel_kind::liquidations ? type_ : "";
  arg_ = arg.to_json();
  if (what.depth != 0) view_.emplace(what.depth, fallen_levels::deleted);
  if (what.kind == channel_kind::ticker) view_.emplace(1, fallen_levels::deleted);
}

bool subscription::is_about(const market& what) const {
  return of_ == nullptr ? type_of(what.spec().details) == type_ : of_ == &what;
}

void subscription::append_snapshot(std::int64_t now_ns, frames& out) {
  sent_ns_ = now_ns;
  if (of_ == nullptr) return;
  if (view_) view_->snapshot(*of_);
  switch (what_.kind) {
    case channel_kind::book:
      out.push_back(book_frame(*of_, arg_, "snapshot", view_->present(), -1, of_->exchange_ns()));
      previous_ = sequence_of(*of_);
      break;
    case channel_kind::whole_book:
      out.push_back(whole_book_frame(*of_, arg_, view_->present()));
      break;
    case channel_kind::ticker:
      out.push_back(ticker_frame(*of_, arg_));
      break;
    case channel_kind::candles:
      candle_ = of_->candle(what_.interval_ns);
      out.push_back(candle_frame(*of_, arg_, candle_, false));
      break;
    case channel_kind::funding:
      append_funding(out);
      break;
    case channel_kind::open_interest:
      out.push_back(open_interest_frame(*of_, arg_));
      break;
    default:
      break;
  }
}

void subscription::append_update(const market& of, const market_step& step, frames& out) {
  const bool traded = !step.trades.empty();
  switch (what_.kind) {
    case channel_kind::book:
      append_book(step, out);
      break;
    case channel_kind::whole_book:
      if (!view_->update(of, step).empty()) {
        out.push_back(whole_book_frame(of, arg_, view_->present()));
      }
      break;
    case channel_kind::trades:
      if (traded) out.push_back(trade_frame(of, arg_, step.trades));
      break;
    case channel_kind::ticker:
      if (!view_->update(of, step).empty() || traded) out.push_back(ticker_frame(of, arg_));
      break;
    case channel_kind::candles:
      append_candle(traded, out);
      break;
    case channel_kind::funding:
      append_funding(out);
      break;
    case channel_kind::open_interest:
      append_open_interest(step.exchange_ns, out);
      break;
    case channel_kind::liquidations:
      auto frame = liquidation_frame(of, arg_, step.trades);
      if (!frame.empty()) out.push_back(std::move(frame));
      break;
  }
}

void subscription::append_sign_of_life(std::int64_t now_ns, frames& out) {
  if (what_.kind != channel_kind::book || now_ns - sent_ns_ < minute_ns) return;
  out.push_back(book_frame(*of_, arg_, "update", {}, static_cast<std::int64_t>(previous_), now_ns));
  sent_ns_ = now_ns;
}

void subscription::append_book(const market_step& step, frames& out) {
  const auto changes = view_->update(*of_, step);
  if (changes.empty()) return;
  const auto previous = static_cast<std::int64_t>(previous_);
  out.push_back(book_frame(*of_, arg_, "update", changes, previous, step.exchange_ns));
  previous_ = sequence_of(*of_);
  sent_ns_ = step.exchange_ns;
}

// A candle that is over comes once more, closed.
void subscription::append_candle(bool traded, frames& out) {
  const auto& now = of_->candle(what_.interval_ns);
  const bool over = now.open_ns != candle_.open_ns;
  if (over) out.push_back(candle_frame(*of_, arg_, candle_, true));
  if (over || traded) out.push_back(candle_frame(*of_, arg_, now, false));
  candle_ = now;
}

void subscription::append_funding(frames& out) {
  const auto rate = of_->funding_rate();
  const auto next_ns = of_->next_funding_ns();
  if (told_ && *told_ == rate && told_funding_ns_ == next_ns) return;
  told_ = rate;
  told_funding_ns_ = next_ns;
  out.push_back(funding_frame(*of_, arg_));
}

// "Data will be pushed every 3 seconds".
void subscription::append_open_interest(std::int64_t now_ns, frames& out) {
  if (now_ns - sent_ns_ < 3 * second_ns) return;
  sent_ns_ = now_ns;
  out.push_back(open_interest_frame(*of_, arg_));
}

}  // namespace feedtree::simulator::okx
