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

// A hash of every byte of a short text, eight at a time.
std::uint64_t hash_text(std::string_view text) noexcept;

struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return hash_text(text); }
};

// One venue's symbols, looked up while decoding: a table of slots, at most half of them in use, in
// which a symbol stands at the place that its hash says, or in the next free one behind it. A
// look-up is mostly one comparison of texts.
class symbol_table {
 public:
  // A symbol that is there already gets the new listing.
  void add(std::string_view venue_symbol, const listing* what);
  // The listing of a venue symbol, or null.
  const listing* find(std::string_view venue_symbol) const {
    return slots_.empty() ? nullptr : slots_[place_of(venue_symbol)].what;
  }
  std::size_t size() const { return used_; }
  void clear();

 private:
  struct slot {
    std::string symbol;
    std::uint64_t hash = 0;
    const listing* what = nullptr;  // null: not in use
  };
  // Where the symbol is, or where it would be put.
  std::size_t place_of(std::string_view symbol) const;
  void grow();

  std::vector<slot> slots_;  // a power of two of them, or none
  std::size_t used_ = 0;
};

}  // namespace feedtree
