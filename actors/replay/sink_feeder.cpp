#include "actors/replay/sink_feeder.hpp"

#include <algorithm>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <stdexcept>

#include "actors/sink/sink_children.hpp"
#include "actors/supervision/failure.hpp"
#include "actors/system.hpp"

namespace feedtree::actors {

namespace {

// Whoever reads live subjects and keys must not take a replay for what happens now.
void keep_apart(const std::string& kind, const std::string& prefix, sink_context& out) {
  const bool is_stream = kind == "jetstream";
  if (prefix.empty() || (kind != "nats" && kind != "redis" && !is_stream)) return;
  out.options["prefix"] = prefix;
  if (!is_stream) return;
  auto stream = "MD_" + prefix;
  std::replace(stream.begin(), stream.end(), '.', '_');
  out.options["stream"] = stream;
}

sink_context context_of(const std::string& kind, const std::string& prefix,
                        const std::string& epoch) {
  sink_context result;
  result.now_ns = wall_ns;
  result.epoch = epoch;
  result.insecure = true;
  result.is_replay = true;
  // A file of JSON Lines is this replay and nothing before it.
  if (kind == "jsonl") result.options["overwrite"] = "1";
  keep_apart(kind, prefix, result);
  return result;
}

}  // namespace

template <class Condition>
void sink_feeder::wait_until(Condition&& condition) {
  while (self_->has_next_message()) receive_one();
  while (!condition()) receive_one();
}

sink_feeder::sink_feeder(caf::actor_system& system, const std::vector<std::string>& specs,
                         const feeder_options& options)
    : self_(system), table_(std::make_shared<sink_table>(specs.size())) {
  std::vector<sink_plan> plans;
  std::vector<std::string> names;
  const auto epoch = make_epoch();
  for (const auto& spec : specs) {
    names.push_back(spec.substr(0, spec.find(':')));
    plans.push_back({names.back(), [spec, epoch, kind = names.back(), prefix = options.prefix] {
                       return make_sink(spec, context_of(kind, prefix, epoch));
                     }});
    boxes_.emplace_back(options.credit);
  }
  counters_ = std::make_shared<statistics>(names);
  start(system, plans);
}

void sink_feeder::send(std::shared_ptr<event_batch> batch) {
  if (batch->empty()) return;
  const auto events = batch->events.size();
  const auto bytes = batch->bytes();
  const batch_ptr shared(std::move(batch));
  for (auto& box : boxes_) box.push(shared, events, bytes);
  wait_until([this] { return pump(); });
}

std::vector<replay_result::sink_line> sink_feeder::finish() {
  wait_until([this] {
    pump();
    return std::all_of(boxes_.begin(), boxes_.end(), [](const auto& box) { return box.is_done(); });
  });
  self_->send(supervisor_, stop_atom::value);
  stopping_ = true;
  wait_until([this] { return down_; });
  if (!failure_.empty()) throw std::runtime_error(failure_);
  std::vector<replay_result::sink_line> result;
  for (const auto& line : counters_->sinks()) result.push_back({line.name, line.counters});
  return result;
}

void sink_feeder::start(caf::actor_system& system, const std::vector<sink_plan>& plans) {
  sink_services services;
  services.table = table_;
  services.counters = counters_;
  services.random = make_random_source();
  services.grace_ms = 60'000;
  services.restart = {0, 60'000, {}};  // a sink that fails ends the replay
  supervisor_ = caf::actor_cast<child_actor>(
      system.spawn(supervisor_behavior, sinks_supervisor(plans, open_sinks(plans, 0), services)));
  self_->monitor(supervisor_);
  handles_ = table_->listen(caf::actor(self_.ptr()));
}

// Sends what there is credit for; true if all was sent.
bool sink_feeder::pump() {
  bool clear = true;
  const auto now = table_->all();
  for (std::size_t at = 0; at < boxes_.size(); ++at) {
    handles_[at] = now[at];
    if (handles_[at] == nullptr) {
      clear = false;
      continue;
    }
    boxes_[at].pump([&](std::uint64_t sequence, const batch_ptr& batch) {
      self_->send(handles_[at], batch_atom::value, sequence, batch);
    });
    clear = clear && boxes_[at].is_clear();
  }
  return clear;
}

void sink_feeder::receive_one() {
  self_->receive(
      [this](ack_atom, std::uint64_t sequence) {
        for (std::size_t at = 0; at < handles_.size(); ++at) {
          if (caf::actor_cast<caf::strong_actor_ptr>(handles_[at]) == self_->current_sender()) {
            boxes_[at].acknowledge(sequence);
          }
        }
      },
      [](sinks_atom) {},
      [this](const caf::down_msg& down) {
        down_ = true;
        failure_ = failure_text(down.reason);
        if (!stopping_) {
          throw std::runtime_error(failure_.empty() ? "a sink ended early" : failure_);
        }
      },
      caf::after(std::chrono::milliseconds(20)) >> [] {});
}

}  // namespace feedtree::actors
