#include "storage/retention.hpp"

#include "core/event.hpp"

namespace feedtree::storage {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t most_ms = 3'650 * 24 * hour_ms;

std::vector<std::string> tables() {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < event_kinds; ++at) {
    all.emplace_back(to_string(static_cast<event_kind>(at)));
  }
  all.emplace_back("quarantine");
  return all;
}

std::string option_of(const std::string& table) {
  return "retention_" + table + "_ms";
}

}  // namespace

const std::vector<std::string>& retention_option_names() {
  static const auto names = [] {
    std::vector<std::string> all;
    for (const auto& table : tables()) all.push_back(option_of(table));
    return all;
  }();
  return names;
}

std::vector<table_retention> retentions_of(const sink_context& context) {
  std::vector<table_retention> all;
  for (const auto& table : tables()) {
    const auto keep_ms = sink_option(context, option_of(table), 0, hour_ms, most_ms);
    const bool by_arrival = table == "quarantine" || table == to_string(event_kind::gap);
    if (keep_ms != 0) all.push_back({table, by_arrival ? "receive_ns" : "exchange_ns", keep_ms});
  }
  return all;
}

}  // namespace feedtree::storage
