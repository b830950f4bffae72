// How many documents a YAML text has.
#pragma once

#include <string>
#include <vector>

#include "config/problem.hpp"

namespace feedtree::config {

// Where the documents of a text begin, two at most. Where the second begins at the place of the
// first, the parser stands before something that it cannot read: yaml-cpp 0.7 then gives empty
// documents without end, which is why YAML::LoadAll is not used. Throws YAML::Exception.
std::vector<position> document_starts(const std::string& text);

}  // namespace feedtree::config
