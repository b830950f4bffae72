#include "adapters/venues/okx_guard.hpp"

#include <algorithm>
#include <array>

#include "core/checksum.hpp"

namespace feedtree::venues {
namespace {

constexpr std::size_t checked_levels = 25;

// The text "price:size:" of each checked level of a side.
struct side_text {
  std::array<char, checked_levels*(2 * decimal::text_max + 2)> text;
  std::array<std::uint16_t, checked_levels + 1> ends{};
  std::size_t count = 0;

  void read(const order_book& book, book_part part) {
    char* at = text.data();
    count = 0;
    book.for_top(part, checked_levels, [&](const level& entry) {
      at = entry.price().to_chars(at);
      *at++ = ':';
      at = entry.quantity().to_chars(at);
      *at++ = ':';
      ends[++count] = static_cast<std::uint16_t>(at - text.data());
    });
  }

  char* copy(std::size_t index, char* to) const {
    if (index >= count) return to;
    return std::copy(text.data() + ends[index], text.data() + ends[index + 1], to);
  }
};

class okx_guard final : public continuity_guard {
 public:
  void on_snapshot(const event& what, const book_change& snapshot) override {
    sequenced_ = snapshot.last_update_id != 0;
    remember(what, snapshot);
  }

  continuity_verdict on_delta(const event& what, const book_change& delta) override {
    const auto verdict = sequenced_ ? judge_link(what, delta) : judge_time(what);
    if (verdict == continuity_verdict::apply) remember(what, delta);
    return verdict;
  }

  std::optional<bool> checksum_holds(const book_change& change,
                                     const order_book& book) const override {
    if (!change.has_checksum) return {};
    const bool deep = !sequenced_ && (book.size(book_part::bids) > okx_book_depth ||
                                      book.size(book_part::asks) > okx_book_depth);
    return !deep && okx_checksum(book) == change.checksum;
  }

  bool checks_sequence() const override { return sequenced_; }

 private:
  continuity_verdict judge_link(const event& what, const book_change& delta) const {
    const bool is_newer = what.exchange_ns > last_ns_;
    if (delta.previous_update_id == last_) {
      // A repeated sign of life: nothing tells it from the first but its time.
      const bool repeats = delta.last_update_id == last_ && !is_newer;
      return repeats ? continuity_verdict::duplicate : continuity_verdict::apply;
    }
    const bool is_old = delta.last_update_id <= last_ && !is_newer;
    return is_old ? continuity_verdict::duplicate : continuity_verdict::broken;
  }

  continuity_verdict judge_time(const event& what) const {
    if (what.key == last_key_) return continuity_verdict::duplicate;
    return what.exchange_ns < last_ns_ ? continuity_verdict::broken : continuity_verdict::apply;
  }

  void remember(const event& what, const book_change& change) {
    last_ = change.last_update_id;
    last_ns_ = what.exchange_ns;
    last_key_ = what.key;
  }

  bool sequenced_ = true;
  std::uint64_t last_ = 0;
  std::int64_t last_ns_ = 0;
  event_key last_key_;
};

}  // namespace

std::uint32_t okx_checksum(const order_book& book) {
  side_text bids;
  side_text asks;
  bids.read(book, book_part::bids);
  asks.read(book, book_part::asks);
  std::array<char, 2 * sizeof(bids.text)> text;
  char* end = text.data();
  for (std::size_t index = 0; index < checked_levels; ++index) {
    end = asks.copy(index, bids.copy(index, end));
  }
  const auto size = static_cast<std::size_t>(end - text.data());
  return crc32({text.data(), size == 0 ? 0 : size - 1});
}

guard_ptr make_okx_guard() {
  return std::make_unique<okx_guard>();
}

}  // namespace feedtree::venues
