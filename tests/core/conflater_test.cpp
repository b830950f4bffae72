#include "core/conflater.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/codec.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

struct prices {
  int price = 0;
  int quantity = 0;
};

class conflation : public testing::Test {
 protected:
  static void append(event_batch& out, const listing* where, bool snapshot,
                     const std::vector<prices>& bids, const std::vector<prices>& asks,
                     std::uint64_t id, std::uint32_t depth = 0) {
    book_change change;
    change.snapshot = snapshot;
    change.depth = depth;
    change.first_level = static_cast<std::uint32_t>(out.levels.size());
    change.bids = static_cast<std::uint32_t>(bids.size());
    change.asks = static_cast<std::uint32_t>(asks.size());
    change.first_update_id = id;
    change.last_update_id = id;
    change.previous_update_id = snapshot ? 0 : id - 1;
    for (const auto* side : {&bids, &asks}) {
      for (const auto& each : *side) {
        out.levels.push_back(level(decimal{each.price, -1}, decimal{each.quantity, -2}));
      }
    }
    auto what = tests::sample_event(where, std::to_string(id), change);
    what.receive_ns = static_cast<std::int64_t>(id);
    out.events.push_back(what);
  }
  event_batch book(bool snapshot, const std::vector<prices>& bids, const std::vector<prices>& asks,
                   std::uint64_t id, std::uint32_t depth = 0) const {
    event_batch result;
    append(result, where_, snapshot, bids, asks, id, depth);
    return result;
  }
  static const book_change& change_of(const event_batch& batch, std::size_t at = 0) {
    return std::get<book_change>(batch.events.at(at).body);
  }
  static std::string levels_text(std::span<const level> levels) {
    std::string text;
    encode_levels(levels, text);
    return text;
  }

  listing_registry registry_;
  const listing* where_ = tests::sample_listing(registry_);
  const listing* other_ = tests::sample_listing(registry_, "ETH-USD");
  conflater merge_;
};

TEST_F(conflation, makes_one_change_of_many_with_the_last_quantity_of_each_price) {
  merge_.pass(book(true, {{100, 1}}, {{110, 1}}, 1));
  merge_.add(book(false, {{100, 5}, {99, 2}}, {}, 2));
  merge_.add(book(false, {{99, 0}}, {{110, 7}}, 3));
  merge_.add(book(false, {{98, 3}}, {{111, 1}, {109, 4}}, 4));
  const auto out = merge_.take();
  ASSERT_EQ(out->events.size(), 1U);
  const auto& change = change_of(*out);
  EXPECT_FALSE(change.snapshot);
  EXPECT_EQ(change.merged, 3U);
  EXPECT_EQ(change.first_update_id, 2U);
  EXPECT_EQ(change.previous_update_id, 1U);
  EXPECT_EQ(change.last_update_id, 4U);
  EXPECT_EQ(out->events[0].key.view(), "4");
  EXPECT_EQ(out->events[0].receive_ns, 4);
  EXPECT_EQ(levels_text(out->bids(change)), R"([["10.0","0.05"],["9.9","0.00"],["9.8","0.03"]])");
  EXPECT_EQ(levels_text(out->asks(change)), R"([["10.9","0.04"],["11.0","0.07"],["11.1","0.01"]])");
  EXPECT_TRUE(merge_.empty());
  EXPECT_EQ(merge_.merged(), 2U);
}

TEST_F(conflation, leaves_a_single_change_as_it_came) {
  const auto one = book(true, {{100, 1}, {101, 0}, {99, 2}}, {{110, 1}}, 1, 10);
  merge_.add(one);
  const auto out = merge_.take();
  std::string before;
  std::string after;
  encode_json(one.events[0], one, before);
  encode_json(out->events.at(0), *out, after);
  EXPECT_EQ(after, before);
}

TEST_F(conflation, gives_a_snapshot_where_one_is_among_the_changes) {
  merge_.pass(book(true, {{90, 1}}, {{95, 1}}, 1));
  merge_.add(book(false, {{91, 1}}, {}, 2));
  merge_.add(book(true, {{100, 1}, {99, 1}}, {{110, 1}}, 7));
  merge_.add(book(false, {{99, 0}}, {{111, 2}}, 8));
  const auto out = merge_.take();
  ASSERT_EQ(out->events.size(), 1U);
  const auto& change = change_of(*out);
  EXPECT_TRUE(change.snapshot);
  EXPECT_EQ(change.merged, 3U);
  EXPECT_EQ(change.last_update_id, 8U);
  EXPECT_EQ(levels_text(out->bids(change)), R"([["10.0","0.01"]])");
  EXPECT_EQ(levels_text(out->asks(change)), R"([["11.0","0.01"],["11.1","0.02"]])");
}

// What the venue cut and never deletes must not come back when nearer levels go.
TEST_F(conflation, deletes_what_the_venue_cuts) {
  merge_.pass(book(true, {}, {{10, 1}, {20, 1}}, 1, 2));
  merge_.add(book(false, {}, {{5, 1}}, 2));           // 20 is cut
  merge_.add(book(false, {}, {{5, 0}, {30, 1}}, 3));  // 20 has gone in the meantime
  const auto out = merge_.take();
  EXPECT_EQ(levels_text(out->asks(change_of(*out))),
            R"([["0.5","0.00"],["2.0","0.00"],["3.0","0.01"]])");
}

TEST_F(conflation, does_not_merge_a_book_whose_snapshot_it_has_not_seen) {
  merge_.add(book(false, {{100, 1}}, {}, 5));
  merge_.add(book(false, {{100, 2}}, {}, 6));
  merge_.add(book(true, {{100, 3}}, {}, 7));
  merge_.add(book(false, {{100, 4}}, {}, 8));
  const auto out = merge_.take();
  ASSERT_EQ(out->events.size(), 3U);
  EXPECT_EQ(change_of(*out, 0).merged, 0U);
  EXPECT_EQ(change_of(*out, 1).merged, 0U);
  EXPECT_EQ(change_of(*out, 2).merged, 2U);
}

TEST_F(conflation, keeps_the_last_quote_of_each_instrument) {
  event_batch batch;
  for (int at = 1; at <= 3; ++at) {
    for (const auto* where : {where_, other_}) {
      batch.events.push_back(tests::sample_event(
          where, std::to_string(at),
          quote{decimal{at, 0}, decimal{1, 0}, decimal{at + 1, 0}, decimal{1, 0}}));
    }
  }
  merge_.add(batch);
  const auto out = merge_.take();
  ASSERT_EQ(out->events.size(), 2U);
  for (const auto& what : out->events) {
    EXPECT_EQ(std::get<quote>(what.body).merged, 3U);
    EXPECT_EQ(std::get<quote>(what.body).bid_price, (decimal{3, 0}));
    EXPECT_EQ(what.key.view(), "3");
  }
}

TEST_F(conflation, passes_other_kinds_on_and_merges_nothing_across_a_ledger_entry) {
  merge_.pass(book(true, {{100, 1}}, {}, 1));
  merge_.add(book(false, {{100, 2}}, {}, 2));
  event_batch between;
  between.events.push_back(tests::sample_trade(where_, "t1"));
  between.events.push_back(tests::sample_trade(where_, "t2"));
  between.events.push_back(tests::sample_event(where_, "g", gap{}));
  between.quarantine.push_back(tests::sample_quarantine());
  merge_.add(between);
  merge_.add(book(true, {{100, 3}}, {}, 9));
  merge_.add(book(false, {{100, 4}}, {}, 10));
  const auto out = merge_.take();
  std::vector<event_kind> kinds;
  for (const auto& what : out->events) kinds.push_back(what.kind());
  using enum event_kind;
  EXPECT_EQ(kinds, (std::vector{book, trade, trade, gap, book}));
  EXPECT_EQ(change_of(*out, 4).merged, 2U);
  EXPECT_EQ(out->quarantine.size(), 1U);
}

TEST_F(conflation, has_a_size_that_does_not_grow_with_the_updates) {
  merge_.pass(book(true, {{100, 1}}, {{110, 1}}, 1));
  for (std::uint64_t at = 2; at < 1'000; ++at) {
    merge_.add(book(false, {{static_cast<int>(90 + at % 10), 1}}, {}, at));
  }
  EXPECT_EQ(merge_.events(), 1U);
  EXPECT_LT(merge_.bytes(), 4'000U);
}

// A venue with a book of its own: sends changes, cuts to a depth, and sends anew what comes into
// reach again, as a venue that cuts does.
class random_venue {
 public:
  random_venue(std::uint32_t seed, std::uint32_t depth) : random_(seed), depth_(depth) {}

  // The next change: some levels, or the whole book.
  std::vector<prices> next(bool snapshot, std::vector<prices>& side) {
    std::vector<prices> changes;
    const auto before = side;
    for (std::uint32_t left = 1 + random_() % 5; left > 0; --left) {
      const int price = 100 + static_cast<int>(random_() % 30);
      const int quantity = random_() % 3 == 0 ? 0 : 1 + static_cast<int>(random_() % 9);
      std::erase_if(side, [&](const auto& each) { return each.price == price; });
      if (quantity != 0) side.push_back({price, quantity});
      changes.push_back({price, quantity});
    }
    std::sort(side.begin(), side.end(), [](auto& a, auto& b) { return a.price < b.price; });
    if (snapshot) return visible(side);
    // Of what it cuts the venue says nothing; what comes into reach it sends.
    std::vector<prices> sent;
    const auto now = visible(side);
    for (const auto& each : visible(before)) {
      if (!has(now, each.price) && !has(side, each.price)) sent.push_back({each.price, 0});
    }
    for (const auto& each : now) {
      if (!holds(visible(before), each)) sent.push_back(each);
    }
    return sent;
  }
  std::uint32_t number(std::uint32_t below) { return random_() % below; }

 private:
  std::vector<prices> visible(const std::vector<prices>& side) const {
    const auto size = depth_ == 0 ? side.size() : std::min<std::size_t>(depth_, side.size());
    return {side.begin(), side.begin() + static_cast<std::ptrdiff_t>(size)};
  }
  static bool has(const std::vector<prices>& side, int price) {
    return std::any_of(side.begin(), side.end(), [&](auto& each) { return each.price == price; });
  }
  static bool holds(const std::vector<prices>& side, const prices& what) {
    return std::any_of(side.begin(), side.end(), [&](auto& each) {
      return each.price == what.price && each.quantity == what.quantity;
    });
  }

  std::mt19937 random_;
  std::uint32_t depth_;
};

// A subscriber's book.
class reader_book {
 public:
  void take(const event_batch& batch) {
    for (const auto& what : batch.events) {
      const auto* change = std::get_if<book_change>(&what.body);
      if (change == nullptr) continue;
      if (change->snapshot) {
        book_.clear();
        book_.set_depth(change->depth);
      }
      apply_counts counts;
      book_.apply(book_part::bids, batch.bids(*change), counts);
      book_.apply(book_part::asks, batch.asks(*change), counts);
      book_.truncate(counts);
      EXPECT_TRUE(counts.representable);
    }
  }
  std::uint64_t hash() const { return book_.hash(); }

 private:
  order_book book_;
};

class random_conflation : public conflation, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(random_conflation, gives_the_book_that_the_changes_give) {
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    random_venue venue(seed, GetParam());
    conflater merging;
    reader_book full;
    reader_book conflated;
    std::vector<prices> asks;
    std::uint64_t merged = 0;
    for (std::uint64_t id = 1; id < 200; ++id) {
      const bool snapshot = id == 1 || venue.number(40) == 0;
      const auto sent = venue.next(snapshot, asks);
      const auto batch = book(snapshot, {}, sent, id, snapshot ? GetParam() : 0);
      full.take(batch);
      if (merging.empty() && venue.number(4) == 0) {
        merging.pass(batch);
        conflated.take(batch);
      } else {
        merging.add(batch);
        if (venue.number(8) != 0) continue;
        conflated.take(*merging.take());
      }
      ASSERT_EQ(conflated.hash(), full.hash()) << "seed " << seed << ", change " << id;
      merged = merging.merged();
    }
    EXPECT_GT(merged, 50U);
  }
}

INSTANTIATE_TEST_SUITE_P(of_depth, random_conflation, testing::Values(0U, 3U, 10U),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace feedtree
