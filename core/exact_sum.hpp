// Sums of decimals without rounding.
#pragma once

#include <cstdint>

#include "core/byte_reader.hpp"
#include "core/byte_writer.hpp"
#include "core/decimal.hpp"

namespace feedtree {

// Adds decimals, and products of two, in 128 bits. The order in which they come does not matter.
// What does not fit is known by its absence: a sum that overflowed stays absent. Not thread-safe.
class exact_sum {
 public:
  void add(const decimal& value);
  void add_product(const decimal& a, const decimal& b);
  void add(const exact_sum& other);

  // The sum with as many digits behind the point as the finest part had, fewer where only so it
  // fits 64 bits and no digit but zeros is lost; absent where it does not fit.
  optional_decimal value() const;

  void write(byte_writer& to) const;
  void read(byte_reader& from);

 private:
  __extension__ using wide = __int128;
  void add(wide mantissa, int exponent);

  wide mantissa_ = 0;
  int exponent_ = 0;
  bool any_ = false;
  bool overflowed_ = false;
};

}  // namespace feedtree
