#include "adapters/venues/kraken_guard.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "core/checksum.hpp"

namespace feedtree::venues::kraken_family {
namespace {

constexpr std::size_t checked_levels = 10;
// Of 64 bits there are twenty; they are written eight at a time.
constexpr std::size_t digits_max = 24;
constexpr std::uint64_t eight_digits = 100'000'000;

// The digits of a number below eight_digits as the bytes 0 to 9 of a word, the first digit in the
// lowest byte: halves, then quarters, then single digits are split off in all lanes at once.
// Multiplying and shifting divides by 100 and by 10, exactly in the range of the lanes.
std::uint64_t spread_digits(std::uint64_t value) {
  const auto halves = value / 10'000 | (value % 10'000) << 32;
  const auto hundreds = (halves * 10'486 >> 20) & 0x7f'0000'007fULL;
  const auto pairs = hundreds | (halves - hundreds * 100) << 16;
  const auto tens = (pairs * 103 >> 10) & 0x000f'000f'000f'000fULL;
  return tens | (pairs - tens * 10) << 8;
}

char* append_word(std::uint64_t digits, unsigned skipped, char* out) {
  static_assert(std::endian::native == std::endian::little);
  const auto text = (digits | 0x3030'3030'3030'3030ULL) >> (8 * skipped);
  std::memcpy(out, &text, sizeof(text));
  return out + (8 - skipped);
}

// Writes a number without leading zeros (of zero nothing is left) and gives the end; up to seven
// bytes behind it are written too.
char* append_digits(std::uint64_t value, char* out) {
  if (value >= eight_digits) {
    out = append_digits(value / eight_digits, out);
    return append_word(spread_digits(value % eight_digits), 0, out);
  }
  if (value == 0) return out;
  const auto digits = spread_digits(value);
  return append_word(digits, static_cast<unsigned>(std::countr_zero(digits)) / 8, out);
}

// The text of one level in the checksum, by its digits.
struct level_text {
  std::int64_t price_mantissa = 0;
  std::int64_t quantity_mantissa = 0;
  std::size_t size = 0;
  std::array<char, 2 * digits_max> text{};

  bool is_of(const level& what) const {
    return price_mantissa == what.price_mantissa && quantity_mantissa == what.quantity_mantissa;
  }
  // Writes up to as many bytes as text has.
  void copy_to(char* out) const {
    constexpr std::size_t most = 32;  // are enough for nearly every level
    std::memcpy(out, text.data(), most);
    if (size > most) std::memcpy(out + most, text.data() + most, text.size() - most);
  }
  void write(const level& what) {
    price_mantissa = what.price_mantissa;
    quantity_mantissa = what.quantity_mantissa;
    auto* const middle = append_digits(static_cast<std::uint64_t>(price_mantissa), text.data());
    auto* const end = append_digits(static_cast<std::uint64_t>(quantity_mantissa), middle);
    size = static_cast<std::size_t>(end - text.data());
  }
};

// The texts of a side's checked levels, one after the other. An update changes one or two of them,
// so the others are taken over from the update before.
class side_text {
 public:
  void renew(const order_book& book, book_part part) {
    std::array<std::uint8_t, checked_levels> order;  // written before it is read
    std::size_t count = 0;
    std::size_t next = 0;  // in order_: the first one that was not met yet
    auto vacant = ~used_;
    bool same = true;
    char* out = text_.data();
    book.for_top(part, checked_levels, [&](const level& what) {
      auto slot = take_over(what, next);
      if (slot == none) {
        slot = static_cast<std::uint8_t>(std::countr_zero(vacant));
        vacant &= vacant - 1;
        slots_[slot].write(what);
      }
      // Up to the first difference the text stands already where it belongs.
      same = same && count < count_ && order_[count] == slot;
      if (!same) slots_[slot].copy_to(out);
      order[count++] = slot;
      out += slots_[slot].size;
    });
    size_ = static_cast<std::size_t>(out - text_.data());
    keep(order, count);
  }
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  static constexpr std::uint8_t none = 255;

  std::uint8_t take_over(const level& what, std::size_t& next) const {
    for (const std::size_t ahead : {0, 1}) {
      if (next + ahead >= count_ || !slots_[order_[next + ahead]].is_of(what)) continue;
      next += ahead + 1;
      return order_[next - 1];
    }
    if (next < count_ && slots_[order_[next]].price_mantissa == what.price_mantissa) ++next;
    return none;
  }

  void keep(const std::array<std::uint8_t, checked_levels>& order, std::size_t count) {
    used_ = 0;
    for (std::size_t at = 0; at < count; ++at) used_ |= 1U << order[at];
    order_ = order;
    count_ = count;
  }

  std::array<level_text, 2 * checked_levels> slots_;
  std::uint32_t used_ = 0;  // a bit a slot in order_
  std::array<std::uint8_t, checked_levels> order_{};
  std::size_t count_ = 0;
  // With room for the last text as a whole, which is copied with what stands behind its end.
  std::array<char, (checked_levels + 1) * 2 * digits_max> text_{};
  std::size_t size_ = 0;
};

// The checksum of a book. A side that a change does not touch is not read again.
class book_text {
 public:
  void renew(const order_book& book, bool bids, bool asks) {
    if (bids) bids_.renew(book, book_part::bids);
    if (!asks) return;
    asks_.renew(book, book_part::asks);
    asks_checksum_ = crc32(asks_.view());
  }
  std::uint32_t checksum() const { return crc32(bids_.view(), asks_checksum_); }

 private:
  side_text bids_;
  side_text asks_;
  std::uint32_t asks_checksum_ = 0;
};

class book_guard final : public continuity_guard {
 public:
  void on_snapshot(const event& what, const book_change&) override {
    remember(what);
    if (what.key.view().starts_with(untimed_snapshot)) last_exchange_ns_ = 0;
  }
  continuity_verdict on_delta(const event& what, const book_change&) override {
    if (what.key == last_key_) return continuity_verdict::duplicate;
    if (what.exchange_ns < last_exchange_ns_) return continuity_verdict::broken;
    remember(what);
    return continuity_verdict::apply;
  }
  std::optional<bool> checksum_holds(const book_change& change,
                                     const order_book& book) const override {
    text_.renew(book, change.snapshot || change.bids != 0, change.snapshot || change.asks != 0);
    if (!change.has_checksum) return {};
    return text_.checksum() == change.checksum;
  }
  std::string_view contradiction(const apply_counts& counts) const override {
    if (counts.unknown_deletes != 0) return "a level is deleted that is not in the book";
    if (counts.beyond_depth != 0) return "a level is sent that lies beyond the depth";
    if (counts.unchanged != 0) return "a level is set to the quantity that it has";
    return {};
  }
  bool checks_sequence() const override { return false; }

 private:
  void remember(const event& what) {
    last_key_ = what.key;
    last_exchange_ns_ = what.exchange_ns;
  }

  mutable book_text text_;
  event_key last_key_;
  std::int64_t last_exchange_ns_ = 0;
};

}  // namespace

std::uint32_t book_checksum(const order_book& book) {
  book_text text;
  text.renew(book, true, true);
  return text.checksum();
}

guard_ptr make_book_guard() {
  return std::make_unique<book_guard>();
}

}  // namespace feedtree::venues::kraken_family
