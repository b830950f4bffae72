#include <cstdio>

#include "actors/command/commands.hpp"
#include "actors/command/complaint.hpp"
#include "actors/command/output.hpp"
#include "actors/replay/validation.hpp"

namespace feedtree::actors {

int validate_command(const validate_arguments& arguments) {
  rules::rule_list rules;
  if (!read_rules(arguments.rules, rules)) return exit_configuration;
  validation_options options;
  options.sources = arguments.sources;
  options.archive_key = archive_key_text();
  options.venue = arguments.venue;
  options.rules = std::make_shared<const rules::rule_list>(std::move(rules));
  options.from_ns = arguments.from_ns;
  options.to_ns = arguments.to_ns;
  options.progress = true;
  listing_registry registry;
  const auto result = validate(options, registry);
  const bool page = arguments.format == "html";
  write_report(arguments.output, page ? validation_page(result) : validation_json(result));
  for (const auto& line : result.damages) complain(line);
  const auto broken = result.broken();
  std::fprintf(stderr, "%llu findings by %zu rules\n", static_cast<unsigned long long>(broken),
               options.rules->size());
  const bool is_good = broken == 0 && result.damages.empty();
  return arguments.strict && !is_good ? exit_failure : exit_ok;
}

}  // namespace feedtree::actors
