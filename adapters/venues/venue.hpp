// What a venue is to the rest of feedtree: where to connect, what to send, how to read what comes.
// A venue is one file in this folder; it registers itself and nothing else is edited.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/continuity.hpp"
#include "core/event.hpp"
#include "core/feed_keeper.hpp"
#include "core/instrument.hpp"
#include "core/trade_continuity.hpp"

namespace feedtree::venues {

// One feed of one instrument that is wanted from a venue.
struct stream {
  event_kind kind = event_kind::book;
  const listing* where = nullptr;
  std::int64_t interval_ns = 0;  // candles only
  std::size_t depth = 0;         // books only; 0: the venue's default
};
bool operator==(const stream& a, const stream& b);
// "book BTC-USD", "candle 1m BTC-USD": for messages.
std::string describe(const stream& what);

// One WebSocket connection to open, and what to subscribe to on it.
struct connection_plan {
  std::string url;
  std::vector<stream> streams;
};

enum class rest_purpose : std::uint8_t { symbols, book_snapshot, open_interest, trades, other };

struct rest_request {
  rest_purpose purpose = rest_purpose::other;
  std::string url;
  const listing* where = nullptr;  // of whom; null for symbols
  std::uint32_t weight = 1;        // of the venue's REST budget
};

// At most `count` in each `per_ns` nanoseconds; count 0 is no limit.
struct rate_limit {
  std::uint32_t count = 0;
  std::int64_t per_ns = 1'000'000'000;
};

// The venue's own limits, with their source in docs/venues/<venue>.md.
struct venue_limits {
  std::size_t streams_per_connection = 0;      // 0: none stated
  std::size_t instruments_per_connection = 0;  // 0: none stated
  std::size_t streams_per_request = 0;         // in one subscribe frame; 0: none stated
  rate_limit connects;                         // an address
  rate_limit messages;                         // that we send, a connection
  rate_limit subscribes;                       // and an address, where the venue counts so
  rate_limit rest;                             // in weights, an address
  std::string_view rest_pool;  // the venues that name it have one `rest` together; empty: its own
  std::int64_t connection_lifetime_ns = 0;  // the venue cuts after this; 0: it does not
  std::int64_t heartbeat_ns = 0;  // a healthy connection says something so often; 0: it may not
  bool announces_close = false;   // it may say before it closes a connection
};

// What we send so that the venue keeps the connection.
struct keep_alive {
  std::string text;  // empty: a WebSocket ping is enough
  std::int64_t every_ns = 0;
};

// Where a venue is reached; empty fields mean the venue's public addresses.
struct venue_addresses {
  std::string websocket_url;  // scheme://host[:port] put in place of the venue's own
  std::string rest_url;       // likewise
};

// The symbols of a venue by its markets (spot, linear, ...); a venue with one market uses "".
class venue_symbols {
 public:
  explicit venue_symbols(listing_registry& registry) : registry_(registry) {}
  listing_registry& registry() { return registry_; }
  symbol_table& of(std::string_view channel);
  // All markets together.
  std::size_t size() const;
  bool has(const listing* where) const;

  // The venue lists this instrument (a canonical symbol), but it does not trade: its status in the
  // venue's words. It is in no table then.
  void set_not_trading(std::string symbol, std::string_view status);
  // That status; empty for what trades, or is not listed.
  std::string not_trading(std::string_view symbol) const;

 private:
  listing_registry& registry_;
  std::map<std::string, symbol_table, std::less<>> by_channel_;
  std::map<std::string, std::string, std::less<>> not_trading_;
};

// A frame as it came. The text has at least frame_padding bytes of capacity behind its end.
inline constexpr std::size_t frame_padding = 64;
struct raw_frame {
  std::string text;
  std::int64_t receive_ns = 0;  // 0: not known; the events then carry the exchange time
};

enum class frame_outcome : std::uint8_t {
  decoded,   // read; events and acknowledgements, if any, were appended
  ignored,   // read and of no interest: heartbeats, channels that were not asked for
  rejected,  // not readable: nothing of it was appended, reason says why
};

// The venue's answer to a subscription.
struct subscription_answer {
  std::string text;                // the stream as the venue names it: channel and symbol
  const listing* where = nullptr;  // null if the venue names no symbol that we know
  std::optional<event_kind> kind;
  bool accepted = false;
  std::string reason;  // of a refusal, in the venue's words
};

// An entry of a frame's list that could not be read; its neighbours were.
struct lost_entry {
  std::string reason;
  std::string excerpt;  // of the entry's text
};

// What of a frame was left out because it did not fit.
struct frame_losses {
  std::uint64_t fields = 0;         // optional ones; their events came without them
  std::string field;                // the first of them, and why
  std::vector<lost_entry> entries;  // needed fields of theirs were missing or did not fit
  std::uint64_t read = 0;           // entries that lost nothing, beside them

  void note_field(std::string_view name, std::string_view why, std::string_view text);
  void clear();
};

// What a frame brought besides events. Reused from frame to frame: see clear.
struct frame_report {
  frame_outcome outcome = frame_outcome::ignored;
  std::string reason;                              // why it was rejected
  frame_losses losses;                             // of a frame that was not
  std::string channel;                             // of an ignored frame: see ignored_channel
  std::vector<subscription_answer> subscriptions;  // acknowledged or refused
  std::vector<std::string> replies;                // frames to send back (a pong)
  std::string error;                               // an error frame of the venue, in its words
  std::string connection_gap;                      // frames of the connection are missing: how
  std::string next_page;                           // the URL of the list's next page, if any
  bool closes_soon = false;                        // the venue announced that it will close
  bool reconnect = false;                          // nothing good can come on this connection
  void clear();
};

// Counts of checks that are made on the connection as a whole and not on one book, and of the
// frames that were read from their text alone (see plain_reader.hpp).
struct session_counters {
  std::uint64_t sequence_ok = 0;
  std::uint64_t sequence_gaps = 0;
  std::uint64_t numbers_back = 0;  // of the gaps: a lower number with a later time
  std::uint64_t duplicates = 0;
  std::uint64_t plain_frames = 0;
};

// The protocol of one connection: what to send on it, and how to read its frames. Pure: no I/O and
// no clock. Not thread-safe.
class session {
 public:
  explicit session(std::string_view venue) : venue_(venue) {}
  virtual ~session() = default;
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  // Reads one WebSocket frame: appends its events to out and fills report. Never throws: a frame
  // that cannot be read is rejected, and out is then as it was. An optional field that does not fit
  // costs that field, and an entry of a list that cannot be read costs that entry: see losses. A
  // frame of which nothing else is left is rejected.
  void decode(const raw_frame& frame, event_batch& out, frame_report& report);

  // Reads the body of a REST answer (symbols, a book snapshot, open interest); likewise.
  void decode_rest(std::string_view url, const raw_frame& body, event_batch& out,
                   frame_report& report);

  // The frames that ask for these streams, each within the venue's limits; empty where the streams
  // are named in the URL.
  virtual std::vector<std::string> subscribe_frames(std::span<const stream> streams) = 0;
  virtual std::vector<std::string> unsubscribe_frames(std::span<const stream> streams) = 0;

  // The REST request for the present book, where the venue gives snapshots that way.
  virtual std::optional<rest_request> snapshot_request(const stream& book) const;
  // The frames that make the venue send a new snapshot of one book, where it gives them on the
  // WebSocket: by default unsubscribe, then subscribe.
  virtual std::vector<std::string> resync_frames(const stream& book);

  // The REST request for trades that are missing, as many of them as one request gives; nothing
  // where the venue does not give them as the stream would have.
  // decode_rest makes events of the answer that have the ids and fields of the stream's.
  virtual std::optional<rest_request> trades_request(const missing_trades& what) const;

  virtual std::optional<keep_alive> keeps_alive() const { return {}; }
  // A frame that the venue answers at once, where keeps_alive is none; empty: there is none.
  virtual std::string proof_frame() {
    const auto keeps = keeps_alive();
    return keeps ? keeps->text : std::string();
  }
  // The connection was made anew: forget what belonged to the old one.
  virtual void on_connected() {}

  const session_counters& counters() const { return counters_; }
  std::string_view venue() const { return venue_; }

 protected:
  // Read one frame; throw decode_error (see json.hpp) if it cannot be read.
  virtual void read_frame(const raw_frame& frame, event_batch& out, frame_report& report) = 0;
  virtual void read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                         frame_report& report) = 0;
  session_counters counters_;

 private:
  std::string venue_;
};

// A venue: what is fixed about it. Stateless and thread-safe.
class venue {
 public:
  virtual ~venue() = default;

  virtual std::string_view name() const = 0;
  virtual venue_limits limits() const = 0;
  // The kinds of events that it can give.
  virtual std::vector<event_kind> kinds() const = 0;
  // Whether the venue trades instruments of this kind (type, and what they are settled in) as far
  // as we read it; which of them there are is in its lists.
  virtual bool offers(const instrument&) const { return true; }
  // The REST requests whose answers, given to any session's decode_rest, fill the symbol table: the
  // first page of each list (see symbol_pages.hpp).
  virtual std::vector<rest_request> symbol_requests(const venue_addresses& at) const = 0;
  // Further REST requests that must be polled for this stream (open interest), if any.
  virtual std::optional<rest_request> poll_request(const stream& what,
                                                   const venue_addresses& at) const;
  // The connections that carry these streams within the limits. Streams that the venue does not
  // have are left out: see supports.
  virtual std::vector<connection_plan> plan(std::span<const stream> streams,
                                            const venue_addresses& at) const = 0;
  // Why the venue cannot give this stream, in one line; empty if it can.
  virtual std::string refuses(const stream& what) const;

  // A session for the connection of this URL. The symbols outlive it.
  virtual std::unique_ptr<session> make_session(venue_symbols& symbols, std::string_view url,
                                                const venue_addresses& at) const = 0;
  // True if the venue counts the trades of an instrument without holes, and a trade's key is its
  // number: a missing one is then noticed.
  virtual bool numbers_trades() const { return false; }
  // True if trades that are not numbered can be asked for by their times: trades_request then gives
  // a page of them, oldest first, with the ids of the stream's.
  virtual bool gives_trades_by_time() const { return false; }
  // The interval of candles whose volume counts each trade as it is made, so that missing trades
  // show (core/trade_volume.hpp); a plan with trades has these candles too. 0: there are none.
  virtual std::int64_t volume_candles_ns() const { return 0; }
  // The rule that the venue's books are checked by, and how deep they are.
  virtual guard_ptr make_guard(const stream& book) const = 0;
  virtual keeper_options book_options(const stream& book) const = 0;
};

// Why a venue has no instrument of this kind, with the venues that have: "binance has no
// perpetuals; binance-usdm has them". Empty if it has.
std::string refuses_instrument(const venue& which, const instrument& what);

// Throws decode_error with the first words of a body that is a page or a sentence: what a proxy, a
// firewall or an overloaded venue says in the place of an answer.
void require_json(std::string_view body);

// Registered venues; the names are those used in subjects, commands and files.
const venue* find_venue(std::string_view name);
std::vector<std::string> venue_names();

// A static object of this type registers a venue: `const venue_registration<kraken> registered;`.
void register_venue(std::unique_ptr<const venue> what);
template <class Venue>
struct venue_registration {
  venue_registration() { register_venue(std::make_unique<const Venue>()); }
};

// "<override or own>": the scheme and host of `override_url`, if any, with the target of `own_url`.
std::string address_of(std::string_view own_url, std::string_view override_url);

// Splits streams into connections of one URL within the limits; streams of one instrument stay
// together.
std::vector<connection_plan> split_streams(std::span<const stream> streams,
                                           const venue_limits& limits, const std::string& url);

// Cuts a list into pieces of at most `most` (0: one piece).
std::vector<std::span<const stream>> pieces(std::span<const stream> streams, std::size_t most);

}  // namespace feedtree::venues
