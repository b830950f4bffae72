// What the keeper of trades does about an outage of the server: goes on behind the last trade that
// is stored, and says how many were missing and how many came.
#include <algorithm>

#include "core/trade_keeper.hpp"

namespace feedtree {
namespace {

constexpr std::int64_t retry_factor_max = 16;
constexpr std::string_view no_past =
    "the venue gives no trades of the past that could be told apart";

}  // namespace

void trade_keeper::resume(const stored_trades& past) {
  if (!past.any) return;
  outage_.emplace().begin_ns = past.receive_ns;
  last_receive_ns_ = past.receive_ns;
  last_exchange_ns_ = past.exchange_ns;
  if (!options_.numbered) {
    recent_ = past.recent;
    return;
  }
  std::vector<number_range> missing;
  for (const auto& each : past.holes) {
    hole made;
    made.whole = each.numbers;
    made.begin_ns = past.receive_ns;
    made.before_ns = each.before_ns;
    made.after_ns = each.after_ns;
    made.of_outage = true;
    missing.push_back(each.numbers);
    holes_.push_back(made);
    ++counters_.holes;
    counters_.missing += each.numbers.last - each.numbers.first + 1;
  }
  numbers_.resume(past.last, std::move(missing));
}

void trade_keeper::lose_outage() {
  outage_.emplace().lost = "the actor that kept these trades was restarted";
}

// True for the first trade behind an outage: what is missing is asked for from now on.
bool trade_keeper::begins_run(const event& what) {
  if (!outage_ || outage_->end_ns != 0) return false;
  outage_->end_ns = what.receive_ns;
  outage_->exchange_ns = what.exchange_ns;
  for (auto& entry : holes_) {
    if (entry.seen_ns != 0) continue;
    entry.seen_ns = entry.heard_ns = what.receive_ns;
    entry.ask_ns = what.receive_ns + options_.patience_ns;
  }
  return true;
}

void trade_keeper::pass_unnumbered(const event& what, event_batch& out) {
  if (options_.numbered) {  // its key is no number
    out.events.push_back(what);
    return;
  }
  const auto id = hash_text(what.key.view());
  if (outage_ && std::find(recent_.begin(), recent_.end(), id) != recent_.end()) {
    ++counters_.duplicates;
    return;
  }
  if (begins_run(what)) {
    if (options_.fills_by_time && outage_->lost.empty()) {
      time_span made;
      made.next_ns = last_exchange_ns_;
      made.end_ns = what.exchange_ns;
      made.ask_ns = what.receive_ns + options_.patience_ns;
      made.heard_ns = what.receive_ns;
      made.known.insert(recent_.begin(), recent_.end());
      span_ = std::move(made);
    } else if (outage_->lost.empty()) {
      outage_->lost = no_past;
    }
  }
  if (span_) span_->known.insert(id);
  out.events.push_back(what);
  end_outage(what.receive_ns, out);
}

// Pages overlap by the trades of one moment; an answer that leads no further is the last one.
void trade_keeper::take_span(const event_batch& answer, std::int64_t now_ns, event_batch& out) {
  auto newest_ns = span_->next_ns;
  for (const auto& what : answer.events) {
    if (what.where != where_ || what.kind() != event_kind::trade) continue;
    newest_ns = std::max(newest_ns, what.exchange_ns);
    if (what.exchange_ns < last_exchange_ns_ || what.exchange_ns > span_->end_ns) continue;
    if (!span_->known.insert(hash_text(what.key.view())).second) continue;
    ++counters_.filled;
    ++outage_->came;
    out.events.push_back(what);
  }
  asked_.reset();
  retry_ns_ = options_.retry_ns;
  span_->ask_ns = span_->heard_ns = now_ns;
  if (newest_ns > span_->next_ns && newest_ns < span_->end_ns) {
    span_->next_ns = newest_ns;
    return;
  }
  span_.reset();
  end_outage(now_ns, out);
}

void trade_keeper::span_failed(std::int64_t now_ns, event_batch& out) {
  asked_.reset();
  if (now_ns < span_->heard_ns + options_.give_up_ns) {
    span_->ask_ns = now_ns + retry_ns_;
    retry_ns_ = std::min(retry_ns_ * 2, options_.retry_ns * retry_factor_max);
    return;
  }
  span_.reset();
  outage_->lost = "the venue did not give the trades of this time";
  end_outage(now_ns, out);
}

void trade_keeper::count_in_outage(const hole& what, std::uint64_t lost) {
  const auto size = what.whole.last - what.whole.first + 1;
  auto& whole = outage_->whole;
  whole.first = outage_->missing == 0 ? what.whole.first : std::min(whole.first, what.whole.first);
  whole.last = std::max(whole.last, what.whole.last);
  outage_->missing += size;
  outage_->came += size - lost;
}

// The ledger's entry, once nothing of the outage is waited for: behind what came of it.
void trade_keeper::end_outage(std::int64_t now_ns, event_batch& out) {
  if (!outage_ || outage_->end_ns == 0 || span_) return;
  const bool waits =
      std::any_of(holes_.begin(), holes_.end(), [](const hole& entry) { return entry.of_outage; });
  if (waits) return;
  const auto ended = *outage_;
  outage_.reset();
  recent_.clear();
  event entry;
  entry.where = where_;
  entry.exchange_ns = ended.exchange_ns;
  entry.receive_ns = now_ns;
  gap body;
  body.cause = gap_cause::outage;
  body.feed = event_kind::trade;
  body.recovered = ended.lost.empty() && ended.came >= ended.missing;
  body.begin_ns = ended.begin_ns;
  body.end_ns = ended.end_ns;
  if (!ended.lost.empty()) {
    body.detail.append(ended.lost);
  } else if (ended.missing != 0) {
    body.detail.append("trades ").append(ended.whole.first).append(" to ").append(ended.whole.last);
    body.detail.append(": ").append(ended.missing).append(" were missing, ");
    body.detail.append(ended.came).append(" came");
  } else if (options_.numbered) {
    body.detail.append("no trade is missing");
  } else {
    body.detail.append(ended.came).append(" trades of this time came, which have no numbers");
  }
  entry.state = body.recovered ? feed_state::live : feed_state::gap;
  entry.body = body;
  entry.key.append("trade-outage-").append(ended.end_ns);
  out.events.push_back(entry);
}

void trade_keeper::stop(std::int64_t now_ns, event_batch& out) {
  std::erase_if(holes_, [](const hole& entry) { return entry.of_outage; });
  span_.reset();
  outage_.reset();
  give_up(now_ns, out);
}

}  // namespace feedtree
