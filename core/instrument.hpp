// What is traded, under one name for all venues.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/decimal.hpp"

namespace feedtree {

enum class market_type : std::uint8_t { spot, perpetual, future, option };
enum class option_type : std::uint8_t { none, call, put };

std::string_view to_string(market_type type);

// A canonical instrument. Texts: BASE-QUOTE (spot), BASE-QUOTE[-SETTLE]-PERP,
// BASE-QUOTE[-SETTLE]-YYYYMMDD, and -YYYYMMDD-STRIKE-C|P for options; SETTLE stands there only
// where it differs from QUOTE.
struct instrument {
  std::string base;
  std::string quote;
  std::string settle;  // empty for spot; equals quote for linear contracts
  market_type type = market_type::spot;
  std::uint32_t expiry_yyyymmdd = 0;
  optional_decimal strike;
  option_type right = option_type::none;

  // The canonical symbol, e.g. "BTC-USD-BTC-PERP".
  std::string symbol() const;

  static instrument spot(std::string base, std::string quote);
  static instrument perpetual(std::string base, std::string quote, std::string settle);
  static instrument future(std::string base, std::string quote, std::string settle,
                           std::uint32_t expiry_yyyymmdd);
};

bool operator==(const instrument& a, const instrument& b);

// Reads a canonical symbol; nothing if it is not one.
std::optional<instrument> parse_instrument(std::string_view symbol);

// The common name of an asset that a venue calls otherwise (XBT is BTC, XDG is DOGE); other names
// come back as they are. Source: Kraken support, "Cryptocurrency deposit and asset names".
std::string_view canonical_asset(std::string_view venue_asset);

// An instrument at a venue. Listings are interned: one address a (venue, instrument) for the life
// of the registry, so events carry a plain pointer.
struct listing {
  std::string venue;         // "kraken"
  std::string symbol;        // canonical, "BTC-USD"
  std::string venue_symbol;  // as the venue writes it in its WebSocket frames, "BTC/USD"
  instrument details;
  std::uint32_t index = 0;  // dense, from 0, in the order of interning
  std::string channel;      // which of the venue's markets it is on, e.g. "linear"; may be empty
};

// Owns all listings. Thread-safe.
class listing_registry {
 public:
  listing_registry() = default;
  listing_registry(const listing_registry&) = delete;
  listing_registry& operator=(const listing_registry&) = delete;

  // The listing of this instrument at this venue, made on first sight. The venue symbol and
  // channel of the first call are kept.
  const listing* intern(std::string_view venue, const instrument& details,
                        std::string_view venue_symbol, std::string_view channel = {});

  // The listing, if it was interned.
  const listing* find(std::string_view venue, std::string_view symbol) const;

  // All listings of a venue, in the order of interning.
  std::vector<const listing*> of_venue(std::string_view venue) const;

  std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::deque<listing> listings_;
  std::unordered_map<std::string, const listing*> by_key_;
};

struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

// One venue's symbols, looked up while decoding.
class symbol_table {
 public:
  void add(std::string_view venue_symbol, const listing* what);
  // The listing of a venue symbol, or null.
  const listing* find(std::string_view venue_symbol) const {
    const auto at = by_symbol_.find(venue_symbol);
    return at == by_symbol_.end() ? nullptr : at->second;
  }
  std::size_t size() const { return by_symbol_.size(); }
  void clear() { by_symbol_.clear(); }

 private:
  std::unordered_map<std::string, const listing*, text_hash, std::equal_to<>> by_symbol_;
};

}  // namespace feedtree
