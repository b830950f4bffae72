// Who may do what: the operator's token, and requests that another web site makes a browser send.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "adapters/http/message.hpp"

namespace feedtree::http {

struct access_rules {
  // Bearer token of operators; empty: whoever reaches the port is one, which is for loopback only.
  std::string token;
  // Reading needs the token too.
  bool protects_reading = false;
  // Only names of this machine are taken as Host, so that no web site can reach the port under a
  // name of its own (DNS rebinding).
  bool loopback_names_only = true;
};

// True if both texts are the same; takes as long for any difference.
bool same_secret(std::string_view a, std::string_view b);

// The problem with who asks, if there is one: 400, 401, 403 or 421. A changing request must not
// come from another site: Sec-Fetch-Site or Origin say so, where a browser sent it.
std::optional<response> refusal(const request& asked, const access_rules& rules, bool changes);

// "localhost", "127.0.0.1", "[::1]", each with or without a port.
bool is_loopback_name(std::string_view host);

}  // namespace feedtree::http
