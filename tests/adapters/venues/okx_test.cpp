// OKX's protocol: frames, subscriptions, names and continuity, without a capture.
#include <gtest/gtest.h>

#include "adapters/venues/okx_guard.hpp"
#include "core/checksum.hpp"
#include "tests/adapters/venues/bybit_okx_support.hpp"

namespace feedtree::tests {
namespace {

using venues::frame_outcome;
using venues::stream;

// The venue's own example of a book, cut to a few levels.
constexpr const char* snapshot_text =
    R"({"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{"asks":)"
    R"([["8476.98","415","0","13"],["8477","7","0","2"]],"bids":[["8476.97","256","0","12"]],)"
    R"("ts":"1597026383085","checksum":-855196043,"prevSeqId":-1,"seqId":123456}]})";
constexpr const char* update_text =
    R"({"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":)"
    R"([["8476.98","0","0","0"]],"bids":[["8475.55","101","0","1"],["8475.54","100","0","1"]],)"
    R"("ts":"1597026383185","checksum":0,"prevSeqId":123456,"seqId":123457}]})";
constexpr const char* trade_text =
    R"({"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":)"
    R"("130639474","px":"42219.9","sz":"0.12060306","side":"sell","ts":"1630048897897","count":"3"}]})";
constexpr const char* ticker_text =
    R"({"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[{"instType":"SPOT","instId":)"
    R"("BTC-USDT","last":"9999.99","lastSz":"0.1","askPx":"9999.99","askSz":"11","bidPx":"8888.88",)"
    R"("bidSz":"5","open24h":"9000","high24h":"10000","low24h":"8888.88","volCcy24h":"2222","vol24h":)"
    R"("2223","sodUtc0":"2222","sodUtc8":"2222","ts":"1597026383085"}]})";
constexpr const char* candle_text =
    R"({"arg":{"channel":"candle1Dutc","instId":"BTC-USDT"},"data":[["1597017600000","8533.02",)"
    R"("8553.74","8527.17","8548.26","45247","529.5858061","5529.5858061","1"]]})";
constexpr const char* liquidation_text =
    R"({"arg":{"channel":"liquidation-orders","instType":"FUTURES"},"data":[{"details":[{"bkLoss":"0",)"
    R"("bkPx":"0.55205","ccy":"","posSide":"short","side":"buy","sz":"39","ts":"1680173247614"}],)"
    R"("instFamily":"XRP-USD","instId":"XRP-USD-230929","instType":"FUTURES","uly":"XRP-USD"}]})";

const listing* list(one_session& with, const instrument& what, const std::string& symbol) {
  const auto* const made = with.registry.intern("okx", what, symbol);
  with.symbols.of("").add(symbol, made);
  return made;
}

instrument btc_swap() {
  return instrument::perpetual("BTC", "USDT", "USDT");
}

TEST(okx, reads_a_snapshot_and_an_update_of_a_book) {
  one_session with("okx", "");
  auto events = with.events(snapshot_text);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].where->symbol, "BTC-USDT");
  EXPECT_EQ(events[0].exchange_ns, 1597026383085000000);
  EXPECT_EQ(events[0].key.view(), "s1597026383085-123456");
  const auto& book = std::get<book_change>(events[0].body);
  EXPECT_TRUE(book.snapshot);
  EXPECT_TRUE(book.has_checksum);
  EXPECT_EQ(book.checksum, static_cast<std::uint32_t>(-855196043));
  EXPECT_EQ(with.out.bids(book)[0].price().to_string(), "8476.97");
  EXPECT_EQ(with.out.asks(book)[1].price().to_string(), "8477");
  events = with.events(update_text);
  const auto& update = std::get<book_change>(events.at(0).body);
  EXPECT_FALSE(update.snapshot);
  EXPECT_FALSE(update.has_checksum);
  EXPECT_EQ(update.previous_update_id, 123456U);
  EXPECT_TRUE(with.out.asks(update)[0].deletes());
  EXPECT_EQ(with.out.bids(update).size(), 2U);
}

TEST(okx, reads_frames_whatever_the_order_of_their_members) {
  for (const std::string text :
       {snapshot_text, update_text, trade_text, ticker_text, candle_text, liquidation_text}) {
    one_session plain("okx", "");
    one_session turned("okx", "");
    plain.decode(text);
    ASSERT_EQ(turned.decode(reversed(text)), frame_outcome::decoded) << turned.report.reason;
    EXPECT_EQ(ids_of(plain.out), ids_of(turned.out));
    EXPECT_EQ(plain.out.levels.size(), turned.out.levels.size());
    EXPECT_FALSE(plain.out.events.empty());
  }
}

TEST(okx, reads_trade_ticker_candle_and_liquidation) {
  one_session with("okx", "");
  auto events = with.events(trade_text);
  EXPECT_EQ(std::get<trade>(events.at(0).body).side, trade_side::sell);
  EXPECT_EQ(events[0].key.view(), "130639474");
  events = with.events(ticker_text);
  EXPECT_EQ(optional_text(std::get<ticker>(events.at(0).body).quote_volume), "2222");
  events = with.events(candle_text);
  const auto& body = std::get<candle>(events.at(0).body);
  EXPECT_EQ(body.interval_ns, 86'400'000'000'000);
  EXPECT_EQ(body.close.to_string(), "8548.26");
  EXPECT_EQ(optional_text(body.quote_volume), "5529.5858061");
  EXPECT_TRUE(body.closed);
  events = with.events(liquidation_text);
  EXPECT_EQ(events.at(0).where->symbol, "XRP-USD-XRP-20230929");
  EXPECT_EQ(std::get<liquidation>(events[0].body).side, trade_side::buy);
  EXPECT_EQ(events[0].exchange_ns, 1680173247614000000);
}

TEST(okx, reads_funding_open_interest_and_the_best_bid_and_offer) {
  one_session with("okx", "");
  auto events = with.events(
      R"({"arg":{"channel":"funding-rate","instId":"BTC-USD-SWAP"},"data":[{"fundingRate":)"
      R"("0.0000182221218054","fundingTime":"1743609600000","instId":"BTC-USD-SWAP","instType":)"
      R"("SWAP","nextFundingRate":"","nextFundingTime":"1743638400000","ts":"1743588686291"}]})");
  const auto& paid = std::get<funding>(events.at(0).body);
  EXPECT_EQ(paid.rate.to_string(), "0.0000182221218054");
  EXPECT_EQ(paid.next_funding_ns, 1743609600000000000);
  EXPECT_FALSE(paid.predicted_rate.has_value());
  EXPECT_EQ(events[0].exchange_ns, 1743588686291000000);
  events = with.events(
      R"({"arg":{"channel":"open-interest","instId":"BTC-USD-SWAP"},"data":[{"instId":"BTC-USD-SWAP",)"
      R"("instType":"SWAP","oi":"2216113.01","oiCcy":"22161.1","oiUsd":"1939251795.5","ts":)"
      R"("1743041250440"}]})");
  EXPECT_EQ(std::get<open_interest>(events.at(0).body).quantity.to_string(), "2216113.01");
  events = with.events(
      R"({"arg":{"channel":"bbo-tbt","instId":"BCH-USDT-SWAP"},"data":[{"asks":[["111.06","55154",)"
      R"("0","2"]],"bids":[["111.05","57745","0","2"]],"ts":"1670324386802","seqId":363996337}]})");
  EXPECT_EQ(std::get<quote>(events.at(0).body).bid_quantity->to_string(), "57745");
  EXPECT_EQ(events[0].key.view(), "1670324386802-363996337");
  EXPECT_TRUE(with.out.levels.empty());
}

TEST(okx, makes_the_checksum_that_the_documentation_gives_as_an_example) {
  // "3366.1:7:3366.8:9:3366:6:3368:8" with two levels a side.
  order_book book;
  apply_counts counts;
  std::vector<level> levels;
  for (const auto& [price, quantity] : {std::pair{"3366.1", "7"}, {"3366", "6"}}) {
    decimal p;
    decimal q;
    ASSERT_EQ(parse_decimal(price, p), decimal_error::none);
    ASSERT_EQ(parse_decimal(quantity, q), decimal_error::none);
    levels.emplace_back(p, q);
  }
  book.apply(book_part::bids, levels, counts);
  levels = {level({33668, -1}, {9, 0}), level({3368, 0}, {8, 0})};
  book.apply(book_part::asks, levels, counts);
  EXPECT_EQ(venues::okx_checksum(book), crc32("3366.1:7:3366.8:9:3366:6:3368:8"));
  // A side that ends early: "3366.1:7:3366.8:9:3368:8:3372:8".
  order_book uneven;
  uneven.apply(book_part::bids, std::vector{level({33661, -1}, {7, 0})}, counts);
  levels.emplace_back(decimal{3372, 0}, decimal{8, 0});
  uneven.apply(book_part::asks, levels, counts);
  EXPECT_EQ(venues::okx_checksum(uneven), crc32("3366.1:7:3366.8:9:3368:8:3372:8"));
  EXPECT_EQ(venues::okx_checksum(order_book()), crc32(""));
}

// A guard and the events of one book, numbered by hand.
struct guarded {
  guard_ptr guard = venues::make_okx_guard();
  static event at(std::int64_t ns) {
    event what;
    what.exchange_ns = ns;
    what.key.append(ns);
    return what;
  }
  static book_change numbers(std::uint64_t previous, std::uint64_t last) {
    book_change change;
    change.previous_update_id = previous;
    change.last_update_id = last;
    return change;
  }
  guarded(std::uint64_t snapshot, std::int64_t ns) {
    guard->on_snapshot(at(ns), numbers(0, snapshot));
  }
  continuity_verdict judge(std::uint64_t previous, std::uint64_t last, std::int64_t ns) {
    return guard->on_delta(at(ns), numbers(previous, last));
  }
};

TEST(okx, follows_the_link_of_updates_through_signs_of_life_and_new_numbering) {
  guarded book(10, 100);
  EXPECT_EQ(book.judge(10, 15, 200), continuity_verdict::apply);
  EXPECT_EQ(book.judge(15, 15, 300), continuity_verdict::apply);  // nothing changed for a minute
  EXPECT_EQ(book.judge(15, 15, 300), continuity_verdict::duplicate);
  EXPECT_EQ(book.judge(15, 3, 400), continuity_verdict::apply);  // after maintenance
  EXPECT_EQ(book.judge(3, 5, 500), continuity_verdict::apply);
  EXPECT_TRUE(book.guard->checks_sequence());
}

TEST(okx, sees_a_lost_update_even_where_numbering_started_anew) {
  guarded before_reset(10, 100);
  EXPECT_EQ(before_reset.judge(15, 3, 300), continuity_verdict::went_back);  // 10 to 15 was lost
  guarded reset_itself(10, 100);
  EXPECT_EQ(reset_itself.judge(3, 5, 300), continuity_verdict::went_back);  // 10 to 3 was lost
  guarded plain(10, 100);
  EXPECT_EQ(plain.judge(12, 15, 300), continuity_verdict::broken);
}

TEST(okx, counts_an_update_that_comes_again_as_a_duplicate) {
  guarded book(10, 100);
  EXPECT_EQ(book.judge(10, 15, 200), continuity_verdict::apply);
  EXPECT_EQ(book.judge(15, 18, 300), continuity_verdict::apply);
  EXPECT_EQ(book.judge(15, 18, 300), continuity_verdict::duplicate);
  EXPECT_EQ(book.judge(10, 15, 200), continuity_verdict::duplicate);
  EXPECT_EQ(book.judge(18, 20, 400), continuity_verdict::apply);
}

TEST(okx, lets_no_side_without_numbers_grow_beyond_its_depth) {
  const auto guard = venues::make_okx_guard();
  guard->on_snapshot(guarded::at(1), book_change{});
  order_book book;
  apply_counts counts;
  book_change change;
  change.has_checksum = true;
  for (std::int64_t price = 1; price <= 400; ++price) {
    book.apply(book_part::bids, std::vector{level({price, 0}, {1, 0})}, counts);
  }
  change.checksum = venues::okx_checksum(book);
  EXPECT_EQ(guard->checksum_holds(change, book), true);
  // A level that the venue would have deleted, far from those that the checksum covers.
  book.apply(book_part::bids, std::vector{level({5, -1}, {1, 0})}, counts);
  ASSERT_EQ(venues::okx_checksum(book), change.checksum);
  EXPECT_EQ(guard->checksum_holds(change, book), false);
}

TEST(okx, names_contracts_margined_in_usd_alike_with_and_without_the_list) {
  const std::string trade =
      R"({"arg":{"channel":"trades","instId":"BTC-USD_UM-SWAP"},"data":[{"tradeId":"1",)"
      R"("px":"90000.1","sz":"3","side":"buy","ts":"1764547200000"}]})";
  const std::string dated =
      R"({"arg":{"channel":"trades","instId":"BTC-USD_UM-250808"},"data":[{"tradeId":"1",)"
      R"("px":"90000","sz":"1","side":"buy","ts":"1764547200000"}]})";
  one_session listed("okx", "");
  listed.session->decode_rest(
      "https://www.okx.com/api/v5/public/instruments?instType=SWAP",
      frame_of(R"({"code":"0","msg":"","data":[{"instId":"BTC-USD_UM-SWAP","settleCcy":"USD"},)"
               R"({"instId":"BTC-USD_UM-250808","settleCcy":"USD"},)"
               R"({"instId":"BTC-USD-SWAP","settleCcy":"BTC"}]})"),
      listed.out, listed.report);
  one_session unlisted("okx", "");
  for (auto* const with : {&listed, &unlisted}) {
    const auto perpetual = with->events(trade);
    ASSERT_EQ(perpetual.size(), 1U) << with->report.reason;
    EXPECT_EQ(event_id(perpetual[0]), "okx:BTC-USD-PERP:trade:1");
    EXPECT_EQ(with->registry.find("okx", "BTC-USD-PERP")->venue_symbol, "BTC-USD_UM-SWAP");
    EXPECT_EQ(with->events(dated).at(0).where->symbol, "BTC-USD-20250808");
  }
  EXPECT_EQ(listed.registry.find("okx", "BTC-USD-BTC-PERP")->venue_symbol, "BTC-USD-SWAP");
}

TEST(okx, reads_tick_by_tick_books_as_books) {
  for (const std::string channel : {"books-l2-tbt", "books50-l2-tbt"}) {
    one_session with("okx", "");
    const auto events = with.events(
        R"({"arg":{"channel":")" + channel +
        R"(","instId":"A-USDT"},"action":"snapshot","data":[{"asks":[["2","1","0","1"]],)"
        R"("bids":[["1","1","0","1"]],"ts":"1764547200000","checksum":0,"prevSeqId":-1,)"
        R"("seqId":5}]})");
    ASSERT_EQ(events.size(), 1U) << with.report.reason;
    EXPECT_TRUE(std::get<book_change>(events[0].body).snapshot);
  }
}

TEST(okx, asks_for_channels_and_follows_what_shares_one) {
  one_session with("okx", "");
  const auto* const btc = list(with, btc_swap(), "BTC-USDT-SWAP");
  const auto* const eth = list(with, instrument::perpetual("ETH", "USDT", "USDT"), "ETH-USDT-SWAP");
  const std::vector<stream> streams{{event_kind::book, btc},        {event_kind::book, eth, 0, 5},
                                    {event_kind::quote, btc},       {event_kind::funding, btc},
                                    {event_kind::liquidation, btc}, {event_kind::liquidation, eth}};
  EXPECT_EQ(with.session->subscribe_frames(streams),
            std::vector<std::string>{
                R"({"op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT-SWAP"},)"
                R"({"channel":"books5","instId":"ETH-USDT-SWAP"},)"
                R"({"channel":"bbo-tbt","instId":"BTC-USDT-SWAP"},)"
                R"({"channel":"funding-rate","instId":"BTC-USDT-SWAP"},)"
                R"({"channel":"liquidation-orders","instType":"SWAP"}]})"});
  EXPECT_TRUE(with.session->unsubscribe_frames({&streams[4], 1}).empty());
  EXPECT_EQ(with.session->unsubscribe_frames({&streams[5], 1}).size(), 1U);
  EXPECT_EQ(with.session->resync_frames(streams[0]),
            (std::vector<std::string>{
                R"({"op":"unsubscribe","args":[{"channel":"books","instId":"BTC-USDT-SWAP"}]})",
                R"({"op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT-SWAP"}]})"}));
}

TEST(okx, reports_acknowledged_and_refused_subscriptions) {
  one_session with("okx", "");
  const auto* const btc = list(with, btc_swap(), "BTC-USDT-SWAP");
  const auto* const bad = list(with, instrument::spot("NOSUCH", "USDT"), "NOSUCH-USDT");
  const auto* const eth = list(with, instrument::spot("ETH", "USDT"), "ETH-USDT");
  const std::vector<stream> streams{
      {event_kind::trade, btc}, {event_kind::trade, bad}, {event_kind::trade, eth}};
  with.session->subscribe_frames(streams);
  with.decode(
      R"({"event":"subscribe","arg":{"channel":"trades","instId":"BTC-USDT-SWAP"},"connId":"a4"})");
  ASSERT_EQ(with.report.subscriptions.size(), 1U);
  EXPECT_TRUE(with.report.subscriptions[0].accepted);
  EXPECT_EQ(with.report.subscriptions[0].where, btc);
  EXPECT_EQ(with.report.subscriptions[0].kind, event_kind::trade);
  with.decode(
      R"({"event":"error","code":"60018","msg":"Wrong URL or channel:trades,instId:NOSUCH-USDT )"
      R"(doesn't exist. Please use the correct URL, channel and parameters referring to API )"
      R"(document.","connId":"a4"})");
  ASSERT_EQ(with.report.subscriptions.size(), 1U);
  EXPECT_FALSE(with.report.subscriptions[0].accepted);
  EXPECT_EQ(with.report.subscriptions[0].where, bad);
  EXPECT_TRUE(with.report.subscriptions[0].reason.starts_with("60018: Wrong URL"));
  EXPECT_EQ(with.report.replies,
            std::vector<std::string>{
                R"({"op":"subscribe","args":[{"channel":"trades","instId":"ETH-USDT"}]})"});
}

TEST(okx, reports_other_errors_and_announced_closes) {
  one_session with("okx", "");
  with.decode(
      R"({"event":"error","code":"60012","msg":"Invalid request: {\"op\": \"x\"}","connId":"a4"})");
  EXPECT_TRUE(with.report.error.starts_with("60012: Invalid request"));
  EXPECT_FALSE(with.report.closes_soon);
  with.decode(R"({"event":"notice","code":"64008","msg":"The connection will soon be closed for a )"
              R"(service upgrade. Please reconnect.","connId":"a4"})");
  EXPECT_TRUE(with.report.closes_soon);
  EXPECT_EQ(with.decode(R"({"event":"channel-conn-count","channel":"orders","connCount":"2"})"),
            frame_outcome::ignored);
}

TEST(okx, keeps_a_connection_with_a_text_ping) {
  one_session with("okx", "");
  EXPECT_EQ(with.session->keeps_alive()->text, "ping");
  EXPECT_LT(with.session->keeps_alive()->every_ns, 30'000'000'000);
  EXPECT_EQ(with.decode("pong"), frame_outcome::ignored);
}

TEST(okx, plans_candles_on_an_endpoint_of_their_own) {
  one_session with("okx", "");
  const auto* const btc = list(with, btc_swap(), "BTC-USDT-SWAP");
  const auto* const spot = list(with, instrument::spot("BTC", "USDT"), "BTC-USDT");
  const auto& venue = *venues::find_venue("okx");
  const std::vector<stream> streams{{event_kind::book, btc},
                                    {event_kind::candle, btc, 60'000'000'000},
                                    {event_kind::funding, spot},
                                    {event_kind::book, btc, 0, 50},
                                    {event_kind::candle, btc, 7}};
  const auto plans = venue.plan(streams, {});
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_EQ(plans[0].url, "wss://ws.okx.com/ws/v5/public");
  EXPECT_EQ(plans[1].url, "wss://ws.okx.com/ws/v5/business");
  EXPECT_EQ(plans[0].streams.size() + plans[1].streams.size(), 2U);
  for (std::size_t refused = 2; refused < streams.size(); ++refused) {
    EXPECT_FALSE(venue.refuses(streams[refused]).empty());
  }
  EXPECT_EQ(venue.symbol_requests({"", "http://127.0.0.1:1"})[0].url,
            "http://127.0.0.1:1/api/v5/public/instruments?instType=SPOT");
}

TEST(okx, rejects_frames_whose_fields_have_another_type) {
  const std::string book =
      R"({"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":)";
  for (const std::string& text :
       {book + "{}}", book + "[{}]}", book + "[7]}",
        book + R"([{"asks":[["1"]],"bids":[],"ts":"1"}]})",
        book + R"([{"asks":[["a","1"]],"bids":[],"ts":"1"}]})",
        book + R"([{"asks":[],"bids":[],"ts":"x"}]})",
        std::string(R"({"arg":{"channel":"books","instId":"BTC-USDT"},"data":[]})"),
        std::string(R"({"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update"})"),
        std::string(R"({"arg":{"channel":"trades","instId":"b"},"data":[]})"),
        std::string(R"({"arg":7,"data":[]})"), std::string("[]"), std::string("pon"),
        std::string()}) {
    one_session with("okx", "");
    EXPECT_EQ(with.decode(text), frame_outcome::rejected) << text;
    EXPECT_FALSE(with.report.reason.empty()) << text;
    EXPECT_TRUE(with.out.events.empty() && with.out.levels.empty()) << text;
  }
}

std::string trades_frame(const std::vector<std::pair<int, std::string>>& trades) {
  std::string text = R"({"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[)";
  for (const auto& [id, count] : trades) {
    if (text.back() == '}') text += ',';
    text += R"({"instId":"BTC-USDT","tradeId":")" + std::to_string(id) +
            R"(","px":"42219.9","sz":"0.1","side":"sell","ts":"16300488978)" +
            std::to_string(10 + id % 90) + '"';
    if (!count.empty()) text += R"(,"count":")" + count + R"(","source":"0","seqId":7)";
    text += '}';
  }
  return text + "]}";
}

std::vector<std::string> gaps_in(const std::vector<event>& events) {
  std::vector<std::string> result;
  for (const auto& what : events) {
    const auto* const body = std::get_if<gap>(&what.body);
    if (body != nullptr) result.emplace_back(body->detail.view());
  }
  return result;
}

TEST(okx, tells_of_trades_that_are_missing_by_their_numbers_and_counts) {
  using texts = std::vector<std::string>;
  one_session with("okx", "");
  EXPECT_EQ(gaps_in(with.events(trades_frame({{100, "1"}}))), texts{});
  EXPECT_EQ(gaps_in(with.events(trades_frame({{101, "1"}, {104, "3"}}))), texts{});
  const auto events = with.events(trades_frame({{107, "2"}}));  // stands for 106 and 107
  EXPECT_EQ(gaps_in(events), texts{"trades 105 to 105 are missing"});
  const auto& entry = events.back();
  EXPECT_EQ(std::get<gap>(entry.body).feed, event_kind::trade);
  EXPECT_EQ(std::get<gap>(entry.body).cause, gap_cause::sequence);
  EXPECT_FALSE(std::get<gap>(entry.body).recovered);
  EXPECT_EQ(entry.key.view(), "trade-105-105");
  EXPECT_EQ(with.session->counters().sequence_gaps, 1U);
  // Across a lost connection too.
  with.session->on_connected();
  EXPECT_EQ(gaps_in(with.events(trades_frame({{111, "1"}, {115, "2"}}))),
            (texts{"trades 108 to 110 are missing", "trades 112 to 113 are missing"}));
  EXPECT_EQ(gaps_in(with.events(trades_frame({{115, "2"}}))), texts{});  // again
}

TEST(okx, says_nothing_of_trades_whose_count_is_not_known) {
  one_session with("okx", "");
  for (const auto* const count : {"", "x"}) {
    for (const int id : {100, 105, 120}) {
      EXPECT_TRUE(gaps_in(with.events(trades_frame({{id, count}}))).empty()) << count << id;
    }
  }
  EXPECT_FALSE(gaps_in(with.events(trades_frame({{122, "1"}}))).empty());
}

TEST(okx, tells_of_trades_that_could_not_be_read) {
  one_session with("okx", "");
  with.decode(trades_frame({{100, "1"}}));
  auto bad = trades_frame({{101, "1"}, {102, "1"}});
  bad.replace(bad.rfind(R"("side":"sell")"), 13, R"("side":"none")");
  with.decode(bad);
  const auto told = gaps_in(with.events(trades_frame({{103, "1"}})));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].ends_with("to 102 are missing")) << told[0];
}

TEST(okx, survives_frames_that_are_cut_off_or_damaged) {
  unsigned seed = 11;
  for (const auto* const text :
       {snapshot_text, update_text, trade_text, ticker_text, candle_text, liquidation_text}) {
    one_session with("okx", "");
    expect_survives_damage(with, text, seed++);
  }
}

}  // namespace
}  // namespace feedtree::tests
