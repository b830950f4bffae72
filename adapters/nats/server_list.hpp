// Where the NATS servers are, and who we are to them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace feedtree::nats {

// "[nats://|tls://][user:password@|token@]host[:port][,...]", taken apart, so that no secret is
// left in a text that could be shown. User, password and token may be percent-encoded.
struct server_list {
  std::vector<std::string> urls;  // "nats://host:port", "tls://host:port": no secret in them
  std::string user;
  std::string password;
  std::string token;
  bool tls = false;  // one of them asks for it, so all get it

  bool has_credentials() const { return !user.empty() || !token.empty(); }
  // "host:port" or "host:port, host:port": for messages.
  std::string address() const;
};

// Throws sink_error, without the text of a secret, if it is not such a list or if two servers
// have different credentials.
server_list parse_servers(std::string_view text);

}  // namespace feedtree::nats
