// The past at Bybit and OKX: candles only. Bybit's public REST has no trades but the latest; OKX's
// has single fills, where the stream merges the fills of one order under the last one's id, so that
// a trade would be stored twice.
// https://bybit-exchange.github.io/docs/v5/market/kline (limit: 1 to 1000)
// https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-candlesticks-history (limit:
// 100, at most 300)
#include "adapters/batch/candle_rows.hpp"
#include "adapters/batch/history_pages.hpp"
#include "adapters/venues/bybit_subscriptions.hpp"
#include "adapters/venues/okx_messages.hpp"

namespace feedtree::batch {
namespace {

namespace json = venues::json;

constexpr std::int64_t millisecond_ns = 1'000'000;
constexpr std::int64_t bybit_in_page = 1000;
constexpr std::int64_t okx_in_page = 100;

// What the answers have around their rows.
struct enveloped {
  std::string code;
  std::string text;
  candle_list rows;
  bool has_rows = false;

  void check(std::string_view often) const {
    if (code == often) throw too_often("the venue answers " + code + ": " + text);
    if (code != "0") throw venues::decode_error("the venue answers " + code + ": " + text);
    if (!has_rows) throw venues::decode_error("no candles in the answer");
  }
};

class bybit_history final : public history_source {
 public:
  std::string_view venue() const override { return "bybit"; }

  std::string refuses(const history_job& job) const override {
    if (job.kind == event_kind::trade) {
      return "bybit gives only the latest trades over its public REST interface, no past ones";
    }
    if (!venues::bybit::interval_code(job.interval_ns).empty()) return {};
    return "bybit has no candles of " + interval_text(job.interval_ns);
  }

  std::int64_t page_ns(const history_job& job) const override {
    return bybit_in_page * job.interval_ns;
  }

  venues::rest_request request(const history_job& job, const history_position& position,
                               const history_reader& reader) const override {
    const auto end = candle_page_end(job, position, bybit_in_page);
    const auto url = "https://api.bybit.com/v5/market/kline?category=" + job.where->channel +
                     "&symbol=" + job.where->venue_symbol +
                     "&interval=" + std::string(venues::bybit::interval_code(job.interval_ns)) +
                     "&start=" + std::to_string(position.time_ns / millisecond_ns) +
                     "&end=" + std::to_string(end / millisecond_ns - 1) +
                     "&limit=" + std::to_string(bybit_in_page);
    return {venues::rest_purpose::other, venues::address_of(url, reader.at.rest_url), job.where, 1};
  }

  // {"retCode":0,"retMsg":"OK","result":{"symbol":"BTCUSD","category":"inverse","list":[
  //  ["1670608800000","17071","17073","17027","17055.5","268611","15.74462667"],..]},..}
  history_page read(const history_job& job, const history_position& position, const std::string&,
                    const venues::raw_frame& body, history_reader&,
                    event_batch& out) const override {
    json::parser parser;
    auto document = json::read(parser, body);
    enveloped answer;
    for (auto field : document.get_object()) {
      const std::string_view key = field.unescaped_key();
      json::value value = field.value();
      if (key == "retCode") answer.code = json::token(value);
      if (key == "retMsg") answer.text = json::to_text(value, key);
      if (key == "result") read_result(value.get_object(), job, answer);
    }
    answer.check("10006");
    return put_candles(job, position, candle_page_end(job, position, bybit_in_page),
                       std::move(answer.rows), body.receive_ns,
                       {.quote_volume = true, .trades = false}, out);
  }

 private:
  static void read_result(json::object from, const history_job& job, enveloped& into) {
    candle_columns columns;
    if (job.where->channel != "inverse") columns.quote_volume = 6;
    for (auto field : from) {
      if (field.unescaped_key().value() != "list") continue;
      json::value list = field.value();
      into.rows = candle_rows(list.get_array(), columns);
      into.has_rows = true;
    }
  }
};

class okx_history final : public history_source {
 public:
  std::string_view venue() const override { return "okx"; }

  std::string refuses(const history_job& job) const override {
    if (job.kind == event_kind::trade) {
      return "okx gives past trades as single fills, which are not the trades of its stream";
    }
    if (!venues::okx::candle_channel(job.interval_ns).empty()) return {};
    return "okx has no candles of " + interval_text(job.interval_ns);
  }

  std::int64_t page_ns(const history_job& job) const override {
    return okx_in_page * job.interval_ns;
  }

  // "after" is the end, "before" the begin; both are left out themselves.
  venues::rest_request request(const history_job& job, const history_position& position,
                               const history_reader& reader) const override {
    const auto end = candle_page_end(job, position, okx_in_page);
    auto bar = std::string(venues::okx::candle_channel(job.interval_ns)).substr(6);
    const auto url =
        "https://www.okx.com/api/v5/market/history-candles?instId=" + job.where->venue_symbol +
        "&bar=" + bar + "&after=" + std::to_string(end / millisecond_ns) +
        "&before=" + std::to_string(position.time_ns / millisecond_ns - 1) +
        "&limit=" + std::to_string(okx_in_page);
    return {venues::rest_purpose::other, venues::address_of(url, reader.at.rest_url), job.where, 1};
  }

  // {"code":"0","msg":"","data":[["1597026383085","3.721","3.743","3.677","3.708","8422410",
  //  "22698348.04","12698348.04","1"],..]}
  history_page read(const history_job& job, const history_position& position, const std::string&,
                    const venues::raw_frame& body, history_reader&,
                    event_batch& out) const override {
    json::parser parser;
    auto document = json::read(parser, body);
    enveloped answer;
    candle_columns columns;
    columns.quote_volume = 7;
    for (auto field : document.get_object()) {
      const std::string_view key = field.unescaped_key();
      json::value value = field.value();
      if (key == "code") answer.code = json::token(value);
      if (key == "msg") answer.text = json::to_text(value, key);
      if (key != "data") continue;
      answer.rows = candle_rows(value.get_array(), columns);
      answer.has_rows = true;
    }
    answer.check("50011");
    return put_candles(job, position, candle_page_end(job, position, okx_in_page),
                       std::move(answer.rows), body.receive_ns,
                       {.quote_volume = true, .trades = false}, out);
  }
};

const history_registration<bybit_history> registered_bybit;
const history_registration<okx_history> registered_okx;

}  // namespace
}  // namespace feedtree::batch
