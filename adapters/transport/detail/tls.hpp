#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>

#include "adapters/transport/connection_options.hpp"
#include "adapters/transport/error.hpp"
#include "adapters/transport/url.hpp"

namespace feedtree::transport::detail {

using tls_context = std::shared_ptr<boost::asio::ssl::context>;

// A client context: TLS version_min or later, authorities loaded, the peer verified. Gives null
// and says why in `problem` when the CA file cannot be used.
[[nodiscard]] tls_context make_tls_context(const tls_options& options, std::string& problem);

// Prepares a connection: SNI and the name (or address) to verify. Gives what failed, or "".
[[nodiscard]] std::string prepare_tls(SSL* ssl, const tls_options& options, const url& target);

// A verify callback that leaves the verdict as it is and, where it is bad, keeps the names of the
// certificate: after a failed handshake OpenSSL has it no more.
bool note_peer_names(bool is_verified, boost::asio::ssl::verify_context& context,
                     std::string& names);

// Why a TLS handshake with `target` failed, and what to do about it; `peer_names` are those that
// note_peer_names kept.
[[nodiscard]] transport_error describe_tls_failure(SSL* ssl, const boost::system::error_code& code,
                                                   const tls_options& options, const url& target,
                                                   const std::string& peer_names);

}  // namespace feedtree::transport::detail
