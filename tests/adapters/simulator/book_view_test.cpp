#include "adapters/simulator/book_view.hpp"

#include <gtest/gtest.h>

#include "core/order_book.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t start_ns = 1'800'000'000'000'000'000;

market_spec spec_of(const char* symbol) {
  auto spec = default_spec(*parse_instrument(symbol));
  spec.venue_symbol = symbol;
  return spec;
}

void apply(const book_levels& what, order_book& to, apply_counts& counts) {
  to.apply(book_part::bids, what.bids, counts);
  to.apply(book_part::asks, what.asks, counts);
}

std::uint64_t hash_of(const market& what, std::size_t depth) {
  order_book book;
  apply_counts counts;
  apply({what.top(book_part::bids, depth), what.top(book_part::asks, depth)}, book, counts);
  return book.hash();
}

struct view_case {
  std::size_t depth;
  fallen_levels rule;
};

class every_view : public ::testing::TestWithParam<view_case> {};

TEST_P(every_view, gives_a_client_the_book_of_the_market) {
  const auto [depth, rule] = GetParam();
  market what(spec_of("BTC-USD"), 5, start_ns);
  book_view view(depth, rule);
  order_book book(rule == fallen_levels::cut_by_client ? depth : 0);
  apply_counts counts;
  apply(view.snapshot(what), book, counts);
  std::size_t silent = 0;
  for (int at = 1; at <= 5'000; ++at) {
    const auto& step = what.step(start_ns + at * 1'000'000LL);
    const auto changes = view.update(what, step);
    if (changes.empty()) ++silent;
    apply(changes, book, counts);
    book.truncate(counts);
    ASSERT_EQ(book.hash(), hash_of(what, depth)) << at;
  }
  EXPECT_EQ(counts.unknown_deletes, 0U);
  if (depth == 10) {
    EXPECT_GT(silent, 0U) << "changes behind the depth are not told";
  }
}

INSTANTIATE_TEST_SUITE_P(depths, every_view,
                         ::testing::Values(view_case{10, fallen_levels::cut_by_client},
                                           view_case{100, fallen_levels::cut_by_client},
                                           view_case{1000, fallen_levels::cut_by_client},
                                           view_case{1, fallen_levels::deleted},
                                           view_case{50, fallen_levels::deleted},
                                           view_case{400, fallen_levels::deleted},
                                           view_case{0, fallen_levels::deleted}));

TEST(book_view, leaves_the_cut_to_the_client_where_the_venue_does) {
  market what(spec_of("BTC-USD"), 5, start_ns);
  book_view view(10, fallen_levels::cut_by_client);
  order_book uncut;
  apply_counts counts;
  apply(view.snapshot(what), uncut, counts);
  for (int at = 1; at <= 2'000; ++at) {
    const auto& step = what.step(start_ns + at * 1'000'000LL);
    apply(view.update(what, step), uncut, counts);
  }
  EXPECT_GT(uncut.size(book_part::bids), 10U);
}

}  // namespace
}  // namespace feedtree::simulator
