// The parts of the command line that have a file of their own.
#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace feedtree::actors {

// Candle intervals that a day is made of, with commas between. Throws CLI::ValidationError.
std::vector<std::int64_t> parse_intervals(const std::string& list);

// Commands on what is recorded or stored. exit_code gets the command's.
void add_validate(CLI::App& app, int& exit_code);
void add_migrate(CLI::App& app, int& exit_code);
void add_query(CLI::App& app, int& exit_code);
void add_backfill(CLI::App& app, int& exit_code);
void add_archive(CLI::App& app, int& exit_code);

}  // namespace feedtree::actors
