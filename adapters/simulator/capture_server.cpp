#include "adapters/simulator/capture_server.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <optional>
#include <utility>

#include "adapters/simulator/client_request.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

// Path and query of a URL: "/v5/public" of "wss://host:443/v5/public".
std::string_view target_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return url;
  const auto path = url.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : url.substr(path);
}

// "/" and nothing are the same path.
std::string_view plain_path(std::string_view target) {
  const auto path = path_of(target);
  return path.empty() ? std::string_view("/") : path;
}

bool same_text(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

// The names under which venues ask for an instrument, a kind of market or an interval.
constexpr std::array<std::string_view, 14> identifying{
    "symbol", "pair",     "instId",   "instType",   "category",     "product_id", "uly",
    "market", "currency", "interval", "instrument", "contractType", "period",     "instFamily"};

// True if the recorded request was about the same thing: how many levels it asked for is another
// matter.
bool same_request(std::string_view asked, std::string_view recorded) {
  if (plain_path(asked) != plain_path(recorded)) return false;
  return std::all_of(identifying.begin(), identifying.end(), [&](std::string_view name) {
    const auto wanted = query_value(asked, name);
    const auto given = query_value(recorded, name);
    return wanted.has_value() == given.has_value() && (!wanted || same_text(*wanted, *given));
  });
}

bool is_ping(std::string_view text) {
  return text.size() < 256 && text.find("ping") != std::string_view::npos;
}

}  // namespace

capture_service::capture_service(std::vector<capture_frame> records,
                                 capture_service_options options, clock_function clock_ns)
    : records_(std::move(records)),
      options_(options),
      clock_ns_(std::move(clock_ns)),
      no_markets_({}, 0, 0) {
  for (const auto& record : records_) {
    if (record.rest) {
      answers_.push_back(&record);
    } else {
      connection_of(record).frames.push_back(&record);
    }
  }
}

capture_service::recorded_connection& capture_service::connection_of(const capture_frame& frame) {
  const auto found = std::find_if(connections_.begin(), connections_.end(), [&](const auto& entry) {
    return entry.name == frame.connection;
  });
  if (found != connections_.end()) return *found;
  const auto path = std::string(plain_path(target_of(frame.url)));
  return connections_.emplace_back(recorded_connection{frame.connection, path, {}, 0});
}

std::vector<std::size_t> capture_service::connection_sizes() const {
  std::vector<std::size_t> sizes;
  for (const auto& entry : connections_) sizes.push_back(entry.frames.size());
  return sizes;
}

void capture_service::on_start(server_link& link) {
  link_ = &link;
}

bool capture_service::accepts(std::string_view target) {
  return choose(target) != nowhere;
}

// Of the connections of this path the one with the fewest clients; the first of them if equal.
std::size_t capture_service::choose(std::string_view target) const {
  if (connections_.size() == 1) return 0;
  auto best = nowhere;
  for (std::size_t at = 0; at < connections_.size(); ++at) {
    if (connections_[at].path != plain_path(target)) continue;
    if (best == nowhere || connections_[at].clients < connections_[best].clients) best = at;
  }
  return best;
}

void capture_service::on_open(client_id who, std::string_view target) {
  client made;
  made.connection = choose(target);
  ++connections_[made.connection].clients;
  if (options_.venue != nullptr) made.answers = options_.venue->make_protocol(no_markets_);
  clients_.emplace(who, std::move(made));
  const bool at_once = options_.venue == nullptr ? query_value(target, "streams").has_value()
                                                 : options_.venue->streams_in_target(target);
  if (at_once) stream(who);
}

// The first frame is the subscription; what comes after it is looked at for pings.
void capture_service::on_text(client_id who, std::string_view text) {
  const auto found = clients_.find(who);
  if (found == clients_.end()) return;
  if (is_ping(text)) {
    answer_ping(who, found->second, text);
  } else if (!found->second.streams) {
    stream(who);
  }
}

void capture_service::answer_ping(client_id who, client& state, std::string_view text) {
  if (state.answers == nullptr) return;
  frames answers;
  state.answers->on_client_frame(text, clock_ns_(), answers);
  for (auto& answer : answers) {
    if (!link_->send(who, std::move(answer))) return;
  }
}

void capture_service::on_close(client_id who) {
  const auto found = clients_.find(who);
  if (found == clients_.end()) return;
  --connections_[found->second.connection].clients;
  clients_.erase(found);
}

void capture_service::on_room(client_id who) {
  advance(who);
}

void capture_service::stream(client_id who) {
  auto& state = clients_.at(who);
  state.streams = true;
  state.began_ns = clock_ns_();
  advance(who);
}

// Sends what is due and fits; a timer or on_room goes on.
void capture_service::advance(client_id who) {
  const auto found = clients_.find(who);
  if (found == clients_.end() || found->second.waits) return;
  auto& state = found->second;
  const auto& all = connections_[state.connection].frames;
  while (state.next < all.size()) {
    const auto wait_ns = due_in_ns(state);
    if (wait_ns > 0) {
      state.waits = true;
      link_->run_after(wait_ns, [this, who] {
        const auto still = clients_.find(who);
        if (still == clients_.end()) return;
        still->second.waits = false;
        advance(who);
      });
      return;
    }
    if (!is_paced(*all[state.next]) && !link_->has_room(who)) return;
    if (!link_->send(who, all[state.next++]->text)) return;
  }
  if (options_.close_at_end) link_->close(who);
}

bool capture_service::is_paced(const capture_frame& frame) const {
  return options_.speed_percent != 0 && frame.receive_ns != 0;
}

std::int64_t capture_service::due_in_ns(const client& who) const {
  const auto& all = connections_[who.connection].frames;
  const auto recorded_ns = all[who.next]->receive_ns;
  if (!is_paced(*all[who.next])) return 0;
  const auto after_ns = (recorded_ns - all.front()->receive_ns) / options_.speed_percent * 100;
  return who.began_ns + after_ns - clock_ns_();
}

rest_answer capture_service::on_request(std::string_view method, std::string_view target) {
  const capture_frame* best = nullptr;
  const auto reached_ns = position_ns();
  for (const auto* answer : answers_) {
    if (method != "GET" || !same_request(target, target_of(answer->url))) continue;
    if (best == nullptr || answer->receive_ns <= reached_ns) best = answer;
  }
  if (best == nullptr) return {404, R"({"error":"not in the recording"})"};
  return {200, best->text};
}

// The recorded time of the last frame that any client got.
std::int64_t capture_service::position_ns() const {
  std::int64_t latest_ns = 0;
  for (const auto& [who, state] : clients_) {
    if (state.next == 0) continue;
    const auto& all = connections_[state.connection].frames;
    latest_ns = std::max(latest_ns, all[state.next - 1]->receive_ns);
  }
  return latest_ns;
}

}  // namespace feedtree::simulator
