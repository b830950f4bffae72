#include "adapters/transport/connection_options.hpp"

#include <chrono>
#include <fstream>

namespace feedtree::transport {

std::int64_t system_clock_ns() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
}

std::vector<std::string> tls_options::check() const {
  std::vector<std::string> problems;
  if (!ca_file.empty() && !std::ifstream(ca_file).good())
    problems.push_back("tls.ca_file '" + ca_file + "' cannot be read");
  if (server_name.find_first_of(" \t\r\n/:") != std::string::npos)
    problems.push_back("tls server_name '" + server_name + "' is not a host name");
  return problems;
}

}  // namespace feedtree::transport
