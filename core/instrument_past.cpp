#include "core/instrument_past.hpp"

#include <algorithm>

#include "core/byte_reader.hpp"
#include "core/byte_writer.hpp"

namespace feedtree {
namespace {

constexpr std::uint8_t format = 1;
constexpr std::size_t hole_bytes_min = 4;

// One description for both directions: Visitor is the writer or the reader.
template <class Visitor, class Entry>
void visit_entry(Visitor& with, Entry& entry) {
  with(entry.cause, gap_causes), with(entry.begin_ns);
}

void visit_earlier(byte_writer& with, const std::optional<open_entry>& entry) {
  with(entry.has_value());
  if (entry) visit_entry(with, *entry);
}

void visit_earlier(byte_reader& with, std::optional<open_entry>& entry) {
  bool present = false;
  with(present);
  if (present) visit_entry(with, entry.emplace());
}

template <class Visitor, class Feed>
void visit_feed(Visitor& with, Feed& feed) {
  with(feed.receive_ns), with(feed.past.state, feed_states), with(feed.past.gap_is_open);
  with(feed.past.cause, gap_causes), with(feed.past.begin_ns);
  visit_earlier(with, feed.past.earlier);
}

template <class Visitor, class Hole>
void visit_hole(Visitor& with, Hole& hole) {
  with(hole.numbers.first), with(hole.numbers.last), with(hole.before_ns), with(hole.after_ns);
}

template <class Visitor, class Trades>
void visit_trades(Visitor& with, Trades& trades) {
  with(trades.any), with(trades.last), with(trades.exchange_ns), with(trades.receive_ns);
  with(trades.alive_ns);
}

void visit_first(byte_writer& with, const std::optional<std::uint64_t>& number) {
  with(number.has_value());
  if (number) with(*number);
}

void visit_first(byte_reader& with, std::optional<std::uint64_t>& number) {
  bool present = false;
  with(present);
  if (present) with(number.emplace());
}

}  // namespace

std::int64_t alive_until_ns(const instrument_past& past) {
  const auto& trades = past.feed(event_kind::trade).past;
  if (trades.gap_is_open && trades.cause == gap_cause::outage) return past.trades.alive_ns;
  std::int64_t last_ns = 0;
  for (const auto& feed : past.feeds) last_ns = std::max(last_ns, feed.receive_ns);
  return last_ns;
}

void encode_past(const instrument_past& past, std::string& out) {
  byte_writer writer(out);
  writer.byte(format);
  for (const auto& feed : past.feeds) visit_feed(writer, feed);
  visit_trades(writer, past.trades);
  visit_first(writer, past.trades.first_after_outage);
  writer.number(past.trades.holes.size());
  for (const auto& hole : past.trades.holes) visit_hole(writer, hole);
  writer.number(past.trades.recent.size());
  for (const auto id : past.trades.recent) writer(id);
  past.candles.write(writer);
  writer.finish();
}

std::optional<instrument_past> decode_past(std::string_view bytes) {
  byte_reader reader(bytes);
  if (reader.byte() != format) return {};
  instrument_past past;
  for (auto& feed : past.feeds) visit_feed(reader, feed);
  visit_trades(reader, past.trades);
  visit_first(reader, past.trades.first_after_outage);
  past.trades.holes.resize(reader.count(hole_bytes_min));
  for (auto& hole : past.trades.holes) visit_hole(reader, hole);
  past.trades.recent.resize(reader.count(1));
  for (auto& id : past.trades.recent) reader(id);
  past.candles.read(reader);
  if (!reader.good() || !reader.at_end()) return {};
  return past;
}

}  // namespace feedtree
