// OKX's names for what it trades, and ours.
#pragma once

#include <optional>
#include <string_view>

#include "core/instrument.hpp"

namespace feedtree::venues {

// What an instId means; nothing if it is not formed by the venue's rules: BTC-USDT (spot),
// BTC-USDT-SWAP (perpetual), BTC-USD-220527 (future), BTC-USD-220514-22000-C (option),
// BTC-USD_UM-SWAP (perpetual margined in USD: BTC-USD-PERP). The settle currency is the one of the
// instruments list; where it is empty, contracts in USD are settled in their base currency
// (inverse), those in USD_UM and all others in their quote.
// Source: https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments
std::optional<instrument> okx_instrument(std::string_view inst_id, std::string_view settle = {});

// "SPOT", "SWAP", "FUTURES" or "OPTION".
std::string_view okx_type_of(const instrument& what);

}  // namespace feedtree::venues
