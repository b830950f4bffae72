#include "actors/reporting/webhook_queue.hpp"

#include <gtest/gtest.h>

namespace feedtree::actors {
namespace {

constexpr std::int64_t second = 1'000'000'000;

class webhook : public testing::Test {
 protected:
  webhook() {
    options_.notices_max = 3;
    options_.retry = {1'000, 8'000};
    options_.give_up_after_ns = 60 * second;
  }
  webhook_queue make() {
    // The largest random number: a delay is nearly its bound.
    return {options_, [] { return 0xffffffffU; }, gauge_};
  }
  static alert_notice notice(std::string id, alert_severity severity = alert_severity::warning) {
    return {std::move(id), severity, "{}"};
  }
  static std::string id_of(const std::optional<alert_notice>& what) {
    return what ? what->id : "none";
  }
  webhook_queue_options options_;
  std::shared_ptr<report_gauge> gauge_ = std::make_shared<report_gauge>();
};

TEST_F(webhook, gives_alerts_in_order_one_at_a_time) {
  auto queue = make();
  EXPECT_EQ(id_of(queue.next(0)), "none");
  queue.push(notice("a"));
  queue.push(notice("b"));
  EXPECT_EQ(id_of(queue.next(1)), "a");
  EXPECT_EQ(id_of(queue.next(1)), "none");
  queue.delivered();
  EXPECT_EQ(id_of(queue.next(1)), "b");
  queue.delivered();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(gauge_->webhook.delivered, 2u);
  EXPECT_EQ(gauge_->webhook.waiting, 0u);
}

TEST_F(webhook, takes_only_what_is_severe_enough) {
  options_.least = alert_severity::critical;
  auto queue = make();
  queue.push(notice("a", alert_severity::info));
  queue.push(notice("b", alert_severity::warning));
  EXPECT_TRUE(queue.empty());
  queue.push(notice("c", alert_severity::critical));
  EXPECT_EQ(id_of(queue.next(1)), "c");
}

TEST_F(webhook, tries_again_after_delays_that_double) {
  auto queue = make();
  queue.push(notice("a"));
  std::int64_t now = second;
  for (const std::int64_t bound : {1, 2, 4, 8, 8}) {
    EXPECT_EQ(id_of(queue.next(now)), "a");
    queue.failed(now, {});
    EXPECT_EQ(id_of(queue.next(now + bound * second / 2)), "none");
    now += bound * second;
  }
  EXPECT_EQ(id_of(queue.next(now)), "a");
  EXPECT_EQ(gauge_->webhook.retried, 5u);
  queue.delivered();
  queue.push(notice("b"));
  EXPECT_EQ(id_of(queue.next(now)), "b");
  queue.failed(now, {});
  EXPECT_EQ(id_of(queue.next(now + second)), "b") << "after a success the first delay is short";
}

TEST_F(webhook, waits_as_long_as_the_receiver_asks) {
  auto queue = make();
  queue.push(notice("a"));
  EXPECT_EQ(id_of(queue.next(second)), "a");
  queue.failed(second, 30);
  EXPECT_EQ(id_of(queue.next(30 * second)), "none");
  EXPECT_EQ(id_of(queue.next(31 * second)), "a");
}

TEST_F(webhook, drops_what_is_refused_and_goes_on_at_once) {
  auto queue = make();
  queue.push(notice("a"));
  queue.push(notice("b"));
  EXPECT_EQ(id_of(queue.next(second)), "a");
  queue.refused();
  EXPECT_EQ(id_of(queue.next(second)), "b");
  EXPECT_EQ(gauge_->webhook.refused, 1u);
}

TEST_F(webhook, gives_up_after_a_while_and_the_next_waits_its_turn) {
  auto queue = make();
  queue.push(notice("a"));
  queue.push(notice("b"));
  EXPECT_EQ(id_of(queue.next(second)), "a");
  queue.failed(second, {});
  EXPECT_EQ(id_of(queue.next(62 * second)), "a");
  queue.failed(62 * second, {});
  EXPECT_EQ(gauge_->webhook.given_up, 1u);
  EXPECT_EQ(id_of(queue.next(62 * second)), "none") << "the receiver is still away";
  EXPECT_EQ(id_of(queue.next(70 * second)), "b");
  queue.failed(70 * second, {});
  EXPECT_EQ(gauge_->webhook.given_up, 1u) << "the time of b begins with its own first attempt";
}

TEST_F(webhook, drops_the_oldest_where_there_is_no_room_but_not_the_one_under_way) {
  auto queue = make();
  for (const auto* id : {"a", "b", "c"}) queue.push(notice(id));
  EXPECT_EQ(id_of(queue.next(second)), "a");
  queue.push(notice("d"));
  EXPECT_EQ(gauge_->webhook.dropped, 1u);
  EXPECT_EQ(gauge_->webhook.waiting, 3u);
  queue.delivered();
  EXPECT_EQ(id_of(queue.next(second)), "c");
  queue.delivered();
  for (const auto* id : {"e", "f", "g"}) queue.push(notice(id));
  EXPECT_EQ(id_of(queue.next(second)), "e") << "d was the oldest that was not under way";
}

TEST_F(webhook, with_room_for_one_keeps_the_one_under_way) {
  options_.notices_max = 1;
  auto queue = make();
  queue.push(notice("a"));
  EXPECT_EQ(id_of(queue.next(second)), "a");
  queue.push(notice("b"));
  EXPECT_EQ(gauge_->webhook.dropped, 1u);
  queue.delivered();
  EXPECT_TRUE(queue.empty());
}

TEST_F(webhook, answers_without_a_question_change_nothing) {
  auto queue = make();
  queue.push(notice("a"));
  queue.delivered();
  queue.refused();
  queue.failed(second, {});
  EXPECT_EQ(id_of(queue.next(second)), "a");
  EXPECT_EQ(gauge_->webhook.delivered, 0u);
}

TEST(alert_notices, say_begin_and_end_under_ids_of_their_own) {
  alert what{7, {"sink nats", "is not connected", severity::critical, true, 100}, 0};
  const alert_source source{"1.2.3", "host-a", 5};
  const auto begin = notice_of(what, source);
  EXPECT_EQ(begin.severity, alert_severity::critical);
  EXPECT_EQ(begin.body,
            "{\"version\":1,\"id\":\"5:7:begin:critical\",\"event\":\"begin\","
            "\"severity\":\"critical\",\"component\":\"sink nats\",\"text\":\"is not connected\","
            "\"venue\":null,\"instrument\":null,\"rule\":null,\"cause\":null,\"at_ns\":\"100\","
            "\"since_ns\":\"100\",\"suppressed\":0,\"source\":{\"name\":\"feedtree\","
            "\"version\":\"1.2.3\",\"instance\":\"host-a\",\"started_ns\":\"5\"}}");
  what.cleared_ns = 200;
  const auto end = notice_of(what, source);
  EXPECT_EQ(end.id, "5:7:end:critical");
  EXPECT_NE(end.body.find("\"at_ns\":\"200\",\"since_ns\":\"100\""), end.body.npos);
}

TEST(alert_notices, of_rules_have_venue_rule_and_event) {
  const alert_record what{"kraken:BTC-USD:alert:1",
                          {alert_severity::info, "kraken", "BTC-USD", "spread", "too \"wide\"",
                           "kraken:BTC-USD:quote:9", 300, 4}};
  const auto notice = notice_of(what, {"1", "h", 5});
  EXPECT_EQ(notice.id, "kraken:BTC-USD:alert:1");
  EXPECT_EQ(notice.severity, alert_severity::info);
  EXPECT_NE(notice.body.find("\"text\":\"too \\\"wide\\\"\",\"venue\":\"kraken\","
                             "\"instrument\":\"BTC-USD\",\"rule\":\"spread\","
                             "\"cause\":\"kraken:BTC-USD:quote:9\",\"at_ns\":\"300\""),
            notice.body.npos)
      << notice.body;
}

}  // namespace
}  // namespace feedtree::actors
