// Kraken's past: https://docs.kraken.com/api-reference/market-data/get-ohlc-data (the last 720
// candles of an interval, whatever is asked for) and get-recent-trades (all trades, 1000 a request,
// from a time). How many: https://docs.kraken.com/exchange/guides/general/historical-data
#include <algorithm>
#include <array>

#include "adapters/batch/candle_rows.hpp"
#include "adapters/batch/history_pages.hpp"

namespace feedtree::batch {
namespace {

namespace json = venues::json;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t microsecond_ns = 1'000;
constexpr std::size_t trades_in_page = 1000;
constexpr std::int64_t candles_kept = 720;
constexpr std::array<std::int64_t, 8> candle_minutes{1, 5, 15, 30, 60, 240, 1440, 10080};
constexpr std::string_view ohlc_url = "https://api.kraken.com/0/public/OHLC?pair=";

// {"error":["EGeneral:Too many requests"]}, with status 200.
void check_error(json::value& content) {
  for (auto entry : content.get_array()) {
    json::value value = entry.value();
    const auto text = std::string(json::to_text(value, "error"));
    const bool often = text.find("Too many requests") != text.npos ||
                       text.find("Rate limit") != text.npos || text.find("limit:") != text.npos;
    if (often) throw too_often(text);
    throw venues::decode_error("the venue answers " + text);
  }
}

class kraken_history final : public history_source {
 public:
  std::string_view venue() const override { return "kraken"; }

  std::string refuses(const history_job& job) const override {
    if (job.kind == event_kind::trade) return {};
    const auto minutes = job.interval_ns / minute_ns;
    const bool known =
        job.interval_ns % minute_ns == 0 &&
        std::find(candle_minutes.begin(), candle_minutes.end(), minutes) != candle_minutes.end();
    return known ? "" : "kraken has candles of 1m, 5m, 15m, 30m, 1h, 4h, 1d or 1w";
  }

  // One answer holds all candles that there are: they are not cut into parts.
  std::int64_t page_ns(const history_job& job) const override {
    return job.kind == event_kind::trade ? 60 * minute_ns : job.to_ns - job.from_ns;
  }

  venues::rest_request request(const history_job& job, const history_position& position,
                               const history_reader& reader) const override {
    const missing_trades from{job.where, {1, trades_in_page}, position.time_ns, job.to_ns};
    auto trades = reader.session->trades_request(from);
    if (!trades) throw venues::decode_error("kraken: no pair: " + job.where->venue_symbol);
    if (job.kind == event_kind::trade) return *trades;
    const auto begin = trades->url.find("pair=") + 5;
    const auto pair = trades->url.substr(begin, trades->url.find('&', begin) - begin);
    const auto url = std::string(ohlc_url) + pair +
                     "&interval=" + std::to_string(job.interval_ns / minute_ns) +
                     "&since=" + std::to_string(position.time_ns / second_ns - 1);
    trades->url = venues::address_of(url, reader.at.rest_url);
    trades->purpose = venues::rest_purpose::other;
    return *trades;
  }

  history_page read(const history_job& job, const history_position& position,
                    const std::string& url, const venues::raw_frame& body, history_reader& reader,
                    event_batch& out) const override {
    json::parser parser;
    candle_list rows;
    bool has_result = false;
    auto document = json::read(parser, body);
    for (auto field : document.get_object()) {
      const std::string_view key = field.unescaped_key();
      json::value content = field.value();
      if (key == "error") check_error(content);
      if (key != "result") continue;
      has_result = true;
      if (job.kind == event_kind::candle) rows = read_result(content);
    }
    if (!has_result) throw venues::decode_error("result: missing");
    if (job.kind == event_kind::trade) return read_trades(job, position, url, body, reader, out);
    return put_candles(job, position, job.to_ns, std::move(rows), body.receive_ns,
                       {.quote_volume = false, .trades = true}, out);
  }

 private:
  // {"XBTUSDT":[[1762777020,"106038.2","106038.2","106038.2","106038.2","0.0","0.00000000",0],..],
  //  "last":1762820100}; the last candle is not over. The columns are time, open, high, low, close,
  // vwap, volume, count.
  static candle_list read_result(json::value& content) {
    for (auto field : content.get_object()) {
      const std::string_view key = field.unescaped_key();
      if (key == "last") continue;
      json::value list = field.value();
      candle_columns columns;
      columns.time_unit_ns = second_ns;
      columns.volume = 6;
      columns.trades = 7;
      return candle_rows(list.get_array(), columns);
    }
    throw venues::decode_error("no candles in result");
  }

  static history_page read_trades(const history_job& job, const history_position& position,
                                  const std::string& url, const venues::raw_frame& body,
                                  history_reader& reader, event_batch& out) {
    const auto received = answered_trades(reader, url, body);
    history_page page;
    page.next = position;
    const auto got = put_trades(job, received, true, page, out);
    advance_by_time(job, position, got, trades_in_page, microsecond_ns, page);
    return page;
  }
};

const history_registration<kraken_history> registered;

}  // namespace
}  // namespace feedtree::batch
