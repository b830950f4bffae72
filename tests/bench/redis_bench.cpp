// Updates a second into a real Redis server, on the same machine.
//
// redis_bench [INSTRUMENTS [ROUNDS]]   prints the median of the rounds, and the processor time of
// both sides for each value that was written: what other programs do does not count in it.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "storage/redis_sink.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

using batches = std::vector<batch_ptr>;

std::vector<const listing*> make_listings(listing_registry& registry, int count) {
  std::vector<const listing*> all;
  for (int at = 0; at < count; ++at) {
    all.push_back(
        registry.intern("kraken", instrument::spot("C" + std::to_string(at), "USD"), "x"));
  }
  return all;
}

event at_time(event what, std::int64_t number) {
  what.exchange_ns += number * 1'000;
  what.receive_ns = what.exchange_ns + 1;
  return what;
}

// One event of each instrument in turn, so many rounds: a quote, a ticker, or a book.
template <class Make>
batches make_batches(const std::vector<const listing*>& where, int rounds, Make make) {
  batches all;
  std::int64_t number = 0;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t at = 0; at < where.size();) {
      auto batch = std::make_shared<event_batch>();
      for (const auto end = std::min(at + 1'000, where.size()); at < end; ++at) {
        make(*batch, where[at], round);
        batch->events.back() = at_time(batch->events.back(), ++number);
      }
      all.push_back(std::move(batch));
    }
  }
  return all;
}

double processor_seconds(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string field;
  double ticks = 0;
  for (int at = 1; at <= 15 && stat >> field; ++at) {
    if (at >= 14) ticks += std::atof(field.c_str());  // utime, stime
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

int process_of(const tests::redis_server& server) {
  const auto text = server.cli({"INFO", "server"});
  const std::string name = "process_id:";
  return std::atoi(text.c_str() + text.find(name) + name.size());
}

struct measure {
  const char* what;
  std::vector<double> updates = {};
  std::vector<double> written = {};
  double merged = 0;
  double all_written = 0;
  double own_seconds = 0;
  double server_seconds = 0;

  // pass: batches between two flushes; 0: none but the last, so that updates are merged under way.
  void run(const tests::redis_server& server, const batches& all, std::size_t pass) {
    const auto process = process_of(server);
    const auto own = processor_seconds(getpid());
    const auto others = processor_seconds(process);
    write(server.url(), all, pass);
    own_seconds += processor_seconds(getpid()) - own;
    server_seconds += processor_seconds(process) - others;
  }
  void write(const std::string& url, const batches& all, std::size_t pass) {
    sink_context context;
    context.insecure = true;
    context.now_ns = [] { return std::int64_t{1}; };
    storage::redis_sink sink(storage::redis_options_of(url, context));
    const auto begin = std::chrono::steady_clock::now();
    std::size_t count = 0;
    for (const auto& each : all) {
      sink.write(each);
      while (++count == pass) {
        count = 0;
        do sink.flush();
        while (sink.counters().delivered != sink.counters().events && sink.trouble().empty());
      }
    }
    sink.close();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const auto counters = sink.counters();
    if (!sink.trouble().empty()) std::fprintf(stderr, "%s\n", sink.trouble().c_str());
    updates.push_back(static_cast<double>(counters.written + counters.merged) / took.count());
    written.push_back(static_cast<double>(counters.written) / took.count());
    merged = static_cast<double>(counters.merged);
    all_written += static_cast<double>(counters.written);
  }
  void print() {
    std::sort(updates.begin(), updates.end());
    std::sort(written.begin(), written.end());
    std::printf("%-58s %10.0f %10.0f %9.0f %9.2f %9.2f\n", what, updates[updates.size() / 2],
                written[written.size() / 2], merged, own_seconds / all_written * 1e6,
                server_seconds / all_written * 1e6);
  }
};

void add_ticker(event_batch& batch, const listing* where, int round) {
  auto body = tests::full_ticker();
  body.last_price = decimal{round, -2};
  batch.events.push_back(tests::sample_event(where, "k", body));
}

void add_open_interest(event_batch& batch, const listing* where, int round) {
  batch.events.push_back(tests::sample_event(where, "o", open_interest{decimal{round, -2}, {}}));
}

void add_quote(event_batch& batch, const listing* where, int round) {
  const decimal price{6'123'410 + round, -2};
  batch.events.push_back(tests::sample_event(
      where, "q", quote{price, decimal{120, -2}, decimal{price.mantissa + 10, -2}, decimal{3, 0}}));
}

void add_book(event_batch& batch, const listing* where, int round) {
  tests::append_book(batch, where, std::to_string(round), round == 0, round == 0 ? 25 : 2);
}

void add_trade(event_batch& batch, const listing* where, int round) {
  batch.events.push_back(tests::sample_trade(where, std::to_string(round)));
}

int run(int instruments, int rounds) {
  if (!tests::redis_server::is_installed()) {
    std::fprintf(stderr, "no redis-server\n");
    return 1;
  }
  const tests::redis_server server;
  listing_registry registry;
  const auto where = make_listings(registry, instruments);
  const auto interest = make_batches(where, 200, add_open_interest);
  const auto tickers = make_batches(where, 100, add_ticker);
  const auto quotes = make_batches(where, 50, add_quote);
  const auto books = make_batches(where, 30, add_book);
  const auto trades = make_batches(where, 200, add_trade);
  const auto turn = static_cast<std::size_t>((instruments + 999) / 1'000);
  measure one{"open interest: one value an event, each written"};
  measure two{"tickers: one value an event, each written"};
  measure three{"quotes and features: two values an event, each written"};
  measure four{"books of ten levels, quotes, features: each written"};
  measure merging{"trades, candles, features: as fast as they come, merged"};
  for (int round = 0; round < rounds; ++round) {
    one.run(server, interest, turn);
    two.run(server, tickers, turn);
    three.run(server, quotes, turn);
    four.run(server, books, turn);
    merging.run(server, trades, 0);
  }
  std::printf("%-58s %10s %10s %9s %9s %9s\n", "Redis", "updates/s", "written/s", "merged",
              "own us", "server us");
  for (auto* each : {&one, &two, &three, &four, &merging}) each->print();
  return 0;
}

}  // namespace
}  // namespace feedtree

int main(int argc, char** argv) {
  const int instruments = argc > 1 ? std::atoi(argv[1]) : 2'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  return feedtree::run(instruments, rounds);
}
