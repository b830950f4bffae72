#include "storage/features_json.hpp"

#include <array>

#include "core/json_builder.hpp"

namespace feedtree::storage {
namespace {

constexpr std::array<std::string_view, activity_windows::lengths_s.size()> window_names{"1m", "5m",
                                                                                        "1h"};

std::string name_of(std::string_view what, std::string_view part) {
  return std::string(what).append("_").append(part);
}

void add(json_builder& json, std::string_view name, const std::optional<wide_decimal>& value) {
  json.add_or_null(name, value ? value->to_string() : std::string());
}

void add_windows(json_builder& json, const activity_windows& activity) {
  for (std::size_t at = 0; at < window_names.size(); ++at) {
    const auto& sums = activity.sums(at);
    const auto& name = window_names[at];
    const bool any = sums.seconds > 0;
    json.add(name_of("seconds", name), sums.seconds);
    json.add_or_null(name_of("volatility", name), any ? sums.volatility().to_string() : "");
    json.add(name_of("trades", name), sums.trades);
    json.add_or_null(
        name_of("trade_rate", name),
        any ? divide(static_cast<wide_integer>(sums.trades), sums.seconds, 6).to_string() : "");
    json.add(name_of("volume", name), sums.volume_sum().to_string());
  }
}

}  // namespace

void encode_features_json(const features_value& what, std::string& out) {
  json_builder json(out);
  json.object([&] {
    json.add("v", 1).add("kind", "features");
    json.add("venue", what.where->venue).add("instrument", what.where->symbol);
    json.add("state", to_string(what.state)).add("trade_state", to_string(what.trade_state));
    json.add_ns("exchange_ns", what.exchange_ns).add_ns("receive_ns", what.receive_ns);
    add(json, "mid", what.features.mid);
    add(json, "micro_price", what.features.micro_price);
    add(json, "spread", what.features.spread);
    for (std::size_t at = 0; at < what.features.imbalance.size(); ++at) {
      add(json, name_of("imbalance", std::to_string(market_features::imbalance_levels[at])),
          what.features.imbalance[at]);
    }
    add_windows(json, *what.activity);
  });
}

}  // namespace feedtree::storage
