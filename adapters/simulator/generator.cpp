#include "adapters/simulator/generator.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace feedtree::simulator {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t timer_ns = 5'000'000;
constexpr std::int64_t tick_ns = 100'000'000;
constexpr std::int64_t behind_max_ns = 250'000'000;
constexpr std::size_t steps_at_once_max = 2'000;

const generator_options& checked(const generator_options& options) {
  if (const auto problems = options.check(); !problems.empty()) {
    throw std::invalid_argument(problems.front());
  }
  return options;
}

}  // namespace

std::vector<std::string> generator_options::check() const {
  std::vector<std::string> problems;
  if (instruments.empty()) problems.emplace_back("the simulator needs an instrument");
  auto sorted = instruments;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) problems.push_back(*twice + " is named twice");
  if (frames_per_s > 10'000'000) problems.emplace_back("at most 10000000 frames a second");
  return problems;
}

market_service::market_service(const venue_simulator& venue, generator_options options,
                               clock_function clock_ns)
    : venue_(venue),
      options_(checked(options)),
      clock_ns_(std::move(clock_ns)),
      markets_(make_markets(venue, options_.instruments, options_.seed, clock_ns_())),
      choice_(options_.seed, "which market") {}

void market_service::on_start(server_link& link) {
  link_ = &link;
  moved_ns_ = ticked_ns_ = clock_ns_();
  link_->run_after(timer_ns, [this] { on_timer(); });
}

bool market_service::accepts(std::string_view target) {
  return venue_.accepts(target);
}

void market_service::on_open(client_id who, std::string_view target) {
  const auto placed = clients_.emplace(who, venue_.make_protocol(markets_)).first;
  pending_.clear();
  placed->second->on_connected(target, clock_ns_(), pending_);
  send_all(who, *placed->second);
}

void market_service::on_text(client_id who, std::string_view text) {
  const auto found = clients_.find(who);
  if (found == clients_.end()) return;
  pending_.clear();
  found->second->on_client_frame(text, clock_ns_(), pending_);
  send_all(who, *found->second);
}

void market_service::on_close(client_id who) {
  clients_.erase(who);
}

void market_service::on_room(client_id) {
  if (options_.frames_per_s == 0) move();
}

rest_answer market_service::on_request(std::string_view method, std::string_view target) {
  return venue_.rest(method, target, markets_, clock_ns_());
}

void market_service::on_timer() {
  link_->run_after(timer_ns, [this] { on_timer(); });
  move();
}

// Makes as many steps as time has passed for; what cannot be made up soon is let go.
void market_service::move() {
  const auto now_ns = clock_ns_();
  const auto passed_ns = std::clamp<std::int64_t>(now_ns - moved_ns_, 0, behind_max_ns);
  moved_ns_ = now_ns;
  credit_ += passed_ns * options_.frames_per_s;
  const bool unlimited = options_.frames_per_s == 0;
  for (std::size_t steps = 0; steps < steps_at_once_max && !is_at_rest_; ++steps) {
    if (unlimited ? clients_.empty() || !everyone_has_room() : credit_ <= 0) break;
    credit_ -= static_cast<std::int64_t>(step(now_ns)) * second_ns;
  }
  if (unlimited) credit_ = 0;
  credit_ = std::min(credit_, std::int64_t{options_.frames_per_s} * behind_max_ns);
  tick_clients(now_ns);
}

// Moves one market; gives the most frames that a client got of it, at least one.
std::size_t market_service::step(std::int64_t now_ns) {
  const auto which = choice_.below(static_cast<std::int64_t>(markets_.size()));
  auto& what = markets_.at(static_cast<std::size_t>(which));
  return send_step(what, what.step(now_ns));
}

std::size_t market_service::send_step(const market& what, const market_step& change) {
  std::size_t most = 1;
  if (!what.is_listed()) return most;
  for (auto next = clients_.begin(); next != clients_.end();) {
    const auto& [who, client] = *next++;  // sending may end the client
    pending_.clear();
    client->on_step(what, change, pending_);
    most = std::max(most, pending_.size());
    send_all(who, *client);
  }
  return most;
}

void market_service::cross(std::string_view symbol) {
  auto* const what = markets_.find_symbol(symbol);
  if (what != nullptr) send_step(*what, what->cross(clock_ns_()));
}

void market_service::set_listed(std::string_view symbol, bool listed) {
  auto* const what = markets_.find_symbol(symbol);
  if (what != nullptr) what->set_listed(listed);
}

void market_service::tick_clients(std::int64_t now_ns) {
  if (now_ns - ticked_ns_ < tick_ns) return;
  ticked_ns_ = now_ns;
  for (auto next = clients_.begin(); next != clients_.end();) {
    const auto& [who, client] = *next++;
    pending_.clear();
    client->on_tick(now_ns, pending_);
    send_all(who, *client);
  }
}

bool market_service::everyone_has_room() {
  return std::all_of(clients_.begin(), clients_.end(),
                     [this](const auto& entry) { return link_->has_room(entry.first); });
}

void market_service::send_all(client_id to, protocol& from) {
  const bool ends = from.wants_close();
  auto ready = std::exchange(pending_, {});
  for (auto& frame : ready) {
    if (!link_->send(to, std::move(frame))) return;
  }
  if (ends) link_->close(to);
}

}  // namespace feedtree::simulator
