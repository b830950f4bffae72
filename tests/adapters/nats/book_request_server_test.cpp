#include "adapters/nats/book_request_server.hpp"

#include <gtest/gtest.h>

#include <mutex>

#include "tests/adapters/nats/nats_server.hpp"

namespace feedtree::nats {
namespace {

class nats_book_requests : public testing::Test {
 protected:
  void SetUp() override {
    FEEDTREE_NATS_SERVER();
    server_ = std::make_unique<tests::nats_server>();
    connection_options options;
    options.servers = parse_servers(server_->url());
    options.reconnect_wait_ms = 50;
    connection_ = std::make_unique<connection>(options);
  }

  std::unique_ptr<book_request_server> answering() {
    auto handler = [this](const book_request& request) {
      const std::lock_guard lock(mutex_);
      seen_.push_back(request.venue + " " + request.instrument);
      connection_->publish(request.reply, "book of " + request.instrument);
    };
    auto made = std::make_unique<book_request_server>(*connection_, handler);
    connection_->flush();
    return made;
  }

  // The answer to a request by another connection; empty if there is none.
  static std::string ask(const tests::subscriber& by, const std::string& subject) {
    natsMsg* reply = nullptr;
    if (natsConnection_RequestString(&reply, by.connection(), subject.c_str(), "", 1'000) !=
        NATS_OK) {
      return {};
    }
    const std::string text(natsMsg_GetData(reply),
                           static_cast<std::size_t>(natsMsg_GetDataLength(reply)));
    natsMsg_Destroy(reply);
    return text;
  }

  std::unique_ptr<tests::nats_server> server_;
  std::unique_ptr<connection> connection_;
  std::mutex mutex_;
  std::vector<std::string> seen_;
};

TEST_F(nats_book_requests, are_handed_over_with_venue_and_instrument) {
  const auto server = answering();
  const tests::subscriber requester(server_->url(), "nothing");
  EXPECT_EQ(ask(requester, "md.v1.get.book.kraken.BTC-USD"), "book of BTC-USD");
  EXPECT_EQ(ask(requester, "md.v1.get.book.okx.BTC-USD-20261225-0%2E5-C"),
            "book of BTC-USD-20261225-0.5-C");
  EXPECT_EQ(ask(requester, "md.v1.get.book.okx.BTC-USD-20261225-0.5-C"),
            "book of BTC-USD-20261225-0.5-C");
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(seen_.front(), "kraken BTC-USD");
}

TEST_F(nats_book_requests, are_answered_with_an_error_where_no_instrument_is_named) {
  const auto server = answering();
  const tests::subscriber requester(server_->url(), "nothing");
  EXPECT_EQ(ask(requester, "md.v1.get.book.kraken"),
            R"({"version":1,"error":"ask for md.v1.get.book.<venue>.<instrument>"})");
  EXPECT_TRUE(seen_.empty());
}

TEST_F(nats_book_requests, are_dropped_where_there_is_no_reply_subject) {
  const auto server = answering();
  const tests::subscriber requester(server_->url(), "nothing");
  natsConnection_PublishString(requester.connection(), "md.v1.get.book.kraken.BTC-USD", "");
  EXPECT_EQ(ask(requester, "md.v1.get.book.kraken.ETH-USD"), "book of ETH-USD");
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(seen_, std::vector<std::string>{"kraken ETH-USD"});
}

TEST_F(nats_book_requests, are_heard_no_more_when_the_server_object_is_gone) {
  const tests::subscriber requester(server_->url(), "nothing");
  for (int round = 0; round < 20; ++round) {
    const auto server = answering();
    natsConnection_PublishRequestString(requester.connection(), "md.v1.get.book.kraken.BTC-USD",
                                        "nothing", "");
    natsConnection_Flush(requester.connection());
  }
  EXPECT_EQ(ask(requester, "md.v1.get.book.kraken.BTC-USD"), "");
}

TEST_F(nats_book_requests, are_heard_again_after_the_connection_was_lost) {
  const auto server = answering();
  server_->stop();
  ASSERT_TRUE(tests::wait_until([&] { return !connection_->counters().connected; }));
  server_->start_again();
  ASSERT_TRUE(tests::wait_until([&] { return connection_->counters().connected; }));
  const tests::subscriber requester(server_->url(), "nothing");
  EXPECT_TRUE(tests::wait_until(
      [&] { return ask(requester, "md.v1.get.book.kraken.BTC-USD") == "book of BTC-USD"; }));
}

// Whoever may ask could else have us publish anywhere with our rights.
TEST_F(nats_book_requests, are_answered_at_inboxes_and_nowhere_else) {
  const auto server = answering();
  tests::subscriber requester(server_->url(), "$JS.API.STREAM.PURGE.MD");
  for (const char* subject : {"md.v1.get.book.kraken.BTC-USD", "md.v1.get.book.kraken"}) {
    natsConnection_PublishRequestString(requester.connection(), subject, "$JS.API.STREAM.PURGE.MD",
                                        "");
  }
  EXPECT_EQ(ask(requester, "md.v1.get.book.kraken.ETH-USD"), "book of ETH-USD");
  EXPECT_EQ(server->refused(), 2U);
  EXPECT_EQ(server->refused_subject(), "$JS.API.STREAM.PURGE.MD");
  EXPECT_TRUE(requester.take(1, 100).empty());
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(seen_, std::vector<std::string>{"kraken ETH-USD"});
}

}  // namespace
}  // namespace feedtree::nats
