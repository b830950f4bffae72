// An archive as a whole: rotation, manifests, order, retention, a disk that is full.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "storage/archive_merge.hpp"
#include "tests/storage/archive_support.hpp"
#include "tests/support/small_disk.hpp"

namespace feedtree::tests {
namespace {

using namespace feedtree::storage;
using testing::ElementsAre;
using testing::HasSubstr;

class archive : public testing::Test {
 protected:
  archive_options options() {
    archive_options result;
    result.root = root();
    return result;
  }
  std::string root() const { return folder_.file("archive"); }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& file : files_of(root())) {
      result.push_back(
          std::filesystem::path(file.path).lexically_relative(std::filesystem::canonical(root())));
    }
    return result;
  }
  temporary_folder folder_;
};

unsigned mode_of(const std::string& path) {
  struct stat what {};
  stat(path.c_str(), &what);
  return what.st_mode & 0777;
}

TEST_F(archive, begins_a_file_when_the_last_is_old_and_when_the_hour_is_over) {
  archive_writer writer(options());
  add_frame(writer, 0, noon_ns);
  writer.tick(noon_ns + 2 * second_ns);
  add_frame(writer, 1, noon_ns + 901 * second_ns);
  writer.tick(noon_ns + 901 * second_ns);  // the first file is fifteen minutes old
  add_frame(writer, 2, noon_ns + 902 * second_ns);
  writer.tick(noon_ns + 904 * second_ns);
  add_frame(writer, 3, noon_ns + 3'600 * second_ns);
  writer.close();
  EXPECT_THAT(names(), ElementsAre("kraken/2026-09-12/12/connection-1-1.jsonl.zst",
                                   "kraken/2026-09-12/12/connection-1-2.jsonl.zst",
                                   "kraken/2026-09-12/13/connection-1-1.jsonl.zst"));
  EXPECT_EQ(writer.counters().files_closed, 3);
  EXPECT_EQ(writer.counters().frames, 4);
}

TEST_F(archive, begins_a_file_when_the_last_is_large) {
  auto small = options();
  small.rotate_bytes = 300;
  small.block_bytes = 500;
  archive_writer writer(small);
  for (std::uint64_t number = 0; number < 100; ++number) {
    add_frame(writer, number, noon_ns + static_cast<std::int64_t>(number));
  }
  writer.close();
  const auto files = files_of(root());
  EXPECT_GT(files.size(), 5);
  std::uint64_t records = 0;
  for (const auto& file : files) {
    EXPECT_LT(file.bytes, 2'000);
    records += file.facts->records;
  }
  EXPECT_EQ(records, 100);
}

TEST_F(archive, says_in_the_manifest_what_each_file_holds_and_keeps_it_private) {
  archive_writer writer(options());
  add_frame(writer, 0, noon_ns + 5);
  add_frame(writer, 1, noon_ns + 9);
  archive_line note;
  note.type = archive_type::connect;
  note.connection = "connection-1";
  note.receive_ns = noon_ns + 7;
  writer.add("kraken", note);
  EXPECT_FALSE(writer.is_in_use(root() + "/kraken/2026-09-12/12"));
  writer.tick(noon_ns + 2 * second_ns);
  EXPECT_FALSE(files_of(root()).at(0).facts.has_value());  // open
  EXPECT_TRUE(
      writer.is_in_use(std::filesystem::canonical(root()).string() + "/kraken/2026-09-12/12"));
  writer.close();
  const auto file = files_of(root()).at(0);
  ASSERT_TRUE(file.facts.has_value());
  EXPECT_EQ(file.facts->sha256, sha256_of_file(file.path));
  EXPECT_EQ(file.facts->bytes, file.bytes);
  EXPECT_EQ(file.facts->records, 3);
  EXPECT_EQ(file.facts->frames, 2);
  EXPECT_EQ(file.facts->first_ns, noon_ns + 5);
  EXPECT_EQ(file.facts->last_ns, noon_ns + 9);
  const auto folder = std::filesystem::path(file.path).parent_path();
  EXPECT_EQ(mode_of(file.path), 0600);
  EXPECT_EQ(mode_of(folder / "manifest.jsonl"), 0600);
  for (auto each = folder; each != std::filesystem::canonical(root()).parent_path();
       each = each.parent_path()) {
    EXPECT_EQ(mode_of(each), 0700) << each;
  }
}

TEST_F(archive, writes_a_small_block_when_it_has_waited) {
  archive_writer writer(options());
  add_frame(writer, 0, noon_ns);
  writer.tick(noon_ns + second_ns - 1);
  EXPECT_EQ(writer.counters().blocks, 0);
  EXPECT_GT(writer.waiting_bytes(), 0);
  writer.tick(noon_ns + second_ns);
  EXPECT_EQ(writer.counters().blocks, 1);
  EXPECT_EQ(writer.waiting_bytes(), 0);
}

TEST_F(archive, is_written_by_one_process) {
  const archive_writer writer(options());
  try {
    const archive_writer second(options());
    FAIL() << "two write one archive";
  } catch (const archive_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("another process writes this archive"));
  }
}

TEST_F(archive, is_read_by_time_with_the_order_of_each_connection_kept) {
  archive_writer writer(options());
  add_frame(writer, 1, noon_ns + 10, "a");
  add_frame(writer, 2, noon_ns + 5, "a");  // the clock went back: its place stays
  add_frame(writer, 3, noon_ns + 30, "a");
  add_frame(writer, 4, noon_ns + 7, "b");
  add_frame(writer, 5, noon_ns + 20, "b");
  add_frame(writer, 6, noon_ns + 3'600 * second_ns, "b");
  writer.close();
  const auto merges = open_archives({root()}, {});
  ASSERT_EQ(merges.size(), 1);
  EXPECT_EQ(merges[0]->venue(), "kraken");
  std::vector<std::string> texts;
  archive_record record;
  while (merges[0]->next(record)) texts.push_back(record.text);
  EXPECT_THAT(texts, ElementsAre(frame_text(4), frame_text(1), frame_text(2), frame_text(5),
                                 frame_text(3), frame_text(6)));
  EXPECT_THAT(merges[0]->damages(), testing::IsEmpty());
}

TEST_F(archive, begins_for_a_time_with_the_file_in_which_a_connection_was_last_opened_before) {
  archive_writer writer(options());
  const auto connect = [&](const std::string& connection, std::int64_t at_ns) {
    archive_line line;
    line.type = archive_type::connect;
    line.connection = connection;
    line.receive_ns = at_ns;
    writer.add("kraken", line);
  };
  const auto hour = [](std::int64_t number) { return noon_ns + number * hour_ns; };
  connect("a", hour(0));
  add_frame(writer, 1, hour(0) + 1, "a");
  add_frame(writer, 2, hour(1), "a");
  connect("a", hour(2));
  add_frame(writer, 3, hour(2) + 1, "a");
  add_frame(writer, 4, hour(3), "a");
  connect("a", hour(4));
  add_frame(writer, 5, hour(4) + 1, "a");
  for (std::uint64_t number = 0; number < 5; ++number) {  // was never opened
    add_frame(writer, 10 + number, hour(static_cast<std::int64_t>(number)) + 2, "symbols");
  }
  writer.close();
  const auto merge = std::move(open_archives({root()}, {}).at(0));
  const auto frames = [&] {
    std::vector<std::string> texts;
    archive_record record;
    while (merge->next(record)) {
      if (record.type == archive_type::frame && record.connection == "a") {
        texts.push_back(record.text);
      } else if (record.connection == "symbols") {
        texts.emplace_back("symbols");
      }
    }
    return texts;
  };
  const auto all = frames();
  EXPECT_EQ(all.size(), 10U);
  merge->rewind();
  EXPECT_EQ(frames(), all);
  merge->begin_for(hour(3) + 5);
  merge->rewind();
  EXPECT_THAT(frames(), ElementsAre("symbols", "symbols", frame_text(3), "symbols", frame_text(4),
                                    "symbols", frame_text(5), "symbols"));
  merge->begin_for(hour(0) - 1);
  merge->rewind();
  EXPECT_EQ(frames(), all);
}

class kept_archive : public archive {
 protected:
  // One file an hour for ten hours.
  void SetUp() override {
    archive_writer writer(options());
    for (std::uint64_t hour = 0; hour < 10; ++hour) {
      add_frame(writer, hour, noon_ns + static_cast<std::int64_t>(hour) * hour_ns);
    }
    writer.close();
  }
  std::int64_t now_ns_ = noon_ns + 10 * hour_ns;
};

TEST_F(kept_archive, loses_the_hours_that_are_old) {
  retention_options keep;
  keep.age_ns = 3 * hour_ns;
  EXPECT_EQ(apply_retention(root(), keep, now_ns_).removed.size(), 7);
  EXPECT_THAT(names(), ElementsAre("kraken/2026-09-12/19/connection-1-1.jsonl.zst",
                                   "kraken/2026-09-12/20/connection-1-1.jsonl.zst",
                                   "kraken/2026-09-12/21/connection-1-1.jsonl.zst"));
}

TEST_F(kept_archive, loses_the_oldest_hours_that_are_too_much_but_none_in_use) {
  std::uint64_t total = 0;
  for (const auto& hour : list_archive(root())) total += hour.bytes;
  retention_options keep;
  keep.bytes_max = total / 2;
  keep.is_in_use = [](const std::string& folder) { return folder.ends_with("/12"); };
  const auto result = apply_retention(root(), keep, now_ns_);
  EXPECT_THAT(names(), testing::Contains("kraken/2026-09-12/12/connection-1-1.jsonl.zst"));
  std::uint64_t left = 0;
  for (const auto& hour : list_archive(root())) left += hour.bytes;
  EXPECT_LE(left, total / 2);
  EXPECT_EQ(left + result.bytes, total);
}

TEST_F(kept_archive, keeps_what_was_not_uploaded_where_that_is_asked_for) {
  retention_options keep;
  keep.age_ns = hour_ns;
  keep.only_uploaded = true;
  const auto first = list_archive(root()).front();
  append_line(first.folder, uploads_name,
              upload_line({"connection-1-1.jsonl.zst", first.files[0].facts->sha256, "key", 1}));
  const auto result = apply_retention(root(), keep, now_ns_);
  EXPECT_EQ(result.removed.size(), 1);
  EXPECT_EQ(result.not_uploaded.size(), 8);
}

TEST_F(archive, loses_nothing_that_it_took_while_its_disk_is_full) {
  const small_disk disk(folder_.file("disk"), 1 << 20);
  if (!disk.is_mounted()) GTEST_SKIP() << "this machine lets us mount nothing";
  auto there = options();
  there.root = disk.path() + "/archive";
  there.block_bytes = 4'096;
  archive_writer writer(there);
  add_frame(writer, 0, noon_ns);
  writer.tick(noon_ns + 2 * second_ns);
  disk.fill(0);
  std::uint64_t taken = 1;
  bool was_full = false;
  for (int tries = 0; tries < 2'000 && !was_full; ++tries) {
    try {
      add_frame(writer, taken, noon_ns + static_cast<std::int64_t>(taken));
      ++taken;
    } catch (const archive_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("No space left on device"));
      was_full = true;
    }
  }
  EXPECT_TRUE(was_full);
  disk.free();
  for (int more = 0; more < 100; ++more, ++taken) {
    add_frame(writer, taken, noon_ns + static_cast<std::int64_t>(taken));
  }
  writer.close();
  std::vector<std::string> texts;
  for (const auto& file : files_of(there.root)) {
    archive_reader reader(file.path, {});
    const auto some = texts_of(reader);
    texts.insert(texts.end(), some.begin(), some.end());
    EXPECT_THAT(reader.damages(), testing::IsEmpty());
    EXPECT_EQ(file.facts->sha256, sha256_of_file(file.path));
  }
  EXPECT_EQ(texts.size(), taken);
  EXPECT_TRUE(is_prefix(texts));
}

}  // namespace
}  // namespace feedtree::tests
