// Bybit's names for what it trades, and ours.
#pragma once

#include <optional>
#include <string_view>

#include "core/instrument.hpp"

namespace feedtree::venues {

// The market that a public stream's URL names: "spot", "linear" or "inverse". A URL that names none
// (or an empty one) means linear, the venue's largest.
// Source: https://bybit-exchange.github.io/docs/v5/ws/connect
std::string_view bybit_channel_of_url(std::string_view url);

// The market that an instrument is traded on; empty for options, which we do not read.
std::string_view bybit_channel_of(const instrument& what);

// What a symbol means on a market by the venue's rules of naming; nothing if it follows none.
// Spot: BASE+QUOTE. Derivatives: BTCUSDT (linear perpetual), BTCPERP (settled in USDC), BTCUSD
// (inverse), BTCUSDT-25SEP26 and BTC-25SEP26 (dated, USDT and USDC), BTCUSDU26 (inverse, last
// Friday of the month). Source: https://bybit-exchange.github.io/docs/v5/enum#symbol
std::optional<instrument> bybit_instrument(std::string_view channel, std::string_view symbol);

// The fields of one entry of the instruments list; the views live as long as their frame.
struct bybit_listing_fields {
  std::string_view symbol;
  std::string_view contract_type;  // empty for spot
  std::string_view base;
  std::string_view quote;
  std::string_view settle;
  std::int64_t delivery_ms = 0;  // 0 for what does not expire
};

// What an entry of the instruments list is; nothing for what we do not name (options).
std::optional<instrument> bybit_instrument(const bybit_listing_fields& fields);

}  // namespace feedtree::venues
