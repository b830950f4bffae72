// Errors as problem details. Source: RFC 9457.
#pragma once

#include <string_view>

#include "adapters/http/message.hpp"

namespace feedtree::http {

// An answer of type application/problem+json: title is the status in words, detail says what is
// wrong with this request. Types are "about:blank": the status says which problem it is.
response problem(int status, std::string_view detail);

}  // namespace feedtree::http
