#include "adapters/simulator/faults.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "adapters/simulator/client_request.hpp"
#include "core/instrument.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t s = 1'000 * ms;

struct fault_entry {
  std::string_view name;
  fault_scope scope;
};

// In the order of fault_kind.
constexpr std::array<fault_entry, fault_kinds> entries{{
    {"drop", fault_scope::frame},
    {"duplicate", fault_scope::frame},
    {"reorder", fault_scope::frame},
    {"delay", fault_scope::frame},
    {"corrupt_checksum", fault_scope::frame},
    {"malformed", fault_scope::frame},
    {"truncated", fault_scope::frame},
    {"oversized", fault_scope::frame},
    {"wrong_type", fault_scope::frame},
    {"unknown_field", fault_scope::frame},
    {"mute", fault_scope::connection},
    {"half_open", fault_scope::connection},
    {"disconnect", fault_scope::connection},
    {"announced_close", fault_scope::connection},
    {"refuse", fault_scope::opening},
    {"slow_handshake", fault_scope::opening},
    {"bad_certificate", fault_scope::opening},
    {"rate_limit", fault_scope::request},
    {"rest_error", fault_scope::request},
    {"stale_snapshot", fault_scope::snapshot},
    {"delist", fault_scope::venue},
    {"clock_skew", fault_scope::venue},
    {"crossed", fault_scope::venue},
    {"maintenance", fault_scope::venue},
}};

[[noreturn]] void fail(std::string_view spec, const std::string& why) {
  throw std::invalid_argument("--fault '" + std::string(spec) + "': " + why);
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t value = 0;
  const auto* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc{} || end != last || value < 0) return {};
  return value;
}

// "200ms", "5s", "2m", "1h"; "-3s" where it may be negative.
std::optional<std::int64_t> parse_duration_ns(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto value = parse_whole(text.substr(0, digits));
  const auto unit = text.substr(digits);
  const std::int64_t factor = unit == "ms"  ? ms
                              : unit == "s" ? s
                              : unit == "m" ? 60 * s
                              : unit == "h" ? 3'600 * s
                                            : 0;
  if (!value || factor == 0 || *value > 1'000'000'000) return {};
  return (negative ? -1 : 1) * *value * factor;
}

class spec_reader {
 public:
  explicit spec_reader(std::string_view text) { spec_.text = std::string(text); }

  fault_spec read() {
    const std::string_view text = spec_.text;
    const auto colon = std::min(text.find(':'), text.size());
    const auto kind = parse_fault_kind(text.substr(0, colon));
    if (!kind) fail(text, "there is no fault '" + std::string(text.substr(0, colon)) + "'");
    spec_.kind = *kind;
    if (colon < text.size()) {
      for (const auto& part : split(text.substr(colon + 1), ',')) read_part(part);
    }
    check();
    fill_defaults();
    return spec_;
  }

 private:
  void read_part(const std::string& part) {
    const auto equals = part.find('=');
    if (equals == std::string::npos) fail(spec_.text, "'" + part + "' is not NAME=VALUE");
    const auto name = part.substr(0, equals);
    const auto value = part.substr(equals + 1);
    if (name == "instrument") {
      if (!parse_instrument(value)) fail(spec_.text, "'" + value + "' is no instrument");
      spec_.instrument = value;
    } else if (name == "kind") {
      spec_.feed = parse_event_kind(value);
      if (!spec_.feed) fail(spec_.text, "there is no kind '" + value + "'");
    } else if (!read_count(name, value) && !read_time(name, value)) {
      fail(spec_.text, "there is no '" + name + "'");
    }
  }

  bool read_count(const std::string& name, const std::string& value) {
    const auto known = {"every", "at", "times", "status", "bytes", "connection"};
    if (std::find(known.begin(), known.end(), name) == known.end()) return false;
    const auto count = parse_whole(value);
    if (!count || *count == 0) fail(spec_.text, name + " is a whole number above zero");
    const auto number = static_cast<std::uint64_t>(*count);
    if (name == "every") spec_.every = number;
    if (name == "at") spec_.at = number;
    if (name == "times") spec_.times = number;
    if (name == "status") spec_.status = static_cast<int>(std::min<std::uint64_t>(number, 1000));
    if (name == "bytes") spec_.bytes = number;
    if (name == "connection") spec_.connection = number;
    return true;
  }

  bool read_time(const std::string& name, const std::string& value) {
    const auto known = {"after", "for", "poisson", "by", "retry"};
    if (std::find(known.begin(), known.end(), name) == known.end()) return false;
    const auto time = parse_duration_ns(value);
    const bool may_be_negative = name == "by" && spec_.kind == fault_kind::clock_skew;
    if (!time || (*time < 0 && !may_be_negative)) {
      fail(spec_.text, name + " is a time like 200ms, 5s or 2m");
    }
    if (name == "after") spec_.after_ns = *time;
    if (name == "for") spec_.for_ns = *time;
    if (name == "poisson") spec_.poisson_ns = *time;
    if (name == "by") spec_.by_ns = *time;
    if (name == "retry") spec_.retry_s = *time / s;
    return true;
  }

  void check() const {
    const auto scope = scope_of(spec_.kind);
    const bool counts = spec_.every != 0 || spec_.at != 0;
    if ((spec_.every != 0) + (spec_.at != 0) + (spec_.poisson_ns != 0) > 1) {
      fail(spec_.text, "say one of every, at and poisson");
    }
    if (counts && (scope == fault_scope::connection || scope == fault_scope::venue)) {
      fail(spec_.text, "it is not counted: say after or poisson");
    }
    const bool targets = spec_.feed || !spec_.instrument.empty();
    const bool has_target = scope == fault_scope::frame || scope == fault_scope::snapshot ||
                            spec_.kind == fault_kind::delist || spec_.kind == fault_kind::crossed;
    if (targets && !has_target) fail(spec_.text, "it has no instrument and no kind");
    if (spec_.connection != 0 && scope != fault_scope::frame && scope != fault_scope::connection) {
      fail(spec_.text, "it is of no connection that is open");
    }
    if (spec_.kind == fault_kind::delist && spec_.instrument.empty()) {
      fail(spec_.text, "say which instrument");
    }
    check_extras();
  }

  void check_extras() const {
    const auto is = [this](std::initializer_list<fault_kind> some) {
      return std::find(some.begin(), some.end(), spec_.kind) != some.end();
    };
    if (spec_.by_ns != 0 && !is({fault_kind::delay, fault_kind::slow_handshake,
                                 fault_kind::announced_close, fault_kind::clock_skew})) {
      fail(spec_.text, "it has no 'by'");
    }
    if (spec_.retry_s != 0 && !is({fault_kind::rate_limit})) fail(spec_.text, "it has no 'retry'");
    if (spec_.bytes != 0 && !is({fault_kind::oversized})) fail(spec_.text, "it has no 'bytes'");
    if (spec_.bytes > std::size_t{256} << 20) fail(spec_.text, "at most 268435456 bytes");
    if (spec_.status == 0) return;
    if (!is({fault_kind::rate_limit, fault_kind::rest_error})) {
      fail(spec_.text, "it has no 'status'");
    }
    if (spec_.status < 400 || spec_.status > 599) fail(spec_.text, "status is between 400 and 599");
  }

  void fill_defaults() {
    const auto by_default = [](auto& value, auto otherwise) {
      if (value == 0) value = otherwise;
    };
    switch (spec_.kind) {
      case fault_kind::delay:
        by_default(spec_.by_ns, 500 * ms);
        break;
      case fault_kind::slow_handshake:
        by_default(spec_.by_ns, 2 * s);
        break;
      case fault_kind::announced_close:
        by_default(spec_.by_ns, 60 * s);
        break;
      case fault_kind::clock_skew:
        by_default(spec_.by_ns, 10 * s);
        break;
      case fault_kind::oversized:
        by_default(spec_.bytes, std::size_t{64} << 20);
        break;
      case fault_kind::rate_limit:
        by_default(spec_.status, 429);
        by_default(spec_.retry_s, 1);
        break;
      case fault_kind::rest_error:
        by_default(spec_.status, 500);
        break;
      case fault_kind::mute:
      case fault_kind::half_open:
      case fault_kind::maintenance:
        if (spec_.poisson_ns != 0) by_default(spec_.for_ns, 2 * s);
        break;
      default:
        break;
    }
  }

  fault_spec spec_;
};

}  // namespace

std::string_view to_string(fault_kind kind) {
  return entries.at(static_cast<std::size_t>(kind)).name;
}

std::optional<fault_kind> parse_fault_kind(std::string_view text) {
  const auto* const found = std::find_if(entries.begin(), entries.end(),
                                         [&](const auto& entry) { return entry.name == text; });
  if (found == entries.end()) return {};
  return static_cast<fault_kind>(found - entries.begin());
}

fault_scope scope_of(fault_kind kind) {
  return entries.at(static_cast<std::size_t>(kind)).scope;
}

bool fault_spec::matches(event_kind what, std::string_view symbol) const {
  return (!feed || *feed == what) && (instrument.empty() || instrument == symbol);
}

fault_spec parse_fault(std::string_view text) {
  return spec_reader(text).read();
}

}  // namespace feedtree::simulator
