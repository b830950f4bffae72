#include "adapters/simulator/venues/binance_frames.hpp"

#include <chrono>

#include "adapters/simulator/frame_writer.hpp"

namespace feedtree::simulator::binance {
namespace {

constexpr std::int64_t ms_ns = 1'000'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr auto as_text = digits_as::text;
__extension__ typedef __int128 wide;  // NOLINT(modernize-use-using): no pedantic warning this way

bool is_contract(dialect how) {
  return how != dialect::spot;
}

std::int64_t ms(std::int64_t ns) {
  return ns / ms_ns;
}

wide power_of_ten(int exponent) {
  wide power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

// What a volume is worth at an average price: in the quote asset, on COIN-M in the base asset; with
// eight digits.
decimal value_of(dialect how, const market& of, const decimal& volume, const decimal& average) {
  const wide units = volume.mantissa;
  if (how == dialect::coinm) {
    const auto dollars = units * contract_dollars(of.spec().details);
    const auto worth = dollars * power_of_ten(8 - average.exponent) / average.mantissa;
    return {static_cast<std::int64_t>(worth), -8};
  }
  const auto product = units * average.mantissa;
  const int digits = -volume.exponent - average.exponent;
  const auto worth =
      digits > 8 ? product / power_of_ten(digits - 8) : product * power_of_ten(8 - digits);
  return {static_cast<std::int64_t>(worth), -8};
}

decimal difference(const decimal& a, const decimal& b) {
  return {a.mantissa - b.mantissa, a.exponent};
}

// In thousandths of a per cent.
decimal change_percent(const market_statistics& day) {
  const wide change = wide{day.last.mantissa - day.open.mantissa} * 100'000;
  return {static_cast<std::int64_t>(change / day.open.mantissa), -3};
}

// "BTCUSD" of "BTCUSD_PERP".
std::string pair_of(const market& of) {
  return of.venue_symbol().substr(0, of.venue_symbol().find('_'));
}

frame_writer begin(const char* type, std::int64_t exchange_ns) {
  frame_writer out;
  out.begin_object().field("e", type).field("E", ms(exchange_ns));
  return out;
}

void write_symbol(frame_writer& out, dialect how, const market& of) {
  out.field("s", of.venue_symbol());
  if (is_contract(how)) out.field("ps", pair_of(of));
}

// Which of the futures a message is of: on the last place.
std::string end(frame_writer& out, dialect how) {
  if (is_contract(how)) out.field("st", how == dialect::usdm ? 1 : 2);
  return out.end_object().take();
}

// Contracts with a date are delivered at eight in the morning.
std::int64_t delivery_ms(const instrument& details) {
  constexpr std::int64_t never_ms = 4'133'404'800'000;
  if (details.type != market_type::future) return never_ms;
  const auto date = details.expiry_yyyymmdd;
  const std::chrono::year_month_day day{std::chrono::year{static_cast<int>(date / 10'000)},
                                        std::chrono::month{date / 100 % 100},
                                        std::chrono::day{date % 100}};
  return std::chrono::sys_days{day}.time_since_epoch().count() * day_ms + day_ms / 3;
}

const char* contract_type(const instrument& details) {
  return details.type == market_type::future ? "CURRENT_QUARTER" : "PERPETUAL";
}

void write_filters(frame_writer& out, const market_spec& spec) {
  const decimal tick{spec.price_step, static_cast<std::int8_t>(-spec.price_decimals)};
  const decimal lot{spec.quantity_step, static_cast<std::int8_t>(-spec.quantity_decimals)};
  out.key("filters").begin_array();
  out.begin_object().field("filterType", "PRICE_FILTER").field("tickSize", tick, as_text);
  out.end_object();
  out.begin_object().field("filterType", "LOT_SIZE").field("minQty", lot, as_text);
  out.field("stepSize", lot, as_text).end_object().end_array();
}

// {"symbol":"ETHBTC","status":"TRADING","baseAsset":"ETH","quoteAsset":"BTC","filters":[..]}; of
// futures with pair, contract and margin; on COIN-M the status is called contractStatus.
void write_symbol_entry(frame_writer& out, dialect how, const market& of) {
  const auto& details = of.spec().details;
  out.begin_object().field("symbol", of.venue_symbol());
  if (is_contract(how)) {
    out.field("pair", pair_of(of))
        .field("contractType", contract_type(details))
        .field("deliveryDate", delivery_ms(details))
        .field("marginAsset", details.settle)
        .field("pricePrecision", of.spec().price_decimals)
        .field("quantityPrecision", of.spec().quantity_decimals);
  }
  if (how == dialect::coinm) out.field("contractSize", contract_dollars(details));
  out.field(how == dialect::coinm ? "contractStatus" : "status", "TRADING");
  out.field("baseAsset", details.base).field("quoteAsset", details.quote);
  if (!is_contract(how)) out.field("isSpotTradingAllowed", true);
  write_filters(out, of.spec());
  out.end_object();
}

}  // namespace

std::uint64_t update_id(dialect of, std::uint64_t changes) {
  constexpr std::uint64_t spot_before = 499'869'750;
  constexpr std::uint64_t contracts_before = 600'859'598'061;
  return of == dialect::spot ? spot_before + changes : contracts_before + changes * 3;
}

std::int64_t contract_dollars(const instrument& details) {
  return details.base == "BTC" ? 100 : 10;
}

// Every trade of the market counts as an aggregate of its own. "m": the buyer was the maker.
std::string agg_trade(dialect how, const market& of, const market_trade& what) {
  auto out = begin("aggTrade", what.exchange_ns);
  out.field("s", of.venue_symbol())
      .field("a", what.id)
      .field("p", what.price, as_text)
      .field("q", what.quantity, as_text);
  // Without what retail orders took.
  if (is_contract(how)) out.field("nq", what.quantity, as_text);
  out.field("f", what.id)
      .field("l", what.id)
      .field("T", ms(what.exchange_ns))
      .field("m", what.side == trade_side::sell);
  if (!is_contract(how)) out.field("M", true);
  return end(out, how);
}

std::string agg_trades(dialect how, const std::vector<market_trade>& trades) {
  frame_writer out;
  out.begin_array();
  for (const auto& what : trades) {
    out.begin_object().field("a", what.id);
    out.field("p", what.price, as_text).field("q", what.quantity, as_text);
    if (is_contract(how)) out.field("nq", what.quantity, as_text);
    out.field("f", what.id).field("l", what.id).field("T", ms(what.exchange_ns));
    out.field("m", what.side == trade_side::sell);
    if (!is_contract(how)) out.field("M", true);
    out.end_object();
  }
  return out.end_array().take();
}

std::string depth_update(dialect how, const market& of, const market_step& step) {
  auto out = begin("depthUpdate", step.exchange_ns);
  if (is_contract(how)) out.field("T", ms(step.exchange_ns));
  write_symbol(out, how, of);
  const auto before = update_id(how, step.first_update_id - 1);
  out.field("U", before + 1).field("u", update_id(how, step.last_update_id));
  if (is_contract(how)) out.field("pu", before);
  out.key("b").pairs(step.bids, as_text).key("a").pairs(step.asks, as_text);
  return end(out, how);
}

// Spot says neither type nor time.
std::string book_ticker(dialect how, const market& of) {
  const auto bid = of.best(book_part::bids);
  const auto ask = of.best(book_part::asks);
  frame_writer out;
  out.begin_object();
  if (is_contract(how)) out.field("e", "bookTicker");
  out.field("u", update_id(how, of.last_update_id()));
  write_symbol(out, how, of);
  out.field("b", bid.price(), as_text)
      .field("B", bid.quantity(), as_text)
      .field("a", ask.price(), as_text)
      .field("A", ask.quantity(), as_text);
  if (is_contract(how)) out.field("T", ms(of.exchange_ns())).field("E", ms(of.exchange_ns()));
  return end(out, how);
}

std::string day_ticker(dialect how, const market& of, std::int64_t now_ns) {
  const auto& day = of.statistics();
  auto out = begin("24hrTicker", now_ns);
  write_symbol(out, how, of);
  out.field("p", difference(day.last, day.open), as_text)
      .field("P", change_percent(day), as_text)
      .field("w", day.average, as_text)
      .field("c", day.last, as_text)
      .field("Q", day.last_quantity, as_text);
  if (!is_contract(how)) {
    const auto bid = of.best(book_part::bids);
    const auto ask = of.best(book_part::asks);
    out.field("b", bid.price(), as_text).field("B", bid.quantity(), as_text);
    out.field("a", ask.price(), as_text).field("A", ask.quantity(), as_text);
  }
  out.field("o", day.open, as_text)
      .field("h", day.high, as_text)
      .field("l", day.low, as_text)
      .field("v", day.volume, as_text)
      .field("q", value_of(how, of, day.volume, day.average), as_text)
      .field("O", ms(now_ns) - day_ms)
      .field("C", ms(now_ns))
      .field("F", day.trades > 0 ? 1 : -1)
      .field("L", day.trades > 0 ? day.trades : -1)
      .field("n", day.trades);
  return end(out, how);
}

std::string kline(dialect how, const market& of, const market_candle& what, bool closed,
                  std::uint64_t last_trade_id, std::int64_t now_ns) {
  const auto last = static_cast<std::int64_t>(last_trade_id);
  auto out = begin("kline", now_ns);
  out.field("s", of.venue_symbol()).key("k").begin_object();
  out.field("t", ms(what.open_ns))
      .field("T", ms(what.open_ns + what.interval_ns) - 1)
      .field("s", of.venue_symbol())
      .field("i", interval_text(what.interval_ns))
      .field("f", what.trades > 0 ? last - what.trades + 1 : -1)
      .field("L", what.trades > 0 ? last : -1)
      .field("o", what.open, as_text)
      .field("c", what.close, as_text)
      .field("h", what.high, as_text)
      .field("l", what.low, as_text)
      .field("v", what.volume, as_text)
      .field("n", what.trades)
      .field("x", closed)
      .field("q", value_of(how, of, what.volume, what.average), as_text);
  return out.end_object().end_object().take();
}

// Contracts with a date have no funding.
std::string mark_price(dialect how, const market& of, std::int64_t now_ns) {
  const bool funded = of.spec().details.type == market_type::perpetual;
  auto out = begin("markPriceUpdate", now_ns);
  out.field("s", of.venue_symbol()).field("p", of.mark_price(), as_text);
  if (how == dialect::usdm || funded) out.field("i", of.index_price(), as_text);
  out.field("P", of.mark_price(), as_text);
  if (funded) {
    out.field("r", of.funding_rate(), as_text).field("T", ms(of.next_funding_ns()));
  } else {
    out.field("r", "").field("T", 0);
  }
  return end(out, how);
}

std::string force_order(dialect how, const market& of, const market_trade& what) {
  auto out = begin("forceOrder", what.exchange_ns);
  out.key("o").begin_object();
  write_symbol(out, how, of);
  out.field("S", what.side == trade_side::buy ? "BUY" : "SELL")
      .field("o", "LIMIT")
      .field("f", "IOC")
      .field("q", what.quantity, as_text)
      .field("p", what.price, as_text)
      .field("ap", what.price, as_text)
      .field("X", "FILLED")
      .field("l", what.quantity, as_text)
      .field("z", what.quantity, as_text)
      .field("T", ms(what.exchange_ns));
  return out.end_object().end_object().take();
}

std::string combined(std::string_view stream, std::string_view payload) {
  frame_writer out;
  out.begin_object().field("stream", stream).key("data").raw(payload);
  return out.end_object().take();
}

std::string exchange_info(dialect how, const market_set& markets, std::int64_t now_ns) {
  frame_writer out;
  out.begin_object().field("timezone", "UTC").field("serverTime", ms(now_ns));
  out.key("rateLimits").begin_array().end_array();
  out.key("exchangeFilters").begin_array().end_array().key("symbols").begin_array();
  for (std::size_t at = 0; at < markets.size(); ++at) write_symbol_entry(out, how, markets.at(at));
  return out.end_array().end_object().take();
}

std::string depth_snapshot(dialect how, const market& of, std::size_t limit, std::int64_t now_ns) {
  frame_writer out;
  out.begin_object().field("lastUpdateId", update_id(how, of.last_update_id()));
  if (is_contract(how)) out.field("E", ms(now_ns)).field("T", ms(of.exchange_ns()));
  if (how == dialect::coinm) out.field("symbol", of.venue_symbol()).field("pair", pair_of(of));
  out.key("bids").pairs(of.top(book_part::bids, limit), as_text);
  out.key("asks").pairs(of.top(book_part::asks, limit), as_text);
  return out.end_object().take();
}

std::string open_interest(dialect how, const market& of, std::int64_t now_ns) {
  frame_writer out;
  out.begin_object().field("openInterest", of.open_interest(), as_text);
  out.field("symbol", of.venue_symbol());
  if (how == dialect::coinm) {
    out.field("pair", pair_of(of)).field("contractType", contract_type(of.spec().details));
  }
  return out.field("time", ms(now_ns)).end_object().take();
}

std::string server_shutdown(std::int64_t now_ns) {
  frame_writer out;
  return out.begin_object().field("e", "serverShutdown").field("E", ms(now_ns)).end_object().take();
}

std::string server_time(std::int64_t now_ns) {
  frame_writer out;
  return out.begin_object().field("serverTime", ms(now_ns)).end_object().take();
}

std::string rest_error(int code, std::string_view text) {
  frame_writer out;
  return out.begin_object().field("code", code).field("msg", text).end_object().take();
}

}  // namespace feedtree::simulator::binance
