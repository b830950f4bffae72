#include "config/rules_reader.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "config/rule_node.hpp"
#include "config/rule_values.hpp"
#include "config/suggestions.hpp"
#include "config/values.hpp"
#include "config/yaml_documents.hpp"

namespace feedtree::config {
namespace {

using rules::rule_spec;

constexpr std::uintmax_t file_bytes_max = 1 << 20;
constexpr std::size_t rules_max = 256;
constexpr std::array<std::string_view, 7> common{"name",    "check", "venues",     "instruments",
                                                 "outcome", "alert", "alert_every"};

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

// One item of the list of rules.
class rule_reader : rule_node {
 public:
  using rule_node::rule_node;

  void read(rules::rule_list& out) {
    if (values_.empty()) return;
    rule_spec rule;
    read_name(rule.name);
    const auto check = read_check();
    if (!check) return;
    rule.check = *check;
    check_keys_of(*check);
    read_kinds(rule);
    texts("venues", rule.venues, [&](const std::string& text) {
      return known(text, of_.venues)
                 ? ""
                 : "unknown venue " + quoted_text(text) + hint(text, of_.venues);
    });
    texts("instruments", rule.instruments, [](const std::string& text) {
      return parse_instrument(text) ? "" : quoted_text(text) + " is not a canonical instrument";
    });
    read_bounds(rule);
    read_outcome(rule);
    out.push_back(std::move(rule));
  }

 private:
  void read_name(std::string& out) {
    const auto found = text("name");
    if (!found) {
      if (!values_.contains("name")) of_.report(at_, "name: is missing");
      return;
    }
    if (!is_name(*found)) {
      return report("name", quoted_text(*found) +
                                " is not a name of at most 64 letters, digits, '_' and '-'");
    }
    if (!of_.names.insert(*found).second) report("name", quoted_text(*found) + " is there twice");
    out = *found;
  }
  std::optional<rule_check> read_check() {
    const auto found = text("check");
    if (!found) {
      if (!values_.contains("check")) of_.report(at_, "check: is missing");
      return {};
    }
    const auto check = parse_rule_check(*found);
    if (!check)
      report("check", "unknown check " + quoted_text(*found) + hint(*found, check_names()));
    return check;
  }
  void check_keys_of(rule_check check) {
    const auto keys = keys_of(check);
    string_list all(common.begin(), common.end());
    for (const auto name : keys.names) {
      if (!known(std::string(name), all)) all.emplace_back(name);
    }
    for (const auto& [key, place] : places_) {
      if (known(key, all)) continue;
      of_.report(place, "unknown key " + quoted_text(key) + " of a rule with check " +
                            std::string(to_string(check)) + hint(key, all));
    }
    for (const auto name : keys.needed) {
      if (!values_.contains(std::string(name))) {
        of_.report(at_, std::string(name) + ": is missing, check " + std::string(to_string(check)) +
                            " needs it");
      }
    }
  }
  void read_kinds(rule_spec& out) {
    const auto able = kinds_of(out.check);
    if (!must_name_kinds(out.check)) out.kinds = able;
    if (!values_.contains("kinds") || able.none()) return;
    out.kinds.reset();
    items("kinds", [&](const std::string& item) -> std::string {
      const auto kind = parse_event_kind(item);
      if (!kind) return "unknown kind " + quoted_text(item);
      if (!able.test(static_cast<std::size_t>(*kind))) {
        return "check " + std::string(to_string(out.check)) + " cannot judge " + item;
      }
      out.kinds.set(static_cast<std::size_t>(*kind));
      return {};
    });
  }

  std::string field_error(const rule_spec& rule, const std::string& name,
                          std::optional<rules::field>& out) const {
    out = rules::parse_field(name);
    if (!out) return "unknown field " + quoted_text(name);
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      const auto each = static_cast<event_kind>(kind);
      if (!rule.kinds.test(kind) || rules::has_field(each, *out)) continue;
      return std::string(to_string(each)) + " has no field " + quoted_text(name);
    }
    return {};
  }
  void read_bounds(rule_spec& out) {
    const auto keys = keys_of(out.check).names;
    const auto has = [&](std::string_view key) {
      return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    if (has("fields")) read_fields(out);
    if (has("field")) read_range(out);
    if (has("tolerance")) duration("tolerance", out.tolerance_ns);
    if (has("behind")) duration("behind", out.behind_ns);
    if (has("ahead")) duration("ahead", out.ahead_ns);
    if (has("limit")) share(out.limit_ppm);
    if (has("max_age")) duration("max_age", out.age_max_ns);
    if (has("venues_min")) whole("venues_min", 1, 32, out.venues_min);
    if (has("same_quotes")) {
      texts("same_quotes", out.same_quotes, [](const std::string&) { return std::string(); });
    }
    if (has("window")) whole("window", 2, 4'096, out.window);
    if (has("factor")) read_factor(out);
    if (has("locked")) boolean("locked", out.locked);
    if (has("trades")) boolean("trades", out.against_trades);
    if (has("value")) read_value(out);
    if (has("against")) read_against(out);
    if (has("sample_every")) whole("sample_every", 1, 1'000'000, out.sample_every);
    if (has("learn")) whole("learn", 1, 100'000, out.learn);
  }
  void read_fields(rule_spec& out) {
    items("fields", [&](const std::string& item) -> std::string {
      std::optional<rules::field> name;
      auto error = field_error(out, item, name);
      if (error.empty()) out.present.push_back(*name);
      return error;
    });
  }
  void read_range(rule_spec& out) {
    if (const auto found = text("field")) {
      std::optional<rules::field> name;
      const auto error = field_error(out, *found, name);
      if (!error.empty()) report("field", error);
      if (name) out.bounded = *name;
    }
    if (const auto least = number("min")) out.least = *least;
    if (const auto most = number("max")) out.most = *most;
    if (!values_.contains("min") && !values_.contains("max")) {
      of_.report(at_, "min or max: one of them is needed");
    }
    if (out.least && out.most && *out.least > *out.most) report("max", "is below min");
  }
  void read_factor(rule_spec& out) {
    const auto found = number("factor");
    if (!found) return;
    std::int64_t thousandths = 0;
    constexpr std::int64_t most = 1'000'000'000;
    if (found->mantissa_at(-3, thousandths) && thousandths >= 1'000 && thousandths <= most) {
      out.factor_thousandths = thousandths;
      return;
    }
    report("factor", "expected 1 to 1000000 with at most three digits behind the point");
  }
  void read_value(rule_spec& out) {
    const auto found = number("value");
    if (!found) return;
    if (!found->is_positive()) return report("value", "must be above zero");
    out.value = *found;
  }
  void read_against(rule_spec& out) {
    const auto found = text("against");
    if (found && *found != "book" && *found != "last") {
      return report("against", quoted_text(*found) + " is not one of book, last");
    }
    if (found && *found == "last") out.against = rules::reference::last;
    constexpr auto book = static_cast<std::size_t>(event_kind::book);
    if (out.against == rules::reference::last) return;
    if (values_.contains("kinds") && out.kinds.test(book)) {
      report("kinds", "a book is not compared with itself: take it out, or say against: last");
    }
    out.kinds.reset(book);
  }

  void read_outcome(rule_spec& out) {
    constexpr auto book = static_cast<std::size_t>(event_kind::book);
    items("outcome", [&](const std::string& item) -> std::string {
      if (item == "count") return {};
      const bool of_events = out.kinds.any();
      if (item != "flag" && item != "quarantine") {
        return quoted_text(item) +
               " is not one of count, flag, quarantine (an alert has the key "
               "alert)";
      }
      if (!of_events) return item + ": schema_drift concerns frames, not events";
      if (item == "flag") out.flag = true;
      if (item == "flag") return {};
      if (out.check == rule_check::freshness) return "quarantine: what ends a silence is not bad";
      if (out.kinds.test(book)) {
        return "quarantine: a book change cannot be taken out of the changes before and behind it: "
               "flag it, or leave book out of kinds";
      }
      out.quarantine = true;
      return {};
    });
    duration("alert_every", out.alert_every_ns);
    const auto found = text("alert");
    if (!found) {
      if (values_.contains("alert_every")) report("alert_every", "is of no use without alert");
      return;
    }
    for (std::size_t at = 0; at < alert_severities; ++at) {
      const auto severity = static_cast<alert_severity>(at);
      if (to_string(severity) == *found) out.alert = severity;
    }
    if (!out.alert) report("alert", quoted_text(*found) + " is not one of info, warning, critical");
  }
};

void read_root(rules_context& of, const YAML::Node& root, rules::rule_list& out) {
  if (!root.IsMap()) {
    return of.report({1, 1},
                     "expected a mapping with the key rules, found " + std::string(shape_of(root)));
  }
  bool found = false;
  for (const auto& pair : root) {
    const auto at = position_of(pair.first, {1, 1});
    const auto key = pair.first.IsScalar() ? pair.first.Scalar() : std::string();
    if (key != "rules" || std::exchange(found, true)) {
      of.report(at, found && key == "rules"
                        ? "rules: duplicate key"
                        : "unknown key " + quoted_text(key) + "; the only one is rules");
      continue;
    }
    if (!pair.second.IsSequence() || pair.second.size() == 0) {
      of.report(at, "rules: expected a list of at least one rule");
      continue;
    }
    if (pair.second.size() > rules_max) {
      of.report(at, "rules: more than " + std::to_string(rules_max));
      continue;
    }
    for (const auto& item : pair.second) rule_reader(of, item, position_of(item, at)).read(out);
  }
  if (!found) of.report({1, 1}, "rules: is missing");
}

rules_result failed(const std::string& path, const std::string& message) {
  return {{}, {{path, 0, 0, message}}};
}

}  // namespace

rules_result read_rules_text(std::string_view text, const std::string& file,
                             const std::vector<std::string>& venues) {
  rules_context of{file, venues};
  rules_result result;
  try {
    const std::string whole(text);
    const auto starts = document_starts(whole);
    read_root(of, YAML::Load(whole), result.rules);
    if (starts.size() > 1) of.report(starts[1], "a second document begins: only one is read");
  } catch (const YAML::Exception& error) {
    position at{1, 1};
    if (!error.mark.is_null()) at = {error.mark.line + 1, error.mark.column + 1};
    of.report(at, "this is not YAML: " + error.msg);
  }
  auto& problems = of.problems;
  std::sort(problems.begin(), problems.end());
  problems.erase(std::unique(problems.begin(), problems.end()), problems.end());
  result.problems = std::move(problems);
  return result;
}

rules_result read_rules_file(const std::string& path, const std::vector<std::string>& venues) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return failed(path, "cannot be read: " + error.message());
  if (size > file_bytes_max) return failed(path, "is bigger than 1 MiB");
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad()) return failed(path, "cannot be read: permission denied");
  return read_rules_text(text, path, venues);
}

}  // namespace feedtree::config
