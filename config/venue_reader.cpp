#include <algorithm>

#include "config/section_readers.hpp"
#include "config/suggestions.hpp"
#include "config/values.hpp"
#include "core/instrument.hpp"

namespace feedtree::config {
namespace {

template <class What>
using places = std::vector<placed<What>>;

template <class What>
const position* place_of(const places<What>& all, const What& what) {
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const placed<What>& each) { return each.what == what; });
  return found == all.end() ? nullptr : &found->at;
}

// Adds what is not there yet, and reports what is.
template <class What>
void add_once(reading& context, places<What>& all, const What& what, const position& at,
              const std::string& name) {
  if (const auto* first = place_of(all, what); first != nullptr) {
    context.report(at, name + " is listed already in line " + std::to_string(first->line));
  } else {
    all.push_back({what, at});
  }
}

// The canonical symbol that the text should be; the text itself where it is right; empty where
// nothing is likely.
std::string canonical(const std::string& text) {
  auto parsed = parse_instrument(text);
  if (!parsed) return likely_instrument(text);
  for (auto* asset : {&parsed->base, &parsed->quote, &parsed->settle}) {
    *asset = canonical_asset(*asset);
  }
  return parsed->symbol();
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Such as no canonical symbol has, and none of the ways in which venues write theirs.
bool has_foreign_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    const bool is_digit = c >= '0' && c <= '9';
    return !is_letter && !is_digit && std::string_view("-_/: ").find(c) == std::string_view::npos;
  });
}

const key_spec& item_key(std::string_view path) {
  const auto keys = all_keys();
  return *std::find_if(keys.begin(), keys.end(),
                       [&](const key_spec& each) { return each.path == path; });
}

// Reads an item of a list of single values.
std::optional<std::string> read_item(reading& context, std::string_view path,
                                     const YAML::Node& node, const position& at) {
  return read_scalar(context, {&item_key(path), node, at});
}

void read_instrument(reading& context, const YAML::Node& node, const position& at,
                     places<std::string>& out) {
  const auto text = read_item(context, "venues[].instruments[]", node, at);
  if (!text) return;
  const auto error = symbol_error(*text);
  if (!error.empty()) return context.report(at, error);
  add_once(context, out, *text, at, quoted_text(*text));
}

// The kinds that can be asked for; the server makes the others itself.
std::vector<std::string> feed_names() {
  std::vector<std::string> names;
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    const auto each = static_cast<event_kind>(kind);
    if (each != event_kind::status && each != event_kind::gap) names.emplace_back(to_string(each));
  }
  return names;
}

// What is wrong with the name of a feed; empty if nothing is.
std::string feed_error(const std::string& name) {
  if (name == to_string(event_kind::candle)) {
    return "candles need an interval; write 'candle: 1m'";
  }
  const auto names = feed_names();
  if (std::find(names.begin(), names.end(), name) != names.end()) return {};
  return "unknown feed " + quoted_text(name) + hint(name, names);
}

void add_feed(reading& context, const feed_config& feed, const position& at,
              places<feed_config>& out) {
  auto name = std::string(to_string(feed.kind));
  if (feed.interval_ns > 0) name += ": " + interval_text(feed.interval_ns);
  add_once(context, out, feed, at, "feed '" + name + "'");
}

void read_candle_feed(reading& context, const YAML::Node& node, const position& at,
                      std::string_view path, places<feed_config>& out) {
  mapping_reader keys(context, node, at, {path});
  std::string text;
  if (!keys.read("candle", text)) return;
  const auto interval_ns = parse_interval(text);
  if (interval_ns > 0) return add_feed(context, {event_kind::candle, interval_ns}, at, out);
  keys.report("candle", "expected an interval such as 1m, 1h or 1d, found " + quoted_text(text));
}

void read_feed(reading& context, const YAML::Node& node, const position& at, std::string_view path,
               places<feed_config>& out) {
  if (node.IsMap()) return read_candle_feed(context, node, at, path, out);
  const auto name = read_item(context, path, node, at);
  if (!name) return;
  const auto error = feed_error(*name);
  if (!error.empty()) return context.report(at, error);
  add_feed(context, {*parse_event_kind(*name), 0}, at, out);
}

// Reads a list of the mapping, if it is there.
template <class What, class Read>
places<What> read_list(reading& context, const mapping_reader& keys, std::string_view name,
                       Read read) {
  places<What> result;
  if (const auto* list = keys.find(name); list != nullptr) {
    for_each_item(context, *list, [&](const YAML::Node& item, const position& at) {
      read(context, item, at, result);
    });
  }
  return result;
}

template <class What>
std::vector<What> without_places(const places<What>& all) {
  std::vector<What> result;
  for (const auto& each : all) result.push_back(each.what);
  return result;
}

void read_freshness(reading& context, const mapping_reader& keys, freshness_config& out) {
  const auto* found = keys.find("freshness");
  if (found == nullptr) return;
  mapping_reader own(context, found->value, found->at, {"venues[].freshness"});
  own.read("floor", out.floor_ms);
  own.read("ceiling", out.ceiling_ms);
  own.read("proof_timeout", out.proof_timeout_ms);
  if (out.floor_ms <= out.ceiling_ms) return;
  own.report("ceiling",
             duration_text(out.ceiling_ms) + " is below floor, " + duration_text(out.floor_ms));
}

void read_limits(mapping_reader& keys, venue_config& out) {
  keys.read("book_depth", out.book_depth);
  keys.read("websocket_url", out.websocket_url);
  keys.read("rest_url", out.rest_url);
  keys.read("instruments_per_connection", out.instruments_per_connection);
  keys.read("idle_timeout", out.idle_timeout_ms);
  keys.read("connect_timeout", out.connect_timeout_ms);
  keys.read("connection_lifetime", out.connection_lifetime_ms);
  keys.read("connections_per_stream", out.connections_per_stream);
}

// Asks the venue about every feed of every instrument; an answer is reported once a feed.
void ask_venue(reading& context, const venue_config& venue, const places<feed_config>& feeds) {
  if (!context.checks.refuses) return;
  for (const auto& [feed, at] : feeds) {
    std::vector<std::string> answers;
    for (const auto& instrument : venue.instruments) {
      auto answer = context.checks.refuses(venue, feed, instrument);
      if (answer.empty() || std::find(answers.begin(), answers.end(), answer) != answers.end()) {
        continue;
      }
      context.report(at, venue.venue + ": " + answer);
      answers.push_back(std::move(answer));
    }
  }
}

void ask_for_kinds(reading& context, const std::string& venue, const places<std::string>& all) {
  if (!context.checks.refuses_instrument) return;
  for (const auto& [instrument, at] : all) {
    const auto answer = context.checks.refuses_instrument(venue, instrument);
    if (!answer.empty()) context.report(at, quoted_text(instrument) + ": " + answer);
  }
}

void report_second_venue(reading& context, const mapping_reader& keys, const std::string& name,
                         const places<venue_config>& all) {
  const auto first = std::find_if(all.begin(), all.end(),
                                  [&](const auto& each) { return each.what.venue == name; });
  if (first == all.end()) return;
  context.report(keys.where("venue"), "venue '" + name + "' is configured already in line " +
                                          std::to_string(first->at.line) +
                                          "; put all its instruments there");
}

}  // namespace

std::string symbol_error(const std::string& text) {
  const auto right = is_ascii(text) ? canonical(text) : std::string();
  if (right == text) return {};
  if (right.empty() && text.find('-') != text.npos && has_foreign_characters(text)) {
    return quoted_text(text) +
           ": assets whose names have other characters than A to Z, 0 to 9 and _ are not supported";
  }
  return quoted_text(text) + " is not a canonical symbol" +
         (right.empty() ? ": BASE-QUOTE, BASE-QUOTE[-SETTLE]-PERP or BASE-QUOTE[-SETTLE]-YYYYMMDD"
                        : "; did you mean " + right + "?");
}

bool read_known(reading& context, mapping_reader& keys, std::string_view key, std::string_view noun,
                const std::vector<std::string>& known, std::string& out) {
  if (!keys.read(key, out)) return false;
  if (std::find(known.begin(), known.end(), out) != known.end()) return true;
  context.report(keys.where(key),
                 "unknown " + std::string(noun) + " " + quoted_text(out) + hint(out, known));
  return false;
}

std::vector<placed<feed_config>> read_feeds(reading& context, const mapping_reader& keys,
                                            std::string_view path) {
  return read_list<feed_config>(context, keys, "feeds",
                                [path](reading& own, const YAML::Node& node, const position& at,
                                       auto& out) { read_feed(own, node, at, path, out); });
}

void read_tls(reading& context, const mapping_reader& keys, std::string_view path,
              tls_config& out) {
  const auto* found = keys.find("tls");
  if (found == nullptr) return;
  mapping_reader(context, found->value, found->at, {path}).read("ca_file", out.ca_file);
}

void read_venue(reading& context, const YAML::Node& node, const position& at,
                std::vector<placed<venue_config>>& out) {
  mapping_reader keys(context, node, at, {"venues[]"});
  venue_config venue;
  const bool known =
      read_known(context, keys, "venue", "venue", context.checks.venues, venue.venue);
  if (known) report_second_venue(context, keys, venue.venue, out);
  const auto instruments = read_list<std::string>(context, keys, "instruments", read_instrument);
  venue.instruments = without_places(instruments);
  const auto feeds = read_feeds(context, keys, "venues[].feeds[]");
  venue.feeds = without_places(feeds);
  read_limits(keys, venue);
  read_tls(context, keys, "venues[].tls", venue.tls);
  read_freshness(context, keys, venue.freshness);
  if (known) {
    ask_for_kinds(context, venue.venue, instruments);
    ask_venue(context, venue, feeds);
  }
  out.push_back({std::move(venue), keys.where("venue")});
}

}  // namespace feedtree::config
