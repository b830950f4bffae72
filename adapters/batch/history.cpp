#include "adapters/batch/history.hpp"

#include <map>

namespace feedtree::batch {
namespace {

using source_map = std::map<std::string, std::unique_ptr<const history_source>, std::less<>>;

source_map& sources() {
  static source_map all;
  return all;
}

}  // namespace

void register_history(std::unique_ptr<const history_source> what) {
  auto name = std::string(what->venue());
  sources()[std::move(name)] = std::move(what);
}

std::optional<history_page> history_source::refusal(const history_job&, const history_position&,
                                                    const venues::raw_frame&) const {
  return {};
}

const history_source* find_history(std::string_view venue) {
  const auto found = sources().find(venue);
  return found == sources().end() ? nullptr : found->second.get();
}

std::vector<std::string> history_names() {
  std::vector<std::string> result;
  for (const auto& [name, source] : sources()) result.push_back(name);
  return result;
}

}  // namespace feedtree::batch
