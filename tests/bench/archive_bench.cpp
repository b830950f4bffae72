// What the archive costs: frames and bytes a second of processor time, ratio; of a capture's
// frames. archive_bench FOLDER CAPTURE [LEVEL]
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "storage/archive_merge.hpp"
#include "storage/archive_writer.hpp"
#include "storage/capture_reader.hpp"

namespace {

using namespace feedtree;
constexpr std::size_t frames_wanted = 1'000'000;
constexpr std::size_t bytes_wanted = std::size_t{512} << 20;

// Of the processor: the disk and other programs are not in it.
double seconds_since(std::clock_t begin) {
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

void measure(const std::string& root, const capture& what, int level, bool sealed) {
  storage::archive_options options;
  options.root = root + (sealed ? "/sealed" : "/plain");
  options.level = level;
  if (sealed) options.key = storage::archive_key{};
  storage::archive_writer writer(options);
  const auto begin = std::clock();
  std::size_t frames = 0;
  std::size_t bytes = 0;
  std::int64_t at_ns = 1'789'214'400'000'000'000;
  while (frames < frames_wanted && bytes < bytes_wanted) {
    for (const auto& record : what.records) {
      storage::archive_line line;
      line.connection = "connection-1";
      line.text = record.text;
      line.receive_ns = at_ns += 1'000;
      writer.add("bench", line);
      bytes += record.text.size();
      ++frames;
    }
  }
  writer.close();
  const auto wrote_s = seconds_since(begin);
  const auto read_begin = std::clock();
  std::size_t read = 0;
  storage::archive_record record;
  for (const auto& merge : storage::open_archives({options.root}, options.key)) {
    while (merge->next(record)) ++read;
  }
  const auto read_s = seconds_since(read_begin);
  const auto& c = writer.counters();
  std::printf(
      "%-7s %9zu frames of %zu bytes: written %9.0f frames/s %6.1f MiB/s, ratio %5.1f; "
      "read %9.0f frames/s\n",
      sealed ? "sealed" : "plain", frames, bytes / frames, static_cast<double>(frames) / wrote_s,
      static_cast<double>(bytes) / wrote_s / (1 << 20),
      static_cast<double>(bytes) / static_cast<double>(c.bytes),
      static_cast<double>(read) / read_s);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "archive_bench FOLDER CAPTURE [LEVEL]\n");
    return 2;
  }
  const auto what = read_capture(argv[2]);
  for (const bool sealed : {false, true}) {
    measure(argv[1], what, argc > 3 ? std::atoi(argv[3]) : 3, sealed);
  }
  return 0;
}
