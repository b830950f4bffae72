#include "adapters/venues/kraken_guard.hpp"

#include <array>
#include <charconv>

#include "core/checksum.hpp"

namespace feedtree::venues::kraken_family {
namespace {

constexpr std::size_t checked_levels = 10;
constexpr std::size_t digits_max = 20;  // of 64 bits

class book_guard final : public continuity_guard {
 public:
  void on_snapshot(const event& what, const book_change&) override { remember(what); }
  continuity_verdict on_delta(const event& what, const book_change&) override {
    if (what.key == last_key_) return continuity_verdict::duplicate;
    if (what.exchange_ns < last_exchange_ns_) return continuity_verdict::broken;
    remember(what);
    return continuity_verdict::apply;
  }
  std::optional<bool> checksum_holds(const book_change& change,
                                     const order_book& book) const override {
    if (!change.has_checksum) return {};
    return book_checksum(book) == change.checksum;
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

  event_key last_key_;
  std::int64_t last_exchange_ns_ = 0;
};

}  // namespace

std::uint32_t book_checksum(const order_book& book) {
  std::array<char, 2 * checked_levels * 2 * digits_max> text;  // NOLINT: written before it is read
  char* at = text.data();
  char* const end = at + text.size();
  const auto append = [&at, end](const level& entry) {
    at = std::to_chars(at, end, entry.price_mantissa).ptr;
    at = std::to_chars(at, end, entry.quantity_mantissa).ptr;
  };
  book.for_top(book_part::asks, checked_levels, append);
  book.for_top(book_part::bids, checked_levels, append);
  return crc32({text.data(), static_cast<std::size_t>(at - text.data())});
}

guard_ptr make_book_guard() {
  return std::make_unique<book_guard>();
}

}  // namespace feedtree::venues::kraken_family
