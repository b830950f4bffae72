// Kraken Futures' REST answers: its products, and the executions of one.
// https://docs.kraken.com/api-reference/market-history/get-public-execution-events
#include "adapters/venues/kraken_futures_session.hpp"

namespace feedtree::venues::kraken_family {
namespace {

constexpr std::int64_t millisecond_ns = 1'000'000;
// How much an answer holds was not found: 1000 is ours.
constexpr std::int64_t executions_per_request = 1000;
constexpr std::string_view market_url = "https://futures.kraken.com/api/history/v3/market/";
constexpr std::string_view market_path = "/history/v3/market/";

// {"uid":"419060e5-..","makerOrder":{..},"takerOrder":{..,"direction":"Sell",..},
//  "timestamp":1764206270368,"quantity":"0.0113","price":"90771",..}
void read_execution(json::object from, const listing* where, std::int64_t receive_ns,
                    event_batch& out) {
  trade body;
  event_key key;
  std::int64_t exchange_ns = 0;
  unsigned seen = 0;
  for (auto field : from) {
    const std::string_view name = field.unescaped_key();
    json::value value = field.value();
    if (name == "uid") {
      key.append(json::to_text(value, name)), seen |= 1;
    } else if (name == "timestamp") {
      exchange_ns = from_ms(json::to_int(value, name)), seen |= 2;
    } else if (name == "quantity") {
      body.quantity = json::to_decimal(value, name), seen |= 4;
    } else if (name == "price") {
      body.price = json::to_decimal(value, name), seen |= 8;
    } else if (name == "takerOrder") {
      for (auto part : value.get_object()) {
        const std::string_view of_order = part.unescaped_key();
        json::value content = part.value();
        if (of_order != "direction") continue;
        const auto side = json::to_text(content, "direction");
        if (side != "Buy" && side != "Sell") throw decode_error("direction: unknown");
        body.side = side == "Buy" ? trade_side::buy : trade_side::sell;
        seen |= 16;
      }
    }
  }
  if (seen != 31) throw decode_error("an execution with a field missing");
  check_key(key);
  auto& made = append_event(out, where, exchange_ns, receive_ns);
  made.key = key;
  made.body = body;
}

// {"uid":..,"timestamp":..,"event":{"Execution":{"execution":{..},"takerReducedQuantity":""}}}
void read_element(json::object from, const listing* where, std::int64_t receive_ns,
                  event_batch& out) {
  for (auto field : from) {
    if (field.unescaped_key().value() != "event") continue;
    for (auto kind : field.value().get_object()) {
      if (kind.unescaped_key().value() != "Execution") continue;
      for (auto part : kind.value().get_object()) {
        if (part.unescaped_key().value() != "execution") continue;
        read_execution(part.value().get_object(), where, receive_ns, out);
      }
    }
  }
}

// PF_XBTUSD of ".../market/PF_XBTUSD/executions?..."; empty where the URL is another.
std::string_view product_of(std::string_view url) {
  const auto begin = url.find(market_path);
  const auto end = url.find("/executions");
  if (begin == std::string_view::npos || end == std::string_view::npos) return {};
  const auto name = begin + market_path.size();
  return name < end ? url.substr(name, end - name) : std::string_view();
}

}  // namespace

// GET /history/v3/market/PF_XBTUSD/executions?sort=asc&count=1000&since=1764206270368&before=..
std::optional<rest_request> futures_session::trades_request(const missing_trades& what) const {
  const auto url = std::string(market_url) + what.where->venue_symbol +
                   "/executions?sort=asc&count=" + std::to_string(executions_per_request) +
                   "&since=" + std::to_string(what.before_ns / millisecond_ns) +
                   "&before=" + std::to_string(what.after_ns / millisecond_ns + 1);
  return rest_request{rest_purpose::trades, address_of(url, at_.rest_url), what.where, 1};
}

void futures_session::read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                                frame_report& report) {
  if (!product_of(url).empty()) {
    read_executions(url, body, out, report);
  } else if (url.find("/instruments") != std::string_view::npos) {
    read_products(body, out, report);
  } else {
    return;
  }
  report.outcome = frame_outcome::decoded;
}

// {"elements":[..],"len":2,"continuationToken":".."}
void futures_session::read_executions(std::string_view url, const raw_frame& body, event_batch& out,
                                      frame_report& report) {
  const auto* const where = listing_of(product_of(url));
  auto document = json::read(parser_, body);
  bool found = false;
  each_member(document.get_object(), [&](json_key key, json::value& content) {
    if (!(key == "elements")) return;
    found = true;
    each_element(content, [&](json::value& entry) {
      json::read_entry(entry, out, report.losses,
                       [&] { read_element(entry.get_object(), where, body.receive_ns, out); });
    });
  });
  if (!found) throw decode_error("elements: missing");
}

// {"result":"success","instruments":[{"symbol":"PI_XBTUSD","type":"futures_inverse",...}]}; indices
// (in_xbtusd, rr_xbtusd) are no products and are passed over.
void futures_session::read_products(const raw_frame& body, event_batch& out, frame_report& report) {
  auto document = json::read(parser_, body);
  bool has_instruments = false;
  each_member(document.get_object(), [&](json_key key, json::value& content) {
    if (key == "error") throw decode_error("instruments: " + std::string(json::token(content)));
    if (!(key == "instruments")) return;
    has_instruments = true;
    each_element(content, [&](json::value& entry) {
      json::read_entry(entry, out, report.losses, [&] { read_product(entry); });
    });
  });
  if (!has_instruments) throw decode_error("instruments: missing");
}

}  // namespace feedtree::venues::kraken_family
