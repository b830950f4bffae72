// One connection to Kraken Futures: see kraken_futures.cpp for what is sent and how answers and
// symbols are read, kraken_futures_messages.cpp for the messages of each feed,
// kraken_futures_rest.cpp for the answers of REST.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/venues/json.hpp"
#include "adapters/venues/kraken_common.hpp"
#include "adapters/venues/plain_reader.hpp"
#include "adapters/venues/venue.hpp"

namespace feedtree::venues::kraken_family {

enum class feed_name : std::uint8_t {
  none,
  book,
  book_snapshot,
  trade,
  trade_snapshot,
  ticker,
  ticker_lite,
  other,
};

// What a perpetual's ticker said last of slow values, so that they are passed on when they change.
struct slow_values {
  std::uint32_t funding = 0;  // fingerprints
  std::uint32_t open_interest = 0;
  bool has_funding = false;
  bool has_open_interest = false;
};

// The fields of a frame of any feed; they may come in any order.
struct futures_fields {
  feed_name feed = feed_name::none;
  std::string_view event;
  std::string_view feed_text;
  std::string_view product;
  std::string_view message;
  std::string_view uid;
  bool liquidation = false;
  trade_side side = trade_side::unknown;
  bool has_sequence = false;
  std::uint64_t sequence = 0;
  std::int64_t time_ms = 0;
  optional_decimal price;
  optional_decimal quantity;
  std::vector<std::string> products;  // of an event
};

// The fields of a ticker.
struct ticker_fields {
  ticker statistics;
  std::string_view tag;
  optional_decimal open_interest;
  optional_decimal funding_rate;
  bool has_bad_rate = false;  // one that did not fit: the rate is not known
  optional_decimal funding_prediction;
  std::int64_t next_funding_ns = 0;
};

class futures_session final : public session {
 public:
  futures_session(venue_symbols& symbols, venue_addresses at)
      : session("kraken-futures"),
        symbols_(symbols),
        registry_(symbols.registry()),
        table_(symbols.of("")),
        at_(std::move(at)) {}

  std::vector<std::string> subscribe_frames(std::span<const stream> streams) override;
  std::vector<std::string> unsubscribe_frames(std::span<const stream> streams) override;
  std::optional<keep_alive> keeps_alive() const override;
  void on_connected() override;
  std::optional<rest_request> trades_request(const missing_trades& what) const override;

 protected:
  void read_frame(const raw_frame& frame, event_batch& out, frame_report& report) override;
  void read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                 frame_report& report) override;

 private:
  void read_products(const raw_frame& body, event_batch& out, frame_report& report);
  void read_executions(std::string_view url, const raw_frame& body, event_batch& out,
                       frame_report& report);
  void read_any_member(json_key key, json::value& content, futures_fields& fields) const;
  void read_data(json::document& document, const futures_fields& fields, const raw_frame& frame,
                 event_batch& out);
  void append_snapshot(json::document& document, const futures_fields& fields,
                       const raw_frame& frame, event_batch& out);
  bool read_plain_update(plain_reader& in, const raw_frame& frame, event_batch& out);
  void append_update(const futures_fields& fields, const listing* where, const raw_frame& frame,
                     event_batch& out);
  void append_trade_of(json::object entry, const raw_frame& frame, event_batch& out);
  void append_trade(const futures_fields& fields, const raw_frame& frame, event_batch& out);
  void append_trade_snapshot(json::document& document, const raw_frame& frame, event_batch& out);
  void append_ticker(json::document& document, const futures_fields& fields, const raw_frame& frame,
                     event_batch& out);
  void append_funding(const ticker_fields& from, const listing* where, std::int64_t exchange_ns,
                      const raw_frame& frame, event_batch& out);
  void append_open_interest(const ticker_fields& from, const listing* where,
                            std::int64_t exchange_ns, const raw_frame& frame, event_batch& out);
  void read_event(const futures_fields& fields, frame_report& report);
  void read_alert(const futures_fields& fields, frame_report& report) const;
  void report_answer(const futures_fields& fields, bool accepted, frame_report& report);

  const listing* known_listing(std::string_view product) const;
  const listing* listing_of(std::string_view product);
  const listing* add_product(std::string_view product);
  void read_product(json::value& from);
  slow_values& slow_of(const listing* where);

  venue_symbols& symbols_;
  listing_registry& registry_;
  symbol_table& table_;
  venue_addresses at_;
  json::parser parser_;
  std::string last_product_;
  const listing* last_listing_ = nullptr;
  asked_kinds asked_;
  bool heartbeat_asked_ = false;
  trade_watch trade_watch_;
  std::vector<numbered_trade> trades_read_;
  std::vector<slow_values> slow_;   // by listing index
  frame_losses* losses_ = nullptr;  // of the frame that is being read
};

}  // namespace feedtree::venues::kraken_family
