// `feedtree replay`, the program as a user runs it.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/captures.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"

namespace feedtree::tests {
namespace {

const std::string binary = paths::feedtree_program();

struct expectation {
  std::string capture;
  std::string venue;   // empty: the capture says it
  std::string counts;  // of the report's continuity, as written there
};

void PrintTo(const expectation& what, std::ostream* out) {
  *out << what.capture;
}

class strict_replay : public testing::TestWithParam<expectation> {};

TEST_P(strict_replay, gives_the_known_counts) {
  FEEDTREE_CAPTURE(path, GetParam().capture);
  std::vector<std::string> argv{binary, "replay", "--strict", "--report", "-", path};
  if (!GetParam().venue.empty()) argv.insert(argv.end(), {"--venue", GetParam().venue});
  const auto result = run_program(argv);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_NE(result.out.find(GetParam().counts), std::string::npos) << result.out;
  EXPECT_NE(result.out.find(R"("rejected":0)"), std::string::npos) << result.out;
}

std::string checksums(int count) {
  return R"("checksum_ok":)" + std::to_string(count) + R"(,"checksum_failed":0)";
}
std::string sequences(int count) {
  return R"("sequence_ok":)" + std::to_string(count) + R"(,"sequence_gaps":0,"crossed":0)";
}

INSTANTIATE_TEST_SUITE_P(
    captures, strict_replay,
    testing::Values(
        expectation{"kraken/ws2_book_btcusd_d10_20260912.jsonl", "kraken", checksums(78)},
        expectation{"kraken/ws2_book_btcusd_d10_20260824.jsonl", "kraken", checksums(4)},
        expectation{"kraken/ws2_book_minagbp_d25_20260816.ndjson", "", checksums(30)},
        expectation{"kraken_futures/ws1_cryptofeed_20210722.jsonl.zst", "", sequences(7014)},
        expectation{"coinbase/advanced_cryptofeed_20260809.jsonl.zst", "", sequences(1029)},
        expectation{"binance/spot_cryptofeed_20211012.jsonl.zst", "", sequences(168)},
        expectation{"binance/us_spot_cryptofeed_20211012.jsonl.zst", "", sequences(328)},
        expectation{"binance/usdm_cryptofeed_20210722.jsonl.zst", "", sequences(748)},
        expectation{"binance/coinm_cryptofeed_20210722.jsonl.zst", "", sequences(1778)},
        expectation{"bybit/v5_cryptofeed_20260809.jsonl.zst", "", sequences(2142)},
        expectation{"okx/v5_cryptofeed_20220513.jsonl.zst", "", checksums(290)}),
    [](const auto& what) { return "capture_" + std::to_string(what.index); });

TEST(replay, gives_the_same_bytes_every_time) {
  FEEDTREE_CAPTURE(path, "bybit/v5_cryptofeed_20260809.jsonl.zst");
  const temporary_folder folder;
  // The second run into "one" replaces the first.
  for (const auto* name : {"one", "one", "two"}) {
    const auto result =
        run_program({binary, "replay", "--sink", "jsonl:" + folder.file(name), path});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  const auto first = read_text(folder.file("one"));
  EXPECT_GT(first.size(), 1'000'000U);
  EXPECT_TRUE(first == read_text(folder.file("two")));
}

TEST(replay, fails_when_strict_on_a_frame_that_is_cut_off) {
  const temporary_folder folder;
  write_text(folder.file("bad.jsonl"), "{\"channel\":\"trade\",\"type\":\"upd\n");
  const auto result =
      run_program({binary, "replay", "--strict", "--venue", "kraken", folder.file("bad.jsonl")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("1 frames rejected"), std::string::npos) << result.err;
}

TEST(replay, names_what_is_wrong_with_its_arguments) {
  const temporary_folder folder;
  write_text(folder.file("bare.jsonl"), "{}\n");
  const auto missing = run_program({binary, "replay", folder.file("nothing.jsonl")});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_NE(missing.err.find("nothing.jsonl: No such file"), std::string::npos) << missing.err;
  const auto venue = run_program({binary, "replay", folder.file("bare.jsonl")});
  EXPECT_EQ(venue.exit_code, 1);
  EXPECT_NE(venue.err.find("give --venue NAME"), std::string::npos) << venue.err;
  const auto unknown =
      run_program({binary, "replay", "--venue", "mtgox", folder.file("bare.jsonl")});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_NE(unknown.err.find("unknown venue 'mtgox'; known are binance"), std::string::npos);
  const auto sink = run_program(
      {binary, "replay", "--venue", "kraken", "--sink", "kafka:x", folder.file("bare.jsonl")});
  EXPECT_EQ(sink.exit_code, 1);
  EXPECT_NE(sink.err.find("kafka"), std::string::npos) << sink.err;
  const auto usage = run_program({binary, "replay", "--speed", "fast", folder.file("bare.jsonl")});
  EXPECT_EQ(usage.exit_code, 2);
  EXPECT_EQ(run_program({binary, "replay"}).exit_code, 2);
  EXPECT_EQ(run_program({binary}).exit_code, 2);
  for (const auto& words : {std::vector<std::string>{"replya"}, {"archive", "replya"}}) {
    auto command = words;
    command.insert(command.begin(), binary);
    const auto wrong = run_program(command);
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_NE(wrong.err.find("there is no command 'replya'"), std::string::npos) << wrong.err;
  }
  EXPECT_EQ(run_program({binary, "--help"}).exit_code, 0);
}

std::string field_of(const std::string& line, const std::string& name) {
  const auto key = "\"" + name + "\":\"";
  const auto at = line.find(key);
  if (at == std::string::npos) return {};
  const auto begin = at + key.size();
  return line.substr(begin, line.find('"', begin) - begin);
}

// A capture of two simulated instruments, and replays of it.
class replayed_range : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run_program({binary, "simulate", "--venue", "kraken", "--instruments",
                           "BTC-USD,ETH-USD", "--frames", "3000", "--record", capture_})
                  .exit_code,
              0);
    all_ = lines_of({});
    ASSERT_GT(all_.size(), 2'000U);
    from_ = field_of(all_[all_.size() / 3], "receive_ns");
    to_ = field_of(all_[all_.size() * 2 / 3], "receive_ns");
  }
  run_result replay(std::vector<std::string> options) const {
    options.insert(options.begin(), {binary, "replay"});
    options.push_back(capture_);
    return run_program(options);
  }
  std::vector<std::string> lines_of(std::vector<std::string> options) {
    options.insert(options.end(), {"--sink", "jsonl:" + folder_.file("events.jsonl")});
    const auto result = replay(std::move(options));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    std::vector<std::string> lines;
    std::istringstream in(read_text(folder_.file("events.jsonl")));
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  // Of the whole replay.
  std::vector<std::string> expected(const std::string& instrument) const {
    std::vector<std::string> lines;
    for (const auto& line : all_) {
      const auto at = field_of(line, "receive_ns");
      const bool is_other = !instrument.empty() && field_of(line, "instrument") != instrument;
      if (at >= from_ && at < to_ && !is_other) lines.push_back(line);
    }
    return lines;
  }
  // Takes the books with which a range begins.
  static std::vector<std::string> take_books(std::vector<std::string>& lines) {
    std::vector<std::string> books;
    while (!lines.empty() && lines.front().find(":book:present-") != std::string::npos) {
      books.push_back(field_of(lines.front(), "instrument"));
      lines.erase(lines.begin());
    }
    return books;
  }

  temporary_folder folder_;
  std::string capture_ = folder_.file("capture.jsonl");
  std::vector<std::string> all_;
  std::string from_;
  std::string to_;
};

TEST_F(replayed_range, has_what_the_whole_has_of_that_time_behind_the_books_as_they_were) {
  auto lines = lines_of({"--from", from_, "--to", to_});
  EXPECT_EQ(take_books(lines), (std::vector<std::string>{"BTC-USD", "ETH-USD"}));
  EXPECT_EQ(lines, expected(""));
  EXPECT_GT(lines.size(), 600U);
  auto open = lines_of({"--from", from_});
  take_books(open);
  EXPECT_GT(open.size(), lines.size());
}

TEST_F(replayed_range, is_of_one_instrument_where_that_is_wanted) {
  for (const std::string name : {"ETH-USD", "kraken:ETH-USD"}) {
    auto lines = lines_of({"--from", from_, "--to", to_, "--instrument", name});
    EXPECT_EQ(take_books(lines), std::vector<std::string>{"ETH-USD"});
    EXPECT_EQ(lines, expected("ETH-USD"));
  }
  EXPECT_EQ(lines_of({"--instrument", "BTC-USD,ETH-USD"}), all_);
  const auto unknown = replay({"--instrument", "BTC-USDT,BTC-USD"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_NE(unknown.err.find("--instrument BTC-USDT: nothing of it came"), std::string::npos);
  EXPECT_EQ(unknown.err.find("--instrument BTC-USD:"), std::string::npos) << unknown.err;
}

TEST_F(replayed_range, needs_times) {
  EXPECT_EQ(replay({"--from", to_, "--to", from_}).exit_code, 2);
  EXPECT_EQ(replay({"--from", "yesterday"}).exit_code, 2);
  write_text(folder_.file("bare.jsonl"), "{\"channel\":\"heartbeat\"}\n");
  const auto bare = run_program(
      {binary, "replay", "--venue", "kraken", "--from", from_, folder_.file("bare.jsonl")});
  EXPECT_EQ(bare.exit_code, 1);
  EXPECT_NE(bare.err.find("its frames have no receive times"), std::string::npos) << bare.err;
}

TEST_F(replayed_range, is_published_beside_the_live_subjects_unless_they_are_asked_for) {
  const private_nats nats(folder_);
  const std::vector<std::string> range{
      "--from",       from_,    "--to", field_of(all_[all_.size() / 3 + 30], "receive_ns"),
      "--instrument", "BTC-USD"};
  const auto messages = lines_of(range).size();
  ASSERT_GT(messages, 5U);
  // Subjects of all that is published that do not begin so.
  const auto others = [&](const std::string& begin, const std::vector<std::string>& more) {
    child_process subscriber({paths::nats_listener(), nats.url(), ">", std::to_string(messages)},
                             folder_.path(), "of-" + begin);
    EXPECT_TRUE(subscriber.wait_for_output("listening")) << subscriber.err();
    auto options = range;
    options.insert(options.end(), more.begin(), more.end());
    options.insert(options.end(), {"--sink", "nats:" + nats.url()});
    EXPECT_EQ(replay(options).exit_code, 0);
    EXPECT_EQ(subscriber.wait(), 0) << subscriber.err();
    std::vector<std::string> result;
    std::size_t count = 0;
    std::istringstream lines(subscriber.out());
    for (std::string line; std::getline(lines, line); ++count) {
      if (!line.starts_with(begin)) result.push_back(line.substr(0, line.find('\t')));
    }
    EXPECT_EQ(count, messages);
    return result;
  };
  const std::vector<std::string> none;
  EXPECT_EQ(others("replay.md.v1.", {}), none);
  EXPECT_EQ(others("lab.7.md.v1.", {"--prefix", "lab.7"}), none);
  EXPECT_EQ(others("md.v1.", {"--live-subjects"}), none);
  EXPECT_EQ(replay({"--live-subjects", "--prefix", "lab"}).exit_code, 2);
  EXPECT_EQ(replay({"--prefix", "a..b"}).exit_code, 2);
  EXPECT_EQ(replay({"--prefix", "a.>"}).exit_code, 2);
}

TEST(replay, reports_a_nats_server_that_is_not_there) {
  const temporary_folder folder;
  write_text(folder.file("bare.jsonl"), "{\"channel\":\"heartbeat\"}\n");
  const auto result = run_program({binary, "replay", "--venue", "kraken", "--sink",
                                   "nats:nats://127.0.0.1:1", folder.file("bare.jsonl")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("127.0.0.1:1"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace feedtree::tests
