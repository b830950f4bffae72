// Lists of symbols: their pages, what is in them and does not trade, and which kinds of instruments
// a venue has at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/symbol_pages.hpp"
#include "adapters/venues/venue.hpp"

namespace feedtree::venues {
namespace {

// A venue's session that reads the bodies of lists.
struct list_reader {
  explicit list_reader(std::string_view name) : what(*find_venue(name)), symbols(registry) {
    reader = what.make_session(symbols, "", {});
  }
  void read(std::string_view text, std::size_t list = 0) {
    raw_frame body;
    body.text.reserve(text.size() + frame_padding);
    body.text.assign(text);
    event_batch unused;
    reader->decode_rest(what.symbol_requests({}).at(list).url, body, unused, report);
    EXPECT_EQ(report.outcome, frame_outcome::decoded) << report.reason;
  }
  bool has(std::string_view symbol) const {
    const auto* const where = registry.find(what.name(), symbol);
    return where != nullptr && symbols.has(where);
  }

  const venue& what;
  listing_registry registry;
  venue_symbols symbols;
  std::unique_ptr<venues::session> reader;
  frame_report report;
};

TEST(symbol_lists, of_bybit_have_pages) {
  list_reader with("bybit");
  const auto page = [](std::string_view cursor) {
    return R"({"retCode":0,"retMsg":"OK","result":{"category":"linear","list":[{"symbol":"XRPUSDT",)"
           R"("contractType":"LinearPerpetual","status":"Trading","baseCoin":"XRP","quoteCoin":"USDT",)"
           R"("settleCoin":"USDT","deliveryTime":"0"}])" +
           std::string(cursor) + "}}";
  };
  with.read(page(R"(,"nextPageCursor":"first%3DA%26last=B C")"), 1);
  EXPECT_EQ(with.report.next_page,
            "https://api.bybit.com/v5/market/instruments-info?category=linear&limit=1000"
            "&cursor=first%3DA%26last%3DB%20C");
  EXPECT_TRUE(with.has("XRP-USDT-PERP"));
  for (const auto* const last : {R"(,"nextPageCursor":"")", R"(,"nextPageCursor":null)", ""}) {
    with.read(page(last), 1);
    EXPECT_EQ(with.report.next_page, "") << last;
  }
}

TEST(symbol_lists, of_coinbase_have_pages) {
  list_reader with("coinbase");
  const auto page = [](std::string_view pages) {
    return R"({"products":[{"product_id":"BTC-USD","status":"online","product_type":"SPOT",)"
           R"("quote_currency_id":"USD","base_currency_id":"BTC","alias":""}],"num_products":1)" +
           std::string(pages) + "}";
  };
  with.read(page(R"(,"pagination":{"prev_cursor":"","next_cursor":"abc=","has_next":true})"));
  EXPECT_EQ(with.report.next_page,
            "https://api.coinbase.com/api/v3/brokerage/market/products?cursor=abc%3D");
  EXPECT_TRUE(with.has("BTC-USD"));
  for (const auto* const last :
       {R"(,"pagination":{"prev_cursor":"","next_cursor":"","has_next":false})",
        R"(,"pagination":null)", ""}) {
    with.read(page(last));
    EXPECT_EQ(with.report.next_page, "") << last;
  }
}

TEST(symbol_lists, tell_what_does_not_trade) {
  struct example {
    std::string_view venue;
    std::string_view list;
    std::string_view symbol;
    std::string_view status;
  };
  const std::vector<example> examples{
      {"binance",
       R"({"symbols":[{"symbol":"BTCUSDT","status":"BREAK","baseAsset":"BTC","quoteAsset":"USDT"}]})",
       "BTC-USDT", "BREAK"},
      {"binance-usdm",
       R"({"symbols":[{"symbol":"NEWUSDT","status":"PENDING_TRADING","baseAsset":"NEW",)"
       R"("quoteAsset":"USDT","marginAsset":"USDT"}]})",
       "NEW-USDT-PERP", "PENDING_TRADING"},
      {"binance-coinm",
       R"({"symbols":[{"symbol":"BTCUSD_PERP","contractStatus":"PRE_SETTLE","baseAsset":"BTC",)"
       R"("quoteAsset":"USD","marginAsset":"BTC"}]})",
       "BTC-USD-BTC-PERP", "PRE_SETTLE"},
      {"bybit",
       R"({"retCode":0,"result":{"category":"spot","list":[{"symbol":"NEWUSDT","status":"PendingOpen",)"
       R"("baseCoin":"NEW","quoteCoin":"USDT"}]}})",
       "NEW-USDT", "PendingOpen"},
      {"okx",
       R"({"code":"0","data":[{"instId":"NEW-USDT-SWAP","settleCcy":"USDT","state":"preopen"}]})",
       "NEW-USDT-PERP", "preopen"},
      {"kraken-futures",
       R"({"result":"success","instruments":[{"symbol":"PF_NEWUSD","tradeable":false}]})",
       "NEW-USD-PERP", "not tradeable"},
      {"coinbase",
       R"({"products":[{"product_id":"OLD-USD","status":"delisted","product_type":"SPOT",)"
       R"("quote_currency_id":"USD","base_currency_id":"OLD","alias":""}]})",
       "OLD-USD", "delisted"},
  };
  for (const auto& each : examples) {
    list_reader with(each.venue);
    with.read(each.list);
    EXPECT_FALSE(with.has(each.symbol)) << each.venue;
    EXPECT_EQ(with.symbols.not_trading(each.symbol), each.status) << each.venue;
    EXPECT_EQ(with.symbols.size(), 0u) << each.venue;
    EXPECT_EQ(with.symbols.not_trading("OTHER-USD"), "");
  }
}

TEST(symbol_lists, have_what_trades) {
  list_reader okx("okx");
  okx.read(R"({"code":"0","data":[{"instId":"BTC-USDT","state":"live"},)"
           R"({"instId":"ETH-USDT-SWAP","settleCcy":"USDT","state":"rebase"}]})");
  EXPECT_TRUE(okx.has("BTC-USDT") && okx.has("ETH-USDT-PERP"));
  list_reader futures("kraken-futures");
  futures.read(R"({"result":"success","instruments":[{"symbol":"PF_XBTUSD","tradeable":true},)"
               R"({"symbol":"PI_XBTUSD"},{"symbol":"in_xbtusd","tradeable":false}]})");
  EXPECT_TRUE(futures.has("BTC-USD-PERP") && futures.has("BTC-USD-BTC-PERP"));
}

rest_request list_at(std::string url) {
  return {rest_purpose::symbols, std::move(url), nullptr, 3};
}

TEST(symbol_pages, are_those_of_each_list_in_turn) {
  symbol_pages pages({list_at("a"), list_at("b")});
  EXPECT_EQ(pages.current().url, "a");
  EXPECT_EQ(pages.read("a2"), "");
  EXPECT_EQ(pages.current().url, "a2");
  EXPECT_EQ(pages.current().weight, 3u);
  EXPECT_EQ(pages.read(""), "");
  EXPECT_EQ(pages.current().url, "b");
  EXPECT_EQ(pages.read("b2"), "");
  pages.leave_list();
  EXPECT_TRUE(pages.is_done());
  pages.restart();
  EXPECT_EQ(pages.current().url, "a");
  EXPECT_TRUE(symbol_pages({}).is_done());
}

TEST(symbol_pages, end_where_the_venue_names_a_page_twice_or_too_many) {
  symbol_pages circle({list_at("a"), list_at("b")});
  circle.read("a2");
  EXPECT_THAT(circle.read("a"), testing::HasSubstr("one that was read"));
  EXPECT_EQ(circle.current().url, "b");
  symbol_pages endless({list_at("a")});
  std::string problem;
  for (int page = 0; !endless.is_done(); ++page) problem = endless.read(std::to_string(page));
  EXPECT_THAT(problem, testing::HasSubstr("more than 100 pages"));
}

TEST(symbol_pages, take_a_cursor_in_the_place_of_the_one_before) {
  EXPECT_EQ(with_cursor("http://a/b", "x"), "http://a/b?cursor=x");
  EXPECT_EQ(with_cursor("http://a/b?c=1", "x%3D&"), "http://a/b?c=1&cursor=x%3D%26");
  EXPECT_EQ(with_cursor("http://a/b?c=1&cursor=x&d=2", "y"), "http://a/b?c=1&d=2&cursor=y");
  EXPECT_EQ(with_cursor("http://a/b?cursor=x&d=2", "y"), "http://a/b?d=2&cursor=y");
  EXPECT_EQ(with_cursor("http://a/b?cursor=x", "y"), "http://a/b?cursor=y");
}

std::string refusal(std::string_view name, std::string_view symbol) {
  return refuses_instrument(*find_venue(name), *parse_instrument(symbol));
}

TEST(instrument_kinds, that_a_venue_does_not_have_are_refused_with_the_venue_that_has) {
  EXPECT_EQ(refusal("binance", "BTC-USDT-PERP"),
            "binance has no perpetuals; binance-usdm has them");
  EXPECT_EQ(refusal("binance", "BTC-USD-BTC-20261225"),
            "binance has no futures; binance-coinm has them");
  EXPECT_EQ(refusal("binance-usdm", "BTC-USDT"),
            "binance-usdm has no spot instruments; binance has them");
  EXPECT_EQ(refusal("binance-usdm", "BTC-USD-BTC-PERP"),
            "binance-usdm has no perpetuals settled in BTC; binance-coinm has them");
  EXPECT_EQ(refusal("binance-coinm", "BTC-USDT-PERP"),
            "binance-coinm has no perpetuals settled in USDT; binance-usdm has them");
  EXPECT_EQ(refusal("coinbase", "BTC-USD-PERP"),
            "coinbase has no perpetuals; binance-usdm, bybit, kraken-futures and okx have them");
  EXPECT_EQ(refusal("kraken", "BTC-USD-PERP"), "kraken has no perpetuals; kraken-futures has them");
  EXPECT_EQ(refusal("kraken-futures", "BTC-USD"),
            "kraken-futures has no spot instruments; kraken has them");
  EXPECT_EQ(refusal("bybit", "BTC-USD-BTC-20261225-50000-C"), "bybit has no options; okx has them");
}

TEST(instrument_kinds, that_a_venue_has_are_not_refused) {
  EXPECT_EQ(refusal("binance", "BTC-USDT"), "");
  EXPECT_EQ(refusal("binance-usdm", "BTC-USDT-20261225"), "");
  EXPECT_EQ(refusal("binance-coinm", "BTC-USD-BTC-PERP"), "");
  EXPECT_EQ(refusal("coinbase", "BTC-USD"), "");
  EXPECT_EQ(refusal("kraken", "BTC-USD"), "");
  for (const auto* const symbol : {"BTC-USD-PERP", "BTC-USD-BTC-PERP", "BTC-USD-BTC-20261225"}) {
    EXPECT_EQ(refusal("kraken-futures", symbol), "") << symbol;
    EXPECT_EQ(refusal("okx", symbol), "") << symbol;
    EXPECT_EQ(refusal("bybit", symbol), "") << symbol;
  }
  for (const auto* const symbol : {"BTC-USDT", "BTC-USD-BTC-20261225-50000-C"}) {
    EXPECT_EQ(refusal("okx", symbol), "") << symbol;
  }
}

}  // namespace
}  // namespace feedtree::venues
