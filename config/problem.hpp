// What is wrong with a configuration, and where.
#pragma once

#include <compare>
#include <string>
#include <vector>

namespace feedtree::config {

// A place in a file, counted from 1; line 0 is the file as a whole.
struct position {
  int line = 0;
  int column = 0;

  friend auto operator<=>(const position&, const position&) = default;
};

// Ordered by place. The message is one line, names the key, and never holds a secret.
struct problem {
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;

  friend auto operator<=>(const problem&, const problem&) = default;
};

// "config/feedtree.yaml:12:5: message"; without the place where the file as a whole is meant.
std::string to_string(const problem& what);

// Every problem on a line of its own, each line ended; empty if there are none.
std::string describe(const std::vector<problem>& problems);

}  // namespace feedtree::config
