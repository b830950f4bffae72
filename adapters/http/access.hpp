// Who may do what: the operator's token, and requests that another web site makes a browser send.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/http/message.hpp"
#include "core/access_role.hpp"

namespace feedtree::http {

// Who sends a request.
struct caller {
  std::string name;  // "alice"; "unknown" where there is no valid token
  access_role role = access_role::none;
};

// Knows the tokens that were issued to accounts. Any thread; must not block.
class token_judge {
 public:
  token_judge() = default;
  virtual ~token_judge() = default;
  token_judge(const token_judge&) = delete;
  token_judge& operator=(const token_judge&) = delete;

  // Whose it is; nothing if it is none, has ended or was revoked.
  virtual std::optional<caller> who(std::string_view token) const = 0;
};

// A request that would change something, and what came of it.
struct change_note {
  std::string name;       // of the caller
  std::string action;     // "restart"
  std::string target;     // "actors/root/venues/kraken"
  std::string peer;       // address of who asked; empty if it is not known
  int status = 0;         // of the answer
  std::string problem{};  // the answer's body where it is a refusal or a failure
};

// A request that read something.
struct read_note {
  std::string name;    // of the caller
  std::string target;  // "books/kraken/BTC-USD"
  std::string peer;    // address of who asked; empty if it is not known
};

// Keeps such notes. Any thread; must not block.
class access_log {
 public:
  access_log() = default;
  virtual ~access_log() = default;
  access_log(const access_log&) = delete;
  access_log& operator=(const access_log&) = delete;

  // False: nothing may be changed now, as it could not be recorded.
  virtual bool has_room() const = 0;
  virtual void add(change_note what) = 0;
  virtual void add_read(const read_note& what) = 0;
};

// The name in records of whoever has the token of access_rules, and of whoever needs none.
inline constexpr std::string_view static_token_name = "static-token";
inline constexpr std::string_view anyone_name = "anyone";

struct access_rules {
  // Bearer token of operators that the server was started with; empty: there is none.
  std::string token;
  // Reading needs a token too.
  bool protects_reading = false;
  // Only names of this machine are taken as Host, so that no web site can reach the port under a
  // name of its own (DNS rebinding).
  bool loopback_names_only = true;
  // Changing needs a token, as it does where there is the one above. Without either whoever reaches
  // the port is an operator, which is for loopback only.
  bool protects_changes = false;
  // Why nothing can be changed at all; empty: it can.
  std::string no_changes{};
  std::shared_ptr<const token_judge> accounts{};
  std::shared_ptr<access_log> log{};
};

// What a request is about to do.
struct access_need {
  bool changes = false;
  bool is_open = false;                       // needs no token
  access_role least = access_role::operates;  // whom a change needs
};

struct judgement {
  caller who;
  std::optional<response> refused{};  // the problem with who asks: 400, 401, 403 or 421
};

// The token of an Authorization header, "Bearer" in any case before it; empty if it has none.
// Source: RFC 6750, section 2.1.
std::string_view bearer_token(std::string_view value);

// The problem 401, which asks for a bearer token.
response unauthorised(std::string_view detail);

// True if both texts are the same; takes as long for any difference.
bool same_secret(std::string_view a, std::string_view b);

// Who asks, and whether that may be. A changing request must not come from another site:
// Sec-Fetch-Site or Origin say so, where a browser sent it.
judgement judge(const request& asked, const access_rules& rules, const access_need& need);

// "localhost", "127.0.0.1", "[::1]", each with or without a port.
bool is_loopback_name(std::string_view host);

}  // namespace feedtree::http
