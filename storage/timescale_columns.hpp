// Columns of rows as binary arrays of PostgreSQL, for INSERT ... SELECT FROM unnest(...).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/decimal.hpp"
#include "core/event.hpp"
#include "storage/event_columns.hpp"

namespace feedtree::storage {

// Appends the binary form of numeric: the digits as sent, so that 1.50 stays 1.50.
// Source: PostgreSQL, src/backend/utils/adt/numeric.c, numeric_recv.
void append_numeric(const decimal& value, std::string& out);
void append_numeric(std::uint64_t value, std::string& out);

// Microseconds since 2000-01-01, the binary form of timestamptz; the digits below are cut.
std::int64_t pg_microseconds(std::int64_t unix_ns);

// Rows of one table, column by column. Values are put from left to right; `exchange_ns` puts
// exchange_ts, which stands behind it, too.
class timescale_columns {
 public:
  // Behind the first columns comes exchange_ts, if with_time.
  timescale_columns(std::span<const column> first, std::span<const column> rest, bool with_time);

  void begin_row() { at_ = 0; }
  void text(std::string_view value);
  void words(std::string_view value);
  void integer(std::int64_t value);
  void flag(bool value);
  void number(const decimal& value);
  void update_id(std::uint64_t id);
  void levels(std::span<const level> of);
  void null();
  void end_row() { ++rows_; }

  std::size_t rows() const { return rows_; }
  std::size_t bytes() const;
  void clear();

  // INSERT INTO <table> (...) SELECT * FROM unnest(...) ON CONFLICT DO NOTHING.
  std::string insert_statement(std::string_view table) const;
  // The arrays, whole; until the next change.
  std::vector<std::string_view> parameters();

 private:
  struct array {
    std::string_view name;
    std::string_view type;  // of an element, as SQL writes it
    std::uint32_t oid = 0;
    std::string bytes;
    bool has_null = false;
  };
  void add(const column& what);
  std::string& next(std::uint32_t bytes);
  std::string& next_open(std::size_t& length_at);
  void close(std::string& out, std::size_t length_at);

  std::vector<array> arrays_;
  std::size_t time_at_ = 0;  // the index of exchange_ns; past the end where there is no time
  std::size_t at_ = 0;
  std::size_t rows_ = 0;
  std::string room_;
};

}  // namespace feedtree::storage
