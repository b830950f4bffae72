#include "core/rules/fields.hpp"

#include <array>

#include "core/rules/ratio.hpp"

namespace feedtree::rules {
namespace {

constexpr std::array<std::string_view, fields> names{"price",
                                                     "quantity",
                                                     "side",
                                                     "bid_price",
                                                     "bid_quantity",
                                                     "ask_price",
                                                     "ask_quantity",
                                                     "last_price",
                                                     "open_price",
                                                     "high_price",
                                                     "low_price",
                                                     "volume",
                                                     "quote_volume",
                                                     "mark_price",
                                                     "index_price",
                                                     "open",
                                                     "high",
                                                     "low",
                                                     "close",
                                                     "trades",
                                                     "rate",
                                                     "predicted_rate",
                                                     "next_funding_ns",
                                                     "value"};

optional_decimal whole(std::int64_t value, bool there) {
  return there ? optional_decimal(decimal{value, 0}) : optional_decimal();
}

// The values of one body by field. Fields that the body does not have are left out of the switch.
struct reader {
  field name;

  optional_decimal order(const decimal& price, const decimal& quantity, trade_side side) const {
    if (name == field::price) return price;
    if (name == field::quantity) return quantity;
    if (name == field::side) return whole(0, side != trade_side::unknown);
    return {};
  }
  optional_decimal operator()(const trade& body) const {
    return order(body.price, body.quantity, body.side);
  }
  optional_decimal operator()(const liquidation& body) const {
    return order(body.price, body.quantity, body.side);
  }
  optional_decimal operator()(const quote& body) const {
    if (name == field::bid_price) return body.bid_price;
    if (name == field::bid_quantity) return body.bid_quantity;
    if (name == field::ask_price) return body.ask_price;
    if (name == field::ask_quantity) return body.ask_quantity;
    return {};
  }
  optional_decimal operator()(const ticker& body) const {
    switch (name) {
      case field::last_price:
        return body.last_price;
      case field::bid_price:
        return body.bid_price;
      case field::bid_quantity:
        return body.bid_quantity;
      case field::ask_price:
        return body.ask_price;
      case field::ask_quantity:
        return body.ask_quantity;
      case field::open_price:
        return body.open_price;
      case field::high_price:
        return body.high_price;
      case field::low_price:
        return body.low_price;
      case field::volume:
        return body.volume;
      case field::quote_volume:
        return body.quote_volume;
      case field::mark_price:
        return body.mark_price;
      case field::index_price:
        return body.index_price;
      default:
        return {};
    }
  }
  optional_decimal operator()(const candle& body) const {
    switch (name) {
      case field::open:
        return body.open;
      case field::high:
        return body.high;
      case field::low:
        return body.low;
      case field::close:
        return body.close;
      case field::volume:
        return body.volume;
      case field::quote_volume:
        return body.quote_volume;
      case field::trades:
        return whole(body.trades, body.trades >= 0);
      default:
        return {};
    }
  }
  optional_decimal operator()(const funding& body) const {
    switch (name) {
      case field::rate:
        return body.rate;
      case field::mark_price:
        return body.mark_price;
      case field::index_price:
        return body.index_price;
      case field::predicted_rate:
        return body.predicted_rate;
      case field::next_funding_ns:
        return whole(body.next_funding_ns, body.next_funding_ns != 0);
      default:
        return {};
    }
  }
  optional_decimal operator()(const open_interest& body) const {
    if (name == field::quantity) return body.quantity;
    if (name == field::value) return body.value;
    return {};
  }
  optional_decimal operator()(const book_change&) const { return {}; }
  optional_decimal operator()(const status_change&) const { return {}; }
  optional_decimal operator()(const gap&) const { return {}; }
};

using enum field;
constexpr std::uint32_t bits(std::initializer_list<field> all) {
  std::uint32_t result = 0;
  for (const auto each : all) result |= 1U << static_cast<unsigned>(each);
  return result;
}
constexpr std::array<std::uint32_t, event_kinds> fields_of{
    bits({price, quantity, side}),
    0,
    bits({bid_price, bid_quantity, ask_price, ask_quantity}),
    bits({last_price, bid_price, bid_quantity, ask_price, ask_quantity, open_price, high_price,
          low_price, volume, quote_volume, mark_price, index_price}),
    bits({open, high, low, close, volume, quote_volume, trades}),
    bits({rate, mark_price, index_price, predicted_rate, next_funding_ns}),
    bits({quantity, value}),
    bits({price, quantity, side}),
    0,
    0};

}  // namespace

std::string_view to_string(field name) {
  return names[static_cast<std::size_t>(name)];
}

std::optional<field> parse_field(std::string_view text) {
  for (std::size_t at = 0; at < names.size(); ++at) {
    if (names[at] == text) return static_cast<field>(at);
  }
  return {};
}

bool has_field(event_kind kind, field name) {
  return (fields_of[static_cast<std::size_t>(kind)] >> static_cast<unsigned>(name) & 1U) != 0;
}

optional_decimal value_of(const event& what, field name) {
  return std::visit(reader{name}, what.body);
}

optional_decimal price_of(const event& what) {
  if (const auto* body = std::get_if<trade>(&what.body)) return body->price;
  if (const auto* body = std::get_if<quote>(&what.body)) {
    if (!body->has_both_sides()) return {};
    return midpoint(*body->bid_price, *body->ask_price);
  }
  if (const auto* body = std::get_if<ticker>(&what.body)) return body->last_price;
  if (const auto* body = std::get_if<candle>(&what.body)) return body->close;
  if (const auto* body = std::get_if<liquidation>(&what.body)) return body->price;
  return {};
}

}  // namespace feedtree::rules
