#include "adapters/transport/detail/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/ssl/error.hpp>
#include <cstring>

namespace feedtree::transport::detail {
namespace {

namespace ssl = boost::asio::ssl;

const std::string& name_of(const tls_options& options, const url& target) {
  return options.server_name.empty() ? target.host : options.server_name;
}

bool is_address(const std::string& name) {
  url probe;
  probe.host = name;
  return probe.is_ip_literal();
}

std::string openssl_reason() {
  const auto code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown reason";
}

bool load_authorities(ssl::context& context, const tls_options& options, std::string& problem) {
  boost::system::error_code error;
  ERR_clear_error();
  if (options.ca_file.empty())
    context.set_default_verify_paths(error);
  else
    context.load_verify_file(options.ca_file, error);
  if (!error) return true;
  problem = "tls.ca_file '" + options.ca_file + "' cannot be used: " + error.message();
  return false;
}

// The alternative names of the certificate, for a message about a wrong name.
std::string names_in(X509* certificate) {
  if (certificate == nullptr) return {};
  void* extension = X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr);
  auto* names = static_cast<GENERAL_NAMES*>(extension);
  std::string text;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    const auto* bytes = ASN1_STRING_get0_data(name->d.dNSName);
    text += (text.empty() ? "" : ", ");
    text.append(reinterpret_cast<const char*>(bytes),
                static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  GENERAL_NAMES_free(names);
  return text;
}

std::string advice_for_authority(const tls_options& options) {
  if (options.ca_file.empty())
    return "; set tls.ca_file to the authority that signed it, or install the system's "
           "certificates (package ca-certificates)";
  return "; '" + options.ca_file + "' does not contain the authority that signed it";
}

std::string advice(long verify_result, const std::string& peer_names, const tls_options& options,
                   const url& target) {
  switch (verify_result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return " for '" + name_of(options, target) + "'" +
             (peer_names.empty() ? "" : " (it is for: " + peer_names + ")") +
             "; check the host in the URL";
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "; renew the server's certificate, or check the clock of this machine";
    default:
      return advice_for_authority(options);
  }
}

// What the macro SSL_set_tlsext_host_name does, without its old-style cast.
bool send_name(SSL* handle, const std::string& name) {
  auto* text = const_cast<char*>(name.c_str());
  return SSL_ctrl(handle, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, text) == 1;
}

// True where the two sides have no TLS version or cipher in common.
bool is_incompatible(const boost::system::error_code& code) {
  if (code.category() != boost::asio::error::get_ssl_category()) return false;
  switch (ERR_GET_REASON(static_cast<unsigned long>(code.value()))) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return true;
    default:
      return false;
  }
}

std::string hint(const boost::system::error_code& code, const tls_options& options) {
  if (!is_incompatible(code)) return {};
  if (ERR_GET_REASON(static_cast<unsigned long>(code.value())) == SSL_R_WRONG_VERSION_NUMBER)
    return "; the port may not speak TLS";
  return options.version_min == tls_version::v1_3 ? "; TLS 1.3 is required by our options"
                                                  : "; TLS 1.2 or later is required";
}

}  // namespace

tls_context make_tls_context(const tls_options& options, std::string& problem) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX* handle = context->native_handle();
  const int version_min =
      options.version_min == tls_version::v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
  SSL_CTX_set_min_proto_version(handle, version_min);
  SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);
  context->set_verify_mode(options.verify_peer ? ssl::verify_peer : ssl::verify_none);
  if (options.verify_peer && !load_authorities(*context, options, problem)) return nullptr;
  return context;
}

std::string prepare_tls(SSL* handle, const tls_options& options, const url& target) {
  const auto& name = name_of(options, target);
  const bool address = is_address(name);
  if (!address && !send_name(handle, name))  // RFC 6066, 3: no addresses in SNI
    return "the host name cannot be sent (SNI): " + openssl_reason();
  if (!options.verify_peer) return {};
  SSL_set_hostflags(handle, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), name.c_str())
                          : SSL_set1_host(handle, name.c_str());
  return set == 1 ? std::string{} : "the name to verify cannot be set: " + openssl_reason();
}

bool note_peer_names(bool is_verified, ssl::verify_context& context, std::string& names) {
  if (!is_verified) names = names_in(X509_STORE_CTX_get_current_cert(context.native_handle()));
  return is_verified;
}

transport_error describe_tls_failure(SSL* handle, const boost::system::error_code& code,
                                     const tls_options& options, const url& target,
                                     const std::string& peer_names) {
  transport_error error;
  error.stage = error_stage::tls;
  error.message = "TLS handshake with " + target.host_and_port() + " failed: ";
  const long verified = SSL_get_verify_result(handle);
  if (options.verify_peer && verified != X509_V_OK) {
    error.message += "certificate verify failed: ";
    error.message += X509_verify_cert_error_string(verified);
    error.message += advice(verified, peer_names, options, target);
    error.terminal = true;
  } else {
    error.message += code.message() + hint(code, options);
    error.terminal = is_incompatible(code);
  }
  return error;
}

}  // namespace feedtree::transport::detail
