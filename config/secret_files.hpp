// Files that hold secrets: who may read them, and what is in them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/environment.hpp"

namespace feedtree::config {

// Why this file may not be used for a secret, in one line with the way out; empty if it may: it is
// there, and others than its owner and its group can neither read nor write it.
std::string secret_file_error(const std::string& path);

// The same of each such file that the configuration names: keys of certificates, credentials. Each
// line begins with the key, "http.key_file: ...".
std::vector<std::string> secret_file_problems(const server_config& config);

// The first line of a secret's file. Throws std::runtime_error, which begins with `name`, where the
// file may not be used or is empty.
std::string read_secret_file(const std::string& name, const std::string& path);

}  // namespace feedtree::config
