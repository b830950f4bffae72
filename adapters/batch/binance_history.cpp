// Binance's past, the same on its three markets: klines and aggregate trades, up to 1000 of them in
// an answer (1500 klines of futures, at twice the weight). COIN-M takes at most 200 days in a
// request for klines; times that aggregate trades are asked for are less than an hour apart. Those
// of USD-M are of the last two days (24 hours until August 2026), of COIN-M of the last year.
// https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#klinecandlestick-data
// https://developers.binance.com/en/docs/catalog/core-trading-derivatives-trading-usd-s-m-futures/api/rest-api/market-data#kline-candlestick-data
// https://developers.binance.com/en/docs/catalog/core-trading-derivatives-trading-coin-m-futures/api/rest-api/market-data#kline-candlestick-data
// https://developers.binance.com/en/docs/catalog/core-trading-derivatives-trading-coin-m-futures/api/rest-api/market-data#compressed-aggregate-trades-list
#include <algorithm>

#include "adapters/batch/candle_rows.hpp"
#include "adapters/batch/history_pages.hpp"

namespace feedtree::batch {
namespace {

namespace json = venues::json;

constexpr std::int64_t millisecond_ns = 1'000'000;
constexpr std::int64_t hour_ns = 3'600'000 * millisecond_ns;
constexpr std::int64_t day_ns = 24 * hour_ns;
constexpr std::int64_t rows_in_page = 1000;
constexpr std::int64_t too_many = -1003;  // requests
constexpr std::int64_t too_old = -4166;   // trades
// How far back trades are given where the venue says that others are too old, less the time that a
// request may wait for its turn.
constexpr std::int64_t reach_ns = 2 * day_ns - 120'000 * millisecond_ns;
// As the step of a position: the next trades are found by their time.
constexpr std::int64_t by_time = 1;

// {"code":-1121,"msg":"Invalid symbol."} in place of a list.
struct error_answer {
  std::int64_t code = 0;
  std::string text = "no list";
};

error_answer read_error(json::object from) {
  error_answer result;
  for (auto field : from) {
    const std::string_view key = field.unescaped_key();
    json::value value = field.value();
    if (key == "code") result.code = json::to_int(value, key);
    if (key == "msg") result.text = json::to_text(value, key);
  }
  return result;
}

[[noreturn]] void refused(json::object from) {
  const auto error = read_error(from);
  const auto text = "the venue answers " + std::to_string(error.code) + ": " + error.text;
  if (error.code == too_many) throw too_often(text);
  throw venues::decode_error(text);
}

struct binance_market {
  const char* name;
  const char* url;
  bool inverse;
  std::uint32_t candles_weight;
  std::uint32_t trades_weight;
  std::int64_t candles_span_ns;  // of one request; 0: as much as its rows are
};

class binance_history : public history_source {
 public:
  explicit binance_history(binance_market of) : of_(of) {}
  std::string_view venue() const override { return of_.name; }

  std::string refuses(const history_job& job) const override {
    if (job.kind == event_kind::trade) return {};
    const auto text = interval_text(job.interval_ns);
    for (const char* known :
         {"1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w"}) {
      if (text == known) return {};
    }
    return std::string(of_.name) + " has no candles of " + text;
  }

  std::int64_t page_ns(const history_job& job) const override {
    return job.kind == event_kind::trade ? hour_ns : candles_in_page(job) * job.interval_ns;
  }

  // Trades are found by their time, an hour at the most, and from then on by their numbers, until
  // there is none behind the last: then by their time again, for a venue may count again.
  venues::rest_request request(const history_job& job, const history_position& position,
                               const history_reader& reader) const override {
    if (job.kind == event_kind::trade && is_by_number(position)) {
      const auto next = *position.last_id + 1;
      return *reader.session->trades_request(
          {job.where, {next, next + rows_in_page - 1}, position.time_ns, job.to_ns});
    }
    auto url = std::string(of_.url);
    std::int64_t end = hour_end(job, position);
    auto weight = of_.trades_weight;
    if (job.kind == event_kind::candle) {
      end = candle_page_end(job, position, candles_in_page(job));
      weight = of_.candles_weight;
      url += "/klines?symbol=" + job.where->venue_symbol +
             "&interval=" + interval_text(job.interval_ns);
    } else {
      url += "/aggTrades?symbol=" + job.where->venue_symbol;
    }
    url += "&startTime=" + std::to_string(position.time_ns / millisecond_ns);
    url += "&endTime=" + std::to_string(end / millisecond_ns - 1);
    url += "&limit=" + std::to_string(rows_in_page);
    return {venues::rest_purpose::other, venues::address_of(url, reader.at.rest_url), job.where,
            weight};
  }

  history_page read(const history_job& job, const history_position& position,
                    const std::string& url, const venues::raw_frame& body, history_reader& reader,
                    event_batch& out) const override {
    json::parser parser;
    auto document = json::read(parser, body);
    if (document.type() == simdjson::ondemand::json_type::object) refused(document.get_object());
    if (job.kind == event_kind::trade) return read_trades(job, position, url, body, reader, out);
    candle_columns columns;
    if (!of_.inverse) columns.quote_volume = 7;
    columns.trades = 8;
    auto rows = candle_rows(document.get_array(), columns);
    return put_candles(job, position, candle_page_end(job, position, candles_in_page(job)),
                       std::move(rows), body.receive_ns, {.quote_volume = true, .trades = true},
                       out);
  }

  // {"code":-4166,"msg":"Search window is restricted to recent 2 days only."}, whether asked by
  // time or by number. Should the venue's reach be shorter by now, the next hour is tried.
  std::optional<history_page> refusal(const history_job& job, const history_position& position,
                                      const venues::raw_frame& body) const override {
    if (job.kind != event_kind::trade) return {};
    const auto error = error_of(body);
    if (!error || error->code != too_old) return {};
    history_page page;
    page.next = position;
    page.next.last_id.reset();
    page.next.time_ns = std::max(body.receive_ns - reach_ns, position.time_ns + hour_ns);
    page.next.time_ns = std::min(page.next.time_ns, job.to_ns);
    page.gaps.push_back({position.time_ns, page.next.time_ns,
                         "the venue does not give trades so old any more (" +
                             std::to_string(error->code) + ": " + error->text + ")"});
    page.done = page.next.time_ns >= job.to_ns;
    return page;
  }

 private:
  static std::optional<error_answer> error_of(const venues::raw_frame& body) {
    auto padded = body;
    padded.text.reserve(padded.text.size() + venues::frame_padding);
    try {
      json::parser parser;
      auto document = json::read(parser, padded);
      if (document.type() != simdjson::ondemand::json_type::object) return {};
      return read_error(document.get_object());
    } catch (const std::exception&) {
      return {};
    }
  }

  std::int64_t candles_in_page(const history_job& job) const {
    if (of_.candles_span_ns == 0) return rows_in_page;
    return std::min(rows_in_page, of_.candles_span_ns / job.interval_ns);
  }

  static std::int64_t hour_end(const history_job& job, const history_position& position) {
    return std::min(job.to_ns, position.time_ns + hour_ns);
  }

  static history_page read_trades(const history_job& job, const history_position& position,
                                  const std::string& url, const venues::raw_frame& body,
                                  history_reader& reader, event_batch& out) {
    const auto received = answered_trades(reader, url, body);
    history_page page;
    page.next = position;
    const auto before = out.events.size();
    const auto got = put_trades(job, received, true, page, out);
    const bool is_new = out.events.size() != before;
    if (got.beyond) {
      page.next.time_ns = job.to_ns;
    } else if (is_new) {
      page.next.step_ns = 0;
    } else if (is_by_number(position)) {
      page.next.step_ns = by_time;
    } else {
      page.next.time_ns = hour_end(job, position);
    }
    page.done = page.next.time_ns >= job.to_ns;
    return page;
  }

  static bool is_by_number(const history_position& position) {
    return position.last_id && position.step_ns != by_time;
  }

  binance_market of_;
};

struct spot final : binance_history {
  spot() : binance_history({"binance", "https://api.binance.com/api/v3", false, 2, 4, 0}) {}
};
struct usdm final : binance_history {
  usdm() : binance_history({"binance-usdm", "https://fapi.binance.com/fapi/v1", false, 5, 20, 0}) {}
};
struct coinm final : binance_history {
  coinm()
      : binance_history(
            {"binance-coinm", "https://dapi.binance.com/dapi/v1", true, 5, 20, 200 * day_ns}) {}
};

const history_registration<spot> registered_spot;
const history_registration<usdm> registered_usdm;
const history_registration<coinm> registered_coinm;

}  // namespace
}  // namespace feedtree::batch
