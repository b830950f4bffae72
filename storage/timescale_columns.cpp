#include "storage/timescale_columns.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "core/codec.hpp"
#include "core/utf8.hpp"

namespace feedtree::storage {
namespace {

constexpr std::size_t header_bytes = 20;                // of an array with one dimension
constexpr std::int64_t epoch_us = 946'684'800'000'000;  // 2000-01-01
constexpr std::uint32_t null_length = 0xffffffff;
constexpr std::uint16_t negative = 0x4000;
constexpr std::array<std::uint64_t, 4> tens{1, 10, 100, 1'000};

template <class Integer>
void append(std::string& out, Integer value) {
  static_assert(std::endian::native == std::endian::little);
  std::array<char, sizeof(Integer)> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  for (std::size_t at = 0; at < sizeof value / 2; ++at) {
    std::swap(bytes[at], bytes[sizeof value - 1 - at]);
  }
  out.append(bytes.data(), bytes.size());
}

template <class Integer>
void overwrite(std::string& out, std::size_t at, Integer value) {
  for (std::size_t byte = 0; byte < sizeof value; ++byte) {
    out[at + byte] = static_cast<char>(value >> (8 * (sizeof value - 1 - byte)));
  }
}

struct element_type {
  std::string_view name;
  std::uint32_t oid;
};
// Object ids of built-in types: PostgreSQL, src/include/catalog/pg_type.dat.
constexpr element_type text_type{"text", 25};
constexpr element_type bigint_type{"bigint", 20};
constexpr element_type numeric_type{"numeric", 1'700};
constexpr element_type boolean_type{"boolean", 16};
constexpr element_type json_type{"json", 114};
constexpr element_type time_type{"timestamptz", 1'184};

element_type type_of(column_type type) {
  switch (type) {
    case column_type::integer:
      return bigint_type;
    case column_type::number:
    case column_type::update_id:
      return numeric_type;
    case column_type::flag:
      return boolean_type;
    case column_type::levels:
      return json_type;
    case column_type::text:
      break;
  }
  return text_type;
}

// A value of at most 64 bits and its exponent as groups of four decimal digits, the lowest first.
class digit_groups {
 public:
  // value * 10^exponent; the groups are aligned at the decimal point.
  digit_groups(std::uint64_t value, int exponent) {
    lowest_ = exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4);
    const auto shift = static_cast<std::size_t>(exponent - 4 * lowest_);
    const auto below = tens[1] * 1'000 / tens[shift];  // 10^(4 - shift)
    add(value % below * tens[shift]);
    for (value /= below; value != 0; value /= 10'000) add(value % 10'000);
  }
  std::uint16_t count() const { return static_cast<std::uint16_t>(count_); }
  std::int16_t weight() const { return static_cast<std::int16_t>(lowest_ + count_ - 1); }
  void write(std::string& out) const {
    for (int at = count_ - 1; at >= 0; --at) append(out, groups_[static_cast<std::size_t>(at)]);
  }

 private:
  // Zeros at the low end are not written.
  void add(std::uint64_t group) {
    if (count_ == 0 && group == 0) {
      ++lowest_;
    } else {
      groups_[static_cast<std::size_t>(count_++)] = static_cast<std::uint16_t>(group);
    }
  }

  std::array<std::uint16_t, 8> groups_{};
  int count_ = 0;
  int lowest_ = 0;
};

void append_numeric(std::uint64_t magnitude, bool is_negative, int exponent, std::string& out) {
  const auto scale = static_cast<std::uint16_t>(exponent < 0 ? -exponent : 0);
  if (magnitude == 0) {
    append(out, std::uint32_t{0});
    append(out, std::uint16_t{0});
    return append(out, scale);
  }
  const digit_groups groups(magnitude, exponent);
  append(out, groups.count());
  append(out, groups.weight());
  append(out, is_negative ? negative : std::uint16_t{0});
  append(out, scale);
  groups.write(out);
}

}  // namespace

void append_numeric(const decimal& value, std::string& out) {
  const auto bits = static_cast<std::uint64_t>(value.mantissa);
  const auto magnitude = value.mantissa < 0 ? 0 - bits : bits;
  append_numeric(magnitude, value.mantissa < 0, value.exponent, out);
}

void append_numeric(std::uint64_t value, std::string& out) {
  append_numeric(value, false, 0, out);
}

std::int64_t pg_microseconds(std::int64_t unix_ns) {
  const std::int64_t below = unix_ns % 1'000;
  return (unix_ns - (below < 0 ? below + 1'000 : below)) / 1'000 - epoch_us;
}

timescale_columns::timescale_columns(std::span<const column> first, std::span<const column> rest,
                                     bool with_time) {
  for (const auto& each : first) {
    add(each);
    if (!with_time || each.name != "exchange_ns") continue;
    time_at_ = arrays_.size() - 1;
    arrays_.push_back({"exchange_ts", time_type.name, time_type.oid, {}, false});
  }
  for (const auto& each : rest) add(each);
  if (!with_time) time_at_ = arrays_.size();
  clear();
}

void timescale_columns::add(const column& what) {
  const auto type = type_of(what.type);
  arrays_.push_back({what.name, type.name, type.oid, {}, false});
}

std::string& timescale_columns::next(std::uint32_t bytes) {
  auto& out = arrays_[at_++].bytes;
  append(out, bytes);
  return out;
}

// For a value whose length is known when it was written.
std::string& timescale_columns::next_open(std::size_t& length_at) {
  length_at = arrays_[at_].bytes.size();
  return next(0);
}

void timescale_columns::close(std::string& out, std::size_t length_at) {
  overwrite(out, length_at, static_cast<std::uint32_t>(out.size() - length_at - 4));
}

void timescale_columns::text(std::string_view value) {
  next(static_cast<std::uint32_t>(value.size())).append(value);
}

void timescale_columns::words(std::string_view value) {
  text(clean_utf8(value, room_));
}

void timescale_columns::integer(std::int64_t value) {
  const bool has_time = at_ == time_at_;
  append(next(8), value);
  if (has_time) append(next(8), pg_microseconds(value));
}

void timescale_columns::flag(bool value) {
  next(1).append(1, value ? '\1' : '\0');
}

void timescale_columns::number(const decimal& value) {
  std::size_t length_at = 0;
  auto& out = next_open(length_at);
  append_numeric(value, out);
  close(out, length_at);
}

void timescale_columns::update_id(std::uint64_t id) {
  if (id == 0) return null();
  std::size_t length_at = 0;
  auto& out = next_open(length_at);
  append_numeric(id, out);
  close(out, length_at);
}

void timescale_columns::levels(std::span<const level> of) {
  std::size_t length_at = 0;
  auto& out = next_open(length_at);
  encode_levels(of, out);
  close(out, length_at);
}

void timescale_columns::null() {
  arrays_[at_].has_null = true;
  next(null_length);
}

std::size_t timescale_columns::bytes() const {
  std::size_t sum = 0;
  for (const auto& each : arrays_) sum += each.bytes.size();
  return sum;
}

void timescale_columns::clear() {
  for (auto& each : arrays_) {
    each.bytes.assign(header_bytes, '\0');
    each.has_null = false;
  }
  rows_ = 0;
  at_ = 0;
}

std::string timescale_columns::insert_statement(std::string_view table) const {
  std::string names;
  std::string values;
  for (std::size_t at = 0; at < arrays_.size(); ++at) {
    names.append(at == 0 ? "" : ", ").append(arrays_[at].name);
    values.append(at == 0 ? "$" : ", $").append(std::to_string(at + 1));
    values.append("::").append(arrays_[at].type).append("[]");
  }
  return "INSERT INTO " + std::string(table) + " (" + names + ") SELECT * FROM unnest(" + values +
         ") ON CONFLICT DO NOTHING";
}

std::vector<std::string_view> timescale_columns::parameters() {
  std::vector<std::string_view> result;
  for (auto& each : arrays_) {
    const std::array<std::uint32_t, 5> header{1, each.has_null ? 1U : 0U, each.oid,
                                              static_cast<std::uint32_t>(rows_), 1};
    for (std::size_t at = 0; at < header.size(); ++at) overwrite(each.bytes, 4 * at, header[at]);
    result.push_back(each.bytes);
  }
  return result;
}

}  // namespace feedtree::storage
