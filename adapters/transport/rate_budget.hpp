#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace feedtree::transport {

// One limit of a venue: at most `limit` (connects, messages, or weight) in any `period_ns`.
struct rate_limit {
  std::string kind;            // for example "connect", "message", "request"
  std::int64_t limit = 0;      // in units of weight
  std::int64_t period_ns = 0;  // nanoseconds
  // How much may be spent at once after a rest; 0 for half of the limit, rounded up. What is
  // left flows back evenly, so that no window of `period_ns` ever holds more than `limit`.
  std::int64_t burst = 0;

  // Every problem as a readable line; empty when all is well.
  [[nodiscard]] std::vector<std::string> check() const;
};

// Token buckets for one venue and address. A kind may have several limits (per second and per
// minute); all of them must agree. A kind without a limit is free. Penalties hold for all kinds.
// It has no clock: each call is given the time in nanoseconds; time that goes backwards counts
// as standing still. One thread at a time.
class rate_budget {
 public:
  // What earliest_ns gives for a weight that no rest makes affordable.
  static constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

  // Throws std::invalid_argument with all problems when a limit does not pass its check.
  explicit rate_budget(std::vector<rate_limit> limits);

  // One more limit from now on; one that is there already with all its values counts once. Throws
  // like the constructor.
  void add(rate_limit limit);
  // The most weight of this kind that may ever be spent at once; never_ns where there is no limit.
  [[nodiscard]] std::int64_t most(std::string_view kind) const;
  // The first time, `now_ns` or later, at which `weight` of `kind` may be spent if nothing is
  // spent until then; never_ns when weight is above the burst of a limit or negative.
  [[nodiscard]] std::int64_t earliest_ns(std::string_view kind, std::int64_t weight,
                                         std::int64_t now_ns) const;
  // Spends `weight` of `kind` and gives true, or gives false and spends nothing when
  // earliest_ns is later than `now_ns`.
  [[nodiscard]] bool take(std::string_view kind, std::int64_t weight, std::int64_t now_ns);
  // Allows nothing before `until_ns` (Retry-After of a 429 or 418). An earlier end never
  // shortens a penalty.
  void penalise(std::int64_t until_ns) noexcept;
  // The end of the longest penalty so far; 0 when there was none.
  [[nodiscard]] std::int64_t penalised_until_ns() const noexcept { return penalised_until_ns_; }

 private:
  // A level counts tokens times period_ns, so that a refill is exact in integers.
  struct bucket {
    rate_limit limit;
    std::int64_t refill = 0;  // tokens a period
    std::int64_t level = 0;
    std::int64_t updated_ns = 0;
    bool is_used = false;

    [[nodiscard]] std::int64_t level_at(std::int64_t now_ns) const;
    [[nodiscard]] std::int64_t earliest_ns(std::int64_t weight, std::int64_t now_ns) const;
  };

  void put(rate_limit limit);

  std::vector<bucket> buckets_;
  std::int64_t penalised_until_ns_ = 0;
};

}  // namespace feedtree::transport
