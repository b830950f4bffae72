#include "storage/market_cache.hpp"

#include <algorithm>

#include "storage/features_json.hpp"

namespace feedtree::storage {
namespace {

constexpr std::array<std::string_view, cache_kinds> names{
    "trade",   "book",          "quote",       "ticker",  "candle",
    "funding", "open_interest", "liquidation", "features"};

// When it happened: by the venue's clock, but not behind its arrival, so that a clock that runs
// ahead does not carry the others along.
std::int64_t time_of(const event& what) {
  if (what.exchange_ns <= 0) return what.receive_ns;
  return what.receive_ns <= 0 ? what.exchange_ns : std::min(what.exchange_ns, what.receive_ns);
}

// The feed whose state a value has; of features see state_of.
event_kind feed_of(cache_kind kind) {
  switch (kind) {
    case cache_kind::book:
      return event_kind::book;
    case cache_kind::quote:
      return event_kind::quote;
    case cache_kind::ticker:
      return event_kind::ticker;
    case cache_kind::funding:
      return event_kind::funding;
    case cache_kind::open_interest:
      return event_kind::open_interest;
    case cache_kind::liquidation:
      return event_kind::liquidation;
    default:
      return event_kind::trade;
  }
}

std::size_t index(cache_kind kind) {
  return static_cast<std::size_t>(kind);
}
std::size_t index(event_kind kind) {
  return static_cast<std::size_t>(kind);
}

}  // namespace

std::string_view to_string(cache_kind kind) {
  return names[index(kind)];
}

market_cache::market& market_cache::market_of(const event& what) {
  const auto at = std::size_t{what.where->index};
  while (markets_.size() <= at) markets_.emplace_back();
  auto& result = markets_[at];
  if (result.of == nullptr) {
    result.of = what.where;
    for (std::size_t kind = 0; kind < cache_kinds; ++kind) {
      result.slots[kind].key.append(options_.prefix).append(":").append(names[kind]);
      result.slots[kind].key.append(":").append(what.where->venue);
      result.slots[kind].key.append(":").append(what.where->symbol);
    }
  }
  return result;
}

void market_cache::follow(const event_batch& batch, std::int64_t now_ms) {
  for (const auto& what : batch.events) take_event(what, batch, now_ms);
}

void market_cache::take_event(const event& what, const event_batch& batch, std::int64_t now_ms) {
  auto& in = market_of(what);
  const auto kind = what.kind();
  if (kind != event_kind::gap) in.event_ms = now_ms;
  if (kind != event_kind::gap && kind != event_kind::status) in.states[index(kind)] = what.state;
  switch (kind) {
    case event_kind::trade:
      return take_trade(in, what);
    case event_kind::book:
      return take_book(in, what, batch);
    case event_kind::quote:
      return take_quote(in, what);
    case event_kind::ticker:
      return take_other(in, cache_kind::ticker, what);
    case event_kind::funding:
      return take_other(in, cache_kind::funding, what);
    case event_kind::open_interest:
      return take_other(in, cache_kind::open_interest, what);
    case event_kind::liquidation:
      return take_other(in, cache_kind::liquidation, what);
    case event_kind::status:
      return take_status(in, what);
    case event_kind::gap:
      return take_gap(in, what);
    case event_kind::candle:
      return;  // of the venue: the present one is made of trades
  }
}

void market_cache::take_other(market& in, cache_kind kind, const event& what) {
  in.last[index(kind)] = what;
  changed(in, kind);
}

void market_cache::take_trade(market& in, const event& what) {
  const auto& body = std::get<trade>(what.body);
  const auto at_ns = time_of(what);
  const auto& last = in.last[index(cache_kind::trade)];
  // One that comes late, from the venue's history, is not the last trade.
  if (!last || time_of(*last) <= at_ns) take_other(in, cache_kind::trade, what);
  in.activity.add_trade(body.quantity, at_ns);
  if (!in.book_known && !in.own_quotes && body.price.is_positive()) {
    in.activity.set_price(body.price, at_ns);
  }
  if (in.candle.follow(body, at_ns)) changed(in, cache_kind::candle);
  in.activity_event = what;
  changed(in, cache_kind::features);
}

void market_cache::take_book(market& in, const event& what, const event_batch& batch) {
  const auto& change = std::get<book_change>(what.body);
  if (change.snapshot) {
    in.book.clear();
    in.book.set_depth(change.depth);
    in.book_known = true;
  }
  if (!in.book_known) return;
  apply_counts counts;
  in.book.apply(book_part::bids, batch.bids(change), counts);
  in.book.apply(book_part::asks, batch.asks(change), counts);
  in.book.truncate(counts);
  in.book_event = what;
  in.activity_event = what;
  const auto bid = in.book.best(book_part::bids);
  const auto ask = in.book.best(book_part::asks);
  if (bid && ask) {
    const auto mid = mid_price(bid->price(), ask->price());
    if (mid && mid->is_positive()) in.activity.set_price(*mid, time_of(what));
  }
  // Also when a side has become empty: what was written is not true any more.
  if (!in.own_quotes && (bid || ask || in.slots[index(cache_kind::quote)].there)) {
    changed(in, cache_kind::quote);
  }
  changed(in, cache_kind::book);
  changed(in, cache_kind::features);
}

void market_cache::take_quote(market& in, const event& what) {
  in.own_quotes = true;
  take_other(in, cache_kind::quote, what);
  if (in.book_known) return;
  const auto mid = mid_price(std::get<quote>(what.body));
  if (mid && mid->is_positive()) in.activity.set_price(*mid, time_of(what));
  in.activity_event = what;
  changed(in, cache_kind::features);
}

// What has this state is written again.
void market_cache::take_status(market& in, const event& what) {
  const auto& body = std::get<status_change>(what.body);
  in.states[index(body.feed)] = body.to;
  if (body.feed == event_kind::trade) in.candle.interrupt(time_of(what));
  for (std::size_t at = 0; at < cache_kinds; ++at) {
    const auto kind = static_cast<cache_kind>(at);
    const bool derived =
        kind == cache_kind::features ||
        (kind == cache_kind::quote && !in.own_quotes && body.feed == event_kind::book);
    if (in.slots[at].there && (derived || feed_of(kind) == body.feed)) changed(in, kind);
  }
}

void market_cache::take_gap(market& in, const event& what) {
  const auto& body = std::get<gap>(what.body);
  if (body.feed == event_kind::trade) in.candle.interrupt(std::max(what.receive_ns, body.end_ns));
}

void market_cache::changed(market& in, cache_kind kind) {
  in.slots[index(kind)].there = true;
  ++updates_;
  if (in.slots[index(kind)].waits == wait::news) ++merged_;
  wait_for(in, kind, wait::news);
}

void market_cache::wait_for(market& in, cache_kind kind, wait how) {
  auto& waits = in.slots[index(kind)].waits;
  if (waits == wait::none) waiting_.push_back({in.of->index, kind, false});
  waits = std::max(waits, how);
}

void market_cache::refresh(std::int64_t now_ms) {
  for (auto& each : markets_) {
    if (each.of == nullptr || now_ms - each.event_ms >= options_.quiet_ms) continue;
    for (std::size_t at = 0; at < cache_kinds; ++at) {
      const auto& of = each.slots[at];
      const auto kind = static_cast<cache_kind>(at);
      const bool due = of.there && now_ms - of.written_ms >= options_.refresh_ms;
      if (due && state_of(each, kind) == feed_state::live) wait_for(each, kind, wait::refresh);
    }
  }
}

// What is not live may have expired for good, and stays so.
void market_cache::rewrite() {
  for (auto& each : markets_) {
    for (auto& of : each.slots) of.written_ms = 0;
  }
  for (auto& each : markets_) {
    if (each.of == nullptr) continue;
    for (std::size_t at = 0; at < cache_kinds; ++at) {
      const auto kind = static_cast<cache_kind>(at);
      const bool live = state_of(each, kind) == feed_state::live;
      if (each.slots[at].there && live) wait_for(each, kind, wait::refresh);
    }
  }
}

bool market_cache::take(std::int64_t now_ms, value_ref& what, std::string_view& key,
                        std::string_view& value) {
  while (!waiting_.empty()) {
    what = waiting_.front();
    waiting_.pop_front();
    auto& in = markets_[what.instrument];
    auto& of = in.slots[index(what.kind)];
    what.news = of.waits == wait::news;
    of.waits = wait::none;
    if (!encode(in, what.kind)) continue;
    of.written_ms = now_ms;
    key = of.key;
    value = value_;
    return true;
  }
  return false;
}

void market_cache::put_back(const value_ref& what) {
  wait_for(markets_[what.instrument], what.kind, what.news ? wait::news : wait::refresh);
}

feed_state market_cache::state_of(const market& in, cache_kind kind) const {
  const auto book = in.states[index(event_kind::book)];
  if (kind == cache_kind::quote && !in.own_quotes) return book;
  if (kind != cache_kind::features) return in.states[index(feed_of(kind))];
  if (in.book_known) return book;
  return in.states[index(in.own_quotes ? event_kind::quote : event_kind::trade)];
}

bool market_cache::encode(const market& in, cache_kind kind) {
  value_.clear();
  switch (kind) {
    case cache_kind::book:
      return encode_book(in);
    case cache_kind::quote:
      return encode_quote(in);
    case cache_kind::candle:
      return encode_candle(in);
    case cache_kind::features:
      encode_features(in);
      return true;
    default:
      encode_event(in, *in.last[index(kind)], kind, scratch_);
      return true;
  }
}

void market_cache::encode_event(const market& in, event what, cache_kind kind,
                                const event_batch& batch) {
  what.state = state_of(in, kind);
  encoder_.encode(what, batch, value_);
}

bool market_cache::encode_book(const market& in) {
  auto what = in.book_event;
  auto& body = std::get<book_change>(what.body);
  scratch_.levels.clear();
  in.book.top(book_part::bids, options_.depth, scratch_.levels);
  body.bids = static_cast<std::uint32_t>(scratch_.levels.size());
  in.book.top(book_part::asks, options_.depth, scratch_.levels);
  body.asks = static_cast<std::uint32_t>(scratch_.levels.size()) - body.bids;
  body.first_level = 0;
  body.snapshot = true;
  body.has_checksum = false;  // of the venue's levels, of which these are a part
  body.depth = static_cast<std::uint32_t>(options_.depth);
  body.merged = 0;
  encode_event(in, what, cache_kind::book, scratch_);
  return true;
}

bool market_cache::encode_quote(const market& in) {
  if (in.own_quotes) {
    encode_event(in, *in.last[index(cache_kind::quote)], cache_kind::quote, scratch_);
    return true;
  }
  auto what = in.book_event;
  quote best;
  if (const auto bid = in.book.best(book_part::bids)) {
    best.bid_price = bid->price();
    best.bid_quantity = bid->quantity();
  }
  if (const auto ask = in.book.best(book_part::asks)) {
    best.ask_price = ask->price();
    best.ask_quantity = ask->quantity();
  }
  what.body = best;
  encode_event(in, what, cache_kind::quote, scratch_);
  return true;
}

// One that is not whole has not the state `live`: its open, its volume and more may be wrong.
bool market_cache::encode_candle(const market& in) {
  candle body;
  if (!in.candle.get(body)) return false;
  auto what = *in.last[index(cache_kind::trade)];
  what.key = {};
  what.key.append(std::to_string(body.open_ns));
  what.body = body;
  what.state = state_of(in, cache_kind::candle);
  if (what.state == feed_state::live && !in.candle.is_whole()) what.state = feed_state::gap;
  encoder_.encode(what, scratch_, value_);
  return true;
}

void market_cache::encode_features(const market& in) {
  features_value what;
  what.where = in.of;
  what.state = state_of(in, cache_kind::features);
  what.trade_state = in.states[index(event_kind::trade)];
  what.exchange_ns = in.activity_event.exchange_ns;
  what.receive_ns = in.activity_event.receive_ns;
  if (in.book_known) {
    what.features = features_of(in.book);
  } else if (in.own_quotes) {
    what.features = features_of(std::get<quote>(in.last[index(cache_kind::quote)]->body));
  }
  what.activity = &in.activity;
  encode_features_json(what, value_);
}

}  // namespace feedtree::storage
