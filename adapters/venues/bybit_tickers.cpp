// Bybit's tickers: snapshots and what changed, and the quotes, funding and open interest in them.
#include <array>
#include <cstring>

#include "adapters/venues/bybit_messages.hpp"
#include "core/checksum.hpp"

namespace feedtree::venues::bybit {

struct decimal_field {
  std::string_view name;
  optional_decimal ticker::*shown;
  optional_decimal ticker_values::*other;
  bool is_price;
};

namespace {

constexpr std::array<decimal_field, 15> decimal_fields{{
    {"bid1Price", &ticker::bid_price, nullptr, true},
    {"bid1Size", &ticker::bid_quantity, nullptr, false},
    {"ask1Price", &ticker::ask_price, nullptr, true},
    {"ask1Size", &ticker::ask_quantity, nullptr, false},
    {"markPrice", &ticker::mark_price, nullptr, true},
    {"indexPrice", &ticker::index_price, nullptr, true},
    {"lastPrice", &ticker::last_price, nullptr, true},
    {"openInterest", nullptr, &ticker_values::open_interest, false},
    {"openInterestValue", nullptr, &ticker_values::open_interest_value, false},
    {"turnover24h", &ticker::quote_volume, nullptr, false},
    {"volume24h", &ticker::volume, nullptr, false},
    {"fundingRate", nullptr, &ticker_values::funding_rate, false},
    {"prevPrice24h", &ticker::open_price, nullptr, true},
    {"highPrice24h", &ticker::high_price, nullptr, true},
    {"lowPrice24h", &ticker::low_price, nullptr, true},
}};

constexpr std::uint32_t next_funding_bit = std::uint32_t{1} << 31;

optional_decimal& at(ticker_values& values, const decimal_field& which) {
  return which.shown != nullptr ? values.shown.*which.shown : values.*which.other;
}

std::uint32_t bit_of(const decimal_field& which) {
  return std::uint32_t{1} << (&which - decimal_fields.data());
}

event_key ticker_key(const message& what) {
  event_key key;
  key.append(what.ts_ms).append('-').append(what.cs);
  return key;
}

template <class Body>
void append_ticker_event(const message& what, const event_key& key, const Body& body,
                         event_batch& out) {
  auto& made = append_event(out, what.about->where, from_ms(what.ts_ms), what.receive_ns);
  made.key = key;
  made.body = body;
}

void append_funding(const message& what, event_batch& out) {
  const auto& known = what.about->known;
  auto& told = what.about->told;
  if (!known.funding_rate ||
      (known.funding_rate == told.funding_rate && known.next_funding_ns == told.next_funding_ns)) {
    return;
  }
  told.funding_rate = known.funding_rate;
  told.next_funding_ns = known.next_funding_ns;
  funding body;
  body.rate = *known.funding_rate;
  body.mark_price = known.shown.mark_price;
  body.index_price = known.shown.index_price;
  body.next_funding_ns = known.next_funding_ns;
  const auto content = fingerprint().add(body.rate).add(body.next_funding_ns);
  append_ticker_event(what, time_key(from_ms(what.ts_ms), content), body, out);
}

void append_open_interest(const message& what, event_batch& out) {
  const auto& known = what.about->known;
  auto& told = what.about->told;
  if (!known.open_interest || (known.open_interest == told.open_interest &&
                               known.open_interest_value == told.open_interest_value)) {
    return;
  }
  told.open_interest = known.open_interest;
  told.open_interest_value = known.open_interest_value;
  const open_interest body{*known.open_interest, known.open_interest_value};
  const auto content = fingerprint().add(body.quantity).add(body.value);
  append_ticker_event(what, time_key(from_ms(what.ts_ms), content), body, out);
}

bool same_top(const ticker& a, const ticker& b) {
  return a.bid_price == b.bid_price && a.bid_quantity == b.bid_quantity &&
         a.ask_price == b.ask_price && a.ask_quantity == b.ask_quantity;
}

// Of bid and ask, in the table.
constexpr std::uint32_t top_bits = 0b1111;

void append_ticker_quote(const message& what, event_batch& out) {
  const auto& now = what.about->known.shown;
  auto& told = what.about->told.shown;
  const auto& known = what.about->known;
  if (what.about->seen->has_top_topic) return;
  // Before all four were named, or where one did not fit, it cannot be said what a side is.
  if ((known.named & ~known.unread & top_bits) != top_bits) return;
  if (same_top(now, told)) return;
  told = now;
  const auto body = make_quote(now.bid_price, now.bid_quantity, now.ask_price, now.ask_quantity);
  append_ticker_event(what, ticker_key(what), body, out);
}

}  // namespace

const decimal_field* decimal_named(const char* name) {
  for (const auto& field : decimal_fields) {
    const auto size = field.name.size();
    if (*name == field.name[0] && std::memcmp(name, field.name.data(), size) == 0 &&
        name[size] == '"') {
      return &field;
    }
  }
  return nullptr;
}

void set_value(const decimal_field& which, const optional_decimal& value, ticker_values& values) {
  const bool is_none = which.is_price && value && value->is_zero();
  at(values, which) = is_none ? optional_decimal() : value;
  values.named |= bit_of(which);
}

void ticker_values::merge(const ticker_values& change) {
  auto from = change;
  for (const auto& field : decimal_fields) {
    if ((change.named & bit_of(field)) != 0) at(*this, field) = at(from, field);
  }
  unread = (unread & ~change.named) | change.unread;
  named |= change.named;
  if ((change.named & next_funding_bit) != 0) next_funding_ns = change.next_funding_ns;
}

// {"symbol":"BTCUSDT","markPrice":"65117.43","openInterestValue":"3899995666.09",
//  "ask1Price":"65114.30","ask1Size":"10.488",..}: all fields in a snapshot, changed ones in a
// delta; "" or null where the instrument has no such thing (funding of a dated future, a bid where
// nobody bids). Spot sends snapshots without bid, ask, funding and open interest.
// https://bybit-exchange.github.io/docs/v5/websocket/public/ticker
void read_ticker(json::object from, message& into) {
  into.values = {};
  for (auto field : from) {
    const auto name = field.key().value();
    json::value value = field.value();
    if (const auto* const known = decimal_named(name.raw())) {
      const auto lost = into.losses->fields;
      set_value(*known, json::to_optional_decimal(value, known->name, *into.losses), into.values);
      if (into.losses->fields != lost) into.values.unread |= bit_of(*known);
    } else if (json::key_is(name, "nextFundingTime")) {
      into.values.next_funding_ns =
          json::to_optional_time_ns(value, "nextFundingTime", *into.losses);
      into.values.named |= next_funding_bit;
    }
  }
}

void finish_ticker(message& what, event_batch& out) {
  if (what.about->inverse) what.values.shown.quote_volume.reset();
  auto& known = what.about->known;
  if (what.snapshot) {
    known = what.values;
  } else {
    known.merge(what.values);
  }
  append_ticker_event(what, ticker_key(what), known.shown, out);
  append_ticker_quote(what, out);
  append_funding(what, out);
  append_open_interest(what, out);
}

}  // namespace feedtree::venues::bybit
