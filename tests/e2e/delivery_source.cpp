// A source of numbered trades in front of the real delivery: distributor, journal and sinks under
// their supervisor. The kill tests run it, kill it at any moment and run it again.
//
// delivery_source FOLDER SINK FIRST COUNT BATCH
//   FOLDER  holds the journal, and `accepted`: how many trades the distributor has acknowledged
//   SINK    KIND:TARGET, which spools; FIRST and COUNT: the numbers of the trades to send
// Ends when the sink has everything, and prints what it did. COUNT 0 only hands over what the
// journal has.
#include <fcntl.h>
#include <unistd.h>

#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "actors/failure.hpp"
#include "actors/outbox.hpp"
#include "actors/sink_children.hpp"
#include "actors/system.hpp"
#include "core/checksum.hpp"

namespace feedtree::actors {
namespace {

constexpr std::uint64_t window_events = 4'096;

struct arguments {
  std::string folder;
  std::string sink;
  std::uint64_t first = 1;
  std::uint64_t count = 0;
  std::uint64_t batch = 7;
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
  plan.durable = true;
  plan.cursor = plan.name;
  return plan;
}

class delivery {
 public:
  delivery(caf::actor_system& system, const arguments& what, listing_registry& registry)
      : self_(system),
        what_(what),
        where_(registry.intern("kraken", *parse_instrument("BTC-USD"), "BTC/USD")),
        accepted_(what.folder + "/accepted") {
    start(system, registry);
  }

  int run() {
    for (std::uint64_t sent = 0; sent < what_.count;) {
      const auto size = std::min(what_.batch, what_.count - sent);
      push(what_.first + sent, size);
      sent += size;
      pump();
      while (!box_.is_clear()) receive_one();
    }
    while (!box_.is_done()) receive_one();
    self_->send(supervisor_, stop_atom::value);
    while (!down_) receive_one();
    const auto counters = counters_->sinks().front().counters;
    std::printf("sent %llu delivered %llu duplicates %llu\n",
                static_cast<unsigned long long>(what_.count),
                static_cast<unsigned long long>(counters.delivered),
                static_cast<unsigned long long>(counters.duplicates));
    return failure_.empty() ? 0 : 1;
  }

 private:
  void start(caf::actor_system& system, listing_registry& registry) {
    std::vector<sink_plan> plans{plan_of(what_.sink)};
    counters_ = std::make_shared<statistics>(std::vector<std::string>{plans[0].name});
    table_ = std::make_shared<sink_table>(1);
    sink_services services;
    services.table = table_;
    services.counters = counters_;
    services.random = make_random_source();
    services.grace_ms = 120'000;
    services.credit = {window_events, std::uint64_t{16} << 20};
    auto open = open_sinks(plans, 10'000);
    storage::journal_options options;
    options.path = what_.folder + "/journal";
    auto journal = open_journal(
        [options, &registry] { return std::make_unique<storage::journal>(options, registry); },
        plans, open);
    supervisor_ = caf::actor_cast<child_actor>(
        system.spawn(supervisor_behavior,
                     delivery_supervisor(plans, std::move(open), std::move(journal), services)));
    self_->monitor(supervisor_);
    table_->listen(caf::actor(self_.ptr()));
    distributor_ = table_->distributor();
    std::printf("ready\n");
    std::fflush(stdout);
  }

  void push(std::uint64_t first, std::uint64_t size) {
    auto batch = std::make_shared<event_batch>();
    for (auto number = first; number < first + size; ++number) {
      event what;
      what.where = where_;
      what.exchange_ns = static_cast<std::int64_t>(number);
      what.receive_ns = static_cast<std::int64_t>(number);
      what.key.append(number);
      what.body = trade{{static_cast<std::int64_t>(number), 0}, {1, 0}, trade_side::buy};
      batch->events.push_back(what);
    }
    const auto bytes = batch->bytes();
    last_of_batch_.push_back(first + size - 1);
    box_.push(batch_ptr(std::move(batch)), size, bytes);
  }

  void pump() {
    if (distributor_ == nullptr) return;
    box_.pump([&](std::uint64_t sequence, const batch_ptr& batch) {
      self_->send(distributor_, batch_atom::value, sequence, batch);
    });
  }

  void acknowledged(std::uint64_t sequence) {
    if (box_.acknowledge(sequence)) accepted_.set(last_of_batch_[sequence - 1]);
    pump();
  }

  void receive_one() {
    self_->receive([this](ack_atom, std::uint64_t sequence) { acknowledged(sequence); },
                   [this](sinks_atom) {
                     const auto now = table_->distributor();
                     if (now != distributor_) box_.take_back();
                     distributor_ = now;
                     pump();
                   },
                   [this](const caf::down_msg& down) {
                     down_ = true;
                     failure_ = failure_text(down.reason);
                     if (!failure_.empty()) std::fprintf(stderr, "%s\n", failure_.c_str());
                     table_->release();
                   });
  }

  caf::scoped_actor self_;
  const arguments& what_;
  const listing* where_;
  accepted_file accepted_;
  std::shared_ptr<sink_table> table_;
  std::shared_ptr<statistics> counters_;
  child_actor supervisor_;
  distributor_actor distributor_;
  outbox<batch_ptr> box_{{window_events, std::uint64_t{16} << 20}};
  std::vector<std::uint64_t> last_of_batch_;
  std::string failure_;
  bool down_ = false;
};

int run(const arguments& what) {
  listing_registry registry;
  system_config configuration;
  caf::actor_system system(configuration);
  try {
    return delivery(system, what, registry).run();
  } catch (const sink_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace feedtree::actors

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: delivery_source FOLDER SINK FIRST COUNT BATCH\n");
    return 2;
  }
  feedtree::actors::arguments what{argv[1], argv[2], std::strtoull(argv[3], nullptr, 10),
                                   std::strtoull(argv[4], nullptr, 10),
                                   std::strtoull(argv[5], nullptr, 10)};
  return feedtree::actors::run(what);
}
