// What a command says on standard error.
#pragma once

#include <string_view>

namespace feedtree::actors {

// "feedtree: WHAT" as one line on standard error, without what is a secret or looks like one.
void complain(std::string_view what);
// The lines as they are, likewise without secrets.
void complain_lines(std::string_view lines);

}  // namespace feedtree::actors
