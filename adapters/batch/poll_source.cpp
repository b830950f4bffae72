#include "adapters/batch/poll_source.hpp"

#include <map>
#include <stdexcept>

namespace feedtree::batch {
namespace {

using source_map = std::map<std::string, std::unique_ptr<const poll_source>, std::less<>>;

source_map& sources() {
  static source_map all;
  return all;
}

}  // namespace

venues::rest_request poll_source::present_request(std::span<const listing* const>,
                                                  const history_reader&) const {
  throw std::logic_error(std::string(name()) + " has nothing that holds at a moment");
}

void poll_source::read_present(std::span<const listing* const>, const venues::raw_frame&,
                               event_batch&) const {
  throw std::logic_error(std::string(name()) + " has nothing that holds at a moment");
}

void register_poll_source(std::unique_ptr<const poll_source> what) {
  auto name = std::string(what->name());
  sources()[std::move(name)] = std::move(what);
}

const poll_source* find_poll_source(std::string_view name) {
  const auto found = sources().find(name);
  return found == sources().end() ? nullptr : found->second.get();
}

std::vector<std::string> poll_source_names() {
  std::vector<std::string> result;
  for (const auto& [name, source] : sources()) result.push_back(name);
  return result;
}

}  // namespace feedtree::batch
