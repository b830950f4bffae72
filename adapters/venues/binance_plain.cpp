// The frames that are nearly all of Binance's traffic, changes of books and best prices, read from
// their text alone: see plain_reader.hpp. Everything else goes through binance_messages.cpp.
#include "adapters/venues/binance_common.hpp"

namespace feedtree::venues::binance {
namespace {

// The fields of either message; times are 0 where the market does not send them.
struct plain_fields {
  std::string_view symbol;
  std::int64_t event_ms = 0;
  std::int64_t transaction_ms = 0;
  std::uint64_t last_id = 0;
};

// ,"name":"text" where the market has the field.
template <std::size_t N>
bool skip_text(plain_reader& in, const char (&name)[N]) {
  std::string_view unused;
  return !in.take(name) || in.text(unused);
}

// ,"st":1 at the end: which of the futures it is of.
bool skip_market(plain_reader& in) {
  std::uint64_t unused = 0;
  return !in.take(R"(,"st":)") || in.whole(unused);
}

// "e":"depthUpdate","E":1626916403873,"T":1626916403864,"s":"BCHUSD_PERP","ps":"BCHUSD",
// "U":167006084465,"u":167006084895,"pu":167006084238,"b":[["427.27","0"],..],"a":[..],"st":2; spot
// has neither T nor pu; until June 2026 only COIN-M had ps, and none st.
bool read_book(plain_reader& in, plain_fields& fields, book_change& body,
               std::vector<level>& levels) {
  const bool begins =
      in.take(R"("e":"depthUpdate","E":)") && in.time_ms(fields.event_ms) &&
      (!in.take(R"(,"T":)") || in.time_ms(fields.transaction_ms)) && in.take(R"(,"s":")") &&
      in.text(fields.symbol) && skip_text(in, R"(,"ps":")") && in.take(R"(,"U":)") &&
      in.whole(body.first_update_id) && in.take(R"(,"u":)") && in.whole(body.last_update_id) &&
      (!in.take(R"(,"pu":)") || in.whole(body.previous_update_id));
  fields.last_id = body.last_update_id;
  return begins && body.first_update_id <= body.last_update_id && in.take(R"(,"b":)") &&
         in.levels(levels, body.bids) && in.take(R"(,"a":)") && in.levels(levels, body.asks) &&
         skip_market(in);
}

// Spot:   "u":499869768,"s":"NKNUSDT","b":"0.3521","B":"672","a":"0.3526","A":"3199"
// Futures: "e":"bookTicker","u":11547818761677,"s":"BTCUSDT","ps":"BTCUSDT","b":..,
//         "T":1789327919095,"E":1789327919095,"st":1; until June 2026 USD-M without ps, both
//         without st, and COIN-M with u in front.
bool read_quote(plain_reader& in, plain_fields& fields, quote& body) {
  decimal bid;
  decimal bid_quantity;
  decimal ask;
  decimal ask_quantity;
  const bool typed = in.take(R"("e":"bookTicker",)");
  if (!in.take(R"("u":)") || !in.whole(fields.last_id)) return false;
  if (!typed) in.take(R"(,"e":"bookTicker")");
  const bool prices = in.take(R"(,"s":")") && in.text(fields.symbol) &&
                      skip_text(in, R"(,"ps":")") && in.take(R"(,"b":)") && in.quoted(bid) &&
                      in.take(R"(,"B":)") && in.quoted(bid_quantity) && in.take(R"(,"a":)") &&
                      in.quoted(ask) && in.take(R"(,"A":)") && in.quoted(ask_quantity);
  body = make_quote(bid, bid_quantity, ask, ask_quantity);
  if (!prices || !in.take(R"(,"T":)")) return prices;
  return in.time_ms(fields.transaction_ms) && in.take(R"(,"E":)") && in.time_ms(fields.event_ms) &&
         skip_market(in);
}

}  // namespace

const listing* market_session::known_listing(std::string_view symbol) {
  if (symbol.empty()) return nullptr;
  auto& recent = recent_of(symbol);
  if (recent != nullptr && recent->venue_symbol == symbol) return recent;
  const auto* const found = table_.find(symbol);
  if (found != nullptr) recent = found;
  return found;
}

// {"stream":"nknusdt@depth@100ms","data":{<message>}}
bool market_session::read_plain_message(plain_reader& in, const raw_frame& frame,
                                        event_batch& out) {
  std::string_view stream_name;
  if (!in.take(R"({"stream":")") || !in.text(stream_name) || !in.take(R"(,"data":{)")) return false;
  plain_fields fields;
  book_change change;
  quote top;
  change.first_level = static_cast<std::uint32_t>(out.levels.size());
  const bool is_book = stream_name.find("@depth") != std::string_view::npos;
  if (!(is_book ? read_book(in, fields, change, out.levels) : read_quote(in, fields, top)) ||
      !in.take("}}") || !in.at_end()) {
    return false;
  }
  const auto* const where = known_listing(fields.symbol);
  if (where == nullptr) return false;
  const auto ms = fields.transaction_ms != 0 ? fields.transaction_ms
                  : is_book                  ? fields.event_ms
                                             : 0;
  auto exchange_ns = from_ms(ms);
  // Spot's best prices have no time.
  if (ms == 0) exchange_ns = frame.receive_ns != 0 ? frame.receive_ns : last_exchange_ns_;
  auto& made = append_event(out, where, exchange_ns, frame.receive_ns);
  made.key.append(fields.last_id);
  if (is_book) {
    made.body = change;
  } else {
    made.body = top;
  }
  last_exchange_ns_ = exchange_ns;
  return true;
}

}  // namespace feedtree::venues::binance
