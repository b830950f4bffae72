// Reads a configuration: strictly, and with all problems at once.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/environment.hpp"
#include "config/problem.hpp"

namespace feedtree::config {

// What the reader cannot know by itself: the venues and sinks of this program.
struct reader_checks {
  std::vector<std::string> venues;  // names of all venues
  std::vector<std::string> sinks;   // kinds of all sinks
  // Why the venue cannot give this feed of this instrument, in one line; empty if it can. Called
  // for every feed of every instrument of a known venue. None: everything is accepted.
  std::function<std::string(const venue_config& venue, const feed_config& feed,
                            const std::string& instrument)>
      refuses = {};
  std::vector<std::string> sources = {};  // names of all that can be polled
  // Why the source cannot give what a poller is to fetch, in one line; likewise.
  std::function<std::string(const poller_config& poller)> refuses_poller = {};
  // Why the venue has no instrument of this kind, in one line; likewise.
  std::function<std::string(const std::string& venue, const std::string& instrument)>
      refuses_instrument = {};
};

struct read_result {
  server_config config;           // whole only if there are no problems
  std::vector<problem> problems;  // in the order of their places, none twice

  bool ok() const { return problems.empty(); }
};

// Reads the text of a configuration; `file` is its name in messages. Never throws.
read_result read_config_text(std::string_view text, const std::string& file,
                             const environment& variables, const reader_checks& checks);

// Reads a file; one that cannot be read, or is bigger than 1 MiB, is a problem of the file.
read_result read_config_file(const std::string& path, const environment& variables,
                             const reader_checks& checks);

}  // namespace feedtree::config
