#include "adapters/venues/okx_symbols.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace feedtree::venues {
namespace {

// The pieces of an instId; more than five are no instId.
struct pieces_of {
  std::array<std::string_view, 5> at;
  std::size_t count = 0;
};

bool split(std::string_view text, pieces_of& out) {
  for (std::size_t at = 0; at <= text.size();) {
    if (out.count == out.at.size()) return false;
    const auto end = std::min(text.find('-', at), text.size());
    out.at[out.count++] = text.substr(at, end - at);
    at = end + 1;
  }
  return out.count >= 2;
}

// "220527"; 0 if it is no date of that form.
std::uint32_t read_date(std::string_view text) {
  std::uint32_t date = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), date);
  if (text.size() != 6 || error != std::errc{} || end != text.data() + text.size()) return 0;
  return 20'000'000 + date;
}

bool read_option(const pieces_of& pieces, instrument& out) {
  decimal strike;
  if (parse_decimal(pieces.at[3], strike) != decimal_error::none || !strike.is_positive()) {
    return false;
  }
  if (pieces.at[4] != "C" && pieces.at[4] != "P") return false;
  out.type = market_type::option;
  out.strike = strike;
  out.right = pieces.at[4] == "C" ? option_type::call : option_type::put;
  return true;
}

// USD_UM: quoted and settled in USD, where contracts of that family are otherwise inverse.
constexpr std::string_view margined_in_quote = "_UM";

std::string settle_of(instrument& what, std::string_view listed) {
  const bool in_quote = what.quote.ends_with(margined_in_quote);
  if (in_quote) what.quote.resize(what.quote.size() - margined_in_quote.size());
  if (!listed.empty()) return std::string(listed);
  return what.quote == "USD" && !in_quote ? what.base : what.quote;
}

bool read_contract(const pieces_of& pieces, std::string_view settle, instrument& out) {
  out.settle = settle_of(out, settle);
  if (pieces.count == 3 && pieces.at[2] == "SWAP") {
    out.type = market_type::perpetual;
    return true;
  }
  out.type = market_type::future;
  out.expiry_yyyymmdd = read_date(pieces.at[2]);
  if (out.expiry_yyyymmdd == 0) return false;
  return pieces.count == 3 || (pieces.count == 5 && read_option(pieces, out));
}

}  // namespace

std::optional<instrument> okx_instrument(std::string_view inst_id, std::string_view settle) {
  pieces_of pieces;
  if (!split(inst_id, pieces)) return {};
  auto result = instrument::spot(std::string(pieces.at[0]), std::string(pieces.at[1]));
  if (pieces.count > 2 && !read_contract(pieces, settle, result)) return {};
  // What we cannot name canonically would make a listing that nobody can ask for.
  if (parse_instrument(result.symbol()) != result) return {};
  return result;
}

std::string_view okx_type_of(const instrument& what) {
  switch (what.type) {
    case market_type::spot:
      return "SPOT";
    case market_type::perpetual:
      return "SWAP";
    case market_type::future:
      return "FUTURES";
    case market_type::option:
      return "OPTION";
  }
  return {};
}

}  // namespace feedtree::venues
