#include "adapters/venues/bybit_symbols.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

namespace feedtree::venues {
namespace {

using std::chrono::year_month_day;

// Quotes of spot pairs; where one ends like another, the longer one stands first.
constexpr std::array<std::string_view, 21> spot_quotes{
    "RLUSD", "USDT", "USDC", "USDE", "USD1", "USDQ", "USDR", "XUSD", "MNT", "EUR", "BRL",
    "BRZ",   "GBP",  "AED",  "PLN",  "TRY",  "DAI",  "BTC",  "ETH",  "SOL", "USD"};

constexpr std::array<std::string_view, 12> month_names{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                       "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
// The futures trade's letters for months, January first.
constexpr std::string_view month_letters = "FGHJKMNQUVXZ";

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

std::string without_end(std::string_view text, std::size_t bytes) {
  return std::string(text.substr(0, text.size() - bytes));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::uint32_t yyyymmdd(const year_month_day& date) {
  return static_cast<std::uint32_t>(static_cast<int>(date.year())) * 10'000 +
         static_cast<unsigned>(date.month()) * 100 + static_cast<unsigned>(date.day());
}

std::uint32_t date_of_ms(std::int64_t ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> when{std::chrono::milliseconds(ms)};
  return yyyymmdd(year_month_day(std::chrono::floor<std::chrono::days>(when)));
}

std::uint32_t last_friday(int year, unsigned month) {
  const std::chrono::year_month_weekday_last date{std::chrono::year(year),
                                                  std::chrono::month(month),
                                                  std::chrono::weekday_last(std::chrono::Friday)};
  return yyyymmdd(year_month_day(std::chrono::sys_days(date)));
}

// "25SEP26" or "5JUN26"; 0 if it is no date.
std::uint32_t read_date(std::string_view text) {
  if (text.size() == 7 ? !is_digit(text[1]) : text.size() != 6) return 0;
  const auto days = text.size() - 5;
  const auto at = std::find(month_names.begin(), month_names.end(), text.substr(days, 3));
  if (at == month_names.end() || !is_digit(text[0])) return 0;
  if (!is_digit(text[days + 3]) || !is_digit(text[days + 4])) return 0;
  unsigned day = 0;
  for (std::size_t index = 0; index < days; ++index) {
    day = day * 10 + static_cast<unsigned>(text[index] - '0');
  }
  const int year = 2000 + (text[days + 3] - '0') * 10 + (text[days + 4] - '0');
  const year_month_day date{std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(at - month_names.begin()) + 1),
                            std::chrono::day(day)};
  return date.ok() ? yyyymmdd(date) : 0;
}

std::optional<instrument> spot(std::string_view symbol) {
  for (const auto quote : spot_quotes) {
    if (!ends_with(symbol, quote)) continue;
    return instrument::spot(without_end(symbol, quote.size()), std::string(quote));
  }
  return {};
}

// BTCUSDT-25SEP26, BTC-25SEP26.
std::optional<instrument> dated_linear(std::string_view symbol, std::size_t dash) {
  const auto date = read_date(symbol.substr(dash + 1));
  auto base = std::string(symbol.substr(0, dash));
  if (date == 0 || base.empty()) return {};
  std::string quote = "USDC";
  if (ends_with(base, "USDT")) {
    base.resize(base.size() - 4);
    quote = "USDT";
  }
  return instrument::future(std::move(base), quote, quote, date);
}

// BTCUSDU26.
std::optional<instrument> dated_inverse(std::string_view symbol) {
  if (symbol.size() < 7) return {};
  const auto code = symbol.substr(symbol.size() - 3);
  const auto letter = month_letters.find(code[0]);
  if (letter == std::string_view::npos || !is_digit(code[1]) || !is_digit(code[2])) return {};
  const auto pair = symbol.substr(0, symbol.size() - 3);
  if (!ends_with(pair, "USD")) return {};
  const int year = 2000 + (code[1] - '0') * 10 + (code[2] - '0');
  auto base = without_end(pair, 3);
  return instrument::future(base, "USD", base,
                            last_friday(year, static_cast<unsigned>(letter) + 1));
}

std::optional<instrument> derivative(std::string_view symbol) {
  const auto dash = symbol.find('-');
  if (dash != std::string_view::npos) return dated_linear(symbol, dash);
  if (ends_with(symbol, "PERP"))
    return instrument::perpetual(without_end(symbol, 4), "USDC", "USDC");
  if (ends_with(symbol, "USDT"))
    return instrument::perpetual(without_end(symbol, 4), "USDT", "USDT");
  if (ends_with(symbol, "USD")) {
    auto base = without_end(symbol, 3);
    return instrument::perpetual(base, "USD", base);
  }
  return dated_inverse(symbol);
}

// A symbol that we can name canonically; others would make a listing that nobody can ask for.
std::optional<instrument> checked(std::optional<instrument> what) {
  if (!what || parse_instrument(what->symbol()) != what) return {};
  return what;
}

}  // namespace

std::string_view bybit_channel_of_url(std::string_view url) {
  for (const std::string_view channel : {"spot", "inverse"}) {
    const auto at = url.find(std::string("/public/") + std::string(channel));
    if (at != std::string_view::npos) return channel;
  }
  return "linear";
}

std::string_view bybit_channel_of(const instrument& what) {
  if (what.type == market_type::spot) return "spot";
  if (what.type == market_type::option) return {};
  return what.settle == what.quote ? "linear" : "inverse";
}

std::optional<instrument> bybit_instrument(std::string_view channel, std::string_view symbol) {
  return checked(channel == "spot" ? spot(symbol) : derivative(symbol));
}

std::optional<instrument> bybit_instrument(const bybit_listing_fields& fields) {
  const std::string base(canonical_asset(fields.base));
  const std::string quote(canonical_asset(fields.quote));
  const std::string settle(canonical_asset(fields.settle));
  if (fields.contract_type.empty()) return checked(instrument::spot(base, quote));
  if (ends_with(fields.contract_type, "Perpetual")) {
    return checked(instrument::perpetual(base, quote, settle));
  }
  if (!ends_with(fields.contract_type, "Futures") || fields.delivery_ms <= 0) return {};
  return checked(instrument::future(base, quote, settle, date_of_ms(fields.delivery_ms)));
}

}  // namespace feedtree::venues
