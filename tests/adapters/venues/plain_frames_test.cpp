// Plain readers give what the tokenizer gives, frame by frame: the same text with a space in front
// is no plain frame any more, so it goes the long way.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/plain_reader.hpp"
#include "core/codec.hpp"
#include "tests/support/captures.hpp"

namespace feedtree::venues {
namespace {

raw_frame frame_of(std::string_view text) {
  raw_frame result;
  result.text.reserve(text.size() + frame_padding);
  result.text.assign(text);
  result.receive_ns = 1'786'310'818'130'000'000;
  return result;
}

// ---- the reader ----

template <class Read>
bool reads(std::string_view text, Read&& read) {
  const auto frame = frame_of(text);
  plain_reader in(frame);
  return read(in) && in.at_end();
}

std::string number_of(std::string_view text) {
  decimal value{7, 7};
  const bool plain = reads(text, [&](plain_reader& in) { return in.number(value); });
  return plain ? std::to_string(value.mantissa) + "e" + std::to_string(value.exponent) : "no";
}

TEST(plain_reader, reads_numbers_with_the_digits_as_sent) {
  EXPECT_EQ(number_of("0"), "0e0");
  EXPECT_EQ(number_of("1.50"), "150e-2");
  EXPECT_EQ(number_of("0.00000000"), "0e-8");
  EXPECT_EQ(number_of("77362.8"), "773628e-1");
  EXPECT_EQ(number_of("12345678"), "12345678e0");
  EXPECT_EQ(number_of("123456789.123456789"), "123456789123456789e-9");
  EXPECT_EQ(number_of("999999999999999999"), "999999999999999999e0");
}

TEST(plain_reader, leaves_unusual_numbers_to_others) {
  for (const auto* const text : {"", "-1", "+1", ".5", "5.", "1e5", "1.5E2", "1..2", "0x1", "1 ",
                                 "1000000000000000000", "0.1234567890123456789", "1,5", "1:2"}) {
    EXPECT_EQ(number_of(text), "no") << text;
  }
}

TEST(plain_reader, agrees_with_the_exact_parser_on_numbers_of_all_lengths) {
  std::string digits;
  for (int length = 1; length <= 18; ++length) {
    digits += static_cast<char>('0' + (length * 7 + 3) % 10);
    for (std::size_t point = 1; point <= digits.size(); ++point) {
      auto text = digits;
      if (point < digits.size()) text.insert(point, ".");
      decimal exact;
      ASSERT_EQ(parse_decimal(text, exact), decimal_error::none);
      EXPECT_EQ(number_of(text),
                std::to_string(exact.mantissa) + "e" + std::to_string(exact.exponent));
    }
  }
}

TEST(plain_reader, knows_every_character_that_is_no_digit) {
  for (int code = 0; code < 256; ++code) {
    const auto c = static_cast<char>(code);
    const bool belongs = (c >= '0' && c <= '9') || c == '.';
    for (const std::size_t at : {1U, 6U, 8U}) {
      std::string text = "123456789";
      text[at] = c;
      EXPECT_EQ(number_of(text) != "no", belongs && !(c == '.' && at == 8)) << code;
    }
  }
}

std::string time_of(std::string_view text) {
  std::int64_t ns = 0;
  const bool plain = reads(text, [&](plain_reader& in) { return in.rfc3339(ns); });
  return plain ? std::to_string(ns) : "no";
}

TEST(plain_reader, reads_times_as_the_other_reader_does) {
  for (const std::string text :
       {"2026-08-09T21:05:48.228568804Z", "2026-09-12T15:48:31.964868Z", "1970-01-01T00:00:00Z",
        "2024-02-29T23:59:59.9Z", "2016-12-31T23:59:60Z", "2260-12-31T00:00:00.000Z"}) {
    EXPECT_EQ(time_of(text + "\""), std::to_string(from_rfc3339(text))) << text;
  }
  for (const auto* const text :
       {"2026-08-09 21:05:48Z\"", "2026-08-09T21:05:48+00:00\"", "2026-13-09T21:05:48Z\"",
        "2026-08-09T24:05:48Z\"", "2026-08-09T21:05:4Z\"", "2026-08-09T21:05:48.Z\"",
        "2026-08-09T21:05:48.1234567890Z\"", "2026-08-09T21:05:48Z", "1969-08-09T21:05:48Z\"",
        "2026/08/09T21:05:48Z\"", "2026-0a-09T21:05:48Z\"", "\"", ""}) {
    EXPECT_EQ(time_of(text), "no") << text;
  }
}

TEST(plain_reader, takes_no_text_that_needs_a_closer_look) {
  const auto read = [](plain_reader& in) {
    std::string_view text;
    return in.text(text);
  };
  EXPECT_TRUE(reads("BTC/USD\"", read));
  EXPECT_TRUE(reads("\"", read));
  for (const auto* const text : {"a\\u0041\"", "a\n\"", "\xc3\xa9\"", "\xff\"", "open", ""}) {
    EXPECT_FALSE(reads(text, read)) << text;
  }
}

TEST(plain_reader, ends_where_the_frame_ends) {
  const auto frame = frame_of("{\"a\":1}");
  plain_reader in(frame);
  EXPECT_FALSE(in.take("{\"a\":1}\""));
  EXPECT_TRUE(in.take("{\"a\":1}"));
  EXPECT_TRUE(in.at_end());
  EXPECT_FALSE(in.take('}'));
}

TEST(plain_reader, reads_nothing_of_a_frame_without_padding) {
  raw_frame frame;
  frame.text = "{}";
  frame.text.shrink_to_fit();
  plain_reader in(frame);
  EXPECT_FALSE(in.take('{'));
}

// ---- the venues ----

// Two sessions that read the same frames, one of them with a space in front.
class twins {
 public:
  explicit twins(std::string_view name)
      : plain_(std::make_unique<side>(name)), spaced_(std::make_unique<side>(name)) {}

  void connect(std::string_view url) {
    plain_->connect(url);
    spaced_->connect(url);
  }
  // What came of a frame on either side.
  void read(const std::string& text) {
    const auto plain = plain_->read(text);
    ASSERT_EQ(plain, spaced_->read(" " + text)) << text.substr(0, 400);
  }
  std::uint64_t events() const { return plain_->events; }
  std::uint64_t plain_frames() const { return plain_->session->counters().plain_frames; }
  std::uint64_t spaced_frames() const { return spaced_->session->counters().plain_frames; }

 private:
  struct side {
    explicit side(std::string_view name) : of(find_venue(name)) { connect(""); }

    void connect(std::string_view url) {
      session = of->make_session(symbols, url, {});
      session->on_connected();
    }
    std::string read(const std::string& text) {
      batch.clear();
      session->decode(frame_of(text), batch, report);
      events += batch.events.size();
      std::string result = std::to_string(static_cast<int>(report.outcome)) + report.reason +
                           report.error + report.connection_gap;
      for (const auto& what : batch.events) encoder.encode(what, batch, result.append("\n"));
      for (const auto count : {session->counters().sequence_ok, session->counters().sequence_gaps,
                               session->counters().duplicates}) {
        result.append(" ").append(std::to_string(count));
      }
      return result.append(" ").append(std::to_string(batch.levels.size()));
    }

    const venue* of;
    listing_registry registry;
    venue_symbols symbols{registry};
    std::unique_ptr<venues::session> session;
    event_encoder encoder;
    event_batch batch;
    frame_report report;
    std::uint64_t events = 0;
  };

  std::unique_ptr<side> plain_;
  std::unique_ptr<side> spaced_;
};

struct sample {
  std::string venue;
  std::vector<std::string> frames;  // the first makes the symbol known
};

// Frames of each form that a plain reader takes.
std::vector<sample> samples() {
  return {
      {"kraken",
       {R"({"channel":"book","type":"snapshot", "data":[{"symbol":"BTC/USD","bids":[{"price":77362.8,"qty":0.05300065}],"asks":[{"price":77362.9,"qty":0.01931963}],"checksum":851511627,"timestamp":"2026-09-12T15:48:31.964868Z"}]})",
        R"({"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":77360.8,"qty":0.44670567},{"price":77361,"qty":0.00000000}],"asks":[],"checksum":3766198294,"timestamp":"2026-09-12T15:48:32.364945Z"}]})"}},
      {"kraken-futures",
       {R"({"feed":"book_snapshot", "product_id":"PI_ETHUSD","timestamp":1626994925378,"seq":91192,"tickSize":null,"bids":[{"price":439.3,"qty":20108.0}],"asks":[{"price":439.6,"qty":50.0}]})",
        R"({"feed":"book","product_id":"PI_ETHUSD","side":"sell","seq":26660860,"price":2004.85,"qty":4787.0,"timestamp":1626994927744})",
        R"({"feed":"book","product_id":"PI_ETHUSD","side":"buy","seq":26660861,"price":2004,"qty":0.0,"timestamp":1626994927745})"}},
      {"coinbase",
       {R"({"channel":"l2_data","timestamp":"2026-08-09T21:05:48.505350477Z","sequence_num":0,"events":[{"type":"snapshot", "product_id":"BTC-USD","updates":[{"side":"bid","event_time":"2026-08-09T21:05:48.210883Z","price_level":"65062.5","new_quantity":"0.00583"}]}]})",
        R"({"channel":"l2_data","timestamp":"2026-08-09T21:05:48.505350477Z","sequence_num":1,"events":[{"type":"update","product_id":"BTC-USD","updates":[{"side":"bid","event_time":"2026-08-09T21:05:48.210883Z","price_level":"65062.5","new_quantity":"0.00583"},{"side":"offer","event_time":"2026-08-09T21:05:48.210884Z","price_level":"65063","new_quantity":"0"}]}]})",
        R"({"channel":"l2_data","timestamp":"2026-08-09T21:05:48.505350477Z","sequence_num":3,"events":[{"type":"snapshot","product_id":"BTC-USD","updates":[{"side":"offer","event_time":"2026-08-09T21:05:48Z","price_level":"65063","new_quantity":"2"}]}]})"}},
      {"binance",
       {R"({"stream":"nknusdt@depth@100ms","data":{ "e":"depthUpdate","E":1633998512068,"s":"NKNUSDT","U":499869750,"u":499869752,"b":[],"a":[]}})",
        R"({"stream":"nknusdt@depth@100ms","data":{"e":"depthUpdate","E":1633998512068,"s":"NKNUSDT","U":499869750,"u":499869752,"b":[["0.35130000","6195.00000000"],["0.34750000","5548.00000000"]],"a":[["0.36","0"]]}})",
        R"({"stream":"nknusdt@bookTicker","data":{"u":499869768,"s":"NKNUSDT","b":"0.35210000","B":"672.00000000","a":"0.35260000","A":"3199.00000000"}})"}},
      {"binance-usdm",
       {R"({"stream":"sushiusdt@bookTicker","data":{ "e":"bookTicker","u":600859600576,"s":"SUSHIUSDT","b":"7.6110","B":"2","a":"7.6120","A":"297","T":1626992741012,"E":1626992741017}})", R"({"stream":"sushiusdt@depth@100ms","data":{"e":"depthUpdate","E":1626992741037,"T":1626992741024,"s":"SUSHIUSDT","U":600859599090,"u":600859600917,"pu":600859598061,"b":[["7.5040","813"]],"a":[["7.6150","1563"],["7.6220","3284"]]}})", R"({"stream":"sushiusdt@depth@100ms","data":{"e":"depthUpdate","E":1789469121904,"T":1789469121836,"s":"SUSHIUSDT","ps":"SUSHIUSDT","U":600859600918,"u":600859600920,"pu":600859600917,"b":[["7.5040","813"]],"a":[],"st":1}})",
        R"({"stream":"sushiusdt@bookTicker","data":{"e":"bookTicker","u":600859600921,"s":"SUSHIUSDT","ps":"SUSHIUSDT","b":"7.6110","B":"2","a":"7.6120","A":"297","T":1789327919095,"E":1789327919095,"st":1}})",
        R"({"stream":"sushiusdt@bookTicker","data":{"e":"bookTicker","u":600859600576,"s":"SUSHIUSDT","b":"7.6110","B":"2","a":"7.6120","A":"297","T":1626992741012,"E":1626992741017}})"}},
      {"binance-coinm",
       {R"({"stream":"bchusd_perp@bookTicker","data":{ "u":167006084895,"e":"bookTicker","s":"BCHUSD_PERP","ps":"BCHUSD","b":"427.84","B":"24","a":"427.90","A":"669","T":1626916403864,"E":1626916403871}})",
        R"({"stream":"bchusd_perp@depth@100ms","data":{"e":"depthUpdate","E":1626916403873,"T":1626916403864,"s":"BCHUSD_PERP","ps":"BCHUSD","U":167006084465,"u":167006084895,"pu":167006084238,"b":[["427.27","0"]],"a":[]}})",
        R"({"stream":"bchusd_perp@depth@100ms","data":{"e":"depthUpdate","E":1789469121904,"T":1789469121836,"s":"BCHUSD_PERP","ps":"BCHUSD","U":167006084896,"u":167006084899,"pu":167006084895,"b":[["427.27","1"]],"a":[],"st":2}})",
        R"({"stream":"bchusd_perp@bookTicker","data":{"e":"bookTicker","u":167006084900,"s":"BCHUSD_PERP","ps":"BCHUSD","b":"427.84","B":"24","a":"427.90","A":"669","T":1790373637547,"E":1790373637547,"st":2}})",
        R"({"stream":"bchusd_perp@bookTicker","data":{"u":167006084895,"e":"bookTicker","s":"BCHUSD_PERP","ps":"BCHUSD","b":"427.84","B":"24","a":"427.90","A":"669","T":1626916403864,"E":1626916403871}})"}},
      {"bybit",
       {R"({"topic":"orderbook.200.BTCUSDT","type":"snapshot","ts":1786310818030, "data":{"s":"BTCUSDT","b":[["65095.30","0.005"]],"a":[["65116.60","1"]],"u":15076952,"seq":753843913869},"cts":1786310818129})",
        R"({"topic":"orderbook.200.BTCUSDT","type":"delta","ts":1786310818130,"data":{"s":"BTCUSDT","b":[["65095.30","0.005"],["65094.60","0.076"]],"a":[["65116.60","0"]],"u":15076953,"seq":753843913870},"cts":1786310818129})", R"({"topic":"orderbook.200.BTCUSDT","ts":1786310816618,"type":"delta","data":{"s":"BTCUSDT","b":[],"a":[["65239.1","0"]],"u":62505425,"seq":112488545865},"cts":1786310816585})", R"({"topic":"tickers.BTCUSDT","type":"snapshot","data":{"symbol":"BTCUSDT","bid1Price":"65114.20","bid1Size":"6.124","ask1Price":"65114.30", "ask1Size":"1","fundingRate":"-0.0001","nextFundingTime":"1786320000000"},"cs":753843922769,"ts":1786310818484})",
        R"({"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","tickDirection":"MinusTick","price24hPcnt":"-0.001622","bid1Price":"65114.20","bid1Size":"6.054","openInterest":"123.5"},"cs":753843907770,"ts":1786310817883})"}},
      {"okx",
       {R"({"arg":{"channel":"books","instId":"BTC-USDT"}, "action":"snapshot","data":[{"asks":[["30249.4","1","0","1"]],"bids":[["30182.6","452","0","1"]],"ts":"1652459225464","checksum":-914047754}]})",
        R"({"arg":{"channel":"trades","instId":"BTC-USDT"}, "data":[{"instId":"BTC-USDT","tradeId":"7848","px":"30218.8","sz":"1","side":"buy","ts":"1652459199957"}]})",
        R"({"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[["30249.4","0","0","0"]],"bids":[["30182.6","452","0","1"],["30182.5","1.5","0","1"]],"ts":"1652459225464","checksum":-914047754}]})",
        R"({"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{"asks":[],"bids":[["30182.6","452","0","1"]],"ts":"1787612486307","checksum":0,"seqId":80274874887,"prevSeqId":-1}]})",
        R"({"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[],"bids":[],"ts":"1787612486407","checksum":0,"seqId":80274874895,"prevSeqId":80274874887}]})",
        R"({"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"7849","px":"30218.8","sz":"1","side":"sell","ts":"1652459199958"}]})",
        R"({"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"1032787952","px":"62571.2","sz":"0.07990896","side":"buy","ts":"1784016942060","count":"1","source":"0","seqId":78755034232}]})"}},
  };
}

TEST(plain_frames, are_read_as_the_tokenizer_reads_them) {
  for (const auto& [venue, frames] : samples()) {
    SCOPED_TRACE(venue);
    twins both(venue);
    for (const auto& frame : frames) ASSERT_NO_FATAL_FAILURE(both.read(frame));
    EXPECT_GE(both.events(), frames.size());
    // Those that make the symbol known have a space in them.
    const auto plain = std::count_if(frames.begin(), frames.end(), [](const std::string& frame) {
      return frame.find(' ') == std::string::npos;
    });
    EXPECT_EQ(both.plain_frames(), static_cast<std::uint64_t>(plain));
    EXPECT_EQ(both.spaced_frames(), 0U);
  }
}

// Whatever is done to a frame: cut off, a character less, another character in its place.
TEST(plain_frames, that_are_damaged_are_read_as_the_tokenizer_reads_them) {
  static constexpr std::string_view others = "019\"}],:{[-.e \\aZ\x7f\x80\n";
  for (const auto& [venue, frames] : samples()) {
    SCOPED_TRACE(venue);
    twins both(venue);
    for (const auto& frame : frames) ASSERT_NO_FATAL_FAILURE(both.read(frame));
    for (const auto& frame : frames) {
      for (std::size_t at = 0; at < frame.size(); ++at) {
        auto shorter = frame;
        ASSERT_NO_FATAL_FAILURE(both.read(shorter.erase(at, 1)));
        ASSERT_NO_FATAL_FAILURE(both.read(frame.substr(0, at)));
        for (const char other : others) {
          auto changed = frame;
          changed[at] = other;
          ASSERT_NO_FATAL_FAILURE(both.read(changed));
        }
      }
      ASSERT_NO_FATAL_FAILURE(both.read(frame + "}"));
      ASSERT_NO_FATAL_FAILURE(both.read(frame + " "));
    }
  }
}

// All that was ever recorded.
void read_capture(const std::string& venue, const std::string& path,
                  std::uint64_t at_least_percent) {
  twins both(venue);
  std::uint64_t frames = 0;
  for (const auto& record : tests::capture_records(path)) {
    if (record.type == tests::capture_record::what::connect) both.connect(record.url);
    if (record.type != tests::capture_record::what::frame) continue;
    ASSERT_NO_FATAL_FAILURE(both.read(record.text));
    ++frames;
  }
  EXPECT_GT(both.plain_frames() * 100, frames * at_least_percent);
  EXPECT_EQ(both.spaced_frames(), 0U);
}

TEST(plain_frames, of_kraken_are_read_alike) {
  FEEDTREE_CAPTURE(path, "kraken/ws2_book_btcusd_d10_20260912.jsonl");
  read_capture("kraken", path, 85);
}
TEST(plain_frames, of_kraken_futures_are_read_alike) {
  FEEDTREE_CAPTURE(path, "kraken_futures/ws1_cryptofeed_20210722.jsonl.zst");
  read_capture("kraken-futures", path, 95);
}
TEST(plain_frames, of_coinbase_are_read_alike) {
  FEEDTREE_CAPTURE(path, "coinbase/advanced_cryptofeed_20260809.jsonl.zst");
  read_capture("coinbase", path, 70);
}
TEST(plain_frames, of_binance_are_read_alike) {
  FEEDTREE_CAPTURE(path, "binance/spot_cryptofeed_20211012.jsonl.zst");
  read_capture("binance", path, 95);
}
TEST(plain_frames, of_binance_usdm_are_read_alike) {
  FEEDTREE_CAPTURE(path, "binance/usdm_cryptofeed_20210722.jsonl.zst");
  read_capture("binance-usdm", path, 85);
}
TEST(plain_frames, of_binance_coinm_are_read_alike) {
  FEEDTREE_CAPTURE(path, "binance/coinm_cryptofeed_20210722.jsonl.zst");
  read_capture("binance-coinm", path, 95);
}
TEST(plain_frames, of_bybit_are_read_alike) {
  FEEDTREE_CAPTURE(path, "bybit/v5_cryptofeed_20260809.jsonl.zst");
  read_capture("bybit", path, 70);
}
TEST(plain_frames, of_okx_are_read_alike) {
  FEEDTREE_CAPTURE(path, "okx/v5_cryptofeed_20220513.jsonl.zst");
  read_capture("okx", path, 75);
}

}  // namespace
}  // namespace feedtree::venues
