// Kraken Futures' past: candles of https://docs.kraken.com/api-reference/candles/market-candles and
// executions of https://docs.kraken.com/api-reference/market-history/get-public-execution-events,
// which go back to May 2021. How much an answer holds was not found: 1000 is ours.
#include "adapters/batch/candle_rows.hpp"
#include "adapters/batch/history_pages.hpp"

namespace feedtree::batch {
namespace {

namespace json = venues::json;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t millisecond_ns = 1'000'000;
constexpr std::int64_t hour_ns = 3600 * second_ns;
constexpr std::int64_t candles_in_page = 1000;
constexpr std::size_t trades_in_page = 1000;
constexpr std::string_view charts_url = "https://futures.kraken.com/api/charts/v1/trade/";
constexpr std::string_view market_url = "https://futures.kraken.com/api/history/v3/market/";

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
      exchange_ns = venues::from_ms(json::to_int(value, name)), seen |= 2;
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
        if (side != "Buy" && side != "Sell") throw venues::decode_error("direction: unknown");
        body.side = side == "Buy" ? trade_side::buy : trade_side::sell;
        seen |= 16;
      }
    }
  }
  if (seen != 31) throw venues::decode_error("an execution with a field missing");
  venues::check_key(key);
  auto& made = venues::append_event(out, where, exchange_ns, receive_ns);
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

class kraken_futures_history final : public history_source {
 public:
  std::string_view venue() const override { return "kraken-futures"; }

  std::string refuses(const history_job& job) const override {
    if (job.kind == event_kind::trade) return {};
    const auto text = interval_text(job.interval_ns);
    for (const char* known : {"1m", "5m", "15m", "30m", "1h", "4h", "12h", "1d", "1w"}) {
      if (text == known) return {};
    }
    return "kraken-futures has candles of 1m, 5m, 15m, 30m, 1h, 4h, 12h, 1d or 1w";
  }

  std::int64_t page_ns(const history_job& job) const override {
    return job.kind == event_kind::trade ? hour_ns : candles_in_page * job.interval_ns;
  }

  venues::rest_request request(const history_job& job, const history_position& position,
                               const history_reader& reader) const override {
    std::string url;
    if (job.kind == event_kind::candle) {
      const auto end = candle_page_end(job, position, candles_in_page);
      url = std::string(charts_url) + job.where->venue_symbol + "/" +
            interval_text(job.interval_ns) +
            "?from=" + std::to_string(position.time_ns / second_ns) +
            "&to=" + std::to_string((end - job.interval_ns) / second_ns);
    } else {
      url = std::string(market_url) + job.where->venue_symbol +
            "/executions?sort=asc&count=" + std::to_string(trades_in_page) +
            "&since=" + std::to_string(position.time_ns / millisecond_ns) +
            "&before=" + std::to_string(job.to_ns / millisecond_ns);
    }
    return {venues::rest_purpose::other, venues::address_of(url, reader.at.rest_url), job.where, 1};
  }

  // {"candles":[{"time":1731715200000,"open":"91069",..},..],"more_candles":false}
  // {"elements":[..],"len":2,"continuationToken":".."}
  history_page read(const history_job& job, const history_position& position, const std::string&,
                    const venues::raw_frame& body, history_reader&,
                    event_batch& out) const override {
    json::parser parser;
    auto document = json::read(parser, body);
    std::vector<candle> rows;
    event_batch received;
    bool found = false;
    for (auto field : document.get_object()) {
      const std::string_view key = field.unescaped_key();
      json::value value = field.value();
      if (key == "candles" && job.kind == event_kind::candle) {
        found = true;
        rows = candle_objects(value.get_array(), "time", millisecond_ns);
      } else if (key == "elements" && job.kind == event_kind::trade) {
        found = true;
        for (auto entry : value.get_array()) {
          read_element(entry.get_object(), job.where, body.receive_ns, received);
        }
      }
    }
    if (!found) throw venues::decode_error("neither candles nor elements");
    if (job.kind == event_kind::candle) {
      return put_candles(job, position, candle_page_end(job, position, candles_in_page),
                         std::move(rows), body.receive_ns, {}, out);
    }
    history_page page;
    page.next = position;
    const auto got = put_trades(job, received, false, page, out);
    advance_by_time(job, position, got, trades_in_page, millisecond_ns, page);
    return page;
  }
};

const history_registration<kraken_futures_history> registered;

}  // namespace
}  // namespace feedtree::batch
