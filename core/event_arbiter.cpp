#include "core/event_arbiter.hpp"

#include "core/checksum.hpp"

namespace feedtree {
namespace {

struct content_reader {
  fingerprint& out;

  void operator()(const trade& what) const {
    out.add(what.price).add(what.quantity).add(static_cast<std::int64_t>(what.side));
  }
  void operator()(const liquidation& what) const {
    out.add(what.price).add(what.quantity).add(static_cast<std::int64_t>(what.side));
  }
  void operator()(const quote& what) const {
    out.add(what.bid_price).add(what.bid_quantity).add(what.ask_price).add(what.ask_quantity);
  }
  void operator()(const ticker& what) const {
    for (const auto* value :
         {&what.last_price, &what.bid_price, &what.bid_quantity, &what.ask_price,
          &what.ask_quantity, &what.open_price, &what.high_price, &what.low_price, &what.volume,
          &what.quote_volume, &what.mark_price, &what.index_price}) {
      out.add(*value);
    }
  }
  void operator()(const candle& what) const {
    out.add(what.interval_ns).add(what.open_ns).add(what.open).add(what.high).add(what.low);
    out.add(what.close).add(what.volume).add(what.quote_volume).add(what.trades);
    out.add(std::int64_t{what.closed}).add(std::int64_t{what.revision});
    out.add(std::int64_t{what.complete});
  }
  void operator()(const funding& what) const {
    out.add(what.rate).add(what.mark_price).add(what.index_price).add(what.predicted_rate);
    out.add(what.next_funding_ns);
  }
  void operator()(const open_interest& what) const { out.add(what.quantity).add(what.value); }
  void operator()(const status_change& what) const { out.add(what.reason.view()); }
  void operator()(const gap& what) const { out.add(what.detail.view()); }
  // Its levels stand elsewhere: not judged here.
  void operator()(const book_change&) const {}
};

// FNV-1a over kind and key. A venue that counts again gives an old number to a new trade: the time
// of a trade, which is the venue's, tells them apart.
std::uint64_t id_of(const event& what) {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ static_cast<std::uint64_t>(what.kind());
  if (what.kind() == event_kind::trade) {
    hash ^= static_cast<std::uint64_t>(what.exchange_ns) * 0x9e3779b97f4a7c15ULL;
  }
  for (const char c : what.key.view()) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

}  // namespace

std::uint32_t content_of(const event& what) {
  fingerprint out;
  std::visit(content_reader{out}, what.body);
  return out.value();
}

void append_disagreement(const event& what, std::uint64_t count, event_batch& out) {
  constexpr auto reason = "two connections gave different content for one id";
  const auto& of = *what.where;
  out.quarantine.push_back(
      {of.venue, of.symbol, "disagreement", reason, event_id(what), what.receive_ns});
  if ((count & (count - 1)) != 0) return;
  out.alerts.push_back({alert_severity::warning, of.venue, of.symbol, "disagreement", reason,
                        event_id(what), what.receive_ns, count / 2});
}

arrival event_arbiter::take(source_id from, const event& what) {
  const auto [at, is_new] = by_id_.try_emplace(id_of(what));
  if (!is_new) {
    if (at->second.from == from) return arrival::first;
    return at->second.content == content_of(what) ? arrival::again : arrival::differs;
  }
  at->second = {from, content_of(what)};
  order_.push_back(at->first);
  if (order_.size() > remembered_max_) {
    by_id_.erase(order_.front());
    order_.pop_front();
  }
  return arrival::first;
}

}  // namespace feedtree
