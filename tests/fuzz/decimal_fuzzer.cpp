// libFuzzer target: decimals are printed as they were read, whatever the text.
#include <cstdlib>
#include <string_view>

#include "core/decimal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace feedtree;
  decimal value;
  if (parse_decimal({reinterpret_cast<const char*>(data), size}, value) != decimal_error::none)
    return 0;
  decimal again;
  if (parse_decimal(value.to_string(), again) != decimal_error::none) std::abort();
  if (!(again == value) || !(value.normalised() == value)) std::abort();
  const auto plain = value.normalised();
  const auto other = again.normalised();
  if (plain.mantissa != other.mantissa || plain.exponent != other.exponent) std::abort();
  return 0;
}
