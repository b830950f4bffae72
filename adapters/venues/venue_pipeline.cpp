#include "adapters/venues/venue_pipeline.hpp"

#include <algorithm>

#include "core/validator.hpp"

namespace feedtree::venues {

venue_pipeline::venue_pipeline(const venue& what, listing_registry& registry,
                               pipeline_options options)
    : venue_(what), symbols_(registry), options_(options) {}

void venue_pipeline::connect(std::string_view connection, std::string_view url) {
  current_ = nullptr;
  auto& entry = connections_[std::string(connection)];
  // Opened again: the session's numbering starts anew, its counts go on.
  if (entry.what != nullptr) {
    entry.what->on_connected();
    return;
  }
  entry.id = static_cast<source_id>(connections_.size());
  entry.what = venue_.make_session(symbols_, url, {});
  entry.what->on_connected();
}

void venue_pipeline::disconnect(std::string_view connection, std::int64_t now_ns,
                                std::string_view reason, event_batch& out) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  for (auto* feeds : found->second.feeds) feeds->lost(found->second.id, now_ns, reason, out);
}

venue_pipeline::open_connection& venue_pipeline::connection_of(std::string_view name) {
  if (current_ != nullptr && current_name_ == name) return *current_;
  auto found = connections_.find(name);
  if (found == connections_.end()) {
    connect(name, "");
    found = connections_.find(name);
  }
  current_ = &found->second;
  current_name_ = name;
  return *current_;
}

instrument_feeds& venue_pipeline::feeds_of(const listing* where) {
  if (where->index >= feeds_.size()) feeds_.resize(where->index + 1);
  auto& entry = feeds_[where->index];
  if (entry == nullptr) {
    const stream book{event_kind::book, where, 0, 0};
    // Where nothing was asked for a hole is told at once, unless another connection may bring it.
    trade_keeper_options trades;
    trades.numbered = venue_.numbers_trades();
    trades.fills = waits_for_answers();
    entry = std::make_unique<instrument_feeds>(
        where,
        [this, book] {
          return std::make_unique<feed_keeper>(book.where, venue_.make_guard(book),
                                               venue_.book_options(book));
        },
        trades);
  }
  return *entry;
}

void venue_pipeline::note_book(instrument_feeds& feeds) {
  if (!feeds.has_book()) books_.push_back(&feeds);
}

void venue_pipeline::note_carried(std::size_t index, instrument_feeds& feeds) {
  auto& carries = current_->carries;
  if (index >= carries.size()) carries.resize(index + 1);
  if (carries[index]) return;
  carries[index] = true;
  current_->feeds.push_back(&feeds);
}

// An event of a frame of the present connection.
void venue_pipeline::pass(const event& what, event_batch& out) {
  auto& feeds = feeds_of(what.where);
  note_carried(what.where->index, feeds);
  if (what.kind() == event_kind::book) note_book(feeds);
  feeds.process(current_->id, what, decoded_, out);
  note_due(feeds);
}

void venue_pipeline::pass_answer(source_id from, const event& what, event_batch& out) {
  auto& feeds = feeds_of(what.where);
  if (what.kind() == event_kind::book) note_book(feeds);
  feeds.process_answer(from, what, decoded_, out);
  note_due(feeds);
}

// The trades of an answer, each instrument's together.
void venue_pipeline::pass_fetched_trades(std::int64_t now_ns, event_batch& out) {
  std::vector<instrument_feeds*> concerned;
  for (const auto& entry : decoded_.events) {
    if (entry.kind() != event_kind::trade) continue;
    auto* const feeds = &feeds_of(entry.where);
    if (std::find(concerned.begin(), concerned.end(), feeds) == concerned.end()) {
      concerned.push_back(feeds);
    }
  }
  for (auto* const feeds : concerned) {
    feeds->take_trades(decoded_, now_ns, out);
    note_due(*feeds);
  }
}

void venue_pipeline::note_due(const instrument_feeds& feeds) {
  const auto due = feeds.due_ns();
  if (due != 0 && (due_ns_ == 0 || due < due_ns_)) due_ns_ = due;
}

// The time of a frame is the only clock.
void venue_pipeline::release_waiting(std::int64_t now_ns, event_batch& out) {
  last_ns_ = std::max(last_ns_, now_ns);
  if (due_ns_ == 0 || now_ns < due_ns_) return;
  due_ns_ = 0;
  const auto first = out.events.size();
  for (const auto& feeds : feeds_) {
    if (feeds == nullptr) continue;
    feeds->on_time(now_ns, out);
    note_due(*feeds);
  }
  judge_from(first, out);
}

void venue_pipeline::finish(event_batch& out) {
  const auto first = out.events.size();
  for (const auto& feeds : feeds_) {
    if (feeds != nullptr) feeds->finish(last_ns_, out);
  }
  due_ns_ = 0;
  judge_from(first, out);
}

// Each follows its own instrument's events, from the first one of this batch on.
void venue_pipeline::follow_volumes(std::size_t first, event_batch& out) {
  const auto interval_ns = venue_.volume_candles_ns();
  if (interval_ns == 0) return;
  std::vector<trade_volume*> concerned;
  for (auto at = first; at < out.events.size(); ++at) {
    const auto* const where = out.events[at].where;
    if (where->index >= volumes_.size()) volumes_.resize(where->index + std::size_t{1});
    auto& of = volumes_[where->index];
    if (of == nullptr) of = std::make_unique<trade_volume>(where, interval_ns);
    if (std::find(concerned.begin(), concerned.end(), of.get()) == concerned.end()) {
      concerned.push_back(of.get());
    }
  }
  for (auto* const of : concerned) of->follow(out, first);
}

void venue_pipeline::judge_from(std::size_t first, event_batch& out) {
  follow_volumes(first, out);
  if (!options_.judge_events) return;
  for (std::size_t at = first; at < out.events.size(); ++at) {
    if (judge(out.events[at]).rule.empty()) continue;
    quarantined_ += quarantine_bad_events(out);
    return;
  }
}

void venue_pipeline::take(const open_connection& from, const raw_frame& what, event_batch& out) {
  switch (report_.outcome) {
    case frame_outcome::decoded:
      ++frames_.decoded;
      break;
    case frame_outcome::ignored:
      ++frames_.ignored;
      ignored_.add(report_.channel);
      break;
    case frame_outcome::rejected:
      reject(current_name_, what, out);
      break;
  }
  take_losses(current_name_, what.receive_ns, out);
  if (!report_.connection_gap.empty()) connection_gap(from, what.receive_ns, out);
  if (!report_.error.empty()) complaints_.push_back(report_.error);
  for (const auto& answer : report_.subscriptions) {
    if (!answer.accepted) complaints_.push_back(answer.text + ": " + answer.reason);
  }
  const auto first = out.events.size();
  for (const auto& entry : decoded_.events) pass(entry, out);
  judge_from(first, out);
  decoded_.clear();
}

void venue_pipeline::frame(std::string_view connection, const raw_frame& what, event_batch& out) {
  ++frames_.received;
  release_waiting(what.receive_ns, out);
  auto& from = connection_of(connection);
  ++from.frames;
  from.what->decode(what, decoded_, report_);
  take(from, what, out);
}

void venue_pipeline::rest(std::string_view connection, std::string_view url, const raw_frame& body,
                          event_batch& out) {
  release_waiting(body.receive_ns, out);
  // Any session reads any of the venue's REST answers; symbols go to the shared table.
  if (connections_.empty()) connect("", "");
  const auto found = connections_.find(connection);
  const bool is_known = !connection.empty() && found != connections_.end();
  auto& reader = is_known              ? found->second
                 : current_ != nullptr ? *current_
                                       : connections_.begin()->second;
  reader.what->decode_rest(url, body, decoded_, report_);
  if (report_.outcome == frame_outcome::rejected) {
    reject(url, body, out);
    return;
  }
  take_losses(url, body.receive_ns, out);
  const auto from = is_known ? found->second.id : instrument_feeds::unnamed;
  const auto first = out.events.size();
  const bool fills = waits_for_answers();
  for (const auto& entry : decoded_.events) {
    if (!fills || entry.kind() != event_kind::trade) pass_answer(from, entry, out);
  }
  if (fills) pass_fetched_trades(body.receive_ns, out);
  judge_from(first, out);
  decoded_.clear();
}

void venue_pipeline::reject(std::string_view connection, const raw_frame& what, event_batch& out) {
  ++frames_.rejected;
  quarantine(connection, report_.reason, what.text, what.receive_ns, out);
}

void venue_pipeline::take_losses(std::string_view connection, std::int64_t now_ns,
                                 event_batch& out) {
  const auto& losses = report_.losses;
  frames_.fields_lost += losses.fields;
  frames_.entries_lost += losses.entries.size();
  if (lost_field_.empty()) lost_field_ = losses.field;
  for (const auto& entry : losses.entries) {
    quarantine(connection, entry.reason, entry.excerpt, now_ns, out);
  }
}

void venue_pipeline::quarantine(std::string_view connection, const std::string& reason,
                                std::string_view text, std::int64_t now_ns, event_batch& out) {
  out.quarantine.push_back({std::string(venue_.name()), "", "decode",
                            std::string(connection) + ": " + reason,
                            std::string(text.substr(0, options_.excerpt_max)), now_ns});
}

void venue_pipeline::connection_gap(const open_connection& from, std::int64_t now_ns,
                                    event_batch& out) {
  for (auto* feeds : from.feeds) {
    feeds->connection_gap(from.id, now_ns, report_.connection_gap, out);
  }
}

trade_counters venue_pipeline::trades() const {
  trade_counters total;
  for (const auto& feeds : feeds_) {
    if (feeds != nullptr) total += feeds->trades();
  }
  return total;
}

merge_counters venue_pipeline::merged() const {
  merge_counters total;
  for (const auto& feeds : feeds_) {
    if (feeds != nullptr) total += feeds->merged();
  }
  return total;
}

std::size_t venue_pipeline::connections() const {
  return static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(),
                    [](const auto& entry) { return entry.second.frames != 0; }));
}

keeper_counters venue_pipeline::continuity() const {
  keeper_counters total;
  for (const auto* feeds : books_) total += feeds->book_counters();
  for (const auto& [name, connection] : connections_) {
    const auto& counters = connection.what->counters();
    total.sequence_ok += counters.sequence_ok;
    total.sequence_gaps += counters.sequence_gaps;
    total.numbers_back += counters.numbers_back;
    total.duplicates += counters.duplicates;
  }
  // A trade that comes again is no fault: venues repeat the last ones to new subscribers.
  const auto of_trades = trades();
  total.sequence_gaps += of_trades.holes - of_trades.covered + of_trades.restarts;
  for (const auto& each : volumes_) total.sequence_gaps += each == nullptr ? 0 : each->holes();
  return total;
}

std::vector<const feed_keeper*> venue_pipeline::books() const {
  std::vector<const feed_keeper*> result;
  for (const auto* feeds : books_) result.push_back(&feeds->book());
  return result;
}

}  // namespace feedtree::venues
