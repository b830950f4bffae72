#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "adapters/venues/venue.hpp"
#include "adapters/venues/venue_pipeline.hpp"
#include "tests/support/captures.hpp"

namespace feedtree::venues {
namespace {

using tests::capture_record;
using tests::capture_records;

constexpr const char* capture_name = "kraken_futures/ws1_cryptofeed_20210722.jsonl.zst";
constexpr std::int64_t some_time_ns = 1'700'000'000'000'000'000;

raw_frame frame_of(std::string_view text, std::int64_t receive_ns = some_time_ns) {
  raw_frame frame;
  frame.text.reserve(text.size() + frame_padding);
  frame.text = text;
  frame.receive_ns = receive_ns;
  return frame;
}

const venue& the_venue() {
  return *find_venue("kraken-futures");
}

struct outcome {
  std::shared_ptr<listing_registry> registry = std::make_shared<listing_registry>();
  keeper_counters counters;
  frame_counters frames;
  std::map<std::string, std::uint64_t> hashes;
  event_batch events;
  std::vector<std::string> complaints;
  bool crossed = false;
  std::uint64_t alarms() const { return counters.sequence_gaps + counters.duplicates; }
};

outcome run(const std::vector<capture_record>& records) {
  outcome result;
  venue_pipeline pipeline(the_venue(), *result.registry);
  for (const auto& record : records) {
    const auto frame = frame_of(record.text, record.receive_ns);
    if (record.type == capture_record::what::connect) {
      pipeline.connect(record.connection, record.url);
    } else if (record.type == capture_record::what::http) {
      pipeline.rest(record.url, frame, result.events);
    } else if (record.type == capture_record::what::frame) {
      pipeline.frame(record.connection, frame, result.events);
    }
  }
  result.counters = pipeline.continuity();
  result.frames = pipeline.frames();
  result.complaints = pipeline.complaints();
  for (const auto* keeper : pipeline.books()) {
    result.hashes[keeper->where()->symbol] = keeper->book().hash();
    result.crossed = result.crossed || keeper->book().crossed();
  }
  return result;
}

struct fixture {
  listing_registry registry;
  venue_symbols symbols{registry};
  std::unique_ptr<session> reader = the_venue().make_session(symbols, "", {});
  event_batch out;
  frame_report report;

  frame_outcome read(std::string_view text) {
    reader->decode(frame_of(text), out, report);
    return report.outcome;
  }
  const listing* listed(const char* symbol, const char* product) {
    return registry.intern("kraken-futures", *parse_instrument(symbol), product);
  }
  template <class Body>
  std::vector<event> of_kind() const {
    std::vector<event> found;
    std::copy_if(out.events.begin(), out.events.end(), std::back_inserter(found),
                 [](const event& what) { return std::holds_alternative<Body>(what.body); });
    return found;
  }
};

bool is_update(const capture_record& record) {
  return record.type == capture_record::what::frame &&
         record.text.find(R"("feed":"book","product_id")") != std::string::npos;
}

std::string product_of(const capture_record& record) {
  const auto at = record.text.find(R"("product_id":")") + 14;
  return record.text.substr(at, record.text.find('"', at) - at);
}

// The captured ticker of January 2023, with all its fields.
constexpr const char* full_ticker =
    R"({"time":1676393235406,"product_id":"PI_XBTUSD","funding_rate":-6.2604214e-11,)"
    R"("funding_rate_prediction":-3.65989977e-10,"relative_funding_rate":-1.380384722222e-6,)"
    R"("relative_funding_rate_prediction":-8.047629166667e-6,"next_funding_rate_time":1676394000000,)"
    R"("feed":"ticker","bid":21978.5,"ask":21987.0,"bid_size":2536.0,"ask_size":13948.0,)"
    R"("volume":31403908.0,"dtm":0,"leverage":"50x","index":21984.54,"premium":-0.0,"last":21983.5,)"
    R"("change":1.9974017538161748,"suspended":false,"tag":"perpetual","pair":"XBT:USD",)"
    R"("openInterest":30072580.0,"markPrice":21979.68641534714,"maturityTime":0,"post_only":false,)"
    R"("volumeQuote":31403908.0,"open":21968.5,"high":22123.0,"low":21456.0})";

TEST(kraken_futures, the_books_of_the_capture_are_contiguous_and_not_crossed) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto result = run(capture_records(path));
  EXPECT_EQ(result.frames.received, 7175U);
  EXPECT_EQ(result.frames.rejected, 0U);
  EXPECT_EQ(result.counters.sequence_ok, 7014U);
  EXPECT_EQ(result.counters.snapshots, 10U);
  EXPECT_EQ(result.alarms(), 0U);
  EXPECT_EQ(result.hashes.size(), 10U);
  EXPECT_TRUE(result.hashes.contains("LTC-USD-LTC-PERP"));
  EXPECT_TRUE(result.hashes.contains("BTC-USD-BTC-20210730"));
  EXPECT_FALSE(result.crossed);
  EXPECT_TRUE(result.complaints.empty());
}

TEST(kraken_futures, trades_equal_an_independent_reading) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto records = capture_records(path);
  std::map<std::string, std::vector<std::string>> expected;
  const auto add = [&expected](const rapidjson::Value& entry) {
    auto& fields = expected[entry["uid"].GetString()];
    for (const auto* const name : {"product_id", "price", "qty", "side", "time"}) {
      fields.emplace_back(entry[name].GetString());
    }
  };
  for (const auto& record : records) {
    if (record.type != capture_record::what::frame) continue;
    rapidjson::Document read;
    read.Parse<rapidjson::kParseNumbersAsStringsFlag>(record.text.c_str());
    if (read.HasMember("event")) continue;
    if (read["feed"] == "trade") add(read);
    if (read["feed"] != "trade_snapshot") continue;
    for (const auto& entry : read["trades"].GetArray()) add(entry);
  }
  ASSERT_EQ(expected.size(), 1003U);
  const auto result = run(records);
  std::size_t trades = 0;
  for (const auto& what : result.events.events) {
    if (what.kind() != event_kind::trade) continue;
    ++trades;
    const auto& body = std::get<trade>(what.body);
    const std::vector<std::string> read{
        what.where->venue_symbol, body.price.to_string(), body.quantity.to_string(),
        std::string(to_string(body.side)), std::to_string(what.exchange_ns / 1'000'000)};
    EXPECT_EQ(read, expected[std::string(what.key)]);
  }
  EXPECT_EQ(trades, 1003U);
}

TEST(kraken_futures, the_best_levels_equal_the_tickers_of_the_capture) {
  FEEDTREE_CAPTURE(path, capture_name);
  listing_registry registry;
  venue_pipeline pipeline(the_venue(), registry);
  event_batch out;
  std::size_t tickers = 0;
  std::size_t equal = 0;
  for (const auto& record : capture_records(path)) {
    if (record.type != capture_record::what::frame) continue;
    out.clear();
    pipeline.frame(record.connection, frame_of(record.text, record.receive_ns), out);
    for (const auto& what : out.events) {
      if (what.kind() != event_kind::ticker) continue;
      const auto& body = std::get<ticker>(what.body);
      for (const auto* keeper : pipeline.books()) {
        if (keeper->where() != what.where) continue;
        ++tickers;
        equal += keeper->book().best(book_part::bids)->price() == *body.bid_price &&
                         keeper->book().best(book_part::asks)->price() == *body.ask_price
                     ? 1
                     : 0;
      }
    }
  }
  EXPECT_EQ(tickers, 107U);
  // The ticker is of another moment than the book: it is sent once a second.
  EXPECT_GE(equal, 100U);
}

// Damages each of the first hundred updates and every hundredth after them, one at a time.
template <class Damage>
void expect_every_damage_is_noticed(const std::vector<capture_record>& records, Damage&& damage) {
  const auto clean = run(records);
  std::size_t seen = 0;
  for (std::size_t at = 0; at < records.size(); ++at) {
    if (!is_update(records[at]) || (++seen > 100 && seen % 100 != 0)) continue;
    auto damaged = records;
    if (!damage(damaged, at)) continue;
    const auto after = run(damaged);
    EXPECT_NE(after.alarms(), 0U) << at;
    const auto broken = product_of(records[at]);
    for (const auto& [symbol, hash] : after.hashes) {
      const auto* const where = after.registry->find("kraken-futures", symbol);
      if (where->venue_symbol == broken) continue;
      EXPECT_EQ(hash, clean.hashes.at(symbol)) << symbol;
    }
  }
}

// The records up to a number of updates, so that each run is short.
std::vector<capture_record> beginning(const std::string& path, std::size_t updates) {
  auto records = capture_records(path);
  std::size_t seen = 0;
  const auto end = std::find_if(records.begin(), records.end(), [&](const auto& record) {
    return is_update(record) && ++seen > updates;
  });
  records.erase(end, records.end());
  return records;
}

// The next update of the same book.
std::size_t next_of_product(const std::vector<capture_record>& records, std::size_t at) {
  const auto product = product_of(records[at]);
  for (auto next = at + 1; next < records.size(); ++next) {
    if (is_update(records[next]) && product_of(records[next]) == product) return next;
  }
  return records.size();
}

TEST(kraken_futures, every_dropped_update_is_noticed_unless_nothing_follows_it) {
  FEEDTREE_CAPTURE(path, capture_name);
  expect_every_damage_is_noticed(beginning(path, 600), [](auto& records, std::size_t at) {
    if (next_of_product(records, at) == records.size()) return false;
    records.erase(records.begin() + static_cast<std::ptrdiff_t>(at));
    return true;
  });
}

TEST(kraken_futures, every_repeated_update_is_noticed) {
  FEEDTREE_CAPTURE(path, capture_name);
  expect_every_damage_is_noticed(beginning(path, 300), [](auto& records, std::size_t at) {
    records.insert(records.begin() + static_cast<std::ptrdiff_t>(at), capture_record(records[at]));
    return true;
  });
}

TEST(kraken_futures, every_pair_of_swapped_updates_is_noticed) {
  FEEDTREE_CAPTURE(path, capture_name);
  expect_every_damage_is_noticed(beginning(path, 600), [](auto& records, std::size_t at) {
    const auto next = next_of_product(records, at);
    if (next == records.size()) return false;
    std::swap(records[at], records[next]);
    return true;
  });
}

TEST(kraken_futures, ids_are_the_same_on_a_second_run_and_unique_to_a_content) {
  FEEDTREE_CAPTURE(path, capture_name);
  const auto records = beginning(path, 500);
  const auto first = run(records);
  const auto second = run(records);
  std::map<std::string, std::string> bids_by_id;
  ASSERT_EQ(first.events.events.size(), second.events.events.size());
  for (std::size_t at = 0; at < first.events.events.size(); ++at) {
    const auto id = event_id(first.events.events[at]);
    EXPECT_EQ(id, event_id(second.events.events[at]));
    // ticker_lite has no time: the same values have the same id.
    const auto* const body = std::get_if<ticker>(&first.events.events[at].body);
    const auto bid = body == nullptr ? std::string() : body->bid_price->to_string();
    const auto [known, is_new] = bids_by_id.emplace(id, bid);
    EXPECT_TRUE(is_new || (body != nullptr && known->second == bid)) << id;
  }
}

TEST(kraken_futures, names_products_as_instruments) {
  const std::vector<std::pair<const char*, const char*>> products{
      {"PI_XBTUSD", "BTC-USD-BTC-PERP"},
      {"pi_ethusd", "ETH-USD-ETH-PERP"},
      {"FI_XBTUSD_210730", "BTC-USD-BTC-20210730"},
      {"PF_ETHUSD", "ETH-USD-PERP"},
      {"PF_XBTUSD", "BTC-USD-PERP"},
      {"FF_XBTUSD_251226", "BTC-USD-20251226"},
      {"PF_AAPLxUSD", "AAPLX-USD-PERP"},
      {"PV_XRPXBT", "XRP-BTC-PERP"}};
  fixture here;
  for (const auto& [product, symbol] : products) {
    here.out.clear();
    here.read(std::string(R"({"feed":"book","product_id":")") + product +
              R"(","side":"buy","seq":2,"price":1.5,"qty":0,"timestamp":1626994927744})");
    ASSERT_EQ(here.out.events.size(), 1U) << product << here.report.reason;
    EXPECT_EQ(here.out.events[0].where->symbol, symbol);
  }
  for (const auto* const product : {"in_xbtusd", "rr_xbtusd", "PI_USD", "FI_XBTUSD",
                                    "PI_XBTUSD_210730", "FI_XBTUSD_219930", "XX_XBTUSD", ""}) {
    EXPECT_EQ(here.read(std::string(R"({"feed":"book","product_id":")") + product +
                        R"(","side":"buy","seq":2,"price":1.5,"qty":0,"timestamp":1626994927744})"),
              frame_outcome::rejected)
        << product;
  }
}

TEST(kraken_futures, reads_products_from_the_rest_answer) {
  FEEDTREE_CAPTURE(path, "kraken_futures/nt_http_futures_instruments.json");
  FEEDTREE_CAPTURE(older, capture_name);
  fixture here;
  std::string body;
  for (const auto& record : capture_records(path)) body += record.text;
  const auto url = the_venue().symbol_requests({}).front().url;
  here.reader->decode_rest(url, frame_of(body), here.out, here.report);
  EXPECT_EQ(here.report.outcome, frame_outcome::decoded) << here.report.reason;
  ASSERT_NE(here.symbols.of("").find("PF_PEPEUSD"), nullptr);
  EXPECT_EQ(here.symbols.of("").find("PF_AAPLxUSD")->venue_symbol, "PF_AAPLxUSD");
  fixture there;
  for (const auto& record : capture_records(older)) {
    if (record.type != capture_record::what::http) continue;
    there.reader->decode_rest(record.url, frame_of(record.text), there.out, there.report);
  }
  EXPECT_EQ(there.registry.size(), 17U);
  EXPECT_EQ(there.symbols.of("").find("PI_XBTUSD")->venue_symbol, "PI_XBTUSD");
  here.reader->decode_rest(url, frame_of(R"({"result":"error","error":"apiLimitExceeded"})"),
                           here.out, here.report);
  EXPECT_EQ(here.report.reason, "instruments: apiLimitExceeded");
}

TEST(kraken_futures, reads_a_ticker_with_funding_and_open_interest) {
  fixture here;
  ASSERT_EQ(here.read(full_ticker), frame_outcome::decoded) << here.report.reason;
  ASSERT_EQ(here.out.events.size(), 3U);
  const auto& statistics = std::get<ticker>(here.out.events[0].body);
  EXPECT_EQ(here.out.events[0].exchange_ns, 1'676'393'235'406'000'000);
  EXPECT_EQ(statistics.bid_quantity->to_string(), "2536.0");
  EXPECT_EQ(statistics.mark_price->to_string(), "21979.68641534714");
  EXPECT_EQ(statistics.index_price->to_string(), "21984.54");
  EXPECT_EQ(statistics.open_price->to_string(), "21968.5");
  const auto& rate = std::get<funding>(here.out.events[1].body);
  EXPECT_EQ(rate.rate.to_string(), "-0.000001380384722222");
  EXPECT_EQ(rate.predicted_rate->to_string(), "-0.000008047629166667");
  EXPECT_EQ(rate.next_funding_ns, 1'676'394'000'000'000'000);
  EXPECT_EQ(std::get<open_interest>(here.out.events[2].body).quantity.to_string(), "30072580.0");
}

TEST(kraken_futures, passes_funding_and_open_interest_on_when_they_change) {
  fixture here;
  std::string text = full_ticker;
  here.read(text);
  here.read(text.replace(text.find("21983.5"), 7, "21984.5"));
  EXPECT_EQ(here.of_kind<ticker>().size(), 2U);
  EXPECT_EQ(here.of_kind<funding>().size(), 1U);
  EXPECT_EQ(here.of_kind<open_interest>().size(), 1U);
  here.read(text.replace(text.find("30072580.0"), 10, "30072581.0"));
  EXPECT_EQ(here.of_kind<funding>().size(), 1U);
  EXPECT_EQ(here.of_kind<open_interest>().size(), 2U);
  here.read(text.replace(text.find("-8.047629"), 9, "-8.047630"));
  EXPECT_EQ(here.of_kind<funding>().size(), 2U);
}

TEST(kraken_futures, a_perpetual_without_a_rate_has_the_rate_zero_and_a_future_has_none) {
  fixture here;
  here.read(
      R"({"feed":"ticker","product_id":"PI_LTCUSD","time":1,"bid":0,"ask":0,"tag":"perpetual","index":1.3})");
  ASSERT_EQ(here.of_kind<funding>().size(), 1U);
  EXPECT_TRUE(std::get<funding>(here.of_kind<funding>()[0].body).rate.is_zero());
  EXPECT_FALSE(std::get<ticker>(here.of_kind<ticker>()[0].body).bid_price.has_value());
  here.read(
      R"({"feed":"ticker","product_id":"FI_LTCUSD_190628","time":1,"bid":60.57,"ask":60.62,"tag":"quarter"})");
  EXPECT_EQ(here.of_kind<funding>().size(), 1U);
}

TEST(kraken_futures, a_liquidation_is_a_trade_as_well) {
  fixture here;
  const std::string text =
      R"({"feed":"trade","product_id":"PI_XRPUSD","uid":"3ee209b8-bc9f-4ed5-965b-8c6208b26411",)"
      R"("side":"sell","type":"liquidation","seq":41799,"time":1593561965283,"qty":12000,"price":0.1736})";
  here.read(text);
  ASSERT_EQ(here.out.events.size(), 2U);
  const auto& body = std::get<liquidation>(here.out.events[1].body);
  EXPECT_EQ(body.side, trade_side::sell);
  EXPECT_EQ(body.price.to_string(), "0.1736");
  EXPECT_EQ(here.out.events[0].key.view(), here.out.events[1].key.view());
  const stream wanted{event_kind::liquidation, here.listed("XRP-USD-XRP-PERP", "PI_XRPUSD"), 0, 0};
  here.reader->subscribe_frames({&wanted, 1});
  here.out.clear();
  here.read(text);
  ASSERT_EQ(here.out.events.size(), 1U);
  EXPECT_EQ(here.out.events[0].kind(), event_kind::liquidation);
}

TEST(kraken_futures, a_missing_trade_is_noticed_by_its_number) {
  const auto frame = [](int sequence) {
    return R"({"feed":"trade","product_id":"PI_LTCUSD","uid":"u)" + std::to_string(sequence) +
           R"(","side":"buy","type":"fill","seq":)" + std::to_string(sequence) +
           R"(,"time":1626994929946,"qty":320.0,"price":119.44})";
  };
  fixture here;
  here.read(frame(5956));
  here.read(frame(5957));
  EXPECT_EQ(here.reader->counters().sequence_gaps, 0U);
  here.read(frame(5960));
  EXPECT_EQ(here.reader->counters().sequence_gaps, 1U);
  EXPECT_EQ(here.out.events.back().key.view(), "trade-5958-5959");
  here.read(frame(5960));
  EXPECT_EQ(here.reader->counters().duplicates, 1U);
}

TEST(kraken_futures, trade_numbers_that_begin_again_are_in_the_ledger) {
  const auto frame = [](int sequence, int second) {
    return R"({"feed":"trade","product_id":"PI_LTCUSD","uid":"u)" + std::to_string(second) +
           R"(","side":"buy","type":"fill","seq":)" + std::to_string(sequence) +
           R"(,"time":16269949)" + std::to_string(second) + R"(000,"qty":320.0,"price":119.44})";
  };
  fixture here;
  here.read(frame(500, 10));
  here.read(frame(0, 11));
  here.read(frame(1, 12));
  here.read(frame(2, 13));
  EXPECT_EQ(here.reader->counters().sequence_gaps, 1U);
  EXPECT_EQ(here.reader->counters().duplicates, 0U);
  std::vector<std::string> details;
  std::size_t trades = 0;
  for (const auto& what : here.out.events) {
    trades += what.kind() == event_kind::trade ? 1 : 0;
    const auto* const entry = std::get_if<gap>(&what.body);
    if (entry != nullptr) details.emplace_back(entry->detail.view());
  }
  EXPECT_EQ(trades, 4U);
  EXPECT_EQ(details, std::vector<std::string>{"trade numbers begin again at 0 behind 500"});
}

// The venue cut the connection: what it traded meanwhile is in the ledger, and no check has failed.
TEST(kraken_futures, trades_missed_between_two_connections_are_no_failed_check) {
  const auto frame = [](int sequence) {
    return R"({"feed":"trade","product_id":"PI_LTCUSD","uid":"u)" + std::to_string(sequence) +
           R"(","side":"buy","type":"fill","seq":)" + std::to_string(sequence) +
           R"(,"time":1626994910000,"qty":320.0,"price":119.44})";
  };
  fixture here;
  here.read(frame(500));
  here.reader->on_connected();
  here.read(frame(510));
  EXPECT_EQ(here.reader->counters().sequence_gaps, 0U);
  here.read(frame(512));
  EXPECT_EQ(here.reader->counters().sequence_gaps, 1U);
  std::vector<std::string> details;
  for (const auto& what : here.out.events) {
    const auto* const entry = std::get_if<gap>(&what.body);
    if (entry != nullptr) details.emplace_back(entry->detail.view());
  }
  EXPECT_EQ(details, (std::vector<std::string>{"trades 501 to 509 are missing",
                                               "trades 511 to 511 are missing"}));
}

TEST(kraken_futures, reports_acknowledgements_refusals_and_errors) {
  fixture here;
  const auto* const btc = here.listed("BTC-USD-PERP", "PF_XBTUSD");
  const std::vector<stream> wanted{{event_kind::ticker, btc, 0, 0},
                                   {event_kind::funding, btc, 0, 0}};
  here.reader->subscribe_frames(wanted);
  here.read(R"({"event":"subscribed","feed":"ticker","product_ids":["PF_XBTUSD"]})");
  ASSERT_EQ(here.report.subscriptions.size(), 2U);
  EXPECT_TRUE(here.report.subscriptions[1].accepted);
  EXPECT_EQ(here.report.subscriptions[1].kind, event_kind::funding);
  EXPECT_EQ(here.report.subscriptions[1].where, btc);
  here.read(
      R"({"event":"alert","message":"Couldn't subscribe to invalid product `PF_NOTAREALTHING`"})");
  ASSERT_EQ(here.report.subscriptions.size(), 1U);
  EXPECT_FALSE(here.report.subscriptions[0].accepted);
  EXPECT_EQ(here.report.subscriptions[0].text, "PF_NOTAREALTHING");
  EXPECT_TRUE(here.report.error.empty());
  here.read(R"({"event":"subscribed_failed","feed":"book","product_ids":["PF_XBTUSD"]})");
  ASSERT_EQ(here.report.subscriptions.size(), 1U);
  EXPECT_FALSE(here.report.subscriptions[0].accepted);
  here.read(R"({"event":"error","message":"Json Error"})");
  EXPECT_EQ(here.report.error, "Json Error");
  for (const auto* const text :
       {R"({"event":"info","version":1})", R"({"feed":"heartbeat","time":1534262350627})",
        R"({"event":"subscribed","feed":"heartbeat"})", R"({"event":"challenge","message":"226a"})",
        R"({"event":"alert","message":"Already subscribed to feed, re-requesting"})"}) {
    EXPECT_EQ(here.read(text), frame_outcome::ignored) << text << here.report.reason;
    EXPECT_TRUE(here.report.error.empty());
  }
}

TEST(kraken_futures, asks_for_each_feed_once_and_for_heartbeats) {
  fixture here;
  const auto* const btc = here.listed("BTC-USD-PERP", "PF_XBTUSD");
  const auto* const eth = here.listed("ETH-USD-PERP", "PF_ETHUSD");
  const std::vector<stream> wanted{
      {event_kind::book, btc, 0, 0},    {event_kind::book, eth, 0, 0},
      {event_kind::trade, btc, 0, 0},   {event_kind::liquidation, btc, 0, 0},
      {event_kind::funding, btc, 0, 0}, {event_kind::open_interest, btc, 0, 0}};
  const std::vector<std::string> expected{
      R"({"event":"subscribe","feed":"heartbeat"})",
      R"({"event":"subscribe","feed":"book","product_ids":["PF_XBTUSD","PF_ETHUSD"]})",
      R"({"event":"subscribe","feed":"trade","product_ids":["PF_XBTUSD"]})",
      R"({"event":"subscribe","feed":"ticker","product_ids":["PF_XBTUSD"]})"};
  EXPECT_EQ(here.reader->subscribe_frames(wanted), expected);
  EXPECT_EQ(here.reader->resync_frames(wanted[0]),
            (std::vector<std::string>{
                R"({"event":"unsubscribe","feed":"book","product_ids":["PF_XBTUSD"]})",
                R"({"event":"subscribe","feed":"book","product_ids":["PF_XBTUSD"]})"}));
  EXPECT_TRUE(here.reader->unsubscribe_frames({&wanted[2], 1}).empty());
  EXPECT_EQ(here.reader->unsubscribe_frames({&wanted[3], 1}).size(), 1U);
}

TEST(kraken_futures, plans_connections_and_refuses_what_it_does_not_have) {
  fixture here;
  const auto* const perpetual = here.listed("BTC-USD-PERP", "PF_XBTUSD");
  const auto* const future = here.listed("BTC-USD-BTC-20210730", "FI_XBTUSD_210730");
  EXPECT_TRUE(the_venue().refuses({event_kind::funding, perpetual, 0, 0}).empty());
  EXPECT_FALSE(the_venue().refuses({event_kind::funding, future, 0, 0}).empty());
  EXPECT_FALSE(the_venue().refuses({event_kind::candle, perpetual, 60, 0}).empty());
  EXPECT_FALSE(the_venue().refuses({event_kind::quote, perpetual, 0, 0}).empty());
  const std::vector<stream> wanted{{event_kind::funding, future, 0, 0},
                                   {event_kind::book, future, 0, 0}};
  const auto plans = the_venue().plan(wanted, {});
  ASSERT_EQ(plans.size(), 1U);
  EXPECT_EQ(plans[0].url, "wss://futures.kraken.com/ws/v1");
  EXPECT_EQ(plans[0].streams.size(), 1U);
}

TEST(kraken_futures, a_frame_that_is_cut_off_or_damaged_leaves_the_batch_as_it_was) {
  FEEDTREE_CAPTURE(path, capture_name);
  std::map<std::string, std::string> samples;  // one of each feed
  for (const auto& record : capture_records(path)) {
    if (record.type == capture_record::what::frame && record.text.size() < 6'000) {
      samples.emplace(record.text.substr(0, 20), record.text);
    }
  }
  samples.emplace("ticker", full_ticker);
  ASSERT_GE(samples.size(), 6U);
  std::mt19937 random(11);
  fixture here;
  const auto check = [&here](const std::string& text) {
    here.out.clear();
    here.read(text);
    if (here.report.outcome != frame_outcome::rejected) return;
    EXPECT_TRUE(here.out.events.empty()) << text;
    EXPECT_TRUE(here.out.levels.empty()) << text;
    EXPECT_FALSE(here.report.reason.empty()) << text;
  };
  for (const auto& [name, text] : samples) {
    for (std::size_t size = 0; size < text.size(); ++size) {
      check(text.substr(0, size));
      EXPECT_EQ(here.report.outcome, frame_outcome::rejected) << text.substr(0, size);
    }
    for (int round = 0; round < 500; ++round) {
      auto damaged = text;
      damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
      check(damaged);
    }
  }
}

TEST(kraken_futures, rejects_frames_with_fields_that_are_missing_or_of_the_wrong_type) {
  fixture here;
  for (
      const auto* const text :
      {R"({})", R"([])", R"({"feed":7})", R"({"feed":"book","product_id":"PI_XBTUSD"})",
       R"({"feed":"book","product_id":"PI_XBTUSD","side":"up","seq":1,"price":1,"qty":1,"timestamp":1})",
       R"({"feed":"book","product_id":"PI_XBTUSD","side":"buy","seq":-1,"price":1,"qty":1,"timestamp":1})",
       R"({"feed":"book","product_id":"PI_XBTUSD","side":"buy","seq":1,"price":1,"qty":1})",
       R"({"feed":"book_snapshot","product_id":"PI_XBTUSD","seq":1,"timestamp":1,"bids":[]})",
       R"({"feed":"trade","product_id":"PI_XBTUSD","side":"buy","price":1,"qty":1,"time":1})",
       R"({"feed":"trade_snapshot","product_id":"PI_XBTUSD"})",
       R"({"feed":"ticker","product_id":"PI_XBTUSD"})"}) {
    EXPECT_EQ(here.read(text), frame_outcome::rejected) << text;
  }
  EXPECT_TRUE(here.out.empty());
}

}  // namespace
}  // namespace feedtree::venues
