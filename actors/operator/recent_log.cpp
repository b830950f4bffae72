#include "actors/operator/recent_log.hpp"

#include <algorithm>
#include <utility>

#include "core/codec.hpp"
#include "core/scrub.hpp"

namespace feedtree::actors {
namespace {

constexpr std::size_t text_bytes_max = 1'000;
constexpr std::size_t rules_max = 300;  // of a venue: more than a file of rules and ours together

std::string cut(std::string_view text) {
  return scrub(text).substr(0, text_bytes_max);
}

template <class Record>
void push(std::deque<Record>& to, Record what, std::size_t most) {
  to.push_back(std::move(what));
  if (to.size() > most) to.pop_front();
}

bool fits(const record_filter& filter, std::string_view venue, std::string_view instrument) {
  return (filter.venue.empty() || filter.venue == venue) &&
         (filter.instrument.empty() || filter.instrument == instrument);
}

template <class Record, class Fits>
std::vector<Record> newest(const std::deque<Record>& of, std::size_t most, Fits&& wanted) {
  std::vector<Record> result;
  for (auto at = of.rbegin(); at != of.rend() && result.size() < most; ++at) {
    if (wanted(*at)) result.push_back(*at);
  }
  return result;
}

}  // namespace

void recent_log::set_listener(listener what) {
  const std::lock_guard lock(listener_mutex_);
  listener_ = std::move(what);
}

void recent_log::add(const event_batch& batch) {
  for (const auto& what : batch.events) {
    if (const auto* body = std::get_if<gap>(&what.body)) add_gap(what, *body);
    if (const auto* body = std::get_if<status_change>(&what.body)) add_state(what, *body);
  }
  for (const auto& what : batch.quarantine) add_quarantine(what);
  for (const auto& what : batch.alerts) add_alert(what);
}

void recent_log::add_gap(const event& what, const gap& body) {
  gap_record record{event_id(what), what.where->venue, what.where->symbol,       body.feed,
                    body.cause,     body.repair,       std::string(body.detail), body.begin_ns,
                    body.end_ns,    body.recovered};
  {
    const std::lock_guard lock(mutex_);
    if (body.end_ns != 0) {
      count(record.venue, [&](auto& totals) {
        ++totals.gaps_closed;
        if (body.recovered) ++totals.gaps_recovered;
      });
    }
    const auto opened = std::find_if(gaps_.rbegin(), gaps_.rend(), [&](const auto& each) {
      return each.end_ns == 0 && each.begin_ns == record.begin_ns && each.feed == record.feed &&
             each.cause == record.cause && each.venue == record.venue &&
             each.instrument == record.instrument;
    });
    if (opened != gaps_.rend()) {
      record.id = opened->id;
      *opened = record;
    } else {
      count(record.venue, [](auto& totals) { ++totals.gaps_opened; });
      push(gaps_, record, records_max_);
    }
  }
  const std::lock_guard lock(listener_mutex_);
  if (listener_.on_gap) listener_.on_gap(record);
}

void recent_log::add_state(const event& what, const status_change& body) {
  state_record record{event_id(what), what.where->venue, what.where->symbol,       body.feed,
                      body.from,      body.to,           std::string(body.reason), what.receive_ns};
  {
    const std::lock_guard lock(mutex_);
    count(record.venue, [](auto& totals) { ++totals.state_changes; });
    push(states_, record, records_max_);
  }
  const std::lock_guard lock(listener_mutex_);
  if (listener_.on_state) listener_.on_state(record);
}

void recent_log::add_quarantine(const quarantine_entry& what) {
  quarantine_record record;
  record.id = what.venue + ":" + what.instrument + ":quarantine:" + std::string(key_of(what));
  record.entry = what;
  record.entry.reason = cut(what.reason);
  record.entry.excerpt = cut(what.excerpt);
  {
    const std::lock_guard lock(mutex_);
    count(what.venue, [](auto& totals) { ++totals.quarantined; });
    auto& by_rule = by_venue_[what.venue].quarantined_by_rule;
    const bool has_room = by_rule.size() < rules_max || by_rule.contains(what.rule);
    ++by_rule[has_room ? what.rule : "other"];
    push(quarantine_, record, records_max_);
  }
  const std::lock_guard lock(listener_mutex_);
  if (listener_.on_quarantine) listener_.on_quarantine(record);
}

void recent_log::add_alert(const alert_entry& what) {
  alert_record record;
  record.id = what.venue + ":" + what.instrument + ":alert:" + std::string(key_of(what));
  record.entry = what;
  record.entry.reason = cut(what.reason);
  {
    const std::lock_guard lock(mutex_);
    count(what.venue, [](auto& totals) { ++totals.alerts; });
    ++by_venue_[what.venue].alerts_by_severity[static_cast<std::size_t>(what.severity)];
    push(alerts_, record, records_max_);
  }
  const std::lock_guard lock(listener_mutex_);
  if (listener_.on_alert) listener_.on_alert(record);
}

std::vector<gap_record> recent_log::gaps(const record_filter& filter) const {
  const std::lock_guard lock(mutex_);
  return newest(gaps_, filter.most,
                [&](const auto& each) { return fits(filter, each.venue, each.instrument); });
}

std::vector<state_record> recent_log::states(const record_filter& filter) const {
  const std::lock_guard lock(mutex_);
  return newest(states_, filter.most,
                [&](const auto& each) { return fits(filter, each.venue, each.instrument); });
}

std::vector<quarantine_record> recent_log::quarantine(const record_filter& filter) const {
  const std::lock_guard lock(mutex_);
  return newest(quarantine_, filter.most, [&](const auto& each) {
    return fits(filter, each.entry.venue, each.entry.instrument);
  });
}

std::vector<alert_record> recent_log::alerts(const record_filter& filter) const {
  const std::lock_guard lock(mutex_);
  return newest(alerts_, filter.most, [&](const auto& each) {
    return fits(filter, each.entry.venue, each.entry.instrument);
  });
}

std::map<std::string, venue_totals> recent_log::totals_by_venue() const {
  const std::lock_guard lock(mutex_);
  return by_venue_;
}

recent_totals recent_log::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace feedtree::actors
