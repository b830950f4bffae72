#include "adapters/nats/nats_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "adapters/nats/subject.hpp"
#include "tests/adapters/nats/nats_server.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::nats {
namespace {

using testing::HasSubstr;
using testing::Not;

// A field's text in a flat JSON body: numbers without, strings with their quotes.
std::string field(const std::string& body, const std::string& name) {
  const auto at = body.find('"' + name + "\":");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 3;
  return body.substr(begin, body.find_first_of(",}", begin) - begin);
}

std::string message_of(const std::function<void()>& action, bool retryable) {
  try {
    action();
  } catch (const sink_error& error) {
    EXPECT_EQ(error.retryable(), retryable) << error.what();
    return error.what();
  }
  return "nothing was thrown";
}

class nats_publishing : public testing::Test {
 protected:
  void SetUp() override {
    FEEDTREE_NATS_SERVER();
    context_.epoch = "run-1";
    context_.insecure = true;
    context_.options = {{"flush_timeout_ms", "3000"}, {"reconnect_wait_ms", "50"}};
  }

  batch_ptr trades(int from, int to) {
    auto batch = std::make_shared<event_batch>();
    for (int at = from; at < to; ++at) {
      batch->events.push_back(tests::sample_trade(where_, std::to_string(at)));
    }
    return batch;
  }
  batch_ptr book(std::uint32_t levels_a_side) {
    auto batch = std::make_shared<event_batch>();
    tests::append_book(*batch, where_, "s1", true, levels_a_side);
    return batch;
  }

  listing_registry registry_;
  const listing* where_ = tests::sample_listing(registry_);
  sink_context context_;
};

TEST_F(nats_publishing, gives_each_kind_its_subject_header_and_body) {
  const tests::nats_server server;
  tests::subscriber all(server.url(), "md.v1.>");
  auto batch = tests::every_kind(where_);
  batch->quarantine.push_back(tests::sample_quarantine());
  nats_sink out(server.url(), context_);
  out.write(batch);
  out.flush();
  const auto received = all.take(batch->events.size() + 1);
  ASSERT_EQ(received.size(), batch->events.size() + 1);
  std::map<std::string, std::uint64_t> seqs;
  for (std::size_t at = 0; at < batch->events.size(); ++at) {
    const auto& what = batch->events[at];
    EXPECT_EQ(received[at].subject, subject_of(what));
    EXPECT_EQ(received[at].id.substr(0, 20), event_id(what).substr(0, 20));
    auto expected = std::string{};
    encode_json(what, *batch, {}, {++seqs[received[at].subject], "run-1"}, expected);
    const auto end = received[at].body.find_last_not_of(' ') + 1;
    EXPECT_EQ(received[at].body.substr(0, end), expected);
  }
  EXPECT_EQ(seqs["md.v1.book.kraken.BTC-USD"], 3U);
  EXPECT_EQ(received.back().subject, "md.v1.quarantine.kraken");
  EXPECT_EQ('"' + received.back().id + '"', field(received.back().body, "id"));
  EXPECT_EQ(out.counters().delivered, batch->events.size());
}

TEST_F(nats_publishing, counts_every_subject_without_a_gap) {
  const tests::nats_server server;
  tests::subscriber all(server.url(), "md.v1.trade.>");
  const auto* other = tests::sample_listing(registry_, "ETH-USD");
  nats_sink out(server.url(), context_);
  constexpr int count = 20'000;
  auto batch = std::make_shared<event_batch>();
  for (int at = 0; at < count; ++at) {
    // Prices of every length, so that bodies of many lengths use one message after the other.
    const auto price = std::to_string(std::int64_t{at} * (at % 7 == 0 ? 1'000'003 : 1)) + ".5";
    batch->events.push_back(
        tests::sample_trade(at % 3 == 0 ? other : where_, std::to_string(at), price));
  }
  out.write(batch);
  out.flush();
  const auto received = all.take(count);
  ASSERT_EQ(received.size(), std::size_t{count});
  std::map<std::string, std::uint64_t> seqs;
  for (std::size_t at = 0; at < received.size(); ++at) {
    const auto& one = received[at];
    ASSERT_EQ(one.id, event_id(batch->events[at]));
    ASSERT_EQ(field(one.body, "id"), '"' + one.id + '"');
    ASSERT_EQ(field(one.body, "seq"), std::to_string(++seqs[one.subject]));
    ASSERT_EQ(field(one.body, "price"),
              '"' + std::get<trade>(batch->events[at].body).price.to_string() + '"');
    ASSERT_EQ(one.body.find_first_not_of(' ', one.body.rfind('}') + 1), std::string::npos);
  }
  EXPECT_EQ(seqs.size(), 2U);
}

TEST_F(nats_publishing, sends_a_large_book_in_parts_that_share_their_seq) {
  const tests::nats_server server("max_payload: 8192");
  tests::subscriber all(server.url(), "md.v1.book.>");
  nats_sink out(server.url(), context_);
  const auto batch = book(1'000);
  out.write(batch);
  out.write(book(2));
  out.flush();
  auto received = all.take(2'000, 500);
  ASSERT_GT(received.size(), 5U);
  EXPECT_EQ(field(received.back().body, "seq"), "2");
  EXPECT_EQ(field(received.back().body, "part"), "");
  received.pop_back();
  std::string levels;
  for (std::size_t at = 0; at < received.size(); ++at) {
    const auto& one = received[at];
    EXPECT_LE(one.body.size(), 8'192U);
    EXPECT_EQ(one.id, "kraken:BTC-USD:book:s1#" + std::to_string(at + 1));
    EXPECT_EQ(field(one.body, "id"), '"' + one.id + '"');
    EXPECT_EQ(field(one.body, "seq"), "1");
    EXPECT_EQ(field(one.body, "part"), std::to_string(at + 1));
    EXPECT_EQ(field(one.body, "parts"), std::to_string(received.size()));
    levels += one.body;
  }
  const auto count = std::count(levels.begin(), levels.end(), '[') -
                     2 * static_cast<std::ptrdiff_t>(received.size());
  EXPECT_EQ(count, 2'000);
  EXPECT_EQ(out.counters().delivered, 2U);
}

TEST_F(nats_publishing, answers_with_the_present_book_and_where_to_join) {
  const tests::nats_server server;
  nats_sink out(server.url(), context_);
  tests::subscriber inbox(server.url(), "inbox.>");
  out.reply_present_book("inbox.1", book(1)->events[0], *book(1));
  out.write(book(3));
  out.write(book(3));
  out.reply_present_book("inbox.2", book(1)->events[0], *book(1));
  out.reply_error("inbox.3", "there is no \"X\"");
  out.flush();
  const auto received = inbox.take(3);
  ASSERT_EQ(received.size(), 3U);
  EXPECT_EQ(field(received[0].body, "seq"), "0");
  EXPECT_EQ(field(received[1].body, "seq"), "2");
  EXPECT_EQ(field(received[1].body, "epoch"), "\"run-1\"");
  EXPECT_EQ(field(received[1].body, "type"), "\"snapshot\"");
  EXPECT_EQ(received[2].body, R"({"version":1,"error":"there is no \"X\""})");
}

TEST_F(nats_publishing, answers_with_a_large_book_in_parts) {
  const tests::nats_server server("max_payload: 8192");
  nats_sink out(server.url(), context_);
  tests::subscriber inbox(server.url(), "inbox");
  const auto batch = book(500);
  out.reply_present_book("inbox", batch->events[0], *batch);
  out.flush();
  const auto received = inbox.take(1'000, 500);
  ASSERT_GT(received.size(), 2U);
  EXPECT_EQ(field(received[0].body, "parts"), std::to_string(received.size()));
}

TEST_F(nats_publishing, comes_back_when_the_server_does_and_says_that_it_was_away) {
  tests::nats_server server;
  nats_sink out(server.url(), context_);
  out.write(trades(0, 10));
  out.flush();
  server.stop();
  ASSERT_TRUE(tests::wait_until([&] { return !out.counters().connected; }));
  EXPECT_THAT(message_of([&] { out.flush(); }, true), HasSubstr(server.address()));
  out.write(trades(10, 20));  // kept until there is a connection
  server.start_again();
  ASSERT_TRUE(tests::wait_until([&] { return out.counters().connected; }));
  tests::subscriber all(server.url(), "md.v1.>");
  out.write(trades(20, 30));
  out.flush();
  const auto received = all.take(10);
  ASSERT_EQ(received.size(), 10U);
  EXPECT_EQ(field(received.back().body, "seq"), "30");
  EXPECT_GE(out.counters().disconnects, 1U);
  EXPECT_EQ(out.counters().reconnects, 1U);
}

TEST_F(nats_publishing, refuses_events_when_the_buffer_for_a_lost_connection_is_full) {
  tests::nats_server server;
  context_.options["reconnect_buffer_bytes"] = "100000";
  nats_sink out(server.url(), context_);
  server.stop();
  ASSERT_TRUE(tests::wait_until([&] { return !out.counters().connected; }));
  const auto batch = trades(0, 5'000);
  const auto message = message_of([&] { out.write(batch); }, true);
  EXPECT_THAT(message, HasSubstr(server.address() + ": the connection is lost and the buffer"));
  const auto delivered = out.counters().delivered;
  EXPECT_GT(delivered, 100U);
  EXPECT_LT(delivered, 400U);  // 100 kB and no more
  EXPECT_EQ(out.counters().batches, 0U);
  server.start_again();
  ASSERT_TRUE(tests::wait_until([&] { return out.counters().connected; }));
  tests::subscriber all(server.url(), "md.v1.>");
  out.write(batch);  // goes on behind the last one that was published
  out.flush();
  const auto received = all.take(5'000 - delivered);
  ASSERT_EQ(received.size(), 5'000 - delivered);
  EXPECT_EQ(field(received.front().body, "seq"), std::to_string(delivered + 1));
  EXPECT_EQ(field(received.back().body, "seq"), "5000");
}

TEST_F(nats_publishing, leaves_a_server_that_takes_nothing) {
  tests::nats_server server;
  context_.options["write_timeout_ms"] = "200";
  context_.options["flush_timeout_ms"] = "200";
  nats_sink out(server.url(), context_);
  server.pause();
  EXPECT_THAT(message_of([&] { out.flush(); }, true),
              HasSubstr(server.address() + ": it did not answer in time"));
  const auto batch = book(5'000);
  bool refused = false;
  for (int attempt = 0; attempt < 500 && !refused; ++attempt) {
    try {
      out.write(batch);
    } catch (const sink_error& error) {
      refused = error.retryable();
      EXPECT_THAT(error.what(), HasSubstr(server.address()));
    }
  }
  EXPECT_TRUE(refused);
  server.resume();
  EXPECT_TRUE(tests::wait_until([&] { return out.counters().connected; }));
}

TEST_F(nats_publishing, says_which_server_does_not_answer) {
  std::string address;
  {
    const tests::nats_server server;
    address = server.address();
  }
  EXPECT_THAT(message_of([&] { nats_sink("nats://u:s3cret@" + address, context_); }, true),
              testing::AllOf(HasSubstr("connect to NATS at " + address), Not(HasSubstr("s3cret"))));
}

TEST_F(nats_publishing, logs_in_with_the_credentials_of_the_address) {
  const tests::nats_server server("authorization: { user: me, password: \"p@ss\" }");
  const auto with = [&](const std::string& who) { return "nats://" + who + server.address(); };
  nats_sink out(with("me:p%40ss@"), context_);
  out.write(trades(0, 1));
  out.flush();
  EXPECT_THAT(message_of([&] { nats_sink(with("me:s3cret@"), context_); }, false),
              testing::AllOf(HasSubstr(server.address()), Not(HasSubstr("s3cret"))));
}

TEST_F(nats_publishing, needs_tls_and_credentials_unless_insecure_defaults_are_allowed) {
  context_.insecure = false;
  EXPECT_THAT(message_of([&] { nats_sink("nats://host:1", context_); }, false),
              HasSubstr("host:1 is configured without TLS (tls://) and credentials"));
  EXPECT_THAT(message_of([&] { nats_sink("tls://host:1", context_); }, false),
              HasSubstr("without credentials"));
  EXPECT_THAT(message_of([&] { nats_sink("nats://u:p@host:1", context_); }, false),
              HasSubstr("without TLS (tls://): add it"));
}

TEST_F(nats_publishing, speaks_tls_with_a_server_whose_authority_it_trusts) {
  const auto folder = testing::TempDir() + "nats_tls_" + std::to_string(::getpid());
  std::filesystem::create_directory(folder);
  const auto make =
      "cd '" + folder +
      "' && openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2"
      " -subj /CN=test-ca 2>/dev/null && openssl req -newkey rsa:2048 -nodes -keyout key.pem"
      " -out req.pem -subj /CN=localhost 2>/dev/null &&"
      " printf 'subjectAltName=IP:127.0.0.1,DNS:localhost' >ext &&"
      " openssl x509 -req -in req.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
      " -extfile ext -out cert.pem 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  {
    const tests::nats_server server("tls: { cert_file: \"" + folder + "/cert.pem\", key_file: \"" +
                                    folder +
                                    "/key.pem\" }\nauthorization: { user: me, password: p }");
    context_.insecure = false;
    const auto target = "tls://me:p@" + server.address();
    EXPECT_THAT(message_of([&] { nats_sink(target, context_); }, false),
                HasSubstr("TLS failed: check ca_file"));
    context_.options["ca_file"] = folder + "/ca.pem";
    nats_sink out(target, context_);
    out.write(trades(0, 3));
    out.flush();
    EXPECT_EQ(out.counters().delivered, 3U);
    context_.options["ca_file"] = folder + "/none.pem";
    EXPECT_THAT(message_of([&] { nats_sink(target, context_); }, false), HasSubstr("none.pem"));
  }
  std::filesystem::remove_all(folder);
}

TEST_F(nats_publishing, of_a_replay_is_marked_in_every_message_and_has_its_own_subjects) {
  const tests::nats_server server;
  tests::subscriber all(server.url(), ">");
  const auto publish = [&] {
    nats_sink out(server.url(), context_);
    out.write(trades(0, 2));
    out.write(book(300));  // a message that is not kept for the next
    out.flush();
    return all.take(3);
  };
  for (const auto& message : publish()) EXPECT_EQ(message.replay, "") << message.subject;
  context_.is_replay = true;
  context_.options["prefix"] = "lab";
  const auto replayed = publish();
  ASSERT_EQ(replayed.size(), 3U);
  EXPECT_EQ(replayed[0].subject, "lab.md.v1.trade.kraken.BTC-USD");
  EXPECT_EQ(replayed[2].subject, "lab.md.v1.book.kraken.BTC-USD");
  for (const auto& message : replayed) EXPECT_EQ(message.replay, "run-1") << message.subject;
}

TEST_F(nats_publishing, takes_nothing_after_it_was_closed) {
  const tests::nats_server server;
  nats_sink out(server.url(), context_);
  out.write(trades(0, 2));
  out.close();
  out.close();
  EXPECT_THAT(message_of([&] { out.write(trades(0, 1)); }, false), HasSubstr("is closed"));
  EXPECT_EQ(out.counters().delivered, 2U);
  EXPECT_FALSE(out.counters().connected);
}

// nats.c tells of it on a thread of its own, after the publish has returned.
TEST_F(nats_publishing, says_which_subject_the_server_does_not_permit) {
  const tests::nats_server server(
      "authorization { users = [{user: md, password: pw, permissions: {publish: {deny: "
      "\"md.v1.trade.>\"}}}] }");
  nats_sink out("nats://md:pw@" + server.address(), context_);
  out.write(trades(0, 3));
  out.flush();
  ASSERT_TRUE(tests::wait_until([&] { return out.counters().not_permitted == 3; }));
  EXPECT_THAT(out.trouble(), HasSubstr("md.v1.trade.kraken.BTC-USD"));
  EXPECT_THAT(out.trouble(), HasSubstr(server.address()));
  EXPECT_THAT(out.trouble(), Not(HasSubstr("pw")));
}

TEST_F(nats_publishing, leaves_out_what_is_larger_than_the_server_takes_and_says_so) {
  const tests::nats_server server("max_payload: 512");
  tests::subscriber all(server.url(), "md.v1.>");
  nats_sink out(server.url(), context_);
  auto batch = std::make_shared<event_batch>(*trades(0, 1));
  auto entry = tests::sample_quarantine();
  entry.excerpt = std::string(600, 'x');
  batch->quarantine.push_back(entry);
  batch->quarantine.push_back(tests::sample_quarantine());
  out.write(batch);
  out.flush();
  EXPECT_EQ(all.take(2).size(), 2U);
  EXPECT_EQ(out.counters().too_large, 1U);
  EXPECT_THAT(out.trouble(), HasSubstr("md.v1.quarantine.kraken"));
  EXPECT_THAT(out.trouble(), HasSubstr("512"));
}

}  // namespace
}  // namespace feedtree::nats
