// A sink that stands still while others live on, and what that costs: memory while it stands, and
// the time to catch up behind it.
//
// delivery_load FOLDER BACKLOG PACE LIVE
//   BACKLOG  trades that come while the sink stands still, PACE of them a second (0: what can be)
//   LIVE     trades a second that go on coming while it catches up
// The sink checks that it gets every trade once and in order. Prints one line of JSON.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>

#include "tests/e2e/delivery_run.hpp"

namespace feedtree::tests {
namespace {

using clock = std::chrono::steady_clock;
constexpr std::uint64_t warm_up_trades = 200'000;
constexpr auto tick = std::chrono::milliseconds(10);
constexpr auto look_interval = std::chrono::milliseconds(500);

// What both sinks of this program are: they count, and check the order.
class gate {
 public:
  void close() { set(true); }
  void open() { set(false); }
  void take(const event_batch& batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !closed_; });
    for (const auto& what : batch.events) {
      const auto number = static_cast<std::uint64_t>(what.receive_ns);
      if (number != last_ + 1) in_order_ = false;
      last_ = number;
    }
  }
  std::uint64_t last() const { return last_; }
  bool in_order() const { return in_order_; }

 private:
  void set(bool closed) {
    const std::lock_guard lock(mutex_);
    closed_ = closed;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  std::atomic<std::uint64_t> last_{0};
  std::atomic<bool> in_order_{true};
};

// Stands in write while its gate is closed, as a client of a server does that hangs.
class gated_sink : public sink {
 public:
  explicit gated_sink(gate& at) : gate_(at) {}
  void write(const batch_ptr& batch) override {
    gate_.take(*batch);
    ++counters_.batches;
    counters_.events += batch->events.size();
  }
  void flush() override { counters_.delivered = counters_.events; }
  sink_counters counters() const override { return counters_; }
  void close() override { flush(); }

 private:
  gate& gate_;
  sink_counters counters_;
};

actors::sink_plan plan_of(const std::string& name, gate& at, bool durable) {
  actors::sink_plan plan;
  plan.name = name;
  plan.make = [&at] { return std::make_unique<gated_sink>(at); };
  plan.policy = actors::sink_policy::spool;
  plan.durable = durable;
  plan.cursor = name;
  return plan;
}

std::uint64_t resident_kib() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  file >> pages >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

struct figures {
  std::uint64_t resident_before_kib = 0;
  std::uint64_t resident_most_kib = 0;
  double stalled_s = 0;
  std::uint64_t caught_up = 0;
  double catch_up_s = 0;
};

class load {
 public:
  load(delivery_run& delivery, gate& stalled, gate& live)
      : delivery_(delivery), stalled_(stalled), live_(live) {}

  figures run(std::uint64_t backlog, std::uint64_t pace, std::uint64_t live_rate) {
    figures result;
    send(warm_up_trades, pace);
    wait_for(stalled_);
    result.resident_before_kib = resident_kib();
    stalled_.close();
    const auto begin = clock::now();
    send(backlog, pace,
         [&] { result.resident_most_kib = std::max(result.resident_most_kib, resident_kib()); });
    wait_for(live_);
    result.resident_most_kib = std::max(result.resident_most_kib, resident_kib());
    result.stalled_s = seconds_since(begin);
    catch_up(live_rate, result);
    return result;
  }

 private:
  static double seconds_since(clock::time_point begin) {
    return std::chrono::duration<double>(clock::now() - begin).count();
  }

  void send(std::uint64_t count, std::uint64_t pace, const std::function<void()>& look = {}) {
    const auto begin = clock::now();
    auto next_look = begin;
    const std::uint64_t size = pace == 0 ? 500 : std::clamp<std::uint64_t>(pace / 100, 1, 500);
    for (std::uint64_t sent = 0; sent < count;) {
      push(size);
      sent += size;
      if (look && clock::now() >= next_look) {
        look();
        next_look = clock::now() + look_interval;
      }
      if (pace == 0) continue;
      delivery_.receive_until(begin + std::chrono::microseconds(sent * 1'000'000 / pace));
    }
  }
  void push(std::uint64_t size) {
    delivery_.push(next_, size);
    next_ += size;
  }
  void wait_for(const gate& sink) {
    while (sink.last() != next_ - 1) delivery_.receive_until(clock::now() + tick);
  }

  // Live trades go on at their rate; over when the sink has what was sent a moment ago.
  void catch_up(std::uint64_t live_rate, figures& result) {
    const auto from = stalled_.last();
    const auto begin = clock::now();
    stalled_.open();
    const auto slack = std::max<std::uint64_t>(1, live_rate / 5);
    for (std::uint64_t sent = 0; stalled_.last() + slack < next_;) {
      const auto due =
          static_cast<std::uint64_t>(seconds_since(begin) * static_cast<double>(live_rate));
      if (due > sent) {
        push(due - sent);
        sent = due;
      }
      delivery_.receive_until(clock::now() + tick);
    }
    result.catch_up_s = seconds_since(begin);
    result.caught_up = stalled_.last() - from;
    wait_for(stalled_);
  }

  delivery_run& delivery_;
  gate& stalled_;
  gate& live_;
  std::uint64_t next_ = 1;
};

int run(const std::string& folder, std::uint64_t backlog, std::uint64_t pace,
        std::uint64_t live_rate) {
  listing_registry registry;
  actors::system_config configuration;
  caf::actor_system system(configuration);
  gate stalled;
  gate live;
  // The credit that a server has where its configuration says nothing.
  storage::journal_options journal;
  journal.path = folder + "/journal";
  delivery_run delivery(system, registry,
                        {plan_of("stalled", stalled, true), plan_of("live", live, false)}, journal,
                        {65'536, std::uint64_t{64} << 20});
  const auto result = load(delivery, stalled, live).run(backlog, pace, live_rate);
  const auto edges = delivery.counters().edges();
  const bool good = delivery.stop();
  const auto rate = static_cast<double>(result.caught_up) / result.catch_up_s;
  std::printf(
      "{\"backlog\":%llu,\"stalled_s\":%.1f,\"resident_before_kib\":%llu,"
      "\"resident_most_kib\":%llu,\"growth_kib\":%lld,\"caught_up\":%llu,\"catch_up_s\":%.2f,"
      "\"events_per_s\":%.0f,\"times_live\":%.1f,\"in_order\":%s}\n",
      static_cast<unsigned long long>(backlog), result.stalled_s,
      static_cast<unsigned long long>(result.resident_before_kib),
      static_cast<unsigned long long>(result.resident_most_kib),
      static_cast<long long>(result.resident_most_kib) -
          static_cast<long long>(result.resident_before_kib),
      static_cast<unsigned long long>(result.caught_up), result.catch_up_s, rate,
      rate / static_cast<double>(std::max<std::uint64_t>(1, live_rate)),
      stalled.in_order() && live.in_order() ? "true" : "false");
  return good && stalled.in_order() && live.in_order() ? 0 : 1;
}

}  // namespace
}  // namespace feedtree::tests

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: delivery_load FOLDER BACKLOG PACE LIVE\n");
    return 2;
  }
  const auto number = [&](int at) { return std::strtoull(argv[at], nullptr, 10); };
  try {
    return feedtree::tests::run(argv[1], number(2), number(3), number(4));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
