// Small statements that read and write, the same for both databases.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "storage/database_reader.hpp"

namespace feedtree::storage {

// A connection. One thread at a time. Throws sink_error, which says what to do; after one only the
// destructor may be called.
class sql_runner {
 public:
  sql_runner() = default;
  virtual ~sql_runner() = default;
  sql_runner(const sql_runner&) = delete;
  sql_runner& operator=(const sql_runner&) = delete;

  // Runs one statement in a transaction of its own and gives its rows. Its parameters are $1, $2,
  // ... in the order in which they first stand there.
  virtual std::vector<stored_row> run(const std::string& sql,
                                      std::span<const std::string> parameters) = 0;
  // The database in words, without user and secrets.
  virtual const std::string& place() const = 0;
};

// What the tables are is not checked.
std::unique_ptr<sql_runner> open_runner(const database_target& what);

}  // namespace feedtree::storage
