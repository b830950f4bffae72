// What all actors that talk to a venue share: rate budgets, one an address, and the circuit
// breaker.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/venue/circuit_breaker.hpp"
#include "adapters/transport/rate_budget.hpp"
#include "adapters/venues/venue.hpp"

namespace feedtree::actors {

inline constexpr std::string_view budget_connect = "connect";
inline constexpr std::string_view budget_subscribe = "subscribe";
inline constexpr std::string_view budget_rest = "rest";
inline constexpr std::string_view budget_message = "message";

// The venue's limits an address as buckets; limits that the venue does not state are free.
std::vector<transport::rate_limit> venue_rate_limits(const venues::venue_limits& limits);

// The budget of one address. Thread-safe.
class address_budget {
 public:
  explicit address_budget(std::vector<transport::rate_limit> limits) : budget_(std::move(limits)) {}

  // One more venue is at this address: limits that are not there yet hold for all from now on.
  void add(const std::vector<transport::rate_limit>& limits);
  // 0 if the weight was taken now; else the time at which to ask again, nanoseconds since 1970.
  // What costs more than a limit allows at once counts as all that it allows.
  std::int64_t take_or_when(std::string_view kind, std::int64_t weight, std::int64_t now_ns);
  // Likewise for what is not urgent: half of what may be spent at once is left for others.
  std::int64_t take_spare_or_when(std::string_view kind, std::int64_t weight, std::int64_t now_ns);
  // Nothing goes to this address before that time.
  void penalise(std::int64_t until_ns);

 private:
  std::mutex mutex_;
  transport::rate_budget budget_;
};

// The budgets of a process by "host:port", and by the names of pools. Thread-safe.
class address_budgets {
 public:
  // The budget of the address of this URL, with the venue's limits; all that ask for the same
  // address get the same one. A URL that is none has a budget of its own.
  std::shared_ptr<address_budget> of(std::string_view url,
                                     const std::vector<transport::rate_limit>& limits);
  // The budget of a venue's REST requests to this URL: that of its address, or that of its pool
  // wherever the pool's venues are reached.
  std::shared_ptr<address_budget> rest_of(std::string_view url, const venues::venue_limits& limits);

 private:
  std::shared_ptr<address_budget> named(const std::string& name,
                                        const std::vector<transport::rate_limit>& limits);

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<address_budget>> by_name_;
};

// One venue's access to its addresses: for connections and for REST. Thread-safe.
class shared_budget {
 public:
  // One address for both, without a breaker.
  explicit shared_budget(std::vector<transport::rate_limit> limits)
      : stream_(std::make_shared<address_budget>(std::move(limits))), rest_(stream_) {}
  // The breaker may be null.
  shared_budget(std::shared_ptr<address_budget> stream, std::shared_ptr<address_budget> rest,
                std::shared_ptr<shared_breaker> breaker)
      : stream_(std::move(stream)), rest_(std::move(rest)), breaker_(std::move(breaker)) {}

  // 0 if the weight was taken now; else the time at which to ask again, nanoseconds since 1970.
  // While the breaker is open no connect is given, and while it is half open one. What belongs to a
  // connection that is open (subscribes, REST) does not ask the breaker.
  std::int64_t take_or_when(std::string_view kind, std::int64_t weight, std::int64_t now_ns);
  // Likewise for a REST request that others go before.
  std::int64_t spare_rest_or_when(std::int64_t weight, std::int64_t now_ns);
  // Likewise for a REST request that belongs to no connection and shows how the venue is.
  std::int64_t try_rest_or_when(std::int64_t weight, std::int64_t now_ns);
  // And for one that belongs to no connection and whose failure says little.
  std::int64_t poll_rest_or_when(std::int64_t weight, std::int64_t now_ns);
  // The venue said to wait (429, 418, Retry-After), on a connect or on a REST request.
  void penalise(std::string_view kind, std::int64_t until_ns);

  // What was tried gave what was asked for, or failed.
  void succeeded(std::int64_t now_ns);
  void failed(std::int64_t now_ns);

 private:
  address_budget& of(std::string_view kind) { return kind == budget_rest ? *rest_ : *stream_; }
  std::int64_t trial_or_when(std::string_view kind, std::int64_t weight, std::int64_t now_ns);

  std::shared_ptr<address_budget> stream_;
  std::shared_ptr<address_budget> rest_;
  std::shared_ptr<shared_breaker> breaker_;
};

// The budgets and breakers of a process: one breaker a venue, one budget an address. They outlive
// the actors, so that a restart forgets nothing. Thread-safe.
class venue_budgets {
 public:
  using on_change = std::function<void(const std::string& venue, const breaker_view&)>;
  // `changed` hears of each breaker that opens or closes; it must not call back.
  venue_budgets(breaker_options options, random_source random, on_change changed)
      : options_(options), random_(std::move(random)), changed_(std::move(changed)) {}

  // For connections to the address of this URL, and for REST at that of the other.
  std::shared_ptr<shared_budget> of(const venues::venue& what, std::string_view stream_url,
                                    std::string_view rest_url);

 private:
  std::shared_ptr<shared_breaker> breaker_of(const std::string& venue);

  std::mutex mutex_;
  breaker_options options_;
  random_source random_;
  on_change changed_;
  address_budgets addresses_;
  std::map<std::string, std::shared_ptr<shared_breaker>> breakers_;
};

}  // namespace feedtree::actors
