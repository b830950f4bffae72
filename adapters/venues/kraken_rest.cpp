// The answers of Kraken's REST interface: symbols, and trades that were missed.
#include <algorithm>

#include "adapters/venues/kraken_session.hpp"

namespace feedtree::venues::kraken_family {
namespace {

// https://docs.kraken.com/api-reference/market-data/get-recent-trades
constexpr std::string_view trades_url = "https://api.kraken.com/0/public/Trades";
constexpr std::uint64_t trades_per_request = 1000;
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t microsecond_ns = 1'000;

// The names that REST has for two assets.
std::string rest_asset(std::string_view asset) {
  if (asset == "BTC") return "XBT";
  return asset == "DOGE" ? "XDG" : std::string(asset);
}

// {"error":["EQuery:Unknown asset pair"]}
void check_error(json::value& content, std::string_view of) {
  each_element(content, [of](json::value& text) {
    throw decode_error(std::string(of) + ": " + std::string(json::to_text(text, "error")));
  });
}

// Seconds with a fraction, 1688669597.8277369, to nanoseconds; the stream has whole microseconds.
std::int64_t to_time(json::value& from) {
  const auto seconds = json::to_decimal(from, "time");
  std::int64_t ns = seconds.mantissa;
  for (int digits = seconds.exponent; digits < -9; ++digits) ns /= 10;
  for (int digits = std::max<int>(seconds.exponent, -9); digits > -9; --digits) {
    if (__builtin_mul_overflow(ns, 10, &ns)) throw decode_error("time: out of range");
  }
  if (ns < second_ns) throw decode_error("time: out of range");
  return ns - ns % microsecond_ns;
}

// ["30243.40000","0.34507674",1688669597.8277369,"b","m","",61044952]
void append_row(json::array row, const listing* where, const raw_frame& frame, event_batch& out) {
  trade body;
  std::int64_t exchange_ns = 0;
  std::uint64_t number = 0;
  int column = 0;
  for (auto entry : row) {
    json::value content = entry.value();
    if (column == 0) body.price = json::to_decimal(content, "price");
    if (column == 1) body.quantity = json::to_decimal(content, "qty");
    if (column == 2) exchange_ns = to_time(content);
    if (column == 3) {
      const auto side = json::to_text(content, "side");
      if (side != "b" && side != "s") throw decode_error("side: neither b nor s");
      body.side = side == "b" ? trade_side::buy : trade_side::sell;
    }
    if (column == 6) number = json::to_unsigned(content, "trade_id");
    ++column;
  }
  if (column < 7 || number == 0) throw decode_error("a trade of less than seven columns");
  auto& what = append_event(out, where, exchange_ns, frame.receive_ns);
  what.key.append(number);
  what.body = body;
}

}  // namespace

// GET /0/public/Trades?pair=XBTUSD&since=1688671969993149000&count=100: the trades behind this
// time, oldest first. Trades of one moment have one time, so it begins at the one before those that
// are wanted.
std::optional<rest_request> kraken_session::trades_request(const missing_trades& what) const {
  const std::string_view symbol = what.where->venue_symbol;
  const auto slash = symbol.find('/');
  if (slash == std::string_view::npos) return {};
  const auto wanted = what.numbers.last - what.numbers.first + 1;
  auto url = std::string(trades_url) + "?pair=" + rest_asset(symbol.substr(0, slash)) +
             rest_asset(symbol.substr(slash + 1));
  url += "&since=" + std::to_string(what.before_ns - microsecond_ns);
  url += "&count=" + std::to_string(std::min(wanted + 100, trades_per_request));
  return rest_request{rest_purpose::trades, address_of(url, at_.rest_url), what.where, 1};
}

void kraken_session::read_rest(std::string_view url, const raw_frame& body, event_batch& out,
                               frame_report& report) {
  losses_ = &report.losses;
  if (url.find("/AssetPairs") != std::string_view::npos) {
    read_asset_pairs(body);
  } else if (url.find("/public/Trades") != std::string_view::npos) {
    read_recent_trades(url, body, out);
  } else {
    return;
  }
  report.outcome = frame_outcome::decoded;
}

// {"error":[],"result":{"XBTUSDT":{"altname":"XBTUSDT","wsname":"XBT/USDT",...}}}
void kraken_session::read_asset_pairs(const raw_frame& body) {
  auto document = json::read(parser_, body);
  bool has_result = false;
  const auto read_pair = [this](json_key, json::value& pair) {
    each_member(pair.get_object(), [this](json_key key, json::value& content) {
      if (!(key == "wsname")) return;
      const auto name = json::to_optional_text(content, "wsname", *losses_);
      const auto slash = name.find('/');
      if (slash == std::string_view::npos) return;
      const auto base = canonical_asset(name.substr(0, slash));
      const auto quote = canonical_asset(name.substr(slash + 1));
      add_symbol(std::string(base) + "/" + std::string(quote), base, quote);
    });
  };
  each_member(document.get_object(), [&](json_key key, json::value& content) {
    if (key == "error") {
      check_error(content, "AssetPairs");
    } else if (key == "result") {
      has_result = true;
      each_member(content.get_object(), read_pair);
    }
  });
  if (!has_result) throw decode_error("AssetPairs: result is missing");
}

// "XBTUSD" of a request: the symbol whose two assets together are called so.
const listing* kraken_session::listing_of_pair(std::string_view pair) const {
  for (std::size_t at = 1; at < pair.size(); ++at) {
    const auto symbol = std::string(canonical_asset(pair.substr(0, at))) + "/" +
                        std::string(canonical_asset(pair.substr(at)));
    if (const auto* const found = table_.find(symbol)) return found;
  }
  throw decode_error("pair: unknown: " + std::string(pair.substr(0, 40)));
}

// {"error":[],"result":{"XXBTZUSD":[["30243.40000",...],...],"last":"1688671969993150842"}}; the
// names in the answer are older ones than those of the request.
void kraken_session::read_recent_trades(std::string_view url, const raw_frame& body,
                                        event_batch& out) {
  const auto at = std::min(url.find("pair="), url.size() - 5) + 5;
  const auto* const where = listing_of_pair(url.substr(at, url.find('&', at) - at));
  auto document = json::read(parser_, body);
  bool has_result = false;
  each_member(document.get_object(), [&](json_key key, json::value& content) {
    if (key == "error") check_error(content, "Trades");
    if (!(key == "result")) return;
    has_result = true;
    each_member(content.get_object(), [&](json_key name, json::value& list) {
      if (name == "last") return;
      each_element(list, [&](json::value& row) {
        json::read_entry(row, out, *losses_,
                         [&] { append_row(row.get_array(), where, body, out); });
      });
    });
  });
  if (!has_result) throw decode_error("Trades: result is missing");
}

}  // namespace feedtree::venues::kraken_family
