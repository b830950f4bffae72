// Whole files in memory, decompressed where they are zstd.
#pragma once

#include <string>

namespace feedtree {

// The text of a file; a zstd frame at its begin is decompressed, and so is each that follows.
// Throws std::runtime_error that names the file and the reason.
std::string read_file_text(const std::string& path);

}  // namespace feedtree
