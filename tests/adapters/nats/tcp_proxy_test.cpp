// The proxy of the tests, between a client and a real nats-server.
#include "tests/support/tcp_proxy.hpp"

#include <gtest/gtest.h>

#include "adapters/nats/jetstream_sink.hpp"
#include "adapters/nats/nats_sink.hpp"
#include "tests/adapters/nats/jetstream_support.hpp"

namespace feedtree::nats {
namespace {

class proxied : public tests::jetstream_storing {
 protected:
  void SetUp() override {
    tests::jetstream_storing::SetUp();
    if (!server_) return;
    const auto url = server_->url();
    proxy_.emplace(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
    context_.options["flush_timeout_ms"] = "500";
    context_.options["connect_timeout_ms"] = "1000";
  }
  template <class Sink>
  std::unique_ptr<Sink> make_behind_proxy() {
    return std::make_unique<Sink>("nats://" + proxy_->address(), context_);
  }
  // Calls flush until it goes through; true if it threw before that.
  static bool flush_until_done(sink& out) {
    bool failed = false;
    EXPECT_TRUE(tests::wait_until([&] {
      try {
        out.flush();
        return true;
      } catch (const sink_error& error) {
        EXPECT_TRUE(error.retryable()) << error.what();
        failed = true;
        return false;
      }
    }));
    return failed;
  }

  std::optional<tests::tcp_proxy> proxy_;
};

TEST_F(proxied, passes_everything_where_it_is_told_nothing) {
  const auto out = make_behind_proxy<jetstream_sink>();
  out->write(trades(0, 5'000));
  out->flush();
  EXPECT_EQ(tests::stream_reader(server_->url()).counts().size(), 5'000U);
  EXPECT_EQ(proxy_->connections(), 1U);
  EXPECT_GT(proxy_->bytes_to_target(), 5'000U * 100);
}

TEST_F(proxied, refuses_connections_until_it_takes_them_again) {
  proxy_->refuse(true);
  EXPECT_THROW(make_behind_proxy<nats_sink>(), sink_error);
  proxy_->refuse(false);
  EXPECT_NO_THROW(make_behind_proxy<nats_sink>());
}

TEST_F(proxied, resets_a_connection_and_the_events_are_there_once_all_the_same) {
  const auto out = make_behind_proxy<jetstream_sink>();
  out->write(trades(0, 1'000));
  proxy_->reset();
  ASSERT_TRUE(tests::wait_until([&] { return out->counters().disconnects > 0; }));
  EXPECT_TRUE(flush_until_done(*out));
  const auto counts = tests::stream_reader(server_->url()).counts();
  EXPECT_EQ(counts.size(), 1'000U);
  for (const auto& [id, count] : counts) EXPECT_EQ(count, 1) << id;
}

TEST_F(proxied, is_a_black_hole_in_which_a_flush_ends_in_time) {
  const auto out = make_behind_proxy<jetstream_sink>();
  proxy_->blackhole(true);
  out->write(trades(0, 10));
  EXPECT_THROW(out->flush(), sink_error);
  proxy_->blackhole(false);
  flush_until_done(*out);
  EXPECT_EQ(tests::stream_reader(server_->url()).counts().size(), 10U);
}

TEST_F(proxied, lets_so_many_bytes_through_and_not_more) {
  context_.options["flush_timeout_ms"] = "30000";
  const auto out = make_behind_proxy<nats_sink>();
  proxy_->throttle(200'000);
  const auto begin = std::chrono::steady_clock::now();
  out->write(trades(0, 1'000));  // 400 kB
  out->flush();
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  const auto bytes = proxy_->bytes_to_target();
  const auto seconds = std::chrono::duration<double>(elapsed).count();
  EXPECT_LT(static_cast<double>(bytes), 200'000 * (seconds + 0.3));
  EXPECT_GT(bytes, 200'000U);
}

TEST_F(proxied, delays_each_way) {
  context_.options["flush_timeout_ms"] = "10000";
  const auto out = make_behind_proxy<nats_sink>();
  proxy_->delay(std::chrono::milliseconds(150));
  const auto begin = std::chrono::steady_clock::now();
  out->flush();  // there and back
  // The proxy waits by a clock that counts in whole milliseconds.
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(298));
}

}  // namespace
}  // namespace feedtree::nats
