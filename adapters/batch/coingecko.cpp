// CoinGecko: prices over all exchanges. Without a key, with one of the demo plan, or of a paid one.
// https://docs.coingecko.com/reference/authentication and /docs/errors-and-rate-limits
#include <algorithm>
#include <map>
#include <stdexcept>

#include "adapters/batch/candle_rows.hpp"
#include "adapters/batch/history_pages.hpp"
#include "adapters/batch/poll_source.hpp"
#include "adapters/batch/scalar_fields.hpp"
#include "core/checksum.hpp"

namespace feedtree::batch {
namespace {

namespace json = venues::json;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t hour_ns = 60 * minute_ns;
constexpr std::int64_t day_ns = 24 * hour_ns;
constexpr std::size_t coins_in_page = 250;  // per_page of /coins/markets
constexpr std::string_view public_address = "https://api.coingecko.com";
constexpr std::string_view paid_address = "https://pro-api.coingecko.com";

bool is_paid(const source_access& access) {
  return !access.key.empty() && access.plan == "pro";
}

std::string own_address(const source_access& access) {
  return std::string(is_paid(access) ? paid_address : public_address);
}

std::string url_of(const std::string& target, const history_reader& reader) {
  return venues::address_of(own_address(reader.access) + "/api/v3" + target, reader.at.rest_url);
}

header_lines key_header(const history_reader& reader) {
  const auto& access = reader.access;
  if (access.key.empty()) return {};
  return {{is_paid(access) ? "x-cg-pro-api-key" : "x-cg-demo-api-key", access.key}};
}

std::string lower_case(std::string text) {
  for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

bool is_coin_id(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

std::string coins_of(std::span<const listing* const> all) {
  std::string result;
  for (const auto* const each : all) result += (result.empty() ? "" : ",") + each->venue_symbol;
  return result;
}

void put_aside(const listing* where, const std::string& reason, std::int64_t receive_ns,
               event_batch& out) {
  out.quarantine.push_back({where->venue, where->symbol, "decode", reason, {}, receive_ns});
}

void put_ticker(const listing* where, const ticker& body, std::int64_t exchange_ns,
                std::int64_t receive_ns, event_batch& out) {
  fingerprint content;
  content.add(body.last_price).add(body.high_price).add(body.low_price).add(body.quote_volume);
  auto& made = venues::append_event(out, where, exchange_ns, receive_ns);
  made.key = time_key(exchange_ns, content);
  made.body = body;
}

// Candles, of the same venue for both sources.
// https://docs.coingecko.com/reference/coins-id-ohlc: the time is the end of the candle; of how
// much time it is goes by the days that are asked for (1, 7, 14, 30, ..), 30 minutes for 1, 4 hours
// for 7 to 30.
// Candles of 4 days, for more days, do not begin at whole multiples of their interval: they are
// left out. A paid plan may ask for hours (90 days) and days (180 days).
class coingecko_candles final : public history_source {
 public:
  std::string_view venue() const override { return "coingecko"; }

  std::string refuses(const history_job& job) const override {
    const auto known = span_ns(job.interval_ns);
    if (job.kind == event_kind::candle && known != 0) return {};
    return "coingecko has candles of 30m and 4h; with a key of a paid plan 1h and 1d too";
  }

  std::int64_t page_ns(const history_job& job) const override { return span_ns(job.interval_ns); }

  venues::rest_request request(const history_job& job, const history_position& position,
                               const history_reader& reader) const override {
    const auto interval = job.interval_ns == hour_ns  ? "&interval=hourly"
                          : job.interval_ns == day_ns ? "&interval=daily"
                                                      : "";
    const auto url =
        url_of("/coins/" + job.where->venue_symbol + "/ohlc?vs_currency=" + job.where->channel +
                   "&days=" + std::to_string(days_of(job, position)) + "&precision=full" + interval,
               reader);
    return {venues::rest_purpose::other, url, job.where, 1};
  }

  header_lines headers(const history_reader& reader) const override { return key_header(reader); }

  // [[1709395200000,61942,62211,61721,61845],..]
  history_page read(const history_job& job, const history_position& position, const std::string&,
                    const venues::raw_frame& body, history_reader&,
                    event_batch& out) const override {
    json::parser parser;
    auto document = json::read(parser, body);
    candle_columns columns;
    columns.volume = -1;
    auto rows = candle_rows(document.get_array(), columns);
    for (auto& row : rows.rows) row.open_ns -= job.interval_ns;
    for (auto& row : rows.unread) row.open_ns -= job.interval_ns;
    const auto is_between = [&](const auto& row) { return row.open_ns % job.interval_ns != 0; };
    std::erase_if(rows.rows, is_between);
    std::erase_if(rows.unread, is_between);
    return put_candles(job, position, job.to_ns, std::move(rows), body.receive_ns, {}, out);
  }

 private:
  // How far back it goes with this interval; 0: it has no such candles.
  static std::int64_t span_ns(std::int64_t interval_ns) {
    if (interval_ns == 30 * minute_ns) return day_ns;
    if (interval_ns == 4 * hour_ns) return 30 * day_ns;
    if (interval_ns == hour_ns) return 90 * day_ns;
    return interval_ns == day_ns ? 180 * day_ns : 0;
  }

  // The fewest days, of those that may be asked for, that reach back to the position.
  static std::int64_t days_of(const history_job& job, const history_position& position) {
    const auto wanted = (job.to_ns - position.time_ns + day_ns) / day_ns + 1;
    const auto most = span_ns(job.interval_ns) / day_ns;
    std::int64_t days = 1;
    for (const std::int64_t known : {1, 7, 14, 30, 90, 180}) {
      const bool fits = job.interval_ns == 4 * hour_ns ? known > 2 : true;
      if (!fits || known > most) continue;
      days = known;
      if (known >= wanted) break;
    }
    return days;
  }
};

class coingecko_source : public poll_source {
 public:
  // https://docs.coingecko.com/docs/errors-and-rate-limits: 100 a minute with a demo key, more with
  // a paid one, and no number without a key, where the address shares with others: fewer are asked.
  venues::rate_limit limit(const source_access& access) const override {
    const std::uint32_t a_minute = access.key.empty() ? 5 : is_paid(access) ? 250 : 60;
    return {a_minute, minute_ns};
  }
  std::string address(const source_access& access) const override { return own_address(access); }

  const listing* list(listing_registry& registry, const std::string& symbol,
                      const std::string& own) const override {
    const auto details = parse_instrument(symbol);
    if (!details || details->type != market_type::spot) {
      throw std::invalid_argument("coingecko has prices of coins in a currency: write BASE-QUOTE");
    }
    if (!is_coin_id(own)) {
      throw std::invalid_argument("coingecko needs the coin's id: write " + symbol +
                                  "=bitcoin, with its own");
    }
    return registry.intern("coingecko", *details, own, lower_case(details->quote));
  }

  std::size_t present_max() const override { return coins_in_page; }
  header_lines headers(const history_reader& reader) const override { return key_header(reader); }

 protected:
  static std::string refuses_candles(const source_access& access, std::int64_t interval_ns) {
    const bool paid_only = interval_ns == hour_ns || interval_ns == day_ns;
    if (paid_only && !is_paid(access)) {
      return "candles of " + interval_text(interval_ns) +
             " need a key of a paid plan (plan: pro); 30m and 4h do not";
    }
    return coingecko_candles().refuses({nullptr, event_kind::candle, interval_ns, 0, 1});
  }
};

// https://docs.coingecko.com/reference/coins-markets
class coingecko_markets final : public coingecko_source {
 public:
  std::string_view name() const override { return "coingecko"; }
  const history_source* history() const override { return &candles_; }

  std::string refuses(const source_access& access, event_kind kind,
                      std::int64_t interval_ns) const override {
    if (kind == event_kind::candle) return refuses_candles(access, interval_ns);
    return kind == event_kind::ticker ? "" : "coingecko has tickers and candles";
  }

  venues::rest_request present_request(std::span<const listing* const> of,
                                       const history_reader& reader) const override {
    const auto url =
        url_of("/coins/markets?vs_currency=" + of.front()->channel + "&ids=" + coins_of(of) +
                   "&per_page=" + std::to_string(coins_in_page) + "&page=1&precision=full",
               reader);
    return {venues::rest_purpose::other, url, nullptr, 1};
  }

  // [{"id":"bitcoin","current_price":70187,"total_volume":20154184933,"high_24h":70215,
  //   "low_24h":68060,..,"last_updated":"2024-04-07T16:49:31.736Z"},..]; the volume is money.
  void read_present(std::span<const listing* const> of, const venues::raw_frame& body,
                    event_batch& out) const override {
    json::parser parser;
    auto document = json::read(parser, body);
    std::vector<scalar_fields> coins;
    for (auto entry : document.get_array()) coins.emplace_back(entry.get_object());
    for (const auto* const where : of) {
      const auto found = std::find_if(coins.begin(), coins.end(), [&](const scalar_fields& coin) {
        return coin.has("id") && coin.text("id") == where->venue_symbol;
      });
      try {
        if (found == coins.end()) throw venues::decode_error("no such coin in the answer");
        put(where, *found, body.receive_ns, out);
      } catch (const venues::decode_error& error) {
        put_aside(where, error.what(), body.receive_ns, out);
      }
    }
  }

 private:
  static void put(const listing* where, const scalar_fields& coin, std::int64_t receive_ns,
                  event_batch& out) {
    ticker body;
    body.last_price = coin.number("current_price");
    body.high_price = coin.optional_number("high_24h");
    body.low_price = coin.optional_number("low_24h");
    body.quote_volume = coin.optional_number("total_volume");
    put_ticker(where, body, venues::from_rfc3339(coin.text("last_updated")), receive_ns, out);
  }

  coingecko_candles candles_;
};

// https://docs.coingecko.com/reference/simple-price: less of each coin, fresher.
class coingecko_simple final : public coingecko_source {
 public:
  std::string_view name() const override { return "coingecko-simple"; }

  std::string refuses(const source_access&, event_kind kind, std::int64_t) const override {
    return kind == event_kind::ticker ? "" : "coingecko-simple has tickers";
  }

  venues::rest_request present_request(std::span<const listing* const> of,
                                       const history_reader& reader) const override {
    const auto url =
        url_of("/simple/price?ids=" + coins_of(of) + "&vs_currencies=" + of.front()->channel +
                   "&include_24hr_vol=true&include_last_updated_at=true&precision=full",
               reader);
    return {venues::rest_purpose::other, url, nullptr, 1};
  }

  // {"bitcoin":{"usd":67187.33,"usd_24h_vol":31260929299.5,"last_updated_at":1711356300},..}
  void read_present(std::span<const listing* const> of, const venues::raw_frame& body,
                    event_batch& out) const override {
    json::parser parser;
    auto document = json::read(parser, body);
    std::map<std::string_view, scalar_fields> coins;
    for (auto field : document.get_object()) {
      const std::string_view id = field.unescaped_key();
      json::value value = field.value();
      coins.emplace(id, scalar_fields(value.get_object()));
    }
    for (const auto* const where : of) {
      const auto found = coins.find(where->venue_symbol);
      try {
        if (found == coins.end()) throw venues::decode_error("no such coin in the answer");
        put(where, found->second, body.receive_ns, out);
      } catch (const venues::decode_error& error) {
        put_aside(where, error.what(), body.receive_ns, out);
      }
    }
  }

 private:
  static void put(const listing* where, const scalar_fields& coin, std::int64_t receive_ns,
                  event_batch& out) {
    ticker body;
    body.last_price = coin.number(where->channel);
    body.quote_volume = coin.optional_number(where->channel + "_24h_vol");
    put_ticker(where, body, venues::from_s(coin.integer("last_updated_at")), receive_ns, out);
  }
};

const poll_source_registration<coingecko_markets> registered_markets;
const poll_source_registration<coingecko_simple> registered_simple;

}  // namespace
}  // namespace feedtree::batch
