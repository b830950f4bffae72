#include "adapters/simulator/book_view.hpp"

#include <span>

namespace feedtree::simulator {
namespace {

level deleted(level what) {
  what.quantity_mantissa = 0;
  return what;
}

// Walks what the client had and what is there now, best first, and appends the differences.
class side_comparison {
 public:
  side_comparison(book_part part, fallen_levels rule, std::size_t depth)
      : part_(part), rule_(rule), depth_(depth) {}

  void run(std::span<const level> before, std::span<const level> now,
           std::vector<level>& out) const {
    std::size_t old_at = 0;
    for (const auto& entry : now) {
      while (old_at < before.size() && better(before[old_at], entry)) {
        out.push_back(deleted(before[old_at++]));
      }
      const bool known =
          old_at < before.size() && before[old_at].price_mantissa == entry.price_mantissa;
      if (!known || before[old_at].quantity_mantissa != entry.quantity_mantissa) {
        out.push_back(entry);
      }
      if (known) ++old_at;
    }
    if (rule_ == fallen_levels::cut_by_client && now.size() == depth_) return;
    for (; old_at < before.size(); ++old_at) out.push_back(deleted(before[old_at]));
  }

 private:
  bool better(const level& a, const level& b) const {
    return part_ == book_part::bids ? a.price_mantissa > b.price_mantissa
                                    : a.price_mantissa < b.price_mantissa;
  }
  book_part part_;
  fallen_levels rule_;
  std::size_t depth_;
};

// False if every change lies behind the view's last level, so that nothing in it changed.
bool touches(book_part part, std::span<const level> view, std::size_t depth,
             std::span<const level> changes) {
  if (changes.empty()) return false;
  if (view.size() < depth) return true;
  const auto best = changes.front().price_mantissa;
  const auto last = view.back().price_mantissa;
  return part == book_part::bids ? best >= last : best <= last;
}

}  // namespace

const book_levels& book_view::snapshot(const market& of) {
  present_ = {of.top(book_part::bids, depth_), of.top(book_part::asks, depth_)};
  return present_;
}

book_levels book_view::update(const market& of, const market_step& step) {
  if (depth_ == 0) return {step.bids, step.asks};
  book_levels changes;
  const auto compare = [&](book_part part, std::vector<level>& view, std::span<const level> moved,
                           std::vector<level>& out) {
    if (!touches(part, view, depth_, moved)) return;
    auto now = of.top(part, depth_);
    side_comparison(part, rule_, depth_).run(view, now, out);
    view = std::move(now);
  };
  compare(book_part::bids, present_.bids, step.bids, changes.bids);
  compare(book_part::asks, present_.asks, step.asks, changes.asks);
  return changes;
}

}  // namespace feedtree::simulator
