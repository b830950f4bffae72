// The value of md:features:<venue>:<instrument>, see docs/cache.md.
#pragma once

#include <string>

#include "core/activity_windows.hpp"
#include "core/event.hpp"
#include "core/market_features.hpp"

namespace feedtree::storage {

struct features_value {
  const listing* where = nullptr;
  feed_state state = feed_state::syncing;        // of the book, or of what stands in for it
  feed_state trade_state = feed_state::syncing;  // of the trades
  std::int64_t exchange_ns = 0;
  std::int64_t receive_ns = 0;
  market_features features;
  const activity_windows* activity = nullptr;
};

// Appends one JSON object; decimals and nanoseconds as strings, null where a feature is absent.
void encode_features_json(const features_value& what, std::string& out);

}  // namespace feedtree::storage
