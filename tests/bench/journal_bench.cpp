// What the journal carries: run it where the journal will be, for it measures that disk too.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "core/event_codec.hpp"
#include "storage/journal.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

// A mix as venues send it: book changes of a few levels, trades, quotes.
batch_ptr mixed_batch(const listing* where, std::size_t events, std::uint32_t levels_a_side) {
  auto batch = std::make_shared<event_batch>();
  for (std::size_t at = 0; batch->events.size() < events; ++at) {
    const auto key = std::to_string(7'000'000'000 + at);
    tests::append_book(*batch, where, key, false, levels_a_side);
    if (at % 4 == 0) batch->events.push_back(tests::sample_trade(where, key));
  }
  return batch;
}

void encoding(benchmark::State& state) {
  listing_registry registry;
  const auto batch = mixed_batch(tests::sample_listing(registry), 256, 3);
  std::string bytes;
  for (auto unused : state) {
    bytes.clear();
    encode_batch(*batch, bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * batch->events.size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK(encoding);

void decoding(benchmark::State& state) {
  listing_registry registry;
  const auto batch = mixed_batch(tests::sample_listing(registry), 256, 3);
  std::string bytes;
  encode_batch(*batch, bytes);
  for (auto unused : state) benchmark::DoNotOptimize(decode_batch(bytes, registry));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * batch->events.size()));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK(decoding);

struct journal_on_disk {
  explicit journal_on_disk(storage::journal_sync sync) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    storage::journal_options options{folder + "/journal", std::uint64_t{8} << 30,
                                     storage::journal_limit::block, sync};
    // What is kept for the next start: of trades in candles of the usual intervals.
    options.past.numbers_trades = [](std::string_view) { return true; };
    for (const std::int64_t minutes : {1, 5, 60, 240, 1440}) {
      options.past.candles.intervals_ns.push_back(minutes * 60'000'000'000);
    }
    store.emplace(options, registry);
    store->keep_cursors({"sink"});
  }
  ~journal_on_disk() {
    store.reset();
    std::filesystem::remove_all(folder);
  }
  std::string folder = "journal_bench.data";
  listing_registry registry;
  std::optional<storage::journal> store;
};

// One group commit of 32 batches of 256 events; the sink is a second behind and what it has passed
// is deleted. Bytes are those in the file.
void carrying(benchmark::State& state) {
  journal_on_disk disk(static_cast<storage::journal_sync>(state.range(1)));
  const auto levels = static_cast<std::uint32_t>(state.range(0));
  const auto batch = mixed_batch(tests::sample_listing(disk.registry), 256, levels);
  std::string bytes;
  encode_batch(*batch, bytes);
  constexpr std::uint64_t group = 32;
  constexpr std::uint64_t behind = 64 * group;
  std::uint64_t position = 0;
  std::vector<storage::journal_batch> batches(group);
  for (auto unused : state) {
    for (auto& each : batches) each = {++position, batch};
    if (!disk.store->append(batches)) state.SkipWithError("the journal is full");
    if (position % (8 * group) == 0 && position > behind) {
      disk.store->advance({{"sink", position - behind}});
    }
  }
  const auto count = static_cast<std::int64_t>(state.iterations() * group);
  state.SetItemsProcessed(count * static_cast<std::int64_t>(batch->events.size()));
  state.SetBytesProcessed(count * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(carrying)
    ->ArgNames({"levels", "sync_full"})
    ->Args({3, 0})
    ->Args({8, 0})
    ->Args({8, 1})
    ->MinTime(5)
    ->UseRealTime();

void reading(benchmark::State& state) {
  journal_on_disk disk(storage::journal_sync::normal);
  const auto batch = mixed_batch(tests::sample_listing(disk.registry), 256, 3);
  std::vector<storage::journal_batch> batches;
  for (std::uint64_t position = 1; position <= 2'000; ++position) {
    batches.push_back({position, batch});
  }
  disk.store->append(batches);
  std::int64_t events = 0;
  std::uint64_t after = 0;
  for (auto unused : state) {
    const auto page = disk.store->read(after, 32'768, std::uint64_t{32} << 20);
    for (const auto& each : page.batches)
      events += static_cast<std::int64_t>(each.batch->events.size());
    after = page.at_end ? 0 : page.through;
  }
  state.SetItemsProcessed(events);
}
BENCHMARK(reading)->UseRealTime();

// One event a batch and one batch a commit: what an idle server does.
void trickling(benchmark::State& state) {
  journal_on_disk disk(static_cast<storage::journal_sync>(state.range(0)));
  const auto batch = mixed_batch(tests::sample_listing(disk.registry), 1, 3);
  std::vector<storage::journal_batch> batches(1);
  std::uint64_t position = 0;
  for (auto unused : state) {
    batches[0] = {++position, batch};
    disk.store->append(batches);
    if (position % 64 == 0) disk.store->advance({{"sink", position - 1}});
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(trickling)->ArgNames({"sync_full"})->Arg(0)->Arg(1)->UseRealTime();

}  // namespace
}  // namespace feedtree

BENCHMARK_MAIN();
