// What is encoded, and what is published, fits docs/schema: checked by python3-jsonschema.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "adapters/nats/nats_sink.hpp"
#include "adapters/venues/venue_pipeline.hpp"
#include "core/codec.hpp"
#include "tests/adapters/nats/nats_server.hpp"
#include "tests/support/captures.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree {
namespace {

const std::string source = paths::source_folder();

struct verdict {
  int exit_code = -1;
  std::string output;
};

verdict validate(const std::string& what) {
  const auto command = "python3 '" + source + "/tests/contract/validate_schema.py' '" + source +
                       "/docs/schema' '" + what + "' 2>&1";
  verdict result;
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return result;
  std::array<char, 4096> piece{};
  while (std::fgets(piece.data(), static_cast<int>(piece.size()), pipe) != nullptr) {
    result.output += piece.data();
  }
  const int status = ::pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

class schema : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("python3 -c 'import jsonschema' 2>/dev/null") == 0) return;
    if (tests::captures_must_be_there()) FAIL() << "python3-jsonschema must be there";
    GTEST_SKIP() << "skipped: no python3-jsonschema";
  }

  verdict validate_text(const std::string& lines) {
    const auto path = testing::TempDir() + "schema_test_" + std::to_string(::getpid()) + ".jsonl";
    std::ofstream(path, std::ios::binary) << lines;
    auto result = validate(path);
    std::filesystem::remove(path);
    return result;
  }

  std::string lines_of(const event_batch& batch) {
    std::string lines;
    std::uint64_t seq = 0;
    for (const auto& what : batch.events) {
      encoder_.encode(what, batch, lines);
      lines += '\n';
      encoder_.encode(what, batch, {}, {++seq, "epoch"}, lines);
      lines += '\n';
    }
    for (const auto& what : batch.quarantine) {
      encode_json(what, {}, lines);
      lines += '\n';
    }
    for (const auto& what : batch.alerts) {
      encode_json(what, {}, lines);
      lines += '\n';
    }
    return lines;
  }

  // Decodes a capture and validates every event, with the tail and without.
  void validate_capture(const std::string& path, std::string_view venue) {
    const auto* const what = venues::find_venue(venue);
    ASSERT_NE(what, nullptr) << venue;
    listing_registry registry;
    venues::venue_pipeline pipeline(*what, registry);
    event_batch batch;
    for (auto& record : tests::capture_records(path)) {
      venues::raw_frame frame{std::move(record.text), record.receive_ns};
      frame.text.reserve(frame.text.size() + venues::frame_padding);
      using type = tests::capture_record::what;
      if (record.type == type::connect) pipeline.connect(record.connection, record.url);
      if (record.type == type::http) pipeline.rest(record.url, frame, batch);
      if (record.type == type::frame) pipeline.frame(record.connection, frame, batch);
    }
    ASSERT_GT(batch.events.size(), 70U);
    const auto result = validate_text(lines_of(batch));
    EXPECT_EQ(result.exit_code, 0) << result.output.substr(0, 2000);
    EXPECT_NE(result.output.find("book "), std::string::npos) << result.output;
  }

  listing_registry registry_;
  event_encoder encoder_;
};

TEST_F(schema, fits_every_kind_of_event_that_can_be_encoded) {
  auto batch = tests::every_kind(tests::sample_listing(registry_));
  batch->quarantine.push_back(tests::sample_quarantine());
  batch->alerts.push_back(tests::sample_alert());
  const auto result = validate_text(lines_of(*batch));
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(
      result.output,
      "alert 1\nbook 6\ncandle 4\nfunding 4\ngap 4\nliquidation 2\nopen_interest 4\nquarantine 1\n"
      "quote 4\nstatus 2\nticker 4\ntrade 2\n");
}

TEST_F(schema, fits_every_kind_of_event_at_every_venue) {
  auto venues = venues::venue_names();
  venues.emplace_back("coinalyze-a");  // what pollers fetch is published too
  for (const auto& venue : venues) {
    auto batch = tests::every_kind(tests::sample_listing(registry_, "BTC-USDT-PERP", venue));
    batch->quarantine.push_back(tests::sample_quarantine());
    batch->quarantine.back().venue = venue;
    batch->alerts.push_back(tests::sample_alert());
    batch->alerts.back().venue = venue;
    const auto result = validate_text(lines_of(*batch));
    EXPECT_EQ(result.exit_code, 0) << venue << ": " << result.output;
  }
}

TEST_F(schema, refuses_a_venue_that_is_no_token_of_a_subject) {
  std::string line;
  encoder_.encode(tests::sample_trade(tests::sample_listing(registry_), "1"), {}, line);
  for (const std::string venue : {"Kraken", "kraken.futures", "-kraken", "kraken--futures", ""}) {
    auto bad = line;
    bad.replace(bad.find(R"("venue":"kraken")"), 16, R"("venue":")" + venue + '"');
    EXPECT_EQ(validate_text(bad).exit_code, 1) << bad;
  }
}

TEST_F(schema, fits_events_of_every_kind_with_every_flag) {
  auto batch = tests::every_kind(tests::sample_listing(registry_));
  std::erase_if(batch->events, [](const event& what) {
    return what.kind() == event_kind::status || what.kind() == event_kind::gap;
  });
  for (auto& what : batch->events) what.flags = (check_set{1} << rule_checks) - 1;
  const auto lines = lines_of(*batch);
  EXPECT_NE(lines.find("\"flags\":[\"required\",\"range\","), std::string::npos) << lines;
  const auto result = validate_text(lines);
  EXPECT_EQ(result.exit_code, 0) << result.output;
}

TEST_F(schema, fits_merged_updates_with_their_number) {
  const auto* where = tests::sample_listing(registry_);
  event_batch batch;
  tests::append_book(batch, where, "7", false, 2);
  std::get<book_change>(batch.events.back().body).merged = 3;
  batch.events.push_back(tests::sample_event(where, "q",
                                             quote{tests::number("1.10"), tests::number("2"),
                                                   tests::number("1.2"), tests::number("3"), 2}));
  const auto lines = lines_of(batch);
  EXPECT_NE(lines.find("\"merged\":3"), std::string::npos);
  EXPECT_NE(lines.find("\"merged\":2"), std::string::npos);
  const auto result = validate_text(lines);
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(result.output, "book 2\nquote 2\n");
}

TEST_F(schema, fits_candles_that_are_built_from_trades) {
  auto body = tests::sample_candle();
  body.source = candle_source::trades;
  body.closed = body.complete = true;
  body.revision = 3;
  event_batch batch;
  batch.events.push_back(tests::sample_event(tests::sample_listing(registry_), "t", body));
  const auto lines = lines_of(batch);
  EXPECT_NE(lines.find("\"revision\":3"), std::string::npos);
  const auto result = validate_text(lines);
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(result.output, "candle 2\n");
}

TEST_F(schema, fits_the_parts_of_a_book) {
  event_batch batch;
  tests::append_book(batch, tests::sample_listing(registry_), "s1", true, 3);
  std::string lines;
  encoder_.encode(batch.events[0], batch, {2, 2, 2, 3}, {5, "epoch"}, lines);
  EXPECT_EQ(validate_text(lines).output, "book 1\n");
}

TEST_F(schema, fits_what_a_subscriber_receives) {
  FEEDTREE_NATS_SERVER();
  const tests::nats_server server("max_payload: 4096");
  tests::subscriber all(server.url(), ">");
  auto batch = tests::every_kind(tests::sample_listing(registry_));
  tests::append_book(*batch, tests::sample_listing(registry_), "s50", true, 200);
  batch->quarantine.push_back(tests::sample_quarantine());
  nats::nats_sink out(server.url(), {{}, "epoch", true, false, {}});
  out.write(batch);
  out.reply_present_book("answer", batch->events[1], *batch);
  out.reply_error("answer", "no such instrument");
  out.flush();
  std::string lines;
  std::size_t messages = 0;
  for (const auto& one : all.take(1'000, 500)) {
    lines += one.body + "\n";
    ++messages;
  }
  const auto result = validate_text(lines);
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_GT(messages, batch->events.size() + 3);
  EXPECT_NE(result.output.find("error 1\n"), std::string::npos) << result.output;
}

TEST_F(schema, refuses_what_is_wrong) {
  const auto what = tests::sample_trade(tests::sample_listing(registry_), "1");
  std::string good;
  encoder_.encode(what, {}, good);
  ASSERT_EQ(validate_text(good).exit_code, 0);
  const std::vector<std::pair<std::string, std::string>> faults{
      {R"("price":"61234.10")", R"("price":61234.10)"},  // a number that floats would spoil
      {R"("price":"61234.10")", R"("price":"6.1e4")"},
      {R"("price":"61234.10",)", ""},  // missing
      {R"("side":"sell")", R"("side":"ask")"},
      {R"("side":"sell")", R"("side":"sell","extra":1)"},  // not in the contract
      {R"("side":"sell")", R"("side":"sell","seq":1)"},    // without its epoch
      {R"("receive_ns":"1618678123223456790")", R"("receive_ns":1618678123223456790)"},
      {R"("version":1)", R"("version":2)"},
      {R"(:trade:1")", R"(:book:1")"},  // the id of another kind
      {R"("kind":"trade")", R"("kind":"quote")"},
      {R"("state":"live",)", R"("state":"live","state":"live",)"},
  };
  for (const auto& [from, to] : faults) {
    auto bad = good;
    const auto at = bad.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    bad.replace(at, from.size(), to);
    const auto result = validate_text(bad);
    EXPECT_EQ(result.exit_code, 1) << bad;
    EXPECT_EQ(result.output.rfind("line 1: ", 0), 0U) << result.output;
  }
}

TEST_F(schema, is_named_for_every_kind_in_the_asyncapi_document) {
  const auto result = validate("--asyncapi");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    const auto name = std::string(to_string(static_cast<event_kind>(kind)));
    EXPECT_TRUE(std::filesystem::exists(source + "/docs/schema/" + name + ".json")) << name;
  }
}

TEST_F(schema, fits_every_event_of_a_kraken_capture) {
  FEEDTREE_CAPTURE(path, "kraken/ws2_book_btcusd_d10_20260912.jsonl");
  validate_capture(path, "kraken");
}

TEST_F(schema, fits_every_event_of_a_binance_capture) {
  FEEDTREE_CAPTURE(path, "binance/us_spot_cryptofeed_20211012.jsonl.zst");
  validate_capture(path, "binance");
}

TEST_F(schema, fits_every_event_of_a_bybit_capture) {
  FEEDTREE_CAPTURE(path, "bybit/v5_cryptofeed_20260809.jsonl.zst");
  validate_capture(path, "bybit");
}

}  // namespace
}  // namespace feedtree
