#include "adapters/venues/kraken_common.hpp"

#include <algorithm>
#include <tuple>

#include "core/trade_keeper.hpp"

namespace feedtree::venues::kraken_family {
namespace {

// One level: {"price":77362.8,"qty":0.05300065}
level read_level(json::value& from) {
  decimal price;
  decimal quantity;
  int fields = 0;
  each_member(from.get_object(), [&](json_key key, json::value& content) {
    if (key == "price") {
      price = json::to_decimal(content, "price");
      fields |= 1;
    } else if (key == "qty") {
      quantity = json::to_decimal(content, "qty");
      fields |= 2;
    }
  });
  if (fields != 3) throw decode_error("a level has no price or no qty");
  return {price, quantity};
}

// A number this far below the last is no old trade: the venue has begun to count again. Its
// snapshots go back 100 trades at most.
constexpr std::uint64_t restart_distance = 1'000;
// A higher number that is so much older is of the numbering before.
constexpr std::int64_t disorder_ns = 60'000'000'000;

std::uint16_t bit_of(event_kind kind) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(kind));
}

event gap_before(const numbered_trade& next, std::int64_t begin_ns, std::int64_t receive_ns) {
  event entry;
  entry.where = next.where;
  entry.exchange_ns = next.exchange_ns;
  entry.receive_ns = receive_ns;
  entry.state = feed_state::gap;
  gap body;
  body.cause = gap_cause::sequence;
  body.feed = event_kind::trade;
  body.begin_ns = begin_ns;
  body.end_ns = receive_ns;
  entry.body = body;
  return entry;
}

event missing_trades(const numbered_trade& next, std::uint64_t first, std::int64_t begin_ns,
                     std::int64_t receive_ns) {
  auto entry = gap_before(next, begin_ns, receive_ns);
  auto& detail = std::get<gap>(entry.body).detail;
  detail.append("trades ").append(first).append(" to ").append(next.number - next.count);
  detail.append(" are missing");
  entry.key.append("trade-").append(first).append('-').append(next.number - next.count);
  return entry;
}

event restarted_numbers(const numbered_trade& next, std::uint64_t first, std::uint64_t last,
                        std::int64_t begin_ns, std::int64_t receive_ns) {
  auto entry = gap_before(next, begin_ns, receive_ns);
  auto& detail = std::get<gap>(entry.body).detail;
  detail.append("trade numbers begin again at ").append(first).append(" behind ").append(last);
  entry.key.append("trade-restart-").append(next.exchange_ns);
  return entry;
}

}  // namespace

std::uint32_t append_level_objects(json::value& from, std::vector<level>& out) {
  const auto before = out.size();
  each_element(from, [&out](json::value& entry) { out.push_back(read_level(entry)); });
  return static_cast<std::uint32_t>(out.size() - before);
}

void book_sides::read_bids(json::value& from) {
  if (has_bids_) throw decode_error("bids: twice");
  has_bids_ = true;
  bids_ = append_level_objects(from, out_.levels);
  if (!has_asks_) return;
  const auto begin = out_.levels.begin() + static_cast<std::ptrdiff_t>(first_);
  std::rotate(begin, begin + static_cast<std::ptrdiff_t>(asks_), out_.levels.end());
}

void book_sides::read_asks(json::value& from) {
  if (has_asks_) throw decode_error("asks: twice");
  has_asks_ = true;
  asks_ = append_level_objects(from, out_.levels);
}

void book_sides::finish(book_change& into) const {
  if (!has_bids_ || !has_asks_) throw decode_error("a side of the book is missing");
  into.first_level = first_;
  into.bids = bids_;
  into.asks = asks_;
}

trade_side to_side(json::value& from) {
  const auto text = json::to_text(from, "side");
  if (text == "buy") return trade_side::buy;
  if (text == "sell") return trade_side::sell;
  throw decode_error("side: neither buy nor sell: " + std::string(text.substr(0, 40)));
}

std::string upper_case(std::string_view text) {
  std::string result(text);
  for (auto& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

void asked_kinds::add(event_kind kind, const listing* where) {
  if (where->index >= by_index_.size()) by_index_.resize(where->index + 1);
  by_index_[where->index] |= bit_of(kind);
}

void asked_kinds::remove(event_kind kind, const listing* where) {
  if (where->index >= by_index_.size()) return;
  by_index_[where->index] &= static_cast<std::uint16_t>(~bit_of(kind));
}

bool asked_kinds::asked(event_kind kind, const listing* where) const {
  return where->index < by_index_.size() && (by_index_[where->index] & bit_of(kind)) != 0;
}

bool asked_kinds::wants(event_kind kind, const listing* where) const {
  if (where->index >= by_index_.size() || by_index_[where->index] == 0) return true;
  return asked(kind, where);
}

void trade_watch::judge(std::vector<numbered_trade>& trades, bool snapshot, const raw_frame& frame,
                        session_counters& counters, event_batch& out) {
  if (snapshot) {
    std::sort(trades.begin(), trades.end(), [](const auto& a, const auto& b) {
      return std::tie(a.where->index, a.number) < std::tie(b.where->index, b.number);
    });
  }
  for (const auto& trade : trades) {
    const auto receive_ns = frame.receive_ns == 0 ? trade.exchange_ns : frame.receive_ns;
    judge(trade, snapshot, receive_ns, counters, out);
  }
  trades.clear();
}

void trade_watch::judge(const numbered_trade& trade, bool snapshot, std::int64_t receive_ns,
                        session_counters& counters, event_batch& out) {
  if (trade.where->index >= by_index_.size()) by_index_.resize(trade.where->index + 1);
  auto& last = by_index_[trade.where->index];
  if (last.number && trade.number <= *last.number) {
    const bool is_old =
        trade.exchange_ns <= last.exchange_ns && *last.number - trade.number <= restart_distance;
    if (!is_old) return judge_lower(trade, last, receive_ns, counters, out);
    if (!snapshot) ++counters.duplicates;
    return;
  }
  if (last.number && trade.exchange_ns + disorder_ns < last.exchange_ns) return;
  if (last.number && trade.count != 0 && trade.number > *last.number + trade.count) {
    // What is missing before the first trade of a connection was lost with the one before: no
    // failed check.
    if (!last.connects) ++counters.sequence_gaps;
    out.events.push_back(missing_trades(trade, *last.number + 1, last.receive_ns, receive_ns));
  }
  last = {trade.number, {}, trade.exchange_ns, receive_ns, false};
}

// The trade that counts on from the first lower one says that the numbers begin again.
void trade_watch::judge_lower(const numbered_trade& trade, last_seen& last, std::int64_t receive_ns,
                              session_counters& counters, event_batch& out) {
  if (!last.reused || trade.number <= *last.reused) {
    last.reused = trade.number;
    return;
  }
  ++counters.sequence_gaps;
  out.events.push_back(
      restarted_numbers(trade, *last.reused, *last.number, last.receive_ns, receive_ns));
  last = {trade.number, {}, trade.exchange_ns, receive_ns, false};
}

void sort_trades(event_batch& out, std::size_t first) {
  std::stable_sort(out.events.begin() + static_cast<std::ptrdiff_t>(first), out.events.end(),
                   [](const event& a, const event& b) {
                     return std::tuple(a.where->index, number_of_trade(a)) <
                            std::tuple(b.where->index, number_of_trade(b));
                   });
}

std::string quoted_list(const std::vector<std::string_view>& symbols, std::size_t first,
                        std::size_t count) {
  std::string text;
  for (std::size_t at = first; at < first + count && at < symbols.size(); ++at) {
    text.append(text.empty() ? "\"" : ",\"").append(symbols[at]).append("\"");
  }
  return text;
}

}  // namespace feedtree::venues::kraken_family
