#include "actors/command/complaint.hpp"

#include <cstdio>

#include "core/scrub.hpp"

namespace feedtree::actors {

void complain_lines(std::string_view lines) {
  std::fputs(scrub(lines).c_str(), stderr);
}

void complain(std::string_view what) {
  std::fprintf(stderr, "feedtree: %s\n", scrub(what).c_str());
}

}  // namespace feedtree::actors
