#include "core/order_book.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <map>
#include <random>

namespace feedtree {
namespace {

decimal number(std::string_view text) {
  decimal result;
  EXPECT_EQ(parse_decimal(text, result), decimal_error::none) << text;
  return result;
}

level at(std::string_view price, std::string_view quantity) {
  return {number(price), number(quantity)};
}

void put(order_book& book, book_part part, std::vector<level> levels) {
  apply_counts counts;
  book.apply(part, levels, counts);
  ASSERT_TRUE(counts.representable);
}

std::vector<std::string> lines(const order_book& book, book_part part) {
  std::vector<std::string> result;
  book.for_top(part, book.size(part), [&](const level& entry) {
    result.push_back(entry.price().to_string() + " " + entry.quantity().to_string());
  });
  return result;
}

// The same book kept in the plainest way: ordered maps from price to level.
class reference_book {
 public:
  explicit reference_book(std::size_t depth) : depth_(depth) {}

  void apply(book_part part, const level& what) {
    auto& side = sides_[part];
    if (what.deletes()) {
      side.erase(key(part, what.price()));
      return;
    }
    side.insert_or_assign(key(part, what.price()), what);
  }

  void truncate() {
    if (depth_ == 0) return;
    for (auto& [part, side] : sides_) {
      while (side.size() > depth_) side.erase(std::prev(side.end()));
    }
  }

  std::vector<std::string> lines(book_part part) const {
    std::vector<std::string> result;
    const auto found = sides_.find(part);
    if (found == sides_.end()) return result;
    for (const auto& [price, entry] : found->second) {
      result.push_back(entry.price().to_string() + " " + entry.quantity().to_string());
    }
    return result;
  }

  bool crossed() const {
    const auto bids = sides_.find(book_part::bids);
    const auto asks = sides_.find(book_part::asks);
    if (bids == sides_.end() || asks == sides_.end()) return false;
    if (bids->second.empty() || asks->second.empty()) return false;
    return bids->second.begin()->second.price() >= asks->second.begin()->second.price();
  }

 private:
  static decimal key(book_part part, const decimal& price) {
    return part == book_part::bids ? decimal{-price.mantissa, price.exponent} : price;
  }

  std::size_t depth_;
  std::map<book_part, std::map<decimal, level>> sides_;
};

class random_levels {
 public:
  explicit random_levels(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  // A price near 100, written with one to five decimals, so that scales are refined on the way.
  level next(std::size_t span, int finest) {
    const auto exponent = -static_cast<int>(below(static_cast<std::size_t>(finest) + 1));
    auto mantissa = static_cast<std::int64_t>(below(span)) + 1;
    for (int step = 0; step < -exponent && step < 2; ++step) mantissa *= 10;
    const decimal price{mantissa, static_cast<std::int8_t>(exponent)};
    const decimal quantity{below(3) == 0 ? 0 : static_cast<std::int64_t>(1 + below(1000)),
                           static_cast<std::int8_t>(-static_cast<int>(below(4)))};
    return {price, quantity};
  }

 private:
  std::mt19937_64 random_;
};

struct random_case {
  std::uint64_t seed;
  std::size_t depth;
  std::size_t span;  // of prices: small ones hit the same levels again and again
  int finest;
};

class random_books : public testing::TestWithParam<random_case> {};

TEST_P(random_books, equal_a_reference_after_every_message) {
  const auto with = GetParam();
  random_levels random(with.seed);
  order_book book(with.depth);
  reference_book reference(with.depth);
  for (int message = 0; message < 1500; ++message) {
    if (random.below(400) == 0) {
      book.clear();
      reference = reference_book(with.depth);
    }
    apply_counts counts;
    for (const auto part : {book_part::bids, book_part::asks}) {
      std::vector<level> levels(random.below(12));
      for (auto& entry : levels) {
        entry = random.next(with.span, with.finest);
        reference.apply(part, entry);
      }
      const auto size_before = book.size(part);
      const auto deleted_before = counts.deleted;
      book.apply(part, levels, counts);
      ASSERT_LE(book.size(part), size_before + levels.size());
      ASSERT_LE(counts.deleted - deleted_before, size_before + levels.size());
    }
    ASSERT_TRUE(counts.representable);
    book.truncate(counts);
    reference.truncate();
    ASSERT_EQ(book.crossed(), reference.crossed());
    ASSERT_EQ(lines(book, book_part::bids), reference.lines(book_part::bids)) << message;
    ASSERT_EQ(lines(book, book_part::asks), reference.lines(book_part::asks)) << message;
  }
}

INSTANTIATE_TEST_SUITE_P(of_many_shapes, random_books,
                         testing::Values(random_case{1, 0, 60, 0}, random_case{2, 0, 60, 3},
                                         random_case{3, 0, 100'000, 2}, random_case{4, 0, 5'000, 5},
                                         random_case{5, 10, 60, 2}, random_case{6, 25, 5'000, 3},
                                         random_case{7, 1, 60, 1}, random_case{8, 100, 100'000, 5},
                                         random_case{9, 64, 700, 0}, random_case{10, 0, 700, 1}));

TEST(order_book, counts_what_it_did_with_the_levels) {
  order_book book;
  apply_counts counts;
  book.apply(book_part::bids, std::vector{at("10", "1"), at("9", "1"), at("10", "0"), at("8", "0")},
             counts);
  EXPECT_EQ(counts.set, 2u);
  EXPECT_EQ(counts.deleted, 1u);
  EXPECT_EQ(counts.unknown_deletes, 1u);
  EXPECT_EQ(counts.truncated, 0u);
  EXPECT_TRUE(counts.representable);
}

TEST(order_book, keeps_the_digits_of_price_and_quantity) {
  order_book book;
  put(book, book_part::bids, {at("10.10", "1.500"), at("10.1234", "2")});
  EXPECT_EQ(lines(book, book_part::bids), (std::vector<std::string>{"10.1234 2", "10.10 1.500"}));
  EXPECT_EQ(book.best(book_part::bids)->price().to_string(), "10.1234");
}

TEST(order_book, finds_a_price_however_it_is_written) {
  order_book book;
  put(book, book_part::asks, {at("10.10", "1.5")});
  EXPECT_EQ(book.quantity_at(book_part::asks, number("10.1"))->to_string(), "1.5");
  EXPECT_EQ(book.quantity_at(book_part::asks, number("10.1000000"))->to_string(), "1.5");
  EXPECT_FALSE(book.quantity_at(book_part::asks, number("10.1000001")));
  EXPECT_FALSE(book.quantity_at(book_part::bids, number("10.1")));
  put(book, book_part::asks, {at("10.1", "0")});
  EXPECT_TRUE(book.empty());
}

TEST(order_book, is_crossed_where_bid_meets_ask) {
  order_book book;
  EXPECT_FALSE(book.crossed());
  put(book, book_part::bids, {at("10", "1")});
  EXPECT_FALSE(book.crossed());
  put(book, book_part::asks, {at("10.01", "1")});
  EXPECT_FALSE(book.crossed());
  put(book, book_part::asks, {at("10.00", "1")});
  EXPECT_TRUE(book.crossed());
  put(book, book_part::asks, {at("10", "0"), at("9.5", "1")});
  EXPECT_TRUE(book.crossed());
}

TEST(order_book, cuts_the_worst_levels_only_when_told_to) {
  order_book book(2);
  put(book, book_part::bids, {at("10", "1"), at("9", "1"), at("8", "1")});
  put(book, book_part::asks, {at("11", "1"), at("12", "1"), at("13", "1"), at("10.5", "1")});
  EXPECT_EQ(book.size(book_part::bids), 3u);
  apply_counts counts;
  book.truncate(counts);
  EXPECT_EQ(counts.truncated, 3u);
  EXPECT_EQ(lines(book, book_part::bids), (std::vector<std::string>{"10 1", "9 1"}));
  EXPECT_EQ(lines(book, book_part::asks), (std::vector<std::string>{"10.5 1", "11 1"}));
}

TEST(order_book, refuses_what_it_cannot_hold_and_keeps_the_rest) {
  order_book book;
  put(book, book_part::bids, {at("10.5", "1")});
  const auto largest = std::numeric_limits<std::int64_t>::max();
  for (const auto& bad : {level{number("9"), number("-1")}, level{{largest, 18}, number("1")},
                          level{number("0.0000000000000000000000000001"), number("1")}}) {
    apply_counts counts;
    book.apply(book_part::bids, {&bad, 1}, counts);
    EXPECT_FALSE(counts.representable);
    EXPECT_EQ(lines(book, book_part::bids), std::vector<std::string>{"10.5 1"});
  }
}

// A finer price than one side can be scaled to must leave both sides as they were.
TEST(order_book, undoes_a_scale_that_does_not_fit_both_sides) {
  order_book book;
  put(book, book_part::bids, {at("1", "1"), at("2", "1"), at("3", "7")});
  put(book, book_part::asks, {at("9000000000000000000", "1")});
  const auto hash = book.hash();
  apply_counts counts;
  const auto fine = at("0.00001", "1");
  book.apply(book_part::bids, {&fine, 1}, counts);
  EXPECT_FALSE(counts.representable);
  EXPECT_EQ(book.hash(), hash);
  EXPECT_EQ(lines(book, book_part::bids), (std::vector<std::string>{"3 7", "2 1", "1 1"}));
}

TEST(order_book, hashes_by_value_not_by_digits) {
  order_book plain;
  order_book padded;
  put(plain, book_part::bids, {at("10.1", "1.5"), at("9", "100")});
  put(padded, book_part::bids, {at("9.000", "1e2"), at("10.100", "1.50")});
  EXPECT_EQ(plain.hash(), padded.hash());
}

TEST(order_book, hashes_differ_where_books_do) {
  const auto hash_of = [](std::vector<level> bids, std::vector<level> asks) {
    order_book book;
    put(book, book_part::bids, std::move(bids));
    put(book, book_part::asks, std::move(asks));
    return book.hash();
  };
  const auto base = hash_of({at("10", "1")}, {at("11", "1")});
  EXPECT_NE(base, hash_of({at("10", "2")}, {at("11", "1")}));
  EXPECT_NE(base, hash_of({at("1", "10")}, {at("11", "1")}));
  EXPECT_NE(base, hash_of({at("10", "1"), at("11", "1")}, {}));
  EXPECT_NE(base, hash_of({}, {at("10", "1"), at("11", "1")}));
  EXPECT_NE(base, hash_of({at("10", "1")}, {}));
  EXPECT_NE(hash_of({}, {}), hash_of({}, {at("11", "1")}));
}

TEST(order_book, forgets_the_scale_when_it_is_cleared) {
  order_book book;
  put(book, book_part::bids, {at("0.00000000000000001", "1")});
  book.clear();
  put(book, book_part::bids, {at("9000000000000000000", "1")});
  EXPECT_EQ(book.size(book_part::bids), 1u);
}

TEST(order_book, gives_the_top_best_first) {
  order_book book;
  for (int price = 1; price <= 300; ++price) {
    put(book, book_part::asks, {at(std::to_string(price), "1")});
    put(book, book_part::bids, {at(std::to_string(price), "1")});
  }
  std::vector<level> top;
  book.top(book_part::asks, 130, top);
  ASSERT_EQ(top.size(), 130u);
  EXPECT_EQ(top.front().price(), number("1"));
  EXPECT_EQ(top.back().price(), number("130"));
  top.clear();
  book.top(book_part::bids, 1000, top);
  ASSERT_EQ(top.size(), 300u);
  EXPECT_EQ(top.front().price(), number("300"));
}

// The median time of many rounds of changes within ten prices of the top.
double near_top_ns(std::size_t levels) {
  order_book book;
  std::vector<level> all;
  for (std::size_t price = 0; price < levels; ++price) {
    all.push_back({{static_cast<std::int64_t>(1'000'000 + price), -2}, {5, 0}});
  }
  put(book, book_part::asks, all);
  std::mt19937_64 random(1);
  std::vector<level> changes;
  for (int change = 0; change < 400; ++change) {
    const decimal price{static_cast<std::int64_t>(1'000'000 + random() % 10), -2};
    changes.push_back({price, {static_cast<std::int64_t>(random() % 4), 0}});
  }
  std::vector<double> rounds;
  for (int round = 0; round < 301; ++round) {
    apply_counts counts;
    const auto begin = std::chrono::steady_clock::now();
    book.apply(book_part::asks, changes, counts);
    const auto end = std::chrono::steady_clock::now();
    rounds.push_back(std::chrono::duration<double, std::nano>(end - begin).count());
  }
  std::nth_element(rounds.begin(), rounds.begin() + 150, rounds.end());
  return rounds[150] / static_cast<double>(changes.size());
}

TEST(order_book, changes_near_the_top_cost_the_same_in_a_deep_book) {
  // The best of a few tries: what else the machine does only ever adds time.
  double small = near_top_ns(100);
  double large = near_top_ns(10'000);
  for (int attempt = 0; attempt < 6 && large > 2 * small; ++attempt) {
    small = std::max(small, 1.0);
    large = std::min(large, near_top_ns(10'000));
  }
  EXPECT_LT(large, 2 * small) << small << " ns at 100 levels, " << large << " ns at 10,000";
}

}  // namespace
}  // namespace feedtree
