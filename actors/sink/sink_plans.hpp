// From the configuration of sinks and journal to what runs.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "actors/sink/sink_children.hpp"
#include "config/config.hpp"
#include "core/candle_options.hpp"
#include "core/instrument.hpp"
#include "core/past_recorder.hpp"

namespace feedtree::actors {

// Throws sink_error where a target is none of its kind.
std::vector<sink_plan> plans_of(const std::vector<config::sink_config>& sinks);

// The journal in front of these sinks, opened; nothing where no sink spools. The registry outlives
// it. It keeps what candles like these go on from at the next start. Throws sink_error.
std::optional<journal_plan> plan_journal(const config::journal_config& config,
                                         const candle_options& candles, listing_registry& registry,
                                         const std::vector<sink_plan>& plans,
                                         const std::vector<std::unique_ptr<sink>>& open);

// What is stored of the feeds that are wanted; the others are forgotten. Throws sink_error.
std::shared_ptr<const instrument_pasts> read_past(storage::journal& from,
                                                  const config::server_config& config);

}  // namespace feedtree::actors
