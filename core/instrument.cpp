#include "core/instrument.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace feedtree {
namespace {

bool is_asset(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_date(std::string_view text, std::uint32_t& yyyymmdd) {
  if (text.size() != 8) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), yyyymmdd);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  const auto month = yyyymmdd / 100 % 100;
  const auto day = yyyymmdd % 100;
  return yyyymmdd >= 20000101 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// Reads what follows BASE-QUOTE[-SETTLE]: PERP, a date, or a date with strike and right.
bool read_contract(const std::vector<std::string_view>& parts, std::size_t at, instrument& out) {
  const auto left = parts.size() - at;
  if (left == 1 && parts[at] == "PERP") {
    out.type = market_type::perpetual;
    return true;
  }
  if (left < 1 || !is_date(parts[at], out.expiry_yyyymmdd)) return false;
  if (left == 1) {
    out.type = market_type::future;
    return true;
  }
  decimal strike;
  if (left != 3 || parse_decimal(parts[at + 1], strike) != decimal_error::none) return false;
  if (!strike.is_positive() || (parts[at + 2] != "C" && parts[at + 2] != "P")) return false;
  out.type = market_type::option;
  out.strike = strike;
  out.right = parts[at + 2] == "C" ? option_type::call : option_type::put;
  return true;
}

bool starts_contract(std::string_view part) {
  std::uint32_t date = 0;
  return part == "PERP" || is_date(part, date);
}

}  // namespace

std::string_view to_string(market_type type) {
  switch (type) {
    case market_type::spot:
      return "spot";
    case market_type::perpetual:
      return "perpetual";
    case market_type::future:
      return "future";
    case market_type::option:
      return "option";
  }
  return "unknown";
}

instrument instrument::spot(std::string base, std::string quote) {
  instrument result;
  result.base = std::move(base);
  result.quote = std::move(quote);
  return result;
}

instrument instrument::perpetual(std::string base, std::string quote, std::string settle) {
  auto result = spot(std::move(base), std::move(quote));
  result.settle = std::move(settle);
  result.type = market_type::perpetual;
  return result;
}

instrument instrument::future(std::string base, std::string quote, std::string settle,
                              std::uint32_t expiry_yyyymmdd) {
  auto result = perpetual(std::move(base), std::move(quote), std::move(settle));
  result.type = market_type::future;
  result.expiry_yyyymmdd = expiry_yyyymmdd;
  return result;
}

std::string instrument::symbol() const {
  std::string text = base + "-" + quote;
  if (type == market_type::spot) return text;
  if (settle != quote) text += "-" + settle;
  if (type == market_type::perpetual) return text + "-PERP";
  text += "-" + std::to_string(expiry_yyyymmdd);
  if (type == market_type::option) {
    text += "-" + strike->normalised().to_string() + (right == option_type::call ? "-C" : "-P");
  }
  return text;
}

bool operator==(const instrument& a, const instrument& b) {
  return a.symbol() == b.symbol();
}

std::optional<instrument> parse_instrument(std::string_view symbol) {
  const auto parts = split(symbol, '-');
  if (parts.size() < 2 || !is_asset(parts[0]) || !is_asset(parts[1])) return {};
  auto result = instrument::spot(std::string(parts[0]), std::string(parts[1]));
  if (parts.size() == 2) return result;
  std::size_t at = 2;
  result.settle = result.quote;
  if (!starts_contract(parts[2])) {
    if (!is_asset(parts[2]) || parts[2] == result.quote) return {};
    result.settle = std::string(parts[at++]);
  }
  // A strike can be written in many ways ("1e3", "1000.0"); one of them is canonical.
  if (!read_contract(parts, at, result) || result.symbol() != symbol) return {};
  return result;
}

std::string_view canonical_asset(std::string_view venue_asset) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> aliases{
      {{"XBT", "BTC"}, {"XDG", "DOGE"}, {"XXBT", "BTC"}}};
  for (const auto& [alias, name] : aliases) {
    if (alias == venue_asset) return name;
  }
  return venue_asset;
}

const listing* listing_registry::intern(std::string_view venue, const instrument& details,
                                        std::string_view venue_symbol, std::string_view channel) {
  auto symbol = details.symbol();
  auto key = std::string(venue) + ":" + symbol;
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) return found->second;
  const auto index = static_cast<std::uint32_t>(listings_.size());
  listings_.push_back({std::string(venue), std::move(symbol), std::string(venue_symbol), details,
                       index, std::string(channel)});
  by_key_.emplace(std::move(key), &listings_.back());
  return &listings_.back();
}

const listing* listing_registry::find(std::string_view venue, std::string_view symbol) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(std::string(venue) + ":" + std::string(symbol));
  return found == by_key_.end() ? nullptr : found->second;
}

std::vector<const listing*> listing_registry::of_venue(std::string_view venue) const {
  std::vector<const listing*> result;
  const std::lock_guard lock(mutex_);
  for (const auto& entry : listings_) {
    if (entry.venue == venue) result.push_back(&entry);
  }
  return result;
}

std::size_t listing_registry::size() const {
  const std::lock_guard lock(mutex_);
  return listings_.size();
}

namespace {

__extension__ using wide = unsigned __int128;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Word>
std::uint64_t load(const char* from) {
  Word word = 0;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// The bytes of a text that is shorter than a word.
std::uint64_t short_word(std::string_view text) {
  const char* const end = text.data() + text.size();
  if (text.size() >= 4) {
    return load<std::uint32_t>(text.data()) | load<std::uint32_t>(end - 4) << 32;
  }
  std::uint64_t word = 0;
  for (const char c : text) word = word << 8 | static_cast<unsigned char>(c);
  return word;
}

}  // namespace

std::uint64_t hash_text(std::string_view text) noexcept {
  constexpr std::uint64_t factor = 0xa076'1d64'78bd'642fULL;
  std::uint64_t hash = 0xe703'7ed1'a0b4'28dbULL ^ text.size();
  if (text.size() < 8) return mix(hash ^ short_word(text), factor);
  for (std::size_t at = 0; at + 8 < text.size(); at += 8) {
    hash = mix(hash ^ load<std::uint64_t>(text.data() + at), factor);
  }
  // The last word overlaps the one before it where the size is no multiple of eight.
  return mix(hash ^ load<std::uint64_t>(text.data() + text.size() - 8), factor);
}

void symbol_table::add(std::string_view venue_symbol, const listing* what) {
  if (2 * (used_ + 1) > slots_.size()) grow();
  auto& target = slots_[place_of(venue_symbol)];
  if (target.what == nullptr) {
    target.symbol = venue_symbol;
    target.hash = hash_text(venue_symbol);
    ++used_;
  }
  target.what = what;
}

std::size_t symbol_table::place_of(std::string_view symbol) const {
  const auto hash = hash_text(symbol);
  auto at = hash & (slots_.size() - 1);
  while (slots_[at].what != nullptr && (slots_[at].hash != hash || slots_[at].symbol != symbol)) {
    at = (at + 1) & (slots_.size() - 1);
  }
  return at;
}

void symbol_table::grow() {
  std::vector<slot> before(std::max<std::size_t>(16, 2 * slots_.size()));
  before.swap(slots_);
  for (auto& entry : before) {
    if (entry.what == nullptr) continue;
    auto& target = slots_[place_of(entry.symbol)];
    target = std::move(entry);
  }
}

void symbol_table::clear() {
  slots_.clear();
  used_ = 0;
}

}  // namespace feedtree
