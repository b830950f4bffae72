#include "config/suggestions.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "config/values.hpp"
#include "core/instrument.hpp"

namespace feedtree::config {
namespace {

std::string upper(std::string_view text) {
  std::string result(text);
  for (auto& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

// Case does not matter, and all separators are one.
std::string folded(std::string_view text) {
  auto result = upper(text);
  for (auto& c : result) c = c == '-' || c == ' ' || c == '.' ? '_' : c;
  return result;
}

// The least number of letters to insert, delete, replace, or swap with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t differs = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + differs});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

constexpr std::size_t word_bytes_max = 64;

// A name with this distance is none that was meant.
std::size_t far_from(std::string_view word) {
  return std::max<std::size_t>(1, word.size() / 3) + 1;
}

bool one_holds_the_other(std::string_view a, std::string_view b) {
  return std::min(a.size(), b.size()) >= 4 && (a.find(b) != a.npos || b.find(a) != b.npos);
}

constexpr std::array<std::string_view, 15> quotes{"FDUSD", "USDT", "USDC", "BUSD", "USD",
                                                  "EUR",   "GBP",  "JPY",  "KRW",  "TRY",
                                                  "BRL",   "DAI",  "BTC",  "ETH",  "XBT"};
constexpr std::array<std::string_view, 3> perpetual_words{"PERP", "SWAP", "PERPETUAL"};

template <class List>
bool is_in(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool all_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts(1);
  for (const char c : upper(text)) {
    const bool part_of_name = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (part_of_name) {
      parts.back() += c;
    } else if (!parts.back().empty()) {
      parts.emplace_back();
    }
  }
  if (parts.back().empty()) parts.pop_back();
  return parts;
}

// Cuts "BTCUSDT" into "BTC" and "USDT"; false if it ends in no known quote currency.
bool cut_pair(std::vector<std::string>& parts) {
  for (const auto quote : quotes) {
    const auto& pair = parts.front();
    if (pair.size() < quote.size() + 2 || !pair.ends_with(quote)) continue;
    const auto base = pair.substr(0, pair.size() - quote.size());
    parts.front() = base;
    parts.insert(parts.begin() + 1, std::string(quote));
    return true;
  }
  return false;
}

// Kraken's futures begin with what they are: PI and FI (inverse), PF and FF (linear).
bool take_kraken_prefix(std::vector<std::string>& parts, bool& perpetual) {
  static constexpr std::array<std::string_view, 4> prefixes{"PI", "PF", "FI", "FF"};
  if (parts.size() < 2 || !is_in(prefixes, parts.front())) return false;
  perpetual = parts.front().front() == 'P';
  parts.erase(parts.begin());
  return true;
}

bool has_quote(const std::vector<std::string>& parts) {
  return parts.size() > 1 && !all_digits(parts[1]) && !is_in(perpetual_words, parts[1]);
}

// The last part as a canonical contract: "PERP" or "YYYYMMDD"; empty if it is neither.
std::string contract_of(const std::string& part) {
  if (is_in(perpetual_words, part)) return "PERP";
  if (!all_digits(part)) return {};
  if (part.size() == 6) return "20" + part;
  return part.size() == 8 ? part : "";
}

std::string checked(const std::string& symbol) {
  const auto parsed = parse_instrument(symbol);
  return parsed ? parsed->symbol() : "";
}

// BASE-QUOTE and a contract; where the venue writes no settle currency, a contract in plain US
// dollars is settled in the base, as venues of that notation do it.
std::string contract_symbol(const std::vector<std::string>& parts, const std::string& contract,
                            bool linear) {
  const auto& settle = parts.size() == 3             ? parts[2]
                       : linear || parts[1] != "USD" ? parts[1]
                                                     : parts[0];
  const auto pair = parts[0] + "-" + parts[1];
  return checked(pair + (settle == parts[1] ? "" : "-" + settle) + "-" + contract);
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> known) {
  if (word.size() > word_bytes_max) return {};
  const auto wanted = folded(word);
  std::string best;
  std::size_t best_distance = far_from(wanted);
  for (const auto& name : known) {
    const auto found = distance(wanted, folded(name));
    if (found < best_distance) best = name, best_distance = found;
  }
  if (!best.empty()) return best;
  const auto holds = std::find_if(known.begin(), known.end(), [&](const auto& name) {
    return one_holds_the_other(wanted, folded(name));
  });
  return holds == known.end() ? "" : *holds;
}

std::vector<std::string> nearest_few(std::string_view word, std::span<const std::string> known,
                                     std::size_t most) {
  std::vector<std::pair<std::size_t, std::string>> near;
  if (word.size() > word_bytes_max) return {};
  const auto wanted = folded(word);
  for (const auto& name : known) {
    const auto longer = std::max(wanted.size(), name.size());
    if (longer - std::min(wanted.size(), name.size()) >= far_from(wanted)) continue;
    const auto found = distance(wanted, folded(name));
    if (found < far_from(wanted)) near.emplace_back(found, name);
  }
  std::sort(near.begin(), near.end());
  if (near.size() > most) near.resize(most);
  std::vector<std::string> result;
  for (auto& each : near) result.push_back(std::move(each.second));
  return result;
}

std::string hint(std::string_view word, std::span<const std::string> known) {
  const auto likely = nearest(word, known);
  return (likely.empty() ? "; known are " : "; did you mean '" + likely + "'? Known are ") +
         joined(known);
}

std::string likely_instrument(std::string_view text) {
  if (text.empty() || text.size() > 64) return {};
  auto parts = parts_of(text);
  bool perpetual = false;
  const bool kraken_linear = upper(text).starts_with("PF_") || upper(text).starts_with("FF_");
  const bool kraken = take_kraken_prefix(parts, perpetual);
  if (parts.empty()) return {};
  if (!has_quote(parts) && !cut_pair(parts)) {
    if (parts.size() < 2 || contract_of(parts[1]).empty()) return {};
    parts.insert(parts.begin() + 1, "USD");  // Deribit: BTC-PERPETUAL
  }
  for (auto& part : parts) part = canonical_asset(part);
  if (kraken && perpetual) parts.emplace_back("PERP");
  if (parts.size() == 2) return checked(parts[0] + "-" + parts[1]);
  const auto contract = contract_of(parts.back());
  if (contract.empty() || parts.size() > 4) return {};
  parts.pop_back();
  const bool canonical_word = text.find('-') != text.npos && text.ends_with("PERP");
  return contract_symbol(parts, contract, kraken_linear || canonical_word);
}

}  // namespace feedtree::config
