#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

namespace feedtree::transport::test {

struct openssl_free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
using key_pointer = std::unique_ptr<EVP_PKEY, openssl_free>;
using certificate_pointer = std::unique_ptr<X509, openssl_free>;

// A certificate and its key, in PEM.
struct identity {
  std::string certificate;
  std::string key;
};

inline std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_ctrl(bio, BIO_CTRL_INFO, 0, &data);
  return {data, static_cast<std::size_t>(size)};
}

inline std::string pem_of(X509* certificate) {
  const std::unique_ptr<BIO, openssl_free> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return text_of(bio.get());
}

inline std::string pem_of(EVP_PKEY* key) {
  const std::unique_ptr<BIO, openssl_free> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

inline key_pointer make_key() {
  return key_pointer(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
}

inline certificate_pointer make_certificate(const std::string& name, EVP_PKEY* key, long serial,
                                            long end_s) {
  certificate_pointer certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -86'400);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), end_s);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

inline void add_extension(X509* certificate, int nid, const std::string& value) {
  const std::unique_ptr<X509_EXTENSION, openssl_free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  if (!extension) throw std::runtime_error("extension " + value);
  X509_add_ext(certificate, extension.get(), -1);
}

// A certificate authority of our own, made anew for each test program.
class authority {
 public:
  authority() : key_(make_key()), certificate_(make_certificate("test CA", key_.get(), 1, 3'600)) {
    X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
    add_extension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    X509_sign(certificate_.get(), key_.get(), EVP_sha256());
    write_file();
  }
  ~authority() { ::unlink(path_.c_str()); }
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;

  // The PEM file that clients are to trust.
  [[nodiscard]] const std::string& file() const { return path_; }

  // A server certificate for names such as "DNS:localhost,IP:127.0.0.1", valid for `end_s` from
  // now.
  [[nodiscard]] identity issue(const std::string& names, long end_s = 3'600) const {
    const auto key = make_key();
    const auto certificate = make_certificate("test server", key.get(), 2, end_s);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
    add_extension(certificate.get(), NID_subject_alt_name, names);
    X509_sign(certificate.get(), key_.get(), EVP_sha256());
    return {pem_of(certificate.get()), pem_of(key.get())};
  }

 private:
  void write_file() {
    std::string path = "/tmp/feedtree_test_ca_XXXXXX";
    const int file = ::mkstemp(path.data());
    if (file < 0) throw std::runtime_error("mkstemp");
    ::close(file);
    std::ofstream(path) << pem_of(certificate_.get());
    path_ = path;
  }

  key_pointer key_;
  certificate_pointer certificate_;
  std::string path_;
};

// The authority that the tests share.
inline const authority& test_authority() {
  static const authority shared;
  return shared;
}

inline const identity& localhost_identity() {
  static const identity shared = test_authority().issue("DNS:localhost,IP:127.0.0.1");
  return shared;
}

}  // namespace feedtree::transport::test
