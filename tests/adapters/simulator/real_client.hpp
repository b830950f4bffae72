// The client that the product is, against a simulated venue, without a network: real sessions, real
// guards, and the answers of the simulator. Time is told.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/simulator/generator.hpp"
#include "adapters/venues/venue.hpp"
#include "tests/adapters/simulator/fake_link.hpp"

namespace feedtree::tests {

class real_client {
 public:
  real_client(std::string_view name, const std::vector<std::string>& instruments,
              std::uint32_t frames_per_s = 2'000)
      : venue_(*venues::find_venue(name)),
        service_(*simulator::find_simulator(name), {5, instruments, frames_per_s}, link_.clock()) {
    service_.on_start(link_);
    const auto reader = venue_.make_session(symbols_, "", {});
    for (const auto& request : venue_.symbol_requests({})) ask(*reader, request);
  }

  // Null if the venue's list of symbols did not name it.
  const listing* find(std::string_view symbol) const {
    return registry_.find(venue_.name(), symbol);
  }
  // One that the venue's list did not name.
  const listing* invent(const instrument& details, std::string_view venue_symbol) {
    return registry_.intern(venue_.name(), details, venue_symbol);
  }
  // Everything that the venue has of an instrument.
  std::vector<venues::stream> streams_of(const listing* where, std::int64_t interval_ns) const {
    std::vector<venues::stream> all;
    for (const auto kind : venue_.kinds()) {
      all.push_back({kind, where, kind == event_kind::candle ? interval_ns : 0, 0});
    }
    return all;
  }

  // Opens the connections that the venue plans, and subscribes.
  void subscribe(const std::vector<venues::stream>& streams) {
    for (auto& plan : venue_.plan(streams, {})) {
      auto& made = connections_.emplace_back();
      made.id = connections_.size();
      made.session = venue_.make_session(symbols_, plan.url, {});
      made.session->on_connected();
      const auto target = target_of(plan.url);
      ASSERT_TRUE(service_.accepts(target)) << plan.url;
      service_.on_open(made.id, target);
      queue(made, made.session->subscribe_frames(plan.streams));
    }
  }
  void unsubscribe(const std::vector<venues::stream>& streams) {
    for (auto& entry : connections_) queue(entry, entry.session->unsubscribe_frames(streams));
  }
  void resync(const venues::stream& book) {
    for (auto& entry : connections_) queue(entry, entry.session->resync_frames(book));
  }
  void poll(const venues::stream& what) {
    const auto request = venue_.poll_request(what, {});
    ASSERT_TRUE(request.has_value());
    ask(*connections_.front().session, *request);
  }

  // Lets time go by and reads what comes.
  void run(std::int64_t for_ns) {
    constexpr std::int64_t slice_ns = 20'000'000;
    const auto end_ns = link_.now_ns + for_ns;
    while (link_.now_ns < end_ns) {
      link_.advance_to(std::min(link_.now_ns + slice_ns, end_ns));
      for (auto& entry : connections_) {
        send_one(entry);
        read(entry);
      }
    }
  }

  std::size_t count(event_kind kind) const { return kinds_.at(static_cast<std::size_t>(kind)); }
  std::size_t rejected() const { return rejected_; }
  const std::vector<std::string>& errors() const { return errors_; }
  const std::vector<venues::subscription_answer>& answers() const { return answers_; }
  std::size_t accepted() const {
    return static_cast<std::size_t>(std::count_if(
        answers_.begin(), answers_.end(), [](const auto& entry) { return entry.accepted; }));
  }
  const event_batch& events() const { return events_; }
  bool is_closed() const { return !link_.closed.empty(); }

  keeper_counters continuity() const {
    keeper_counters total;
    for (const auto& [where, keeper] : keepers_) total += keeper->counters();
    for (const auto& entry : connections_) {
      total.sequence_ok += entry.session->counters().sequence_ok;
      total.sequence_gaps += entry.session->counters().sequence_gaps;
      total.duplicates += entry.session->counters().duplicates;
    }
    return total;
  }

  // That nothing is missing, and that the book is that of the market, level by level.
  void expect_whole(const listing* where) const {
    const auto found = keepers_.find(where);
    ASSERT_NE(found, keepers_.end()) << where->symbol;
    const auto& keeper = *found->second;
    EXPECT_EQ(keeper.state(), feed_state::live) << where->symbol;
    const auto* const market = service_.markets().find_symbol(where->symbol);
    ASSERT_NE(market, nullptr);
    order_book expected;
    apply_counts counts;
    expected.apply(book_part::bids, market->top(book_part::bids, 0), counts);
    expected.apply(book_part::asks, market->top(book_part::asks, 0), counts);
    EXPECT_EQ(keeper.book().size(book_part::bids), market->depth(book_part::bids));
    EXPECT_EQ(keeper.book().hash(), expected.hash()) << where->symbol;
  }

  simulator::market_service& service() { return service_; }

 private:
  struct connection {
    simulator::client_id id = 0;
    std::unique_ptr<venues::session> session;
    std::size_t read = 0;
    std::deque<std::string> to_send;
    std::int64_t next_send_ns = 0;
  };

  static void queue(connection& to, const std::vector<std::string>& some) {
    to.to_send.insert(to.to_send.end(), some.begin(), some.end());
  }
  // At the pace that the venue takes.
  void send_one(connection& of) {
    if (of.to_send.empty() || link_.now_ns < of.next_send_ns) return;
    const auto pace = venue_.limits().messages;
    of.next_send_ns = link_.now_ns + (pace.count == 0 ? 0 : pace.per_ns / pace.count);
    const auto text = std::move(of.to_send.front());
    of.to_send.pop_front();
    service_.on_text(of.id, text);
  }

  static std::string target_of(std::string_view url) {
    const auto slash = url.find('/', url.find("://") + 3);
    return slash == std::string_view::npos ? "/" : std::string(url.substr(slash));
  }
  venues::raw_frame padded(const std::string& text) const {
    venues::raw_frame frame{{}, link_.now_ns};
    frame.text.reserve(text.size() + venues::frame_padding);
    frame.text = text;
    return frame;
  }

  void ask(venues::session& reader, const venues::rest_request& request) {
    const auto answer = service_.on_request("GET", target_of(request.url));
    EXPECT_EQ(answer.status, 200) << request.url << answer.body;
    venues::frame_report report;
    event_batch decoded;
    reader.decode_rest(request.url, padded(answer.body), decoded, report);
    EXPECT_EQ(report.outcome, venues::frame_outcome::decoded) << request.url << report.reason;
    take(decoded, reader);
  }

  void read(connection& of) {
    for (; of.read < link_.sent[of.id].size(); ++of.read) {
      const auto text = link_.sent[of.id][of.read];
      venues::frame_report report;
      event_batch decoded;
      of.session->decode(padded(text), decoded, report);
      if (report.outcome == venues::frame_outcome::rejected) {
        ++rejected_;
        ADD_FAILURE() << report.reason << ": " << text.substr(0, 300);
      }
      EXPECT_TRUE(report.connection_gap.empty()) << report.connection_gap;
      if (!report.error.empty()) errors_.push_back(report.error);
      answers_.insert(answers_.end(), report.subscriptions.begin(), report.subscriptions.end());
      queue(of, report.replies);
      take(decoded, *of.session);
    }
  }

  void take(const event_batch& decoded, venues::session& reader) {
    for (const auto& entry : decoded.events) {
      ++kinds_.at(static_cast<std::size_t>(entry.kind()));
      if (entry.kind() != event_kind::book) {
        events_.append(entry, decoded);
        continue;
      }
      auto& keeper = keeper_of(entry.where);
      keeper.process(entry, decoded, events_);
      if (!keeper.take_snapshot_request()) continue;
      const auto request = reader.snapshot_request({event_kind::book, entry.where, 0, 0});
      if (request) ask(reader, *request);
    }
  }

  feed_keeper& keeper_of(const listing* where) {
    auto& entry = keepers_[where];
    const venues::stream book{event_kind::book, where, 0, 0};
    if (!entry) {
      entry =
          std::make_unique<feed_keeper>(where, venue_.make_guard(book), venue_.book_options(book));
    }
    return *entry;
  }

  const venues::venue& venue_;
  fake_link link_;
  simulator::market_service service_;
  listing_registry registry_;
  venues::venue_symbols symbols_{registry_};
  std::vector<connection> connections_;
  std::map<const listing*, std::unique_ptr<feed_keeper>> keepers_;
  event_batch events_;
  std::array<std::size_t, event_kinds> kinds_{};
  std::size_t rejected_ = 0;
  std::vector<std::string> errors_;
  std::vector<venues::subscription_answer> answers_;
};

}  // namespace feedtree::tests
