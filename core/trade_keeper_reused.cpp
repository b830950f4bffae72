// Trades whose number was passed already: repetitions, other trades, and a numbering that begins
// again.
#include "core/trade_keeper.hpp"

namespace feedtree {
namespace {

// A number so far below the last is no old trade. Venues repeat at most some thousand trades.
constexpr std::uint64_t restart_distance = 100'000;

}  // namespace

// Only a number that is not new can be known.
trade_match trade_keeper::match(std::uint64_t number, const event& what) const {
  const bool may_be_known = of_old_numbering_ != 0 || number <= numbers_.last().value_or(0);
  return may_be_known ? memory_.find(number, what) : trade_match::unknown;
}

// At or below the last number, and not missing.
bool trade_keeper::is_passed(std::uint64_t number) const {
  return numbers_.last() && number <= *numbers_.last() && !numbers_.is_missing(number);
}

// A trade that is later than the last one cannot have come before, whatever its number.
bool trade_keeper::is_repetition(std::uint64_t number, const event& what, trade_match known) const {
  if (known != trade_match::unknown) return known == trade_match::same;
  if (!is_passed(number) || *numbers_.last() - number > restart_distance) return false;
  return last_exchange_ns_ == 0 || what.exchange_ns <= last_exchange_ns_;
}

// One such trade is the venue's oddity: what comes next says whether the numbering goes on where it
// was or counts on from here.
void trade_keeper::take_reused(std::uint64_t number, const event& what, event_batch& out) {
  ++counters_.reused;
  if (reused_ && number > reused_->number && what.exchange_ns >= reused_->exchange_ns) {
    restart(what, out);
    take_in_order(number, what, out);
    return;
  }
  inline_text<95> detail;
  detail.append("trade ").append(number).append(" is another one than before; the last was ");
  tell("reused", true, what, detail.append(*numbers_.last()), out);
  out.events.push_back(what);
  reused_ = {number, what.exchange_ns, what.receive_ns};
}

void trade_keeper::restart(const event& what, event_batch& out) {
  ++counters_.restarts;
  inline_text<95> detail;
  detail.append("trade numbers begin again at ").append(reused_->number);
  tell("restart", false, what, detail.append(" behind ").append(*numbers_.last()), out);
  begins_run(what);
  if (outage_) outage_->lost = "the venue began to count its trades again";
  give_up(what.receive_ns, out);
  of_old_numbering_ = memory_.size();
  numbers_.restart(reused_->number);
  last_receive_ns_ = reused_->receive_ns;
  last_exchange_ns_ = reused_->exchange_ns;
  reused_.reset();
}

// The ledger's entry for a number that was passed already, from the last trade to this one.
void trade_keeper::tell(std::string_view step, bool recovered, const event& what,
                        const inline_text<95>& detail, event_batch& out) const {
  event entry;
  entry.where = where_;
  entry.exchange_ns = what.exchange_ns;
  entry.receive_ns = what.receive_ns;
  entry.state = recovered ? feed_state::live : feed_state::gap;
  entry.key.append("trade-").append(step).append('-').append(what.exchange_ns);
  gap body;
  body.cause = gap_cause::sequence;
  body.feed = event_kind::trade;
  body.recovered = recovered;
  body.begin_ns = last_receive_ns_;
  body.end_ns = what.receive_ns;
  body.detail = detail;
  entry.body = body;
  out.events.push_back(entry);
}

}  // namespace feedtree
