#include "adapters/simulator/hostile_service.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "adapters/simulator/frame_damage.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t timer_ns = 10'000'000;
constexpr auto never_ns = std::numeric_limits<std::int64_t>::max();

std::int64_t end_of(const fault_spec& spec, std::int64_t now_ns) {
  return spec.for_ns == 0 ? never_ns : now_ns + spec.for_ns;
}

bool is_maintained(fault_plan& plan, std::int64_t now_ns) {
  return plan.lasting(fault_kind::maintenance, now_ns) != nullptr;
}

const rest_answer closed_for_maintenance{503, R"({"error":"maintenance"})"};

}  // namespace

hostile_service::hostile_service(const venue_simulator& venue, generator_options markets,
                                 hostile_options options, clock_function clock_ns, fault_log& log)
    : venue_(venue),
      options_(std::move(options)),
      clock_ns_(std::move(clock_ns)),
      inner_(venue, markets, [this] { return clock_ns_() + skew_ns_; }),
      reader_(venue, [this](std::string_view target) { return inner_.on_request("GET", target); }),
      log_(log),
      plan_(options_.faults, options_.seed, clock_ns_()),
      instruments_(markets.instruments) {
  check(markets);
}

void hostile_service::check(const generator_options& markets) const {
  for (const auto& spec : options_.faults) {
    const auto& known = markets.instruments;
    const bool named = !spec.instrument.empty();
    if (named && std::find(known.begin(), known.end(), spec.instrument) == known.end()) {
      throw std::invalid_argument("--fault '" + spec.text + "': " + spec.instrument +
                                  " is not simulated");
    }
    if (spec.kind == fault_kind::corrupt_checksum && !venue_.has_checksums()) {
      throw std::invalid_argument("--fault '" + spec.text + "': " + std::string(venue_.name()) +
                                  " has no checksums");
    }
    if (spec.kind == fault_kind::announced_close && venue_.close_announcement(0).empty()) {
      throw std::invalid_argument("--fault '" + spec.text + "': " + std::string(venue_.name()) +
                                  " announces nothing");
    }
  }
}

void hostile_service::on_start(server_link& link) {
  link_ = &link;
  plan_ = fault_plan(options_.faults, options_.seed, clock_ns_());
  inner_.on_start(*this);
  link.run_after(timer_ns, [this] { on_timer(); });
  const auto later = [&](std::int64_t after_ns, std::string_view what, auto act) {
    if (after_ns == 0) return;
    link.run_after(after_ns, [this, what, act] {
      act();
      log_.flush();
      if (options_.tell) options_.tell(what);
    });
  };
  later(options_.faults_for_ns, "faults are over", [this] { end_faults(); });
  later(options_.move_for_ns, "markets rest", [this] { inner_.rest(); });
}

admission hostile_service::on_connection() {
  const auto now_ns = clock_ns_();
  admission how;
  if (const auto* const spec = plan_.hit(fault_kind::refuse, now_ns)) {
    note(*spec);
    how.is_taken = false;
  } else if (const auto* const slow = plan_.hit(fault_kind::slow_handshake, now_ns)) {
    note(*slow);
    how.wait_ns = slow->by_ns;
  } else if (const auto* const bad = plan_.hit(fault_kind::bad_certificate, now_ns)) {
    note(*bad);
    how.good_certificate = false;
  }
  return how;
}

std::optional<rest_answer> hostile_service::refuses(std::string_view) {
  const auto now_ns = clock_ns_();
  if (is_maintained(plan_, now_ns)) return closed_for_maintenance;
  const auto* const spec = plan_.hit(fault_kind::rate_limit, now_ns);
  if (spec == nullptr) return {};
  note(*spec);
  return rest_answer{spec->status, R"({"error":"too many requests"})", spec->retry_s};
}

rest_answer hostile_service::on_request(std::string_view method, std::string_view target) {
  if (auto refused = refuses(target)) return *refused;
  const auto now_ns = clock_ns_();
  if (const auto* const spec = plan_.hit(fault_kind::rest_error, now_ns)) {
    note(*spec);
    return {spec->status, R"({"error":"internal"})"};
  }
  auto answer = inner_.on_request(method, target);
  const auto book = reader_.snapshot_of(target, answer);
  if (book.empty()) return answer;
  const auto [first, is_new] = old_answers_.try_emplace(std::string(target), answer);
  if (is_new) return answer;
  for (auto& timer : plan_.timers()) {
    const auto& spec = timer.spec();
    if (spec.kind != fault_kind::stale_snapshot || !spec.matches(event_kind::book, book) ||
        !timer.hits(now_ns)) {
      continue;
    }
    note(spec, 0, book);
    return first->second;
  }
  return answer;
}

void hostile_service::on_open(client_id who, std::string_view target) {
  clients_.try_emplace(who).first->second.opened = ++opened_;
  reader_.opened(who, target);
  inner_.on_open(who, target);
}

void hostile_service::on_text(client_id who, std::string_view text) {
  const auto found = clients_.find(who);
  if (found == clients_.end() || found->second.is_frozen) return;
  inner_.on_text(who, text);
}

void hostile_service::on_close(client_id who) {
  inner_.on_close(who);
  reader_.closed(who);
  clients_.erase(who);
}

void hostile_service::on_timer() {
  link_->run_after(timer_ns, [this] { on_timer(); });
  const auto now_ns = clock_ns_();
  for (auto& timer : plan_.timers()) {
    const auto scope = scope_of(timer.spec().kind);
    const bool timed = scope == fault_scope::connection || scope == fault_scope::venue;
    if (timed && timer.begins(now_ns)) begin_episode(timer.spec(), now_ns);
  }
  follow_lasting(now_ns);
  wake(now_ns);
  release_delayed(now_ns);
}

void hostile_service::begin_episode(const fault_spec& spec, std::int64_t now_ns) {
  note(spec, 0, spec.instrument);
  switch (spec.kind) {
    case fault_kind::mute:
    case fault_kind::half_open:
      silence(spec, now_ns);
      break;
    case fault_kind::disconnect:
      cut(spec);
      break;
    case fault_kind::announced_close:
      announce_close(spec, now_ns);
      break;
    case fault_kind::crossed:
      cross(spec);
      break;
    case fault_kind::maintenance: {
      const auto open = clients_;
      for (const auto& [who, at] : open) link_->close(who);
      break;
    }
    default:
      break;
  }
}

void hostile_service::silence(const fault_spec& spec, std::int64_t now_ns) {
  for (const auto who : open_clients(spec)) {
    auto& at = clients_.at(who);
    at.silent_until_ns = end_of(spec, now_ns);
    at.silenced = &spec;
    if (spec.kind != fault_kind::half_open) continue;
    at.is_frozen = true;
    link_->freeze(who);
  }
}

// A copy: what is done to them may end them.
std::vector<client_id> hostile_service::open_clients(const fault_spec& of) const {
  std::vector<client_id> result;
  for (const auto& [who, at] : clients_) {
    if (of.is_of(at.opened)) result.push_back(who);
  }
  return result;
}

void hostile_service::cut(const fault_spec& spec) {
  for (const auto who : open_clients(spec)) link_->cut(who);
}

// Connections that are opened meanwhile live on.
void hostile_service::announce_close(const fault_spec& spec, std::int64_t now_ns) {
  for (const auto who : open_clients(spec)) {
    link_->send(who, venue_.close_announcement(now_ns));
    link_->run_after(spec.by_ns, [this, id = who] {
      if (clients_.contains(id)) link_->close(id);
    });
  }
}

void hostile_service::cross(const fault_spec& spec) {
  for (const auto& symbol : instruments_) {
    if (spec.matches(event_kind::book, symbol)) inner_.cross(symbol);
  }
}

void hostile_service::follow_lasting(std::int64_t now_ns) {
  skew_ns_ = 0;
  for (auto& timer : plan_.timers()) {
    const auto& spec = timer.spec();
    if (spec.kind == fault_kind::clock_skew && timer.lasts(now_ns)) skew_ns_ = spec.by_ns;
    if (spec.kind == fault_kind::delist) inner_.set_listed(spec.instrument, !timer.lasts(now_ns));
  }
}

// Those that were silent are cut: what they withheld must not pass for a pause.
void hostile_service::end_faults() {
  plan_.end();
  const auto open = clients_;
  for (const auto& [who, at] : open) {
    if (at.silenced != nullptr) link_->cut(who);
  }
}

// A connection that was half open is dead for good; one that was muted speaks again.
void hostile_service::wake(std::int64_t now_ns) {
  std::vector<client_id> dead;
  for (auto& [who, at] : clients_) {
    if (at.silenced == nullptr || now_ns < at.silent_until_ns) continue;
    at.silenced = nullptr;
    if (at.is_frozen) dead.push_back(who);
  }
  for (const auto who : dead) link_->cut(who);
}

void hostile_service::release_delayed(std::int64_t now_ns) {
  const auto open = clients_;
  for (const auto& entry : open) {
    const auto found = clients_.find(entry.first);
    if (found == clients_.end() || found->second.delayed_until_ns > now_ns) continue;
    for (auto& frame : std::exchange(found->second.delayed, {})) {
      if (!link_->send(entry.first, std::move(frame))) break;
    }
  }
}

void hostile_service::note(const fault_spec& spec, client_id connection,
                           std::string_view instrument, const std::vector<frame_event>& hit) {
  log_.fault(clock_ns_(), spec, connection, instrument, hit);
}

bool hostile_service::send(client_id to, std::string frame) {
  const auto found = clients_.find(to);
  if (found == clients_.end()) return link_->send(to, std::move(frame));
  auto& at = found->second;
  const auto now_ns = clock_ns_();
  const auto events = reader_.read(to, frame, now_ns);
  if (at.silenced != nullptr) {
    log_.events(now_ns, to, events, frame_fate::withheld);
    if (!events.empty()) log_.withheld(now_ns, *at.silenced, to, events);
    return true;
  }
  if (events.empty()) return pass(to, at, std::move(frame));
  keep_snapshot(frame, events);
  if (const auto* const spec = hit_frame(at, events, now_ns)) {
    return send_hit(to, at, *spec, std::move(frame), events);
  }
  log_.events(now_ns, to, events, frame_fate::sent);
  return pass_data(to, at, std::move(frame), events);
}

void hostile_service::keep_snapshot(const std::string& frame,
                                    const std::vector<frame_event>& events) {
  const auto& first = events.front();
  if (first.snapshot) old_snapshots_.try_emplace(first.instrument, frame);
}

const fault_spec* hostile_service::hit_frame(const client& to,
                                             const std::vector<frame_event>& events,
                                             std::int64_t now_ns) {
  for (auto& timer : plan_.timers()) {
    const auto& spec = timer.spec();
    if (!spec.is_of(to.opened)) continue;
    const bool stale = spec.kind == fault_kind::stale_snapshot && events.front().snapshot;
    if (scope_of(spec.kind) != fault_scope::frame && !stale) continue;
    const bool matches = std::any_of(events.begin(), events.end(), [&](const auto& what) {
      return spec.matches(what.kind, what.instrument);
    });
    if (matches && timer.hits(now_ns)) return &spec;
  }
  return nullptr;
}

bool hostile_service::send_hit(client_id to, client& at, const fault_spec& spec, std::string frame,
                               const std::vector<frame_event>& events) {
  const auto now_ns = clock_ns_();
  if (!damage(spec, frame)) {
    log_.events(now_ns, to, events, frame_fate::sent);
    return pass_data(to, at, std::move(frame), events);
  }
  note(spec, to, events.front().instrument, events);
  const auto kept = {fault_kind::duplicate, fault_kind::reorder, fault_kind::delay,
                     fault_kind::unknown_field};
  const bool whole = std::find(kept.begin(), kept.end(), spec.kind) != kept.end();
  const bool dropped = spec.kind == fault_kind::drop;
  const auto fate = whole ? frame_fate::sent : dropped ? frame_fate::withheld : frame_fate::damaged;
  log_.events(now_ns, to, events, fate);
  if (dropped) return true;
  const auto& first = events.front();
  if (spec.kind == fault_kind::reorder && !at.held) {
    at.held = held_frame{std::move(frame), first.instrument, first.kind};
    return true;
  }
  if (spec.kind == fault_kind::delay) at.delayed_until_ns = now_ns + spec.by_ns;
  if (spec.kind == fault_kind::stale_snapshot) frame = old_snapshots_.at(first.instrument);
  if (spec.kind == fault_kind::duplicate && !pass(to, at, frame)) return false;
  return pass_data(to, at, std::move(frame), events);
}

// False if the fault can do nothing to this frame.
bool hostile_service::damage(const fault_spec& spec, std::string& frame) const {
  switch (spec.kind) {
    case fault_kind::corrupt_checksum:
      return corrupt_checksum(frame);
    case fault_kind::malformed:
      make_malformed(frame);
      break;
    case fault_kind::truncated:
      truncate_frame(frame);
      break;
    case fault_kind::oversized:
      make_oversized(frame, spec.bytes);
      break;
    case fault_kind::wrong_type:
      make_wrong_type(frame);
      break;
    case fault_kind::unknown_field:
      add_unknown_field(frame);
      break;
    default:
      break;
  }
  return true;
}

bool hostile_service::pass(client_id to, client& at, std::string frame) {
  if (at.delayed_until_ns <= clock_ns_() && at.delayed.empty()) {
    return link_->send(to, std::move(frame));
  }
  at.delayed.push_back(std::move(frame));
  return true;
}

// Behind it goes what was held back of the same feed.
bool hostile_service::pass_data(client_id to, client& at, std::string frame,
                                const std::vector<frame_event>& events) {
  const auto& first = events.front();
  const bool is_next =
      at.held && at.held->instrument == first.instrument && at.held->kind == first.kind;
  auto behind = is_next ? std::exchange(at.held, {}) : std::nullopt;
  if (!pass(to, at, std::move(frame))) return false;
  return !behind || pass(to, at, std::move(behind->text));
}

void hostile_service::finish() {
  log_.books(venue_.name(), inner_.markets());
  log_.flush();
}

}  // namespace feedtree::simulator
