// Single frames and REST answers that others collected, over several years of Binance's interfaces.
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <map>

#include "tests/adapters/venues/binance_support.hpp"

namespace feedtree::tests::binance {
namespace {

std::string written(const json_value& what) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  what.Accept(writer);
  return buffer.GetString();
}

// The frames of a file by the kind of the event that they give; -1 for none, -2 for rejected.
std::map<int, int> kinds_of(const std::string& venue, const std::string& path) {
  single with(venue);
  std::map<int, int> counts;
  for (const auto& record : capture_records(path)) {
    const auto document = parse(record.text);
    with.decode(written(document["message"]));
    const bool rejected = with.report.outcome == frame_outcome::rejected;
    ++counts[rejected                  ? -2
             : with.out.events.empty() ? -1
                                       : static_cast<int>(with.out.events[0].kind())];
  }
  return counts;
}

int count(const std::map<int, int>& counts, event_kind kind) {
  const auto found = counts.find(static_cast<int>(kind));
  return found == counts.end() ? 0 : found->second;
}

TEST(binance_samples, hold_spot_frames_of_every_type) {
  FEEDTREE_CAPTURE(path, "tardis_samples/binance.jsonl");
  const auto counts = kinds_of("binance", path);
  EXPECT_EQ(count(counts, event_kind::trade), 2);
  EXPECT_EQ(count(counts, event_kind::book), 5);
  EXPECT_EQ(count(counts, event_kind::quote), 1);
  EXPECT_EQ(count(counts, event_kind::ticker), 1);
  EXPECT_EQ(counts.count(-2), 0U);
}

// An aggTrade of 2019 has no "a", by which it could be told from another: it is rejected.
TEST(binance_samples, hold_futures_frames_of_every_type) {
  FEEDTREE_CAPTURE(path, "tardis_samples/binance-futures.jsonl");
  const auto counts = kinds_of("binance-usdm", path);
  EXPECT_EQ(count(counts, event_kind::trade), 3);
  EXPECT_EQ(count(counts, event_kind::book), 4);
  EXPECT_EQ(count(counts, event_kind::ticker), 2);
  EXPECT_EQ(count(counts, event_kind::funding), 2);
  EXPECT_EQ(count(counts, event_kind::liquidation), 1);
  EXPECT_EQ(count(counts, event_kind::quote), 1);
  EXPECT_EQ(counts.at(-2), 1);
}

TEST(binance_samples, hold_inverse_frames_of_every_type) {
  FEEDTREE_CAPTURE(path, "tardis_samples/binance-delivery.jsonl");
  const auto counts = kinds_of("binance-coinm", path);
  EXPECT_EQ(count(counts, event_kind::book), 2);
  EXPECT_EQ(count(counts, event_kind::ticker), 1);
  EXPECT_EQ(count(counts, event_kind::liquidation), 1);
  EXPECT_EQ(count(counts, event_kind::quote), 1);
}

TEST(binance_samples, hold_rest_answers_of_all_markets) {
  FEEDTREE_CAPTURE(path, "binance/rest_public_gct.jsonl.zst");
  const std::map<std::string, std::string> venue_of{
      {"/api/v3/", "binance"}, {"/fapi/v1/", "binance-usdm"}, {"/dapi/v1/", "binance-coinm"}};
  std::map<std::string, int> read;
  for (const auto& record : capture_records(path)) {
    const auto document = parse(record.text);
    const std::string target = text_of(document, "path");
    const auto slash = target.rfind('/') + 1;
    const auto venue = venue_of.find(target.substr(0, slash));
    const auto name = target.substr(slash);
    if (venue == venue_of.end()) continue;
    if (name != "exchangeInfo" && name != "depth" && name != "openInterest") continue;
    single with(venue->second);
    with.decode_rest("https://host" + target + "?" + text_of(document, "query"),
                     written(document["response"]), 1'700'000'000'000'000'000);
    EXPECT_EQ(with.report.outcome, frame_outcome::decoded) << target << with.report.reason;
    ++read[name];
    EXPECT_TRUE(name != "exchangeInfo" || with.symbols.size() >= 10) << target;
    if (name != "depth") continue;
    const auto& change = with.body<book_change>();
    EXPECT_EQ(change.bids, document["response"]["bids"].Size());
    EXPECT_EQ(change.asks, document["response"]["asks"].Size());
  }
  EXPECT_EQ(read["exchangeInfo"], 3);
  EXPECT_EQ(read["openInterest"], 2);
  EXPECT_GE(read["depth"], 4);
}

}  // namespace
}  // namespace feedtree::tests::binance
