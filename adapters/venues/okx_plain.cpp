// The frames that are nearly all of OKX's traffic, books and trades, read from their text alone:
// see plain_reader.hpp. What a message means is said in okx_messages.cpp.
#include "adapters/venues/okx_messages.hpp"

namespace feedtree::venues::okx {
namespace {

// ["30238.8","2","0","1"]: price, size, a "0" that means nothing, the number of orders.
bool read_plain_levels(plain_reader& in, std::vector<level>& out, std::uint32_t& count) {
  return in.list(out, count, [&in](decimal& price, decimal& quantity) {
    std::uint64_t orders = 0;
    return in.take("[\"") && in.number(price) && in.take("\",\"") && in.number(quantity) &&
           in.take("\",\"0\",\"") && in.whole(orders) && in.take("\"]");
  });
}

// -914047754
bool read_plain_checksum(plain_reader& in, book_change& into) {
  const bool negative = in.take('-');
  std::int64_t value = 0;
  if (!in.whole(value)) return false;
  into.checksum = static_cast<std::uint32_t>(negative ? -value : value);
  into.has_checksum = into.checksum != 0;
  return true;
}

// ,"seqId":123457,"prevSeqId":123456 where the venue sends them: since 2023.
bool read_plain_numbers(plain_reader& in, book_fields& into) {
  if (!in.take(R"(,"seqId":)")) return true;
  into.sequenced = true;
  if (!in.whole(into.change.last_update_id) || !in.take(R"(,"prevSeqId":)")) return false;
  into.change.first_update_id = into.change.last_update_id;
  return in.take("-1") || in.whole(into.change.previous_update_id);
}

// "action":"update","data":[{"asks":[["30249.4","0","0","0"],..],"bids":[..],
//  "ts":"1652459225464","checksum":-914047754}]}
bool read_plain_book(plain_reader& in, context& with, event_batch& out) {
  book_fields read;
  auto& change = read.change;
  std::int64_t ms = 0;
  change.first_level = static_cast<std::uint32_t>(out.levels.size());
  with.asks.clear();
  with.snapshot = in.take(R"("action":"snapshot",)");
  if (!with.snapshot && !in.take(R"("action":"update",)")) return false;
  const bool plain = in.take(R"("data":[{"asks":)") &&
                     read_plain_levels(in, with.asks, change.asks) && in.take(R"(,"bids":)") &&
                     read_plain_levels(in, out.levels, change.bids) && in.take(R"(,"ts":")") &&
                     in.time_ms(ms) && in.take(R"(","checksum":)") &&
                     read_plain_checksum(in, change) && read_plain_numbers(in, read) &&
                     in.take("}]}") && in.at_end();
  if (!plain) return false;
  out.levels.insert(out.levels.end(), with.asks.begin(), with.asks.end());
  read.exchange_ns = from_ms(ms);
  append_book(read, with, out);
  return true;
}

// ,"count":"1","source":"0","seqId":78755034232 where the venue sends them: not in 2022.
bool read_plain_count(plain_reader& in, std::uint64_t& count) {
  std::uint64_t unused = 0;
  if (!in.take(R"(,"count":")")) return true;
  return in.whole(count) && in.take(R"(","source":")") && in.whole(unused) &&
         in.take(R"(","seqId":)") && in.whole(unused);
}

// "data":[{"instId":"BTC-USD-220527","tradeId":"7849","px":"30218.8","sz":"1","side":"buy",
//  "ts":"1652459199958","count":"1","source":"0","seqId":78755034232}]}
bool read_plain_trade(plain_reader& in, context& with, event_batch& out) {
  std::string_view instrument;
  std::string_view id;
  std::string_view side;
  std::int64_t ms = 0;
  std::uint64_t count = 0;
  trade body;
  const bool plain = in.take(R"("data":[{"instId":")") && in.text(instrument) &&
                     in.take(R"(,"tradeId":")") && in.text(id) && in.take(R"(,"px":)") &&
                     in.quoted(body.price) && in.take(R"(,"sz":)") && in.quoted(body.quantity) &&
                     in.take(R"(,"side":")") && in.text(side) &&
                     (side == "buy" || side == "sell") && in.take(R"(,"ts":")") && in.time_ms(ms) &&
                     in.take('"') && read_plain_count(in, count) && in.take("}]}") && in.at_end();
  event_key key(id);
  if (!plain || key.empty() || !key.fits()) return false;
  body.side = side == "buy" ? trade_side::buy : trade_side::sell;
  auto& made = append_event(out, with.from->where, from_ms(ms), with.receive_ns);
  made.key = key;
  made.body = body;
  note_trade(made, count, with);
  return true;
}

}  // namespace

// {"arg":{"channel":"books","instId":"BTC-USDT"},..
bool read_plain_frame(plain_reader& in, const channel_table& channels, context& with,
                      event_batch& out) {
  std::string_view arg;
  if (!in.take(R"({"arg":)") || !in.flat_object(arg) || !in.take(',')) return false;
  const auto found = channels.find(arg);
  if (found == channels.end() || !found->second) return false;
  with.from = &*found->second;
  switch (with.from->kind) {
    case channel_kind::book:
      return read_plain_book(in, with, out);
    case channel_kind::trades:
      return read_plain_trade(in, with, out);
    default:
      return false;
  }
}

}  // namespace feedtree::venues::okx
