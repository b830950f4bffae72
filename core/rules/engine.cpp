#include "core/rules/engine.hpp"

#include <algorithm>
#include <utility>

namespace feedtree::rules {
namespace {

constexpr std::size_t index_of(event_kind kind) {
  return static_cast<std::size_t>(kind);
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return list.empty() || std::find(list.begin(), list.end(), text) != list.end();
}

bool may_post(event_kind kind) {
  return kind == event_kind::trade || kind == event_kind::quote || kind == event_kind::book;
}

bool is_trusted(feed_state state) {
  return state == feed_state::live || state == feed_state::crossed;
}

}  // namespace

bool rule_spec::concerns_venue(std::string_view venue) const {
  return contains(venues, venue);
}

bool rule_spec::concerns(const listing& where) const {
  return concerns_venue(where.venue) && contains(instruments, where.symbol);
}

rule_engine::rule_engine(std::shared_ptr<const rule_list> rules, std::shared_ptr<price_board> board,
                         std::shared_ptr<venue_counts> counts)
    : rules_(std::move(rules)),
      board_(std::move(board)),
      counts_(std::move(counts)),
      drift_alerts_(rules_->size()) {}

std::unique_ptr<rule_engine::instrument_state>& rule_engine::slot_of(const listing* where) {
  if (instruments_.empty()) first_index_ = where->index;
  if (where->index < first_index_) {
    const auto before = instruments_.size();
    instruments_.resize(before + first_index_ - where->index);
    std::rotate(instruments_.begin(), instruments_.begin() + static_cast<std::ptrdiff_t>(before),
                instruments_.end());
    first_index_ = where->index;
  }
  const std::size_t place = where->index - first_index_;
  if (place >= instruments_.size()) instruments_.resize(place + 1);
  return instruments_[place];
}

rule_engine::instrument_state& rule_engine::state_of(const listing* where) {
  auto& state = slot_of(where);
  if (state == nullptr || state->where != where) {
    state = std::make_unique<instrument_state>();
    state->where = where;
    bind(*state);
  }
  return *state;
}

void rule_engine::bind(instrument_state& state) {
  for (std::uint32_t index = 0; index < rules_->size(); ++index) {
    const auto& what = (*rules_)[index];
    const bool of_book = what.concerns(event_kind::book);
    bound_rule bound{index, &what};
    if (what.check == rule_check::venue_consensus) {
      // Also who is not judged has a say.
      bound.board = &board_->of(board_key(*state.where, what.same_quotes));
      state.needs_book |= of_book;
      const bool known =
          std::find(state.boards.begin(), state.boards.end(), bound.board) != state.boards.end();
      if (!known) state.boards.push_back(bound.board);
    }
    if (what.check == rule_check::schema_drift || !what.concerns(*state.where)) continue;
    if (what.check == rule_check::volume_anomaly) bound.volumes.emplace(what.window);
    state.needs_book |=
        of_book || (what.check == rule_check::price_jump && what.against == reference::book);
    state.needs_minutes |= what.against_trades;
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      if (what.kinds.test(kind)) {
        state.by_kind[kind].push_back(static_cast<std::uint32_t>(state.rules.size()));
      }
    }
    state.rules.push_back(std::move(bound));
  }
}

void rule_engine::withdraw_price(const instrument_state& state) {
  for (auto* const board : state.boards) board->withdraw(state.where);
}

void rule_engine::take_status(instrument_state& state, const status_change& what) {
  if (is_trusted(what.to)) return;
  withdraw_price(state);
  if (what.to == feed_state::stale) return;
  if (what.feed == event_kind::book) state.book.forget();
  if (what.feed == event_kind::trade) state.minutes = {};
}

void rule_engine::remember(instrument_state& state, const event& what) {
  const auto kind = index_of(what.kind());
  if (state.needs_minutes && what.kind() == event_kind::trade) {
    state.minutes.take(std::get<trade>(what.body).price, what.exchange_ns);
  }
  state.exchange_ns[kind] = std::max(state.exchange_ns[kind], what.exchange_ns);
  state.receive_ns[kind] = what.receive_ns;
  const auto price = present_price(state, what);
  state.price[kind] = price;
  if (state.boards.empty() || !may_post(what.kind()) || what.state != feed_state::live) return;
  if (!price) {
    // Without one of its sides the quote before is not true any more, and there is no middle.
    if (what.kind() == event_kind::quote) withdraw_price(state);
    return;
  }
  for (auto* const board : state.boards) board->post(state.where, *price, what.receive_ns);
}

bool rule_engine::is_idle(const instrument_state& state) {
  return state.rules.empty() && state.boards.empty();
}

const std::vector<finding>& rule_engine::examine(const event_batch& batch, std::size_t first) {
  findings_.clear();
  for (std::size_t at = first; at < batch.events.size(); ++at) {
    const auto& what = batch.events[at];
    auto& state = state_of(what.where);
    state.is_clock_sample = state.clock.take(what);
    if (const auto* const status = std::get_if<status_change>(&what.body)) {
      take_status(state, *status);
      continue;
    }
    if (what.kind() == event_kind::gap || is_idle(state)) continue;
    if (state.is_clock_sample) counts_->skew.add(what.receive_ns - what.exchange_ns);
    const auto* const change = std::get_if<book_change>(&what.body);
    if (change != nullptr && state.needs_book) state.book.take(*change, batch);
    for (const auto place : state.by_kind[index_of(what.kind())]) {
      auto& rule = state.rules[place];
      count_up(counts_->of_rule[rule.index].judged);
      if (keeps(state, rule, what)) continue;
      findings_.push_back({static_cast<std::uint32_t>(at), rule.index, reason_});
    }
    remember(state, what);
  }
  return findings_;
}

bool rule_engine::changes(const std::vector<finding>& findings) const {
  return std::any_of(findings.begin(), findings.end(), [&](const finding& each) {
    const auto& rule = (*rules_)[each.rule];
    return rule.flag || rule.quarantine || rule.alert.has_value();
  });
}

void rule_engine::count_only(const std::vector<finding>& findings) {
  for (const auto& each : findings) count_up(counts_->of_rule[each.rule].broken);
}

rule_engine::bound_rule& rule_engine::bound_of(const listing* where, std::uint32_t index) {
  auto& all = slot_of(where)->rules;
  return *std::find_if(all.begin(), all.end(),
                       [&](const bound_rule& each) { return each.index == index; });
}

void rule_engine::raise(const rule_spec& rule, rule_counts& counts, alert_mark& mark,
                        alert_entry entry, event_batch& out) {
  if (mark.last_ns != 0 && entry.receive_ns - mark.last_ns < rule.alert_every_ns) {
    ++mark.suppressed;
    count_up(counts.suppressed);
    return;
  }
  entry.severity = *rule.alert;
  entry.rule = rule.name;
  entry.suppressed = mark.suppressed;
  mark = {entry.receive_ns, 0};
  count_up(counts.alerted);
  out.alerts.push_back(std::move(entry));
}

void rule_engine::apply(const std::vector<finding>& findings, event_batch& batch) {
  count_only(findings);
  std::vector<bool> kept_back(batch.events.size());
  for (const auto& each : findings) {
    const auto& rule = (*rules_)[each.rule];
    auto& counts = counts_->of_rule[each.rule];
    auto& what = batch.events[each.event];
    if (rule.flag) {
      what.flags |= bit_of(rule.check);
      count_up(counts.flagged);
    }
    if (rule.alert) {
      raise(rule, counts, bound_of(what.where, each.rule).alerts,
            {alert_severity::info,
             what.where->venue,
             what.where->symbol,
             {},
             std::string(each.reason.view()),
             event_id(what),
             what.receive_ns,
             0},
            batch);
    }
    if (!rule.quarantine || kept_back[each.event]) continue;
    kept_back[each.event] = true;
    count_up(counts.quarantined);
    batch.quarantine.push_back({what.where->venue, what.where->symbol, rule.name,
                                std::string(each.reason.view()), event_id(what), what.receive_ns});
  }
  std::size_t at = 0;
  std::erase_if(batch.events, [&](const event&) { return kept_back[at++]; });
}

void rule_engine::sweep(std::int64_t now_ns, event_batch& out) {
  for (auto& state : instruments_) {
    if (state == nullptr) continue;
    for (auto& rule : state->rules) {
      if (rule.what->check != rule_check::freshness) continue;
      for (std::size_t kind = 0; kind < event_kinds; ++kind) {
        const auto last = state->receive_ns[kind];
        const bool silent =
            rule.what->kinds.test(kind) && last != 0 && now_ns - last > rule.what->age_max_ns;
        if (!silent || rule.silent[kind]) continue;
        rule.silent[kind] = true;
        auto& counts = counts_->of_rule[rule.index];
        count_up(counts.broken);
        if (!rule.what->alert) continue;
        inline_text<95> reason;
        reason.append("no ").append(to_string(static_cast<event_kind>(kind))).append(" for ");
        reason.append((now_ns - last) / 1'000'000).append(" ms");
        raise(*rule.what, counts, rule.alerts,
              {alert_severity::info,
               state->where->venue,
               state->where->symbol,
               {},
               std::string(reason.view()),
               {},
               now_ns,
               0},
              out);
      }
    }
  }
}

void rule_engine::drifted(std::size_t rule, std::string_view venue, std::string_view reason,
                          std::int64_t now_ns, event_batch& out) {
  const auto& what = (*rules_)[rule];
  auto& counts = counts_->of_rule[rule];
  count_up(counts.broken);
  if (!what.alert) return;
  raise(what, counts, drift_alerts_[rule],
        {alert_severity::info, std::string(venue), {}, {}, std::string(reason), {}, now_ns, 0},
        out);
}

// The rule of schema_drift of this name; the number of rules if there is none.
std::size_t rule_engine::drift_rule(std::string_view name) const {
  const auto found = std::find_if(rules_->begin(), rules_->end(), [&](const rule_spec& each) {
    return each.check == rule_check::schema_drift && each.name == name;
  });
  return static_cast<std::size_t>(found - rules_->begin());
}

bool rule_engine::has_drift(const event_batch& batch) const {
  return std::any_of(batch.alerts.begin(), batch.alerts.end(), [this](const alert_entry& each) {
    return drift_rule(each.rule) < rules_->size();
  });
}

void rule_engine::take_drift(event_batch& batch) {
  for (const auto& each : std::exchange(batch.alerts, {})) {
    const auto rule = drift_rule(each.rule);
    if (rule == rules_->size()) {
      batch.alerts.push_back(each);
    } else {
      drifted(rule, each.venue, each.reason, each.receive_ns, batch);
    }
  }
}

}  // namespace feedtree::rules
