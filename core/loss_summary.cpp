#include "core/loss_summary.hpp"

#include <algorithm>

namespace feedtree {

void loss_summary::add(const event_batch& lost) {
  for (const auto& what : lost.events) {
    const auto* entry = std::get_if<gap>(&what.body);
    if (entry != nullptr && entry->cause == gap_cause::journal) {
      add(what.where, entry->feed, entry->begin_ns, entry->end_ns, what.exchange_ns);
      continue;
    }
    ++events_;
    add(what.where, what.kind(), what.receive_ns, what.receive_ns, what.exchange_ns);
  }
}

void loss_summary::add(const listing* where, event_kind feed, std::int64_t begin_ns,
                       std::int64_t end_ns, std::int64_t exchange_ns) {
  auto [found, made] = feeds_.try_emplace({where->index, feed});
  auto& known = found->second;
  if (made) known = {where, feed, begin_ns, end_ns, exchange_ns};
  known.begin_ns = std::min(known.begin_ns, begin_ns);
  known.end_ns = std::max(known.end_ns, end_ns);
  known.exchange_ns = std::max(known.exchange_ns, exchange_ns);
}

void loss_summary::clear() {
  feeds_.clear();
  events_ = 0;
}

event_batch loss_summary::entries(std::string_view detail) const {
  event_batch result;
  for (const auto& [key, lost] : feeds_) {
    gap body;
    body.cause = gap_cause::journal;
    body.feed = lost.feed;
    body.begin_ns = lost.begin_ns;
    body.end_ns = lost.end_ns;
    body.detail.append(detail);
    auto& what = result.events.emplace_back();
    what.where = lost.where;
    what.exchange_ns = lost.exchange_ns;
    what.receive_ns = lost.end_ns;
    what.state = feed_state::gap;
    what.key.append("journal-").append(to_string(lost.feed)).append('-').append(lost.begin_ns);
    what.body = body;
  }
  return result;
}

}  // namespace feedtree
