// What is stored, and how the stream is made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/nats/subject.hpp"
#include "tests/adapters/nats/jetstream_support.hpp"

namespace feedtree::nats {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;
using jetstream_sinks = tests::jetstream_storing;

std::string error_of(const std::function<void()>& action, bool retryable) {
  try {
    action();
  } catch (const sink_error& error) {
    EXPECT_EQ(error.retryable(), retryable) << error.what();
    return error.what();
  }
  return "nothing was thrown";
}

TEST_F(jetstream_sinks, store_every_kind_of_event_under_its_subject_and_id) {
  auto batch = tests::every_kind(where_);
  batch->quarantine.push_back(tests::sample_quarantine());
  const auto out = make();
  out->write(batch);
  out->flush();
  const tests::stream_reader stream(server_->url());
  const auto stored = stream.all();
  ASSERT_EQ(stored.size(), batch->events.size() + 1);
  for (std::size_t at = 0; at < batch->events.size(); ++at) {
    EXPECT_EQ(stored[at].subject, subject_of(batch->events[at]));
    EXPECT_EQ(stored[at].id.substr(0, 20), event_id(batch->events[at]).substr(0, 20));
    EXPECT_EQ(tests::json_field(stored[at].body, "epoch"), "\"run-1\"");
  }
  EXPECT_EQ(stored.back().subject, "md.v1.quarantine.kraken");
  EXPECT_EQ(out->counters().delivered, batch->events.size());
  EXPECT_EQ(out->counters().duplicates, 0U);
}

TEST_F(jetstream_sinks, make_the_stream_as_they_are_told) {
  context_.options["duplicate_window_ms"] = "90000";
  context_.options["max_age_ms"] = "3600000";
  context_.options["max_size_bytes"] = "1048576";
  context_.options["stream"] = "TICKS";
  make();
  const tests::stream_reader stream(server_->url(), "TICKS");
  EXPECT_TRUE(stream.with_info([](const jsStreamInfo& info) {
    EXPECT_EQ(info.Config->Duplicates, 90'000'000'000);
    EXPECT_EQ(info.Config->MaxAge, 3'600'000'000'000);
    EXPECT_EQ(info.Config->MaxBytes, 1'048'576);
    EXPECT_EQ(info.Config->Storage, js_FileStorage);
    // A subject for each kind, quarantine and alerts.
    EXPECT_EQ(info.Config->SubjectsLen, static_cast<int>(event_kinds) + 2);
  }));
}

TEST_F(jetstream_sinks, want_a_stream_that_is_there_where_they_may_not_make_one) {
  context_.options["create"] = "0";
  EXPECT_THAT(error_of([&] { make(); }, false), HasSubstr("has no stream MD"));
}

TEST_F(jetstream_sinks, say_that_jetstream_is_off) {
  server_.emplace("");
  EXPECT_THAT(error_of([&] { make(); }, true), HasSubstr("JetStream is not enabled there"));
}

TEST_F(jetstream_sinks, put_a_prefix_before_every_subject) {
  context_.options["prefix"] = "stored";
  const auto out = make();
  out->write(trades(0, 2));
  out->flush();
  const auto stored = tests::stream_reader(server_->url()).all();
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0].subject, "stored.md.v1.trade.kraken.BTC-USD");
}

TEST_F(jetstream_sinks, answer_requests_for_books_and_do_not_store_them) {
  const auto out = make();
  auto book = std::make_shared<event_batch>();
  tests::append_book(*book, where_, "s1", true, 2);
  out->write(book);
  out->flush();
  std::mutex mutex;
  std::string reply;
  out->hear_questions([&](const std::string&, const std::string&, std::string to) {
    const std::lock_guard lock(mutex);
    reply = std::move(to);
  });
  const tests::stream_reader stream(server_->url());
  tests::subscriber answers(server_->url(), "_INBOX.answers");
  ASSERT_EQ(natsConnection_PublishRequestString(
                answers.connection(), "md.v1.get.book.kraken.BTC-USD", "_INBOX.answers", ""),
            NATS_OK);
  ASSERT_TRUE(tests::wait_until([&] {
    const std::lock_guard lock(mutex);
    return !reply.empty();
  }));
  out->answer(reply, *book);
  const auto received = answers.take(1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(tests::json_field(received[0].body, "kind"), "\"book\"");
  EXPECT_EQ(tests::json_field(received[0].body, "seq"), "1");
  EXPECT_EQ(stream.last_sequence(), 1U);
}

TEST_F(jetstream_sinks, store_large_books_in_parts) {
  server_.emplace(std::string("max_payload: 8192\n") + tests::with_jetstream);
  auto book = std::make_shared<event_batch>();
  tests::append_book(*book, where_, "s1", true, 400);
  const auto out = make();
  out->write(book);
  out->flush();
  const auto stored = tests::stream_reader(server_->url()).all();
  ASSERT_GT(stored.size(), 1U);
  for (const auto& each : stored) EXPECT_EQ(tests::json_field(each.body, "seq"), "1");
}

TEST_F(jetstream_sinks, give_up_where_the_stream_will_never_take_a_message) {
  const tests::stream_reader stream(server_->url());
  jsStreamConfig config;
  jsStreamConfig_Init(&config);
  const char* subjects[] = {"md.v1.trade.>"};
  config.Name = "MD";
  config.Subjects = subjects;
  config.SubjectsLen = 1;
  config.MaxMsgSize = 64;
  ASSERT_EQ(js_AddStream(nullptr, stream.context(), &config, nullptr, nullptr), NATS_OK);
  const auto out = make();
  out->write(trades(0, 1));
  EXPECT_THAT(error_of([&] { out->flush(); }, false), HasSubstr("did not take an event"));
}

TEST_F(jetstream_sinks, wait_for_a_stream_that_takes_the_subject) {
  const auto out = make();
  const tests::stream_reader stream(server_->url());
  stream.remove_stream();
  out->write(trades(0, 3));
  EXPECT_THAT(error_of([&] { out->flush(); }, true), HasSubstr("no stream takes this subject"));
  out->flush();  // made it again
  EXPECT_EQ(stream.counts().size(), 3U);
}

TEST(acknowledgements, are_read_as_the_server_writes_them) {
  ack_inbox::report seen;
  read_acknowledgement(R"({"stream":"MD", "seq":7})", seen);
  read_acknowledgement(R"({"stream":"MD", "seq":3,"duplicate": true})", seen);
  EXPECT_EQ(seen.last_sequence, 7U);
  EXPECT_EQ(seen.duplicates, 1U);
  EXPECT_EQ(seen.error, "");
  read_acknowledgement(
      R"({"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"},"seq":0})",
      seen);
  EXPECT_EQ(seen.error, "maximum bytes exceeded");
  EXPECT_TRUE(seen.retryable);
  ack_inbox::report too_large;
  read_acknowledgement(
      R"({"error":{"code":400,"err_code":10054,"description":"message size exceeds"}})", too_large);
  EXPECT_FALSE(too_large.retryable);
  for (const auto* body : {"", "x", "{}", "[]", R"({"seq":"7"})", R"({"error":{}})"}) {
    ack_inbox::report other;
    read_acknowledgement(body, other);
    EXPECT_NE(other.error, "") << body;
  }
}

TEST(stream_cursors, are_read_as_they_are_written) {
  const stream_cursor cursor{18'446'744'073'709'551'615ULL, 12, 1'618'678'123'123'456'789};
  EXPECT_EQ(parse_cursor(to_text(cursor)), cursor);
  for (const auto* text :
       {"", "1", "1 2", "1 2 ", "1 2 x", "1 2 3 ", "1  2 3", " 1 2 3", "-1 2 3"}) {
    EXPECT_EQ(parse_cursor(text), std::nullopt) << text;
  }
}

TEST(stored_messages_of_a_stream, come_by_once_and_again_until_a_flush) {
  using enum stored_messages::origin;
  stored_messages stored;
  stored.add("a", earlier_run);
  stored.add("b", this_run);
  EXPECT_EQ(stored.take("c"), none);
  EXPECT_EQ(stored.take("a"), earlier_run);
  EXPECT_EQ(stored.take("a"), none);
  stored.take_back();
  EXPECT_EQ(stored.take("a"), earlier_run);
  stored.flushed();
  stored.take_back();
  EXPECT_EQ(stored.take("a"), none);
  EXPECT_EQ(stored.size(), 1U);
}

TEST(stored_messages_of_a_stream, are_forgotten_when_they_cannot_come_any_more) {
  stored_messages stored;
  stored.add("never", stored_messages::origin::earlier_run);
  const std::string other = "other";
  for (std::uint64_t at = 0; at < stored_messages::misses_max; ++at) stored.take(other);
  EXPECT_TRUE(stored.empty());
}

}  // namespace
}  // namespace feedtree::nats
