#include "storage/capture_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/decimal.hpp"
#include "storage/file_text.hpp"

namespace feedtree {
namespace {

namespace ondemand = simdjson::ondemand;
constexpr std::size_t padding = 64;
static_assert(padding >= simdjson::SIMDJSON_PADDING);

std::string padded(std::string_view text) {
  std::string result;
  result.reserve(text.size() + padding);
  result.assign(text);
  return result;
}

// "1633998512.0633569" seconds to nanoseconds, without floating point.
std::int64_t seconds_to_ns(std::string_view text) {
  decimal seconds;
  std::int64_t ns = 0;
  if (parse_decimal(text, seconds) != decimal_error::none) return 0;
  if (seconds.mantissa_at(-9, ns)) return ns;
  // More than nine decimals: a float's noise; cut.
  const auto point = text.find('.');
  if (point == std::string_view::npos || text.size() < point + 10) return 0;
  return parse_decimal(text.substr(0, point + 10), seconds) == decimal_error::none &&
                 seconds.mantissa_at(-9, ns)
             ? ns
             : 0;
}

std::string_view trimmed_token(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\r')) token.remove_suffix(1);
  if (token.size() >= 2 && token.front() == '"') token = token.substr(1, token.size() - 2);
  return token;
}

// The members of a line that any of the formats knows; the texts are unescaped.
struct line_fields {
  std::string type;
  bool has_frame = false;
  bool sent = false;  // by the one who recorded
  std::string exchange;
  std::string venue;
  capture_record record;
};

void read_field(std::string_view key, ondemand::value value, line_fields& out) {
  const auto text = [&value] { return std::string_view(value.get_string()); };
  if (key == "t") {
    if (value.type() == ondemand::json_type::string) out.type = text();
  } else if (key == "data" || key == "text") {
    if (value.type() == ondemand::json_type::string) out.record.text = padded(text());
  } else if (key == "conn" || key == "connection") {
    if (value.type() == ondemand::json_type::string) out.record.connection = text();
  } else if (key == "url" || key == "addr") {
    if (value.type() == ondemand::json_type::string) out.record.url = text();
  } else if (key == "ts") {
    out.record.receive_ns = seconds_to_ns(trimmed_token(value.raw_json_token()));
  } else if (key == "receive_ns" || key == "rx_ns") {
    const auto token = trimmed_token(value.raw_json_token());
    std::from_chars(token.data(), token.data() + token.size(), out.record.receive_ns);
  } else if (key == "frame") {
    out.has_frame = true;
    if (value.type() == ondemand::json_type::string) {
      out.record.text = padded(text());
    } else {
      out.record.text = padded(std::string_view(simdjson::to_json_string(value)));
    }
  } else if (key == "dir") {
    out.sent = value.type() == ondemand::json_type::string && text() == "tx";
  } else if (key == "exchange") {
    if (value.type() == ondemand::json_type::string) out.exchange = text();
  } else if (key == "venue") {
    if (value.type() == ondemand::json_type::string) out.venue = text();
  }
}

class line_parser {
 public:
  // True if the line is an object whose fields could be read.
  bool read(std::string_view line, line_fields& out) {
    buffer_.reserve(line.size() + padding);
    buffer_.assign(line);
    try {
      auto document = parser_.iterate(buffer_.data(), buffer_.size(), buffer_.capacity());
      ondemand::object object = document.get_object();
      for (auto field : object) {
        const std::string_view key = field.unescaped_key();
        read_field(key, field.value(), out);
      }
      return true;
    } catch (const simdjson::simdjson_error&) {
      return false;
    }
  }

 private:
  ondemand::parser parser_;
  std::string buffer_;
};

bool take_record(const std::string& type, record_type& out) {
  if (type == "recv" || type == "frame") {
    out = record_type::frame;
  } else if (type == "http" || type == "rest") {
    out = record_type::rest;
  } else if (type == "connect") {
    out = record_type::connect;
  } else {
    return false;
  }
  return true;
}

// What was sent, and lines of archives that say what happened to a connection.
bool is_no_event(std::string_view type) {
  return type == "send" || type == "close" || type == "lost" || type == "proof" || type == "end";
}

// Whoever replays it may name the venue, so an unknown name is not an error yet.
void take_header(const line_fields& line, capture& out) {
  const auto& named = line.venue.empty() ? line.exchange : line.venue;
  out.venue = venue_of_cryptofeed(named);
  if (!out.venue.empty()) return;
  if (line.venue.empty()) {
    out.recorded_from = named;
  } else {
    out.venue = named;
  }
}

// Takes lines one by one. In a file of {"rx_ns":..,"frame":..} lines the others are metadata; which
// kind of file it is shows only later, so bare lines wait until the end.
class capture_builder {
 public:
  void take(std::string_view text) {
    line_fields line;
    const bool readable = parser_.read(text, line);
    if (readable && line.has_frame) {
      take_wrapped(line);
    } else if (readable && line.type == "header") {
      take_header(line, result_);
    } else if (readable && take_record(line.type, line.record.type)) {
      result_.records.push_back(std::move(line.record));
    } else if (readable && is_no_event(line.type)) {
      ++result_.skipped_lines;
    } else {
      take_bare(text, line);
    }
  }

  capture finish() {
    if (wrapped_ && result_.venue.empty()) result_.venue = metadata_venue_;
    if (wrapped_) {
      result_.skipped_lines += bare_.size();
    } else {
      std::move(bare_.begin(), bare_.end(), std::back_inserter(result_.records));
    }
    return std::move(result_);
  }

 private:
  void take_wrapped(line_fields& line) {
    wrapped_ = true;
    if (line.sent) {
      ++result_.skipped_lines;
      return;
    }
    line.record.type = record_type::frame;
    result_.records.push_back(std::move(line.record));
  }

  void take_bare(std::string_view text, const line_fields& line) {
    if (bare_.empty()) metadata_venue_ = line.venue;
    capture_record record;
    record.text = padded(text);
    bare_.push_back(std::move(record));
  }

  line_parser parser_;
  capture result_;
  std::vector<capture_record> bare_;
  bool wrapped_ = false;
  std::string metadata_venue_;
};

void append_json_text(std::string_view text, std::string& out) {
  static constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte < 0x20) {
      ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string_view venue_of_cryptofeed(std::string_view exchange) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> names{
      {{"KRAKEN", "kraken"},
       {"KRAKEN_FUTURES", "kraken-futures"},
       {"COINBASE", "coinbase"},
       {"BINANCE", "binance"},
       {"BINANCE_US", "binance"},
       {"BINANCE_FUTURES", "binance-usdm"},
       {"BINANCE_DELIVERY", "binance-coinm"},
       {"BYBIT", "bybit"},
       {"OKX", "okx"},
       {"OKEX", "okx"},
       {"HUOBI", "htx"}}};
  for (const auto& [name, venue] : names) {
    if (name == exchange) return venue;
  }
  return {};
}

capture parse_capture(std::string_view text) {
  capture_builder builder;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    at = end + 1;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (!line.empty()) builder.take(line);
  }
  auto result = builder.finish();
  const bool timed =
      std::all_of(result.records.begin(), result.records.end(),
                  [](const capture_record& record) { return record.receive_ns > 0; });
  if (timed) {
    std::stable_sort(result.records.begin(), result.records.end(),
                     [](const auto& a, const auto& b) { return a.receive_ns < b.receive_ns; });
  }
  return result;
}

capture read_capture(const std::string& path) {
  const auto text = read_file_text(path);
  auto result = parse_capture(text);
  if (result.records.empty()) throw capture_error(path + ": holds no frames");
  return result;
}

std::string capture_header_line(std::string_view venue) {
  std::string line = R"({"t":"header","format":"feedtree-1","venue":)";
  append_json_text(venue, line);
  return line += "}\n";
}

std::string capture_record_line(const capture_record& record) {
  static constexpr std::array<std::string_view, 3> types{"frame", "rest", "connect"};
  std::string line = R"({"t":")";
  line += types[static_cast<std::size_t>(record.type)];
  line += R"(","connection":)";
  append_json_text(record.connection, line);
  line += R"(,"url":)";
  append_json_text(record.url, line);
  line += R"(,"receive_ns":")" + std::to_string(record.receive_ns) + R"(","text":)";
  append_json_text(record.text, line);
  return line += "}\n";
}

}  // namespace feedtree
