// What the validation rules cost an event: those of config/rules.yaml, and none.
#include <benchmark/benchmark.h>

#include "config/rules_reader.hpp"
#include "core/rules/engine.hpp"
#include "core/validator.hpp"
#include "tests/support/paths.hpp"

namespace feedtree {
namespace {

constexpr std::size_t events = 512;
constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t start_ns = 1'750'000'000'000'000'000;

event event_at(const listing* where, std::size_t at) {
  event what;
  what.where = where;
  what.exchange_ns = start_ns + static_cast<std::int64_t>(at) * ms;
  what.receive_ns = what.exchange_ns + 20 * ms;
  what.key.append(at);
  return what;
}

event_batch trades(const listing* where) {
  event_batch batch;
  for (std::size_t at = 0; at < events; ++at) {
    auto what = event_at(where, at);
    what.body =
        trade{{6'123'410 + static_cast<std::int64_t>(at % 7), -2}, {120, -5}, trade_side::buy};
    batch.events.push_back(what);
  }
  return batch;
}

event_batch quotes(const listing* where) {
  event_batch batch;
  for (std::size_t at = 0; at < events; ++at) {
    auto what = event_at(where, at);
    const auto bid = 6'123'410 + static_cast<std::int64_t>(at % 7);
    what.body = quote{decimal{bid, -2}, decimal{120, -5}, decimal{bid + 1, -2}, decimal{3, -1}};
    batch.events.push_back(what);
  }
  return batch;
}

// A snapshot of a hundred levels a side, then changes of one level.
event_batch books(const listing* where) {
  event_batch batch;
  for (std::size_t at = 0; at < events; ++at) {
    auto what = event_at(where, at);
    book_change change;
    change.snapshot = at == 0;
    change.first_level = static_cast<std::uint32_t>(batch.levels.size());
    change.bids = at == 0 ? 100 : 1;
    change.asks = at == 0 ? 100 : 0;
    for (std::uint32_t level = 0; level < change.bids; ++level) {
      const auto place = static_cast<std::int64_t>(at == 0 ? level : at * 37 % 100);
      batch.levels.emplace_back(decimal{6'123'400 - place, -2},
                                decimal{100 + static_cast<std::int64_t>(at), -3});
    }
    for (std::uint32_t level = 0; level < change.asks; ++level) {
      batch.levels.emplace_back(decimal{6'123'401 + std::int64_t{level}, -2}, decimal{100, -3});
    }
    what.body = change;
    batch.events.push_back(what);
  }
  return batch;
}

void judge_built_in(benchmark::State& state, event_batch (*make)(const listing*)) {
  listing_registry registry;
  const auto batch = make(registry.intern("kraken", *parse_instrument("BTC-USD"), "BTC/USD"));
  for (auto _ : state) {
    for (const auto& what : batch.events) benchmark::DoNotOptimize(judge(what));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events));
}

void judge_by_rules(benchmark::State& state, event_batch (*make)(const listing*)) {
  const std::string file = std::string(paths::source_folder()) + "/config/rules.yaml";
  const auto read = config::read_rules_file(file, {"kraken"});
  if (!read.ok()) return state.SkipWithError("config/rules.yaml cannot be read");
  const auto list = std::make_shared<const rules::rule_list>(read.rules);
  rules::rule_engine engine(list, std::make_shared<rules::price_board>(),
                            std::make_shared<rules::venue_counts>(*list));
  listing_registry registry;
  const auto batch = make(registry.intern("kraken", *parse_instrument("BTC-USD"), "BTC/USD"));
  for (auto _ : state) benchmark::DoNotOptimize(engine.examine(batch).size());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events));
}

BENCHMARK_CAPTURE(judge_built_in, trades, trades);
BENCHMARK_CAPTURE(judge_by_rules, trades, trades);
BENCHMARK_CAPTURE(judge_by_rules, quotes, quotes);
BENCHMARK_CAPTURE(judge_by_rules, book_changes, books);

}  // namespace
}  // namespace feedtree

BENCHMARK_MAIN();
