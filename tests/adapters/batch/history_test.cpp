// What venues tell of their past: pages as they are asked for and read.
#include "adapters/batch/history.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "adapters/batch/backfill_plan.hpp"
#include "adapters/batch/history_pages.hpp"
#include "storage/file_text.hpp"
#include "tests/support/captures.hpp"

namespace feedtree::batch {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t now_ns = 1'800'000'000 * second_ns;

venues::raw_frame frame(std::string text, std::int64_t receive_ns = now_ns) {
  text.reserve(text.size() + venues::frame_padding);
  return {std::move(text), receive_ns};
}

// A venue with one symbol, that its own symbol request told of.
class world {
 public:
  world(const char* venue, const std::string& symbols_url, const char* symbols_body)
      : venue_(venues::find_venue(venue)), source_(find_history(venue)), symbols_(registry_) {
    session_ = venue_->make_session(symbols_, {}, {});
    event_batch unused;
    venues::frame_report report;
    session_->decode_rest(symbols_url, frame(symbols_body), unused, report);
    EXPECT_EQ(report.outcome, venues::frame_outcome::decoded) << report.reason;
  }
  const listing* where(const char* symbol) const { return registry_.find(venue_->name(), symbol); }
  std::string url(const history_job& job, const history_position& position) {
    const history_reader reader{session_.get(), {}};
    return source_->request(job, position, reader).url;
  }
  history_page read(const history_job& job, const history_position& position, std::string body,
                    event_batch& out) {
    history_reader reader{session_.get(), {}};
    return source_->read(job, position, url(job, position), frame(std::move(body)), reader, out);
  }
  std::optional<history_page> refusal(const history_job& job, const history_position& position,
                                      std::string body) {
    return source_->refusal(job, position, {std::move(body), now_ns});
  }
  const history_source& source() const { return *source_; }

 private:
  const venues::venue* venue_;
  const history_source* source_;
  listing_registry registry_;
  venues::venue_symbols symbols_;
  std::unique_ptr<venues::session> session_;
};

world kraken() {
  return {"kraken", "https://api.kraken.com/0/public/AssetPairs",
          R"({"error":[],"result":{"XBTUSDT":{"altname":"XBTUSDT","wsname":"XBT/USDT"}}})"};
}
world coinbase() {
  return {"coinbase", "https://api.coinbase.com/api/v3/brokerage/market/products",
          R"({"products":[{"product_id":"BTC-USD","base_currency_id":"BTC",)"
          R"("quote_currency_id":"USD","product_type":"SPOT","status":"online"}]})"};
}
world binance() {
  return {"binance", "https://api.binance.com/api/v3/exchangeInfo",
          R"({"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC",)"
          R"("quoteAsset":"USDT"}]})"};
}

history_position begin(const history_job& job) {
  history_position position;
  position.time_ns = job.from_ns;
  return position;
}

TEST(history, of_all_eight_venues_is_known) {
  EXPECT_EQ(history_names(),
            (std::vector<std::string>{"binance", "binance-coinm", "binance-usdm", "bybit",
                                      "coinbase", "kraken", "kraken-futures", "okx"}));
}

TEST(history, of_trades_is_refused_where_the_venue_has_none_like_its_stream) {
  for (const char* name : {"bybit", "okx"}) {
    const auto why = find_history(name)->refuses({nullptr, event_kind::trade, 0, 0, 1});
    EXPECT_NE(why.find("trades"), std::string::npos) << name;
  }
  EXPECT_NE(find_history("kraken")->refuses({nullptr, event_kind::candle, 2 * minute_ns, 0, 1}),
            "");
}

TEST(history, of_binance_asks_for_a_thousand_candles_and_notices_holes) {
  auto of = binance();
  const auto first = 1'588'636'800 * second_ns;
  const history_job job{of.where("BTC-USDT"), event_kind::candle, minute_ns, first,
                        first + 3 * minute_ns};
  EXPECT_EQ(of.url(job, begin(job)),
            "https://api.binance.com/api/v3/klines?symbol=BTCUSDT&interval=1m"
            "&startTime=1588636800000&endTime=1588636979999&limit=1000");
  event_batch out;
  const auto page = of.read(
      job, begin(job),
      R"([[1588636800000,"8871.92","8888.00","8871.92","8887.62","1.5",1588636859999,"13.2",9,"1","2","0"],)"
      R"([1588636920000,"8887.62","8888.10","8880.00","8881.00","2.5",1588636979999,"22.1",7,"1","2","0"]])",
      out);
  ASSERT_EQ(out.events.size(), 2U);
  const auto& made = std::get<candle>(out.events[0].body);
  EXPECT_EQ(made.close, (decimal{888762, -2}));
  EXPECT_EQ(made.trades, 9);
  EXPECT_TRUE(made.closed);
  EXPECT_EQ(out.events[0].exchange_ns, first + minute_ns);
  ASSERT_EQ(page.gaps.size(), 1U);
  EXPECT_EQ(page.gaps[0].from_ns, first + minute_ns);
  EXPECT_EQ(page.gaps[0].to_ns, first + 2 * minute_ns);
  EXPECT_TRUE(page.done);
}

TEST(history, of_binance_keeps_the_neighbours_of_a_candle_that_does_not_fit) {
  auto of = binance();
  const auto first = 1'588'636'800 * second_ns;
  const history_job job{of.where("BTC-USDT"), event_kind::candle, minute_ns, first,
                        first + 4 * minute_ns};
  event_batch out;
  const auto page = of.read(
      job, begin(job),
      R"([[1588636800000,"8871.92","8888.00","8871.92","8887.62","1.5",1588636859999,"13.2",9,"1","2","0"],)"
      R"([1588636860000,"8871.92","8888.00","8871.92","8887.62","1.000000000000000000000000000001",)"
      R"(1588636919999,"13.2",9,"1","2","0"],)"
      R"([1588636980000,"8887.62","8888.10","8880.00","8881.00","2.5",1588637039999,)"
      R"("22.000000000000000000000000000001",null,"1","2","0"]])",
      out);
  ASSERT_EQ(out.events.size(), 2U);
  EXPECT_EQ(std::get<candle>(out.events[0].body).quote_volume, (decimal{132, -1}));
  const auto& last = std::get<candle>(out.events[1].body);
  EXPECT_EQ(last.volume, (decimal{25, -1}));
  EXPECT_FALSE(last.quote_volume);
  EXPECT_EQ(last.trades, candle().trades);
  ASSERT_EQ(page.gaps.size(), 2U);
  EXPECT_EQ(page.gaps[0].from_ns, first + minute_ns);
  EXPECT_EQ(page.gaps[0].to_ns, first + 2 * minute_ns);
  EXPECT_NE(page.gaps[0].reason.find("could not be read: volume"), std::string::npos)
      << page.gaps[0].reason;
  EXPECT_EQ(page.gaps[1].from_ns, first + 2 * minute_ns);
  EXPECT_EQ(page.gaps[1].to_ns, first + 3 * minute_ns);
  EXPECT_NE(page.gaps[1].reason.find("no candle"), std::string::npos) << page.gaps[1].reason;
}

TEST(history, of_coinbase_keeps_the_neighbours_of_a_candle_that_does_not_fit) {
  auto of = coinbase();
  const auto first = 1'588'636'800 * second_ns;
  const history_job job{of.where("BTC-USD"), event_kind::candle, minute_ns, first,
                        first + 2 * minute_ns};
  event_batch out;
  const auto page =
      of.read(job, begin(job),
              R"({"candles":[{"start":"1588636860","low":"1","high":"2","open":"1","close":"2",)"
              R"("volume":"3"},{"start":"1588636800","low":"1","high":"2","open":"1","close":null,)"
              R"("volume":"3"}]})",
              out);
  ASSERT_EQ(out.events.size(), 1U);
  EXPECT_EQ(out.events[0].exchange_ns, first + 2 * minute_ns);
  ASSERT_EQ(page.gaps.size(), 1U);
  EXPECT_EQ(page.gaps[0].from_ns, first);
  EXPECT_NE(page.gaps[0].reason.find("could not be read: close"), std::string::npos)
      << page.gaps[0].reason;
}

TEST(history, of_coinbase_keeps_the_neighbours_of_a_candle_with_another_type) {
  auto of = coinbase();
  const auto first = 1'588'636'800 * second_ns;
  const history_job job{of.where("BTC-USD"), event_kind::candle, minute_ns, first,
                        first + 3 * minute_ns};
  const auto answer = [](const std::string& fields) {
    return R"({"candles":[{"start":"1588636860","low":"1","high":"2","open":"1","close":"2",)"
           R"("volume":"3"},{)" +
           fields + R"("low":"1","high":"2","open":"1","volume":"3"}]})";
  };
  for (const char* close : {R"({"at":1})", "[2]", "true"}) {
    event_batch out;
    const auto page =
        of.read(job, begin(job),
                answer(R"("start":"1588636800","close":)" + std::string(close) + ","), out);
    EXPECT_EQ(out.events.size(), 1U) << close;
    ASSERT_EQ(page.gaps.size(), 2U) << close;
    EXPECT_NE(page.gaps[0].reason.find("could not be read"), std::string::npos) << close;
  }
  event_batch out;
  EXPECT_THROW(of.read(job, begin(job), answer(R"("start":null,"close":"2",)"), out),
               venues::decode_error);
}

// A full answer may have lost its oldest trades, also where one of it could not be read.
TEST(history, of_coinbase_asks_for_less_where_an_answer_is_full) {
  auto of = coinbase();
  const auto first = 1'588'636'800 * second_ns;
  const history_job job{of.where("BTC-USD"), event_kind::trade, 0, first, first + 60 * minute_ns};
  const auto answer = [](int trades) {
    std::string body = R"({"trades":[{"trade_id":"9999"})";
    for (int at = 1; at < trades; ++at) {
      body += R"(,{"trade_id":")" + std::to_string(at) +
              R"(","product_id":"BTC-USD","price":"1","size":"1","side":"BUY",)"
              R"("time":"2020-05-05T00:00:01Z"})";
    }
    return body + R"(],"best_bid":"1","best_ask":"2"})";
  };
  event_batch out;
  EXPECT_EQ(of.read(job, begin(job), answer(1'000), out).next.time_ns, first);
  EXPECT_TRUE(out.events.empty());
  EXPECT_GT(of.read(job, begin(job), answer(999), out).next.time_ns, first);
  EXPECT_EQ(out.events.size(), 998U);
}

TEST(history, of_trades_counts_those_that_could_not_be_read_as_received) {
  auto of = binance();
  const history_job job{of.where("BTC-USDT"), event_kind::trade, 0, 0, 100};
  trade_answer answer;
  event what;
  what.where = job.where;
  what.exchange_ns = 40;
  what.key.append("a");
  what.body = trade{};
  answer.trades.events.push_back(what);
  answer.unread = 2;
  answer.reason = "price: missing";
  EXPECT_EQ(answer.size(), 3U);
  history_page page;
  page.next.time_ns = 10;
  event_batch out;
  const auto got = put_trades(job, answer, false, page, out);
  EXPECT_EQ(got.received, 3U);
  ASSERT_EQ(page.gaps.size(), 1U);
  EXPECT_EQ(page.gaps[0].from_ns, 10);
  EXPECT_EQ(page.gaps[0].to_ns, 41);
}

TEST(history, of_binance_coinm_asks_for_two_hundred_days_at_the_most) {
  world of("binance-coinm", "https://dapi.binance.com/dapi/v1/exchangeInfo",
           R"({"symbols":[{"symbol":"BTCUSD_PERP","pair":"BTCUSD","contractType":"PERPETUAL",)"
           R"("contractStatus":"TRADING","baseAsset":"BTC","quoteAsset":"USD","marginAsset":"BTC",)"
           R"("contractSize":100}]})");
  constexpr auto day_ns = 1440 * minute_ns;
  const auto first = 18'000 * day_ns;
  const auto span_days = [&](std::int64_t interval_ns) {
    const history_job job{of.where("BTC-USD-BTC-PERP"), event_kind::candle, interval_ns, first,
                          first + 1000 * day_ns};
    const auto url = of.url(job, begin(job));
    const auto value = [&url](const char* name) {
      return std::stoll(url.substr(url.find(name) + std::string(name).size()));
    };
    EXPECT_EQ(of.source().page_ns(job) % interval_ns, 0);
    return static_cast<double>(value("endTime=") + 1 - value("startTime=")) * 1e6 / day_ns;
  };
  EXPECT_EQ(span_days(day_ns), 200);
  EXPECT_EQ(span_days(7 * day_ns), 196);
  EXPECT_EQ(span_days(day_ns / 4), 200);
  EXPECT_EQ(span_days(day_ns / 24), 1000.0 / 24);
}

TEST(history, of_binance_follows_trades_by_their_numbers_and_notices_missing_ones) {
  auto of = binance();
  const auto from = 1'577'977'445 * second_ns;
  const history_job job{of.where("BTC-USDT"), event_kind::trade, 0, from, from + 100 * second_ns};
  event_batch out;
  const auto page =
      of.read(job, begin(job),
              R"([{"a":10,"p":"9195.09","q":"0.1","f":1,"l":1,"T":1577977445500,"m":false},)"
              R"({"a":12,"p":"9195.10","q":"0.2","f":2,"l":2,"T":1577977446500,"m":true}])",
              out);
  EXPECT_EQ(out.events.size(), 2U);
  EXPECT_EQ(page.next.first_id, 10U);
  EXPECT_EQ(page.next.last_id, 12U);
  EXPECT_FALSE(page.done);
  ASSERT_EQ(page.gaps.size(), 1U);
  EXPECT_EQ(page.gaps[0].reason, "trades 11 to 11 are missing");
  EXPECT_NE(of.url(job, page.next).find("fromId=13&limit=1000"), std::string::npos);
  const auto behind = of.read(job, page.next, "[]", out);
  EXPECT_FALSE(behind.done) << "the venue may count again";
  EXPECT_NE(of.url(job, behind.next).find("startTime=1577977446500&"), std::string::npos);
  EXPECT_TRUE(of.read(job, behind.next, "[]", out).done);
}

TEST(history, of_binance_keeps_the_neighbours_of_a_trade_that_does_not_fit) {
  auto of = binance();
  const auto from = 1'577'977'445 * second_ns;
  const history_job job{of.where("BTC-USDT"), event_kind::trade, 0, from, from + 100 * second_ns};
  event_batch out;
  const auto page =
      of.read(job, begin(job),
              R"([{"a":10,"p":"9195.09","q":"0.1","f":1,"l":1,"T":1577977445500,"m":false},)"
              R"({"a":11,"p":null,"q":"0.2","f":2,"l":2,"T":1577977446000,"m":true},)"
              R"({"a":12,"p":"9195.10","q":"0.2","f":2,"l":2,"T":1577977446500,"m":true}])",
              out);
  EXPECT_EQ(out.events.size(), 2U);
  EXPECT_EQ(page.next.last_id, 12U);
  ASSERT_EQ(page.gaps.size(), 2U);
  EXPECT_EQ(page.gaps[0].reason, "trades 11 to 11 are missing");
  EXPECT_NE(page.gaps[1].reason.find("could not be read: 1, "), std::string::npos)
      << page.gaps[1].reason;
  EXPECT_THROW(of.read(job, begin(job), R"([{"a":11,"p":null,"q":"0.2","T":1577977446000}])", out),
               venues::decode_error);
}

TEST(history, of_kraken_futures_says_that_an_execution_could_not_be_read) {
  FEEDTREE_CAPTURE(executions, "kraken_futures/nt_http_futures_public_executions.json");
  FEEDTREE_CAPTURE(instruments, "kraken_futures/nt_http_futures_instruments.json");
  world of("kraken-futures", "https://futures.kraken.com/derivatives/api/v3/instruments",
           read_file_text(instruments).c_str());
  const auto from = 1'764'000'000 * second_ns;
  const history_job job{of.where("BTC-USD-BTC-PERP"), event_kind::trade, 0, from,
                        from + 1'000'000 * second_ns};
  auto body = read_file_text(executions);
  event_batch whole;
  EXPECT_TRUE(of.read(job, begin(job), body, whole).gaps.empty());
  body.replace(body.find(R"("price":)"), 7, R"("pricy")");
  event_batch out;
  const auto page = of.read(job, begin(job), body, out);
  EXPECT_EQ(out.events.size() + 1, whole.events.size());
  ASSERT_EQ(page.gaps.size(), 1U);
  EXPECT_NE(page.gaps[0].reason.find("could not be read: 1, "), std::string::npos)
      << page.gaps[0].reason;
}

world binance_usdm() {
  return {"binance-usdm", "https://fapi.binance.com/fapi/v1/exchangeInfo",
          R"({"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC",)"
          R"("quoteAsset":"USDT","marginAsset":"USDT"}]})"};
}

const std::string too_old =
    R"({"code":-4166,"msg":"Search window is restricted to recent 2 days only."})";

TEST(history, of_binance_passes_over_trades_that_the_venue_calls_too_old) {
  auto of = binance_usdm();
  constexpr auto hour_ns = 60 * minute_ns;
  const history_job job{of.where("BTC-USDT-PERP"), event_kind::trade, 0, now_ns - 72 * hour_ns,
                        now_ns};
  auto position = begin(job);
  position.first_id = 7;
  position.last_id = 9;
  const auto page = of.refusal(job, position, too_old);
  ASSERT_TRUE(page.has_value());
  EXPECT_FALSE(page->done);
  EXPECT_EQ(page->next.time_ns, now_ns - 48 * hour_ns + 2 * minute_ns);
  EXPECT_FALSE(page->next.last_id.has_value()) << "asked for by time again";
  ASSERT_EQ(page->gaps.size(), 1U);
  EXPECT_EQ(page->gaps[0].from_ns, job.from_ns);
  EXPECT_EQ(page->gaps[0].to_ns, page->next.time_ns);
  EXPECT_EQ(page->gaps[0].reason,
            "the venue does not give trades so old any more (-4166: Search window is restricted to "
            "recent 2 days only.)");
  EXPECT_NE(of.url(job, page->next).find("&startTime="), std::string::npos);
  // Its reach became shorter: an hour at a time, so that it comes to an end.
  const auto next = of.refusal(job, page->next, too_old);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->next.time_ns, page->next.time_ns + hour_ns);
  const history_job old{job.where, event_kind::trade, 0, job.from_ns, job.from_ns + hour_ns};
  const auto all = of.refusal(old, begin(old), too_old);
  ASSERT_TRUE(all.has_value());
  EXPECT_TRUE(all->done);
  EXPECT_EQ(all->next.time_ns, old.to_ns);
}

TEST(history, of_binance_takes_other_refusals_as_failures) {
  auto of = binance_usdm();
  const history_job trades{of.where("BTC-USDT-PERP"), event_kind::trade, 0, 0, minute_ns};
  const history_job candles{trades.where, event_kind::candle, minute_ns, 0, minute_ns};
  EXPECT_FALSE(of.refusal(candles, begin(candles), too_old));
  for (const auto* body : {R"({"code":-1121,"msg":"Invalid symbol."})", "[]", "", "{", "<html>"}) {
    EXPECT_FALSE(of.refusal(trades, begin(trades), body)) << body;
  }
  auto other = kraken();
  EXPECT_FALSE(other.refusal(trades, begin(trades), too_old));
}

TEST(history, that_was_asked_for_too_often_says_so) {
  auto of = kraken();
  const history_job job{of.where("BTC-USDT"), event_kind::candle, minute_ns, 0, minute_ns};
  event_batch out;
  EXPECT_THROW(of.read(job, begin(job), R"({"error":["EGeneral:Too many requests"]})", out),
               too_often);
  EXPECT_THROW(of.read(job, begin(job), R"({"error":["EQuery:Unknown asset pair"]})", out),
               venues::decode_error);
  EXPECT_TRUE(out.empty());
}

TEST(history, of_kraken_reads_real_candles) {
  FEEDTREE_CAPTURE(path, "kraken/rest_ohlc.json.zst");
  auto of = kraken();
  const auto first = 1'762'777'020 * second_ns;
  const history_job job{of.where("BTC-USDT"), event_kind::candle, minute_ns, first,
                        first + 720 * minute_ns};
  EXPECT_EQ(of.url(job, begin(job)),
            "https://api.kraken.com/0/public/OHLC?pair=XBTUSDT&interval=1&since=1762777019");
  event_batch out;
  const auto page = of.read(job, begin(job), read_file_text(path), out);
  EXPECT_EQ(out.events.size() + static_cast<std::size_t>([&] {
              std::int64_t missing = 0;
              for (const auto& gap : page.gaps) missing += (gap.to_ns - gap.from_ns) / minute_ns;
              return missing;
            }()),
            720U);
  EXPECT_GT(out.events.size(), 700U);
  EXPECT_EQ(std::get<candle>(out.events[0].body).open, (decimal{1060382, -1}));
}

TEST(history, of_kraken_reads_real_trades_once_whatever_overlaps) {
  FEEDTREE_CAPTURE(path, "kraken/rest_trades.json.zst");
  auto of = kraken();
  const auto from = 1'762'795'433 * second_ns;
  const history_job job{of.where("BTC-USDT"), event_kind::trade, 0, from,
                        from + 10 * 24 * 60 * minute_ns};
  event_batch out;
  const auto body = read_file_text(path);
  const auto page = of.read(job, begin(job), body, out);
  ASSERT_EQ(out.events.size(), 1000U);
  EXPECT_EQ(out.events[0].key, event_key("10218208"));
  EXPECT_TRUE(page.gaps.empty());
  event_batch again;
  of.read(job, page.next, body, again);
  EXPECT_TRUE(again.events.empty());
}

TEST(history, of_kraken_futures_reads_real_candles_and_executions) {
  FEEDTREE_CAPTURE(candles, "kraken_futures/nt_http_futures_candles_trade.json");
  FEEDTREE_CAPTURE(executions, "kraken_futures/nt_http_futures_public_executions.json");
  FEEDTREE_CAPTURE(instruments, "kraken_futures/nt_http_futures_instruments.json");
  world of("kraken-futures", "https://futures.kraken.com/derivatives/api/v3/instruments",
           read_file_text(instruments).c_str());
  const auto* const where = of.where("BTC-USD-BTC-PERP");
  ASSERT_NE(where, nullptr);
  const auto first = 1'731'715'200 * second_ns;
  const history_job job{where, event_kind::candle, 60 * minute_ns, first, first + 180 * minute_ns};
  event_batch out;
  const auto page = of.read(job, begin(job), read_file_text(candles), out);
  EXPECT_EQ(out.events.size(), 3U);
  EXPECT_TRUE(page.done && page.gaps.empty());
  const auto from = 1'764'000'000 * second_ns;
  const history_job trades{where, event_kind::trade, 0, from, from + 1'000'000 * second_ns};
  event_batch traded;
  EXPECT_TRUE(of.read(trades, begin(trades), read_file_text(executions), traded).done);
  ASSERT_FALSE(traded.events.empty());
  const auto& last = traded.events.back();
  EXPECT_EQ(last.key, event_key("419060e5-869d-41bf-9b6a-33dd7f365d89"));
  EXPECT_EQ(std::get<trade>(last.body).side, trade_side::sell);
  EXPECT_EQ(std::get<trade>(last.body).price, (decimal{90771, 0}));
}

TEST(history, of_a_moment_with_a_full_page_goes_on_and_says_so) {
  history_page page;
  const history_job job{nullptr, event_kind::trade, 0, 0, 100};
  history_position at;
  at.time_ns = 10;
  advance_by_time(job, at, {5, 10, false}, 5, 1, page);
  EXPECT_EQ(page.next.time_ns, 11);
  EXPECT_EQ(page.gaps.size(), 1U);
  EXPECT_FALSE(page.done);
}

TEST(plan, cuts_at_the_same_places_whatever_is_asked_for) {
  auto of = binance();
  history_job job{of.where("BTC-USDT"), event_kind::candle, minute_ns, 0, 0};
  const auto part = of.source().page_ns(job) * 2;
  job.from_ns = 10 * part + 30 * second_ns;
  job.to_ns = 12 * part + 90 * second_ns;
  const auto parts = parts_of(job, of.source(), 2);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].from_ns, 10 * part + minute_ns);
  EXPECT_EQ(parts[0].to_ns, 11 * part);
  EXPECT_EQ(parts[1].from_ns, 11 * part);
  EXPECT_EQ(parts[2].to_ns, 12 * part + minute_ns);
  job.to_ns = job.from_ns + 1;
  EXPECT_THROW(parts_of(job, of.source(), 2), std::invalid_argument);
}

TEST(plan, sees_trades_that_are_missing_between_parts) {
  checkpoint first{"kraken", "BTC-USD", "trade", 0, 0, 100, {100, 1, 7, 0}, true, 7};
  checkpoint second{"kraken", "BTC-USD", "trade", 0, 100, 200, {200, 9, 12, 0}, true, 4};
  const auto gaps = seams({first, second});
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].reason, "trades 8 to 8 are missing");
  second.position.first_id = 8;
  EXPECT_TRUE(seams({first, second}).empty());
  second.position.first_id.reset();
  EXPECT_TRUE(seams({first, second}).empty()) << "it had no trade";
  first.position.first_id = first.position.last_id = 0;
  second.position.first_id = 2;
  ASSERT_EQ(seams({first, second}).size(), 1U);
  EXPECT_EQ(seams({first, second})[0].reason, "trades 1 to 1 are missing");
}

TEST(plan, reads_moments) {
  const auto noon = parse_moment("2024-02-29T12:00:00Z", now_ns);
  EXPECT_EQ(moment_text(noon), "2024-02-29T12:00:00Z");
  EXPECT_EQ(parse_moment("2024-02-29 12:00", now_ns), noon);
  EXPECT_EQ(parse_moment("2024-02-29", now_ns), noon - 12 * 60 * minute_ns);
  EXPECT_EQ(parse_moment("2h", now_ns), now_ns - 120 * minute_ns);
  for (const char* text :
       {"2023-02-29", "yesterday", "2024-02-29T12", "2024-02-29T12:00:00+01:00"}) {
    EXPECT_THROW(parse_moment(text, now_ns), std::invalid_argument) << text;
  }
}

TEST(plan, joins_gaps_that_touch) {
  const auto joined = merged({{20, 30, "a"}, {10, 20, "a"}, {25, 40, "b"}});
  ASSERT_EQ(joined.size(), 2U);
  EXPECT_EQ(joined[0].from_ns, 10);
  EXPECT_EQ(joined[0].to_ns, 30);
}

}  // namespace
}  // namespace feedtree::batch
