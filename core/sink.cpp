#include "core/sink.hpp"

#include <algorithm>
#include <charconv>

namespace feedtree {
namespace {

std::map<std::string, sink_factory, std::less<>>& registered() {
  static std::map<std::string, sink_factory, std::less<>> factories;
  return factories;
}

template <class Names>
std::string joined(const Names& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

}  // namespace

void register_sink(std::string_view kind, sink_factory make) {
  registered()[std::string(kind)] = make;
}

std::vector<std::string> sink_kinds() {
  std::vector<std::string> kinds;
  for (const auto& [kind, unused] : registered()) kinds.push_back(kind);
  return kinds;
}

std::unique_ptr<sink> make_sink(std::string_view spec, const sink_context& context) {
  const auto colon = spec.find(':');
  const auto kind = spec.substr(0, colon);
  const auto target = colon == std::string_view::npos ? std::string_view{} : spec.substr(colon + 1);
  const auto found = registered().find(kind);
  if (found == registered().end()) {
    throw sink_error(false, "no sink of kind '" + std::string(kind) +
                                "': a sink is KIND:TARGET, with a kind of " + joined(sink_kinds()));
  }
  return found->second(target, context);
}

void check_sink_options(std::string_view kind, const sink_context& context,
                        const std::vector<std::string_view>& known) {
  for (const auto& [name, unused] : context.options) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw sink_error(false, "the " + std::string(kind) + " sink has no option '" + name + "'" +
                                (known.empty() ? "" : "; it has " + joined(known)));
  }
}

std::int64_t sink_option(const sink_context& context, std::string_view name, std::int64_t otherwise,
                         std::int64_t least, std::int64_t most) {
  const auto found = context.options.find(name);
  if (found == context.options.end()) return otherwise;
  const auto& text = found->second;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && value >= least && value <= most) {
    return value;
  }
  throw sink_error(false, "option '" + std::string(name) + "' is '" + text +
                              "', not a whole number from " + std::to_string(least) + " to " +
                              std::to_string(most));
}

std::string sink_option(const sink_context& context, std::string_view name) {
  const auto found = context.options.find(name);
  return found == context.options.end() ? std::string{} : found->second;
}

}  // namespace feedtree
