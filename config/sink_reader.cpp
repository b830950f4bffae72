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
constexpr std::array<sink_kind, 5> kinds{{{"nats", "sinks[nats]", "url"},
                                          {"timescale", "sinks[timescale]", "dsn"},
                                          {"sqlite", "sinks[sqlite]", "path"},
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

void check_kind(const reading& context, mapping_reader& keys, std::string& out) {
  if (!keys.read("kind", out)) return;
  const auto& known = context.checks.sinks;
  if (std::find(known.begin(), known.end(), out) != known.end()) return;
  const auto likely = nearest(out, known);
  keys.report("kind", "unknown kind of sink " + quoted(out) +
                          (likely.empty() ? "" : ", did you mean '" + likely + "'?") +
                          " Known are " + joined(known));
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

// The sink's own keys but its target become options under their names, as texts.
void read_own_keys(mapping_reader& keys, const sink_kind& rules, sink_config& out) {
  for (const auto* key : keys_below(rules.path)) {
    if (key->name() == rules.target) {
      keys.read(rules.target, out.target);
      continue;
    }
    std::string text;
    bool flag = false;
    if (key->type == value_type::boolean) {
      if (keys.read(key->name(), flag)) out.options[std::string(key->name())] = flag ? "1" : "0";
    } else if (keys.read(key->name(), text)) {
      out.options[std::string(key->name())] = text;
    }
  }
}

void check_nats(mapping_reader& keys, const sink_config& sink) {
  const bool user = keys.find("user") != nullptr;
  const bool password = keys.find("password") != nullptr;
  const bool token = keys.find("token") != nullptr;
  if (user != password) {
    keys.report(user ? "user" : "password", "user and password belong together");
  }
  if (token && (user || password)) {
    keys.report("token", "there are user and password too; only one way is possible");
  }
  if (has_user_information(sink.target) && (user || password || token)) {
    keys.report("url", "it has credentials, and there are others; only one way is possible");
  }
}

void report_second_sink(mapping_reader& keys, const sink_config& sink,
                        const std::vector<placed<sink_config>>& all) {
  const auto first = std::find_if(all.begin(), all.end(), [&](const auto& each) {
    return each.what.kind == sink.kind && each.what.target == sink.target;
  });
  if (first == all.end() || sink.kind.empty()) return;
  keys.report("kind", "the same sink is in line " + std::to_string(first->at.line));
}

}  // namespace

void read_sink(reading& context, const YAML::Node& node, const position& at,
               std::vector<placed<sink_config>>& out) {
  const auto& rules = rules_of(kind_of(node));
  mapping_reader keys(context, node, at, {"sinks[]", rules.path});
  sink_config sink;
  check_kind(context, keys, sink.kind);
  read_own_keys(keys, rules, sink);
  read_options(context, keys, sink);
  if (sink.kind == "nats") check_nats(keys, sink);
  report_second_sink(keys, sink, out);
  out.push_back({std::move(sink), keys.where("kind")});
}

}  // namespace feedtree::config
