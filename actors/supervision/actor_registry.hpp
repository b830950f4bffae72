// Which actors there are and how they do, for those who show them or want one restarted. No CAF:
// supervisors write, any thread reads.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/supervision/latency_histogram.hpp"

namespace feedtree::actors {

enum class actor_standing : std::uint8_t {
  running,
  restarting,  // it failed, or must go with one that did, and is started again
  stopping,
  stopped,
  failed,  // for good: nobody starts it again
  paused,  // an operator stopped it, and it waits for another
};
// "running", "restarting", ...
std::string_view to_string(actor_standing standing);

// What one actor counts while it works, over all its restarts. Anyone may read.
struct actor_gauge {
  std::atomic<std::uint64_t> messages_handled{0};
  std::atomic<std::uint64_t> mailbox_depth{0};  // messages that wait
  latency_histogram handling;                   // time of one message
};

struct actor_info {
  std::string path;  // from the root on: "root/venues/kraken/connection-1"
  std::string kind;  // "supervisor", "venue", "validator", "book", "connection", "sink", ...
  actor_standing state = actor_standing::stopped;
  std::int64_t since_ns = 0;   // when it came to be in this state, nanoseconds since 1970
  std::uint64_t restarts = 0;  // starts after the first one
  std::string last_error;      // why it failed last; empty: it never did
  std::int64_t last_error_ns = 0;
  std::size_t failures_lately = 0;    // within the last five minutes; at most 16 are counted
  std::int64_t failing_since_ns = 0;  // the first of them; 0: there is none
  bool restartable = false;           // restart() would ask its supervisor
  bool pausable = false;              // set_paused() would
  std::uint64_t messages_handled = 0;
  std::uint64_t mailbox_depth = 0;
  latency_counts handling{};  // time of one message
};

// Thread-safe. What it tells of an actor stays when the actor is down, until it is removed.
class actor_registry {
 public:
  // The clock gives nanoseconds since 1970.
  explicit actor_registry(std::function<std::int64_t()> now_ns) : now_ns_(std::move(now_ns)) {}

  // All actors, each before those below it.
  std::vector<actor_info> all() const;
  std::optional<actor_info> find(std::string_view path) const;
  // Asks the actor's supervisor to stop it and to start it again, with those that depend on it;
  // does not wait for it. False if there is no such actor, or nobody who would restart it.
  bool restart(std::string_view path) const;
  // Whether an actor of this kind can be paused: venues, connections and sinks, which others do
  // without.
  static bool is_pausable(std::string_view kind);
  // Asks the supervisor to stop it until it is resumed, or to start it again; does not wait for it.
  // It stays paused over restarts of its supervisor. False as in restart, or where its kind cannot
  // be paused.
  bool set_paused(std::string_view path, bool is_paused);
  // An actor that need not be there yet is not started until it is resumed; one that is there is
  // stopped.
  void keep_paused(const std::string& path);
  bool is_paused(std::string_view path) const;

  // For supervisors. An actor that is known already keeps its counts; `restart` may be empty.
  void add(const std::string& path, std::string_view kind, std::function<void()> restart);
  void started(const std::string& path);
  void set_state(const std::string& path, actor_standing standing);
  // It ended of itself, and what happens now: restarting or failed.
  void failed(const std::string& path, std::string error, actor_standing standing);
  // Forgets it and all below it.
  void remove(std::string_view path);
  // Where the actor of this path counts, whether it is added already or not.
  std::shared_ptr<actor_gauge> gauge(const std::string& path);

 private:
  // Puts "a/b" before "a-b", so that an actor stands before those below it and they stay together.
  struct tree_order {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const;
  };
  struct entry {
    actor_info info;
    std::uint64_t starts = 0;
    std::deque<std::int64_t> failures_ns;
    bool added = false;
    bool is_paused = false;
    std::function<void()> restart;
    std::shared_ptr<actor_gauge> gauge = std::make_shared<actor_gauge>();
  };
  actor_info info_of(const entry& what) const;
  entry& entry_of(const std::string& path);
  void put(entry& what, actor_standing standing);

  mutable std::mutex mutex_;
  std::function<std::int64_t()> now_ns_;
  std::map<std::string, entry, tree_order> entries_;
};

}  // namespace feedtree::actors
