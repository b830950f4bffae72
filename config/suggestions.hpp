// What was probably meant by a name that is not one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace feedtree::config {

// The known name that is nearest to the word; empty if none is near.
std::string nearest(std::string_view word, std::span<const std::string> known);

// The known names that are near to the word, the nearest first, `most` of them.
std::vector<std::string> nearest_few(std::string_view word, std::span<const std::string> known,
                                     std::size_t most);

// What to say behind an unknown word: "; did you mean 'kraken'? Known are kraken, okx", or
// "; known are kraken, okx".
std::string hint(std::string_view word, std::span<const std::string> known);

// The canonical symbol of an instrument written in another way: "btc/usd", "XBTUSDT",
// "BTC-USDT-SWAP", "BTCUSD_PERP". Empty if there is no likely one.
std::string likely_instrument(std::string_view text);

}  // namespace feedtree::config
