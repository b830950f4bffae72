#include "actors/venue/wanted_streams.hpp"

#include "config/suggestions.hpp"

namespace feedtree::actors {
namespace {

constexpr std::size_t names_max = 3;

void add_streams(const config::venue_config& config, const venues::venue& venue,
                 const listing* where, wanted_streams& out) {
  for (const auto& feed : config.feeds) {
    const venues::stream wanted{feed.kind, where, feed.interval_ns, config.book_depth};
    const auto refusal = venue.refuses(wanted);
    if (refusal.empty()) {
      out.streams.push_back(wanted);
    } else {
      // Another instrument of the venue has this feed: the configuration was checked for that.
      out.refusals.push_back(where->symbol + " goes without: " + refusal);
    }
  }
}

}  // namespace

wanted_streams find_wanted(const config::venue_config& config, const venues::venue& venue,
                           const listing_registry& registry,
                           const std::function<bool(const listing*)>& is_known) {
  wanted_streams result;
  for (const auto& symbol : config.instruments) {
    const auto* const where = registry.find(config.venue, symbol);
    if (where != nullptr && is_known(where)) {
      add_streams(config, venue, where, result);
    } else {
      result.unknown.push_back(symbol);
    }
  }
  return result;
}

std::vector<std::string> names_like(const std::string& instrument, const std::string& venue,
                                    const listing_registry& registry,
                                    const venues::venue_symbols& symbols) {
  std::vector<std::string> all;
  for (const auto* const each : registry.of_venue(venue)) {
    if (symbols.has(each)) all.push_back(each->symbol);
  }
  return config::nearest_few(instrument, all, names_max);
}

std::string did_you_mean(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t at = 0; at < names.size(); ++at) {
    text += at == 0 ? "; did you mean " : at + 1 == names.size() ? " or " : ", ";
    text += names[at];
  }
  return text.empty() ? text : text + "?";
}

std::string why_unknown(const std::string& instrument, const std::string& venue,
                        const listing_registry& registry, const venues::venue_symbols& symbols) {
  const auto status = symbols.not_trading(instrument);
  if (!status.empty()) return "it does not trade at the moment: " + venue + " says " + status;
  return venue + " does not list it" +
         did_you_mean(names_like(instrument, venue, registry, symbols));
}

}  // namespace feedtree::actors
