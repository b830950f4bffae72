#include "adapters/venues/okx_guard.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "core/checksum.hpp"

namespace feedtree::venues {
namespace {

constexpr std::size_t checked_levels = 25;

// "price:size:" of one level.
char* write_level(const level& what, char* out) {
  out = what.price().to_chars(out);
  *out++ = ':';
  out = what.quantity().to_chars(out);
  *out++ = ':';
  return out;
}
constexpr std::size_t level_text_max = 2 * decimal::text_max + 2;

// The texts of a side's checked levels. An update changes a few of them, and writing digits costs
// far more than comparing numbers: the texts of the others are taken over from the update before.
class side_text {
 public:
  void renew(const order_book& book, book_part part) {
    before_.swap(now_);
    // A rank means another price at another scale.
    if (std::exchange(scale_, book.scale()) != book.scale()) before_.levels.clear();
    now_.levels.clear();
    std::size_t next = 0;  // in before_
    std::size_t end = 0;
    book.for_top_ranked(part, checked_levels, [&](const ranked_level& entry) {
      if (now_.text.size() < end + 2 * level_text_max) now_.text.resize(2 * (end + level_text_max));
      while (next < before_.levels.size() && before_.levels[next].of.rank < entry.rank) ++next;
      char* const to = now_.text.data() + end;
      if (next < before_.levels.size() && is_same(before_.levels[next].of, entry)) {
        end += copy(before_.text_of(next), to);
      } else {
        end += static_cast<std::size_t>(write_level(book.as_sent(part, entry), to) - to);
      }
      now_.levels.push_back({entry, end});
    });
  }
  std::size_t size() const { return now_.levels.size(); }

  // Copies the text of a level, if there are so many; up to `copied_at_least` bytes are written.
  char* append(std::size_t index, char* to) const {
    return index < size() ? to + copy(now_.text_of(index), to) : to;
  }
  static constexpr std::size_t copied_at_least = 32;  // enough for nearly every level

 private:
  struct level_text {
    ranked_level of;
    std::size_t end;
  };
  struct texts {
    std::vector<level_text> levels;
    std::vector<char> text;  // with copied_at_least bytes behind the last level

    void swap(texts& other) noexcept {
      levels.swap(other.levels);
      text.swap(other.text);
    }
    std::string_view text_of(std::size_t index) const {
      const auto begin = index == 0 ? 0 : levels[index - 1].end;
      return {text.data() + begin, levels[index].end - begin};
    }
  };

  static bool is_same(const ranked_level& a, const ranked_level& b) {
    return a.rank == b.rank && a.quantity_mantissa == b.quantity_mantissa &&
           a.price_exponent == b.price_exponent && a.quantity_exponent == b.quantity_exponent;
  }
  static std::size_t copy(std::string_view from, char* to) {
    std::memcpy(to, from.data(), copied_at_least);
    if (from.size() > copied_at_least) std::memcpy(to, from.data(), from.size());
    return from.size();
  }

  texts now_;
  texts before_;
  int scale_ = 0;
};

// The checksum of a book: the levels of both sides in turns. A side that a change does not touch is
// not read again.
class book_text {
 public:
  void renew(const order_book& book, bool bids, bool asks) {
    if (bids) bids_.renew(book, book_part::bids);
    if (asks) asks_.renew(book, book_part::asks);
  }
  std::uint32_t checksum() const {
    std::array<char, 2 * checked_levels * level_text_max + side_text::copied_at_least> text;
    char* end = text.data();
    for (std::size_t index = 0; index < std::max(bids_.size(), asks_.size()); ++index) {
      end = asks_.append(index, bids_.append(index, end));
    }
    const auto size = static_cast<std::size_t>(end - text.data());
    return crc32({text.data(), size == 0 ? 0 : size - 1});
  }

 private:
  side_text bids_;
  side_text asks_;
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
    // A book without checksums has none at all, so its texts need not be kept.
    if (!change.has_checksum && !text_kept_) return {};
    text_.renew(book, !text_kept_ || change.snapshot || change.bids != 0,
                !text_kept_ || change.snapshot || change.asks != 0);
    text_kept_ = true;
    if (!change.has_checksum) return {};
    const bool deep = !sequenced_ && (book.size(book_part::bids) > okx_book_depth ||
                                      book.size(book_part::asks) > okx_book_depth);
    return !deep && text_.checksum() == change.checksum;
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
    if (delta.last_update_id > last_) return continuity_verdict::broken;
    return is_newer ? continuity_verdict::went_back : continuity_verdict::duplicate;
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

  mutable book_text text_;
  mutable bool text_kept_ = false;
  bool sequenced_ = true;
  std::uint64_t last_ = 0;
  std::int64_t last_ns_ = 0;
  event_key last_key_;
};

}  // namespace

std::uint32_t okx_checksum(const order_book& book) {
  book_text text;
  text.renew(book, true, true);
  return text.checksum();
}

guard_ptr make_okx_guard() {
  return std::make_unique<okx_guard>();
}

}  // namespace feedtree::venues
