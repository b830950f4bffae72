// A server link without a server: what a service sends stands in a list, and time is told.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "adapters/simulator/server.hpp"

namespace feedtree::tests {

class fake_link : public simulator::server_link {
 public:
  bool send(simulator::client_id to, std::string frame) override {
    if (gone.contains(to)) return false;
    sent[to].push_back(std::move(frame));
    return true;
  }
  void close(simulator::client_id who) override { closed.insert(who); }
  void cut(simulator::client_id who) override { was_cut.insert(who); }
  void freeze(simulator::client_id who) override { frozen.insert(who); }
  bool has_room(simulator::client_id who) override { return sent[who].size() < room; }
  void run_after(std::int64_t delay_ns, std::function<void()> task) override {
    tasks.emplace(now_ns + delay_ns, std::move(task));
  }

  simulator::clock_function clock() {
    return [this] { return now_ns; };
  }
  // Runs what is due until then, in order.
  void advance_to(std::int64_t until_ns) {
    while (!tasks.empty() && tasks.begin()->first <= until_ns) {
      now_ns = std::max(now_ns, tasks.begin()->first);
      auto task = std::move(tasks.begin()->second);
      tasks.erase(tasks.begin());
      task();
    }
    now_ns = until_ns;
  }

  std::int64_t now_ns = 1'800'000'000'000'000'000;
  std::size_t room = 1'000'000;
  std::map<simulator::client_id, std::vector<std::string>> sent;
  std::set<simulator::client_id> closed;
  std::set<simulator::client_id> gone;
  std::set<simulator::client_id> was_cut;
  std::set<simulator::client_id> frozen;
  std::multimap<std::int64_t, std::function<void()>> tasks;
};

}  // namespace feedtree::tests
