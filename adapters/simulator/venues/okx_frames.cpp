#include "adapters/simulator/venues/okx_frames.hpp"

#include <algorithm>
#include <array>

#include "adapters/simulator/frame_writer.hpp"
#include "adapters/simulator/venues/amounts.hpp"

namespace feedtree::simulator::okx {
namespace {

constexpr std::uint64_t sequence_first = 1'000'000;
constexpr auto as_text = digits_as::text;

std::string ms_text(std::int64_t ns) {
  return std::to_string(to_ms(ns));
}

bool is_inverse(const market& of) {
  const auto& what = of.spec().details;
  return what.type != market_type::spot && what.settle != what.quote;
}

// Sizes are in contracts: of one base unit, or of one dollar where they are inverse.
decimal in_base(const market& of, const decimal& size, const decimal& price) {
  return is_inverse(of) ? quotient(size, price, 8) : size;
}
decimal in_quote(const market& of, const decimal& size, const decimal& price) {
  return is_inverse(of) ? size : product(size, price, 4);
}

// {"arg":{..},"data":[
frame_writer begin_frame(std::string_view arg) {
  frame_writer out;
  out.begin_object().key("arg").raw(arg).key("data").begin_array();
  return out;
}

std::string end_frame(frame_writer& out) {
  return out.end_array().end_object().take();
}

// [["8476.98","415","0","1"],..]: price, size, nothing, number of orders.
void write_levels(frame_writer& out, std::string_view name, const std::vector<level>& levels) {
  out.key(name).begin_array();
  for (const auto& entry : levels) {
    out.begin_array().digits(entry.price(), as_text).digits(entry.quantity(), as_text).text("0");
    out.text(entry.deletes() ? "0" : "1").end_array();
  }
  out.end_array();
}

// {"bkLoss":"0","bkPx":"0.55205","ccy":"","posSide":"short","side":"buy","sz":"39","ts":".."}
void write_liquidation(frame_writer& out, const market_trade& what) {
  out.begin_object()
      .field("bkLoss", "0")
      .field("bkPx", what.price, as_text)
      .field("ccy", "")
      .field("posSide", what.side == trade_side::buy ? "short" : "long")
      .field("side", to_string(what.side))
      .field("sz", what.quantity, as_text)
      .field("ts", ms_text(what.exchange_ns))
      .end_object();
}

// Without what the family says of the margin.
std::string underlying_of(const instrument& what) {
  return what.type == market_type::spot ? std::string() : what.base + "-" + what.quote;
}

void write_contract_fields(frame_writer& out, const instrument& what) {
  const bool inverse = what.settle != what.quote;
  out.field("ctType", inverse ? "inverse" : "linear").field("settleCcy", what.settle);
  out.field("ctVal", "1").field("ctMult", "1").field("ctValCcy", inverse ? what.quote : what.base);
}

decimal increment(std::int64_t step, int decimals) {
  return {step, static_cast<std::int8_t>(-decimals)};
}

void write_instrument(frame_writer& out, const market_spec& spec) {
  const auto& what = spec.details;
  const bool spot = what.type == market_type::spot;
  const auto lot = increment(spec.quantity_step, spec.quantity_decimals);
  out.begin_object().field("instType", type_of(what)).field("instId", spec.venue_symbol);
  out.field("uly", underlying_of(what)).field("instFamily", family_of(what));
  out.field("baseCcy", spot ? what.base : "").field("quoteCcy", spot ? what.quote : "");
  if (spot) {
    out.field("ctType", "").field("settleCcy", "");
  } else {
    write_contract_fields(out, what);
  }
  out.field("tickSz", increment(spec.price_step, spec.price_decimals), as_text);
  out.field("lotSz", lot, as_text).field("minSz", lot, as_text).field("state", "live");
  out.end_object();
}

}  // namespace

std::string family_of(const instrument& what) {
  const bool margined_in_usd = what.quote == "USD" && what.settle == what.quote;
  return underlying_of(what) + (margined_in_usd ? "_UM" : "");
}

std::string_view type_of(const instrument& what) {
  if (what.type == market_type::spot) return "SPOT";
  return what.type == market_type::perpetual ? "SWAP" : "FUTURES";
}

std::uint64_t sequence_of(const market& of) {
  return sequence_first + of.last_update_id();
}

// {"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[..],
//  "bids":[..],"ts":"1597026383085","checksum":0,"seqId":123457,"prevSeqId":123456}]}
// The checksum is 0, which is none, since June 2026.
// https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel
std::string book_frame(const market& of, std::string_view arg, const char* action,
                       const book_levels& levels, std::int64_t previous, std::int64_t now_ns) {
  frame_writer out;
  out.begin_object().key("arg").raw(arg).field("action", action).key("data").begin_array();
  out.begin_object();
  write_levels(out, "asks", levels.asks);
  write_levels(out, "bids", levels.bids);
  out.field("ts", ms_text(now_ns)).field("checksum", 0);
  out.field("seqId", sequence_of(of)).field("prevSeqId", previous).end_object();
  return end_frame(out);
}

std::string whole_book_frame(const market& of, std::string_view arg, const book_levels& levels) {
  auto out = begin_frame(arg);
  out.begin_object();
  write_levels(out, "asks", levels.asks);
  write_levels(out, "bids", levels.bids);
  out.field("instId", of.venue_symbol()).field("ts", ms_text(of.exchange_ns()));
  out.field("seqId", sequence_of(of)).end_object();
  return end_frame(out);
}

// {"instId":"BTC-USDT","tradeId":"130639474","px":"42219.9","sz":"0.12060306","side":"buy",
//  "ts":"1630048897897","count":"1","source":"0","seqId":1234}
// https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-trades-channel
std::string trade_frame(const market& of, std::string_view arg,
                        const std::vector<market_trade>& trades) {
  auto out = begin_frame(arg);
  for (const auto& entry : trades) {
    out.begin_object()
        .field("instId", of.venue_symbol())
        .field("tradeId", std::to_string(entry.id))
        .field("px", entry.price, as_text)
        .field("sz", entry.quantity, as_text)
        .field("side", to_string(entry.side))
        .field("ts", ms_text(entry.exchange_ns))
        .field("count", "1")
        .field("source", "0")
        .field("seqId", sequence_of(of))
        .end_object();
  }
  return end_frame(out);
}

// https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-tickers-channel
std::string ticker_frame(const market& of, std::string_view arg) {
  const auto bid = of.best(book_part::bids);
  const auto ask = of.best(book_part::asks);
  const auto& day = of.statistics();
  const bool spot = of.spec().details.type == market_type::spot;
  const auto amount =
      spot ? in_quote(of, day.volume, day.average) : in_base(of, day.volume, day.average);
  auto out = begin_frame(arg);
  out.begin_object()
      .field("instType", type_of(of.spec().details))
      .field("instId", of.venue_symbol())
      .field("last", day.last, as_text)
      .field("lastSz", day.last_quantity, as_text)
      .field("askPx", ask.price(), as_text)
      .field("askSz", ask.quantity(), as_text)
      .field("bidPx", bid.price(), as_text)
      .field("bidSz", bid.quantity(), as_text)
      .field("open24h", day.open, as_text)
      .field("high24h", day.high, as_text)
      .field("low24h", day.low, as_text)
      .field("sodUtc0", day.open, as_text)
      .field("sodUtc8", day.open, as_text)
      .field("volCcy24h", amount, as_text)
      .field("vol24h", day.volume, as_text)
      .field("ts", ms_text(of.exchange_ns()))
      .end_object();
  return end_frame(out);
}

// ["1597026383085","8533.02","8553.74","8527.17","8548.26","45247","529.5858061","5529.58","0"]
// https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-candlesticks-channel
std::string candle_frame(const market& of, std::string_view arg, const market_candle& candle,
                         bool closed) {
  auto out = begin_frame(arg);
  out.begin_array().text(ms_text(candle.open_ns));
  for (const auto* value :
       {&candle.open, &candle.high, &candle.low, &candle.close, &candle.volume}) {
    out.digits(*value, as_text);
  }
  const bool spot = of.spec().details.type == market_type::spot;
  const auto quote_volume = in_quote(of, candle.volume, candle.average);
  out.digits(spot ? quote_volume : in_base(of, candle.volume, candle.average), as_text);
  out.digits(quote_volume, as_text).text(closed ? "1" : "0").end_array();
  return end_frame(out);
}

// https://www.okx.com/docs-v5/en/#public-data-websocket-funding-rate-channel
std::string funding_frame(const market& of, std::string_view arg) {
  constexpr std::int64_t eight_hours_ns = 8LL * 3'600 * 1'000'000'000;
  auto out = begin_frame(arg);
  out.begin_object()
      .field("fundingRate", of.funding_rate(), as_text)
      .field("fundingTime", ms_text(of.next_funding_ns()))
      .field("instId", of.venue_symbol())
      .field("instType", type_of(of.spec().details))
      .field("method", "current_period")
      .field("nextFundingRate", "")
      .field("nextFundingTime", ms_text(of.next_funding_ns() + eight_hours_ns))
      .field("ts", ms_text(of.exchange_ns()))
      .end_object();
  return end_frame(out);
}

// https://www.okx.com/docs-v5/en/#public-data-websocket-open-interest-channel
std::string open_interest_frame(const market& of, std::string_view arg) {
  const auto open = of.open_interest();
  const auto mark = of.mark_price();
  auto out = begin_frame(arg);
  out.begin_object()
      .field("instId", of.venue_symbol())
      .field("instType", type_of(of.spec().details))
      .field("oi", open, as_text)
      .field("oiCcy", in_base(of, open, mark), as_text)
      .field("oiUsd", in_quote(of, open, mark), as_text)
      .field("ts", ms_text(of.exchange_ns()))
      .end_object();
  return end_frame(out);
}

// https://www.okx.com/docs-v5/en/#public-data-websocket-liquidation-orders-channel
std::string liquidation_frame(const market& of, std::string_view arg,
                              const std::vector<market_trade>& trades) {
  const auto forced = [](const auto& entry) { return entry.liquidation; };
  if (std::none_of(trades.begin(), trades.end(), forced)) return {};
  const auto& what = of.spec().details;
  auto out = begin_frame(arg);
  out.begin_object().key("details").begin_array();
  for (const auto& entry : trades) {
    if (entry.liquidation) write_liquidation(out, entry);
  }
  out.end_array().field("instFamily", family_of(what)).field("instId", of.venue_symbol());
  out.field("instType", type_of(what)).field("uly", underlying_of(what)).end_object();
  return end_frame(out);
}

std::string close_announcement() {
  frame_writer out;
  out.begin_object().field("event", "notice").field("code", "64008");
  out.field("msg", "The connection will soon be closed for a service upgrade. Please reconnect.");
  return out.field("connId", "a4d3ae55").end_object().take();
}

std::string instruments(const market_set& markets, std::string_view type) {
  frame_writer out;
  out.begin_object().field("code", "0").key("data").begin_array();
  for (std::size_t at = 0; at < markets.size(); ++at) {
    const auto& spec = markets.at(at).spec();
    if (type_of(spec.details) == type) write_instrument(out, spec);
  }
  return out.end_array().field("msg", "").end_object().take();
}

std::string rest_error(std::string_view code, std::string_view message) {
  frame_writer out;
  out.begin_object().field("code", code).key("data").begin_array().end_array();
  return out.field("msg", message).end_object().take();
}

}  // namespace feedtree::simulator::okx
