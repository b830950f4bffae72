#include "config/secret_files.hpp"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace feedtree::config {
namespace {

std::string octal(mode_t mode) {
  std::string text = "0";
  for (int shift = 6; shift >= 0; shift -= 3) text += static_cast<char>('0' + (mode >> shift & 7U));
  return text;
}

void check(const std::string& key, const std::string& path, std::vector<std::string>& out) {
  if (path.empty()) return;
  if (const auto why = secret_file_error(path); !why.empty()) out.push_back(key + ": " + why);
}

}  // namespace

std::string secret_file_error(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) {
    return path + " cannot be read: " + std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
  }
  const auto mode = found.st_mode & 0777U;
  if ((mode & (S_IROTH | S_IWOTH)) == 0) return {};
  return path + " holds a secret and is open to everyone (mode " + octal(mode) + "): chmod o-rwx " +
         path;
}

std::vector<std::string> secret_file_problems(const server_config& config) {
  std::vector<std::string> result;
  check("http.key_file", config.http.key_file, result);
  constexpr std::array<const char*, 2> options{"key_file", "creds_file"};
  for (const auto& sink : config.sinks) {
    for (const auto* option : options) {
      const auto found = sink.options.find(option);
      if (found != sink.options.end()) {
        check("sinks[" + sink.kind + "]." + option, found->second, result);
      }
    }
  }
  return result;
}

std::string read_secret_file(const std::string& name, const std::string& path) {
  if (const auto why = secret_file_error(path); !why.empty()) {
    throw std::runtime_error(name + ": " + why);
  }
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) throw std::runtime_error(name + ": " + path + " is empty");
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace feedtree::config
