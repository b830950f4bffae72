// One client's connection to a simulated Binance market: streams in the target or asked for with
// SUBSCRIBE, combined or raw.
// https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md
// https://developers.binance.com/en/docs/products/derivatives-trading-usds-futures/websocket-market-streams/Live-Subscribing-Unsubscribing-to-streams
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapters/simulator/client_request.hpp"
#include "adapters/simulator/protocol.hpp"
#include "adapters/simulator/venues/binance_frames.hpp"

namespace feedtree::simulator::binance {

enum class feed_kind : std::uint8_t {
  agg_trade,
  depth,
  book_ticker,
  day_ticker,
  kline,
  mark_price,
  force_order
};

// "btcusdt@kline_1m" taken apart.
struct stream_name {
  std::string symbol;  // "BTCUSDT"
  feed_kind kind = feed_kind::agg_trade;
  std::int64_t interval_ns = 0;  // kline
};

// Nothing if the market has no stream of such a name; whether there is such a symbol is not asked.
std::optional<stream_name> parse_stream(dialect how, std::string_view name);

class stream_protocol : public protocol {
 public:
  stream_protocol(dialect how, const market_set& markets) : how_(how), markets_(markets) {}

  void on_connected(std::string_view target, std::int64_t now_ns, frames& out) override;
  void on_client_frame(std::string_view text, std::int64_t now_ns, frames& out) override;
  void on_step(const market& what, const market_step& step, frames& out) override;
  // Once a second: tickers, candles, mark prices and the latest forced order.
  void on_tick(std::int64_t now_ns, frames& out) override;
  // More messages a second than the venue takes.
  bool wants_close() const override { return wants_close_; }

 private:
  struct feed {
    std::string name;
    stream_name what;
    std::optional<market_candle> candle;  // kline: as it was last seen
    std::uint64_t candle_trade_id = 0;    // the market's last trade then
    std::optional<market_trade> forced;   // force_order: the latest that was not sent
    std::int64_t traded = -1;             // trades of the day when it was last sent
  };

  void subscribe(const client_request& from, std::string_view id, frames& out);
  void add(const std::string& name);
  void remove(const std::string& name);
  bool serves(feed_kind kind) const;
  void count_message(std::int64_t now_ns);
  void send(const feed& to, std::string payload, frames& out) const;
  void follow(feed& to, const market& what, const market_step& step, bool best, frames& out);
  void follow_candle(feed& to, const market& what, std::int64_t now_ns, frames& out);
  void beat(feed& to, const market& what, std::int64_t now_ns, frames& out);

  dialect how_;
  const market_set& markets_;
  std::set<std::string> names_;  // all that were acknowledged
  std::unordered_map<const market*, std::vector<feed>> feeds_;
  std::deque<std::int64_t> messages_ns_;
  std::string_view path_;  // USD-M: "/public" or "/market"
  bool combined_ = true;
  bool wants_close_ = false;
  std::int64_t second_ = 0;
};

}  // namespace feedtree::simulator::binance
