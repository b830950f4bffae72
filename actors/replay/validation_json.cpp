// The JSON of a validation report.
#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>
#include <tuple>

#include "actors/replay/validation.hpp"
#include "core/json_builder.hpp"

namespace feedtree::actors {
namespace {

void add_rules(const validation_result& result, json_builder& json) {
  for (std::size_t at = 0; at < result.rules->size(); ++at) {
    const auto& rule = (*result.rules)[at];
    for (const auto& [venue, line] : result.venues) {
      if (!rule.concerns_venue(venue)) continue;
      const auto& counts = line.counts->of_rule[at];
      json.object([&] {
        json.add("rule", rule.name).add("check", to_string(rule.check)).add("venue", venue);
        json.add("judged", counts.judged.load()).add("broken", counts.broken.load());
        json.add("flagged", counts.flagged.load()).add("quarantined", counts.quarantined.load());
        json.add("alerts", counts.alerted.load()).add("held_back", counts.suppressed.load());
        json.array("examples", [&] {
          for (const auto& each : line.examples[at]) {
            json.object([&] {
              json.add_or_null("event", each.event).add("reason", each.reason);
              json.add_ns("receive_ns", each.receive_ns);
            });
          }
        });
      });
    }
  }
}

void add_skew(const rules::skew_histogram& skew, json_builder& json) {
  const auto total = skew.total();
  json.add("events", total);
  json.add("mean_us", total == 0 ? 0 : skew.sum_us() / static_cast<std::int64_t>(total));
  json.array("buckets", [&] {
    for (std::size_t at = 0; at < rules::skew_histogram::buckets; ++at) {
      json.object([&] {
        if (at < rules::skew_histogram::ends_ms.size()) {
          json.add("up_to_ms", rules::skew_histogram::ends_ms[at]);
        } else {
          json.add_raw("up_to_ms", "null");
        }
        json.add("events", skew.count(at));
      });
    }
  });
}

std::int64_t whole(double sum, std::uint64_t count) {
  return count == 0 ? 0 : std::llround(sum / static_cast<double>(count));
}

void add_feed(const feed_profile& feed, json_builder& json) {
  const auto total = feed.total();
  json.add("venue", feed.where()->venue).add("instrument", feed.where()->symbol);
  json.object("events", [&] {
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      json.add(to_string(static_cast<event_kind>(kind)), feed.events()[kind]);
    }
  });
  json.object("spread_ppm", [&] {
    json.add("mean", whole(total.spread_sum_ppm, total.spreads));
    json.add("widest", std::llround(total.spread_max_ppm));
  });
  json.object("level_updates", [&] {
    for (std::size_t band = 0; band < level_bands; ++band) {
      json.add(band_names[band], total.level_updates[band]);
    }
  });
  json.add("trades", total.trades).add("book_messages", total.book_messages);
  json.add("trades_per_thousand_book_messages",
           whole(static_cast<double>(total.trades) * 1000, total.book_messages));
  json.array("gaps", [&] {
    for (const auto& gap : feed.gaps()) {
      json.object([&] {
        json.add("feed", to_string(gap.feed)).add("cause", to_string(gap.cause));
        json.add_ns("begin_ns", gap.begin_ns).add_ns("end_ns", gap.end_ns);
        json.add("recovered", gap.recovered).add("detail", gap.detail);
      });
    }
  });
}

void add_missed(const missed_line& line, json_builder& json) {
  json.add("venue", line.venue).add("feed", to_string(line.feed));
  json.add("cause", to_string(line.cause)).add("entries", line.entries).add("open", line.open);
  json.add("recovered", line.recovered).add_ns("lasted_ns", line.lasted_ns);
  json.add_ns("longest_ns", line.longest_ns);
}

}  // namespace

std::vector<missed_line> validation_result::missed() const {
  std::map<std::tuple<std::string, gap_cause, event_kind>, missed_line> lines;
  for (const auto& feed : feeds) {
    for (const auto& entry : feed.gaps()) {
      const auto& venue = feed.where()->venue;
      auto& line = lines[{venue, entry.cause, entry.feed}];
      line.venue = venue;
      line.feed = entry.feed;
      line.cause = entry.cause;
      ++line.entries;
      line.open += entry.end_ns == 0 ? 1 : 0;
      line.recovered += entry.recovered ? 1 : 0;
      const auto lasted_ns = entry.end_ns == 0 ? 0 : entry.end_ns - entry.begin_ns;
      line.lasted_ns += lasted_ns;
      line.longest_ns = std::max(line.longest_ns, lasted_ns);
    }
  }
  std::vector<missed_line> result;
  for (auto& [key, line] : lines) result.push_back(std::move(line));
  return result;
}

std::uint64_t validation_result::broken() const {
  std::uint64_t sum = 0;
  for (const auto& [venue, line] : venues) {
    for (const auto& rule : line.counts->of_rule) sum += rule.broken.load();
  }
  return sum;
}

std::string utc_text(std::int64_t unix_ns) {
  const auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const auto ms = std::to_string(1'000 + unix_ns / 1'000'000 % 1'000);
  return std::string(text.data()) + "." + ms.substr(1) + "Z";
}

std::string validation_json(const validation_result& result) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add("version", 1);
    json.array("sources", [&] {
      for (const auto& source : result.sources) json.text(source);
    });
    json.add_ns("first_ns", result.first_ns).add_ns("last_ns", result.last_ns);
    json.add("frames", result.frames).add("frames_rejected", result.frames_rejected);
    json.object("events", [&] {
      for (std::size_t kind = 0; kind < event_kinds; ++kind) {
        json.add(to_string(static_cast<event_kind>(kind)), result.events[kind]);
      }
    });
    json.add("broken", result.broken());
    json.array("rules", [&] { add_rules(result, json); });
    json.array("venues", [&] {
      for (const auto& [venue, line] : result.venues) {
        json.object([&] {
          json.add("venue", venue);
          json.object("clock_skew", [&] { add_skew(line.counts->skew, json); });
          json.object("quarantined_by_built_in", [&] {
            for (const auto& [rule, count] : line.built_in) json.add(rule, count);
          });
        });
      }
    });
    json.array("missed", [&] {
      for (const auto& line : result.missed()) json.object([&] { add_missed(line, json); });
    });
    json.array("feeds", [&] {
      for (const auto& feed : result.feeds) json.object([&] { add_feed(feed, json); });
    });
  });
  return out + "\n";
}

}  // namespace feedtree::actors
