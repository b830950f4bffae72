#include "actors/sink/archive.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>

#include "actors/log.hpp"
#include "actors/supervision/counted.hpp"
#include "actors/supervision/failure.hpp"

namespace feedtree::actors {
namespace {

using self_pointer = archive_actor::stateful_pointer<archive_state>;
constexpr std::int64_t ms = 1'000'000;
constexpr std::size_t items_max = 1'024;  // at once, so that ticks come between

void report(self_pointer self) {
  auto& state = self->state;
  auto& gauge = *state.options.gauge;
  const auto& c = state.writer->counters();
  const auto load = state.options.intake->now();
  gauge.frames = state.before.frames + c.frames;
  gauge.records = state.before.records + c.records;
  gauge.text_bytes = state.before.text_bytes + c.text_bytes;
  gauge.bytes = state.before.bytes + c.bytes;
  gauge.files_closed = state.before.files_closed + c.files_closed;
  gauge.files_open = state.writer->files_open();
  gauge.dropped = load.dropped;
  gauge.queue_bytes = load.bytes;
  gauge.failing = !state.last_error.empty();
}

// An actor of before counted in the same gauge.
void begin_to_count(archive_state& state) {
  const auto& gauge = *state.options.gauge;
  state.before.frames = gauge.frames;
  state.before.records = gauge.records;
  state.before.text_bytes = gauge.text_bytes;
  state.before.bytes = gauge.bytes;
  state.before.files_closed = gauge.files_closed;
}

void note_failure(self_pointer self, const storage::archive_error& error) {
  auto& state = self->state;
  if (state.last_error != error.what()) {
    log::error(state.options.name, std::string(error.what()) +
                                       "; frames wait, and are dropped and counted where there is "
                                       "no room for them: live data goes on");
  }
  state.last_error = error.what();
  if (std::exchange(state.failing, true)) return;
  self->delayed_send(self, std::chrono::milliseconds(state.options.retry_ms), retry_atom::value);
}

void note_success(self_pointer self) {
  auto& state = self->state;
  if (state.last_error.empty()) return;
  log::info(state.options.name, "can be written again; " +
                                    std::to_string(state.options.intake->now().dropped) +
                                    " frames found no room since the start");
  state.last_error.clear();
}

// Writes the item in front, from the frame on that was not taken yet.
void write_front(archive_state& state, const archive_item& item) {
  storage::archive_line line;
  line.type = item.type;
  line.connection = item.connection;
  line.url = item.url;
  if (item.frames == nullptr) {
    line.text = item.text;
    line.receive_ns = item.receive_ns;
    line.count = item.count;
    state.writer->add(item.venue, line);
    return;
  }
  for (; state.frame < item.frames->size(); ++state.frame) {
    const auto& frame = (*item.frames)[state.frame];
    line.text = frame.text;
    line.receive_ns = frame.receive_ns;
    state.writer->add(item.venue, line);
  }
}

// True if nothing waits any more.
bool write_some(archive_state& state, std::size_t most) {
  for (std::size_t done = 0; done < most; ++done) {
    const auto item = state.options.intake->front();
    if (item == nullptr) return true;
    write_front(state, *item);
    state.frame = 0;
    state.options.intake->pop();
  }
  return false;
}

void drain(self_pointer self) {
  auto& state = self->state;
  if (state.failing) return;
  try {
    // What could not be written comes first: only then is the disk known to take something again.
    if (!state.last_error.empty()) state.writer->tick(state.options.now_ns());
    if (!write_some(state, items_max)) self->send(self, frames_atom::value);
    note_success(self);
  } catch (const storage::archive_error& error) {
    note_failure(self, error);
  }
}

void remove_old(self_pointer self) {
  auto& state = self->state;
  const auto now = state.options.now_ns();
  auto options = state.options.retention;
  const bool wanted = options.age_ns != 0 || options.bytes_max != 0;
  if (!wanted || now < state.retention_due_ns) return;
  state.retention_due_ns = now + state.options.retention_ms * ms;
  options.is_in_use = [&state](const auto& folder) { return state.writer->is_in_use(folder); };
  const auto result = storage::apply_retention(state.writer->options().root, options, now);
  state.options.gauge->hours_removed += result.removed.size();
  for (const auto& folder : result.removed) log::info(state.options.name, "removed " + folder);
}

void tick(self_pointer self) {
  auto& state = self->state;
  self->delayed_send(self, std::chrono::milliseconds(state.options.tick_ms), timer_atom::value);
  if (!state.failing) {
    try {
      state.writer->tick(state.options.now_ns());
      remove_old(self);
    } catch (const storage::archive_error& error) {
      note_failure(self, error);
    }
  }
  report(self);
}

void stop(self_pointer self) {
  auto& state = self->state;
  try {
    while (!write_some(state, items_max)) continue;
    state.writer->close();
    report(self);
    self->quit();
  } catch (const storage::archive_error& error) {
    log::error(state.options.name, std::string(error.what()) + "; stopped with " +
                                       std::to_string(state.options.intake->now().frames) +
                                       " records that could not be written");
    report(self);
    self->quit(failure_error("stopped with frames that the archive had not written"));
  }
}

void recover(const archive_actor_options& options) {
  const auto& archive = options.archive;
  for (const auto& line : storage::recover_archive(archive.root, archive.key, archive.level)) {
    log::warning(options.name, line);
  }
}

void watch_intake(const archive_actor_options& options) {
  const std::weak_ptr<archive_intake> intake = options.intake;
  const auto name = options.name + " inbox";
  options.counters->watch_edge(name, [name, intake]() -> std::optional<edge_statistics> {
    const auto there = intake.lock();
    if (there == nullptr) return {};
    const auto now = there->now();
    return edge_statistics{
        name,        now.frames,     now.bytes, now.bounds.frames, now.bounds.bytes,
        now.dropped, now.times_full, now.full};
  });
}

}  // namespace

archive_actor::behavior_type archive_behavior(self_pointer self, archive_actor_options options) {
  auto& state = self->state;
  state.options = std::move(options);
  fail_on_exception(self, state.options.name);
  state.writer = std::make_unique<storage::archive_writer>(state.options.archive);
  recover(state.options);
  begin_to_count(state);
  watch_intake(state.options);
  state.options.intake->read_by(caf::actor_cast<caf::actor_addr>(archive_actor{self}));
  self->send(self, frames_atom::value);
  self->send(self, timer_atom::value);
  return {
      [self](frames_atom) { drain(self); },
      [self](retry_atom) {
        self->state.failing = false;
        drain(self);
      },
      [self](timer_atom) { tick(self); },
      [self](stop_atom) { stop(self); },
  };
}

std::optional<archive_actor_options> plan_archive(const config::archive_config& config) {
  if (config.path.empty()) return {};
  archive_actor_options result;
  auto& archive = result.archive;
  archive.root = config.path;
  archive.rotate_after_ns = config.rotate_after_ms * ms;
  archive.rotate_bytes = config.rotate_size_bytes;
  archive.block_bytes = config.block_size_bytes;
  archive.flush_ns = config.flush_interval_ms * ms;
  archive.level = config.level;
  if (!config.key.empty()) archive.key = storage::parse_archive_key(config.key);
  result.retention.age_ns = config.retention_age_ms * ms;
  result.retention.bytes_max = config.retention_size_bytes;
  result.retention.only_uploaded = config.retention_only_uploaded;
  archive_bounds bounds;
  bounds.bytes = config.queue_size_bytes;
  result.gauge = std::make_shared<archive_gauge>();
  result.intake = std::make_shared<archive_intake>(bounds);
  const storage::archive_writer check(archive);
  return result;
}

child_spec archive_child(archive_actor_options options, std::shared_ptr<actor_gauge> gauge,
                         std::int64_t grace_ms) {
  return {"archive",
          [options = std::move(options), gauge](caf::scheduled_actor* parent) {
            return caf::actor_cast<child_actor>(
                spawn_counted<caf::detached>(parent, gauge, archive_behavior, options));
          },
          grace_ms, "archive"};
}

}  // namespace feedtree::actors
