#include <algorithm>
#include <stdexcept>

#include "config/section_readers.hpp"
#include "config/suggestions.hpp"
#include "config/values.hpp"
#include "core/schedule.hpp"

namespace feedtree::config {
namespace {

constexpr std::size_t name_max = 40;

const key_spec& instrument_key() {
  const auto keys = all_keys();
  return *std::find_if(keys.begin(), keys.end(),
                       [](const key_spec& each) { return each.path == "pollers[].instruments[]"; });
}

// It is a part of the actor's path and of a row's key.
bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= name_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

void read_name(reading& context, mapping_reader& keys,
               const std::vector<placed<poller_config>>& all, std::string& out) {
  if (!keys.read("name", out)) return;
  if (!is_name(out)) {
    return keys.report("name", "expected a to z, 0 to 9, '-' and '_', at most " +
                                   std::to_string(name_max) + ", found " + quoted_text(out));
  }
  const auto first =
      std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.what.name == out; });
  if (first == all.end()) return;
  context.report(keys.where("name"), "poller '" + out + "' is configured already in line " +
                                         std::to_string(first->at.line));
}

// "BTC-USD", or "BTC-USD=bitcoin" with what the source calls it.
void read_instrument(reading& context, const YAML::Node& node, const position& at,
                     std::vector<polled_instrument>& out) {
  const auto text = read_scalar(context, {&instrument_key(), node, at});
  if (!text) return;
  const auto equals = text->find('=');
  polled_instrument found{text->substr(0, equals)};
  if (equals != text->npos) found.name = text->substr(equals + 1);
  const auto error = symbol_error(found.symbol);
  if (!error.empty()) return context.report(at, error);
  const bool twice = std::find(out.begin(), out.end(), found) != out.end();
  if (twice) return context.report(at, quoted_text(*text) + " is listed already");
  out.push_back(std::move(found));
}

// One of the two, and one that can be read.
void read_schedule(mapping_reader& keys, poller_config& out) {
  const bool has_every = keys.read("every", out.every);
  const bool has_cron = keys.read("cron", out.cron);
  if (has_every == has_cron) {
    return keys.report(has_every ? "cron" : "every",
                       "a poller has either every (15m) or cron ('30 2 * * *')");
  }
  try {
    if (has_every) schedule::every(out.every);
    if (has_cron) schedule::cron(out.cron);
  } catch (const std::invalid_argument& error) {
    keys.report(has_every ? "every" : "cron", error.what());
  }
}

void read_interval(mapping_reader& keys, poller_config& out) {
  std::string text;
  if (!keys.read("interval", text)) return;
  out.interval_ns = parse_interval(text);
  if (out.interval_ns > 0) return;
  keys.report("interval", "expected an interval such as 15m, 1h or 1d, found " + quoted_text(text));
}

}  // namespace

void read_poller(reading& context, const YAML::Node& node, const position& at,
                 std::vector<placed<poller_config>>& out) {
  mapping_reader keys(context, node, at, {"pollers[]"});
  poller_config poller;
  const auto problems_before = context.problems.size();
  read_name(context, keys, out, poller.name);
  const bool known =
      read_known(context, keys, "source", "source", context.checks.sources, poller.source);
  if (const auto* list = keys.find("instruments"); list != nullptr) {
    for_each_item(context, *list, [&](const YAML::Node& item, const position& place) {
      read_instrument(context, item, place, poller.instruments);
    });
  }
  for (const auto& each : read_feeds(context, keys, "pollers[].feeds[]")) {
    poller.feeds.push_back(each.what);
  }
  read_interval(keys, poller);
  read_schedule(keys, poller);
  keys.read("history", poller.history_ms);
  keys.read("overlap", poller.overlap_ms);
  keys.read("settle", poller.settle_ms);
  keys.read("key", poller.key);
  keys.read("plan", poller.plan);
  keys.read("rest_url", poller.rest_url);
  read_tls(context, keys, "pollers[].tls", poller.tls);
  if (known && context.problems.size() == problems_before && context.checks.refuses_poller) {
    const auto why = context.checks.refuses_poller(poller);
    if (!why.empty()) context.report(keys.where("source"), why);
  }
  out.push_back({std::move(poller), keys.where("name")});
}

}  // namespace feedtree::config
