// One connection to Kraken's spot market: see kraken.cpp for what is sent and how answers are read,
// kraken_messages.cpp for the messages of each channel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/json.hpp"
#include "adapters/venues/kraken_common.hpp"
#include "adapters/venues/plain_reader.hpp"
#include "adapters/venues/venue.hpp"

namespace feedtree::venues::kraken_family {

enum class channel_name : std::uint8_t {
  none,
  book,
  trade,
  ticker,
  ohlc,
  instrument,
  status,
  other
};

// What stands around the data of a frame.
struct envelope {
  channel_name channel = channel_name::none;
  bool has_type = false;
  bool snapshot = false;
  std::int64_t timestamp_ns = 0;  // 0: none
  bool data_seen = false;
  bool data_put_off = false;  // it came before the fields that say how to read it

  bool can_read_data() const {
    if (channel == channel_name::ohlc) return has_type && timestamp_ns != 0;
    return channel != channel_name::none && has_type;
  }
};

// The answer to a request.
struct answer {
  std::string_view method;
  std::string_view error;
  std::string_view symbol;
  std::string_view channel;
  std::size_t depth = 0;
  bool success = false;
  bool any = false;
};

// A subscription to one channel with the same options for all its symbols.
struct request {
  std::string_view channel;
  std::string options;
  std::vector<std::string_view> symbols;
};

class kraken_session final : public session {
 public:
  kraken_session(venue_symbols& symbols, const venue_addresses& at)
      : session("kraken"), registry_(symbols.registry()), table_(symbols.of("")), at_(at) {}

  std::vector<std::string> subscribe_frames(std::span<const stream> streams) override;
  std::vector<std::string> unsubscribe_frames(std::span<const stream> streams) override;
  std::optional<keep_alive> keeps_alive() const override;
  std::optional<rest_request> trades_request(const missing_trades& what) const override;
  void on_connected() override;

 protected:
  void read_frame(const raw_frame& frame, event_batch& out, frame_report& report) override;
  void read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                 frame_report& report) override;

 private:
  void read_member(json_key key, json::value& content, envelope& head, answer& reply,
                   const raw_frame& frame, event_batch& out);
  void read_put_off_data(json::document& document, const envelope& head, const raw_frame& frame,
                         event_batch& out);
  void read_data(json::value& data, const envelope& head, const raw_frame& frame, event_batch& out);
  void read_entry(json::value& entry, const envelope& head, const raw_frame& frame,
                  event_batch& out);
  void read_book(json::object entry, bool snapshot, const raw_frame& frame, event_batch& out);
  bool read_plain_book(plain_reader& in, const raw_frame& frame, event_batch& out);
  std::int64_t time_or_now(std::int64_t venue_ns, const raw_frame& frame);
  void append_book(const listing* where, book_change change, std::int64_t venue_ns,
                   const raw_frame& frame, event_batch& out);
  void read_trade(json::object entry, const raw_frame& frame, event_batch& out);
  void read_ticker(json::object entry, const raw_frame& frame, event_batch& out);
  void read_candle(json::object entry, const envelope& head, const raw_frame& frame,
                   event_batch& out);
  void read_asset_pairs(const raw_frame& body);
  void read_recent_trades(std::string_view url, const raw_frame& body, event_batch& out);
  const listing* listing_of_pair(std::string_view pair) const;
  void read_instruments(json::value& data, event_batch& out);
  void read_instrument(json::object pair);
  void read_status(json::value& data);
  void read_answer(const answer& reply, frame_report& report);
  void read_subscribed(const answer& reply, frame_report& report);

  const listing* known_listing(std::string_view symbol) const;
  const listing* listing_of(json::value& symbol);
  const listing* listing_of(std::string_view symbol);
  void add_symbol(std::string_view symbol, std::string_view base, std::string_view quote);
  std::uint32_t snapshot_depth(const listing* where, const book_change& snapshot) const;
  void remember_depth(const listing* where, std::size_t depth);
  std::string options_of(const stream& what) const;
  std::vector<request> requests(std::span<const stream> streams) const;

  listing_registry& registry_;
  symbol_table& table_;
  venue_addresses at_;
  json::parser parser_;
  std::string last_symbol_;  // of last_listing_
  const listing* last_listing_ = nullptr;
  std::vector<std::uint32_t> subscribed_depths_;  // by listing index; 0: not known
  kraken_family::asked_kinds asked_;
  std::string status_;
  frame_losses* losses_ = nullptr;  // of the frame that is being read
  std::int64_t last_venue_ns_ = 1;  // before the venue told any time: the earliest one there is
};

}  // namespace feedtree::venues::kraken_family
