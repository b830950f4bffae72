#include "storage/timescale_columns.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/sample_events.hpp"

namespace feedtree::storage {
namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  return text;
}

std::string numeric(std::string_view text) {
  std::string out;
  append_numeric(tests::number(text), out);
  return hex(out);
}

// Groups, weight, sign, scale, groups of four decimal digits.
TEST(pg_numeric, is_written_in_groups_of_four_digits_around_the_point) {
  EXPECT_EQ(numeric("0"), "0000000000000000");
  EXPECT_EQ(numeric("0.00"), "0000000000000002");
  EXPECT_EQ(numeric("1"), "00010000000000000001");
  EXPECT_EQ(numeric("-1.50"), "000200004000000200011388");
  EXPECT_EQ(numeric("10000"), "00010001000000000001");
  EXPECT_EQ(numeric("0.00120"), "0001ffff00000005000c");
  EXPECT_EQ(numeric("0.00001"), "0001fffe0000000503e8");
  EXPECT_EQ(numeric("1e3"), "000100000000000003e8");
  EXPECT_EQ(numeric("1e6"), "00010001000000000064");
  EXPECT_EQ(numeric("61234.10"), "0003000100000002000604d203e8");
}

TEST(pg_numeric, takes_the_least_and_the_greatest) {
  std::string least;
  append_numeric(decimal{std::numeric_limits<std::int64_t>::min(), 0}, least);
  EXPECT_EQ(hex(least), "0005000440000000039a0d2c0170156516b0");
  std::string out;
  append_numeric(std::numeric_limits<std::uint64_t>::max(), out);
  EXPECT_EQ(hex(out), "000500040000000007341a5802e103bb064f");
}

TEST(pg_microseconds, counts_from_the_year_2000_and_cuts_downwards) {
  EXPECT_EQ(pg_microseconds(946'684'800'000'000'000), 0);
  EXPECT_EQ(pg_microseconds(946'684'800'000'001'999), 1);
  EXPECT_EQ(pg_microseconds(0), -946'684'800'000'000);
  EXPECT_EQ(pg_microseconds(-1), -946'684'800'000'001);
  EXPECT_EQ(pg_microseconds(-1'000), -946'684'800'000'001);
}

TEST(timescale_columns, name_all_columns_and_put_the_time_behind_its_nanoseconds) {
  const timescale_columns columns(common_columns(), columns_of(event_kind::liquidation), true);
  EXPECT_EQ(columns.insert_statement("liquidation"),
            "INSERT INTO liquidation (venue, instrument, key, exchange_ns, exchange_ts, "
            "receive_ns, state, price, quantity, side) SELECT * FROM unnest($1::text[], "
            "$2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::bigint[], $7::text[], "
            "$8::numeric[], $9::numeric[], $10::text[]) ON CONFLICT DO NOTHING");
}

TEST(timescale_columns, are_binary_arrays_with_nulls) {
  const column two[]{{"a", column_type::text}, {"b", column_type::integer}};
  timescale_columns columns(two, {}, false);
  columns.begin_row();
  columns.text("x");
  columns.integer(7);
  columns.end_row();
  columns.begin_row();
  columns.words("y\xe2");
  columns.null();
  columns.end_row();
  const auto arrays = columns.parameters();
  ASSERT_EQ(arrays.size(), 2U);
  EXPECT_EQ(hex(arrays[0]),
            "00000001"
            "00000000"
            "00000019"
            "00000002"
            "00000001"
            "00000001"
            "78"
            "00000004"
            "79efbfbd");
  EXPECT_EQ(hex(arrays[1]),
            "00000001"
            "00000001"
            "00000014"
            "00000002"
            "00000001"
            "00000008"
            "0000000000000007"
            "ffffffff");
  columns.clear();
  EXPECT_EQ(hex(columns.parameters()[1]),
            "00000001"
            "00000000"
            "00000014"
            "00000000"
            "00000001");
}

}  // namespace
}  // namespace feedtree::storage
