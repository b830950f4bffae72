// What the sinks of both databases have written, read back as the events that it was.
#include "storage/stored_events.hpp"

#include <gmock/gmock.h>

#include "core/codec.hpp"
#include "storage/sqlite_sink.hpp"
#include "storage/timescale_sink.hpp"
#include "tests/storage/timescale_fixture.hpp"
#include "tests/support/process.hpp"

namespace feedtree::storage {
namespace {

constexpr std::int64_t first_ns = 1'618'678'123'223'456'790;
constexpr std::int64_t step_ns = 1'000;

// One event of every kind, with a corrected candle of ours, received one after the other.
std::shared_ptr<event_batch> one_by_one(const listing* where) {
  auto batch = tests::every_kind(where);
  auto corrected = tests::sample_candle();
  corrected.source = candle_source::trades;
  corrected.revision = 3;
  corrected.closed = corrected.complete = true;
  batch->events.push_back(tests::sample_event(where, "c3", corrected));
  std::int64_t at_ns = first_ns;
  for (auto& each : batch->events) each.receive_ns = std::exchange(at_ns, at_ns + step_ns);
  return batch;
}

std::vector<std::string> texts(const event_batch& batch) {
  std::vector<std::string> result;
  for (const auto& each : batch.events) encode_json(each, batch, result.emplace_back());
  return result;
}

class stored_events : public timescale_test {
 protected:
  void SetUp() override {
    timescale_test::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    sqlite_sink one(folder_.file("events.db"), context_);
    timescale_sink two(dsn_, context_);
    for (sink* each : std::initializer_list<sink*>{&one, &two}) {
      each->write(written_);
      each->close();
    }
  }
  // Of both databases, which must give the same.
  event_batch read(std::int64_t from_ns, std::int64_t to_ns) {
    auto in_sqlite = read({"sqlite", folder_.file("events.db")}, from_ns, to_ns);
    EXPECT_EQ(texts(read({"timescale", dsn_}, from_ns, to_ns)), texts(in_sqlite));
    return in_sqlite;
  }

  const tests::temporary_folder folder_;
  std::shared_ptr<event_batch> written_ = one_by_one(where_);

 private:
  event_batch read(const database_target& from, std::int64_t from_ns, std::int64_t to_ns) {
    const auto reader = open_reader(from);
    stored_event_reader rows(*reader, from_ns, to_ns, registry_);
    event_batch batch;
    const auto expected = rows.rows();
    while (rows.next(batch)) {
    }
    EXPECT_EQ(batch.events.size(), expected);
    return batch;
  }
};

TEST_F(stored_events, of_every_kind_are_those_that_were_written_in_their_order) {
  auto expected = texts(*written_);
  for (auto& each : expected) {
    // A text that was cut within a character: databases have the mark itself, JSON its number.
    for (auto at = each.find("\\ufffd"); at != each.npos; at = each.find("\\ufffd")) {
      each.replace(at, 6, "\xef\xbf\xbd");
    }
  }
  const auto found = texts(read(0, 0));
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t at = 0; at < found.size(); ++at) EXPECT_EQ(found[at], expected[at]);
}

TEST_F(stored_events, of_a_span_have_its_begin_and_not_its_end) {
  const auto some = read(first_ns + step_ns, first_ns + 4 * step_ns);
  ASSERT_EQ(some.events.size(), 3U);
  EXPECT_EQ(some.events.front().receive_ns, first_ns + step_ns);
  EXPECT_EQ(some.events.back().receive_ns, first_ns + 3 * step_ns);
}

// An outage is written behind it, an entry that a dead server left open is not known to go on.
TEST_F(stored_events, of_the_ledger_are_found_by_the_time_that_they_are_about) {
  auto more = std::make_shared<event_batch>();
  const auto add = [&](gap_cause cause, std::int64_t begin_ns, std::int64_t end_ns,
                       std::int64_t written_ns) {
    gap body;
    body.feed = event_kind::quote;
    body.cause = cause;
    body.begin_ns = begin_ns;
    body.end_ns = end_ns;
    const auto key = std::to_string(more->events.size());
    more->events.push_back(tests::sample_event(where_, key, body));
    more->events.back().receive_ns = written_ns;
  };
  add(gap_cause::outage, 100, 0, 190);
  add(gap_cause::outage, 100, 200, 200);
  add(gap_cause::silence, 110, 0, 120);
  add(gap_cause::connection, 50, 60, 60);
  timescale_sink two(dsn_, context_);
  sqlite_sink one(folder_.file("events.db"), context_);
  for (sink* each : std::initializer_list<sink*>{&one, &two}) {
    each->write(more);
    each->close();
  }
  for (const auto& from :
       {database_target{"sqlite", folder_.file("events.db")}, database_target{"timescale", dsn_}}) {
    const auto reader = open_reader(from);
    const auto within = gaps_between(*reader, 130, 150, registry_);
    ASSERT_EQ(within.size(), 1U) << from.kind;
    EXPECT_EQ(std::get<gap>(within[0].body).cause, gap_cause::outage);
    EXPECT_EQ(std::get<gap>(within[0].body).end_ns, 200);
    EXPECT_EQ(gaps_between(*reader, 55, 150, registry_).size(), 2U) << from.kind;
    EXPECT_EQ(gaps_between(*reader, 200, 300, registry_).size(), 0U) << from.kind;
  }
}

TEST_F(stored_events, more_than_a_page_of_one_table_come_side_by_side_with_the_others) {
  auto many = std::make_shared<event_batch>();
  for (int at = 0; at < 2'500; ++at) {
    many->events.push_back(tests::sample_trade(where_, std::to_string(at)));
    many->events.back().receive_ns = first_ns + at;
  }
  timescale_sink more(dsn_, context_);
  sqlite_sink same(folder_.file("events.db"), context_);
  for (sink* each : std::initializer_list<sink*>{&more, &same}) {
    each->write(many);
    each->close();
  }
  const auto all = read(0, 0);
  EXPECT_EQ(all.events.size(), many->events.size() + written_->events.size());
  EXPECT_TRUE(
      std::is_sorted(all.events.begin(), all.events.end(),
                     [](const event& a, const event& b) { return a.receive_ns < b.receive_ns; }));
}

}  // namespace
}  // namespace feedtree::storage
