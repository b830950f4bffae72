#include <algorithm>
#include <array>

#include "config/section_readers.hpp"
#include "config/suggestions.hpp"
#include "config/values.hpp"

namespace feedtree::config {
namespace {

// The kinds whose keys the table knows, and the key that is the target.
struct sink_kind {
  std::string_view kind;
  std::string_view path;
  std::string_view target;
};
constexpr std::array<sink_kind, 7> kinds{{{"nats", "sinks[nats]", "url"},
                                          {"jetstream", "sinks[jetstream]", "url"},
                                          {"timescale", "sinks[timescale]", "dsn"},
                                          {"sqlite", "sinks[sqlite]", "path"},
                                          {"redis", "sinks[redis]", "url"},
                                          {"jsonl", "sinks[jsonl]", "path"},
                                          {"none", "sinks[none]", ""}}};
constexpr sink_kind other_kind{"", "sinks[other]", "target"};

const sink_kind& rules_of(std::string_view kind) {
  const auto found = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const sink_kind& each) { return each.kind == kind; });
  return found == kinds.end() ? other_kind : *found;
}

// The kind, read ahead of the other keys because it says which they are.
std::string kind_of(const YAML::Node& node) {
  if (!node.IsMap()) return {};
  for (const auto& pair : node) {
    const bool is_kind = pair.first.IsScalar() && pair.first.Scalar() == "kind";
    if (is_kind && pair.second.IsScalar()) return pair.second.Scalar();
  }
  return {};
}

void read_option(reading& context, const key_spec& key, const YAML::Node& name,
                 const YAML::Node& value, const entry& options, sink_config& out) {
  const auto at = position_of(name, options.at);
  if (!name.IsScalar() || !value.IsScalar()) {
    return context.report(at, "options: expected names with single values");
  }
  const auto text = read_scalar(context, {&key, value, position_of(value, at)});
  if (text && !out.options.emplace(name.Scalar(), *text).second) {
    context.report(at, "options: duplicate key, or one that is a key of the sink itself");
  }
}

void read_options(reading& context, const mapping_reader& keys, sink_config& out) {
  const auto* found = keys.find("options");
  if (found == nullptr) return;
  if (!found->value.IsMap()) {
    return context.report(
        found->at, "options: expected a mapping, found " + std::string(shape_of(found->value)));
  }
  for (const auto& pair : found->value) {
    read_option(context, *found->key, pair.first, pair.second, *found, out);
  }
}

// The name that the sink has for an option: units are in it.
std::string option_name(const key_spec& key) {
  const auto name = std::string(key.name());
  if (key.type == value_type::duration) return name + "_ms";
  const bool has_unit = name.find("bytes") != name.npos;
  return key.type == value_type::size && !has_unit ? name + "_bytes" : name;
}

// The value of an option as the sink takes it: a whole number, or text.
std::optional<std::string> option_value(mapping_reader& keys, const key_spec& key) {
  std::string text;
  std::int64_t number = 0;
  bool flag = false;
  switch (key.type) {
    case value_type::boolean:
      if (!keys.read(key.name(), flag)) return {};
      return flag ? "1" : "0";
    case value_type::number:
    case value_type::duration:
    case value_type::size:
      if (!keys.read(key.name(), number)) return {};
      return std::to_string(number);
    default:
      if (!keys.read(key.name(), text)) return {};
      return text;
  }
}

// A mapping of options: those of `retention` are retention_trade_ms and so on.
void read_group(reading& context, const mapping_reader& keys, const key_spec& group,
                sink_config& out) {
  const auto* found = keys.find(group.name());
  if (found == nullptr) return;
  mapping_reader own(context, found->value, found->at, {group.path});
  for (const auto* key : keys_below(group.path)) {
    if (auto value = option_value(own, *key)) {
      out.options[std::string(group.name()) + "_" + option_name(*key)] = std::move(*value);
    }
  }
}

// The sink's own keys: its target, and what it takes as options.
void read_own_keys(reading& context, mapping_reader& keys, const sink_kind& rules,
                   sink_config& out) {
  if (!rules.target.empty()) keys.read(rules.target, out.target);
  for (const auto* key : keys_below(rules.path)) {
    if (key->name() == rules.target) continue;
    if (key->type == value_type::mapping) {
      read_group(context, keys, *key, out);
      continue;
    }
    if (auto value = option_value(keys, *key)) out.options[option_name(*key)] = std::move(*value);
  }
}

void check_pair(mapping_reader& keys, std::string_view one, std::string_view other) {
  const bool has_one = keys.find(one) != nullptr;
  if (has_one == (keys.find(other) != nullptr)) return;
  keys.report(has_one ? one : other,
              std::string(one) + " and " + std::string(other) + " belong together");
}

// One way to log in at most.
void check_credentials(mapping_reader& keys, const sink_config& sink) {
  std::vector<std::string_view> ways;
  if (has_user_information(sink.target)) ways.emplace_back("url");
  for (const auto* way : {"user", "token", "creds_file"}) {
    if (keys.find(way) != nullptr) ways.emplace_back(way);
  }
  if (ways.size() < 2) return;
  keys.report(ways[1], "there are credentials in " + std::string(ways[0]) + " too; one is enough");
}

// Takes an option away; empty if there is none.
std::string take_option(sink_config& sink, const std::string& name) {
  const auto found = sink.options.extract(name);
  return found.empty() ? "" : std::move(found.mapped());
}

// The sink takes user, password and token as parts of its address.
void finish_nats(mapping_reader& keys, sink_config& sink) {
  check_pair(keys, "user", "password");
  check_pair(keys, "cert_file", "key_file");
  check_credentials(keys, sink);
  const auto user = take_option(sink, "user");
  const auto password = take_option(sink, "password");
  const auto token = take_option(sink, "token");
  const auto& name = user.empty() ? token : user;
  if (!name.empty() && !sink.target.empty()) {
    sink.target = with_user_information(sink.target, name, password);
  }
}

// It takes them as parts of its address too. A cache has no policy: it never waits.
void finish_redis(mapping_reader& keys, sink_config& sink) {
  check_pair(keys, "user", "password");
  check_pair(keys, "cert_file", "key_file");
  if (keys.find("user") != nullptr && has_user_information(sink.target)) {
    keys.report("user", "there are credentials in url too; one is enough");
  }
  if (keys.find("policy") != nullptr) {
    keys.report("policy", "a redis sink has none: it holds up nobody, and the latest state wins");
  }
  const auto user = take_option(sink, "user");
  const auto password = take_option(sink, "password");
  if (!user.empty() && !sink.target.empty()) {
    sink.target = with_user_information(sink.target, user, password);
  }
}

void report_second_sink(reading& context, const mapping_reader& keys, const sink_config& sink,
                        const std::vector<placed<sink_config>>& all) {
  const auto first = std::find_if(all.begin(), all.end(), [&](const auto& each) {
    return each.what.kind == sink.kind && each.what.target == sink.target;
  });
  if (first == all.end() || sink.kind.empty()) return;
  context.report(keys.where("kind"), "the same sink is in line " + std::to_string(first->at.line));
}

// What is published into a stream reaches the subscribers of core NATS too.
void report_same_subjects(reading& context, const mapping_reader& keys, const sink_config& sink,
                          const std::vector<placed<sink_config>>& all) {
  const auto other = [](const sink_config& what) {
    if (what.kind == "nats") return "jetstream";
    return what.kind == "jetstream" && what.options.count("prefix") == 0 ? "nats" : "";
  };
  for (const auto& each : all) {
    if (each.what.target != sink.target || sink.target.empty()) continue;
    if (each.what.kind != other(sink) || sink.kind != other(each.what)) continue;
    context.report(keys.where("kind"),
                   "the sink in line " + std::to_string(each.at.line) +
                       " publishes the same subjects there; leave one out, or give the "
                       "jetstream sink a prefix");
  }
}

}  // namespace

void read_sink(reading& context, const YAML::Node& node, const position& at,
               std::vector<placed<sink_config>>& out) {
  const auto& rules = rules_of(kind_of(node));
  mapping_reader keys(context, node, at, {"sinks[]", rules.path});
  sink_config sink;
  read_known(context, keys, "kind", "kind of sink", context.checks.sinks, sink.kind);
  keys.read("policy", sink.policy);
  read_own_keys(context, keys, rules, sink);
  read_options(context, keys, sink);
  if (sink.kind == "nats" || sink.kind == "jetstream") finish_nats(keys, sink);
  if (sink.kind == "redis") finish_redis(keys, sink);
  report_second_sink(context, keys, sink, out);
  report_same_subjects(context, keys, sink, out);
  out.push_back({std::move(sink), keys.where("kind")});
}

}  // namespace feedtree::config
