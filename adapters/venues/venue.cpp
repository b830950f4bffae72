#include "adapters/venues/venue.hpp"

#include <simdjson.h>

#include <algorithm>

#include "adapters/venues/ignored_frames.hpp"
#include "adapters/venues/json.hpp"
#include "core/first_words.hpp"

namespace feedtree::venues {
namespace {

std::map<std::string, std::unique_ptr<const venue>, std::less<>>& registered() {
  static std::map<std::string, std::unique_ptr<const venue>, std::less<>> venues;
  return venues;
}

// Where the target of a URL begins: behind scheme://host.
std::size_t target_of(std::string_view url) {
  const auto scheme = url.find("://");
  const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
  return std::min(url.find('/', host), url.size());
}

// Runs a reader so that out is either extended by all of a frame or not touched.
template <class Reader>
void read_or_reject(event_batch& out, frame_report& report, Reader&& reader) {
  const auto events = out.events.size();
  const auto levels = out.levels.size();
  report.clear();
  try {
    reader();
    const auto& lost = report.losses.entries;
    if (lost.empty() || report.losses.read != 0) return;
    report.reason = lost.front().reason;
  } catch (const decode_error& error) {
    report.reason = error.what();
  } catch (const simdjson::simdjson_error& error) {
    report.reason = simdjson::error_message(error.error());
  }
  out.events.resize(events);
  out.levels.resize(levels);
  report.losses.clear();
  report.subscriptions.clear();
  report.replies.clear();
  report.outcome = frame_outcome::rejected;
}

// The place of the quote that ends a string which begins here, or the end of the text: the first
// one behind an even number of backslashes. Most of a body is strings, so they are passed at once.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  for (auto at = begin;; ++at) {
    at = text.find('"', at);
    if (at == std::string_view::npos) return text.size();
    auto slashes = at;
    while (slashes > begin && text[slashes - 1] == '\\') --slashes;
    if ((at - slashes) % 2 == 0) return at;
  }
}

// True if all brackets of a JSON text close at its end: a body that was cut off may end in a
// bracket too, and the readers of REST answers do not look at every field.
bool is_closed(std::string_view text) {
  int depth = 0;
  bool closed = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (closed) return false;
    if (c == '"') at = end_of_string(text, at + 1);
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') closed = --depth <= 0;
  }
  return closed && depth == 0;
}

}  // namespace

bool operator==(const stream& a, const stream& b) {
  return a.kind == b.kind && a.where == b.where && a.interval_ns == b.interval_ns;
}

std::string describe(const stream& what) {
  std::string text(to_string(what.kind));
  if (what.kind == event_kind::candle) text += " " + interval_text(what.interval_ns);
  return text + " " + (what.where == nullptr ? "?" : what.where->symbol);
}

symbol_table& venue_symbols::of(std::string_view channel) {
  const auto found = by_channel_.find(channel);
  if (found != by_channel_.end()) return found->second;
  return by_channel_[std::string(channel)];
}

void venue_symbols::set_not_trading(std::string symbol, std::string_view status) {
  not_trading_[std::move(symbol)] = status;
}

std::string venue_symbols::not_trading(std::string_view symbol) const {
  const auto found = not_trading_.find(symbol);
  return found == not_trading_.end() ? std::string() : found->second;
}

bool venue_symbols::has(const listing* where) const {
  return std::any_of(by_channel_.begin(), by_channel_.end(), [where](const auto& each) {
    return each.second.find(where->venue_symbol) == where;
  });
}

std::size_t venue_symbols::size() const {
  std::size_t total = 0;
  for (const auto& [channel, table] : by_channel_) total += table.size();
  return total;
}

void frame_losses::note_field(std::string_view name, std::string_view why, std::string_view text) {
  constexpr std::size_t text_max = 40;
  if (fields++ != 0) return;
  field.assign(name).append(": ").append(why).append(": ").append(text.substr(0, text_max));
}

void frame_losses::clear() {
  fields = read = 0;
  field.clear();
  entries.clear();
}

void frame_report::clear() {
  outcome = frame_outcome::ignored;
  reason.clear();
  losses.clear();
  channel.clear();
  subscriptions.clear();
  replies.clear();
  error.clear();
  connection_gap.clear();
  next_page.clear();
  closes_soon = false;
  reconnect = false;
}

void session::decode(const raw_frame& frame, event_batch& out, frame_report& report) {
  read_or_reject(out, report, [&] { read_frame(frame, out, report); });
  if (report.outcome == frame_outcome::ignored) report.channel = ignored_channel(frame.text);
}

void session::decode_rest(std::string_view url, const raw_frame& body, event_batch& out,
                          frame_report& report) {
  read_or_reject(out, report, [&] {
    require_json(body.text);
    if (!is_closed(body.text)) throw decode_error("the body is cut off, or goes on behind its end");
    read_rest(url, body, out, report);
  });
}

void require_json(std::string_view body) {
  const auto begin = std::min(body.find_first_not_of(" \t\r\n"), body.size());
  if (begin == body.size() || body[begin] == '{' || body[begin] == '[') return;
  throw decode_error("the answer is not JSON: " + first_words(body));
}

std::optional<rest_request> session::snapshot_request(const stream&) const {
  return {};
}

std::optional<rest_request> session::trades_request(const missing_trades&) const {
  return {};
}

std::vector<std::string> session::resync_frames(const stream& book) {
  auto frames = unsubscribe_frames({&book, 1});
  auto again = subscribe_frames({&book, 1});
  std::move(again.begin(), again.end(), std::back_inserter(frames));
  return frames;
}

std::optional<rest_request> venue::poll_request(const stream&, const venue_addresses&) const {
  return {};
}

std::string venue::refuses(const stream& what) const {
  const auto all = kinds();
  if (std::find(all.begin(), all.end(), what.kind) != all.end()) return {};
  return std::string(name()) + " has no " + std::string(to_string(what.kind)) + " feed";
}

namespace {

std::string plural_of(market_type type) {
  return std::string(to_string(type)) + (type == market_type::spot ? " instruments" : "s");
}

// Whether the venue offers any of this type, however settled.
bool offers_type(const venue& which, instrument what) {
  for (const auto& settle : {what.quote, what.base}) {
    if (what.type != market_type::spot) what.settle = settle;
    if (which.offers(what)) return true;
  }
  return false;
}

std::string_view family_of(std::string_view name) {
  return name.substr(0, name.find('-'));
}

// The venues that offer it; only those of the same exchange where there are any.
std::vector<std::string> venues_with(const instrument& what, std::string_view family) {
  std::vector<std::string> all;
  std::vector<std::string> related;
  for (const auto& [name, each] : registered()) {
    if (!each->offers(what)) continue;
    all.push_back(name);
    if (family_of(name) == family) related.push_back(name);
  }
  return related.empty() ? all : related;
}

}  // namespace

std::string refuses_instrument(const venue& which, const instrument& what) {
  if (which.offers(what)) return {};
  auto text = std::string(which.name()) + " has no " + plural_of(what.type);
  if (offers_type(which, what)) text += " settled in " + what.settle;
  const auto others = venues_with(what, family_of(which.name()));
  for (std::size_t at = 0; at < others.size(); ++at) {
    text += at == 0 ? "; " : at + 1 == others.size() ? " and " : ", ";
    text += others[at];
  }
  if (others.empty()) return text;
  return text + (others.size() == 1 ? " has them" : " have them");
}

const venue* find_venue(std::string_view name) {
  const auto found = registered().find(name);
  return found == registered().end() ? nullptr : found->second.get();
}

std::vector<std::string> venue_names() {
  std::vector<std::string> names;
  for (const auto& [name, unused] : registered()) names.push_back(name);
  return names;
}

void register_venue(std::unique_ptr<const venue> what) {
  auto name = std::string(what->name());
  registered()[std::move(name)] = std::move(what);
}

std::string address_of(std::string_view own_url, std::string_view override_url) {
  if (override_url.empty()) return std::string(own_url);
  const auto host = override_url.substr(0, target_of(override_url));
  return std::string(host) + std::string(own_url.substr(target_of(own_url)));
}

std::vector<connection_plan> split_streams(std::span<const stream> streams,
                                           const venue_limits& limits, const std::string& url) {
  // Streams by instrument, in the order in which the instruments are first named.
  std::vector<std::vector<stream>> groups;
  for (const auto& what : streams) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& entry) {
      return entry.front().where == what.where;
    });
    if (group == groups.end()) {
      groups.push_back({what});
    } else {
      group->push_back(what);
    }
  }
  std::vector<connection_plan> plans;
  std::size_t instruments = 0;
  for (const auto& group : groups) {
    const auto full = [&] {
      const auto& present = plans.back().streams;
      const auto most = limits.streams_per_connection;
      return (most != 0 && present.size() + group.size() > most) ||
             (limits.instruments_per_connection != 0 &&
              instruments >= limits.instruments_per_connection);
    };
    if (plans.empty() || full()) {
      plans.push_back({url, {}});
      instruments = 0;
    }
    ++instruments;
    auto& target = plans.back().streams;
    target.insert(target.end(), group.begin(), group.end());
  }
  return plans;
}

std::vector<std::span<const stream>> pieces(std::span<const stream> streams, std::size_t most) {
  std::vector<std::span<const stream>> result;
  if (most == 0) most = streams.size();
  for (std::size_t at = 0; at < streams.size(); at += most) {
    result.push_back(streams.subspan(at, std::min(most, streams.size() - at)));
  }
  return result;
}

}  // namespace feedtree::venues
