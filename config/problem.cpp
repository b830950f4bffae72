#include "config/problem.hpp"
#include "core/scrub.hpp"

namespace feedtree::config {

std::string to_string(const problem& what) {
  std::string text = what.file;
  if (what.line > 0) {
    text += ":" + std::to_string(what.line) + ":" + std::to_string(what.column);
  }
  return text + ": " + scrub(what.message);
}

std::string describe(const std::vector<problem>& problems) {
  std::string text;
  for (const auto& what : problems) text += to_string(what) + "\n";
  return text;
}

}  // namespace feedtree::config
