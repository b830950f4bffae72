// Coinalyze: what derivatives exchanges tell, by intervals: open interest, funding rates, sums of
// liquidations, candles. With a key. https://api.coinalyze.net/v1/doc/: 40 calls a minute and key,
// each symbol of a request is a call; intervals below a day are kept for 1500 to 2000 points.
#include <algorithm>
#include <array>
#include <stdexcept>

#include "adapters/batch/history_pages.hpp"
#include "adapters/batch/poll_source.hpp"
#include "adapters/batch/scalar_fields.hpp"
#include "core/checksum.hpp"
#include "core/validator.hpp"

namespace feedtree::batch {
namespace {

namespace json = venues::json;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t points_in_page = 2000;
constexpr std::string_view own_address = "https://api.coinalyze.net";
constexpr std::string_view no_point = "the source has nothing here";

struct interval_name {
  std::int64_t interval_ns;
  const char* name;
};
constexpr std::array<interval_name, 10> interval_names{{{minute_ns, "1min"},
                                                        {5 * minute_ns, "5min"},
                                                        {15 * minute_ns, "15min"},
                                                        {30 * minute_ns, "30min"},
                                                        {60 * minute_ns, "1hour"},
                                                        {120 * minute_ns, "2hour"},
                                                        {240 * minute_ns, "4hour"},
                                                        {360 * minute_ns, "6hour"},
                                                        {720 * minute_ns, "12hour"},
                                                        {1440 * minute_ns, "daily"}}};

std::string name_of(std::int64_t interval_ns) {
  for (const auto& each : interval_names) {
    if (each.interval_ns == interval_ns) return each.name;
  }
  return {};
}

std::string path_of(event_kind kind) {
  if (kind == event_kind::candle) return "ohlcv-history";
  if (kind == event_kind::open_interest) return "open-interest-history";
  if (kind == event_kind::funding) return "funding-rate-history";
  return kind == event_kind::liquidation ? "liquidation-history" : "";
}

// "1h-<begin>-<fingerprint>", as the keys of candles.
event_key point_key(const history_job& job, std::int64_t open_ns, const fingerprint& content) {
  event_key key(interval_text(job.interval_ns));
  return key.append('-').append(open_ns).append('-').append(content.value());
}

struct point {
  std::int64_t open_ns = 0;
  scalar_fields fields;
};

class coinalyze_history final : public history_source {
 public:
  std::string_view venue() const override { return "coinalyze"; }

  std::string refuses(const history_job& job) const override {
    if (path_of(job.kind).empty()) {
      return "coinalyze has candle, funding, liquidation and open_interest";
    }
    if (!name_of(job.interval_ns).empty()) return {};
    return "coinalyze has intervals of 1m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 12h and 1d";
  }

  std::int64_t page_ns(const history_job& job) const override {
    return points_in_page * job.interval_ns;
  }

  // Both ends are in the answer.
  venues::rest_request request(const history_job& job, const history_position& position,
                               const history_reader& reader) const override {
    const auto end = candle_page_end(job, position, points_in_page);
    const auto url = std::string(own_address) + "/v1/" + path_of(job.kind) +
                     "?symbols=" + job.where->venue_symbol +
                     "&interval=" + name_of(job.interval_ns) +
                     "&from=" + std::to_string(position.time_ns / second_ns) +
                     "&to=" + std::to_string((end - job.interval_ns) / second_ns);
    return {venues::rest_purpose::other, venues::address_of(url, reader.at.rest_url), job.where, 1};
  }

  header_lines headers(const history_reader& reader) const override {
    return {{"api_key", reader.access.key}};
  }

  // [{"symbol":"BTCUSDT_PERP.A","history":[{"t":1784865600,"o":..,"h":..,"l":..,"c":..},..]}]; an
  // empty list where it has nothing.
  history_page read(const history_job& job, const history_position& position, const std::string&,
                    const venues::raw_frame& body, history_reader&,
                    event_batch& out) const override {
    json::parser parser;
    auto document = json::read(parser, body);
    std::vector<point> points;
    for (auto entry : document.get_array()) read_symbol(entry.get_object(), job, points);
    std::sort(points.begin(), points.end(),
              [](const point& a, const point& b) { return a.open_ns < b.open_ns; });
    return put(job, position, points, body.receive_ns, out);
  }

 private:
  static void read_symbol(json::object from, const history_job& job, std::vector<point>& points) {
    for (auto field : from) {
      const std::string_view key = field.unescaped_key();
      json::value value = field.value();
      if (key == "symbol" && json::to_text(value, key) != job.where->venue_symbol) {
        throw venues::decode_error("symbol: another one than was asked for");
      }
      if (key != "history") continue;
      for (auto entry : value.get_array()) {
        scalar_fields fields(entry.get_object());
        const auto open_ns = venues::from_s(fields.integer("t"));
        points.push_back({open_ns, std::move(fields)});
      }
    }
  }

  // Points of [position, end) whose interval is over. One that cannot be read is in quarantine, and
  // missing as others are; that nobody was liquidated is no gap.
  static history_page put(const history_job& job, const history_position& position,
                          const std::vector<point>& points, std::int64_t receive_ns,
                          event_batch& out) {
    const auto end = candle_page_end(job, position, points_in_page);
    history_page page;
    page.next = position;
    page.next.time_ns = end;
    page.done = end >= job.to_ns;
    auto expected = position.time_ns;
    const auto missing_until = [&](std::int64_t until) {
      if (until <= expected || job.kind == event_kind::liquidation) return;
      page.gaps.push_back({expected, until, std::string(no_point)});
    };
    for (const auto& each : points) {
      const auto over_ns = each.open_ns + job.interval_ns;
      const bool wanted = each.open_ns >= expected && each.open_ns < end && over_ns <= receive_ns;
      if (!wanted || !put_point(job, each, receive_ns, out)) continue;
      missing_until(each.open_ns);
      expected = over_ns;
    }
    missing_until(end);
    return page;
  }

  static bool put_point(const history_job& job, const point& from, std::int64_t receive_ns,
                        event_batch& out) {
    const auto before = out.events.size();
    try {
      if (job.kind == event_kind::candle) put_candle(job, from, receive_ns, out);
      if (job.kind == event_kind::open_interest) put_open_interest(job, from, receive_ns, out);
      if (job.kind == event_kind::funding) put_funding(job, from, receive_ns, out);
      if (job.kind == event_kind::liquidation) put_liquidations(job, from, receive_ns, out);
      return true;
    } catch (const venues::decode_error& error) {
      out.events.resize(before);
      out.quarantine.push_back(
          {job.where->venue, job.where->symbol, "decode", error.what(), {}, receive_ns});
      return false;
    }
  }

  static event& append(const history_job& job, const point& from, std::int64_t receive_ns,
                       event_batch& out) {
    return venues::append_event(out, job.where, from.open_ns + job.interval_ns, receive_ns);
  }

  // {"t":1785211200,"o":63310,"h":63642.2,"l":63187.2,"c":63476.8,"v":17816.541,"bv":..,
  //  "tx":108788,"btx":57349}
  static void put_candle(const history_job& job, const point& from, std::int64_t receive_ns,
                         event_batch& out) {
    candle body;
    body.interval_ns = job.interval_ns;
    body.open_ns = from.open_ns;
    body.open = from.fields.number("o");
    body.high = from.fields.number("h");
    body.low = from.fields.number("l");
    body.close = from.fields.number("c");
    body.volume = from.fields.number("v");
    if (from.fields.has("tx")) body.trades = from.fields.integer("tx");
    body.closed = true;
    auto& made = append(job, from, receive_ns, out);
    made.key = candle_key(body, {.quote_volume = false, .trades = true});
    made.body = body;
  }

  // {"t":..,"o":..,"h":..,"l":..,"c":..}: what it was at the end of the interval, in the unit of
  // the market.
  static void put_open_interest(const history_job& job, const point& from, std::int64_t receive_ns,
                                event_batch& out) {
    open_interest body;
    body.quantity = from.fields.number("c");
    auto& made = append(job, from, receive_ns, out);
    made.key = point_key(job, from.open_ns, fingerprint().add(body.quantity));
    made.body = body;
  }

  // {"t":..,"o":0.005149,"h":..,"l":..,"c":0.005149}: hundredths; at the end of the interval.
  static void put_funding(const history_job& job, const point& from, std::int64_t receive_ns,
                          event_batch& out) {
    funding body;
    body.rate = from.fields.number("c");
    if (body.rate.exponent < decimal::exponent_min + 2) {
      throw venues::decode_error("c: more digits than a rate has room for");
    }
    body.rate.exponent = static_cast<std::int8_t>(body.rate.exponent - 2);
    auto& made = append(job, from, receive_ns, out);
    made.key = point_key(job, from.open_ns, fingerprint().add(body.rate));
    made.body = body;
  }

  // {"t":..,"l":281390.06,"s":1587451.0899999996}: what was liquidated of long positions, by
  // selling, and of short ones, by buying; sums without a price.
  static void put_liquidations(const history_job& job, const point& from, std::int64_t receive_ns,
                               event_batch& out) {
    for (const auto& [field, side] :
         {std::pair{"l", trade_side::sell}, std::pair{"s", trade_side::buy}}) {
      liquidation body;
      body.quantity = from.fields.number(field);
      body.side = side;
      if (body.quantity.is_zero()) continue;
      auto& made = append(job, from, receive_ns, out);
      made.key = point_key(job, from.open_ns, fingerprint().add(body.quantity));
      made.key.append('-').append(field);
      made.body = body;
    }
  }
};

class coinalyze_source final : public poll_source {
 public:
  std::string_view name() const override { return "coinalyze"; }
  venues::rate_limit limit(const source_access&) const override { return {40, minute_ns}; }
  std::string address(const source_access&) const override { return std::string(own_address); }
  const history_source* history() const override { return &history_; }
  header_lines headers(const history_reader& reader) const override {
    return history_.headers(reader);
  }

  std::string refuses(const source_access& access, event_kind kind,
                      std::int64_t interval_ns) const override {
    if (access.key.empty()) return "coinalyze gives nothing without a key";
    return history_.refuses({nullptr, kind, interval_ns, 0, 1});
  }

  // The same instrument at two exchanges is two feeds: the venue is named by the code of the
  // exchange, "BTCUSDT_PERP.A" is of coinalyze-a.
  const listing* list(listing_registry& registry, const std::string& symbol,
                      const std::string& own) const override {
    const auto details = parse_instrument(symbol);
    const auto dot = own.find('.');
    const bool good =
        details && dot != own.npos && dot != 0 && dot + 2 == own.size() &&
        std::all_of(own.begin(), own.end(), [](char c) {
          return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
        });
    if (!good) {
      throw std::invalid_argument("coinalyze needs its name of the market: write " + symbol +
                                  "=BTCUSDT_PERP.A, with its own");
    }
    const char code = own.back();
    const auto exchange = code >= 'A' && code <= 'Z' ? static_cast<char>(code - 'A' + 'a') : code;
    return registry.intern(std::string("coinalyze-") + exchange, *details, own, sums_channel);
  }

 private:
  coinalyze_history history_;
};

const poll_source_registration<coinalyze_source> registered;

}  // namespace
}  // namespace feedtree::batch
