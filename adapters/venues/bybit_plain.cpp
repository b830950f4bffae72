// The frames that are nearly all of Bybit's traffic, books and changes of tickers, read from their
// text alone: see plain_reader.hpp. What a message means is said in bybit_messages.cpp.
#include "adapters/venues/bybit_messages.hpp"

namespace feedtree::venues::bybit {
namespace {

// "snapshot" or "delta", with its last quote.
bool read_type(plain_reader& in, message& into) {
  into.has_type = true;
  into.snapshot = in.take(R"(snapshot")");
  return into.snapshot || in.take(R"(delta")");
}

// {"s":"BTCUSDT","b":[["65095.30","0.005"],..],"a":[["65116.60","0"],..],"u":15076953,
//  "seq":753843913870}
bool read_plain_book(plain_reader& in, message& into, event_batch& out) {
  std::string_view symbol;
  auto& book = into.book;
  book.first_level = static_cast<std::uint32_t>(out.levels.size());
  return in.take(R"({"s":")") && in.text(symbol) && in.take(R"(,"b":)") &&
         in.levels(out.levels, book.bids) && in.take(R"(,"a":)") &&
         in.levels(out.levels, book.asks) && in.take(R"(,"u":)") && in.whole(book.last_update_id) &&
         in.take(R"(,"seq":)") && in.whole(into.cross_sequence) && in.take('}');
}

// {"symbol":"BTCUSDT","bid1Price":"65114.20","bid1Size":"6.124",..}: any fields, all of them texts.
bool read_plain_ticker(plain_reader& in, message& into) {
  std::string_view unused;
  into.values = {};
  if (!in.take(R"({"symbol":")") || !in.text(unused)) return false;
  while (in.take(R"(,")")) {
    const auto* const known = decimal_named(in.position());
    std::string_view name;
    decimal value;
    if (!in.text(name) || !in.take(':')) return false;
    if (known == nullptr) {
      // nextFundingTime is a text here that means something.
      if (name == "nextFundingTime" || !in.take('"') || !in.text(unused)) return false;
    } else if (in.quoted(value)) {
      set_value(*known, value, into.values);
    } else {
      return false;
    }
  }
  return in.take('}');
}

}  // namespace

// {"topic":"orderbook.200.BTCUSDT","type":"delta","ts":1786310818130,"data":{..},
//  "cts":1786310818129}; on spot ts stands before type.
// {"topic":"tickers.BTCUSDT","type":"delta","data":{..},"cs":753843922769,"ts":1786310818484}
bool read_plain_frame(plain_reader& in, topic_table& topics, message& into, event_batch& out) {
  std::string_view name;
  if (!in.take(R"({"topic":")") || !in.text(name)) return false;
  const auto found = topics.find(name);
  if (found == topics.end()) return false;
  into.about = &found->second;
  into.has_data = true;
  if (into.about->kind == topic_kind::tickers) {
    return in.take(R"(,"type":")") && read_type(in, into) && in.take(R"(,"data":)") &&
           read_plain_ticker(in, into) && in.take(R"(,"cs":)") && in.whole(into.cs) &&
           in.take(R"(,"ts":)") && in.time_ms(into.ts_ms) && in.take('}') && in.at_end();
  }
  if (into.about->kind != topic_kind::book) return false;
  const bool time_first = in.take(R"(,"ts":)");
  if (time_first && !in.time_ms(into.ts_ms)) return false;
  if (!in.take(R"(,"type":")") || !read_type(in, into)) return false;
  if (!time_first && !(in.take(R"(,"ts":)") && in.time_ms(into.ts_ms))) return false;
  return in.take(R"(,"data":)") && read_plain_book(in, into, out) && in.take(R"(,"cts":)") &&
         in.time_ms(into.cts_ms) && in.take('}') && in.at_end();
}

}  // namespace feedtree::venues::bybit
