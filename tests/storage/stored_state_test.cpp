// The state of a feed at a moment, in either database: the same stored events, the same answers.
#include "storage/stored_state.hpp"

#include <gtest/gtest.h>

#include <ostream>

#include "storage/rows_at.hpp"
#include "storage/sqlite_sink.hpp"
#include "storage/stored_book.hpp"
#include "storage/timescale_sink.hpp"
#include "tests/storage/timescale_fixture.hpp"
#include "tests/support/process.hpp"

namespace feedtree::storage {

void PrintTo(const stored_state& what, std::ostream* out) {
  *out << what.state << " since " << what.since_ns << " (" << what.cause << ": " << what.reason
       << ")";
}
bool operator==(const stored_state& one, const stored_state& other) {
  return one.state == other.state && one.since_ns == other.since_ns && one.cause == other.cause &&
         one.reason == other.reason;
}

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1'700'006'400 * second;  // 2023-11-15 00:00

const stored_state live{"live", 0, "", ""};

class stored_states : public timescale_test, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string("timescale")) timescale_test::SetUp();
    context_.now_ns = [this] { return now_ns_; };
  }

  // What is stored, in seconds behind the start.
  void add(std::int64_t received_s, const event& what) {
    auto& added = events_->append(what, *events_);
    added.exchange_ns = added.receive_ns = start + received_s * second;
    added.key = event_key(std::to_string(++keys_));
  }
  void add_quote(std::int64_t received_s) {
    const auto price = tests::number("100");
    add(received_s, tests::sample_event(where_, "", quote{price, price, price, price}));
  }
  void add_trade(std::int64_t received_s) { add(received_s, tests::sample_trade(where_, "")); }
  void add_book(std::int64_t received_s, bool snapshot) {
    tests::append_book(*events_, where_, std::to_string(++keys_), snapshot, 1);
    auto& added = events_->events.back();
    added.exchange_ns = added.receive_ns = start + received_s * second;
  }
  void add_candle(std::int64_t received_s, candle_source source) {
    auto body = tests::sample_candle();
    body.open_ns = start + received_s / 60 * 60 * second;
    body.source = source;
    add(received_s, tests::sample_event(where_, "", body));
  }
  void add_change(std::int64_t received_s, event_kind feed, feed_state from, feed_state to,
                  const char* reason) {
    status_change body;
    body.feed = feed;
    body.from = from;
    body.to = to;
    body.reason.append(reason);
    add(received_s, tests::sample_event(where_, "", body));
  }
  void add_gap(std::int64_t told_s, event_kind feed, gap_cause cause, std::int64_t begin_s,
               std::int64_t end_s = 0) {
    gap body;
    body.feed = feed;
    body.cause = cause;
    body.begin_ns = start + begin_s * second;
    body.end_ns = end_s == 0 ? 0 : start + end_s * second;
    body.detail.append("why");
    add(told_s, tests::sample_event(where_, "", body));
  }
  // Both rows of an outage, which are written at the next start.
  void add_outage(event_kind feed, std::int64_t begin_s, std::int64_t end_s) {
    add_gap(end_s - 1, feed, gap_cause::outage, begin_s);
    add_gap(end_s, feed, gap_cause::outage, begin_s, end_s);
  }

  void store() {
    const bool sqlite = GetParam() == std::string("sqlite");
    const auto path = folder_.file("events.db");
    std::unique_ptr<sink> out;
    if (sqlite) out = std::make_unique<sqlite_sink>(path, context_);
    if (!sqlite) out = std::make_unique<timescale_sink>(dsn_, context_);
    out->write(events_);
    out->close();
    reader_ = sqlite ? open_reader({"sqlite", path}) : open_reader({"timescale", dsn_});
  }

  stored_state at(std::int64_t moment_s, event_kind feed = event_kind::quote) {
    return state_at(*reader_, {where_->venue, where_->symbol, feed, start + moment_s * second, {}});
  }
  // By what had been written then.
  stored_state known_at(std::int64_t moment_s, event_kind feed = event_kind::quote) {
    const auto moment_ns = start + moment_s * second;
    return state_at(*reader_, {where_->venue, where_->symbol, feed, moment_ns, moment_ns});
  }
  static stored_state since(std::int64_t begin_s, const char* state, const char* cause,
                            const char* reason = "why") {
    return {state, start + begin_s * second, cause, reason};
  }

  tests::temporary_folder folder_;
  std::shared_ptr<event_batch> events_ = std::make_shared<event_batch>();
  std::unique_ptr<database_reader> reader_;
  int keys_ = 0;
};

INSTANTIATE_TEST_SUITE_P(databases, stored_states, testing::Values("sqlite", "timescale"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(stored_states, of_a_moment_in_an_outage_is_outage_whenever_it_was_written) {
  add_quote(1);
  add_quote(10);
  add_outage(event_kind::quote, 10, 70);
  add_quote(70);
  add_quote(80);
  store();
  EXPECT_EQ(at(9), live);
  EXPECT_EQ(at(10), live) << "the last quote had just come";
  for (const std::int64_t moment_s : {11, 40, 69}) {
    EXPECT_EQ(at(moment_s), since(10, "outage", "outage")) << moment_s;
    EXPECT_EQ(known_at(moment_s), since(10, "outage", "outage")) << moment_s;
  }
  EXPECT_EQ(at(70), live);
  EXPECT_EQ(at(75), live);
}

TEST_P(stored_states, of_another_feed_of_the_instrument_is_its_own) {
  for (const std::int64_t received_s : {1, 100}) {
    add_quote(received_s);
    add_trade(received_s);
  }
  add_outage(event_kind::trade, 1, 100);
  store();
  EXPECT_EQ(at(50, event_kind::trade), since(1, "outage", "outage"));
  EXPECT_EQ(at(50, event_kind::quote), live);
}

TEST_P(stored_states, of_an_outage_that_has_not_ended_is_outage_to_the_end) {
  add_quote(10);
  add_gap(60, event_kind::quote, gap_cause::outage, 10);
  store();
  EXPECT_EQ(at(30), since(10, "outage", "outage"));
  EXPECT_EQ(at(1'000), since(10, "outage", "outage"));
}

TEST_P(stored_states, of_a_gap_count_from_when_it_was_written_where_that_is_asked) {
  add_quote(1);
  add_gap(7, event_kind::quote, gap_cause::silence, 1);
  add_change(7, event_kind::quote, feed_state::live, feed_state::stale, "silent");
  add_gap(20, event_kind::quote, gap_cause::silence, 1, 20);
  add_change(20, event_kind::quote, feed_state::stale, feed_state::live, "data");
  add_quote(20);
  add_quote(30);
  store();
  EXPECT_EQ(at(5), since(1, "gap", "silence"));
  EXPECT_EQ(known_at(5), live) << "nobody knew then";
  EXPECT_EQ(known_at(10), since(1, "stale", "silence", "silent"));
  EXPECT_EQ(at(20), live);
}

TEST_P(stored_states, of_a_gap_that_a_dead_server_left_open_ends_when_the_feed_is_live) {
  add_quote(1);
  add_gap(2, event_kind::quote, gap_cause::connection, 1);
  add_change(2, event_kind::quote, feed_state::live, feed_state::syncing, "lost");
  add_change(60, event_kind::quote, feed_state::syncing, feed_state::live, "data");
  add_quote(60);
  add_quote(80);
  store();
  EXPECT_EQ(at(30), since(1, "syncing", "connection", "lost"));
  EXPECT_EQ(at(70), live);
}

TEST_P(stored_states, of_a_gap_without_any_data_before_it_begins_when_it_was_written) {
  add_quote(1);
  auto& entry = events_->events;
  add_gap(50, event_kind::quote, gap_cause::rejected, 1, 60);
  std::get<gap>(entry.back().body).begin_ns = 0;
  add_quote(70);
  store();
  EXPECT_EQ(at(20), live);
  EXPECT_EQ(at(55), since(50, "gap", "rejected"));
}

TEST_P(stored_states, behind_the_last_event_of_the_instrument_is_unknown) {
  add_quote(1);
  add_trade(10);
  store();
  EXPECT_EQ(at(10), live) << "the trade shows that the server was there";
  EXPECT_EQ(at(11), since(10, "unknown", "", "nothing was stored since"));
  EXPECT_EQ(at(10, event_kind::trade), live);
}

TEST_P(stored_states, are_not_proven_by_a_backfill_into_a_dead_servers_database) {
  add_quote(1);
  add_trade(2);
  for (const std::int64_t received_s : {600, 601}) {
    add_trade(received_s);
    events_->events.back().exchange_ns = start + 60 * second;
  }
  store();
  EXPECT_EQ(at(300), since(2, "unknown", "", "nothing was stored since"));
}

TEST_P(stored_states, of_a_book_is_that_of_its_moment) {
  add_book(1, true);
  add_book(10, false);
  add_outage(event_kind::book, 10, 70);
  add_book(70, true);
  store();
  const auto book = book_at(*reader_, where_->venue, where_->symbol, start + 40 * second);
  EXPECT_TRUE(book.found);
  EXPECT_EQ(book.feed, since(10, "outage", "outage"));
  const auto after = book_at(*reader_, where_->venue, where_->symbol, start + 70 * second);
  EXPECT_EQ(after.feed, live);
}

TEST_P(stored_states, are_said_in_the_row_that_holds_at_the_moment) {
  add_quote(1);
  add_quote(10);
  add_outage(event_kind::quote, 10, 70);
  add_quote(70);
  store();
  event_query question;
  question.kind = event_kind::quote;
  question.instrument = where_->symbol;
  const std::vector<std::string> venues{where_->venue};
  question.as_of_ns = start + 40 * second;
  const auto holding = rows_at(*reader_, question, venues, *question.as_of_ns);
  ASSERT_EQ(holding.size(), 1);
  EXPECT_EQ(holding[0].row[4], std::to_string(start + 10 * second));

  const row_marker marker(holding);
  std::vector<stored_row> rows;
  const auto text = sql_of(question, reader_->is_partitioned());
  reader_->read(text.sql, text.parameters, [&](stored_row row) {
    marker.mark(row);
    rows.push_back(row);
    return true;
  });
  ASSERT_EQ(rows.size(), 2);
  const auto columns = text.columns.size();
  EXPECT_EQ(rows[0][5], "live") << "it was, at its own time";
  EXPECT_EQ(rows[0][columns], std::nullopt);
  EXPECT_EQ(rows[1][5], "outage");
  EXPECT_EQ(rows[1][columns], std::to_string(start + 10 * second));
  EXPECT_EQ(rows[1][columns + 1], "outage");
  EXPECT_EQ(rows[1][columns + 2], "why");
}

// A candle of the venue lacks what the candles' feed lacks, one that is built what trades lack.
TEST_P(stored_states, of_candles_are_those_of_what_they_are_made_of) {
  for (const std::int64_t received_s : {1, 62, 200}) {
    add_trade(received_s);
    add_candle(received_s, candle_source::trades);
    add_candle(received_s, candle_source::venue);
  }
  add_outage(event_kind::trade, 62, 200);
  store();
  event_query question;
  question.kind = event_kind::candle;
  question.instrument = where_->symbol;
  const std::vector<std::string> venues{where_->venue};
  auto found = rows_at(*reader_, question, venues, start + 100 * second);
  ASSERT_EQ(found.size(), 2) << "one of each source";
  const auto is_built = [](const row_at& each) { return each.state.state == "outage"; };
  EXPECT_EQ(std::count_if(found.begin(), found.end(), is_built), 1);
  for (const auto& each : found) {
    EXPECT_EQ(each.row[4], std::to_string(start + 62 * second));
    EXPECT_EQ(each.state, is_built(each) ? since(62, "outage", "outage") : live);
  }
}

}  // namespace
}  // namespace feedtree::storage
