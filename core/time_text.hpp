// Instants as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace feedtree {

// Nanoseconds since 1970 of
// - RFC 3339 with a zone, up to nine digits of a second: 2026-08-09T21:05:00.5Z, ...+02:00
// - a date, its midnight in UTC: 2026-08-09
// - nanoseconds since 1970, 16 to 19 digits: 1786310700000000000
// Nothing if it is none of them, or beyond the years 1970 to 2262.
std::optional<std::int64_t> parse_time(std::string_view text);
// The forms that parse_time takes, for messages.
inline constexpr std::string_view time_forms =
    "2026-08-09T21:05:00.5Z (RFC 3339 with its zone), 2026-08-09 (midnight in UTC) or nanoseconds "
    "since 1970 (16 to 19 digits)";

// "2026-08-09T21:05:00.500000000Z".
std::string time_text(std::int64_t ns);
// "2026-08-09T21:05:00Z": what is below a second is left out.
std::string second_text(std::int64_t ns);

}  // namespace feedtree
