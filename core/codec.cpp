#include "core/codec.hpp"

#include <algorithm>

#include "core/checksum.hpp"
#include "core/json_writer.hpp"

namespace feedtree {
namespace {

void write_level(const level& what, json_writer& out) {
  out.raw("[\"");
  out.number(what.price());
  out.raw("\",\"");
  out.number(what.quantity());
  out.raw("\"]");
}

void write_levels(std::span<const level> levels, json_writer& out) {
  out.raw('[');
  bool first = true;
  for (const auto& entry : levels) {
    if (!first) out.raw(',');
    first = false;
    write_level(entry, out);
  }
  out.raw(']');
}

// The fields of a kind: each with the comma in front.
class body_writer {
 public:
  body_writer(const event& what, const event_batch& batch, const encode_options& options,
              json_writer& out)
      : what_(what), batch_(batch), options_(options), out_(out) {}

  void operator()(const trade& body) {
    text(",\"trade_id\":\"", what_.key);
    required("\",\"price\":\"", body.price);
    required("\",\"quantity\":\"", body.quantity);
    word("\",\"side\":\"", to_string(body.side));
  }

  void operator()(const book_change& body) {
    out_.raw(body.snapshot ? ",\"type\":\"snapshot\",\"bids\":" : ",\"type\":\"delta\",\"bids\":");
    write_levels(in_range(batch_.bids(body), 0), out_);
    out_.raw(",\"asks\":");
    write_levels(in_range(batch_.asks(body), body.bids), out_);
    id(",\"first_update_id\":\"", body.first_update_id);
    id(",\"last_update_id\":\"", body.last_update_id);
    id(",\"previous_update_id\":\"", body.previous_update_id);
    if (body.depth != 0) {
      out_.raw(",\"depth\":");
      out_.number(std::uint64_t{body.depth});
    }
    if (body.has_checksum) {
      out_.raw(",\"checksum\":");
      out_.number(std::uint64_t{body.checksum});
    }
    merged(body.merged);
  }

  void operator()(const quote& body) {
    optional(",\"bid_price\":\"", body.bid_price);
    optional(",\"bid_quantity\":\"", body.bid_quantity);
    optional(",\"ask_price\":\"", body.ask_price);
    optional(",\"ask_quantity\":\"", body.ask_quantity);
    merged(body.merged);
  }

  void operator()(const ticker& body) {
    optional(",\"last_price\":\"", body.last_price);
    optional(",\"bid_price\":\"", body.bid_price);
    optional(",\"bid_quantity\":\"", body.bid_quantity);
    optional(",\"ask_price\":\"", body.ask_price);
    optional(",\"ask_quantity\":\"", body.ask_quantity);
    optional(",\"open_price\":\"", body.open_price);
    optional(",\"high_price\":\"", body.high_price);
    optional(",\"low_price\":\"", body.low_price);
    optional(",\"volume\":\"", body.volume);
    optional(",\"quote_volume\":\"", body.quote_volume);
    optional(",\"mark_price\":\"", body.mark_price);
    optional(",\"index_price\":\"", body.index_price);
  }

  void operator()(const candle& body) {
    word(",\"interval\":\"", interval_text(body.interval_ns));
    time(",\"open_ns\":\"", body.open_ns);
    time(",\"close_ns\":\"", body.open_ns + body.interval_ns);
    required(",\"open\":\"", body.open);
    required("\",\"high\":\"", body.high);
    required("\",\"low\":\"", body.low);
    required("\",\"close\":\"", body.close);
    required("\",\"volume\":\"", body.volume);
    out_.raw('"');
    optional(",\"quote_volume\":\"", body.quote_volume);
    if (body.trades >= 0) {
      out_.raw(",\"trades\":");
      out_.number(body.trades);
    }
    flag(",\"closed\":", body.closed);
    word(",\"source\":\"", to_string(body.source));
    if (body.source == candle_source::venue) return;
    flag(",\"complete\":", body.complete);
    out_.raw(",\"revision\":");
    out_.number(std::uint64_t{body.revision});
  }

  void operator()(const funding& body) {
    required(",\"rate\":\"", body.rate);
    out_.raw('"');
    optional(",\"mark_price\":\"", body.mark_price);
    optional(",\"index_price\":\"", body.index_price);
    optional(",\"predicted_rate\":\"", body.predicted_rate);
    if (body.next_funding_ns != 0) time(",\"next_funding_ns\":\"", body.next_funding_ns);
  }

  void operator()(const open_interest& body) {
    required(",\"quantity\":\"", body.quantity);
    out_.raw('"');
    optional(",\"value\":\"", body.value);
  }

  void operator()(const liquidation& body) {
    required(",\"price\":\"", body.price);
    required("\",\"quantity\":\"", body.quantity);
    word("\",\"side\":\"", to_string(body.side));
  }

  void operator()(const status_change& body) {
    word(",\"feed\":\"", to_string(body.feed));
    word(",\"from\":\"", to_string(body.from));
    word(",\"to\":\"", to_string(body.to));
    text(",\"reason\":\"", body.reason);
    out_.raw('"');
  }

  void operator()(const gap& body) {
    word(",\"feed\":\"", to_string(body.feed));
    word(",\"cause\":\"", to_string(body.cause));
    text(",\"detail\":\"", body.detail);
    out_.raw('"');
    time(",\"begin_ns\":\"", body.begin_ns);
    if (body.end_ns == 0) {
      out_.raw(",\"end_ns\":null");
    } else {
      time(",\"end_ns\":\"", body.end_ns);
    }
    word(",\"repair\":\"", to_string(body.repair));
    flag(",\"recovered\":", body.recovered);
  }

 private:
  template <std::size_t N>
  void required(const char (&name)[N], const decimal& value) {
    out_.raw(name);
    out_.number(value);
  }
  template <std::size_t N>
  void optional(const char (&name)[N], const optional_decimal& value) {
    if (!value) return;
    required(name, *value);
    out_.raw('"');
  }
  template <std::size_t N>
  void word(const char (&name)[N], std::string_view value) {
    out_.raw(name);
    out_.raw(value);
    out_.raw('"');
  }
  template <std::size_t N>
  void text(const char (&name)[N], std::string_view value) {
    out_.raw(name);
    out_.text(value);
  }
  template <std::size_t N>
  void time(const char (&name)[N], std::int64_t ns) {
    out_.raw(name);
    out_.number(ns);
    out_.raw('"');
  }
  template <std::size_t N>
  void id(const char (&name)[N], std::uint64_t value) {
    if (value == 0) return;
    out_.raw(name);
    out_.number(value);
    out_.raw('"');
  }
  void merged(std::uint32_t updates) {
    if (updates == 0) return;
    out_.raw(",\"merged\":");
    out_.number(std::uint64_t{updates});
  }
  template <std::size_t N>
  void flag(const char (&name)[N], bool value) {
    out_.raw(name);
    out_.raw(value ? std::string_view("true") : std::string_view("false"));
  }

  // The part of one side that is in the range of the options; before: levels in front of it.
  std::span<const level> in_range(std::span<const level> side, std::size_t before) const {
    const auto first = options_.first_level > before ? options_.first_level - before : 0;
    if (first >= side.size()) return {};
    const auto skipped = before > options_.first_level ? before - options_.first_level : 0;
    const auto most = options_.levels_max > skipped ? options_.levels_max - skipped : 0;
    return side.subspan(first, std::min(most, side.size() - first));
  }

  const event& what_;
  const event_batch& batch_;
  const encode_options& options_;
  json_writer& out_;
};

// Names of the checks that failed; nothing where all is well.
void write_flags(check_set flags, json_writer& out) {
  if (flags == 0) return;
  std::string_view before = ",\"flags\":[\"";
  for (std::size_t at = 0; at < rule_checks; ++at) {
    const auto check = static_cast<rule_check>(at);
    if ((flags & bit_of(check)) == 0) continue;
    out.raw(before);
    out.raw(to_string(check));
    before = "\",\"";
  }
  out.raw("\"]");
}

void write_part(const encode_options& options, json_writer& out) {
  if (options.part == 0) return;
  out.raw(",\"part\":");
  out.number(std::uint64_t{options.part});
  out.raw(",\"parts\":");
  out.number(std::uint64_t{options.parts});
}

void write_tail(const encode_tail& tail, json_writer& out) {
  if (tail.epoch.empty()) return;
  out.raw(",\"seq\":");
  out.number(tail.seq);
  out.raw(",\"epoch\":\"");
  out.text(tail.epoch);
  out.raw('"');
}

}  // namespace

void event_encoder::encode(const event& what, const event_batch& batch,
                           const encode_options& options, const encode_tail& tail,
                           std::string& out) {
  const auto& where = text_of(*what.where);
  const auto kind = to_string(what.kind());
  json_writer writer(out);
  writer.raw("{\"version\":1,\"kind\":\"");
  writer.raw(kind);
  writer.raw("\",\"id\":\"");
  writer.raw(where.id_prefix);
  writer.raw(kind);
  writer.raw(':');
  writer.text(what.key);
  if (options.part != 0) {
    writer.raw('#');
    writer.number(std::uint64_t{options.part});
  }
  writer.raw(where.venue_text);
  writer.raw(to_string(what.state));
  writer.raw("\",\"exchange_ns\":\"");
  writer.number(what.exchange_ns);
  writer.raw("\",\"receive_ns\":\"");
  writer.number(what.receive_ns);
  writer.raw('"');
  std::visit(body_writer(what, batch, options, writer), what.body);
  write_flags(what.flags, writer);
  write_part(options, writer);
  write_tail(tail, writer);
  writer.raw('}');
}

const event_encoder::listing_text& event_encoder::text_of(const listing& where) {
  if (where.index >= by_index_.size()) by_index_.resize(where.index + std::size_t{1});
  auto& entry = by_index_[where.index];
  if (entry.of == &where) return entry;
  std::string venue;
  std::string symbol;
  json_writer(venue).text(where.venue);
  json_writer(symbol).text(where.symbol);
  entry.id_prefix = venue + ":" + symbol + ":";
  entry.venue_text =
      "\",\"venue\":\"" + venue + "\",\"instrument\":\"" + symbol + "\",\"state\":\"";
  entry.of = &where;
  return entry;
}

void encode_json(const event& what, const event_batch& batch, std::string& out) {
  event_encoder().encode(what, batch, out);
}

void encode_json(const event& what, const event_batch& batch, const encode_options& options,
                 const encode_tail& tail, std::string& out) {
  event_encoder().encode(what, batch, options, tail, out);
}

event_key key_of(const quarantine_entry& what) {
  fingerprint content;
  content.add(what.rule).add(what.reason).add(what.excerpt);
  return time_key(what.receive_ns, content);
}

void encode_json(const quarantine_entry& what, const encode_tail& tail, std::string& out) {
  json_writer writer(out);
  const auto text = [&writer](std::string_view name, std::string_view value) {
    writer.raw(name);
    writer.text(value);
  };
  text("{\"version\":1,\"kind\":\"quarantine\",\"id\":\"", what.venue);
  text(":", what.instrument);
  text(":quarantine:", key_of(what));
  text("\",\"venue\":\"", what.venue);
  text("\",\"instrument\":\"", what.instrument);
  writer.raw("\",\"receive_ns\":\"");
  writer.number(what.receive_ns);
  text("\",\"rule\":\"", what.rule);
  text("\",\"reason\":\"", what.reason);
  text("\",\"excerpt\":\"", what.excerpt);
  writer.raw('"');
  write_tail(tail, writer);
  writer.raw('}');
}

event_key key_of(const alert_entry& what) {
  fingerprint content;
  content.add(what.rule).add(what.reason).add(what.event);
  return time_key(what.receive_ns, content);
}

void encode_json(const alert_entry& what, const encode_tail& tail, std::string& out) {
  json_writer writer(out);
  const auto text = [&writer](std::string_view name, std::string_view value) {
    writer.raw(name);
    writer.text(value);
  };
  text("{\"version\":1,\"kind\":\"alert\",\"id\":\"", what.venue);
  text(":", what.instrument);
  text(":alert:", key_of(what));
  text("\",\"severity\":\"", to_string(what.severity));
  text("\",\"venue\":\"", what.venue);
  text("\",\"instrument\":\"", what.instrument);
  writer.raw("\",\"receive_ns\":\"");
  writer.number(what.receive_ns);
  text("\",\"rule\":\"", what.rule);
  text("\",\"reason\":\"", what.reason);
  text("\",\"event\":\"", what.event);
  writer.raw("\",\"suppressed\":");
  writer.number(what.suppressed);
  write_tail(tail, writer);
  writer.raw('}');
}

void encode_levels(std::span<const level> levels, std::string& out) {
  json_writer writer(out);
  write_levels(levels, writer);
}

void encode_text(std::string_view text, std::string& out) {
  json_writer writer(out);
  writer.raw('"');
  writer.text(text);
  writer.raw('"');
}

}  // namespace feedtree
