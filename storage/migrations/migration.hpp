// The numbered changes of a database's tables, as they stand in this folder at build time.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace feedtree::storage {

// The file NNNN_name.sql.
struct migration {
  int version = 0;
  std::string_view name;
  std::string_view sql;
};

// Those of one database ("sqlite": the files of storage/migrations/sqlite), by version; empty if
// there are none.
std::span<const migration> migrations_of(std::string_view database);

// SHA-256 of a text, in hexadecimal: a migration that was applied must not change afterwards.
std::string sha256(std::string_view text);

}  // namespace feedtree::storage
