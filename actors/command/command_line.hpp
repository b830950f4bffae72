// The parts of the command line that have a file of their own.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace feedtree::actors {

// Candle intervals that a day is made of, with commas between. Throws CLI::ValidationError.
std::vector<std::int64_t> parse_intervals(const std::string& list);

// "max" or a positive number as thousandths of the recorded pace; max is 0. Likewise.
std::int64_t parse_speed(const std::string& text);
// Nanoseconds since 1970 of this option; nothing for an empty text. Likewise.
std::optional<std::int64_t> parse_instant(const std::string& option, const std::string& text);

// Commands on what is recorded or stored. exit_code gets the command's.
void add_replay(CLI::App& app, int& exit_code);
void add_validate(CLI::App& app, int& exit_code);
void add_migrate(CLI::App& app, int& exit_code);
void add_query(CLI::App& app, int& exit_code);
void add_backfill(CLI::App& app, int& exit_code);
void add_archive(CLI::App& app, int& exit_code);

}  // namespace feedtree::actors
