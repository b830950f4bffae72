// The names under which events are published: docs/subjects.md.
#pragma once

#include <string>
#include <string_view>

#include "core/event.hpp"

namespace feedtree::nats {

// "md.v1.<kind>.<venue>.<instrument>"; candles "md.v1.candle.<interval>.<venue>.<instrument>".
std::string subject_of(const event& what);

// "md.v1.quarantine.<venue>".
std::string subject_of(const quarantine_entry& what);

// "md.v1.alert.<severity>".
std::string subject_of(const alert_entry& what);

// "md.v1.get.book.", in front of "<venue>.<instrument>".
inline constexpr std::string_view book_request_prefix = "md.v1.get.book.";

// A name as one token of a subject: '.', '*', '>', '%', blanks and control characters become
// "%" and two hexadecimal digits ("BTC-USD-20261225-0.5-C" has a '.'); others stay.
std::string subject_token(std::string_view name);
// The reverse; what is no escape stays as it is.
std::string name_of_token(std::string_view token);

}  // namespace feedtree::nats
