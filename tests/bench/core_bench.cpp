// Nanoseconds of the parts that every event passes: decimals, books, JSON.
#include <benchmark/benchmark.h>

#include "core/codec.hpp"
#include "core/order_book.hpp"

namespace feedtree {
namespace {

void parse_a_decimal(benchmark::State& state) {
  for (auto _ : state) {
    decimal value;
    benchmark::DoNotOptimize(parse_decimal("65114.30000000", value));
    benchmark::DoNotOptimize(value);
  }
}
BENCHMARK(parse_a_decimal);

order_book book_of(std::int64_t levels) {
  order_book book;
  apply_counts counts;
  std::vector<level> bids;
  for (std::int64_t at = 0; at < levels; ++at)
    bids.push_back({{1'000'000 - at, -2}, {100 + at, -3}});
  book.apply(book_part::bids, bids, counts);
  return book;
}

// A change of one of the best ten levels of a book of so many levels.
void update_near_the_top(benchmark::State& state) {
  auto book = book_of(state.range(0));
  apply_counts counts;
  std::int64_t step = 0;
  for (auto _ : state) {
    const level change({1'000'000 - step % 10, -2}, {step % 7 * (step % 3 == 0 ? 0 : 1), -3});
    book.apply(book_part::bids, {&change, 1}, counts);
    ++step;
  }
  benchmark::DoNotOptimize(counts);
}
BENCHMARK(update_near_the_top)->Arg(100)->Arg(10'000);

void update_anywhere(benchmark::State& state) {
  auto book = book_of(state.range(0));
  apply_counts counts;
  std::int64_t step = 0;
  for (auto _ : state) {
    const level change({1'000'000 - step * 7919 % state.range(0), -2}, {step % 3, -3});
    book.apply(book_part::bids, {&change, 1}, counts);
    ++step;
  }
  benchmark::DoNotOptimize(counts);
}
BENCHMARK(update_anywhere)->Arg(100)->Arg(10'000)->Arg(50'000);

void encode_a_trade(benchmark::State& state) {
  listing_registry registry;
  event_batch batch;
  auto& what = batch.events.emplace_back();
  what.where = registry.intern("kraken", instrument::spot("BTC", "USD"), "BTC/USD");
  what.exchange_ns = what.receive_ns = 1'786'309'548'629'007'800;
  what.key = event_key("1068572090");
  what.body = trade{{6'508'367, -2}, {2'186, -6}, trade_side::sell};
  event_encoder encoder;
  std::string out;
  for (auto _ : state) {
    out.clear();
    encoder.encode(what, batch, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(encode_a_trade);

}  // namespace
}  // namespace feedtree

BENCHMARK_MAIN();
