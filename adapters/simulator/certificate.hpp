// Certificates for demonstrations and tests: an authority of one's own, and a server for localhost.
#pragma once

#include <string>

namespace feedtree::simulator {

struct certificate_files {
  std::string ca;           // ca.pem: what clients trust
  std::string certificate;  // cert.pem: of localhost, 127.0.0.1 and ::1
  std::string key;          // key.pem: of the certificate
};

// Makes an authority and a certificate signed by it (P-256, valid for a year) and writes them to
// the directory, which is made if it is not there; files of before are replaced. Only the owner may
// read them; the key of the authority is not kept. Throws std::runtime_error with the reason.
certificate_files make_certificate(const std::string& directory);

}  // namespace feedtree::simulator
