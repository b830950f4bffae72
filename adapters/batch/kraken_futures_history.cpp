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
    if (job.kind == event_kind::trade) {
      return *reader.session->trades_request({job.where, {}, position.time_ns, job.to_ns - 1});
    }
    const auto end = candle_page_end(job, position, candles_in_page);
    const auto url = std::string(charts_url) + job.where->venue_symbol + "/" +
                     interval_text(job.interval_ns) +
                     "?from=" + std::to_string(position.time_ns / second_ns) +
                     "&to=" + std::to_string((end - job.interval_ns) / second_ns);
    return {venues::rest_purpose::other, venues::address_of(url, reader.at.rest_url), job.where, 1};
  }

  // {"candles":[{"time":1731715200000,"open":"91069",..},..],"more_candles":false}
  history_page read(const history_job& job, const history_position& position,
                    const std::string& url, const venues::raw_frame& body, history_reader& reader,
                    event_batch& out) const override {
    if (job.kind == event_kind::trade) return read_trades(job, position, url, body, reader, out);
    json::parser parser;
    auto document = json::read(parser, body);
    for (auto field : document.get_object()) {
      if (field.unescaped_key().value() != "candles") continue;
      json::value value = field.value();
      return put_candles(job, position, candle_page_end(job, position, candles_in_page),
                         candle_objects(value.get_array(), "time", millisecond_ns), body.receive_ns,
                         {}, out);
    }
    throw venues::decode_error("candles: missing");
  }

 private:
  static history_page read_trades(const history_job& job, const history_position& position,
                                  const std::string& url, const venues::raw_frame& body,
                                  history_reader& reader, event_batch& out) {
    const auto received = answered_trades(reader, url, body);
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
