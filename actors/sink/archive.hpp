// The actor that writes the archive: disk work, on a thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "actors/interfaces.hpp"
#include "actors/sink/archive_gauge.hpp"
#include "actors/sink/archive_intake.hpp"
#include "actors/statistics.hpp"
#include "actors/supervision/supervisor.hpp"
#include "config/config.hpp"
#include "storage/archive_tree.hpp"
#include "storage/archive_writer.hpp"

namespace feedtree::actors {

// Writes what venues sent, as it came.
using archive_actor = caf::typed_actor<
    // From the intake, or itself: something waits there.
    caf::reacts_to<frames_atom>,
    // To itself: try again what the disk did not take.
    caf::reacts_to<retry_atom>,
    // To itself: blocks that have waited are due, files are old.
    caf::reacts_to<timer_atom>,
    // From its supervisor: write what waits, close all files, quit.
    caf::reacts_to<stop_atom>>;

struct archive_actor_options {
  std::string name = "archive";
  std::shared_ptr<archive_intake> intake;
  storage::archive_options archive;
  storage::retention_options retention;
  std::shared_ptr<archive_gauge> gauge;
  std::shared_ptr<statistics> counters;  // shows the queue
  std::function<std::int64_t()> now_ns;
  std::int64_t tick_ms = 100;
  std::int64_t retry_ms = 500;         // when the disk takes nothing
  std::int64_t retention_ms = 60'000;  // how often what is old is looked for
};

struct archive_state {
  archive_actor_options options;
  std::unique_ptr<storage::archive_writer> writer;
  std::size_t frame = 0;  // of the item in front: the next one to write
  bool failing = false;
  std::string last_error;
  std::int64_t retention_due_ns = 0;
  storage::archive_counters before;  // what earlier ones counted
};

archive_actor::behavior_type archive_behavior(archive_actor::stateful_pointer<archive_state> self,
                                              archive_actor_options options);

// From the configuration; nothing where it has no archive. Makes the folder and locks it for a
// moment: a start that cannot write its archive fails early, with storage::archive_error; likewise
// where the key is none.
std::optional<archive_actor_options> plan_archive(const config::archive_config& config);

// The archive under its supervisor.
child_spec archive_child(archive_actor_options options, std::shared_ptr<actor_gauge> gauge,
                         std::int64_t grace_ms);

}  // namespace feedtree::actors
