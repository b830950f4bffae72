// Single records as JSON, as lists and events have them.
#include "actors/operator/operator_json.hpp"

namespace feedtree::actors {

std::string record_json(const gap_record& what) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add("id", what.id).add("venue", what.venue).add("instrument", what.instrument);
    json.add("feed", to_string(what.feed)).add("cause", to_string(what.cause));
    json.add("repair", to_string(what.repair));
    json.add("detail", what.detail).add_ns("begin_ns", what.begin_ns);
    json.add_ns("end_ns", what.end_ns).add("recovered", what.recovered);
  });
  return out;
}

std::string record_json(const state_record& what) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add("id", what.id).add("venue", what.venue).add("instrument", what.instrument);
    json.add("feed", to_string(what.feed)).add("from", to_string(what.from));
    json.add("to", to_string(what.to)).add("reason", what.reason);
    json.add_ns("receive_ns", what.receive_ns);
  });
  return out;
}

std::string record_json(const quarantine_record& what) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add("id", what.id).add("venue", what.entry.venue);
    json.add_or_null("instrument", what.entry.instrument);
    json.add("rule", what.entry.rule).add("reason", what.entry.reason);
    json.add("excerpt", what.entry.excerpt).add_ns("receive_ns", what.entry.receive_ns);
  });
  return out;
}

std::string record_json(const alert& what) {
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add("number", what.number).add("component", what.what.component);
    json.add("text", what.what.text).add("severity", to_string(what.what.how));
    json.add("blocks_readiness", what.what.blocks_readiness);
    json.add_ns("since_ns", what.what.since_ns).add_ns("cleared_ns", what.cleared_ns);
  });
  return out;
}

std::string record_json(const alert_record& what) {
  const auto& entry = what.entry;
  std::string out;
  json_builder json(out);
  json.object([&] {
    json.add("id", what.id).add("severity", to_string(entry.severity));
    json.add("venue", entry.venue).add_or_null("instrument", entry.instrument);
    json.add("rule", entry.rule).add("reason", entry.reason);
    json.add_or_null("event", entry.event).add("suppressed", entry.suppressed);
    json.add_ns("receive_ns", entry.receive_ns);
  });
  return out;
}

}  // namespace feedtree::actors
