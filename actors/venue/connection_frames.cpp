// A connection's frames: decoded in batches, cut by instrument, handed to the books on credit.
#include <algorithm>

#include "actors/supervision/failure.hpp"
#include "actors/venue/connection_parts.hpp"
#include "actors/venue/rejection.hpp"
#include "adapters/venues/schema_watch.hpp"
#include "core/scrub.hpp"

namespace feedtree::actors::connection_parts {
namespace {

constexpr std::size_t excerpt_max = 160;

// Its begin, without secrets that the venue or a proxy may have put there: none is cut in two.
std::string excerpt_of(std::string_view text) {
  return scrub(text.substr(0, 4 * excerpt_max)).substr(0, excerpt_max);
}

// The first, the second, the fourth, ...: a broken feed must not fill the disk with lines.
bool is_told(std::uint64_t count) {
  return (count & (count - 1)) == 0;
}

void quarantine(const connection_state& state, std::string_view reason, const std::string& excerpt,
                std::int64_t receive_ns, event_batch& batch) {
  batch.quarantine.push_back({state.statistics->venue, "", "decode",
                              scrub(state.name + ": " + std::string(reason)), excerpt, receive_ns});
}

void reject(self_pointer self, const venues::raw_frame& frame, event_batch& batch) {
  auto& state = self->state;
  doubt_snapshots(self);
  const auto count = ++state.statistics->frames_rejected;
  if (const auto number = rejected_decimal(state.report.reason); number != decimal_error::none) {
    ++state.statistics->decimals_rejected[static_cast<std::size_t>(number) - 1];
  }
  const auto excerpt = excerpt_of(frame.text);
  quarantine(state, state.report.reason, excerpt, frame.receive_ns, batch);
  if (!is_told(count)) return;
  log::warning(state.name, "rejected a frame (" + std::to_string(count) +
                               " so far): " + state.report.reason + ": " + excerpt);
}

// Fields that the venue has added or left out; the validator judges them by the rule.
void watch_schema(connection_state& state, const venues::raw_frame& frame, event_batch& batch) {
  if (state.schema == nullptr) return;
  std::vector<venues::schema_drift> found;
  state.schema->look(frame.text, found);
  for (const auto& each : found) {
    batch.alerts.push_back({alert_severity::info,
                            state.statistics->venue,
                            {},
                            state.options.drift_rule,
                            each.text(),
                            {},
                            frame.receive_ns,
                            0});
  }
}

void count(connection_state& state) {
  ++state.statistics->frames_received;
  if (state.report.outcome == venues::frame_outcome::decoded) ++state.statistics->frames_decoded;
  if (state.report.outcome != venues::frame_outcome::ignored) return;
  ++state.statistics->frames_ignored;
  state.statistics->ignored.add(state.report.channel);
}

// Adds what the session counted since the last time.
void count_checks(connection_state& state) {
  const auto& now = state.session->counters();
  auto& before = state.counted;
  state.statistics->sequence_ok += now.sequence_ok - before.sequence_ok;
  state.statistics->sequence_gaps += now.sequence_gaps - before.sequence_gaps;
  state.statistics->numbers_back += now.numbers_back - before.numbers_back;
  state.statistics->duplicates += now.duplicates - before.duplicates;
  before = now;
}

void tell_of_hole(self_pointer self) {
  auto& state = self->state;
  log::warning(state.name, "frames are missing: " + state.report.connection_gap);
  for (const auto& what : state.options.plan.streams) {
    const auto found = state.options.books.find(what.where);
    if (what.kind == event_kind::book && found != state.options.books.end()) {
      self->send(found->second, hole_atom::value, state.report.connection_gap);
    }
  }
}

// Its line opens another connection while this one still brings everything.
void expect_close(self_pointer self) {
  auto& state = self->state;
  if (std::exchange(state.announced_close, true)) return;
  log::info(state.name, "the venue announced that it closes the connection");
  if (state.options.line != nullptr && state.options.venue->limits().announces_close) {
    self->send(state.options.line, retire_atom::value);
  } else {
    close_socket(self, "the venue announced that it closes");
  }
}

// What a frame brought besides events.
void take_report(self_pointer self) {
  auto& state = self->state;
  for (const auto& answer : state.report.subscriptions) take_answer(self, answer);
  if (!state.report.replies.empty()) send_later(self, std::move(state.report.replies));
  if (!state.report.error.empty()) log::error(state.name, "the venue says: " + state.report.error);
  if (state.report.closes_soon) expect_close(self);
  if (state.report.reconnect) {
    state.announced_close = true;
    close_socket(self, "its frames cannot be followed any more");
  }
}

std::size_t bytes_of(const event& what) {
  const auto* const change = std::get_if<book_change>(&what.body);
  const auto levels = change == nullptr ? 0 : std::size_t{change->bids} + change->asks;
  return sizeof(event) + levels * sizeof(level);
}

void assign(self_pointer self, const event_batch& batch) {
  auto& state = self->state;
  for (std::size_t at = 0; at < batch.events.size(); ++at) {
    const auto& what = batch.events[at];
    const auto index = what.where->index;
    const auto slot_number = index < state.slot_of.size() ? state.slot_of[index] : 0;
    if (slot_number == 0 ||
        !state.slots[slot_number - 1].kinds.test(static_cast<std::size_t>(what.kind()))) {
      ++state.statistics->unclaimed;
      continue;
    }
    auto& slot = state.slots[slot_number - 1];
    slot.indices.push_back(static_cast<std::uint32_t>(at));
    slot.bytes += bytes_of(what);
    slot.heard.set(static_cast<std::size_t>(what.kind()));
    const auto* const change = std::get_if<book_change>(&what.body);
    if (change == nullptr || !change->snapshot) continue;
    slot.has_snapshot = true;
    snapshot_came(self, what.where);
  }
}

void hand_out(self_pointer self, const std::shared_ptr<event_batch>& batch) {
  auto& state = self->state;
  if (batch->empty()) return;
  if (!batch->events.empty() && state.open) prove_good(self);
  assign(self, *batch);
  for (auto& slot : state.slots) {
    if (slot.indices.empty()) continue;
    const auto events = slot.indices.size();
    slot.out.push({batch, std::exchange(slot.indices, {}), slot.bytes}, events, slot.bytes);
    slot.bytes = 0;
  }
  if (!batch->quarantine.empty() || !batch->alerts.empty()) {
    auto rejected = std::make_shared<event_batch>();
    rejected->quarantine = batch->quarantine;
    rejected->alerts = batch->alerts;
    const auto bytes = rejected->bytes();
    state.quarantine_out->push(std::move(rejected), 1, bytes);
  }
  pump(self);
}

}  // namespace

void take_losses(self_pointer self, std::int64_t receive_ns, event_batch& batch) {
  auto& state = self->state;
  const auto& losses = state.report.losses;
  if (losses.fields != 0) {
    const auto before = state.statistics->fields_lost.fetch_add(losses.fields);
    if (is_told(before + 1)) {
      log::warning(state.name, "left out a field (" + std::to_string(before + losses.fields) +
                                   " so far): " + losses.field);
    }
  }
  if (!losses.entries.empty()) doubt_snapshots(self);
  for (const auto& entry : losses.entries) {
    const auto excerpt = excerpt_of(entry.excerpt);
    quarantine(state, entry.reason, excerpt, receive_ns, batch);
    const auto count = ++state.statistics->entries_lost;
    if (!is_told(count)) continue;
    log::warning(state.name, "left out an entry of a frame (" + std::to_string(count) +
                                 " so far): " + entry.reason + ": " + excerpt);
  }
}

void prepare_slots(self_pointer self) {
  auto& state = self->state;
  for (const auto& [where, handle] : state.options.books) {
    if (where->index >= state.slot_of.size()) state.slot_of.resize(where->index + 1);
    auto kinds = planned_kinds(state, where);
    kinds.set(static_cast<std::size_t>(event_kind::status));
    kinds.set(static_cast<std::size_t>(event_kind::gap));
    auto& slot = state.slots.emplace_back(outbox<decoded_slice>(state.options.credit),
                                          state.name + " to " + where->symbol);
    slot.where = where;
    slot.kinds = kinds;
    slot.to = handle;
    state.slot_of[where->index] = static_cast<std::uint32_t>(state.slots.size());
  }
}

void pump(self_pointer self) {
  auto& state = self->state;
  for (auto& slot : state.slots) {
    slot.out.pump([&](std::uint64_t sequence, const decoded_slice& slice) {
      self->send(slot.to, batch_atom::value, sequence, slice);
    });
    slot.display.show(slot.out, *state.options.counters);
  }
  state.quarantine_out->pump([&](std::uint64_t sequence, const batch_ptr& batch) {
    self->send(state.options.validator, batch_atom::value, sequence, batch);
  });
  state.quarantine_display->show(*state.quarantine_out, *state.options.counters);
}

bool is_clear(const connection_state& state) {
  return state.quarantine_out->is_clear() &&
         std::all_of(state.slots.begin(), state.slots.end(),
                     [](const auto& slot) { return slot.out.is_clear(); });
}

bool is_done(const connection_state& state) {
  return state.quarantine_out->is_done() &&
         std::all_of(state.slots.begin(), state.slots.end(),
                     [](const auto& slot) { return slot.out.is_done(); });
}

void take_frames(self_pointer self) {
  auto& state = self->state;
  state.blocked = !is_clear(state);
  if (state.blocked) return;
  if (state.tap.is_on()) {
    state.frames = std::make_shared<std::vector<venues::raw_frame>>();
  } else {
    state.frames->clear();
  }
  const bool resume = state.inbox->take(*state.frames);
  state.tap.frames(state.frames);
  auto batch = std::make_shared<event_batch>();
  for (const auto& frame : *state.frames) {
    const auto first = batch->events.size();
    watch_schema(state, frame, *batch);
    state.session->decode(frame, *batch, state.report);
    count(state);
    if (state.report.outcome == venues::frame_outcome::rejected) reject(self, frame, *batch);
    take_losses(self, frame.receive_ns, *batch);
    if (!state.report.connection_gap.empty()) {
      // The books must hear of the hole behind what came before it and before what comes after.
      auto before = std::exchange(batch, std::make_shared<event_batch>());
      for (auto at = first; at < before->events.size(); ++at) {
        batch->append(before->events[at], *before);
      }
      before->events.resize(first);
      batch->quarantine = std::exchange(before->quarantine, {});
      batch->alerts = std::exchange(before->alerts, {});
      hand_out(self, before);
      tell_of_hole(self);
    }
    // Until the answers are due, data counts as one.
    for (auto at = first; state.answers_due_ns != 0 && at < batch->events.size(); ++at) {
      state.subscriptions.on_data(batch->events[at].kind(), batch->events[at].where);
    }
    take_report(self);
  }
  count_checks(state);
  hand_out(self, batch);
  if (!state.frames->empty()) note_heard(state, state.frames->back().receive_ns);
  tell_if_ready(self);
  if (resume && state.socket != nullptr) state.socket->resume_reading();
}

void take_rest_body(self_pointer self, const std::string& url, transport::http_response& answer) {
  auto& state = self->state;
  auto batch = std::make_shared<event_batch>();
  state.tap.rest(url, answer.body, answer.receive_ns);
  const venues::raw_frame body{std::move(answer.body), answer.receive_ns};
  state.session->decode_rest(url, body, *batch, state.report);
  if (state.report.outcome == venues::frame_outcome::rejected) reject(self, body, *batch);
  take_losses(self, body.receive_ns, *batch);
  hand_out(self, batch);
  // REST says nothing of the connection.
  for (auto& slot : state.slots) {
    slot.heard.reset();
    slot.has_snapshot = false;
  }
  tell_if_ready(self);
}

}  // namespace feedtree::actors::connection_parts
