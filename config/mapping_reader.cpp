#include "config/mapping_reader.hpp"

#include <algorithm>
#include <stdexcept>

#include "config/suggestions.hpp"
#include "config/values.hpp"

namespace feedtree::config {
namespace {

bool is_quoted(const YAML::Node& node) {
  return node.Tag() == "!";
}

bool may_be_repeated(const entry& what) {
  return what.key->access == key_access::plain;
}

std::string found_text(const entry& what, const std::string& text) {
  return may_be_repeated(what) ? ", found " + quoted_text(text) : "";
}

std::string_view example_of(value_type type) {
  switch (type) {
    case value_type::duration:
      return " such as 250ms, 10s, 5m or 1h";
    case value_type::size:
      return " such as 64KiB, 64MiB or 1GiB";
    default:
      return "";
  }
}

std::optional<std::int64_t> parse_integer(value_type type, std::string_view text) {
  switch (type) {
    case value_type::duration:
      return parse_duration_ms(text);
    case value_type::size:
      return parse_size_bytes(text);
    default:
      return parse_number(text);
  }
}

std::string text_error(const key_spec& key, const std::string& text) {
  switch (key.type) {
    case value_type::websocket_url:
      return url_error(text, {"wss ws"});
    case value_type::rest_url:
      return url_error(text, {"https http"});
    case value_type::web_url:
      return web_url_error(text);
    case value_type::nats_url:
      return url_list_error(text, {"tls nats", true});
    case value_type::redis_url:
      return url_error(text, {"rediss redis", true});
    case value_type::dsn:
      return parse_dsn(text) ? "" : "it is neither postgresql://... nor a list of key=value";
    case value_type::listen_address:
      return parse_listen_address(text) ? "" : "it is not an IP address and a port";
    default:
      return text.empty() ? "it is empty" : "";
  }
}

std::string choice_error(const key_spec& key, const std::string& text) {
  const auto choices = choices_of(key);
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) return {};
  return quoted_text(text) + " is not one of " + joined(choices);
}

std::vector<std::string> names_of(const std::vector<const key_spec*>& keys) {
  std::vector<std::string> names;
  for (const auto* key : keys) names.emplace_back(key->name());
  return names;
}

bool any_secret(const std::vector<const key_spec*>& keys) {
  return std::any_of(keys.begin(), keys.end(),
                     [](const auto* key) { return key->access == key_access::secret; });
}

std::optional<std::string> with_variables(reading& context, const entry& what,
                                          const std::string& text) {
  if (!has_reference(text)) return text;
  const auto name = std::string(what.key->short_path());
  if (what.key->access == key_access::plain) {
    context.report(what.at, name + ": ${...} is allowed only in secrets and addresses");
    return {};
  }
  auto expanded = expand(text, context.variables);
  for (const auto& error : expanded.errors) context.report(what.at, name + ": " + error);
  return expanded.errors.empty() ? std::optional(std::move(expanded.text)) : std::nullopt;
}

}  // namespace

void reading::report(const position& at, std::string message) {
  problems.push_back({file, at.line, at.column, std::move(message)});
}

position position_of(const YAML::Node& node, const position& otherwise) {
  const auto mark = node.Mark();
  if (mark.is_null() || node.IsNull()) return otherwise;
  return {mark.line + 1, mark.column + 1};
}

std::string_view shape_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return is_quoted(node) ? "quoted text" : "a single value";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a mapping";
    default:
      return "nothing";
  }
}

std::optional<std::string> read_scalar(reading& context, const entry& what) {
  if (what.value.IsScalar()) return with_variables(context, what, what.value.Scalar());
  context.report(what.at, std::string(what.key->short_path()) + ": expected " +
                              std::string(to_string(what.key->type)) + ", found " +
                              std::string(shape_of(what.value)));
  return {};
}

void for_each_item(reading& context, const entry& list,
                   const std::function<void(const YAML::Node&, const position&)>& read) {
  const auto name = std::string(list.key->short_path());
  if (!list.value.IsSequence()) {
    context.report(list.at, name + ": expected a list, found " + std::string(shape_of(list.value)));
    return;
  }
  if (list.value.size() == 0) context.report(list.at, name + ": the list is empty");
  for (const auto& item : list.value) read(item, position_of(item, list.at));
}

mapping_reader::mapping_reader(reading& context, const YAML::Node& node, const position& at,
                               std::vector<std::string_view> paths)
    : context_(context), at_(at) {
  for (const auto path : paths) {
    const auto keys = keys_below(path);
    keys_.insert(keys_.end(), keys.begin(), keys.end());
  }
  if (node.IsMap()) {
    read_keys(node);
  } else {
    context_.report(at, "expected a mapping with the keys " + joined(names_of(keys_)) + ", found " +
                            std::string(shape_of(node)));
  }
}

void mapping_reader::read_keys(const YAML::Node& node) {
  for (const auto& pair : node) add(pair.first, pair.second);
  report_missing();
}

void mapping_reader::add(const YAML::Node& name, const YAML::Node& value) {
  const auto at = position_of(name, at_);
  const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const auto* each) {
    return name.IsScalar() && each->name() == name.Scalar();
  });
  if (key == keys_.end()) return report_unknown(name, at);
  const auto [found, is_new] =
      entries_.try_emplace(name.Scalar(), entry{*key, value, position_of(value, at)});
  if (is_new) return;
  context_.report(at, "duplicate key '" + name.Scalar() + "', its first value is in line " +
                          std::to_string(found->second.at.line));
}

// A key of a mapping with secrets may be a piece of one that was written without quotes.
void mapping_reader::report_unknown(const YAML::Node& name, const position& at) {
  const auto text = name.IsScalar() ? name.Scalar() : "";
  const auto names = names_of(keys_);
  const auto likely = nearest(text, names);
  const auto shown = any_secret(keys_) || text.empty() ? "" : " " + quoted_text(text);
  context_.report(at, "unknown key" + shown +
                          (likely.empty() ? "; known here: " + joined(names)
                                          : "; did you mean '" + likely + "'?"));
}

void mapping_reader::report_missing() {
  for (const auto* key : keys_) {
    if (key->use != key_use::required || find(key->name()) != nullptr) continue;
    context_.report(at_,
                    "missing key '" + std::string(key->name()) + "' (" + type_text(*key) + ")");
  }
}

const key_spec& mapping_reader::key_of(std::string_view name) const {
  for (const auto* key : keys_) {
    if (key->name() == name) return *key;
  }
  throw std::logic_error("the table of keys has no " + std::string(name));
}

const entry* mapping_reader::find(std::string_view name) const {
  static_cast<void>(key_of(name));
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

position mapping_reader::where(std::string_view name) const {
  const auto* found = find(name);
  return found == nullptr ? at_ : found->at;
}

void mapping_reader::report(std::string_view name, const std::string& message) {
  context_.report(where(name), std::string(key_of(name).short_path()) + ": " + message);
}

bool mapping_reader::read(std::string_view name, std::string& out) {
  const auto* found = find(name);
  if (found == nullptr) return false;
  auto text = read_scalar(context_, *found);
  if (!text) return false;
  const auto error = found->key->type == value_type::choice ? choice_error(*found->key, *text)
                                                            : text_error(*found->key, *text);
  if (!error.empty()) report(name, error);
  if (error.empty()) out = std::move(*text);
  return error.empty();
}

bool mapping_reader::read(std::string_view name, bool& out) {
  const auto* found = find(name);
  if (found == nullptr) return false;
  const auto text = read_scalar(context_, *found);
  if (!text) return false;
  const bool is_boolean = !is_quoted(found->value) && (*text == "true" || *text == "false");
  if (!is_boolean) report(name, "expected true or false" + found_text(*found, *text));
  if (is_boolean) out = *text == "true";
  return is_boolean;
}

std::optional<std::int64_t> mapping_reader::read_integer(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) return {};
  const auto text = read_scalar(context_, *found);
  if (!text) return {};
  const auto& key = *found->key;
  const bool is_number = key.type == value_type::number;
  const auto value =
      is_number && is_quoted(found->value) ? std::nullopt : parse_integer(key.type, *text);
  if (!value) {
    report(name, "expected a " + std::string(to_string(key.type)).append(example_of(key.type)) +
                     found_text(*found, *text) + (is_quoted(found->value) ? " in quotes" : ""));
    return {};
  }
  if (*value >= key.least && *value <= key.most) return value;
  report(name, quoted_text(*text) + " is out of range: " + bounds_text(key));
  return {};
}

}  // namespace feedtree::config
