#include "adapters/venues/venue_pipeline.hpp"

#include <algorithm>
#include <utility>

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
  entry.what = venue_.make_session(symbols_, url, {});
  entry.what->on_connected();
}

void venue_pipeline::disconnect(std::string_view connection, std::int64_t now_ns,
                                std::string_view reason, event_batch& out) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  kind_set all;
  all.set();
  for (auto* keeper : found->second.books) keeper->connection_lost(all, now_ns, reason, out);
}

session& venue_pipeline::session_of(std::string_view connection) {
  if (current_ != nullptr && current_name_ == connection) return *current_->what;
  auto found = connections_.find(connection);
  if (found == connections_.end()) {
    connect(connection, "");
    found = connections_.find(connection);
  }
  current_ = &found->second;
  current_name_ = connection;
  return *current_->what;
}

venue_pipeline::keeper_entry& venue_pipeline::keeper_of(const listing* where) {
  if (where->index >= keepers_.size()) keepers_.resize(where->index + 1);
  auto& entry = keepers_[where->index];
  if (entry.keeper == nullptr) {
    const stream book{event_kind::book, where, 0, 0};
    entry.keeper =
        std::make_unique<feed_keeper>(where, venue_.make_guard(book), venue_.book_options(book));
  }
  return entry;
}

// A change of the book came on the present connection.
void venue_pipeline::join_book(keeper_entry& entry) {
  if (!std::exchange(entry.has_book, true)) order_.push_back(entry.keeper.get());
  if (entry.connection == current_) return;
  entry.connection = current_;
  if (current_ != nullptr) current_->books.push_back(entry.keeper.get());
}

void venue_pipeline::pass(const event& what, event_batch& out) {
  auto& entry = keeper_of(what.where);
  if (what.kind() == event_kind::book) join_book(entry);
  if (what.kind() != event_kind::trade) {
    entry.keeper->process(what, decoded_, out);
    return;
  }
  trades_of(what.where).process(what, whole_);
  for (const auto& each : whole_.events) entry.keeper->process(each, whole_, out);
  whole_.clear();
}

// In a replay nothing can be asked for: a hole is told, and nothing waits.
trade_keeper& venue_pipeline::trades_of(const listing* where) {
  if (where->index >= trades_.size()) trades_.resize(where->index + 1);
  auto& keeper = trades_[where->index];
  if (keeper == nullptr) {
    trade_keeper_options options;
    options.numbered = venue_.numbers_trades();
    keeper = std::make_unique<trade_keeper>(where, options);
  }
  return *keeper;
}

void venue_pipeline::judge_from(std::size_t first, event_batch& out) {
  if (!options_.judge_events) return;
  for (std::size_t at = first; at < out.events.size(); ++at) {
    if (judge(out.events[at]).rule.empty()) continue;
    quarantined_ += quarantine_bad_events(out);
    return;
  }
}

void venue_pipeline::take(std::string_view connection, const raw_frame& what, event_batch& out) {
  switch (report_.outcome) {
    case frame_outcome::decoded:
      ++frames_.decoded;
      break;
    case frame_outcome::ignored:
      ++frames_.ignored;
      ignored_.add(report_.channel);
      break;
    case frame_outcome::rejected:
      reject(connection, what, out);
      break;
  }
  if (!report_.connection_gap.empty()) connection_gap(connection, what.receive_ns, out);
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
  session_of(connection).decode(what, decoded_, report_);
  take(connection, what, out);
}

void venue_pipeline::rest(std::string_view url, const raw_frame& body, event_batch& out) {
  // Any session reads any of the venue's REST answers; symbols go to the shared table.
  if (connections_.empty()) connect("", "");
  auto& reader = current_ != nullptr ? *current_->what : *connections_.begin()->second.what;
  reader.decode_rest(url, body, decoded_, report_);
  if (report_.outcome == frame_outcome::rejected) {
    reject(url, body, out);
    return;
  }
  for (const auto& entry : decoded_.events) {
    // A snapshot belongs to the connection that carries the book's updates.
    auto& known = keeper_of(entry.where);
    if (known.has_book) {
      known.keeper->process(entry, decoded_, out);
    } else {
      pass(entry, out);
    }
  }
  decoded_.clear();
}

void venue_pipeline::reject(std::string_view connection, const raw_frame& what, event_batch& out) {
  ++frames_.rejected;
  out.quarantine.push_back({std::string(venue_.name()), "", "decode",
                            std::string(connection) + ": " + report_.reason,
                            what.text.substr(0, options_.excerpt_max), what.receive_ns});
}

void venue_pipeline::connection_gap(std::string_view connection, std::int64_t now_ns,
                                    event_batch& out) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  for (auto* keeper : found->second.books) {
    keeper->connection_gap(now_ns, report_.connection_gap, out);
  }
}

trade_counters venue_pipeline::trades() const {
  trade_counters total;
  for (const auto& keeper : trades_) {
    if (keeper != nullptr) total += keeper->counters();
  }
  return total;
}

keeper_counters venue_pipeline::continuity() const {
  keeper_counters total;
  for (const auto* keeper : order_) total += keeper->counters();
  for (const auto& [name, connection] : connections_) {
    const auto& counters = connection.what->counters();
    total.sequence_ok += counters.sequence_ok;
    total.sequence_gaps += counters.sequence_gaps;
    total.numbers_back += counters.numbers_back;
    total.duplicates += counters.duplicates;
  }
  // A trade that comes again is no fault: venues repeat the last ones to new subscribers.
  const auto of_trades = trades();
  total.sequence_gaps += of_trades.holes + of_trades.restarts;
  return total;
}

std::vector<const feed_keeper*> venue_pipeline::books() const {
  return order_;
}

}  // namespace feedtree::venues
