#include "adapters/simulator/certificate.hpp"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace feedtree::simulator {
namespace {

template <class Type, void (*Free)(Type*)>
struct freer {
  void operator()(Type* what) const { Free(what); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freer<EVP_PKEY, EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freer<X509, X509_free>>;
using bio_ptr = std::unique_ptr<BIO, freer<BIO, BIO_free_all>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freer<X509_EXTENSION, X509_EXTENSION_free>>;

constexpr long hour_s = 3600;
constexpr long year_s = 365 * 24 * hour_s;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("cannot make a certificate: ") + what);
}

key_ptr make_key() {
  key_ptr key(EVP_EC_gen("P-256"));
  require(key != nullptr, "key");
  return key;
}

void set_serial(X509* certificate) {
  std::uint64_t number = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number) == 1, "serial");
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1);
}

void set_subject(X509* certificate, const char* common_name) {
  const auto* const text = reinterpret_cast<const unsigned char*>(common_name);
  require(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, text,
                                     -1, -1, 0) == 1,
          "name");
}

x509_ptr make_unsigned(const char* common_name, EVP_PKEY* key) {
  x509_ptr certificate(X509_new());
  require(certificate != nullptr, "memory");
  X509_set_version(certificate.get(), X509_VERSION_3);
  set_serial(certificate.get());
  // An hour back, for clocks that differ.
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -hour_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), year_s);
  set_subject(certificate.get(), common_name);
  require(X509_set_pubkey(certificate.get(), key) == 1, "public key");
  return certificate;
}

void add_extension(X509* to, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const extension_ptr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  require(extension != nullptr && X509_add_ext(to, extension.get(), -1) == 1, "extension");
}

void sign(X509* what, X509* issuer, EVP_PKEY* issuer_key) {
  require(X509_set_issuer_name(what, X509_get_subject_name(issuer)) == 1, "issuer");
  require(X509_sign(what, issuer_key, EVP_sha256()) > 0, "signature");
}

x509_ptr make_authority(EVP_PKEY* key) {
  auto authority = make_unsigned("feedtree simulator authority", key);
  add_extension(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(authority.get(), authority.get(), NID_subject_key_identifier, "hash");
  sign(authority.get(), authority.get(), key);
  return authority;
}

x509_ptr make_server(EVP_PKEY* key, X509* authority, EVP_PKEY* authority_key) {
  auto server = make_unsigned("localhost", key);
  add_extension(server.get(), authority, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(server.get(), authority, NID_key_usage, "critical,digitalSignature");
  add_extension(server.get(), authority, NID_ext_key_usage, "serverAuth");
  add_extension(server.get(), authority, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
  add_extension(server.get(), authority, NID_authority_key_identifier, "keyid");
  sign(server.get(), authority, authority_key);
  return server;
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(bytes)};
}

std::string pem_of(X509* certificate) {
  const bio_ptr memory(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509(memory.get(), certificate) == 1, "PEM");
  return text_of(memory.get());
}

std::string pem_of(EVP_PKEY* key) {
  const bio_ptr memory(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "PEM");
  return text_of(memory.get());
}

// Written beside its place and moved there, readable for the owner only from the beginning on.
void write_private(const std::string& path, const std::string& text) {
  const auto draft = path + ".new";
  ::unlink(draft.c_str());
  const int file =
      ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) throw std::runtime_error(draft + ": " + std::strerror(errno));
  const auto written = ::write(file, text.data(), text.size());
  ::close(file);
  if (written != static_cast<ssize_t>(text.size())) throw std::runtime_error(draft + ": disk full");
  std::filesystem::rename(draft, path);
}

}  // namespace

certificate_files make_certificate(const std::string& directory) {
  const auto authority_key = make_key();
  const auto authority = make_authority(authority_key.get());
  const auto key = make_key();
  const auto certificate = make_server(key.get(), authority.get(), authority_key.get());
  std::filesystem::create_directories(directory);
  const certificate_files files{directory + "/ca.pem", directory + "/cert.pem",
                                directory + "/key.pem"};
  write_private(files.ca, pem_of(authority.get()));
  write_private(files.certificate, pem_of(certificate.get()));
  write_private(files.key, pem_of(key.get()));
  return files;
}

}  // namespace feedtree::simulator
