// A venue whose numbers go back on a living connection, with later times: that is no repetition.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "adapters/venues/venue_pipeline.hpp"

namespace feedtree::venues {
namespace {

constexpr std::int64_t begin_ms = 1'764'547'200'000;

struct message {
  std::string url;  // of a REST answer; empty: a frame
  std::string text;
};

// One venue's own words for a book and its updates: numbers from 900,000 on, then low ones.
struct venue_words {
  std::string name;
  std::vector<message> beginning;  // ends with a live book
  std::string (*update)(std::uint64_t number, std::int64_t time_ms);
};

std::string in_quotes(std::int64_t number) {
  return "\"" + std::to_string(number) + "\"";
}

std::string binance_stream(const std::string& symbol, const std::string& body) {
  return R"({"stream":")" + symbol + R"(@depth@100ms","data":{"e":"depthUpdate",)" + body +
         R"(,"b":[["90001","2"]],"a":[]}})";
}

std::string binance_update(std::uint64_t number, std::int64_t time_ms) {
  const auto n = std::to_string(number);
  return binance_stream("btcusdt", R"("E":)" + std::to_string(time_ms) + R"(,"s":"BTCUSDT","U":)" +
                                       n + R"(,"u":)" + n);
}

std::string futures_update(const std::string& symbol, const std::string& upper,
                           std::uint64_t number, std::int64_t time_ms) {
  const auto n = std::to_string(number);
  const auto time = std::to_string(time_ms);
  return binance_stream(symbol, R"("E":)" + time + R"(,"T":)" + time + R"(,"s":")" + upper +
                                    R"(","U":)" + n + R"(,"u":)" + n + R"(,"pu":)" +
                                    std::to_string(number - 1));
}

std::string usdm_update(std::uint64_t number, std::int64_t time_ms) {
  return futures_update("btcusdt", "BTCUSDT", number, time_ms);
}

std::string coinm_update(std::uint64_t number, std::int64_t time_ms) {
  return futures_update("btcusd_perp", "BTCUSD_PERP", number, time_ms);
}

std::string kraken_futures_update(std::uint64_t number, std::int64_t time_ms) {
  return R"({"feed":"book","product_id":"PF_XBTUSD","side":"buy","seq":)" + std::to_string(number) +
         R"(,"price":90001,"qty":2,"timestamp":)" + std::to_string(time_ms) + "}";
}

std::string bybit_frame(const std::string& type, std::uint64_t number, std::int64_t time_ms) {
  const auto time = std::to_string(time_ms);
  return R"({"topic":"orderbook.50.BTCUSDT","type":")" + type + R"(","ts":)" + time +
         R"(,"data":{"s":"BTCUSDT","b":[["90000","1"]],"a":[["90010","1"]],"u":)" +
         std::to_string(number) + R"(,"seq":)" + std::to_string(number) + R"(},"cts":)" + time +
         "}";
}

std::string bybit_update(std::uint64_t number, std::int64_t time_ms) {
  return bybit_frame("delta", number, time_ms);
}

std::string okx_frame(const std::string& action, std::int64_t previous, std::uint64_t number,
                      std::int64_t time_ms) {
  return R"({"arg":{"channel":"books","instId":"BTC-USDT"},"action":")" + action +
         R"(","data":[{"asks":[["90010","1","0","1"]],"bids":[["90000","1","0","1"]],"ts":)" +
         in_quotes(time_ms) + R"(,"checksum":0,"prevSeqId":)" + std::to_string(previous) +
         R"(,"seqId":)" + std::to_string(number) + "}]}";
}

std::string okx_update(std::uint64_t number, std::int64_t time_ms) {
  return okx_frame("update", static_cast<std::int64_t>(number) - 1, number, time_ms);
}

// Whole seconds of 2025-12-01T00:00:00Z on.
std::string coinbase_frame(const std::string& type, std::uint64_t number, std::int64_t time_ms) {
  const auto seconds = (time_ms - begin_ms) / 1'000;
  const auto two = [](std::int64_t value) {
    return (value < 10 ? "0" : "") + std::to_string(value);
  };
  const auto time = "2025-12-01T00:" + two(seconds / 60) + ":" + two(seconds % 60) + ".5Z";
  return R"({"channel":"l2_data","client_id":"","timestamp":")" + time + R"(","sequence_num":)" +
         std::to_string(number) + R"(,"events":[{"type":")" + type +
         R"(","product_id":"BTC-USD","updates":[{"side":"bid","event_time":")" + time +
         R"(","price_level":"90000","new_quantity":"1"},{"side":"offer","event_time":")" + time +
         R"(","price_level":"90010","new_quantity":"1"}]}]})";
}

std::string coinbase_update(std::uint64_t number, std::int64_t time_ms) {
  return coinbase_frame("update", number, time_ms);
}

const std::string spot_depth =
    R"({"lastUpdateId":900000,"bids":[["90000","1"]],"asks":[["90010","1"]]})";
const std::string futures_depth =
    R"({"lastUpdateId":900000,"E":1764547200000,"T":1764547200000,"bids":[["90000","1"]],)"
    R"("asks":[["90010","1"]]})";

std::vector<venue_words> all_venues() {
  std::vector<venue_words> result;
  result.push_back(
      {"binance",
       {{"https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=1000", spot_depth}},
       binance_update});
  result.push_back(
      {"binance-usdm",
       {{"https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT&limit=1000", futures_depth}},
       usdm_update});
  result.push_back(
      {"binance-coinm",
       {{"https://dapi.binance.com/dapi/v1/depth?symbol=BTCUSD_PERP&limit=1000", futures_depth}},
       coinm_update});
  result.push_back({"kraken-futures",
                    {{"", R"({"feed":"book_snapshot","product_id":"PF_XBTUSD","timestamp":)"
                          R"(1764547200000,"seq":900000,"tickSize":null,"bids":[{"price":90000,)"
                          R"("qty":1}],"asks":[{"price":90010,"qty":1}]})"}},
                    kraken_futures_update});
  result.push_back({"bybit", {{"", bybit_frame("snapshot", 900'000, begin_ms)}}, bybit_update});
  result.push_back({"okx", {{"", okx_frame("snapshot", -1, 900'000, begin_ms)}}, okx_update});
  return result;
}

class numbers_go_back : public testing::TestWithParam<venue_words> {
 protected:
  void give(const message& what, std::int64_t time_ms) {
    raw_frame frame;
    frame.text.reserve(what.text.size() + frame_padding);
    frame.text = what.text;
    frame.receive_ns = time_ms * 1'000'000;
    if (what.url.empty()) {
      pipeline.frame("1", frame, out);
    } else {
      pipeline.rest(what.url, frame, out);
    }
  }
  void update(std::uint64_t number, std::int64_t time_ms) {
    give({"", GetParam().update(number, time_ms)}, time_ms);
  }
  void begin() {
    pipeline.connect("1",
                     GetParam().name == "bybit" ? "wss://stream.bybit.com/v5/public/spot" : "");
    for (const auto& what : GetParam().beginning) give(what, begin_ms);
    for (std::uint64_t number = 900'001; number <= 900'003; ++number) {
      update(number, begin_ms + static_cast<std::int64_t>(number - 900'000) * 1'000);
    }
    ASSERT_EQ(pipeline.frames().rejected, 0U) << out.quarantine.front().reason;
    ASSERT_EQ(pipeline.books().size(), 1U);
    ASSERT_EQ(book().state(), feed_state::live);
    ASSERT_EQ(pipeline.continuity().sequence_gaps, 0U);
  }
  const feed_keeper& book() const { return *pipeline.books().front(); }

  listing_registry registry;
  venue_pipeline pipeline{*find_venue(GetParam().name), registry};
  event_batch out;
};

TEST_P(numbers_go_back, and_the_book_is_no_longer_the_venues) {
  begin();
  out.clear();
  // Not from 1 on: with that number Bybit says itself that a book begins again.
  for (std::uint64_t number = 11; number <= 15; ++number) {
    update(number, begin_ms + 60'000 + static_cast<std::int64_t>(number) * 1'000);
  }
  EXPECT_EQ(book().state(), feed_state::gap);
  EXPECT_EQ(pipeline.continuity().numbers_back, 1U);
  EXPECT_EQ(pipeline.continuity().duplicates, 0U);
  std::size_t begun = 0;
  for (const auto& what : out.events) {
    const auto* const entry = std::get_if<gap>(&what.body);
    if (entry == nullptr) continue;
    ++begun;
    EXPECT_EQ(entry->cause, gap_cause::sequence);
    EXPECT_EQ(entry->detail.view(), "the venue's numbers went back");
  }
  EXPECT_EQ(begun, 1U);
}

TEST_P(numbers_go_back, but_a_repetition_has_the_time_of_the_first_one) {
  begin();
  update(900'002, begin_ms + 2'000);
  update(900'003, begin_ms + 3'000);
  EXPECT_EQ(book().state(), feed_state::live);
  EXPECT_EQ(pipeline.continuity().duplicates, 2U);
  EXPECT_EQ(pipeline.continuity().sequence_gaps, 0U);
}

std::string name_of(const testing::TestParamInfo<venue_words>& of) {
  auto name = of.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(of, numbers_go_back, testing::ValuesIn(all_venues()), name_of);

// Coinbase numbers the frames of a connection, and not its books.
class coinbase_connection : public testing::Test {
 protected:
  void give(const std::string& text, std::int64_t time_ms) {
    raw_frame frame;
    frame.text.reserve(text.size() + frame_padding);
    frame.text = text;
    frame.receive_ns = time_ms * 1'000'000;
    pipeline.frame("1", frame, out);
  }
  listing_registry registry;
  venue_pipeline pipeline{*find_venue("coinbase"), registry};
  event_batch out;
};

TEST_F(coinbase_connection, whose_numbers_go_back_has_no_book_to_be_believed) {
  give(coinbase_frame("snapshot", 0, begin_ms), begin_ms);
  for (std::uint64_t number = 1; number <= 30; ++number) {
    give(coinbase_update(number, begin_ms + 1'000), begin_ms + 1'000);
  }
  give(coinbase_update(30, begin_ms + 1'000), begin_ms + 1'001);
  ASSERT_EQ(pipeline.books().front()->state(), feed_state::live);
  ASSERT_EQ(pipeline.continuity().duplicates, 1U);
  for (std::uint64_t number = 0; number <= 3; ++number) {
    give(coinbase_update(number, begin_ms + 60'000), begin_ms + 60'000);
  }
  EXPECT_EQ(pipeline.books().front()->state(), feed_state::gap);
  EXPECT_EQ(pipeline.continuity().numbers_back, 1U);
  EXPECT_EQ(pipeline.continuity().sequence_gaps, 1U);
  EXPECT_EQ(pipeline.continuity().duplicates, 1U);
  give(coinbase_frame("snapshot", 4, begin_ms + 61'000), begin_ms + 61'000);
  EXPECT_EQ(pipeline.books().front()->state(), feed_state::live);
}

}  // namespace
}  // namespace feedtree::venues
