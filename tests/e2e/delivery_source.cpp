// A source of numbered trades in front of the real delivery: distributor, journal and sinks under
// their supervisor. The kill tests run it, kill it at any moment and run it again.
//
// delivery_source FOLDER SINKS FIRST COUNT BATCH [RATE [AT_LIMIT BYTES]]
//   FOLDER  holds the journal, and `accepted`: how many trades the distributor has acknowledged
//   SINKS   KIND:TARGET, several with commas between, which spool
//   FIRST and COUNT: the numbers of the trades to send, RATE of them a second (0: what can be)
//   AT_LIMIT is block or drop_oldest, when the journal has so many BYTES
// Ends when the sinks have everything, and prints what it did. COUNT 0 only hands over what the
// journal has.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/e2e/delivery_run.hpp"

namespace feedtree::actors {
namespace {

constexpr std::uint64_t window_events = 4'096;

struct arguments {
  std::string folder;
  std::string sinks;
  std::uint64_t first = 1;
  std::uint64_t count = 0;
  std::uint64_t batch = 7;
  std::uint64_t rate = 0;
  std::string at_limit = "block";
  std::uint64_t journal_bytes = storage::journal_options{}.bytes_max;
};

// Overwrites the number in place: what was written stays when the process is killed.
class accepted_file {
 public:
  explicit accepted_file(const std::string& path)
      : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) {}
  ~accepted_file() { close(file_); }
  accepted_file(const accepted_file&) = delete;
  accepted_file& operator=(const accepted_file&) = delete;
  void set(std::uint64_t number) {
    char text[32];
    const int size =
        std::snprintf(text, sizeof text, "%020llu\n", static_cast<unsigned long long>(number));
    if (pwrite(file_, text, static_cast<std::size_t>(size), 0) != size) std::abort();
  }

 private:
  int file_;
};

sink_plan plan_of(const std::string& spec) {
  sink_plan plan;
  plan.name = spec.substr(0, spec.find(':'));
  plan.make = [spec] {
    sink_context context;
    context.now_ns = wall_ns;
    context.epoch = make_epoch();
    context.insecure = true;
    return make_sink(spec, context);
  };
  plan.policy = sink_policy::spool;
  plan.durable = plan.name != "nats";
  plan.cursor = plan.name;
  return plan;
}

std::vector<sink_plan> plans_of(const std::string& specs) {
  std::vector<sink_plan> plans;
  for (std::size_t at = 0; at < specs.size();) {
    const auto end = std::min(specs.find(',', at), specs.size());
    plans.push_back(plan_of(specs.substr(at, end - at)));
    at = end + 1;
  }
  return plans;
}

void send(tests::delivery_run& delivery, const arguments& what) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t sent = 0; sent < what.count;) {
    const auto size = std::min(what.batch, what.count - sent);
    delivery.push(what.first + sent, size);
    sent += size;
    if (what.rate == 0) continue;
    delivery.receive_until(begin + std::chrono::microseconds(sent * 1'000'000 / what.rate));
  }
  delivery.wait_for_acceptance();
}

storage::journal_options journal_of(const arguments& what) {
  storage::journal_options options;
  options.path = what.folder + "/journal";
  options.bytes_max = what.journal_bytes;
  if (what.at_limit == "drop_oldest") options.at_limit = storage::journal_limit::drop_oldest;
  return options;
}

int run(const arguments& what) {
  listing_registry registry;
  system_config configuration;
  caf::actor_system system(configuration);
  accepted_file accepted(what.folder + "/accepted");
  try {
    tests::delivery_run delivery(system, registry, plans_of(what.sinks), journal_of(what),
                                 {2 * window_events, std::uint64_t{32} << 20},
                                 [&](std::uint64_t number) { accepted.set(number); });
    send(delivery, what);
    std::printf("accepted %llu\n", static_cast<unsigned long long>(what.count));
    std::fflush(stdout);
    const bool good = delivery.stop();
    for (const auto& sink : delivery.counters().sinks()) {
      std::printf("%s delivered %llu duplicates %llu\n", sink.name.c_str(),
                  static_cast<unsigned long long>(sink.counters.delivered),
                  static_cast<unsigned long long>(sink.counters.duplicates));
    }
    return good ? 0 : 1;
  } catch (const sink_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace feedtree::actors

int main(int argc, char** argv) {
  if (argc != 6 && argc != 7 && argc != 9) {
    std::fprintf(stderr,
                 "usage: delivery_source FOLDER SINKS FIRST COUNT BATCH [RATE [AT_LIMIT BYTES]]\n");
    return 2;
  }
  const auto number = [&](int at) { return std::strtoull(argv[at], nullptr, 10); };
  feedtree::actors::arguments what{argv[1], argv[2], number(3), number(4), number(5)};
  if (argc > 6) what.rate = number(6);
  if (argc > 7) what.at_limit = argv[7];
  if (argc > 7) what.journal_bytes = number(8);
  return feedtree::actors::run(what);
}
