// A supervisor whose children note when they start and stop, on the test coordinator.
#pragma once

#include <gtest/gtest.h>

#include <caf/exit_reason.hpp>
#include <caf/stateful_actor.hpp>
#include <map>
#include <set>

#include "actors/supervision/supervisor.hpp"
#include "tests/actors/test_system.hpp"

namespace feedtree::tests {

// How a child takes its actors::stop_atom.
enum class on_stop : std::uint8_t { quits, ignores, fails };

class supervised : public testing::Test {
 protected:
  void SetUp() override {
    options.name = "top";
    options.restart = {3, 60'000, {100, 1'000}};
    options.now_ms = [this] { return system.now_ms(); };
    options.random = highest_random();
  }

  actors::child_spec spec_of(const std::string& name) {
    actors::child_spec spec{name, [this, name](auto*) { return spawn_child(name); }, 1'000, kind};
    spec.keeps_trying = keep_trying.contains(name);
    return spec;
  }

  void start(const std::vector<std::string>& children) { start(children, children); }
  // Of the children only these are to be started.
  void start(const std::vector<std::string>& children, const std::vector<std::string>& at_once) {
    for (const auto& name : children) options.children.push_back(spec_of(name));
    supervisor = system.spawn(actors::supervisor_behavior, options);
    system.run();
    over.emplace(system, supervisor);
    EXPECT_EQ(take_log(), started(at_once));
  }

  actors::child_actor spawn_child(const std::string& name) {
    log.push_back("start " + name);
    const auto handle = system.system().spawn(
        [this](actors::child_actor::pointer self, const std::string& own) {
          return actors::child_actor::behavior_type{[this, name = own, self](actors::stop_atom) {
            log.push_back("stop " + name);
            if (stops[name] == on_stop::quits) self->quit();
            if (stops[name] == on_stop::fails) self->quit(actors::failure_error("stopped badly"));
          }};
        },
        name);
    system.know(handle);
    running[name] = handle;
    return handle;
  }

  void fail(const std::string& name, const caf::error& reason = actors::failure_error("broken")) {
    system.end(running[name], reason);
  }
  void add(const std::string& name, const std::string& behind = {}) {
    caf::anon_send(supervisor, actors::add_atom::value,
                   std::make_shared<const actors::child_spec>(spec_of(name)), behind);
    system.run();
  }
  void remove(const std::string& name) {
    caf::anon_send(supervisor, actors::remove_atom::value, name);
    system.run();
  }
  void stop() {
    caf::anon_send(supervisor, actors::stop_atom::value);
    system.run();
  }
  std::vector<std::string> take_log() { return std::exchange(log, {}); }
  static std::vector<std::string> started(const std::vector<std::string>& children) {
    std::vector<std::string> result;
    for (const auto& name : children) result.push_back("start " + name);
    return result;
  }

  std::string kind = "child";
  test_system system;
  actors::supervisor_options options;
  actors::supervisor_actor supervisor;
  std::map<std::string, actors::child_actor> running;
  std::map<std::string, on_stop> stops;
  std::set<std::string> keep_trying;
  std::vector<std::string> log;
  std::optional<ending> over;
};

}  // namespace feedtree::tests
