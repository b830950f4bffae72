#include "adapters/transport/reactor.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

namespace feedtree::transport {
namespace {

constexpr std::chrono::seconds patience{20};

// Runs `task` on the reactor and gives its value.
template <class Task>
auto run_on(reactor& loop, Task task) {
  std::promise<decltype(task())> promise;
  auto future = promise.get_future();
  loop.post([&] { promise.set_value(task()); });
  if (future.wait_for(patience) != std::future_status::ready) throw std::runtime_error("too late");
  return future.get();
}

TEST(reactor, runs_tasks_on_its_own_thread) {
  reactor loop;
  loop.start();
  EXPECT_NE(run_on(loop, [] { return std::this_thread::get_id(); }), std::this_thread::get_id());
  EXPECT_TRUE(run_on(loop, [&] { return loop.is_inside(); }));
  EXPECT_FALSE(loop.is_inside());
}

TEST(reactor, runs_on_start_what_was_posted_before) {
  reactor loop;
  std::promise<void> ran;
  loop.post([&] { ran.set_value(); });
  loop.start();
  EXPECT_EQ(ran.get_future().wait_for(patience), std::future_status::ready);
}

TEST(reactor, can_be_stopped_and_started_again) {
  reactor loop;
  for (int i = 0; i < 3; ++i) {
    loop.start();
    loop.start();
    EXPECT_EQ(run_on(loop, [i] { return i; }), i);
    loop.stop();
    loop.stop();
  }
}

TEST(reactor, runs_as_many_threads_as_it_is_told) {
  reactor loop({.threads = 2, .on_exception = {}});
  loop.start();
  // Each task waits for the other, which takes two threads.
  std::promise<void> first;
  std::promise<void> second;
  auto second_ran = second.get_future();
  loop.post([&] { first.get_future().wait_for(patience); });
  loop.post([&] {
    first.set_value();
    second.set_value();
  });
  EXPECT_EQ(second_ran.wait_for(patience), std::future_status::ready);
  loop.stop();
}

TEST(reactor, reports_an_exception_and_goes_on) {
  std::promise<std::string> what;
  reactor loop({.threads = 1,
                .on_exception = [&](std::string_view text) { what.set_value(std::string(text)); }});
  loop.start();
  loop.post([] { throw std::runtime_error("went wrong"); });
  auto future = what.get_future();
  ASSERT_EQ(future.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(future.get(), "went wrong");
  EXPECT_EQ(run_on(loop, [] { return 1; }), 1);
}

TEST(reactor, discards_what_is_left_when_it_is_destroyed) {
  const auto held = std::make_shared<int>(1);
  {
    reactor loop;
    loop.post([held] {});
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace feedtree::transport
