#include <cstdio>
#include <fstream>

#include "actors/commands.hpp"

namespace feedtree::actors {
namespace {

void write_text(const std::string& path, const std::string& text) {
  if (path == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (std::fflush(stdout) != 0) throw std::runtime_error("standard output: write failed");
    return;
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

// What a person wants to know when no report was asked for.
void print_summary(const replay_result& result) {
  std::uint64_t events = 0;
  for (const auto count : result.events) events += count;
  const auto& c = result.continuity;
  std::fprintf(stderr,
               "%llu frames (%llu rejected), %llu events, %llu level updates; checksums %llu ok, "
               "%llu failed; sequences %llu ok, %llu gaps; %.3f s\n",
               static_cast<unsigned long long>(result.frames.received),
               static_cast<unsigned long long>(result.frames.rejected),
               static_cast<unsigned long long>(events),
               static_cast<unsigned long long>(c.level_updates),
               static_cast<unsigned long long>(c.checksum_ok),
               static_cast<unsigned long long>(c.checksum_failed),
               static_cast<unsigned long long>(c.sequence_ok),
               static_cast<unsigned long long>(c.sequence_gaps),
               static_cast<double>(result.elapsed_ns) / 1e9);
}

}  // namespace

int replay_command(const replay_arguments& arguments) {
  auto options = arguments.options;
  if (options.sinks.empty()) options.sinks.emplace_back("none");
  const auto result = replay(options);
  if (arguments.report.empty()) {
    print_summary(result);
  } else {
    write_text(arguments.report, report_json(result));
  }
  for (const auto& line : result.complaints) {
    std::fprintf(stderr, "feedtree: the venue said: %s\n", line.c_str());
  }
  if (!result.rejected_example.empty()) {
    std::fprintf(stderr, "feedtree: rejected, for example: %s\n", result.rejected_example.c_str());
  }
  const auto failure = result.strict_failure();
  if (!options.strict || failure.empty()) return exit_ok;
  std::fprintf(stderr, "feedtree: strict: %s\n", failure.c_str());
  return exit_failure;
}

}  // namespace feedtree::actors
