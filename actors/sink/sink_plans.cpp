#include "actors/sink/sink_plans.hpp"

#include <algorithm>

#include "actors/system.hpp"
#include "adapters/venues/venue.hpp"
#include "core/checksum.hpp"
#include "storage/migrate_database.hpp"

namespace feedtree::actors {
namespace {

// Names a sink's place in the journal: its kind and where it goes, without credentials, so that it
// stays the same when these change.
std::string cursor_name(const config::sink_config& config) {
  auto target = config.target;
  if (storage::has_migrations(config.kind)) {
    target = storage::database_name(config.kind, target);
  } else {
    const auto at = target.rfind('@');
    if (at != target.npos) target = target.substr(at + 1);
  }
  return config.kind + "-" + std::to_string(crc32(target));
}

sink_policy policy_of(const config::sink_config& config) {
  if (config.policy == "conflate") return sink_policy::conflate;
  if (config.kind == "redis") return sink_policy::block;  // it never makes anybody wait
  const bool spools = config.policy.empty() ? config.kind != "none" : config.policy == "spool";
  return spools ? sink_policy::spool : sink_policy::block;
}

sink_plan plan_of(const config::sink_config& config) {
  sink_context context;
  context.now_ns = wall_ns;
  context.insecure = true;
  for (const auto& [name, value] : config.options) context.options[name] = value;
  const auto spec = config.target.empty() ? config.kind : config.kind + ":" + config.target;
  sink_plan plan;
  plan.name = config.kind;
  // One that is started anew counts its messages anew.
  plan.make = [spec, context] {
    auto fresh = context;
    fresh.epoch = make_epoch();
    return make_sink(spec, fresh);
  };
  plan.policy = policy_of(config);
  plan.durable = config.kind != "nats" && config.kind != "redis" && config.kind != "none";
  plan.cursor = cursor_name(config);
  plan.is_cache = config.kind == "redis";
  return plan;
}

}  // namespace

std::vector<sink_plan> plans_of(const std::vector<config::sink_config>& sinks) {
  std::vector<sink_plan> plans;
  for (const auto& entry : sinks) plans.push_back(plan_of(entry));
  return plans;
}

std::optional<journal_plan> plan_journal(const config::journal_config& config,
                                         const candle_options& candles, listing_registry& registry,
                                         const std::vector<sink_plan>& plans,
                                         const std::vector<std::unique_ptr<sink>>& open) {
  const bool any = std::any_of(plans.begin(), plans.end(),
                               [](const auto& plan) { return uses_journal(plan.policy); });
  if (!any) return {};
  storage::journal_options options;
  options.path = config.path;
  options.bytes_max = config.max_size_bytes;
  if (config.at_limit == "drop_oldest") options.at_limit = storage::journal_limit::drop_oldest;
  if (config.sync == "full") options.sync = storage::journal_sync::full;
  options.past.candles = candles;
  options.past.numbers_trades = [](std::string_view name) {
    const auto* const venue = venues::find_venue(name);
    return venue != nullptr && venue->numbers_trades();
  };
  return open_journal(
      [options, &registry] { return std::make_unique<storage::journal>(options, registry); }, plans,
      open);
}

std::shared_ptr<const instrument_pasts> read_past(storage::journal& from,
                                                  const config::server_config& config) {
  from.keep_past([&](const std::string& venue, const std::string& symbol, event_kind kind) {
    return std::any_of(config.venues.begin(), config.venues.end(), [&](const auto& each) {
      const auto& all = each.instruments;
      return each.venue == venue && std::find(all.begin(), all.end(), symbol) != all.end() &&
             std::any_of(each.feeds.begin(), each.feeds.end(),
                         [kind](const auto& feed) { return feed.kind == kind; });
    });
  });
  return std::make_shared<const instrument_pasts>(from.past());
}

}  // namespace feedtree::actors
