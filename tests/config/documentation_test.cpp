#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "adapters/venues/venue.hpp"
#include "config/dependencies.hpp"
#include "config/keys.hpp"
#include "tests/config/reading.hpp"

namespace feedtree::config {
namespace {

using namespace tests;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The row of a key in the documentation, up to its meaning.
std::string row_of(const key_spec& key) {
  const auto fallback = key.fallback.empty() ? "none" : "`" + std::string(key.fallback) + "`";
  return "| `" + std::string(key.path) + "` | " + type_text(key) + " | " +
         (key.use == key_use::required ? "required" : fallback) + " | ";
}

std::vector<key_spec> named_keys() {
  std::vector<key_spec> keys;
  for (const auto& key : all_keys()) {
    if (!key.path.ends_with("[]")) keys.push_back(key);
  }
  return keys;
}

TEST(config_documentation, has_every_key_with_its_type_and_default) {
  const auto text = file_text("docs/configuration.md");
  for (const auto& key : named_keys()) EXPECT_THAT(text, HasSubstr("\n" + row_of(key)));
}

TEST(config_documentation, has_no_key_that_there_is_not) {
  std::set<std::string> known;
  for (const auto& key : named_keys()) known.insert(std::string(key.path));
  std::size_t rows = 0;
  for (const auto& line : lines_of(file_text("docs/configuration.md"))) {
    if (!line.starts_with("| `") || line.find("| `", 3) == line.npos) continue;
    const auto path = line.substr(3, line.find('`', 3) - 3);
    if (path == "TIMESCALE" || path == "NATS" || path == "OPERATOR") continue;
    EXPECT_TRUE(known.count(path)) << path;
    ++rows;
  }
  EXPECT_GT(rows, 20U);
}

TEST(config_documentation, has_a_meaning_for_every_key) {
  for (const auto& line : lines_of(file_text("docs/configuration.md"))) {
    for (const auto& key : named_keys()) {
      if (!line.starts_with(row_of(key))) continue;
      EXPECT_GT(line.size(), row_of(key).size() + 6) << line;
    }
  }
}

TEST(config_documentation, shows_the_problems_that_the_reader_reports) {
  auto as_run = checks();
  as_run.venues = venues::venue_names();
  const auto result = read_config_text(
      "venues:\n"
      "  - venue: krakn\n"
      "    instruments: [BTC/USD, XBT-USD]\n"
      "    feeds: [trade, candle]\n"
      "    idle_timout: 8s\n"
      "sinks:\n"
      "  - kind: nats\n"
      "    url: ${NATS_URL}\n"
      "grace_period: 10\n",
      "config/feedtree.yaml", lookup({}), as_run);
  EXPECT_THAT(file_text("docs/configuration.md"),
              HasSubstr("```\n" + describe(result.problems) + "```"));
}

TEST(config_documentation, shows_the_message_about_missing_services) {
  server_config config;
  config.sinks = {{"nats", "tls://token@nats", {}}};
  EXPECT_THAT(file_text("docs/configuration.md"),
              HasSubstr("```\n" + describe(missing_dependencies(config, lookup({}))) + "```"));
}

TEST(config_defaults, are_what_the_table_of_keys_says) {
  std::string sections;
  std::string venue_lines;
  for (const auto& key : named_keys()) {
    if (key.fallback.empty() || key.path.starts_with("sinks")) continue;
    const auto line = std::string(key.name()) + ": " + std::string(key.fallback) + "\n";
    if (key.path.starts_with("venues[].freshness.")) {
      if (venue_lines.find("freshness:") == venue_lines.npos) venue_lines += "    freshness:\n";
      venue_lines += "      " + line;
    } else if (key.path.starts_with("venues[].")) {
      venue_lines += "    " + line;
    } else if (key.path.find('.') == key.path.npos) {
      sections += line;
    }
  }
  for (const auto* section : {"reconnect", "restart", "credit", "journal", "http"}) {
    sections += std::string(section) + ":\n";
    for (const auto* key : keys_below(section)) {
      if (key->fallback.empty()) continue;
      sections += "  " + std::string(key->name()) + ": " + std::string(key->fallback) + "\n";
    }
  }
  const auto explicitly = read(good + venue_lines + sections);
  EXPECT_THAT(problems_of(explicitly), IsEmpty());
  EXPECT_EQ(explicitly.config, read(good).config);
}

// The example with the keys that stand in comments made real; what cannot stand together is left.
std::string uncommented(const std::string& text) {
  std::string result;
  for (auto line : lines_of(text)) {
    const auto hash = line.find_first_not_of(' ');
    const bool comment = hash != line.npos && line[hash] == '#';
    const auto body = comment ? line.find_first_not_of("# ", hash) : line.npos;
    const auto word = body == line.npos ? "" : line.substr(body);
    const auto colon = word.find(':');
    const bool is_key =
        colon != word.npos &&
        word.substr(0, colon).find_first_not_of("abcdefghijklmnopqrstuvwxyz_- ") == word.npos &&
        word.substr(0, colon).find(' ', word.starts_with("- ") ? 2 : 0) == word.npos;
    result += (comment && is_key ? std::string(hash, ' ') + line.substr(hash + 2) : line) + "\n";
  }
  return result;
}

TEST(config_examples, are_valid_as_they_stand) {
  for (const auto* path : {"config/example.yaml", "config/minimal.yaml"}) {
    const auto result = read(file_text(path));
    EXPECT_THAT(problems_of(result), IsEmpty()) << path;
    EXPECT_FALSE(result.config.venues.empty()) << path;
  }
}

TEST(config_examples, hold_every_key) {
  const auto text = uncommented(file_text("config/example.yaml"));
  for (const auto& key : named_keys()) {
    const auto name = std::string(key.name()) + ":";
    EXPECT_TRUE(text.find("\n" + name) != text.npos || text.find(" " + name) != text.npos)
        << key.path;
  }
}

TEST(config_examples, are_valid_with_all_that_is_commented_out) {
  auto tests_checks = checks();
  tests_checks.sinks.emplace_back("another");
  const auto result =
      read_config_text(uncommented(file_text("config/example.yaml")), "example.yaml",
                       lookup({{"NATS_URL", "tls://nats"},
                               {"NATS_USER", "me"},
                               {"NATS_PASSWORD", "it"},
                               {"COINGECKO_KEY", "one"},
                               {"COINALYZE_KEY", "two"},
                               {"NATS_TOKEN", "it"},
                               {"REDIS_USER", "me"},
                               {"REDIS_PASSWORD", "it"},
                               {"FEEDTREE_ARCHIVE_KEY", std::string(64, 'a')},
                               {"HOSTNAME", "host-a"},
                               {"FEEDTREE_WEBHOOK_URL", "https://alerts.example/a"},
                               {"FEEDTREE_WEBHOOK_SECRET", std::string(16, 'a')},
                               {"TIMESCALE_DSN", "host=db"}}),
                       tests_checks);
  std::vector<std::string> messages;
  for (const auto& each : result.problems) messages.push_back(each.message);
  EXPECT_THAT(messages,
              testing::ElementsAre("token: there are credentials in user too; one is enough"));
  EXPECT_EQ(result.config.sinks.size(), 8U);
}

// Changes a text at some places: bytes, cuts, lines repeated or left out, YAML's own characters.
std::string mutated(std::string text, std::mt19937& random) {
  constexpr std::string_view marks = ":-[]{}#&*!|>'\"%@`,?\n\t $~<";
  const auto pick = [&](std::size_t below) { return below == 0 ? 0 : random() % below; };
  for (std::size_t left = 1 + pick(6); left > 0 && !text.empty(); --left) {
    const auto at = pick(text.size());
    switch (pick(6)) {
      case 0:
        text[at] = static_cast<char>(pick(256));
        break;
      case 1:
        text.erase(at, pick(40));
        break;
      case 2:
        text.insert(at, 1, marks[pick(marks.size())]);
        break;
      case 3:
        text.insert(at, text.substr(pick(text.size()), pick(60)));
        break;
      case 4:
        text[at] = marks[pick(marks.size())];
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

TEST(config_mutations, never_crash_and_give_problems_in_order) {
  const auto example = uncommented(file_text("config/example.yaml"));
  std::mt19937 random(20'261'121);
  std::size_t refused = 0;
  for (int run = 0; run < 3'000; ++run) {
    const auto result = read(mutated(example, random), {{"NATS_URL", "tls://nats"}});
    refused += result.ok() ? 0 : 1;
    for (std::size_t at = 1; at < result.problems.size(); ++at) {
      ASSERT_LT(result.problems[at - 1], result.problems[at]);
    }
    for (const auto& each : result.problems) {
      ASSERT_EQ(each.message.find_first_of("\n\r"), std::string::npos) << each.message;
      ASSERT_GE(each.line, 1);
      ASSERT_GE(each.column, 1);
    }
  }
  EXPECT_GT(refused, 1'500U);
}

TEST(config_mutations, every_cut_of_the_example_is_read_or_refused) {
  const auto example = file_text("config/example.yaml");
  for (std::size_t size = 0; size < example.size(); size += 7) {
    const auto result = read(example.substr(0, size));
    EXPECT_TRUE(result.ok() || !describe(result.problems).empty());
  }
  EXPECT_FALSE(read(example.substr(0, 300)).ok());
}

}  // namespace
}  // namespace feedtree::config
