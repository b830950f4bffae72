#include "config/config_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/config/reading.hpp"

namespace feedtree::config {
namespace {

using namespace tests;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::int64_t second_ns = 1'000'000'000;

TEST(config_reader, gives_the_defaults_where_keys_are_absent) {
  const auto result = read(good);
  EXPECT_THAT(problems_of(result), IsEmpty());
  server_config wanted;
  venue_config venue;
  venue.venue = "kraken";
  venue.instruments = {"BTC-USD"};
  venue.feeds = {{event_kind::trade, 0}, {event_kind::book, 0}};
  wanted.venues = {venue};
  EXPECT_EQ(result.config, wanted);
}

TEST(config_reader, reads_every_key) {
  const auto result = read(R"(
venues:
  - venue: binance
    instruments: [BTC-USDT, BTC-USD-BTC-PERP]
    feeds: [quote, candle: 5m, candle: 1h]
    book_depth: 500
    websocket_url: ws://127.0.0.1:9443
    rest_url: https://[::1]:9444
    tls:
      ca_file: ca.pem
    instruments_per_connection: 7
    idle_timeout: 9s
    connect_timeout: 300ms
    freshness: {floor: 1s, ceiling: 4s, proof_timeout: 5s}
  - venue: kraken
    instruments: [ETH-USD]
    feeds: [trade]
sinks:
  - kind: nats
    url: tls://a:4222,tls://b
    user: me
    password: p@ss/word
    ca_file: nats.pem
    cert_file: own.pem
    key_file: own.key
    name: second
    connect_timeout: 3s
    write_timeout: 4s
    flush_timeout: 6s
    reconnect_wait: 1s
    reconnect_buffer: 1MiB
  - {kind: timescale, dsn: "host=db sslmode=verify-full"}
  - {kind: sqlite, path: a.db, rows_max: 5, bytes_max: 1MiB, flush_interval: 0s, busy_timeout: 1s}
  - {kind: jsonl, path: a.jsonl, overwrite: true, options: {more: 1}}
  - {kind: parquet, target: "files"}
  - kind: none
reconnect: {initial: 1s, max: 2m}
restart: {intensity: 9, within: 2m, initial: 200ms, max: 20s}
credit: {events: 1000, bytes: 2MiB}
grace_period: 1s
startup_timeout: 2s
log_level: debug
log_format: json
)");
  EXPECT_THAT(problems_of(result), IsEmpty());
  const auto& config = result.config;
  ASSERT_EQ(config.venues.size(), 2U);
  const venue_config binance{"binance",
                             {"BTC-USDT", "BTC-USD-BTC-PERP"},
                             {{event_kind::quote, 0},
                              {event_kind::candle, 300 * second_ns},
                              {event_kind::candle, 3'600 * second_ns}},
                             500,
                             "ws://127.0.0.1:9443",
                             "https://[::1]:9444",
                             {"ca.pem"},
                             7,
                             9'000,
                             300,
                             {1'000, 4'000, 5'000}};
  EXPECT_EQ(config.venues[0], binance);
  EXPECT_EQ(config.venues[1].venue, "kraken");
  const std::vector<sink_config> sinks{{"nats",
                                        "tls://me:p%40ss%2Fword@a:4222,tls://b",
                                        {{"ca_file", "nats.pem"},
                                         {"cert_file", "own.pem"},
                                         {"key_file", "own.key"},
                                         {"name", "second"},
                                         {"connect_timeout_ms", "3000"},
                                         {"write_timeout_ms", "4000"},
                                         {"flush_timeout_ms", "6000"},
                                         {"reconnect_wait_ms", "1000"},
                                         {"reconnect_buffer_bytes", "1048576"}}},
                                       {"timescale", "host=db sslmode=verify-full", {}},
                                       {"sqlite",
                                        "a.db",
                                        {{"rows_max", "5"},
                                         {"bytes_max", "1048576"},
                                         {"flush_interval_ms", "0"},
                                         {"busy_timeout_ms", "1000"}}},
                                       {"jsonl", "a.jsonl", {{"overwrite", "1"}, {"more", "1"}}},
                                       {"parquet", "files", {}},
                                       {"none", "", {}}};
  EXPECT_EQ(config.sinks, sinks);
  EXPECT_EQ(config.reconnect, (reconnect_config{1'000, 120'000}));
  EXPECT_EQ(config.restart, (restart_config{9, 120'000, 200, 20'000}));
  EXPECT_EQ(config.credit, (credit_config{1'000, 2 << 20}));
  EXPECT_EQ(config.grace_period_ms, 1'000);
  EXPECT_EQ(config.startup_timeout_ms, 2'000);
  EXPECT_EQ(config.log_level, "debug");
  EXPECT_EQ(config.log_format, "json");
}

TEST(config_reader, suggests_the_key_that_was_meant) {
  EXPECT_THAT(
      problems(good + "    book_dpeth: 10\nloglevel: info\nxyzzy: 1\n"),
      ElementsAre(
          "5:5 unknown key 'book_dpeth'; did you mean 'book_depth'?",
          "6:1 unknown key 'loglevel'; did you mean 'log_level'?",
          "7:1 unknown key 'xyzzy'; known here: venues, sinks, pollers, reconnect, restart, "
          "breaker, credit, journal, candles, archive, http, validation, "
          "metrics, alerts, grace_period, startup_timeout, log_level, log_format"));
}

TEST(config_reader, reports_values_of_a_wrong_type) {
  EXPECT_THAT(
      problems(good + "    book_depth: ten\n    instruments_per_connection: \"5\"\n    tls: on\n"
                      "    idle_timeout: [8s]\n    connect_timeout:\ncredit: 5\n"
                      "sinks: {kind: none}\n"),
      ElementsAre("5:17 book_depth: expected a whole number, found 'ten'",
                  "6:33 instruments_per_connection: expected a whole number, found '5' in quotes",
                  "7:10 expected a mapping with the keys ca_file, found a single value",
                  "8:19 idle_timeout: expected duration, found a list",
                  "9:5 connect_timeout: expected duration, found nothing",
                  "10:9 expected a mapping with the keys events, bytes, found a single value",
                  "11:8 sinks: expected a list, found a mapping"));
}

TEST(config_reader, reports_a_ceiling_below_the_floor) {
  EXPECT_THAT(problems(good + "    freshness: {floor: 9s, ceiling: 8s}\n"),
              ElementsAre("5:37 freshness.ceiling: 8s is below floor, 9s"));
}

TEST(config_reader, reports_a_boolean_that_is_not_one) {
  EXPECT_THAT(problems(good + "sinks:\n  - kind: jsonl\n    path: a\n    overwrite: 'true'\n"),
              ElementsAre("8:16 overwrite: expected true or false, found 'true'"));
}

TEST(config_reader, reports_numbers_out_of_their_range) {
  EXPECT_THAT(
      problems(good + "    book_depth: -1\n    idle_timeout: 10ms\n"
                      "restart: {intensity: 99999999999999999999}\ncredit: {bytes: 99999999GiB}\n"),
      ElementsAre("5:17 book_depth: '-1' is out of range: 0 to 10000",
                  "6:19 idle_timeout: '10ms' is out of range: 1s to 10m",
                  "7:22 restart.intensity: '99999999999999999999' is out of range: 0 to 1000",
                  "8:17 credit.bytes: '99999999GiB' is out of range: 1MiB to 4GiB"));
}

TEST(config_reader, accepts_the_bounds_themselves) {
  EXPECT_THAT(problems(good + "    book_depth: 10000\n    idle_timeout: 1s\n    "
                              "instruments_per_connection: 0\ncredit: {bytes: 4GiB}\n"),
              IsEmpty());
  EXPECT_THAT(problems(good + "    book_depth: 10001\n    idle_timeout: 999ms\n"),
              testing::SizeIs(2));
}

TEST(config_reader, reports_durations_and_sizes_without_their_unit) {
  EXPECT_THAT(problems(good + "grace_period: 10\nstartup_timeout: 1.5s\ncredit: {bytes: 64MB}\n"),
              ElementsAre("5:15 grace_period: expected a duration such as 250ms, 10s, 5m or 1h, "
                          "found '10'",
                          "6:18 startup_timeout: expected a duration such as 250ms, 10s, 5m or 1h, "
                          "found '1.5s'",
                          "7:17 credit.bytes: expected a size such as 64KiB, 64MiB or 1GiB, found "
                          "'64MB'"));
}

TEST(config_reader, reports_a_repeated_key) {
  EXPECT_THAT(problems(good + "log_level: info\ngrace_period: 1s\nlog_level: debug\n"),
              ElementsAre("7:1 duplicate key 'log_level', its first value is in line 5"));
}

TEST(config_reader, reports_a_repeated_venue_instrument_feed_and_sink) {
  EXPECT_THAT(
      problems("venues:\n"
               "  - venue: kraken\n"
               "    instruments: [BTC-USD, ETH-USD, BTC-USD]\n"
               "    feeds: [trade, candle: 1m, trade, candle: 60s]\n"
               "  - venue: kraken\n"
               "    instruments: [BTC-USD]\n"
               "    feeds: [trade]\n"
               "sinks: [{kind: jsonl, path: a}, {kind: jsonl, path: b}, {kind: jsonl, path: a}]\n"),
      ElementsAre("3:37 'BTC-USD' is listed already in line 3",
                  "4:32 feed 'trade' is listed already in line 4",
                  "4:39 feed 'candle: 1m' is listed already in line 4",
                  "5:12 venue 'kraken' is configured already in line 2; put all its instruments "
                  "there",
                  "8:64 the same sink is in line 8"));
}

TEST(config_reader, reports_missing_keys_where_their_mapping_begins) {
  EXPECT_THAT(problems("venues:\n  - venue: kraken\n    book_depth: 5\nsinks:\n  - path: a\n"
                       "  - kind: nats\n"),
              ElementsAre("2:5 missing key 'feeds' (list)", "2:5 missing key 'instruments' (list)",
                          "5:5 missing key 'kind' (text)",
                          "5:5 unknown key; known here: kind, policy, options, target",
                          "6:5 missing key 'url' (nats or tls URL)"));
}

TEST(config_reader, reports_empty_lists_and_empty_texts) {
  EXPECT_THAT(problems("venues:\n  - venue: ''\n    instruments: []\n    feeds: [trade]\n"),
              ElementsAre("2:12 venue: it is empty", "3:18 instruments: the list is empty"));
}

TEST(config_reader, reports_an_empty_file) {
  for (const auto* text : {"", "# nothing\n", "---\n", "~"}) {
    EXPECT_THAT(problems(text), ElementsAre(HasSubstr("1:1 expected a mapping with the keys venues,"
                                                      " sinks")))
        << text;
  }
}

TEST(config_reader, lists_the_known_venues_for_an_unknown_one) {
  EXPECT_THAT(
      problems("venues: [{venue: krakn, instruments: [A-B], feeds: [trade]},\n"
               " {venue: nyse, instruments: [A-B], feeds: [trade]}]\n"),
      ElementsAre("1:18 unknown venue 'krakn'; did you mean 'kraken'? Known are "
                  "binance, binance-usdm, bybit, coinbase, kraken, okx",
                  "2:10 unknown venue 'nyse'; known are binance, binance-usdm, bybit, coinbase, "
                  "kraken, okx"));
}

TEST(config_reader, lists_the_known_kinds_of_sinks_for_an_unknown_one) {
  EXPECT_THAT(problems(good + "sinks: [{kind: kafka}, {kind: sqllite, target: a}]\n"),
              ElementsAre("5:16 unknown kind of sink 'kafka'; known are jetstream, jsonl, nats, "
                          "none, parquet, redis, sqlite, timescale",
                          "5:31 unknown kind of sink 'sqllite'; did you mean 'sqlite'? Known "
                          "are jetstream, jsonl, nats, none, parquet, redis, sqlite, timescale"));
}

TEST(config_reader, gives_the_likely_form_of_a_symbol) {
  EXPECT_THAT(problems("venues:\n  - venue: kraken\n    feeds: [trade]\n    instruments:\n"
                       "      - XBT/USD\n      - XBT-USD\n      - btcusdt\n      - '?'\n"),
              ElementsAre("5:9 'XBT/USD' is not a canonical symbol; did you mean BTC-USD?",
                          "6:9 'XBT-USD' is not a canonical symbol; did you mean BTC-USD?",
                          "7:9 'btcusdt' is not a canonical symbol; did you mean BTC-USDT?",
                          "8:9 '?' is not a canonical symbol: BASE-QUOTE, "
                          "BASE-QUOTE[-SETTLE]-PERP or BASE-QUOTE[-SETTLE]-YYYYMMDD"));
}

TEST(config_reader, shows_a_name_that_is_not_supported_as_it_stands_in_the_file) {
  const std::string why =
      ": assets whose names have other characters than A to Z, 0 to 9 and _ are not supported";
  EXPECT_THAT(problems("venues:\n  - venue: kraken\n    feeds: [trade]\n    instruments:\n"
                       "      - \u5e01\u5b89-USDT\n      - BTC\u5e01-USDT\n      - BRK.Bx-USD\n"),
              ElementsAre("5:9 '\u5e01\u5b89-USDT'" + why, "6:9 'BTC\u5e01-USDT'" + why,
                          "7:9 'BRK.Bx-USD'" + why));
}

TEST(config_reader, reports_an_instrument_of_a_kind_that_the_venue_does_not_have_once) {
  auto with_venue = checks();
  with_venue.refuses_instrument = [](const std::string& venue, const std::string& instrument) {
    return instrument.ends_with("PERP") ? venue + " has no perpetuals" : std::string();
  };
  const auto result = read_config_text(
      "venues:\n  - venue: kraken\n    instruments: [A-B, A-B-PERP]\n    feeds: [trade, book]\n",
      "a.yaml", lookup({}), with_venue);
  EXPECT_THAT(problems_of(result), ElementsAre("3:24 'A-B-PERP': kraken has no perpetuals"));
}

TEST(config_reader, reports_feeds_that_cannot_be_asked_for) {
  EXPECT_THAT(
      problems("venues:\n  - venue: kraken\n    instruments: [BTC-USD]\n    feeds:\n"
               "      - trades\n      - candle\n      - candle: 1x\n      - gap\n      - [book]\n"
               "      - candel: 1m\n"),
      ElementsAre("5:9 unknown feed 'trades'; did you mean 'trade'? Known are trade, book, quote, "
                  "ticker, candle, funding, open_interest, liquidation",
                  "6:9 candles need an interval; write 'candle: 1m'",
                  "7:17 candle: expected an interval such as 1m, 1h or 1d, found '1x'",
                  "8:9 unknown feed 'gap'; known are trade, book, quote, ticker, candle, funding, "
                  "open_interest, liquidation",
                  "9:9 feeds[]: expected feed, found a list",
                  "10:9 missing key 'candle' (candle interval)",
                  "10:9 unknown key 'candel'; did you mean 'candle'?"));
}

TEST(config_reader, reports_what_the_venue_refuses_once_a_feed) {
  auto with_venue = checks();
  with_venue.refuses = [](const venue_config& venue, const feed_config& feed,
                          const std::string& instrument) -> std::string {
    if (feed.kind == event_kind::funding) return "no funding of spot";
    const bool deep = feed.kind == event_kind::book && venue.book_depth == 33;
    return deep ? "no depth 33 of " + instrument : "";
  };
  const auto result = read_config_text(
      "venues:\n  - venue: kraken\n    instruments: [A-B, C-D]\n    feeds: [trade, funding, book]\n"
      "    book_depth: 33\n",
      "a.yaml", lookup({}), with_venue);
  EXPECT_THAT(problems_of(result),
              ElementsAre("4:20 kraken: no funding of spot", "4:29 kraken: no depth 33 of A-B",
                          "4:29 kraken: no depth 33 of C-D"));
}

TEST(config_reader, reports_addresses_that_are_none_and_does_not_repeat_them) {
  EXPECT_THAT(problems(good + "    websocket_url: https://SECRET\n"
                              "    rest_url: https://me:SECRET@host\n"
                              "sinks: [{kind: nats, url: 'SECRET'}, {kind: timescale, dsn: "
                              "SECRET}]\n"),
              ElementsAre("5:20 websocket_url: it does not begin with wss:// or ws://",
                          "6:15 rest_url: user information (before an @) is not allowed",
                          "7:27 url: it does not begin with tls:// or nats://",
                          "7:61 dsn: it is neither postgresql://... nor a list of key=value"));
}

TEST(config_reader, takes_secrets_and_addresses_from_the_environment) {
  const auto text = good +
                    "sinks:\n  - kind: nats\n    url: tls://${HOST}:4222\n    token: ${TOKEN}\n"
                    "  - kind: timescale\n    dsn: ${DSN}\n";
  const auto result =
      read(text, {{"HOST", "nats.example"}, {"TOKEN", "a${HOST}b"}, {"DSN", "host=db"}});
  EXPECT_THAT(problems_of(result), IsEmpty());
  EXPECT_EQ(result.config.sinks[0].target, "tls://a%24%7BHOST%7Db@nats.example:4222");
  EXPECT_EQ(result.config.sinks[1].target, "host=db");
}

TEST(config_reader, reports_every_variable_that_is_not_set) {
  EXPECT_THAT(problems(good + "sinks:\n  - kind: nats\n    url: tls://${HOST}:${PORT}\n"
                              "    token: ${TOKEN}\n  - kind: timescale\n    dsn: ${D SN}\n",
                       {{"HOST", "h"}, {"TOKEN", ""}}),
              ElementsAre("7:10 url: the environment variable PORT is not set",
                          "8:12 token: the environment variable TOKEN is empty",
                          "10:10 dsn: '${' is not followed by the name of a variable and '}'"));
}

TEST(config_reader, allows_the_environment_in_no_other_value) {
  EXPECT_THAT(problems("venues:\n  - venue: ${V}\n    instruments: ['${I}']\n    feeds: ['${F}']\n"
                       "    book_depth: ${D}\nlog_level: ${L}\n",
                       {{"V", "kraken"}, {"I", "A-B"}, {"F", "trade"}, {"D", "1"}, {"L", "info"}}),
              ElementsAre("2:12 venue: ${...} is allowed only in secrets and addresses",
                          "3:19 instruments[]: ${...} is allowed only in secrets and addresses",
                          "4:13 feeds[]: ${...} is allowed only in secrets and addresses",
                          "5:17 book_depth: ${...} is allowed only in secrets and addresses",
                          "6:12 log_level: ${...} is allowed only in secrets and addresses"));
}

TEST(config_reader, never_puts_a_secret_into_a_message) {
  const std::vector<std::string> texts{"url: nats://me:SECRET@host:0",
                                       "url: SECRET",
                                       "url: ${URL}",
                                       "password: [SECRET]",
                                       "password: *SECRET",
                                       "password: &SECRET x: y",
                                       "password: \"SECRET\\q\"",
                                       "password: !SECRET",
                                       "SECRET: 1",
                                       "token: abc\n    token: SECRET",
                                       "user: me\n    token: SECRET",
                                       "url: nats://h/SECRET",
                                       "{password: abc, SECRET}",
                                       "options: {SECRET: [1]}",
                                       "options: [SECRET]",
                                       "password: 'SECRET",
                                       "password: {SECRET: 1}",
                                       "password: SECRET\n    SECRET",
                                       "url: tls://a\n    url: tls://SECRET"};
  for (const auto& text : texts) {
    const auto result = read(good + "sinks:\n  - kind: nats\n    " + text + "\n",
                             {{"URL", "nats://me:SECRET@host:port"}});
    EXPECT_FALSE(result.ok()) << text;
    EXPECT_THAT(describe(result.problems), Not(HasSubstr("SECRET"))) << text;
  }
}

TEST(config_reader, takes_one_way_to_log_in_to_nats) {
  const auto nats = good + "sinks:\n  - kind: nats\n    url: ";
  EXPECT_THAT(problems(nats + "tls://h\n    user: me\n"),
              ElementsAre("8:11 user: user and password belong together"));
  EXPECT_THAT(problems(nats + "tls://h\n    key_file: me\n"),
              ElementsAre("8:15 key_file: cert_file and key_file belong together"));
  EXPECT_THAT(problems(nats + "tls://t@h\n    creds_file: me\n"),
              ElementsAre("8:17 creds_file: there are credentials in url too; one is enough"));
  EXPECT_THAT(problems(nats + "tls://h\n    user: a\n    password: b\n    token: c\n"),
              ElementsAre("10:12 token: there are credentials in user too; one is enough"));
}

TEST(config_reader, reports_an_option_that_is_a_key_of_the_sink) {
  EXPECT_THAT(problems(good + "sinks:\n  - kind: jsonl\n    path: a\n    overwrite: true\n"
                              "    options: {overwrite: 0, more: [1]}\n"),
              ElementsAre("9:15 options: duplicate key, or one that is a key of the sink itself",
                          "9:29 options: expected names with single values"));
}

TEST(config_reader, reports_a_longest_wait_below_the_first) {
  EXPECT_THAT(problems(good + "reconnect: {initial: 10s, max: 1s}\nrestart: {initial: 20s}\n"),
              ElementsAre("5:32 reconnect.max: 1s is below initial, 10s",
                          "6:10 restart.max: 10s is below initial, 20s"));
}

TEST(config_reader, reports_text_that_is_not_yaml_with_its_line) {
  EXPECT_THAT(problems(good + "credit: {events: 5\n"), ElementsAre(HasSubstr("this is not YAML")));
  EXPECT_THAT(problems("venues:\n\t- a\n"), ElementsAre(HasSubstr("2:2 this is not YAML")));
  EXPECT_THAT(problems("venues: [\n  a,\n  b: *c\n]\n"),
              ElementsAre(HasSubstr("3:6 this is not YAML: the referenced anchor is not defined")));
}

TEST(config_reader, reports_a_second_document) {
  EXPECT_THAT(problems(good + "---\nlog_level: info\n"),
              ElementsAre("5:1 a second document begins: only one is read"));
}

TEST(config_reader, stops_before_text_that_can_begin_no_value) {
  for (const auto* text : {", a", "] a", "} a", "a: 1\n]", "[a]]", "[a], b", "? , a"}) {
    EXPECT_FALSE(read(text).ok()) << text;
  }
  EXPECT_THAT(problems(", a\n"),
              testing::Contains("1:1 this is not YAML: a value cannot begin like this"));
}

TEST(config_reader, follows_aliases_and_survives_those_that_hold_themselves) {
  EXPECT_THAT(problems("venues:\n  - {venue: kraken, instruments: &i [A-B], feeds: [trade]}\n"
                       "  - {venue: okx, instruments: *i, feeds: [trade]}\n"),
              IsEmpty());
  EXPECT_FALSE(read("venues: &v [*v]\n").ok());
  EXPECT_FALSE(read("&v venues: *v\n").ok());
  EXPECT_FALSE(read("&v {venues: *v, sinks: *v, credit: *v}\n").ok());
}

TEST(config_reader, survives_deep_nesting) {
  EXPECT_FALSE(read(std::string(100'000, '[')).ok());
  EXPECT_FALSE(read("venues: " + std::string(400, '[') + std::string(400, ']')).ok());
}

TEST(config_reader, reports_all_problems_at_once_in_order_and_once) {
  const auto result = read(
      "log_format: xml\n"
      "venues:\n"
      "  - venue: krakn\n"
      "    instruments: [BTC/USD]\n"
      "    feeds: [trade, trade]\n"
      "  - venue: okx\n"
      "    feeds: [candle]\n"
      "sinks:\n"
      "  - kind: nats\n"
      "    url: ${NATS_URL}\n"
      "    passwrd: x\n"
      "grace_period: soon\n");
  std::vector<int> lines;
  for (const auto& each : result.problems) lines.push_back(each.line);
  EXPECT_THAT(lines, ElementsAre(1, 3, 4, 5, 6, 7, 10, 11, 12));
  EXPECT_EQ(to_string(result.problems.front()),
            "a.yaml:1:13: log_format: 'xml' is not one of text, json");
  EXPECT_THAT(describe(result.problems),
              HasSubstr("a.yaml:11:5: unknown key; did you mean 'password'?\n"));
}

TEST(config_reader, reads_a_file_and_names_it) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("feedtree_config_" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(path) << good << "log_level: loud\n";
  const auto result = read_config_file(path.string(), lookup({}), checks());
  std::filesystem::remove(path);
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(
      to_string(result.problems[0]),
      path.string() + ":5:12: log_level: 'loud' is not one of trace, debug, info, warning, error");
}

TEST(config_reader, reports_a_file_that_cannot_be_read) {
  const auto missing = read_config_file("/no/such/file.yaml", lookup({}), checks());
  EXPECT_EQ(describe(missing.problems),
            "/no/such/file.yaml: cannot be read: No such file or directory\n");
  EXPECT_FALSE(read_config_file("/tmp", lookup({}), checks()).ok());
}

}  // namespace
}  // namespace feedtree::config
