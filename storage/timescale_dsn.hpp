// A PostgreSQL connection string, and what may be told of it.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace feedtree::storage {

class timescale_dsn {
 public:
  // Reads "postgresql://..." or "key=value ...". Throws sink_error, which repeats nothing of it.
  explicit timescale_dsn(const std::string& text);

  // "md at db1:5432,db2:5432": for messages. Never a user or a secret.
  const std::string& place() const { return place_; }
  // Everything that was set, by libpq's names.
  const std::map<std::string, std::string>& settings() const { return settings_; }
  bool has(std::string_view name) const { return settings_.count(std::string(name)) == 1; }
  // A message of libpq or the server in one line, without the secrets of the string.
  std::string told(std::string_view message) const;

 private:
  std::map<std::string, std::string> settings_;
  std::string place_;
};

}  // namespace feedtree::storage
