// What Binance's markets have in common: streams by name on one WebSocket, acknowledgements by
// number, order books that start from a REST snapshot. Each market is a file of its own beside this
// one (binance.cpp, binance_usdm.cpp, binance_coinm.cpp).
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/json.hpp"
#include "adapters/venues/plain_reader.hpp"
#include "adapters/venues/venue.hpp"

namespace feedtree::venues::binance {

// The answer to one symbol of exchangeInfo.
struct symbol_entry {
  std::string_view symbol;
  std::string_view base;
  std::string_view quote;
  std::string_view margin;  // empty on spot
  std::string_view status;  // "status", on COIN-M "contractStatus"
};

// What tells one market from another. The texts are literals.
struct market {
  std::string_view name;      // of the venue
  std::string_view rest_url;  // scheme://host/api/v3, with the version
  bool inverse = false;
  bool derivative = false;
  std::span<const std::string_view> intervals;   // of candles
  std::span<const std::size_t> snapshot_depths;  // allowed; empty: any up to depth_max
  std::size_t depth_max = 0;
  std::uint32_t (*snapshot_weight)(std::size_t depth);  // of the REST budget
  std::uint32_t symbols_weight = 1;
  std::uint32_t trades_weight = 1;  // of a request for aggregate trades
  // Which instrument a symbol names: by its entry in exchangeInfo, or by the market's naming rule
  // where there is none; nothing if it is not one.
  std::optional<instrument> (*describe)(const symbol_entry& entry);
  std::optional<instrument> (*guess)(std::string_view symbol);
};

inline constexpr std::size_t snapshot_depth_default = 1000;
// In one request: a longer one may pass the 4096 bytes beyond which the venue drops the connection.
inline constexpr std::size_t names_per_request = 100;
inline constexpr std::uint64_t trades_per_request = 1000;
inline constexpr std::int64_t second_ns = 1'000'000'000;
// Since 30 June 2026 both futures count against one request weight an address.
// https://developers.binance.com/en/docs/products/derivatives-trading-coin-futures/Important-CM-UM-Integration-Notice
inline constexpr std::string_view futures_pool = "binance-futures";

// "btcusdt@depth@100ms"; empty for kinds that have no stream (open interest).
std::string stream_name(const stream& what);

// "BTCUSDT_210924": the part behind the underscore as a date, YYYYMMDD; 0 if it is none.
std::uint32_t delivery_date(std::string_view symbol);
// Splits "BTCUSDT" at a quote asset that it ends with; the longest one counts.
std::optional<std::pair<std::string, std::string>> split_at_quote(
    std::string_view symbol, std::span<const std::string_view> quotes);

// A connection to one market.
class market_session final : public session {
 public:
  market_session(const market& of, venue_symbols& symbols, const venue_addresses& at);

  std::vector<std::string> subscribe_frames(std::span<const stream> streams) override;
  std::vector<std::string> unsubscribe_frames(std::span<const stream> streams) override;
  std::optional<rest_request> snapshot_request(const stream& book) const override;
  std::optional<rest_request> trades_request(const missing_trades& what) const override;
  // Snapshots come over REST, so there is nothing to send.
  std::vector<std::string> resync_frames(const stream& book) override;
  std::string proof_frame() override;
  void on_connected() override;

 protected:
  void read_frame(const raw_frame& frame, event_batch& out, frame_report& report) override;
  void read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                 frame_report& report) override;

 private:
  // A request whose answer has not come yet.
  struct request {
    bool subscribes = true;
    std::vector<stream> streams;
  };

  bool read_plain_message(plain_reader& in, const raw_frame& frame, event_batch& out);
  const listing*& recent_of(std::string_view symbol);
  // Null if the symbol was not seen yet.
  const listing* known_listing(std::string_view symbol);
  const listing* listing_of(std::string_view symbol);
  const listing* look_up(std::string_view symbol);
  std::vector<std::string> request_frames(bool subscribes, std::span<const stream> streams);
  std::string request_frame(bool subscribes, std::span<const stream> streams);
  void read_control(const raw_frame& frame, frame_report& report);
  void answer(std::uint64_t id, std::string_view refusal, frame_report& report);
  void refuse(const request& what, std::string_view reason, frame_report& report);
  void read_symbols(const raw_frame& body, event_batch& out, frame_losses& losses);
  void add_symbol(json::object from);
  void read_snapshot(std::string_view url, const raw_frame& body, event_batch& out);
  void read_open_interest(const raw_frame& body, event_batch& out);
  void read_trades(std::string_view url, const raw_frame& body, event_batch& out,
                   frame_losses& losses);

  const market& market_;
  venue_symbols& symbols_;
  venue_addresses at_;
  symbol_table& table_;
  std::array<const listing*, 64> recent_{};  // the last ones looked up, by a mix of their symbols
  json::parser parser_;
  std::map<std::uint64_t, request> requests_;
  std::uint64_t next_id_ = 1;
  std::int64_t last_exchange_ns_ = 0;
};

// The part of a venue that all markets share.
class market_venue : public venue {
 public:
  explicit market_venue(const market& of) : market_(of) {}

  std::string_view name() const override { return market_.name; }
  std::vector<event_kind> kinds() const override;
  bool offers(const instrument& what) const override;
  std::vector<rest_request> symbol_requests(const venue_addresses& at) const override;
  std::optional<rest_request> poll_request(const stream& what,
                                           const venue_addresses& at) const override;
  std::string refuses(const stream& what) const override;
  std::unique_ptr<session> make_session(venue_symbols& symbols, std::string_view url,
                                        const venue_addresses& at) const override;
  // The aggregate trades are.
  bool numbers_trades() const override { return true; }
  guard_ptr make_guard(const stream& book) const override;
  keeper_options book_options(const stream& book) const override;

 protected:
  // Those that are carried by a WebSocket and not refused.
  std::vector<stream> streamed(std::span<const stream> streams) const;

 private:
  std::string refuses_book(std::size_t depth) const;

  const market& market_;
};

}  // namespace feedtree::venues::binance
