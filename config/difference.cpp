#include "config/difference.hpp"

#include <algorithm>

namespace feedtree::config {
namespace {

const venue_config* find(const std::vector<venue_config>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.venue == name; });
  return found == all.end() ? nullptr : &*found;
}

// What is in `all` and not in `other`.
std::vector<std::string> without(const std::vector<std::string>& all,
                                 const std::vector<std::string>& other) {
  std::vector<std::string> result;
  std::copy_if(all.begin(), all.end(), std::back_inserter(result), [&](const auto& each) {
    return std::find(other.begin(), other.end(), each) == other.end();
  });
  return result;
}

// Notes the keys of `from` whose values are not those of `to`, and gives them these values.
class key_comparison {
 public:
  key_comparison(std::string prefix, std::vector<std::string>& out)
      : prefix_(std::move(prefix)), out_(out) {}
  template <class Value>
  void operator()(std::string_view key, Value& from, const Value& to) {
    if (from == to) return;
    out_.push_back(prefix_ + std::string(key));
    from = to;
  }

 private:
  std::string prefix_;
  std::vector<std::string>& out_;
};

void compare_venue(venue_config now, const venue_config& wanted, std::vector<std::string>& keys) {
  const auto prefix = "venues[" + now.venue + "].";
  now.instruments = wanted.instruments;
  key_comparison compare(prefix, keys);
  compare("feeds", now.feeds, wanted.feeds);
  compare("book_depth", now.book_depth, wanted.book_depth);
  compare("websocket_url", now.websocket_url, wanted.websocket_url);
  compare("rest_url", now.rest_url, wanted.rest_url);
  compare("tls", now.tls, wanted.tls);
  compare("instruments_per_connection", now.instruments_per_connection,
          wanted.instruments_per_connection);
  compare("connections_per_stream", now.connections_per_stream, wanted.connections_per_stream);
  compare("connection_lifetime", now.connection_lifetime_ms, wanted.connection_lifetime_ms);
  compare("idle_timeout", now.idle_timeout_ms, wanted.idle_timeout_ms);
  compare("freshness", now.freshness, wanted.freshness);
  compare("connect_timeout", now.connect_timeout_ms, wanted.connect_timeout_ms);
  // A key that is not in the list above.
  if (!(now == wanted)) keys.push_back(prefix + "another key");
}

void compare_server(server_config now, const server_config& wanted,
                    std::vector<std::string>& keys) {
  now.venues = wanted.venues;
  now.log_level = wanted.log_level;
  key_comparison compare("", keys);
  compare("sinks", now.sinks, wanted.sinks);
  compare("reconnect", now.reconnect, wanted.reconnect);
  compare("restart", now.restart, wanted.restart);
  compare("breaker", now.breaker, wanted.breaker);
  compare("credit", now.credit, wanted.credit);
  compare("journal", now.journal, wanted.journal);
  compare("archive", now.archive, wanted.archive);
  compare("http", now.http, wanted.http);
  compare("candles", now.candles, wanted.candles);
  compare("validation", now.validation, wanted.validation);
  compare("pollers", now.pollers, wanted.pollers);
  compare("metrics", now.metrics, wanted.metrics);
  compare("alerts", now.alerts, wanted.alerts);
  compare("grace_period", now.grace_period_ms, wanted.grace_period_ms);
  compare("startup_timeout", now.startup_timeout_ms, wanted.startup_timeout_ms);
  compare("log_format", now.log_format, wanted.log_format);
  if (!(now == wanted)) keys.emplace_back("another key");
}

}  // namespace

bool difference::changes_nothing() const {
  return added_venues.empty() && removed_venues.empty() && instruments.empty() && !log_level;
}

difference difference_of(const server_config& now, const server_config& wanted) {
  difference result;
  for (const auto& venue : now.venues) {
    if (find(wanted.venues, venue.venue) == nullptr) result.removed_venues.push_back(venue.venue);
  }
  for (const auto& venue : wanted.venues) {
    const auto* const before = find(now.venues, venue.venue);
    if (before == nullptr) {
      result.added_venues.push_back(venue);
      continue;
    }
    instruments_change change{venue.venue, without(venue.instruments, before->instruments),
                              without(before->instruments, venue.instruments)};
    if (!change.added.empty() || !change.removed.empty()) {
      result.instruments.push_back(std::move(change));
    }
    compare_venue(*before, venue, result.fixed_keys);
  }
  result.log_level = now.log_level != wanted.log_level;
  compare_server(now, wanted, result.fixed_keys);
  return result;
}

server_config applied(const server_config& now, const server_config& wanted) {
  auto result = now;
  result.log_level = wanted.log_level;
  result.venues.clear();
  for (const auto& venue : wanted.venues) {
    const auto* const before = find(now.venues, venue.venue);
    result.venues.push_back(before == nullptr ? venue : *before);
    result.venues.back().instruments = venue.instruments;
  }
  return result;
}

}  // namespace feedtree::config
