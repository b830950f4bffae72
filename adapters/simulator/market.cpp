#include "adapters/simulator/market.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace feedtree::simulator {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t minute_ns = 60 * second_ns;
constexpr std::int64_t step_min_ns = 1'000;
constexpr std::int64_t funding_ns = 8 * 60 * minute_ns;
constexpr std::size_t recent_trades_max = 50;
constexpr std::int64_t hour_ns = 60 * minute_ns;
constexpr std::int64_t day_ns = 24 * hour_ns;
constexpr std::array<std::int64_t, 13> candle_intervals{
    minute_ns, 3 * minute_ns, 5 * minute_ns, 15 * minute_ns, 30 * minute_ns,
    hour_ns,   2 * hour_ns,   4 * hour_ns,   6 * hour_ns,    12 * hour_ns,
    day_ns,    7 * day_ns,    15 * day_ns,
};

// The new average when this trade has joined; volume is with the trade.
void average_in(decimal& average, const market_trade& what, const decimal& volume) {
  const auto permille =
      std::min<std::int64_t>(what.quantity.mantissa / (volume.mantissa / 1000 + 1), 1000);
  average.mantissa += (what.price.mantissa - average.mantissa) * permille / 1000;
}

// High, low, volume and average of a candle or of the day.
template <class Summary>
void add_trade(Summary& to, const market_trade& what) {
  to.high = std::max(to.high, what.price);
  to.low = std::min(to.low, what.price);
  to.volume.mantissa += what.quantity.mantissa;
  average_in(to.average, what, to.volume);
  ++to.trades;
}

// Best levels have the lowest rank on both sides.
std::int64_t rank_of(book_part part, std::int64_t ticks) {
  return part == book_part::bids ? -ticks : ticks;
}

std::size_t least_levels(const market_spec& spec) {
  return spec.levels / 2;
}

}  // namespace

std::span<const std::int64_t> market::candle_intervals_ns() {
  return candle_intervals;
}

market::market(market_spec spec, std::uint64_t seed, std::int64_t start_ns)
    : spec_(std::move(spec)), symbol_(spec_.details.symbol()), random_(seed, symbol_) {
  if (const auto problem = spec_.check(); !problem.empty()) throw std::invalid_argument(problem);
  step_.exchange_ns = start_ns;
  fill(book_part::bids);
  fill(book_part::asks);
  changed_bids_.clear();
  changed_asks_.clear();
  const auto price = price_of(spec_.start_ticks);
  statistics_ = {price, quantity_of(0), price, price, price, quantity_of(0), price, 0};
  for (const auto interval_ns : candle_intervals) {
    candles_.push_back(quiet_candle(interval_ns, start_ns, price));
  }
  open_interest_lots_ = spec_.typical_lots * random_.between(20'000, 40'000);
}

void market::fill(book_part part) {
  auto rank = rank_of(part, spec_.start_ticks) + random_.between(1, 3);
  for (std::size_t count = 0; count < spec_.levels; ++count) {
    set(part, rank, some_lots());
    rank += 1 + random_.geometric(50, 8);
  }
}

void market::begin_step(std::int64_t now_ns) {
  step_.exchange_ns = std::max(now_ns, step_.exchange_ns + step_min_ns);
  ++step_.sequence;
  step_.trades.clear();
  roll_candles(step_.exchange_ns);
  uncross();
}

const market_step& market::end_step() {
  collect(book_part::bids, step_.bids);
  collect(book_part::asks, step_.asks);
  if (step_.bids.empty() && step_.asks.empty()) force_change();
  step_.first_update_id = step_.last_update_id + 1;
  step_.last_update_id += step_.bids.size() + step_.asks.size();
  return step_;
}

const market_step& market::cross(std::int64_t now_ns) {
  begin_step(now_ns);
  const auto above = asks_.begin()->first + 1;
  set(book_part::bids, rank_of(book_part::bids, above), spec_.typical_lots);
  crossing_rank_ = rank_of(book_part::bids, above);
  return end_step();
}

void market::uncross() {
  if (crossing_rank_ != 0) set(book_part::bids, crossing_rank_, 0);
  crossing_rank_ = 0;
}

const market_step& market::step(std::int64_t now_ns) {
  begin_step(now_ns);
  for (auto actions = 1 + random_.geometric(45, 6); actions > 0; --actions) act();
  refill(book_part::bids);
  refill(book_part::asks);
  return end_step();
}

// Orders come and go far more often than they trade; a wide spread is soon closed.
void market::act() {
  const auto part = random_.chance(50) ? book_part::bids : book_part::asks;
  const auto what = random_.below(100);
  if (what < 45) {
    place(part);
  } else if (what < 82) {
    cancel(part);
  } else if (what < 92 || spread_ticks() > 5) {
    improve(leans_up() ? book_part::bids : book_part::asks);
  } else {
    take(leans_up() ? trade_side::buy : trade_side::sell);
  }
}

void market::place(book_part part) {
  const auto rank = side(part).begin()->first + random_.geometric(90, 60);
  set(part, rank, some_lots());
}

// A better price, inside the spread.
void market::improve(book_part part) {
  const auto room = spread_ticks() - 1;
  if (room < 1) return;
  const auto by = 1 + random_.below(std::min<std::int64_t>(room, 4));
  set(part, side(part).begin()->first - by, some_lots());
}

void market::cancel(book_part part) {
  auto& levels = side(part);
  if (levels.size() <= least_levels(spec_)) return;
  const auto most = static_cast<std::int64_t>(levels.size()) - 1;
  const auto at = std::next(levels.begin(), std::min(random_.geometric(88, 80), most));
  set(part, at->first, random_.chance(70) ? 0 : at->second / 2);
}

// A market order: it consumes the best levels of the other side.
void market::take(trade_side taker) {
  const auto part = taker == trade_side::buy ? book_part::asks : book_part::bids;
  const bool liquidation = spec_.details.type != market_type::spot && random_.chance(3);
  auto left = some_lots();
  for (int fills = 0; fills < 4 && left > 0; ++fills) {
    if (side(part).size() <= least_levels(spec_)) return;
    const auto [rank, lots] = *side(part).begin();
    const auto filled = std::min(lots, left);
    trade_at(rank_of(part, rank), filled, taker, liquidation);
    set(part, rank, lots - filled);
    left -= filled;
  }
}

// Far from the top orders come and go as well, so that the depth stays about the same.
void market::refill(book_part part) {
  auto& levels = side(part);
  while (levels.size() < spec_.levels) {
    const auto rank = levels.rbegin()->first + 1 + random_.geometric(50, 8);
    if (part == book_part::bids && rank >= 0) return;
    set(part, rank, some_lots());
  }
  while (levels.size() > spec_.levels + spec_.levels / 20) set(part, levels.rbegin()->first, 0);
}

// Nothing changed in sum: the best bid grows by a lot.
void market::force_change() {
  const auto [rank, lots] = *bids_.begin();
  set(book_part::bids, rank, lots + 1);
  collect(book_part::bids, step_.bids);
}

void market::trade_at(std::int64_t ticks, std::int64_t lots, trade_side taker, bool liquidation) {
  const market_trade what{++trade_id_, price_of(ticks),   quantity_of(lots),
                          taker,       step_.exchange_ns, liquidation};
  step_.trades.push_back(what);
  if (recent_trades_.size() == recent_trades_max) recent_trades_.erase(recent_trades_.begin());
  recent_trades_.push_back(what);
  if (all_trades_.size() == trades_kept) all_trades_.pop_front();
  all_trades_.push_back(what);
  const auto change = random_.chance(51) ? lots : -lots;
  open_interest_lots_ = std::max(open_interest_lots_ + change, spec_.typical_lots);
  count_trade(what);
}

std::vector<market_trade> market::trades_from(std::uint64_t first, std::size_t most) const {
  const auto begin =
      std::lower_bound(all_trades_.begin(), all_trades_.end(), first,
                       [](const market_trade& a, std::uint64_t id) { return a.id < id; });
  const auto left = static_cast<std::size_t>(all_trades_.end() - begin);
  return {begin, begin + static_cast<std::ptrdiff_t>(std::min(most, left))};
}

std::vector<market_trade> market::trades_after(std::int64_t exchange_ns, std::size_t most) const {
  const auto begin =
      std::upper_bound(all_trades_.begin(), all_trades_.end(), exchange_ns,
                       [](std::int64_t at, const market_trade& a) { return at < a.exchange_ns; });
  const auto left = static_cast<std::size_t>(all_trades_.end() - begin);
  return {begin, begin + static_cast<std::ptrdiff_t>(std::min(most, left))};
}

std::vector<market_trade> market::trades_until(std::int64_t exchange_ns, std::size_t most) const {
  const auto end =
      std::upper_bound(all_trades_.begin(), all_trades_.end(), exchange_ns,
                       [](std::int64_t at, const market_trade& a) { return at < a.exchange_ns; });
  const auto there = static_cast<std::size_t>(end - all_trades_.begin());
  return {end - static_cast<std::ptrdiff_t>(std::min(most, there)), end};
}

void market::count_trade(const market_trade& what) {
  statistics_.last = what.price;
  statistics_.last_quantity = what.quantity;
  add_trade(statistics_, what);
  for (auto& entry : candles_) {
    if (entry.trades == 0) entry.open = entry.high = entry.low = entry.average = what.price;
    entry.close = what.price;
    add_trade(entry, what);
  }
}

void market::roll_candles(std::int64_t now_ns) {
  for (auto& entry : candles_) {
    if (now_ns < entry.open_ns + entry.interval_ns) continue;
    entry = quiet_candle(entry.interval_ns, now_ns, entry.close);
  }
}

// A candle in which nothing was traded yet.
market_candle market::quiet_candle(std::int64_t interval_ns, std::int64_t now_ns,
                                   const decimal& price) const {
  return {interval_ns,
          now_ns - now_ns % interval_ns,
          price,
          price,
          price,
          price,
          quantity_of(0),
          price,
          0};
}

void market::set(book_part part, std::int64_t rank, std::int64_t lots) {
  auto& levels = side(part);
  const auto found = levels.find(rank);
  const auto before = found == levels.end() ? 0 : found->second;
  (part == book_part::bids ? changed_bids_ : changed_asks_).try_emplace(rank, before);
  if (lots > 0) {
    levels[rank] = lots;
  } else if (found != levels.end()) {
    levels.erase(found);
  }
}

// What the step changed in sum: a level that came and went is no change.
void market::collect(book_part part, std::vector<level>& out) {
  auto& changed = part == book_part::bids ? changed_bids_ : changed_asks_;
  out.clear();
  for (const auto& [rank, before] : changed) {
    const auto found = side(part).find(rank);
    const auto now = found == side(part).end() ? 0 : found->second;
    if (now != before) out.push_back(level_of(part, rank, now));
  }
  changed.clear();
}

std::int64_t market::spread_ticks() const {
  return asks_.begin()->first + bids_.begin()->first;
}

std::int64_t market::mid_ticks() const {
  return (asks_.begin()->first - bids_.begin()->first) / 2;
}

// The price wanders and is drawn back to where it began.
bool market::leans_up() {
  const auto away_percent = (mid_ticks() - spec_.start_ticks) * 100 / spec_.start_ticks;
  return random_.chance(static_cast<int>(50 - std::clamp<std::int64_t>(away_percent * 3, -40, 40)));
}

// Most levels are small, few are large.
std::int64_t market::some_lots() {
  const auto typical = spec_.typical_lots;
  const auto size = typical * random_.between(1, 100) / 100;
  return (size << random_.geometric(30, 6)) + random_.below(typical / 10 + 1) + 1;
}

decimal market::price_of(std::int64_t ticks) const {
  return {ticks * spec_.price_step, static_cast<std::int8_t>(-spec_.price_decimals)};
}

decimal market::quantity_of(std::int64_t lots) const {
  return {lots * spec_.quantity_step, static_cast<std::int8_t>(-spec_.quantity_decimals)};
}

level market::level_of(book_part part, std::int64_t rank, std::int64_t lots) const {
  return {price_of(rank_of(part, rank)), quantity_of(lots)};
}

std::vector<level> market::top(book_part part, std::size_t most) const {
  const auto& levels = side(part);
  std::vector<level> out;
  out.reserve(most == 0 ? levels.size() : std::min(most, levels.size()));
  for (const auto& [rank, lots] : levels) {
    if (most != 0 && out.size() == most) break;
    out.push_back(level_of(part, rank, lots));
  }
  return out;
}

std::size_t market::depth(book_part part) const {
  return side(part).size();
}

level market::best(book_part part) const {
  const auto& [rank, lots] = *side(part).begin();
  return level_of(part, rank, lots);
}

const market_candle& market::candle(std::int64_t interval_ns) const {
  const auto* const found =
      std::find(candle_intervals.begin(), candle_intervals.end(), interval_ns);
  if (found == candle_intervals.end()) throw std::out_of_range("no candles of this interval");
  return candles_[static_cast<std::size_t>(found - candle_intervals.begin())];
}

decimal market::mark_price() const {
  return price_of(mid_ticks());
}

decimal market::index_price() const {
  return price_of(mid_ticks() - mid_ticks() / 20'000);
}

// Between -0.0003 and 0.0003: contracts above where they began cost their holders.
decimal market::funding_rate() const {
  const auto away = (mid_ticks() - spec_.start_ticks) * 10'000 / spec_.start_ticks;
  return {std::clamp<std::int64_t>(100 + away, -300, 300), -6};
}

std::int64_t market::next_funding_ns() const {
  return step_.exchange_ns - step_.exchange_ns % funding_ns + funding_ns;
}

decimal market::open_interest() const {
  return quantity_of(open_interest_lots_);
}

market_set::market_set(const std::vector<market_spec>& specs, std::uint64_t seed,
                       std::int64_t start_ns) {
  for (const auto& spec : specs) markets_.push_back(std::make_unique<market>(spec, seed, start_ns));
}

const market* market_set::find(std::string_view venue_symbol, std::string_view channel) const {
  const auto found = std::find_if(markets_.begin(), markets_.end(), [&](const auto& entry) {
    return entry->is_listed() && entry->venue_symbol() == venue_symbol &&
           entry->channel() == channel;
  });
  return found == markets_.end() ? nullptr : found->get();
}

market* market_set::find_symbol(std::string_view symbol) {
  const auto& same = *this;
  return const_cast<market*>(same.find_symbol(symbol));
}

const market* market_set::find_symbol(std::string_view symbol) const {
  const auto found = std::find_if(markets_.begin(), markets_.end(),
                                  [&](const auto& entry) { return entry->symbol() == symbol; });
  return found == markets_.end() ? nullptr : found->get();
}

}  // namespace feedtree::simulator
