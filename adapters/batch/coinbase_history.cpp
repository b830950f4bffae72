// Coinbase's past, public endpoints of Advanced Trade: 350 candles a request, and the trades
// between two seconds, newest first; how many at the most was not found: 1000 is ours.
// https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/get-public-product-candles
// https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/get-public-market-trades
#include <algorithm>
#include <array>

#include "adapters/batch/candle_rows.hpp"
#include "adapters/batch/history_pages.hpp"

namespace feedtree::batch {
namespace {

namespace json = venues::json;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t candles_in_page = 350;
constexpr std::size_t trades_in_page = 1000;
constexpr std::int64_t step_first_ns = minute_ns;
constexpr std::int64_t step_max_ns = 60 * minute_ns;
constexpr std::string_view products_url =
    "https://api.coinbase.com/api/v3/brokerage/market/products/";

struct granularity {
  std::int64_t interval_ns;
  const char* name;
};
constexpr std::array<granularity, 9> granularities{{{minute_ns, "ONE_MINUTE"},
                                                    {5 * minute_ns, "FIVE_MINUTE"},
                                                    {15 * minute_ns, "FIFTEEN_MINUTE"},
                                                    {30 * minute_ns, "THIRTY_MINUTE"},
                                                    {60 * minute_ns, "ONE_HOUR"},
                                                    {120 * minute_ns, "TWO_HOUR"},
                                                    {240 * minute_ns, "FOUR_HOUR"},
                                                    {360 * minute_ns, "SIX_HOUR"},
                                                    {1440 * minute_ns, "ONE_DAY"}}};

std::string name_of(std::int64_t interval_ns) {
  for (const auto& entry : granularities) {
    if (entry.interval_ns == interval_ns) return entry.name;
  }
  return {};
}

class coinbase_history final : public history_source {
 public:
  std::string_view venue() const override { return "coinbase"; }

  std::string refuses(const history_job& job) const override {
    if (job.kind == event_kind::trade || !name_of(job.interval_ns).empty()) return {};
    return "coinbase has candles of 1m, 5m, 15m, 30m, 1h, 2h, 4h, 6h or 1d";
  }

  std::int64_t page_ns(const history_job& job) const override {
    return job.kind == event_kind::trade ? 10 * minute_ns : candles_in_page * job.interval_ns;
  }

  venues::rest_request request(const history_job& job, const history_position& position,
                               const history_reader& reader) const override {
    if (job.kind == event_kind::trade) {
      const auto end = trades_end(job, position);
      return *reader.session->trades_request(
          {job.where, {1, trades_in_page}, position.time_ns, end - 1});
    }
    const auto end = candle_page_end(job, position, candles_in_page);
    const auto url = std::string(products_url) + job.where->venue_symbol +
                     "/candles?start=" + std::to_string(position.time_ns / second_ns) +
                     "&end=" + std::to_string((end - job.interval_ns) / second_ns) +
                     "&granularity=" + name_of(job.interval_ns) +
                     "&limit=" + std::to_string(candles_in_page);
    return {venues::rest_purpose::other, venues::address_of(url, reader.at.rest_url), job.where, 1};
  }

  // {"candles":[{"start":"1639508050","low":"140.21","high":..,"open":..,"close":..,"volume":..}]}
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
                         candle_objects(value.get_array(), "start", second_ns), body.receive_ns, {},
                         out);
    }
    throw venues::decode_error("candles: missing");
  }

 private:
  static std::int64_t step_of(const history_position& position) {
    return position.step_ns == 0 ? step_first_ns : position.step_ns;
  }
  static std::int64_t trades_end(const history_job& job, const history_position& position) {
    return std::min(job.to_ns, position.time_ns + step_of(position));
  }

  // A full answer may have lost its oldest trades: the same again for a shorter time.
  static history_page read_trades(const history_job& job, const history_position& position,
                                  const std::string& url, const venues::raw_frame& body,
                                  history_reader& reader, event_batch& out) {
    const auto received = answered_trades(reader, url, body);
    history_page page;
    page.next = position;
    const auto end = trades_end(job, position);
    const bool full = received.size() >= trades_in_page;
    const auto step = end - position.time_ns;
    if (full && step > second_ns) {
      page.next.step_ns = std::max(second_ns, step / 2 / second_ns * second_ns);
      return page;
    }
    put_trades(job, received, true, page, out);
    if (full) {
      page.gaps.push_back(
          {position.time_ns, end, "more trades in one second than an answer holds"});
    }
    page.next.time_ns = end;
    page.next.step_ns = std::min(step_max_ns, full ? second_ns : 2 * step_of(position));
    page.done = end >= job.to_ns;
    return page;
  }
};

const history_registration<coinbase_history> registered;

}  // namespace
}  // namespace feedtree::batch
