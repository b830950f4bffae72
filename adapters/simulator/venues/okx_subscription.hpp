// One channel of OKX that a client has: what is sent at once, and what when its market moves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/simulator/book_view.hpp"
#include "adapters/simulator/protocol.hpp"

namespace feedtree::simulator::okx {

enum class channel_kind : std::uint8_t {
  book,
  whole_book,
  trades,
  ticker,
  candles,
  funding,
  open_interest,
  liquidations
};

struct channel {
  std::string_view name;
  channel_kind kind;
  std::size_t depth = 0;
  std::int64_t interval_ns = 0;
};

// Null if the venue has none of that name.
const channel* find_channel(std::string_view name);

// {"channel":"books","instId":"BTC-USDT"}, or with instType.
struct argument {
  std::string channel;
  std::string inst_id;
  std::string inst_type;

  std::string to_json() const;
};

class subscription {
 public:
  // of is null for what is subscribed to by type.
  subscription(const channel& what, argument arg, const market* of);

  const std::string& arg() const { return arg_; }
  bool is_about(const market& what) const;

  void append_snapshot(std::int64_t now_ns, frames& out);
  void append_update(const market& of, const market_step& step, frames& out);
  // A book in which nothing moved for a minute gives a sign of life: an update without levels, with
  // the number that the client has.
  void append_sign_of_life(std::int64_t now_ns, frames& out);

 private:
  void append_book(const market_step& step, frames& out);
  void append_candle(bool traded, frames& out);
  void append_funding(frames& out);
  void append_open_interest(std::int64_t now_ns, frames& out);

  channel what_;
  std::string type_;
  std::string arg_;
  const market* of_;
  std::optional<book_view> view_;
  market_candle candle_;
  std::optional<decimal> told_;
  std::int64_t told_funding_ns_ = 0;
  std::uint64_t previous_ = 0;
  std::int64_t sent_ns_ = 0;
};

}  // namespace feedtree::simulator::okx
