#include "core/past_recorder.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/trade_memory.hpp"

namespace feedtree {
namespace {

// More holes than this are not remembered: the oldest are forgotten.
constexpr std::size_t holes_max = trade_continuity::holes_max;
// Trades without numbers that are so much older than the newest are not of the stream.
constexpr std::int64_t stream_delay_max_ns = 60'000'000'000;

// Takes the numbers out of the holes; true if any of them was in one.
bool fill(std::vector<stored_hole>& holes, const number_range& numbers, std::int64_t exchange_ns) {
  bool any = false;
  for (auto at = holes.begin(); at != holes.end();) {
    const auto hole = *at;
    if (numbers.last < hole.numbers.first || hole.numbers.last < numbers.first) {
      ++at;
      continue;
    }
    any = true;
    at = holes.erase(at);
    const auto time_ns = exchange_ns != 0 ? exchange_ns : hole.before_ns;
    if (hole.numbers.first < numbers.first) {
      const auto end_ns = exchange_ns != 0 ? exchange_ns : hole.after_ns;
      at = std::next(
          holes.insert(at, {{hole.numbers.first, numbers.first - 1}, hole.before_ns, end_ns}));
    }
    if (numbers.last < hole.numbers.last) {
      at = std::next(
          holes.insert(at, {{numbers.last + 1, hole.numbers.last}, time_ns, hole.after_ns}));
    }
  }
  return any;
}

// False if the trade came before.
bool take_number(stored_trades& trades, std::uint64_t number, const event& what) {
  if (trades.any && number <= trades.last) {
    return fill(trades.holes, {number, number}, what.exchange_ns);
  }
  if (trades.any && number > trades.last + 1) {
    if (trades.holes.size() == holes_max) trades.holes.erase(trades.holes.begin());
    trades.holes.push_back({{trades.last + 1, number - 1}, trades.exchange_ns, what.exchange_ns});
  }
  if (!trades.first_after_outage) trades.first_after_outage = number;
  trades.last = number;
  trades.exchange_ns = what.exchange_ns;
  trades.receive_ns = what.receive_ns;
  return true;
}

// The numbers of a hole in the key of its entry: "trade-101-117".
number_range numbers_of(const event_key& key) {
  constexpr std::string_view prefix = "trade-";
  auto text = key.view();
  if (!text.starts_with(prefix)) return {};
  text.remove_prefix(prefix.size());
  number_range result;
  const auto* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, result.first);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return {};
  const auto last = std::from_chars(first.ptr + 1, end, result.last);
  if (last.ec != std::errc{} || last.ptr != end) return {};
  return result;
}

void begin_gap(instrument_past& into, const gap& entry) {
  auto& past = into.feed(entry.feed).past;
  const open_entry now{entry.cause, entry.begin_ns};
  if (past.gap_is_open && now == open_entry{past.cause, past.begin_ns}) return;  // a repair
  if (entry.cause == gap_cause::outage) {
    if (past.gap_is_open) past.earlier = open_entry{past.cause, past.begin_ns};
    if (entry.feed == event_kind::trade) {
      into.trades.alive_ns = alive_until_ns(into);
      into.trades.first_after_outage.reset();
    }
  }
  past.gap_is_open = true;
  past.cause = entry.cause;
  past.begin_ns = entry.begin_ns;
}

// What is missing for good is not asked for again.
void forget_holes(stored_trades& trades, const event& what, const gap& entry) {
  if (entry.cause == gap_cause::outage) {
    std::erase_if(trades.holes, [&](const stored_hole& hole) {
      return trades.first_after_outage && hole.numbers.last < *trades.first_after_outage;
    });
  } else if (const auto numbers = numbers_of(what.key); numbers.last != 0) {
    fill(trades.holes, numbers, 0);
  }
}

void end_gap(stored_feed& feed, stored_trades& trades, const event& what, const gap& entry) {
  auto& past = feed.past;
  const open_entry ended{entry.cause, entry.begin_ns};
  if (past.earlier == ended) {
    past.earlier.reset();
  } else if (past.gap_is_open && ended == open_entry{past.cause, past.begin_ns}) {
    past.gap_is_open = false;
  }
  if (entry.feed == event_kind::trade && !entry.recovered) forget_holes(trades, what, entry);
}

}  // namespace

void past_recorder::load(std::string_view venue, std::string_view symbol, instrument_past past) {
  auto& into = entry_of(venue, symbol);
  into.past = std::move(past);
  into.candles->loaded();
  into.recent.insert(into.past.trades.recent.begin(), into.past.trades.recent.end());
  const auto& trades = into.past.feed(event_kind::trade).past;
  const bool has_outage = trades.gap_is_open && trades.cause == gap_cause::outage;
  into.candles->set_outage(has_outage ? trades.begin_ns : 0);
}

void past_recorder::take(const event_batch& batch) {
  for (const auto& what : batch.events) {
    auto& into = entry_of(what.where);
    take(into, what);
    note_change(into);
  }
}

// An event of the ledger, or of a feed itself.
void past_recorder::take(entry& into, const event& what) {
  if (const auto* const change = std::get_if<status_change>(&what.body)) {
    into.past.feed(change->feed).past.state = change->to;
    const bool begins = change->feed == event_kind::trade && change->to == feed_state::live;
    if (begins) into.candles->begin(what.receive_ns);
    return;
  }
  if (const auto* const of_ledger = std::get_if<gap>(&what.body)) {
    take_entry(into, what, *of_ledger);
    return;
  }
  if (const auto* const made = std::get_if<candle>(&what.body);
      made != nullptr && made->source == candle_source::trades) {
    into.candles->take_given(*made);
    return;
  }
  auto& feed = into.past.feed(what.kind());
  feed.receive_ns = std::max(feed.receive_ns, what.receive_ns);
  if (what.kind() == event_kind::trade) take_trade(into, what);
}

void past_recorder::take_entry(entry& into, const event& what, const gap& of_ledger) {
  auto& feed = into.past.feed(of_ledger.feed);
  if (of_ledger.end_ns == 0) {
    begin_gap(into.past, of_ledger);
  } else {
    end_gap(feed, into.past.trades, what, of_ledger);
  }
  if (of_ledger.feed != event_kind::trade) return;
  take_numbering(into, what.key.view());
  if (of_ledger.end_ns != 0 && !of_ledger.recovered) {
    into.candles->take_loss({lost_since(into, of_ledger), of_ledger.end_ns});
  }
  const bool has_outage = feed.past.gap_is_open && feed.past.cause == gap_cause::outage;
  into.candles->set_outage(has_outage ? feed.past.begin_ns : 0);
}

// The trade keeper says what is no second copy, though its number was passed.
void past_recorder::take_numbering(entry& into, std::string_view key) {
  if (key.starts_with("trade-reused-")) into.reuses_number = true;
  if (!key.starts_with("trade-restart-")) return;
  into.past.trades.any = false;
  into.past.trades.holes.clear();
}

// Without numbers it is known that nothing was missing as long as the instrument was received.
std::int64_t past_recorder::lost_since(const entry& of, const gap& of_ledger) {
  const bool knows_more = of_ledger.cause == gap_cause::outage && !of.numbers_trades;
  return knows_more ? std::max(of_ledger.begin_ns, of.past.trades.alive_ns) : of_ledger.begin_ns;
}

void past_recorder::take_trade(entry& into, const event& what) {
  if (is_new(into, what)) into.candles->take_trade(what);
  into.past.trades.any = true;
}

// False for a trade that came before, or that is not of the stream.
bool past_recorder::is_new(entry& into, const event& what) {
  auto& trades = into.past.trades;
  if (into.numbers_trades) {
    const auto number = number_of_trade(what);
    if (!number) return true;
    const bool is_reused = std::exchange(into.reuses_number, false);
    if (is_reused && trades.any && *number <= trades.last) return true;
    return take_number(trades, *number, what);
  }
  const auto& feed = into.past.feed(event_kind::trade).past;
  const bool has_outage = feed.gap_is_open && feed.cause == gap_cause::outage;
  if (!has_outage && what.exchange_ns + stream_delay_max_ns < trades.exchange_ns) return false;
  const auto id = hash_text(what.key.view());
  if (!into.recent.insert(id).second) return false;
  trades.exchange_ns = std::max(trades.exchange_ns, what.exchange_ns);
  trades.receive_ns = std::max(trades.receive_ns, what.receive_ns);
  trades.recent.push_back(id);
  constexpr auto most = stored_trades::recent_max;
  if (trades.recent.size() == 2 * most) {
    // A half of them at a time, so that not each one moves all.
    for (std::size_t at = 0; at < most; ++at) into.recent.erase(trades.recent[at]);
    trades.recent.erase(trades.recent.begin(), trades.recent.begin() + most);
  }
  return true;
}

instrument_pasts past_recorder::all() {
  instrument_pasts result;
  for (auto& [name, each] : entries_) {
    each.candles->fold();
    result.emplace(name, each.past);
  }
  return result;
}

void past_recorder::note_change(entry& of) {
  if (!std::exchange(of.is_changed, true)) changed_.push_back(&of);
}

void past_recorder::changes_are_kept() {
  for (auto* const each : changed_) {
    each->is_changed = false;
    each->candles->is_kept();
  }
  changed_.clear();
}

void past_recorder::keep(const wanted_feeds& wanted) {
  for (auto& [name, each] : entries_) {
    for (std::size_t at = 0; at < event_kinds; ++at) {
      const auto kind = static_cast<event_kind>(at);
      auto& feed = each.past.feeds[at];
      if (feed.receive_ns == 0 || wanted(name.first, name.second, kind)) continue;
      feed = {};
      if (kind == event_kind::trade) {
        each.past.trades = {};
        each.recent.clear();
        each.candles->clear();
      }
      note_change(each);
    }
  }
}

past_recorder::entry& past_recorder::entry_of(std::string_view venue, std::string_view symbol) {
  const auto [found, is_new] = entries_.try_emplace({std::string(venue), std::string(symbol)});
  if (is_new) {
    found->second.name = &found->first;
    found->second.candles.emplace(options_.candles, found->second.past.candles);
    found->second.numbers_trades = options_.numbers_trades && options_.numbers_trades(venue);
  }
  return found->second;
}

past_recorder::entry& past_recorder::entry_of(const listing* of) {
  if (of->index >= by_index_.size()) by_index_.resize(of->index + std::size_t{1});
  auto& known = by_index_[of->index];
  if (known == nullptr) known = &entry_of(of->venue, of->symbol);
  return *known;
}

}  // namespace feedtree
