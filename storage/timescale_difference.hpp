// A TimescaleDB compared with what a replay gives, and corrected: row_difference.hpp does it with a
// copy of what is compared, as a file of SQLite.
#pragma once

#include <cstdint>
#include <string>

#include "storage/row_difference.hpp"

namespace feedtree::storage {

// Makes the copy at this path: of each feed that the replay has, the rows within its times, or one
// row where there are none, and what backfills and pollers note. `replayed` is the replay's file.
// Throws sink_error, also where the tables are older than this program.
void copy_timescale_rows(const std::string& dsn, const std::string& replayed,
                         const std::string& path);

// Corrects the TimescaleDB of which this is the copy, in one transaction: as correct_rows does.
void correct_timescale_rows(const std::string& dsn, const std::string& replayed,
                            const std::string& copy, feed_choice feeds, std::int64_t now_ns);

}  // namespace feedtree::storage
