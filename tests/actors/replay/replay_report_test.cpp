#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/replay/replay.hpp"

namespace feedtree::actors {
namespace {

using testing::HasSubstr;

replay_result small_result() {
  replay_result result;
  result.frames.received = 4;
  result.frames.decoded = 2;
  result.frames.ignored = 1;
  result.frames.rejected = 1;
  result.frames.entries_lost = 3;
  result.frames.fields_lost = 2;
  result.events[static_cast<std::size_t>(event_kind::trade)] = 7;
  result.continuity.checksum_ok = 3;
  result.continuity.old_deltas = 2;
  result.continuity.level_updates = 9;
  result.quarantined = 1;
  result.instruments.push_back(
      {"kraken", "BTC-USD", feed_state::live, 10, 9, "61234.10", "", 0xab});
  result.sinks.push_back({"jsonl", {}});
  result.sinks.back().counters.events = 7;
  result.sinks.back().counters.delivered = 6;
  result.elapsed_ns = 1'002'003'999;
  return result;
}

TEST(replay_report, counts_frames_events_and_checks) {
  const auto text = report_json(small_result());
  EXPECT_THAT(text, HasSubstr(R"({"frames":{"received":4,"decoded":2,"ignored":1,"rejected":1,)"
                              R"("entries_lost":3,"fields_lost":2,)"));
  EXPECT_THAT(text, HasSubstr(R"("events":{"trade":7,"book":0,)"));
  EXPECT_THAT(text, HasSubstr(R"("level_updates":9,"continuity":{"checksum_ok":3,)"));
  EXPECT_THAT(text, HasSubstr(R"("old":2,)"));
  EXPECT_THAT(text, HasSubstr(R"("quarantined":1,)"));
  EXPECT_EQ(text.back(), '\n');
}

TEST(replay_report, shows_the_books_and_what_they_lack) {
  EXPECT_THAT(report_json(small_result()),
              HasSubstr(R"("instruments":[{"venue":"kraken","instrument":"BTC-USD","state":"live",)"
                        R"("bids":10,"asks":9,"best_bid":"61234.10","best_ask":null,)"
                        R"("book_hash":"00000000000000ab"}])"));
}

TEST(replay_report, shows_sinks_and_the_time_taken) {
  const auto text = report_json(small_result());
  EXPECT_THAT(
      text, HasSubstr(R"([{"sink":"jsonl","events":7,"delivered":6,"duplicates":0,"refused":0}])"));
  EXPECT_THAT(text, HasSubstr(R"("seconds":1.002003})"));
}

TEST(replay_report, of_nothing_has_empty_lists) {
  const auto text = report_json({});
  EXPECT_THAT(text, HasSubstr(R"("instruments":[],"sinks":[],"seconds":0.000000})"));
}

TEST(replay_report, names_what_was_dropped_and_why) {
  auto result = small_result();
  result.ignored.add("heartbeat", 3);
  result.ignored.add("books-l2-tbt", 2);
  result.not_archived = 5;
  result.continuity.numbers_back = 1;
  result.continuity.snapshots_too_old = 6;
  result.continuity.levels_cut = 7;
  result.trades.duplicates = 8;
  result.trades.reused = 9;
  result.trades.restarts = 2;
  result.candles.too_late = 3;
  const auto text = report_json(result);
  EXPECT_THAT(text, HasSubstr(R"("not_archived":5},"ignored":{"books-l2-tbt":2,"heartbeat":3},)"));
  EXPECT_THAT(text, HasSubstr(R"("numbers_back":1,"snapshots_too_old":6,"levels_cut":7,)"));
  EXPECT_THAT(text, HasSubstr(R"("repeated":8,"reused_numbers":9,"restarts":2})"));
  EXPECT_THAT(text, HasSubstr(R"("candles":{"trades":0,"repeated":0,"late":3,"misdated":0})"));
}

TEST(replay_report, of_a_capture_that_is_mostly_ignored_is_a_strict_failure) {
  replay_result result;
  result.frames.received = 110;
  result.ignored.add("heartbeat", 100);
  result.ignored.add("books-l2-tbt", 5);
  EXPECT_EQ(result.strict_failure(), "") << "half is not most, and heartbeats are to be ignored";
  result.ignored.add("trades-all", 1);
  EXPECT_EQ(result.strict_failure(),
            "6 frames ignored (books-l2-tbt 5, heartbeat 100, trades-all 1)");
}

TEST(replay_report, names_everything_that_a_strict_replay_fails_for) {
  auto result = small_result();
  EXPECT_EQ(result.strict_failure(),
            "1 frames rejected, 3 entries of frames lost, "
            "2 fields lost, 1 events quarantined");
  result.instruments.front().state = feed_state::gap;
  result.complaints.emplace_back("no such pair");
  EXPECT_THAT(result.strict_failure(), HasSubstr("1 refused subscriptions or error frames"));
  EXPECT_THAT(result.strict_failure(), HasSubstr("1 books not live at the end"));
}

TEST(replay_report, has_no_strict_failure_where_all_is_well) {
  auto result = small_result();
  result.frames.rejected = result.frames.entries_lost = result.frames.fields_lost = 0;
  result.quarantined = 0;
  EXPECT_EQ(result.strict_failure(), "");
}

}  // namespace
}  // namespace feedtree::actors
