// The overview of a server as text for a terminal, from what /api/v1/overview answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace feedtree::actors {

struct status_report {
  std::string text;  // some lines, ended
  bool is_ready = false;
};

// Nothing if the JSON is not such an answer. With colour, states have ANSI colours.
std::optional<status_report> read_status(std::string_view overview_json, bool colour);

}  // namespace feedtree::actors
