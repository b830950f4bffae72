// One file of an archive: what is written is read again, what was cut or altered is noticed, and
// the rest is read all the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/storage/archive_support.hpp"

namespace feedtree::tests {
namespace {

using namespace feedtree::storage;
using testing::HasSubstr;
using optional_key = std::optional<archive_key>;

std::string message_of(const std::function<void()>& what) {
  try {
    what();
  } catch (const archive_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(archive_line, gives_every_byte_of_a_text_again) {
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  const std::vector<std::string> texts{"",
                                       R"({"a":"b\\c"})",
                                       "tab\tline\nnul" + std::string(1, '\0'),
                                       "\xc3\xa9\xe2\x82\xac",
                                       every,
                                       every + "x",
                                       every + "xy"};
  archive_line_reader reader;
  for (const auto& text : texts) {
    std::string line;
    append_archive_line({archive_type::rest, "poller", "https://a/\"b\"", text, 17, 0}, line);
    ASSERT_EQ(line.back(), '\n');
    line.pop_back();
    EXPECT_EQ(line.find('\n'), line.npos);
    archive_record record;
    ASSERT_TRUE(reader.read(line, record)) << line;
    EXPECT_EQ(record.type, archive_type::rest);
    EXPECT_EQ(record.connection, "poller");
    EXPECT_EQ(record.url, "https://a/\"b\"");
    EXPECT_EQ(record.text, text);
    EXPECT_EQ(record.receive_ns, 17);
    EXPECT_GE(record.text.capacity(), record.text.size() + 64);
  }
}

TEST(archive_key_text, is_hexadecimal_or_base64_and_nothing_else) {
  const std::string hex(64, 'a');
  EXPECT_EQ(parse_archive_key(hex)[31], 0xaa);
  EXPECT_EQ(parse_archive_key("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo="),
            parse_archive_key(hex));
  for (const auto* const wrong : {"", "secret-but-short", "zz"}) {
    const auto message = message_of([&] { parse_archive_key(wrong); });
    EXPECT_THAT(message, HasSubstr("openssl rand -hex 32"));
    EXPECT_THAT(message, testing::Not(HasSubstr("secret-but-short")));
  }
}

class archive_files : public testing::TestWithParam<bool> {
 protected:
  optional_key key() const { return GetParam() ? optional_key(key_of(7)) : optional_key(); }
  temporary_folder folder_;
};

TEST_P(archive_files, are_read_as_they_were_written) {
  const auto path = small_file(folder_.file("a"), key());
  archive_reader reader(path, key());
  EXPECT_EQ(reader.venue(), "kraken");
  EXPECT_EQ(reader.connection(), "connection-1");
  EXPECT_EQ(reader.first_ns(), noon_ns);
  const auto texts = texts_of(reader);
  EXPECT_EQ(texts.size(), 12);
  EXPECT_TRUE(is_prefix(texts));
  EXPECT_TRUE(reader.has_end());
  EXPECT_EQ(reader.blocks(), 4);
  EXPECT_EQ(reader.good_bytes(), reader.size());
  EXPECT_THAT(reader.damages(), testing::IsEmpty());
  EXPECT_TRUE(is_archive_file(path));
}

TEST_P(archive_files, that_are_cut_anywhere_say_so_and_give_every_whole_block) {
  const auto path = small_file(folder_.file("a"), key());
  const auto whole = read_text(path);
  // Where each block ends.
  std::vector<std::size_t> ends;
  {
    archive_reader reader(path, key());
    archive_record record;
    for (std::uint64_t seen = 0; reader.next(record); ++seen) {
      if (seen % 3 == 0) ends.push_back(reader.position());
    }
  }
  ASSERT_EQ(ends.size(), 4);
  const auto cut = folder_.file("cut");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    write_text(cut, whole.substr(0, size));
    if (GetParam() && size < seal_header_bytes) {
      // Too short to know that it is sealed, or with which key: there is no record to be had.
      try {
        archive_reader reader(cut, key());
        EXPECT_TRUE(texts_of(reader).empty());
      } catch (const archive_error&) {
      }
      continue;
    }
    archive_reader reader(cut, key());
    const auto texts = texts_of(reader);
    const auto blocks =
        std::count_if(ends.begin(), ends.end(), [&](auto end) { return end <= size; });
    EXPECT_EQ(texts.size(), static_cast<std::size_t>(blocks) * 3) << size;
    EXPECT_TRUE(is_prefix(texts)) << size;
    EXPECT_FALSE(reader.has_end()) << size;
    const bool between = std::find(ends.begin(), ends.end(), size) != ends.end() ||
                         (GetParam() && size == seal_header_bytes);
    EXPECT_EQ(reader.damages().empty(), between) << size;
  }
}

TEST_P(archive_files, with_an_altered_byte_say_so_and_give_the_other_blocks) {
  const auto path = small_file(folder_.file("a"), key());
  const auto manifest = read_manifest(std::filesystem::path(path).parent_path().string());
  const auto whole = read_text(path);
  const auto altered = folder_.file("altered");
  std::size_t noticed = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    write_text(altered, bytes);
    EXPECT_NE(sha256_of_file(altered), manifest.begin()->second.sha256);
    try {
      archive_reader reader(altered, key());
      const auto texts = texts_of(reader);
      std::size_t number = 0;
      for (const auto& text : texts) {
        while (number < 12 && frame_text(number) != text) ++number;
        EXPECT_LT(number++, 12) << at << ": " << text;  // in order, and none that was not written
      }
      // At most one block is lost.
      EXPECT_GE(texts.size(), GetParam() && at < seal_header_bytes ? 0 : 9) << at;
      if (!reader.damages().empty() || !reader.has_end()) ++noticed;
    } catch (const archive_error&) {
      EXPECT_LT(at, seal_header_bytes);
      ++noticed;
    }
  }
  // A sealed file notices each; of a plain one the manifest's hash does, seen above.
  if (GetParam()) {
    EXPECT_EQ(noticed, whole.size());
  }
  EXPECT_GT(noticed, whole.size() * 9 / 10);
}

TEST_P(archive_files, that_a_crash_left_open_are_closed_without_their_torn_block) {
  const auto root = folder_.file("a");
  const auto path = small_file(root, key(), false);
  const auto whole = read_text(path);
  write_text(path, whole + whole.substr(whole.size() - 40, 30));
  EXPECT_FALSE(files_of(root).at(0).facts.has_value());
  const auto told = recover_archive(root, key(), 3);
  ASSERT_EQ(told.size(), 1);
  EXPECT_THAT(told[0], HasSubstr("12 records, 30 bytes of an unfinished block cut off"));
  const auto file = files_of(root).at(0);
  ASSERT_TRUE(file.facts.has_value());
  EXPECT_TRUE(file.facts->is_recovered);
  EXPECT_EQ(file.facts->records, 12);
  EXPECT_EQ(file.facts->cut_bytes, 30);
  EXPECT_EQ(file.facts->sha256, sha256_of_file(path));
  const auto check = check_archive_file(path, key());
  EXPECT_TRUE(check.has_end);
  EXPECT_THAT(check.damages, testing::IsEmpty());
  EXPECT_EQ(check.facts.records, 12);
  EXPECT_TRUE(recover_archive(root, key(), 3).empty());  // once is enough
}

INSTANTIATE_TEST_SUITE_P(plain_and_sealed, archive_files, testing::Bool(), [](const auto& what) {
  return std::string(what.param ? "sealed" : "plain");
});

TEST(sealed_file, tells_of_a_missing_and_of_a_wrong_key) {
  const temporary_folder folder;
  const auto path = small_file(folder.file("a"), key_of(1));
  EXPECT_THAT(message_of([&] { archive_reader reader(path, {}); }),
              HasSubstr("is sealed, and there is no key for it"));
  EXPECT_THAT(message_of([&] { archive_reader reader(path, key_of(2)); }),
              HasSubstr("was sealed with another key"));
  EXPECT_EQ(read_text(path).find("channel"), std::string::npos);
}

TEST(sealed_file, notices_a_block_that_was_taken_out_or_put_elsewhere) {
  const temporary_folder folder;
  const auto path = small_file(folder.file("a"), key_of(1));
  const auto whole = read_text(path);
  std::vector<std::size_t> begins;
  for (auto at = whole.find(seal_block_magic); at != whole.npos;
       at = whole.find(seal_block_magic, at + 1)) {
    begins.push_back(at);
  }
  ASSERT_EQ(begins.size(), 5);
  const auto block = [&](std::size_t n) {
    return whole.substr(begins[n], begins[n + 1] - begins[n]);
  };
  write_text(folder.file("out"), whole.substr(0, begins[1]) + whole.substr(begins[2]));
  EXPECT_FALSE(check_archive_file(folder.file("out"), key_of(1)).damages.empty());
  write_text(folder.file("moved"),
             whole.substr(0, begins[1]) + block(2) + block(1) + whole.substr(begins[3]));
  EXPECT_FALSE(check_archive_file(folder.file("moved"), key_of(1)).damages.empty());
}

TEST(plain_file, is_read_by_zstd_itself) {
  const temporary_folder folder;
  const auto path = small_file(folder.file("a"), {});
  const auto shown = run_program({"zstd", "-dcf", path});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out,
              testing::StartsWith(R"({"t":"header","format":"feedtree-1","venue":"kraken",)"));
  EXPECT_EQ(std::count(shown.out.begin(), shown.out.end(), '\n'), 13);
}

}  // namespace
}  // namespace feedtree::tests
