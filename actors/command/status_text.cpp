#include "actors/command/status_text.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "actors/command/output.hpp"

namespace feedtree::actors {
namespace {

using element = simdjson::dom::element;

std::string text_of(const element& from, std::string_view name) {
  std::string_view value;
  return from[name].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

std::uint64_t number_of(const simdjson::simdjson_result<element>& from) {
  std::uint64_t value = 0;
  return from.get(value) == simdjson::SUCCESS ? value : 0;
}

// Calls visit with each element of a list; not at all where there is none.
template <class Visit>
void for_each(const element& from, std::string_view name, Visit&& visit) {
  simdjson::dom::array list;
  if (from[name].get(list) != simdjson::SUCCESS) return;
  for (const auto each : list) visit(each);
}

// Padded to the width, so that columns stand below each other with colours too.
std::string state_text(const std::string& state, bool colour) {
  std::string padded = state;
  padded.resize(std::max<std::size_t>(12, padded.size()), ' ');
  if (!colour) return padded;
  const bool is_good = state == "live" || state == "ok" || state == "ready";
  const bool is_soft =
      state == "syncing" || state == "starting" || state == "degraded" || state == "behind";
  return (is_good ? "\x1b[32m" : is_soft ? "\x1b[33m" : "\x1b[31m") + padded + "\x1b[0m";
}

void add_venue(const element& venue, bool colour, std::string& out) {
  const auto latency = venue["latency"]["receive_to_validated"];
  print(out, "  %-16s %s %8llu events/s  p99 %7llu us  %3llu books live  %llu failed checks",
        text_of(venue, "venue").c_str(), state_text(text_of(venue, "state"), colour).c_str(),
        wide(number_of(venue["events"]["per_second"])), wide(number_of(latency["p99_us"])),
        wide(number_of(venue["books"]["live"])), wide(number_of(venue["checks_failed"])));
  const auto restarts = number_of(venue["restarts"]);
  if (restarts > 0) print(out, "  %llu restarts", wide(restarts));
  out += '\n';
}

void add_sink(const element& sink, bool colour, std::string& out) {
  print(out, "  %-16s %s %8llu events/s  %llu delivered  %llu of %llu on the way\n",
        text_of(sink, "sink").c_str(), state_text(text_of(sink, "state"), colour).c_str(),
        wide(number_of(sink["per_second"])), wide(number_of(sink["events_delivered"])),
        wide(number_of(sink["queue"]["events"])), wide(number_of(sink["queue"]["events_max"])));
}

void add_journal(const element& overview, std::string& out) {
  const auto journal = overview["journal"];
  const auto bytes_max = number_of(journal["bytes_max"]);
  if (bytes_max == 0) return;
  print(out, "  %-16s %llu of %llu MiB\n", "journal", wide(number_of(journal["bytes"]) >> 20),
        wide(bytes_max >> 20));
}

void add_notes(const element& overview, std::string& out) {
  for_each(overview, "reasons", [&](const element& reason) {
    std::string_view text;
    if (reason.get(text) == simdjson::SUCCESS) out.append("  ! ").append(text).append("\n");
  });
  for_each(overview, "warnings", [&](const element& warning) {
    std::string_view text;
    if (warning.get(text) == simdjson::SUCCESS) out.append("  ~ ").append(text).append("\n");
  });
  for_each(overview, "insecure_defaults", [&](const element& each) {
    out.append("  insecure default for ").append(text_of(each, "service"));
    out.append(": ").append(text_of(each, "what")).append("\n");
  });
}

}  // namespace

std::optional<status_report> read_status(std::string_view overview_json, bool colour) {
  simdjson::dom::parser parser;
  element overview;
  status_report report;
  if (parser.parse(simdjson::padded_string(overview_json)).get(overview) != simdjson::SUCCESS) {
    return {};
  }
  if (overview["ready"].get(report.is_ready) != simdjson::SUCCESS) return {};
  auto& out = report.text;
  out += "feedtree " + text_of(overview, "version") + "  " +
         state_text(report.is_ready ? "ready" : "not ready", colour) + "\n";
  add_notes(overview, out);
  for_each(overview, "venues", [&](const element& each) { add_venue(each, colour, out); });
  for_each(overview, "sinks", [&](const element& each) { add_sink(each, colour, out); });
  add_journal(overview, out);
  return report;
}

}  // namespace feedtree::actors
