#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "adapters/transport/reactor.hpp"

namespace feedtree::transport {

struct reactor::impl {
  explicit impl(reactor_options given)
      : options(std::move(given)), context(static_cast<int>(options.threads)) {}

  void run();

  reactor_options options;
  boost::asio::io_context context;
  std::mutex mutex;  // of what is below
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work;
  std::vector<std::thread> threads;
};

}  // namespace feedtree::transport
