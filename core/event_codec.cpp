#include "core/event_codec.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/byte_reader.hpp"
#include "core/byte_writer.hpp"
#include "core/checksum.hpp"

namespace feedtree {
namespace {

// 2 had no candles of ours. Batches without flags and alerts are written without room for them.
constexpr std::uint8_t oldest_version = 2;
constexpr std::uint8_t version_plain = 3;
constexpr std::uint8_t version_rules = 4;
constexpr std::size_t crc_bytes = 4;
// The least that each takes, so that a damaged count cannot ask for more memory than the bytes had.
constexpr std::size_t listing_bytes_min = 4;
constexpr std::size_t event_bytes_min = 6;
constexpr std::size_t level_bytes_min = 4;
constexpr std::size_t quarantine_bytes_min = 6;
constexpr std::size_t alert_bytes_min = 8;

// One description of each body for both directions: Visitor is the writer or the reader.
template <class Visitor, class Body>
void visit_body(Visitor& with, Body& what) {
  using body = std::remove_const_t<Body>;
  if constexpr (std::is_same_v<body, trade> || std::is_same_v<body, liquidation>) {
    with(what.price), with(what.quantity), with(what.side, trade_sides);
  } else if constexpr (std::is_same_v<body, book_change>) {
    with(what.snapshot), with(what.has_checksum), with(what.checksum), with(what.first_level);
    with(what.bids), with(what.asks), with(what.first_update_id), with(what.last_update_id);
    with(what.previous_update_id), with(what.depth);
  } else if constexpr (std::is_same_v<body, quote>) {
    with.as_decimal(what.bid_price), with.as_decimal(what.bid_quantity);
    with.as_decimal(what.ask_price), with.as_decimal(what.ask_quantity);
  } else if constexpr (std::is_same_v<body, ticker>) {
    with(what.last_price), with(what.bid_price), with(what.bid_quantity), with(what.ask_price);
    with(what.ask_quantity), with(what.open_price), with(what.high_price), with(what.low_price);
    with(what.volume), with(what.quote_volume), with(what.mark_price), with(what.index_price);
  } else if constexpr (std::is_same_v<body, candle>) {
    with(what.interval_ns), with(what.open_ns), with(what.open), with(what.high), with(what.low);
    with(what.close), with(what.volume), with(what.quote_volume), with(what.trades);
    with(what.closed);
    if constexpr (std::is_same_v<Visitor, byte_reader>) {
      if (with.format() < 3) return;  // had the venues' own only
    }
    with(what.source, candle_sources), with(what.complete), with(what.revision);
  } else if constexpr (std::is_same_v<body, funding>) {
    with(what.rate), with(what.mark_price), with(what.index_price), with(what.predicted_rate);
    with(what.next_funding_ns);
  } else if constexpr (std::is_same_v<body, open_interest>) {
    with(what.quantity), with(what.value);
  } else if constexpr (std::is_same_v<body, status_change>) {
    with(what.from, feed_states), with(what.to, feed_states), with(what.feed, event_kinds);
    with(what.reason);
  } else {
    static_assert(std::is_same_v<body, gap>);
    with(what.cause, gap_causes), with(what.feed, event_kinds);
    with(what.repair, gap_repairs), with(what.recovered), with(what.begin_ns), with(what.end_ns);
    with(what.detail);
  }
}

template <class Visitor, class Event>
void visit_head(Visitor& with, Event& what) {
  with(what.exchange_ns), with(what.receive_ns), with(what.state, feed_states), with(what.key);
}

template <class Visitor, class Level>
void visit_level(Visitor& with, Level& what) {
  with(what.price_mantissa), with(what.quantity_mantissa);
  with.exponent(what.price_exponent), with.exponent(what.quantity_exponent);
}

template <class Visitor, class Entry>
void visit_quarantine(Visitor& with, Entry& what) {
  with(what.venue), with(what.instrument), with(what.rule), with(what.reason), with(what.excerpt);
  with(what.receive_ns);
}

template <class Visitor, class Entry>
void visit_alert(Visitor& with, Entry& what) {
  with(what.severity, alert_severities), with(what.venue), with(what.instrument), with(what.rule);
  with(what.reason), with(what.event), with(what.receive_ns), with(what.suppressed);
}

bool has_rules(const event_batch& batch) {
  return !batch.alerts.empty() || std::any_of(batch.events.begin(), batch.events.end(),
                                              [](const event& what) { return what.flags != 0; });
}

// The numbers of the listings in one batch, in the order of their first event.
class listing_numbers {
 public:
  explicit listing_numbers(const event_batch& batch) {
    for (const auto& what : batch.events) add(what.where);
  }
  const std::vector<const listing*>& all() const { return all_; }
  std::size_t of(const listing* where) const { return by_index_[where->index]; }

 private:
  void add(const listing* where) {
    if (where->index >= by_index_.size()) by_index_.resize(where->index + std::size_t{1}, none);
    auto& number = by_index_[where->index];
    if (number != none) return;
    number = all_.size();
    all_.push_back(where);
  }
  static constexpr std::size_t none = ~std::size_t{0};
  std::vector<std::size_t> by_index_;
  std::vector<const listing*> all_;
};

void write_listings(byte_writer& out, const std::vector<const listing*>& all) {
  out.number(all.size());
  for (const auto* where : all) {
    out(where->venue), out(where->symbol), out(where->venue_symbol), out(where->channel);
  }
}

template <std::size_t Kind = 0>
void read_body(byte_reader& in, std::size_t kind, event& what) {
  if constexpr (Kind < event_kinds) {
    if (kind != Kind) return read_body<Kind + 1>(in, kind, what);
    visit_body(in, what.body.emplace<Kind>());
  } else {
    in.fail();
  }
}

std::vector<const listing*> read_listings(byte_reader& in, listing_registry& registry) {
  std::vector<const listing*> all(in.count(listing_bytes_min));
  for (auto& where : all) {
    const auto venue = in.text();
    const auto details = parse_instrument(in.text());
    const auto venue_symbol = in.text();
    const auto channel = in.text();
    if (!in.good() || !details) {
      in.fail();
      break;
    }
    where = registry.intern(venue, *details, venue_symbol, channel);
  }
  return all;
}

bool levels_fit(const event& what, std::size_t levels) {
  const auto* change = std::get_if<book_change>(&what.body);
  if (change == nullptr) return true;
  return std::uint64_t{change->first_level} + change->bids + change->asks <= levels;
}

void read_events(byte_reader& in, const std::vector<const listing*>& listings, bool rules,
                 event_batch& out) {
  out.events.resize(in.count(event_bytes_min));
  for (auto& what : out.events) {
    const auto number = in.number();
    if (!in.good() || number >= listings.size()) return in.fail();
    what.where = listings[number];
    visit_head(in, what);
    if (rules) in(what.flags);
    if (what.flags >> rule_checks != 0) return in.fail();
    read_body(in, in.number(), what);
    if (!in.good()) return;
  }
}

void read_rest(byte_reader& in, bool rules, event_batch& out) {
  out.levels.resize(in.count(level_bytes_min));
  for (auto& what : out.levels) visit_level(in, what);
  out.quarantine.resize(in.count(quarantine_bytes_min));
  for (auto& what : out.quarantine) visit_quarantine(in, what);
  if (rules) {
    out.alerts.resize(in.count(alert_bytes_min));
    for (auto& what : out.alerts) visit_alert(in, what);
  }
  for (const auto& what : out.events) {
    if (!levels_fit(what, out.levels.size())) in.fail();
  }
}

}  // namespace

void encode_batch(const event_batch& batch, std::string& out) {
  const auto begin = out.size();
  const listing_numbers numbers(batch);
  byte_writer writer(out);
  const bool rules = has_rules(batch);
  writer.byte(rules ? version_rules : version_plain);
  write_listings(writer, numbers.all());
  writer.number(batch.events.size());
  for (const auto& what : batch.events) {
    writer.number(numbers.of(what.where));
    visit_head(writer, what);
    if (rules) writer(what.flags);
    writer.number(what.body.index());
    std::visit([&](const auto& body) { visit_body(writer, body); }, what.body);
  }
  writer.number(batch.levels.size());
  for (const auto& what : batch.levels) visit_level(writer, what);
  writer.number(batch.quarantine.size());
  for (const auto& what : batch.quarantine) visit_quarantine(writer, what);
  if (rules) {
    writer.number(batch.alerts.size());
    for (const auto& what : batch.alerts) visit_alert(writer, what);
  }
  writer.finish();
  const auto crc = crc32(std::string_view(out).substr(begin));
  for (std::size_t at = 0; at < crc_bytes; ++at) out += static_cast<char>(crc >> (8 * at));
}

std::optional<event_batch> decode_batch(std::string_view bytes, listing_registry& registry) {
  if (bytes.size() <= crc_bytes) return {};
  const auto body = bytes.substr(0, bytes.size() - crc_bytes);
  std::uint32_t crc = 0;
  for (std::size_t at = 0; at < crc_bytes; ++at) {
    crc |= std::uint32_t{static_cast<std::uint8_t>(bytes[body.size() + at])} << (8 * at);
  }
  if (crc != crc32(body)) return {};
  byte_reader in(body);
  const auto version = in.byte();
  if (version < oldest_version || version > version_rules) return {};
  in.set_format(version);
  const bool rules = version == version_rules;
  const auto listings = read_listings(in, registry);
  event_batch result;
  if (in.good()) read_events(in, listings, rules, result);
  if (in.good()) read_rest(in, rules, result);
  if (!in.good() || !in.at_end()) return {};
  return result;
}

}  // namespace feedtree
