#include "actors/reporting/alert_notice.hpp"

#include "core/json_builder.hpp"

namespace feedtree::actors {
namespace {

// Members that every notice has, in this order; absent ones are null.
struct notice_fields {
  std::string_view event;
  std::string_view component = {};
  std::string_view text = {};
  std::string_view venue = {};
  std::string_view instrument = {};
  std::string_view rule = {};
  std::string_view cause = {};
  std::int64_t at_ns = 0;
  std::int64_t since_ns = 0;
  std::uint64_t suppressed = 0;
};

alert_notice make(std::string id, alert_severity severity, const notice_fields& of,
                  const alert_source& source) {
  alert_notice result{std::move(id), severity, {}};
  json_builder json(result.body);
  json.object([&] {
    json.add("version", 1).add("id", result.id).add("event", of.event);
    json.add("severity", to_string(severity));
    json.add_or_null("component", of.component).add("text", of.text);
    json.add_or_null("venue", of.venue).add_or_null("instrument", of.instrument);
    json.add_or_null("rule", of.rule).add_or_null("cause", of.cause);
    json.add_ns("at_ns", of.at_ns).add_ns("since_ns", of.since_ns);
    json.add("suppressed", of.suppressed);
    json.object("source", [&] {
      json.add("name", "feedtree").add("version", source.version);
      json.add("instance", source.instance).add_ns("started_ns", source.started_ns);
    });
  });
  return result;
}

}  // namespace

alert_notice notice_of(const alert& what, const alert_source& source) {
  const bool is_over = what.cleared_ns != 0;
  const auto severity =
      what.what.how == severity::critical ? alert_severity::critical : alert_severity::warning;
  const std::string event = is_over ? "end" : "begin";
  auto id = std::to_string(source.started_ns) + ":" + std::to_string(what.number) + ":" + event +
            ":" + std::string(to_string(severity));
  notice_fields of{event, what.what.component, what.what.text};
  of.at_ns = is_over ? what.cleared_ns : what.what.since_ns;
  of.since_ns = what.what.since_ns;
  return make(std::move(id), severity, of, source);
}

alert_notice notice_of(const alert_record& what, const alert_source& source) {
  const auto& entry = what.entry;
  const auto component = "venue " + entry.venue;
  notice_fields of{"raised",         component,  entry.reason, entry.venue,
                   entry.instrument, entry.rule, entry.event};
  of.at_ns = entry.receive_ns;
  of.suppressed = entry.suppressed;
  return make(what.id, entry.severity, of, source);
}

}  // namespace feedtree::actors
