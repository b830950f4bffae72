#include "core/traded_sum.hpp"

#include "core/trade_memory.hpp"

namespace feedtree {
namespace {

// Of two that are equal the one that came first is first.
bool is_before(const trade_point& a, const trade_point& b) {
  if (a.exchange_ns != b.exchange_ns) return a.exchange_ns < b.exchange_ns;
  if (a.number && b.number && *a.number != *b.number) return *a.number < *b.number;
  return a.receive_ns < b.receive_ns;
}

// Of equal values that with more digits, so that the order of trades does not matter.
bool is_higher(const decimal& a, const decimal& b) {
  const auto order = compare(a, b);
  return order > 0 || (order == 0 && a.exponent < b.exponent);
}
bool is_lower(const decimal& a, const decimal& b) {
  const auto order = compare(a, b);
  return order < 0 || (order == 0 && a.exponent < b.exponent);
}

template <class Visitor, class Point>
void visit_point(Visitor& with, Point& point) {
  with(point.exchange_ns), with(point.receive_ns), with(point.price);
}

void write_point(byte_writer& to, const trade_point& point) {
  visit_point(to, point);
  to(point.number.has_value());
  if (point.number) to(*point.number);
}

void read_point(byte_reader& from, trade_point& point) {
  visit_point(from, point);
  bool present = false;
  from(present);
  if (present) from(point.number.emplace());
}

}  // namespace

trade_point trade_point::of(const event& what) {
  return {what.exchange_ns, what.receive_ns, number_of_trade(what),
          std::get<trade>(what.body).price};
}

void traded_sum::add(const event& what) {
  const auto& sold = std::get<trade>(what.body);
  traded_sum one;
  one.first = one.last = trade_point::of(what);
  one.high = one.low = sold.price;
  one.volume.add(sold.quantity);
  if (what.where->details.type == market_type::spot) {
    one.quote_volume.add_product(sold.price, sold.quantity);
  }
  one.trades = 1;
  add(one);
}

void traded_sum::add(const traded_sum& part) {
  if (part.trades == 0) return;
  if (trades == 0) {
    *this = part;
    return;
  }
  if (is_before(part.first, first)) first = part.first;
  if (!is_before(part.last, last)) last = part.last;
  if (is_higher(part.high, high)) high = part.high;
  if (is_lower(part.low, low)) low = part.low;
  volume.add(part.volume);
  quote_volume.add(part.quote_volume);
  trades += part.trades;
}

void traded_sum::write(byte_writer& to) const {
  write_point(to, first), write_point(to, last);
  to(high), to(low), to(trades);
  volume.write(to), quote_volume.write(to);
}

void traded_sum::read(byte_reader& from) {
  read_point(from, first), read_point(from, last);
  from(high), from(low), from(trades);
  volume.read(from), quote_volume.read(from);
}

}  // namespace feedtree
