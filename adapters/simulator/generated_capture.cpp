#include <stdexcept>
#include <utility>

#include "adapters/simulator/generator.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t tick_ns = 100'000'000;
constexpr std::uint64_t steps_before_rest = 20;
constexpr std::uint64_t silent_steps_max = 10'000;

// A client that subscribed to everything, and what it hears.
class recorded_client {
 public:
  recorded_client(const venue_simulator& venue, const generated_capture_options& options,
                  const std::function<void(const capture_frame&)>& sink)
      : venue_(venue),
        options_(options),
        sink_(sink),
        markets_(make_markets(venue, options.instruments, options.seed, options.start_ns)),
        random_(options.seed, "recorded client"),
        now_ns_(options.start_ns),
        ticked_ns_(options.start_ns) {}

  void run() {
    connect();
    for (std::uint64_t steps = 0; frames_ < options_.frames; ++steps) {
      if (steps == silent_steps_max && frames_ == subscribed_frames_) {
        throw std::logic_error("the simulated venue says nothing");
      }
      if (steps == steps_before_rest) ask_after();
      step();
      if (now_ns_ - ticked_ns_ >= tick_ns) tick();
    }
  }

 private:
  struct connection {
    std::string name;
    std::string url;
    client_script script;
    std::unique_ptr<protocol> side;
  };

  void connect() {
    for (auto& script : venue_.scripts(markets_)) {
      for (const auto& target : script.rest_before) ask(target);
      connection made{std::string(venue_.name()) + ".ws." + std::to_string(connections_.size() + 1),
                      venue_.websocket_url() + script.target, std::move(script),
                      venue_.make_protocol(markets_)};
      made.side->on_connected(made.script.target, now_ns_, pending_);
      for (const auto& frame : made.script.subscribe) {
        made.side->on_client_frame(frame, now_ns_, pending_);
      }
      record(made);
      connections_.push_back(std::move(made));
    }
    subscribed_frames_ = frames_;
  }

  void ask_after() {
    for (const auto& client : connections_) {
      for (const auto& target : client.script.rest_after) ask(target);
    }
  }

  void ask(const std::string& target) {
    auto answer = venue_.rest("GET", target, markets_, now_ns_);
    if (answer.status != 200) throw std::logic_error("no answer to GET " + target);
    sink_({{}, venue_.rest_url() + target, std::move(answer.body), receive_ns(), true});
  }

  // Markets move now and then; a step is two frames, about.
  void step() {
    const auto between_ns = 2 * second_ns / std::max<std::int64_t>(options_.frames_per_s, 1);
    now_ns_ += random_.between(between_ns / 2, between_ns * 3 / 2);
    const auto which = random_.below(static_cast<std::int64_t>(markets_.size()));
    auto& what = markets_.at(static_cast<std::size_t>(which));
    const auto& change = what.step(now_ns_);
    for (auto& client : connections_) {
      client.side->on_step(what, change, pending_);
      record(client);
    }
  }

  void tick() {
    ticked_ns_ = now_ns_;
    for (auto& client : connections_) {
      client.side->on_tick(now_ns_, pending_);
      record(client);
    }
  }

  void record(const connection& from) {
    for (auto& text : pending_) {
      if (frames_ < options_.frames) {
        sink_({from.name, from.url, std::move(text), receive_ns(), false});
        ++frames_;
      }
    }
    pending_.clear();
  }

  // A few milliseconds of way, and never before what came before.
  std::int64_t receive_ns() {
    received_ns_ = std::max(received_ns_ + 1, now_ns_ + random_.between(1'000'000, 3'000'000));
    return received_ns_;
  }

  const venue_simulator& venue_;
  const generated_capture_options& options_;
  const std::function<void(const capture_frame&)>& sink_;
  market_set markets_;
  random_source random_;
  std::vector<connection> connections_;
  frames pending_;
  std::uint64_t frames_ = 0;
  std::uint64_t subscribed_frames_ = 0;  // of them: before the first step
  std::int64_t now_ns_;
  std::int64_t ticked_ns_;
  std::int64_t received_ns_ = 0;
};

}  // namespace

void generate_capture(const venue_simulator& venue, const generated_capture_options& options,
                      const std::function<void(const capture_frame&)>& sink) {
  if (options.instruments.empty()) throw std::invalid_argument("the simulator needs an instrument");
  recorded_client(venue, options, sink).run();
}

}  // namespace feedtree::simulator
