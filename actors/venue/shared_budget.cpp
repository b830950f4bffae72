#include "actors/venue/shared_budget.hpp"

#include <algorithm>

#include "adapters/transport/url.hpp"

namespace feedtree::actors {

std::vector<transport::rate_limit> venue_rate_limits(const venues::venue_limits& limits) {
  std::vector<transport::rate_limit> result;
  const auto add = [&](std::string_view kind, const venues::rate_limit& limit) {
    if (limit.count != 0) result.push_back({std::string(kind), limit.count, limit.per_ns, 0});
  };
  add(budget_connect, limits.connects);
  add(budget_subscribe, limits.subscribes);
  add(budget_rest, limits.rest);
  return result;
}

void address_budget::add(const std::vector<transport::rate_limit>& limits) {
  const std::lock_guard lock(mutex_);
  for (const auto& limit : limits) budget_.add(limit);
}

std::int64_t address_budget::take_or_when(std::string_view kind, std::int64_t weight,
                                          std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const auto cost = std::min(weight, budget_.most(kind));
  if (budget_.take(kind, cost, now_ns)) return 0;
  return budget_.earliest_ns(kind, cost, now_ns);
}

std::int64_t address_budget::take_spare_or_when(std::string_view kind, std::int64_t weight,
                                                std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const auto most = budget_.most(kind);
  const auto cost = std::min(weight, most);
  const auto wanted = most - cost < most / 2 ? most : cost + most / 2;
  const auto when = budget_.earliest_ns(kind, wanted, now_ns);
  if (when > now_ns) return when;
  return budget_.take(kind, cost, now_ns) ? 0 : budget_.earliest_ns(kind, cost, now_ns);
}

void address_budget::penalise(std::int64_t until_ns) {
  const std::lock_guard lock(mutex_);
  budget_.penalise(until_ns);
}

std::shared_ptr<address_budget> address_budgets::of(
    std::string_view url, const std::vector<transport::rate_limit>& limits) {
  std::string problem;
  const auto parts = transport::parse_url(url, problem);
  if (!parts.has_value()) return std::make_shared<address_budget>(limits);
  return named(parts->host_and_port(), limits);
}

std::shared_ptr<address_budget> address_budgets::rest_of(std::string_view url,
                                                         const venues::venue_limits& limits) {
  if (limits.rest_pool.empty()) return of(url, venue_rate_limits(limits));
  venues::venue_limits of_pool;
  of_pool.rest = limits.rest;
  return named("pool " + std::string(limits.rest_pool), venue_rate_limits(of_pool));
}

std::shared_ptr<address_budget> address_budgets::named(
    const std::string& name, const std::vector<transport::rate_limit>& limits) {
  const std::lock_guard lock(mutex_);
  auto& budget = by_name_[name];
  if (budget == nullptr) {
    budget = std::make_shared<address_budget>(limits);
  } else {
    budget->add(limits);
  }
  return budget;
}

std::int64_t shared_budget::take_or_when(std::string_view kind, std::int64_t weight,
                                         std::int64_t now_ns) {
  if (kind == budget_connect) return trial_or_when(kind, weight, now_ns);
  return of(kind).take_or_when(kind, weight, now_ns);
}

std::int64_t shared_budget::spare_rest_or_when(std::int64_t weight, std::int64_t now_ns) {
  return rest_->take_spare_or_when(budget_rest, weight, now_ns);
}

std::int64_t shared_budget::poll_rest_or_when(std::int64_t weight, std::int64_t now_ns) {
  const auto blocked = breaker_ ? breaker_->blocked_until(now_ns) : 0;
  return blocked != 0 ? blocked : rest_->take_or_when(budget_rest, weight, now_ns);
}

std::int64_t shared_budget::try_rest_or_when(std::int64_t weight, std::int64_t now_ns) {
  return trial_or_when(budget_rest, weight, now_ns);
}

// The breaker is asked twice: first so that no weight is spent while it is open, then for good.
std::int64_t shared_budget::trial_or_when(std::string_view kind, std::int64_t weight,
                                          std::int64_t now_ns) {
  if (breaker_ == nullptr) return of(kind).take_or_when(kind, weight, now_ns);
  auto when = breaker_->blocked_until(now_ns);
  if (when == 0) when = of(kind).take_or_when(kind, weight, now_ns);
  return when != 0 ? when : breaker_->try_or_when(now_ns);
}

void shared_budget::penalise(std::string_view kind, std::int64_t until_ns) {
  of(kind).penalise(until_ns);
}

void shared_budget::succeeded(std::int64_t now_ns) {
  if (breaker_) breaker_->succeeded(now_ns);
}

void shared_budget::failed(std::int64_t now_ns) {
  if (breaker_) breaker_->failed(now_ns);
}

std::shared_ptr<shared_breaker> venue_budgets::breaker_of(const std::string& venue) {
  const std::lock_guard lock(mutex_);
  auto& breaker = breakers_[venue];
  if (breaker == nullptr) {
    auto changed = [venue, told = changed_](const breaker_view& view) {
      if (told) told(venue, view);
    };
    breaker = std::make_shared<shared_breaker>(options_, random_, std::move(changed));
  }
  return breaker;
}

std::shared_ptr<shared_budget> venue_budgets::of(const venues::venue& what,
                                                 std::string_view stream_url,
                                                 std::string_view rest_url) {
  const auto limits = what.limits();
  return std::make_shared<shared_budget>(addresses_.of(stream_url, venue_rate_limits(limits)),
                                         addresses_.rest_of(rest_url, limits),
                                         breaker_of(std::string(what.name())));
}

}  // namespace feedtree::actors
