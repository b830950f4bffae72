// What every venue must do, whichever it is. The frames are those that the fuzzers begin with
// (tests/fuzz/seeds/<venue>), and the venue's captures where they are to be had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "adapters/venues/venue_pipeline.hpp"
#include "core/codec.hpp"
#include "storage/file_text.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/fuzz/invariants.hpp"
#include "tests/support/captures.hpp"
#include "tests/support/paths.hpp"

namespace feedtree::venues {
namespace {

using fuzz::frame_of;
using fuzz::input_line;

const std::filesystem::path source_folder = paths::source_folder();
constexpr std::int64_t receive_ns = 1'767'322'900'000'000'000;

const std::multimap<std::string, std::string>& captures() {
  static const std::multimap<std::string, std::string> all{
      {"binance", "binance/spot_cryptofeed_20211012.jsonl.zst"},
      {"binance-usdm", "binance/usdm_cryptofeed_20210722.jsonl.zst"},
      {"binance-coinm", "binance/coinm_cryptofeed_20210722.jsonl.zst"},
      {"bybit", "bybit/v5_cryptofeed_20260809.jsonl.zst"},
      {"coinbase", "coinbase/advanced_cryptofeed_20260809.jsonl.zst"},
      {"kraken", "kraken/ws1_cryptofeed_20210417.jsonl.zst"},
      {"kraken-futures", "kraken_futures/ws1_cryptofeed_20210722.jsonl.zst"},
      {"okx", "okx/v5_cryptofeed_20220513.jsonl.zst"},
  };
  return all;
}

bool is_json(const std::string& text) {
  rapidjson::Document document;
  return !document.Parse(text.c_str()).HasParseError();
}

// A session with all that it needs.
struct bench {
  explicit bench(const venue& what) : of(what), reader(what.make_session(symbols, "", {})) {
    reader->on_connected();
  }

  void read(const input_line& line, std::int64_t at_ns = receive_ns) {
    const auto frame = frame_of(line.text, at_ns);
    const auto events = out.events.size();
    const auto levels = out.levels.size();
    if (line.url.empty()) {
      reader->decode(frame, out, report);
    } else {
      reader->decode_rest(line.url, frame, out, report);
    }
    EXPECT_EQ(fuzz::report_breaks(report, out.events.size() - events, out.levels.size() - levels),
              "")
        << line.text.substr(0, 300);
    // Without a receive time there is no time at all where the frame says none.
    if (at_ns == 0) return;
    EXPECT_EQ(fuzz::events_break(out, events, of.name()), "") << line.text.substr(0, 300);
  }

  const venue& of;
  listing_registry registry;
  venue_symbols symbols{registry};
  std::unique_ptr<session> reader;
  event_batch out;
  frame_report report;
};

void give(venue_pipeline& pipeline, const input_line& line, event_batch& out) {
  const auto frame = frame_of(line.text, receive_ns);
  if (line.url.empty()) {
    pipeline.frame("c", frame, out);
  } else {
    pipeline.rest(line.url, frame, out);
  }
}

class every_venue : public testing::TestWithParam<std::string> {
 protected:
  const venue& of() const { return *find_venue(GetParam()); }

  std::filesystem::path seeds() const { return source_folder / "tests/fuzz/seeds" / GetParam(); }

  const std::vector<input_line>& prelude() { return files().front(); }

  // The lines of each seed file; the prelude is the first.
  const std::vector<std::vector<input_line>>& files() {
    if (!files_.empty()) return files_;
    std::set<std::filesystem::path> names;
    if (std::filesystem::is_directory(seeds())) {
      for (const auto& entry : std::filesystem::directory_iterator(seeds())) {
        if (entry.path().filename() != "prelude.jsonl") names.insert(entry.path());
      }
    }
    texts_.push_back(read_file_text((seeds() / "prelude.jsonl").string()));
    for (const auto& name : names) texts_.push_back(read_file_text(name.string()));
    for (const auto& text : texts_) files_.push_back(fuzz::lines_of(text));
    return files_;
  }

  // What one connection each may bring: the prelude with one of the other files.
  std::vector<std::vector<input_line>> conversations() {
    std::vector<std::vector<input_line>> result;
    for (const auto& file : files()) {
      auto lines = prelude();
      if (&file != &files().front()) lines.insert(lines.end(), file.begin(), file.end());
      result.push_back(lines);
    }
    std::vector<input_line> frames;
    for (const auto& text : captured()) frames.push_back({{}, text});
    result.push_back(frames);
    return result;
  }

  // Some frames of the venue's captures that are not long, of as many shapes as there are.
  const std::vector<std::string>& captured() {
    static std::map<std::string, std::vector<std::string>> of_venue;
    const auto [place, fresh] = of_venue.try_emplace(GetParam());
    if (!fresh) return place->second;
    const auto [begin, end] = captures().equal_range(GetParam());
    for (auto at = begin; at != end; ++at) {
      const auto path = tests::find_capture(at->second);
      if (!path) continue;
      std::map<std::string, int> shapes;
      for (const auto& record : tests::capture_records(*path)) {
        if (record.type != tests::capture_record::what::frame || record.text.size() > 1500)
          continue;
        if (++shapes[record.text.substr(0, 14)] > 4 || place->second.size() > 60) continue;
        place->second.push_back(record.text);
      }
    }
    return place->second;
  }

  // Everything that can be read, seeds and captured frames.
  std::vector<input_line> all_lines() {
    std::vector<input_line> all;
    for (const auto& file : files()) all.insert(all.end(), file.begin(), file.end());
    for (const auto& text : captured()) all.push_back({{}, text});
    return all;
  }

  // A listing that the venue's prelude made known.
  const listing* some_listing(bench& run) {
    for (const auto& line : prelude()) run.read(line);
    const auto known = run.registry.of_venue(GetParam());
    return known.empty() ? nullptr : known.front();
  }

  std::vector<stream> streams_of(const listing* where) const {
    std::vector<stream> result;
    for (const auto kind : of().kinds()) {
      for (const std::int64_t minutes : {1, 5}) {
        const stream what{kind, where, kind == event_kind::candle ? minutes * 60'000'000'000 : 0,
                          0};
        // What is polled over REST needs no connection.
        if (!of().refuses(what).empty() || of().poll_request(what, {})) continue;
        result.push_back(what);
        break;
      }
    }
    return result;
  }

 private:
  std::deque<std::string> texts_;
  std::vector<std::vector<input_line>> files_;
};

INSTANTIATE_TEST_SUITE_P(contract, every_venue, testing::ValuesIn(venue_names()),
                         [](const auto& of) {
                           auto name = of.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(venues, are_registered) {
  EXPECT_THAT(venue_names(),
              testing::IsSupersetOf({"binance", "bybit", "coinbase", "kraken", "okx"}));
  EXPECT_EQ(find_venue("nowhere"), nullptr);
}

// ---- what a venue says of itself ----

TEST_P(every_venue, has_a_name_that_fits_into_a_subject) {
  EXPECT_EQ(of().name(), GetParam());
  EXPECT_THAT(GetParam(), testing::MatchesRegex("[a-z0-9-]+"));
}

TEST_P(every_venue, has_a_page_that_names_its_sources) {
  const auto page = source_folder / "docs/venues" / (GetParam() + ".md");
  ASSERT_TRUE(std::filesystem::is_regular_file(page)) << page;
  const auto text = read_file_text(page.string());
  EXPECT_GT(text.size(), 1000u);
  EXPECT_THAT(text, testing::HasSubstr("https://"));
}

TEST_P(every_venue, has_frames_for_the_fuzzers) {
  EXPECT_TRUE(std::filesystem::is_regular_file(seeds() / "prelude.jsonl")) << seeds();
}

TEST_P(every_venue, states_limits_that_can_be_kept) {
  const auto limits = of().limits();
  for (const auto& limit : {limits.connects, limits.messages, limits.rest}) {
    EXPECT_TRUE(limit.count == 0 || limit.per_ns > 0);
  }
  EXPECT_NE(limits.rest.count, 0u) << "no venue answers any number of requests";
  EXPECT_GE(limits.connection_lifetime_ns, 0);
}

TEST_P(every_venue, gives_books_and_trades_and_refuses_kinds_that_it_does_not_give) {
  const auto kinds = of().kinds();
  EXPECT_THAT(kinds, testing::IsSupersetOf({event_kind::trade, event_kind::book}));
  EXPECT_EQ(std::set<event_kind>(kinds.begin(), kinds.end()).size(), kinds.size());
  bench run(of());
  const auto* const where = some_listing(run);
  ASSERT_NE(where, nullptr);
  for (std::size_t at = 0; at < event_kinds; ++at) {
    const auto kind = static_cast<event_kind>(at);
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) continue;
    EXPECT_FALSE(of().refuses({kind, where, 0, 0}).empty()) << to_string(kind);
  }
  EXPECT_TRUE(of().refuses({event_kind::trade, where, 0, 0}).empty());
  EXPECT_TRUE(of().refuses({event_kind::book, where, 0, 0}).empty());
}

TEST_P(every_venue, asks_for_its_symbols_at_the_address_that_is_given) {
  for (const auto& request : of().symbol_requests({})) {
    EXPECT_THAT(request.url, testing::StartsWith("https://"));
    EXPECT_GE(request.weight, 1u);
  }
  for (const auto& request : of().symbol_requests({"", "http://localhost:8"})) {
    EXPECT_THAT(request.url, testing::StartsWith("http://localhost:8/"));
  }
}

// ---- connections and subscriptions ----

TEST_P(every_venue, plans_each_stream_once_and_within_the_limits) {
  bench run(of());
  const auto* const like = some_listing(run);
  ASSERT_NE(like, nullptr);
  std::vector<stream> wanted;
  for (int count = 0; count < 230; ++count) {
    auto details = like->details;
    details.base = "A" + std::to_string(count);
    const auto* const where =
        run.registry.intern(GetParam(), details, details.base + like->venue_symbol, like->channel);
    const auto more = streams_of(where);
    wanted.insert(wanted.end(), more.begin(), more.end());
  }
  const auto limits = of().limits();
  std::size_t planned = 0;
  for (const auto& plan : of().plan(wanted, {})) {
    EXPECT_THAT(plan.url, testing::StartsWith("wss://"));
    std::set<const listing*> instruments;
    for (const auto& what : plan.streams) {
      instruments.insert(what.where);
      EXPECT_EQ(std::count(wanted.begin(), wanted.end(), what), 1);
    }
    planned += plan.streams.size();
    ASSERT_FALSE(plan.streams.empty());
    if (limits.streams_per_connection != 0) {
      EXPECT_LE(plan.streams.size(), limits.streams_per_connection);
    }
    if (limits.instruments_per_connection != 0) {
      EXPECT_LE(instruments.size(), limits.instruments_per_connection);
    }
  }
  EXPECT_EQ(planned, wanted.size());
  for (const auto& plan : of().plan(wanted, {"ws://localhost:9", ""})) {
    EXPECT_THAT(plan.url, testing::StartsWith("ws://localhost:9"));
  }
}

TEST_P(every_venue, leaves_out_of_the_plan_what_it_refuses) {
  bench run(of());
  const auto* const where = some_listing(run);
  ASSERT_NE(where, nullptr);
  const stream refused{event_kind::candle, where, 7'000'000'000, 0};
  EXPECT_FALSE(of().refuses(refused).empty());
  EXPECT_TRUE(of().plan({&refused, 1}, {}).empty());
}

TEST_P(every_venue, subscribes_by_frames_of_valid_json_or_by_the_address) {
  bench run(of());
  const auto* const where = some_listing(run);
  ASSERT_NE(where, nullptr);
  for (const auto& plan : of().plan(streams_of(where), {})) {
    auto reader = of().make_session(run.symbols, plan.url, {});
    reader->on_connected();
    const auto frames = reader->subscribe_frames(plan.streams);
    EXPECT_TRUE(!frames.empty() || plan.url.find('?') != std::string::npos) << plan.url;
    for (const auto& frame : frames) EXPECT_TRUE(is_json(frame)) << frame;
    for (const auto& frame : reader->unsubscribe_frames(plan.streams)) {
      EXPECT_TRUE(is_json(frame)) << frame;
    }
    const auto alive = reader->keeps_alive();
    EXPECT_TRUE(!alive || alive->every_ns > 0);
  }
}

TEST_P(every_venue, can_repair_one_book) {
  bench run(of());
  const auto* const where = some_listing(run);
  ASSERT_NE(where, nullptr);
  const stream book{event_kind::book, where, 0, 0};
  for (const auto& plan : of().plan({&book, 1}, {})) {
    auto reader = of().make_session(run.symbols, plan.url, {});
    reader->subscribe_frames(plan.streams);
    const auto request = reader->snapshot_request(book);
    if (request) {
      EXPECT_EQ(request->purpose, rest_purpose::book_snapshot);
      EXPECT_EQ(request->where, where);
      EXPECT_THAT(request->url, testing::StartsWith("https://"));
      auto redirected = of().make_session(run.symbols, plan.url, {"", "http://localhost:8"});
      EXPECT_THAT(redirected->snapshot_request(book)->url,
                  testing::StartsWith("http://localhost:8/"));
      continue;
    }
    const auto frames = reader->resync_frames(book);
    EXPECT_FALSE(frames.empty());
    for (const auto& frame : frames) EXPECT_TRUE(is_json(frame)) << frame;
  }
  EXPECT_NE(of().make_guard(book), nullptr);
}

// ---- frames ----

TEST_P(every_venue, reads_its_frames_and_makes_a_book_of_them) {
  std::set<event_kind> kinds;
  for (const auto& file : files()) {
    listing_registry registry;
    venue_pipeline pipeline(of(), registry);
    pipeline.connect("c", "");
    event_batch out;
    auto lines = prelude();
    if (&file != &prelude()) lines.insert(lines.end(), file.begin(), file.end());
    for (const auto& line : lines) {
      const auto rejected = pipeline.frames().rejected;
      give(pipeline, line, out);
      EXPECT_EQ(pipeline.frames().rejected, rejected)
          << line.text << ": " << (out.quarantine.empty() ? "" : out.quarantine.back().reason);
    }
    ASSERT_FALSE(pipeline.books().empty());
    EXPECT_GE(pipeline.continuity().snapshots, 1u);
    for (const auto* keeper : pipeline.books()) {
      EXPECT_EQ(fuzz::book_breaks(keeper->book()), "");
      EXPECT_EQ(fuzz::keeper_breaks(*keeper), "");
    }
    EXPECT_EQ(fuzz::events_break(out, 0, of().name()), "");
    for (const auto& what : out.events) kinds.insert(what.kind());
  }
  EXPECT_THAT(kinds, testing::IsSupersetOf({event_kind::book, event_kind::trade}));
}

TEST_P(every_venue, takes_the_time_of_receiving_or_else_the_venues) {
  for (const auto& lines : conversations()) {
    bench run(of());
    bench bare(of());
    for (const auto& line : lines) {
      run.read(line);
      bare.read(line, 0);
    }
    ASSERT_EQ(run.out.events.size(), bare.out.events.size());
    for (std::size_t at = 0; at < run.out.events.size(); ++at) {
      EXPECT_EQ(run.out.events[at].receive_ns, receive_ns);
      EXPECT_EQ(bare.out.events[at].receive_ns, bare.out.events[at].exchange_ns);
      EXPECT_GT(run.out.events[at].exchange_ns, 0);
    }
  }
}

TEST_P(every_venue, gives_the_same_keys_on_a_second_run_and_one_key_to_one_content) {
  std::map<std::string, std::string> contents;
  for (const auto& lines : conversations()) {
    bench first(of());
    bench second(of());
    for (const auto& line : lines) {
      first.read(line);
      second.read(line);
    }
    ASSERT_EQ(first.out.events.size(), second.out.events.size());
    for (std::size_t at = 0; at < first.out.events.size(); ++at) {
      const auto id = event_id(first.out.events[at]);
      EXPECT_EQ(id, event_id(second.out.events[at]));
      std::string content;
      encode_json(first.out.events[at], first.out, content);
      const auto [place, fresh] = contents.emplace(id, content);
      EXPECT_TRUE(fresh || place->second == content) << place->second << "\n" << content;
    }
  }
  EXPECT_GT(contents.size(), 3u);
}

TEST_P(every_venue, survives_garbage) {
  const std::vector<std::string> garbage{"",
                                         " ",
                                         "\n",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         "{}",
                                         "[]",
                                         "null",
                                         "true",
                                         "0",
                                         "-",
                                         "\"",
                                         "\"x\"",
                                         "{\"a\"}",
                                         "{\"a\":}",
                                         "[[[[[[[[",
                                         "{\"data\":[]}",
                                         "{\"data\":{}}",
                                         "{\"e\":1}",
                                         "{\"event\":{}}",
                                         "{\"topic\":[]}",
                                         "{\"channel\":null}",
                                         "{\"feed\":7}",
                                         "{\"arg\":\"x\",\"data\":3}",
                                         "[1,2,3]",
                                         "[1,{},\"x\",\"y\"]",
                                         std::string(3, '\0'),
                                         std::string(5000, '['),
                                         std::string(5000, '{'),
                                         std::string("\xff\xfe\xfd"),
                                         "{\"a\":\"\xff\"}",
                                         "<html>502 Bad Gateway</html>"};
  bench run(of());
  for (const auto& text : garbage) {
    run.read({{}, text});
    EXPECT_NE(text.empty() ? run.report.outcome : frame_outcome::rejected, frame_outcome::decoded);
    for (const auto& request : of().symbol_requests({})) run.read({request.url, text});
    run.read({"https://localhost/nothing/like/it", text});
  }
  EXPECT_TRUE(run.out.events.empty());
  std::mt19937_64 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 80, ' ');
    for (auto& byte : text) byte = static_cast<char>(random());
    run.read({{}, text});
  }
  EXPECT_TRUE(run.out.events.empty());
}

TEST_P(every_venue, rejects_frames_and_answers_that_are_cut_off) {
  for (const auto& line : all_lines()) {
    if (line.text.front() != '{' && line.text.front() != '[') continue;
    for (std::size_t size = 0; size < line.text.size(); ++size) {
      bench run(of());
      run.read({line.url, line.text.substr(0, size)});
      ASSERT_EQ(run.report.outcome, frame_outcome::rejected) << line.text.substr(0, size);
    }
  }
}

TEST_P(every_venue, rejects_frames_with_something_behind_them) {
  for (const auto& line : all_lines()) {
    if (line.text.front() != '{' && line.text.front() != '[') continue;
    for (const auto* more : {"}", "]", "{}", ",", "x", "\"\""}) {
      bench run(of());
      const auto text = std::string(line.text) + more;
      run.read({line.url, text});
      ASSERT_EQ(run.report.outcome, frame_outcome::rejected) << text;
    }
  }
}

TEST_P(every_venue, survives_bits_that_turned_over) {
  std::mt19937_64 random(7);
  const auto all = all_lines();
  for (int round = 0; round < 200; ++round) {
    // One session reads a run of damaged frames, so that its state is damaged too.
    bench run(of());
    for (int count = 0; count < 30; ++count) {
      const auto& line = all[random() % all.size()];
      std::string text(line.text);
      for (auto flips = 1 + random() % 4; flips > 0; --flips) {
        text[random() % text.size()] ^= static_cast<char>(1U << (random() % 8));
      }
      run.read({line.url, text});
    }
  }
}

TEST_P(every_venue, keeps_books_that_are_books_whatever_is_lost_or_damaged) {
  std::mt19937_64 random(11);
  const auto all = all_lines();
  for (int round = 0; round < 60; ++round) {
    listing_registry registry;
    venue_pipeline pipeline(of(), registry);
    pipeline.connect("c", "");
    event_batch out;
    for (const auto& line : all) {
      if (random() % 6 == 0) continue;
      std::string text(line.text);
      if (random() % 5 == 0)
        text[random() % text.size()] ^= static_cast<char>(1U << (random() % 8));
      give(pipeline, {line.url, text}, out);
      if (random() % 8 == 0) give(pipeline, {line.url, text}, out);
      for (const auto* keeper : pipeline.books()) {
        ASSERT_EQ(fuzz::book_breaks(keeper->book()), "");
        ASSERT_EQ(fuzz::keeper_breaks(*keeper), "");
      }
    }
    ASSERT_EQ(fuzz::events_break(out, 0, of().name()), "");
  }
}

TEST_P(every_venue, counts_no_gap_between_an_old_connection_and_a_new_one) {
  bench run(of());
  for (int connection = 0; connection < 3; ++connection) {
    run.reader->on_connected();
    for (const auto& line : prelude()) run.read(line);
  }
  EXPECT_EQ(run.reader->counters().sequence_gaps, 0u);
}

}  // namespace
}  // namespace feedtree::venues
