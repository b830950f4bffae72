#include "adapters/venues/binance_common.hpp"

#include <algorithm>
#include <charconv>

#include "adapters/venues/binance_messages.hpp"

namespace feedtree::venues::binance {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string rest_address(const market& of, std::string_view target, const venue_addresses& at) {
  return address_of(std::string(of.rest_url) + std::string(target), at.rest_url);
}

}  // namespace

std::string stream_name(const stream& what) {
  const auto symbol = lower(what.where->venue_symbol);
  switch (what.kind) {
    case event_kind::trade:
      return symbol + "@aggTrade";
    case event_kind::book:
      return symbol + "@depth@100ms";
    case event_kind::quote:
      return symbol + "@bookTicker";
    case event_kind::ticker:
      return symbol + "@ticker";
    case event_kind::candle:
      return symbol + "@kline_" + interval_text(what.interval_ns);
    case event_kind::funding:
      return symbol + "@markPrice@1s";
    case event_kind::liquidation:
      return symbol + "@forceOrder";
    default:
      return {};
  }
}

std::uint32_t delivery_date(std::string_view symbol) {
  const auto at = symbol.find('_');
  if (at == std::string_view::npos || symbol.size() != at + 7) return 0;
  std::uint32_t yymmdd = 0;
  const char* const end = symbol.data() + symbol.size();
  const auto [last, error] = std::from_chars(symbol.data() + at + 1, end, yymmdd);
  return error == std::errc{} && last == end ? 20'000'000 + yymmdd : 0;
}

std::optional<std::pair<std::string, std::string>> split_at_quote(
    std::string_view symbol, std::span<const std::string_view> quotes) {
  std::string_view longest;
  for (const auto quote : quotes) {
    if (symbol.size() > quote.size() && symbol.ends_with(quote) && quote.size() > longest.size()) {
      longest = quote;
    }
  }
  if (longest.empty()) return {};
  const auto base = symbol.substr(0, symbol.size() - longest.size());
  return std::pair{std::string(base), std::string(longest)};
}

market_session::market_session(const market& of, venue_symbols& symbols, const venue_addresses& at)
    : session(of.name), market_(of), symbols_(symbols), at_(at), table_(symbols.of("")) {}

void market_session::on_connected() {
  requests_.clear();
  recent_ = {};
  next_id_ = 1;
  last_exchange_ns_ = 0;
}

// The symbol is not empty.
const listing*& market_session::recent_of(std::string_view symbol) {
  const std::size_t first = static_cast<unsigned char>(symbol[0]);
  const std::size_t middle = static_cast<unsigned char>(symbol[symbol.size() / 2]);
  return recent_[(symbol.size() * 7 + first * 5 + middle) % recent_.size()];
}

const listing* market_session::listing_of(std::string_view symbol) {
  if (symbol.empty()) throw decode_error("symbol: missing");
  auto& recent = recent_of(symbol);
  if (recent == nullptr || recent->venue_symbol != symbol) recent = look_up(symbol);
  return recent;
}

// A symbol that exchangeInfo did not name is read by the market's naming rule.
const listing* market_session::look_up(std::string_view symbol) {
  if (const auto* const known = table_.find(symbol)) return known;
  const auto details = market_.guess(symbol);
  if (!details || !parse_instrument(details->symbol())) {
    throw decode_error("symbol: not known: " + std::string(symbol.substr(0, 40)));
  }
  const auto* const where = symbols_.registry().intern(market_.name, *details, symbol);
  if (where->venue_symbol != symbol) {
    throw decode_error("symbol: " + where->symbol + " is " + where->venue_symbol);
  }
  table_.add(symbol, where);
  return where;
}

// {"method":"SUBSCRIBE","params":["btcusdt@aggTrade","btcusdt@depth@100ms"],"id":1}
// https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md#subscribe-to-a-stream
std::string market_session::request_frame(bool subscribes, std::span<const stream> streams) {
  const auto id = next_id_++;
  std::string text =
      subscribes ? R"({"method":"SUBSCRIBE","params":[)" : R"({"method":"UNSUBSCRIBE","params":[)";
  for (const auto& what : streams) {
    text += text.back() == '[' ? "\"" : ",\"";
    text += stream_name(what) + "\"";
  }
  requests_[id] = {subscribes, {streams.begin(), streams.end()}};
  return text + "],\"id\":" + std::to_string(id) + "}";
}

std::vector<std::string> market_session::request_frames(bool subscribes,
                                                        std::span<const stream> streams) {
  std::vector<stream> named;
  std::copy_if(streams.begin(), streams.end(), std::back_inserter(named),
               [](const stream& what) { return !stream_name(what).empty(); });
  std::vector<std::string> frames;
  for (const auto piece : pieces(named, names_per_request)) {
    frames.push_back(request_frame(subscribes, piece));
  }
  return frames;
}

std::vector<std::string> market_session::subscribe_frames(std::span<const stream> streams) {
  return request_frames(true, streams);
}

std::vector<std::string> market_session::unsubscribe_frames(std::span<const stream> streams) {
  return request_frames(false, streams);
}

std::vector<std::string> market_session::resync_frames(const stream&) {
  return {};
}

// {"method":"LIST_SUBSCRIPTIONS","id":3}
// https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md#listing-subscriptions
std::string market_session::proof_frame() {
  return R"({"method":"LIST_SUBSCRIPTIONS","id":)" + std::to_string(next_id_++) + "}";
}

// GET /depth?symbol=BTCUSDT&limit=1000
std::optional<rest_request> market_session::snapshot_request(const stream& book) const {
  const auto depth = book.depth == 0 ? snapshot_depth_default : book.depth;
  const auto target =
      "/depth?symbol=" + book.where->venue_symbol + "&limit=" + std::to_string(depth);
  return rest_request{rest_purpose::book_snapshot, rest_address(market_, target, at_), book.where,
                      market_.snapshot_weight(depth)};
}

// GET /aggTrades?symbol=BTCUSDT&fromId=284861205&limit=1000
// https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#compressedaggregate-trades-list
// https://developers.binance.com/en/docs/catalog/core-trading-derivatives-trading-usd-s-m-futures/api/rest-api/market-data#compressed-aggregate-trades-list
std::optional<rest_request> market_session::trades_request(const missing_trades& what) const {
  const auto count = std::min(what.numbers.last - what.numbers.first + 1, trades_per_request);
  const auto target = "/aggTrades?symbol=" + what.where->venue_symbol +
                      "&fromId=" + std::to_string(what.numbers.first) +
                      "&limit=" + std::to_string(count);
  return rest_request{rest_purpose::trades, rest_address(market_, target, at_), what.where,
                      market_.trades_weight};
}

void market_session::read_frame(const raw_frame& frame, event_batch& out, frame_report& report) {
  const auto read_all = [&](plain_reader& in) { return read_plain_message(in, frame, out); };
  if (read_plain(frame, out, counters_, read_all)) {
    report.outcome = frame_outcome::decoded;
    return;
  }
  message what;
  read_message(parser_, frame, what, out);
  if (what.top.empty()) {
    read_control(frame, report);
    return;
  }
  const auto reader = reader_of(what);
  const auto symbol = what.top.has('s') ? what.top.text('s') : what.inner.text_or_empty('s');
  if (reader == nullptr) {
    report.closes_soon = what.top.text_or_empty('e') == "serverShutdown";
    out.levels.resize(out.levels.size() - what.bids - what.asks);
    return;
  }
  const auto now_ns = frame.receive_ns != 0 ? frame.receive_ns : last_exchange_ns_;
  const reading from{what, listing_of(symbol), frame.receive_ns, now_ns, market_.inverse,
                     out,  report.losses};
  if (!reader(from)) return;
  last_exchange_ns_ = out.events.back().exchange_ns;
  report.outcome = frame_outcome::decoded;
}

// {"result":null,"id":1}
// {"error":{"code":2,"msg":"Invalid request: ..."},"id":1}, or the same without "error" around it
// {"event":{"e":"serverShutdown","E":1770123456789}}
// https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md#error-messages
void market_session::read_control(const raw_frame& frame, frame_report& report) {
  std::optional<std::uint64_t> id;
  std::string refusal;
  auto document = json::read(parser_, frame);
  for (auto field : document.get_object()) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    const auto token = json::token(value);
    if (key == "id" && token != "null") {
      id = json::to_unsigned(value, "id");
    } else if (key == "error" || key == "code" || key == "msg") {
      if (!refusal.empty()) refusal += ' ';
      refusal += key == "error" ? std::string_view(simdjson::to_json_string(value)) : token;
    } else if (key == "event") {
      report.closes_soon = contains(simdjson::to_json_string(value), "serverShutdown");
    }
  }
  if (id) {
    report.outcome = frame_outcome::decoded;
    answer(*id, refusal, report);
  } else if (!refusal.empty()) {
    report.outcome = frame_outcome::decoded;
    report.error = refusal;
  }
}

void market_session::answer(std::uint64_t id, std::string_view refusal, frame_report& report) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) {
    report.error = refusal;
    return;
  }
  const auto what = std::move(found->second);
  requests_.erase(found);
  if (!refusal.empty()) {
    refuse(what, refusal, report);
    return;
  }
  if (!what.subscribes) return;
  for (const auto& entry : what.streams) {
    report.subscriptions.push_back({stream_name(entry), entry.where, entry.kind, true, {}});
  }
}

// The venue refuses a request as a whole and does not say because of which stream, so it is asked
// again for either half until the one at fault is found.
void market_session::refuse(const request& what, std::string_view reason, frame_report& report) {
  if (!what.subscribes) {
    report.error = reason;
    return;
  }
  if (what.streams.size() > 1) {
    const auto all = std::span(what.streams);
    const auto half = all.size() / 2;
    report.replies.push_back(request_frame(true, all.first(half)));
    report.replies.push_back(request_frame(true, all.subspan(half)));
    return;
  }
  const auto& entry = what.streams.front();
  report.subscriptions.push_back(
      {stream_name(entry), entry.where, entry.kind, false, std::string(reason)});
}

std::vector<event_kind> market_venue::kinds() const {
  using enum event_kind;
  if (!market_.derivative) return {trade, book, quote, ticker, candle};
  return {trade, book, quote, ticker, candle, funding, open_interest, liquidation};
}

bool market_venue::offers(const instrument& what) const {
  if (!market_.derivative) return what.type == market_type::spot;
  if (what.type != market_type::perpetual && what.type != market_type::future) return false;
  return market_.inverse == (what.settle != what.quote);
}

std::vector<rest_request> market_venue::symbol_requests(const venue_addresses& at) const {
  return {{rest_purpose::symbols, rest_address(market_, "/exchangeInfo", at), nullptr,
           market_.symbols_weight}};
}

// GET /openInterest?symbol=BTCUSDT
std::optional<rest_request> market_venue::poll_request(const stream& what,
                                                       const venue_addresses& at) const {
  if (!market_.derivative || what.kind != event_kind::open_interest) return {};
  const auto target = "/openInterest?symbol=" + what.where->venue_symbol;
  return rest_request{rest_purpose::open_interest, rest_address(market_, target, at), what.where,
                      1};
}

std::string market_venue::refuses_book(std::size_t depth) const {
  const auto allowed = market_.snapshot_depths;
  const bool fits = allowed.empty()
                        ? depth <= market_.depth_max
                        : std::find(allowed.begin(), allowed.end(), depth) != allowed.end();
  if (depth == 0 || fits) return {};
  return std::string(name()) + " has no book snapshot of " + std::to_string(depth) + " levels";
}

std::string market_venue::refuses(const stream& what) const {
  if (auto reason = venue::refuses(what); !reason.empty()) return reason;
  if (what.kind == event_kind::book) return refuses_book(what.depth);
  if (what.kind == event_kind::funding && what.where != nullptr &&
      what.where->details.type == market_type::future) {
    return what.where->symbol + " has no funding: it has a delivery date";
  }
  if (what.kind != event_kind::candle) return {};
  const auto interval = interval_text(what.interval_ns);
  const auto& all = market_.intervals;
  if (std::find(all.begin(), all.end(), interval) != all.end()) return {};
  return std::string(name()) + " has no candles of " + interval;
}

std::unique_ptr<session> market_venue::make_session(venue_symbols& symbols, std::string_view,
                                                    const venue_addresses& at) const {
  return std::make_unique<market_session>(market_, symbols, at);
}

// Spot numbers its updates without holes; futures name the number of the update before.
guard_ptr market_venue::make_guard(const stream&) const {
  return market_.derivative ? make_link_guard({true}) : make_range_guard();
}

// The venue never deletes a level silently, so the book is not cut.
keeper_options market_venue::book_options(const stream&) const {
  return {};
}

std::vector<stream> market_venue::streamed(std::span<const stream> streams) const {
  std::vector<stream> result;
  std::copy_if(streams.begin(), streams.end(), std::back_inserter(result), [&](const stream& what) {
    return what.kind != event_kind::open_interest && refuses(what).empty();
  });
  return result;
}

}  // namespace feedtree::venues::binance
