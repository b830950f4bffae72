// What is sent to Binance, what it answers, and how streams are spread over connections.
#include <utility>

#include "tests/adapters/venues/binance_support.hpp"

namespace feedtree::tests::binance {
namespace {

const listing* list_of(single& with, std::string base, std::string quote) {
  return with.registry.intern("binance", instrument::spot(base, quote), base + quote);
}

stream of(event_kind kind, const listing* where, std::int64_t interval_ns = 0,
          std::size_t depth = 0) {
  return {kind, where, interval_ns, depth};
}

constexpr std::int64_t minute_ns = 60'000'000'000;

TEST(binance, subscribes_by_name_within_the_limits) {
  single with("binance");
  const auto* const where = list_of(with, "BTC", "USDT");
  const std::vector<stream> streams{of(event_kind::trade, where), of(event_kind::book, where),
                                    of(event_kind::quote, where), of(event_kind::ticker, where),
                                    of(event_kind::candle, where, minute_ns)};
  EXPECT_EQ(with.session->subscribe_frames(streams),
            std::vector<std::string>{
                R"({"method":"SUBSCRIBE","params":["btcusdt@aggTrade","btcusdt@depth@100ms",)"
                R"("btcusdt@bookTicker","btcusdt@ticker","btcusdt@kline_1m"],"id":1})"});
  EXPECT_EQ(
      with.session->unsubscribe_frames(std::span(streams).first(1)),
      std::vector<std::string>{R"({"method":"UNSUBSCRIBE","params":["btcusdt@aggTrade"],"id":2})"});
  const std::vector<stream> many(250, streams[1]);
  const auto frames = with.session->subscribe_frames(many);
  EXPECT_EQ(frames.size(), 3U);
  for (const auto& frame : frames) EXPECT_LT(frame.size(), 4096U);
}

TEST(binance, reports_acknowledged_streams) {
  single with("binance");
  const auto* const where = list_of(with, "BTC", "USDT");
  const std::vector<stream> streams{of(event_kind::trade, where), of(event_kind::book, where)};
  with.session->subscribe_frames(streams);
  with.decode(R"({"result":null,"id":1})");
  ASSERT_EQ(with.report.subscriptions.size(), 2U);
  EXPECT_EQ(with.report.subscriptions[1].text, "btcusdt@depth@100ms");
  EXPECT_EQ(with.report.subscriptions[1].where, where);
  EXPECT_EQ(with.report.subscriptions[1].kind, event_kind::book);
  EXPECT_TRUE(with.report.subscriptions[1].accepted);
  with.decode(R"({"result":null,"id":1})");
  EXPECT_TRUE(with.report.subscriptions.empty()) << "answered already";
  with.session->unsubscribe_frames(streams);
  with.decode(R"({"id":2,"result":null})");
  EXPECT_TRUE(with.report.subscriptions.empty());
  EXPECT_EQ(with.report.outcome, frame_outcome::decoded);
}

// Plays a venue that refuses one stream by name, and gives what was accepted and what was refused.
std::pair<std::size_t, std::vector<std::string>> play_refusal(single& with,
                                                              std::vector<std::string> frames,
                                                              const std::string& refused) {
  std::size_t accepted = 0;
  std::vector<std::string> refusals;
  for (std::size_t at = 0; at < frames.size(); ++at) {
    const auto request = parse(frames[at]);
    const auto id = text_of(request, "id");
    const bool bad = frames[at].find('"' + refused + '"') != std::string::npos;
    with.decode(bad ? R"({"error":{"code":2,"msg":"Invalid request"},"id":)" + id + "}"
                    : R"({"result":null,"id":)" + id + "}");
    EXPECT_EQ(with.report.outcome, frame_outcome::decoded);
    EXPECT_TRUE(with.report.error.empty());
    for (const auto& answer : with.report.subscriptions) {
      if (!answer.accepted) refusals.push_back(answer.text + ": " + answer.reason);
      accepted += answer.accepted ? 1 : 0;
    }
    frames.insert(frames.end(), with.report.replies.begin(), with.report.replies.end());
  }
  return {accepted, refusals};
}

TEST(binance, finds_the_one_stream_that_is_refused_and_keeps_its_neighbours) {
  single with("binance");
  std::vector<stream> streams;
  for (const char* base : {"AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG"}) {
    streams.push_back(of(event_kind::trade, list_of(with, base, "USDT")));
    streams.push_back(of(event_kind::book, list_of(with, base, "USDT")));
  }
  const auto [accepted, refusals] =
      play_refusal(with, with.session->subscribe_frames(streams), "dddusdt@depth@100ms");
  EXPECT_EQ(accepted, 13U);
  EXPECT_EQ(refusals,
            std::vector<std::string>{R"(dddusdt@depth@100ms: {"code":2,"msg":"Invalid request"})"});
}

TEST(binance, reports_errors_that_belong_to_no_request) {
  single with("binance");
  with.decode(R"({"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"})");
  EXPECT_EQ(with.report.error, "3 Invalid JSON: expected value at line 1 column 1");
  with.decode(R"({"error":{"code":2,"msg":"no"},"id":99})");
  EXPECT_EQ(with.report.error, R"({"code":2,"msg":"no"})");
}

TEST(binance, reconnects_when_the_venue_announces_its_shutdown) {
  single with("binance");
  for (const std::string_view text :
       {R"({"event":{"e":"serverShutdown","E":1770123456789}})",
        R"({"e":"serverShutdown","E":1770123456789})",
        R"({"stream":"x","data":{"e":"serverShutdown","E":1770123456789}})"}) {
    with.decode(text);
    EXPECT_TRUE(with.report.closes_soon) << text;
  }
  with.decode(R"({"stream":"x","data":{"e":"somethingElse","E":1770123456789}})");
  EXPECT_FALSE(with.report.closes_soon);
}

TEST(binance, forgets_open_requests_when_it_connects_again) {
  single with("binance");
  const stream what = of(event_kind::trade, list_of(with, "BTC", "USDT"));
  with.session->subscribe_frames({&what, 1});
  with.session->on_connected();
  EXPECT_TRUE(with.session->subscribe_frames({&what, 1})[0].ends_with("\"id\":1}"));
}

TEST(binance, asks_for_snapshots_at_their_weight_and_at_other_addresses) {
  single with("binance");
  const auto* const where = list_of(with, "BTC", "USDT");
  const auto request = with.session->snapshot_request(of(event_kind::book, where));
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->url, "https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=1000");
  EXPECT_EQ(request->weight, 50U);
  EXPECT_EQ(request->where, where);
  EXPECT_EQ(with.session->snapshot_request(of(event_kind::book, where, 0, 100))->weight, 5U);
  EXPECT_EQ(with.session->snapshot_request(of(event_kind::book, where, 0, 5000))->weight, 250U);
  const venues::venue_addresses local{"ws://127.0.0.1:1", "http://127.0.0.1:2"};
  const auto elsewhere = with.what->make_session(with.symbols, "", local);
  EXPECT_EQ(elsewhere->snapshot_request(of(event_kind::book, where, 0, 100))->url,
            "http://127.0.0.1:2/api/v3/depth?symbol=BTCUSDT&limit=100");
  EXPECT_EQ(with.what->symbol_requests(local).at(0).url, "http://127.0.0.1:2/api/v3/exchangeInfo");
  EXPECT_TRUE(with.session->resync_frames(of(event_kind::book, where)).empty());
}

TEST(binance, refuses_what_the_venue_does_not_have) {
  single with("binance");
  const auto* const where = list_of(with, "BTC", "USDT");
  const auto refuses = [&](const stream& what) { return !with.what->refuses(what).empty(); };
  EXPECT_FALSE(refuses(of(event_kind::book, where)));
  EXPECT_FALSE(refuses(of(event_kind::book, where, 0, 5000)));
  EXPECT_TRUE(refuses(of(event_kind::book, where, 0, 5001)));
  EXPECT_FALSE(refuses(of(event_kind::candle, where, 1'000'000'000)));
  EXPECT_FALSE(refuses(of(event_kind::candle, where, 7 * 24 * 60 * minute_ns)));
  EXPECT_TRUE(refuses(of(event_kind::candle, where, 7 * minute_ns)));
  EXPECT_TRUE(refuses(of(event_kind::funding, where)));
  EXPECT_TRUE(refuses(of(event_kind::open_interest, where)));
  EXPECT_TRUE(refuses(of(event_kind::liquidation, where)));
}

TEST(binance, spreads_streams_over_connections_of_1024) {
  single with("binance");
  std::vector<stream> streams;
  for (int at = 0; at < 600; ++at) {
    const auto* const where = list_of(with, "A" + std::to_string(at), "USDT");
    streams.push_back(of(event_kind::trade, where));
    streams.push_back(of(event_kind::book, where));
  }
  streams.push_back(of(event_kind::funding, streams[0].where));
  const auto plans = with.what->plan(streams, {});
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_EQ(plans[0].url, "wss://stream.binance.com:9443/stream");
  EXPECT_EQ(plans[0].streams.size(), 1024U);
  EXPECT_EQ(plans[1].streams.size(), 176U);
}

}  // namespace
}  // namespace feedtree::tests::binance
