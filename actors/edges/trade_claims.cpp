#include "actors/edges/trade_claims.hpp"

#include "core/event_arbiter.hpp"

namespace feedtree::actors {

bool trade_claims::claim(const event& what) {
  const auto id = hash_text(event_id(what));
  const std::lock_guard lock(mutex_);
  if (!claimed_.insert(id).second) return false;
  order_.push_back(id);
  if (order_.size() > claims_max) {
    claimed_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

std::size_t trade_claims::remove_claimed(event_batch& batch) {
  return std::erase_if(batch.events,
                       [this](const event& what) { return is_old(what) && !claim(what); });
}

}  // namespace feedtree::actors
