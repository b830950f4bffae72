#include "adapters/simulator/protocol.hpp"

#include <map>
#include <stdexcept>

namespace feedtree::simulator {
namespace {

using simulators = std::map<std::string, std::unique_ptr<const venue_simulator>, std::less<>>;

simulators& registered() {
  static simulators all;
  return all;
}

}  // namespace

market_set make_markets(const venue_simulator& venue, const std::vector<std::string>& symbols,
                        std::uint64_t seed, std::int64_t start_ns) {
  std::vector<market_spec> specs;
  for (const auto& symbol : symbols) {
    const auto details = parse_instrument(symbol);
    if (!details) throw std::invalid_argument(symbol + " is no instrument, for example BTC-USD");
    specs.push_back(venue.spec_of(*details));
  }
  return {specs, seed, start_ns};
}

const venue_simulator* find_simulator(std::string_view name) {
  const auto found = registered().find(name);
  return found == registered().end() ? nullptr : found->second.get();
}

std::vector<std::string> simulator_names() {
  std::vector<std::string> names;
  for (const auto& [name, unused] : registered()) names.push_back(name);
  return names;
}

void register_simulator(std::unique_ptr<const venue_simulator> what) {
  auto name = std::string(what->name());
  registered()[std::move(name)] = std::move(what);
}

}  // namespace feedtree::simulator
