// The real delivery (distributor, journal, sinks under their supervisor) behind a source of
// numbered trades, for the programs that test it.
#pragma once

#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "actors/edges/outbox.hpp"
#include "actors/sink/sink_children.hpp"
#include "actors/supervision/failure.hpp"
#include "actors/system.hpp"
#include "core/checksum.hpp"

namespace feedtree::tests {

class delivery_run {
 public:
  // accepted(number): everything up to this trade is acknowledged by the distributor.
  delivery_run(caf::actor_system& system, listing_registry& registry,
               const std::vector<actors::sink_plan>& plans, const storage::journal_options& journal,
               actors::credit_window credit, std::function<void(std::uint64_t)> accepted = {})
      : self_(system),
        where_(registry.intern("kraken", *parse_instrument("BTC-USD"), "BTC/USD")),
        box_(credit),
        accepted_(std::move(accepted)) {
    start(system, registry, plans, journal, credit);
  }

  actors::statistics& counters() { return *counters_; }
  // Trades that were acknowledged so far.
  std::uint64_t accepted() const { return last_accepted_; }
  std::uint64_t events_on_the_way() const { return box_.events_waiting() + box_.events_sent(); }

  // Hands over a batch of trades with these numbers, and waits while there is no credit.
  void push(std::uint64_t first, std::uint64_t size) {
    auto batch = std::make_shared<event_batch>();
    for (auto number = first; number < first + size; ++number) {
      batch->events.push_back(trade_of(number));
    }
    const auto bytes = batch->bytes();
    last_of_batch_.push_back(first + size - 1);
    box_.push(batch_ptr(std::move(batch)), size, bytes);
    pump();
    while (!box_.is_clear()) receive_one();
  }
  // Takes what has come from the delivery, until this time at the latest.
  void receive_until(std::chrono::steady_clock::time_point deadline) {
    while (std::chrono::steady_clock::now() < deadline) receive_for(deadline);
  }
  // Waits until everything is acknowledged.
  void wait_for_acceptance() {
    while (!box_.is_done()) receive_one();
  }
  // Stops everything; returns when the sinks have what they get. False: with a failure, which was
  // printed.
  bool stop() {
    self_->send(supervisor_, actors::stop_atom::value);
    while (!down_) receive_one();
    return failure_.empty();
  }

 private:
  void start(caf::actor_system& system, listing_registry& registry,
             const std::vector<actors::sink_plan>& plans, const storage::journal_options& options,
             actors::credit_window credit) {
    std::vector<std::string> names;
    for (const auto& plan : plans) names.push_back(plan.name);
    counters_ = std::make_shared<actors::statistics>(names);
    table_ = std::make_shared<actors::sink_table>(plans.size());
    actors::sink_services services;
    services.table = table_;
    services.counters = counters_;
    services.random = actors::make_random_source();
    services.grace_ms = 120'000;
    services.credit = {credit.events / 2, credit.bytes / 2};
    auto open = actors::open_sinks(plans, 10'000);
    auto journal = actors::open_journal(
        [options, &registry] { return std::make_unique<storage::journal>(options, registry); },
        plans, open);
    supervisor_ = caf::actor_cast<actors::child_actor>(system.spawn(
        actors::supervisor_behavior,
        actors::delivery_supervisor(plans, std::move(open), std::move(journal), services)));
    self_->monitor(supervisor_);
    table_->listen(caf::actor(self_.ptr()));
    distributor_ = table_->distributor();
    std::printf("ready\n");
    std::fflush(stdout);
  }

  event trade_of(std::uint64_t number) const {
    event what;
    what.where = where_;
    what.exchange_ns = static_cast<std::int64_t>(number);
    what.receive_ns = static_cast<std::int64_t>(number);
    what.key.append(number);
    what.body = trade{{static_cast<std::int64_t>(number), 0}, {1, 0}, trade_side::buy};
    return what;
  }

  void pump() {
    if (distributor_ == nullptr) return;
    box_.pump([&](std::uint64_t sequence, const batch_ptr& batch) {
      self_->send(distributor_, actors::batch_atom::value, sequence, batch);
    });
  }

  void acknowledged(std::uint64_t sequence) {
    if (box_.acknowledge(sequence)) {
      last_accepted_ = last_of_batch_[sequence - 1 - forgotten_];
      if (accepted_) accepted_(last_accepted_);
    }
    for (; forgotten_ < sequence; ++forgotten_) last_of_batch_.pop_front();
    pump();
  }

  void sinks_changed() {
    const auto now = table_->distributor();
    if (now != distributor_) box_.take_back();
    distributor_ = now;
    pump();
  }

  void ended(const caf::down_msg& down) {
    down_ = true;
    failure_ = actors::failure_text(down.reason);
    if (!failure_.empty()) std::fprintf(stderr, "%s\n", failure_.c_str());
    table_->release();
  }

  void receive_one() {
    self_->receive([this](actors::ack_atom, std::uint64_t sequence) { acknowledged(sequence); },
                   [this](actors::sinks_atom) { sinks_changed(); },
                   [this](const caf::down_msg& down) { ended(down); });
  }
  void receive_for(std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    self_->receive([this](actors::ack_atom, std::uint64_t sequence) { acknowledged(sequence); },
                   [this](actors::sinks_atom) { sinks_changed(); },
                   [this](const caf::down_msg& down) { ended(down); },
                   caf::after(std::max(left, std::chrono::milliseconds(1))) >> [] {});
  }

  caf::scoped_actor self_;
  const listing* where_;
  std::shared_ptr<actors::sink_table> table_;
  std::shared_ptr<actors::statistics> counters_;
  actors::child_actor supervisor_;
  actors::distributor_actor distributor_;
  actors::outbox<batch_ptr> box_;
  std::function<void(std::uint64_t)> accepted_;
  std::deque<std::uint64_t> last_of_batch_;  // by sequence, behind those that are forgotten
  std::uint64_t forgotten_ = 0;
  std::uint64_t last_accepted_ = 0;
  std::string failure_;
  bool down_ = false;
};

}  // namespace feedtree::tests
