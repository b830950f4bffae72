// What is counted, as Prometheus and OpenTelemetry are given it.
#include "actors/reporting/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/metric_family.h>
#include <simdjson.h>

#include "actors/reporting/metrics_otlp.hpp"

namespace feedtree::actors {
namespace {

using testing::HasSubstr;
using testing::Not;

class metrics : public testing::Test {
 protected:
  metrics() {
    facts_->version = "1.2.3";
    facts_->reports = reports_;
    config::venue_config venue;
    venue.venue = "kraken";
    venue.instruments = {"BTC-USD"};
    venue.feeds = {{event_kind::book, 0}};
    desk_ = std::make_shared<operator_desk>(facts_, counters_, registry_, recent_,
                                            [venue] { return std::vector{venue}; });
  }
  std::string text() {
    desk_->refresh(1'000'000'000);
    return metrics_text(metrics_of(*desk_->look(), *recent_));
  }
  venue_statistics& kraken() { return counters_->of_venue("kraken"); }

  std::shared_ptr<server_facts> facts_ = std::make_shared<server_facts>();
  std::shared_ptr<report_gauge> reports_ = std::make_shared<report_gauge>();
  std::shared_ptr<statistics> counters_ =
      std::make_shared<statistics>(std::vector<std::string>{"sqlite", "nats"});
  std::shared_ptr<actor_registry> registry_ =
      std::make_shared<actor_registry>([] { return std::int64_t{5}; });
  std::shared_ptr<recent_log> recent_ = std::make_shared<recent_log>(10);
  std::shared_ptr<operator_desk> desk_;
};

TEST_F(metrics, have_the_skew_of_a_venues_clock_on_both_sides_of_zero) {
  kraken().skew.add(-700'000'000);
  kraken().skew.add(3'000'000);
  EXPECT_THAT(text(),
              HasSubstr("feedtree_clock_skew_seconds_bucket{venue=\"kraken\",le=\"-1\"} 0"));
  EXPECT_THAT(text(),
              HasSubstr("feedtree_clock_skew_seconds_bucket{venue=\"kraken\",le=\"-0.5\"} 1"));
  EXPECT_THAT(text(), HasSubstr("feedtree_clock_skew_seconds_count{venue=\"kraken\"} 2"));
  EXPECT_THAT(text(), HasSubstr("feedtree_clock_skew_seconds_sum{venue=\"kraken\"} -0.697"));
}

TEST_F(metrics, have_the_distance_of_books_from_snapshots) {
  kraken().snapshot_deviation.add_ppm(0);
  kraken().snapshot_deviation.add_ppm(70);
  kraken().snapshot_deviation.add_ppm(2e6);
  const auto name = std::string("feedtree_snapshot_deviation_ratio");
  EXPECT_THAT(text(), HasSubstr(name + "_bucket{venue=\"kraken\",le=\"0\"} 1"));
  EXPECT_THAT(text(), HasSubstr(name + "_bucket{venue=\"kraken\",le=\"5e-05\"} 1"));
  EXPECT_THAT(text(), HasSubstr(name + "_bucket{venue=\"kraken\",le=\"0.0001\"} 2"));
  EXPECT_THAT(text(), HasSubstr(name + "_bucket{venue=\"kraken\",le=\"0.1\"} 2"));
  EXPECT_THAT(text(), HasSubstr(name + "_count{venue=\"kraken\"} 3"));
}

TEST_F(metrics, have_what_was_left_out_of_frames) {
  kraken().entries_lost = 4;
  kraken().fields_lost = 5;
  const auto name = std::string("feedtree_frame_parts_lost_total");
  EXPECT_THAT(text(), HasSubstr(name + "{venue=\"kraken\",part=\"entry\"} 4"));
  EXPECT_THAT(text(), HasSubstr(name + "{venue=\"kraken\",part=\"field\"} 5"));
}

TEST_F(metrics, have_rejected_numbers_by_reason_and_candles_by_outcome) {
  kraken().decimals_rejected[static_cast<std::size_t>(decimal_error::precision) - 1] = 3;
  kraken().candles.closed = 5;
  kraken().candles.revised = 2;
  kraken().candles.late = 1;
  EXPECT_THAT(
      text(),
      HasSubstr("feedtree_decimals_rejected_total{venue=\"kraken\",reason=\"precision\"} 3"));
  EXPECT_THAT(text(),
              HasSubstr("feedtree_decimals_rejected_total{venue=\"kraken\",reason=\"empty\"} 0"));
  EXPECT_THAT(text(), HasSubstr("feedtree_candles_total{venue=\"kraken\",outcome=\"closed\"} 5"));
  EXPECT_THAT(text(), HasSubstr("feedtree_candles_total{venue=\"kraken\",outcome=\"revised\"} 2"));
  EXPECT_THAT(text(), HasSubstr("feedtree_candle_trades_late_total{venue=\"kraken\"} 1"));
}

TEST_F(metrics, have_what_is_in_quarantine_by_rule_and_alerts_by_severity) {
  event_batch batch;
  batch.quarantine.push_back({"kraken", "BTC-USD", "price", "below zero", "", 1});
  batch.quarantine.push_back({"kraken", "BTC-USD", "price", "below zero", "", 2});
  batch.alerts.push_back(
      {alert_severity::critical, "kraken", "", "breaker", "it opened", "", 3, 0});
  recent_->add(batch);
  kraken();
  EXPECT_THAT(text(),
              HasSubstr("feedtree_quarantined_by_rule_total{venue=\"kraken\",rule=\"price\"} 2"));
  EXPECT_THAT(text(),
              HasSubstr("feedtree_alerts_raised_total{venue=\"kraken\",severity=\"critical\"} 1"));
  EXPECT_THAT(text(),
              HasSubstr("feedtree_alerts_raised_total{venue=\"kraken\",severity=\"info\"} 0"));
}

TEST_F(metrics, count_the_operators_alerts_that_last_and_that_began) {
  EXPECT_THAT(text(), HasSubstr("feedtree_alerts_lasting{severity=\"warning\"}"));
  reports_->webhook.trouble.set("alerts.example:443: no answer");
  const auto before = desk_->look()->begun[0];
  desk_->refresh(2'000'000'000);
  EXPECT_EQ(desk_->look()->begun[0], before + 1);
  reports_->webhook.trouble.set("");
  desk_->refresh(3'000'000'000);
  EXPECT_EQ(desk_->look()->begun[0], before + 1);
}

TEST_F(metrics, have_rows_by_table_latency_and_lag_of_a_sink) {
  counters_->set_rows(0, {{"trade", 12}, {"quarantine", 1}});
  counters_->sink_latency(0).add_ns(5'000'000);
  edge_statistics edge;
  edge.name = "distributor to sqlite";
  edge.events_max = 100;
  edge.events = 25;
  edge.positions_behind = 7;
  counters_->set_edge(edge);
  const auto of = std::string("{sink=\"sqlite\",index=\"0\"");
  EXPECT_THAT(text(), HasSubstr("feedtree_sink_rows_written_total" + of + ",table=\"trade\"} 12"));
  EXPECT_THAT(text(), HasSubstr("feedtree_publish_latency_seconds_count" + of + "} 1"));
  EXPECT_THAT(text(), HasSubstr("feedtree_publish_latency_seconds_sum" + of + "} 0.005"));
  EXPECT_THAT(text(), HasSubstr("feedtree_sink_journal_positions_behind" + of + "} 7"));
  EXPECT_THAT(text(), HasSubstr("feedtree_queue_credit_used_ratio{stage=\"sink\"} 0.25"));
  EXPECT_THAT(text(), Not(HasSubstr("feedtree_sink_rows_written_total{sink=\"nats\"")));
}

TEST_F(metrics, gather_queues_of_a_kind_whatever_their_number) {
  for (const auto* name :
       {"kraken/connection-1 inbox", "kraken/connection-2 inbox", "kraken/connection-1 to BTC-USD",
        "kraken/BTC-USD to validator", "kraken/validator to distributor", "distributor to journal",
        "kraken/BTC-USD questions"}) {
    edge_statistics edge;
    edge.name = name;
    edge.events = 3;
    counters_->set_edge(edge);
  }
  EXPECT_THAT(text(), HasSubstr("feedtree_queue_events{stage=\"connection\"} 6"));
  for (const auto* stage : {"book", "validator", "distributor", "journal", "questions"}) {
    EXPECT_THAT(text(), HasSubstr("feedtree_queue_events{stage=\"" + std::string(stage) + "\"} 3"));
  }
}

TEST_F(metrics, have_the_time_of_messages_by_the_kind_of_actor) {
  registry_->add("root/a", "book", {});
  registry_->add("root/b", "book", {});
  registry_->gauge("root/a")->handling.add_ns(3'000);
  registry_->gauge("root/b")->handling.add_ns(2'000'000);
  EXPECT_THAT(text(), HasSubstr("feedtree_actor_message_seconds_count{kind=\"book\"} 2"));
  EXPECT_THAT(text(),
              HasSubstr("feedtree_actor_message_seconds_bucket{kind=\"book\",le=\"4e-06\"} 1"));
}

TEST_F(metrics, of_reports_are_there_where_there_are_reports) {
  EXPECT_THAT(text(), Not(HasSubstr("feedtree_webhook")));
  reports_->webhook.is_on = true;
  reports_->webhook.dropped = 4;
  EXPECT_THAT(text(), HasSubstr("feedtree_webhook_alerts_total{outcome=\"dropped\"} 4"));
}

class otlp : public metrics {
 protected:
  simdjson::dom::element parse() {
    desk_->refresh(1'000'000'000);
    line_ = otlp_json(metric_families(metrics_of(*desk_->look(), *recent_)), {"1.2.3", "host-a", 5},
                      1'700'000'000'123'456'789);
    return parser_.parse(line_);
  }
  // The metric of this name.
  simdjson::dom::element find(simdjson::dom::element all, std::string_view name) {
    for (auto each : all.at_pointer("/resourceMetrics/0/scopeMetrics/0/metrics").get_array()) {
      if (std::string_view(each["name"]) == name) return each;
    }
    throw std::runtime_error("there is no " + std::string(name));
  }
  static std::string_view text_at(simdjson::dom::element in, std::string_view pointer) {
    return in.at_pointer(pointer).get_string();
  }
  simdjson::dom::parser parser_;
  std::string line_;
};

TEST_F(otlp, is_one_line_that_names_the_server) {
  const auto all = parse();
  EXPECT_EQ(line_.find('\n'), line_.npos);
  const std::string attributes = "/resourceMetrics/0/resource/attributes/";
  EXPECT_EQ(text_at(all, attributes + "0/key"), "service.name");
  EXPECT_EQ(text_at(all, attributes + "0/value/stringValue"), "feedtree");
  EXPECT_EQ(text_at(all, attributes + "2/key"), "service.instance.id");
  EXPECT_EQ(text_at(all, attributes + "2/value/stringValue"), "host-a");
  EXPECT_EQ(text_at(all, "/resourceMetrics/0/scopeMetrics/0/scope/name"), "feedtree");
}

TEST_F(otlp, has_counters_as_monotonic_sums_since_the_start) {
  kraken().frames_decoded = 12;
  const auto frames = find(parse(), "feedtree_frames_total");
  EXPECT_EQ(std::int64_t(frames["sum"]["aggregationTemporality"]), 2);
  EXPECT_TRUE(bool(frames["sum"]["isMonotonic"]));
  const auto point = frames.at_pointer("/sum/dataPoints/0").value();
  EXPECT_EQ(text_at(point, "/startTimeUnixNano"), "5");
  EXPECT_EQ(text_at(point, "/timeUnixNano"), "1700000000123456789");
  EXPECT_EQ(double(point["asDouble"]), 12.0);
  EXPECT_EQ(text_at(point, "/attributes/0/key"), "venue");
  EXPECT_EQ(text_at(point, "/attributes/0/value/stringValue"), "kraken");
}

TEST_F(otlp, has_gauges_and_units) {
  const auto all = parse();
  const auto memory = find(all, "feedtree_resident_memory_bytes");
  EXPECT_EQ(std::string_view(memory["unit"]), "By");
  EXPECT_GT(double(memory.at_pointer("/gauge/dataPoints/0/asDouble")), 1e6);
  EXPECT_EQ(std::string_view(find(all, "feedtree_cpu_seconds_total")["unit"]), "s");
}

TEST_F(otlp, has_histograms_with_a_count_for_each_bucket) {
  for (const auto ms : {-700, 3, 3, 60'000}) kraken().skew.add(ms * std::int64_t{1'000'000});
  const auto skew = find(parse(), "feedtree_clock_skew_seconds");
  const auto point = skew.at_pointer("/histogram/dataPoints/0").value();
  EXPECT_EQ(text_at(point, "/count"), "4");
  std::uint64_t sum = 0;
  std::vector<std::string> counts;
  for (auto each : point["bucketCounts"].get_array()) {
    counts.emplace_back(each.get_string().value());
    sum += std::stoull(counts.back());
  }
  const auto bounds = point["explicitBounds"].get_array().size();
  EXPECT_EQ(sum, 4u);
  EXPECT_EQ(counts.size(), bounds + 1);
  EXPECT_EQ(counts.back(), "1") << "beyond the last bound";
}

}  // namespace
}  // namespace feedtree::actors
