#include "adapters/transport/reactor.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>

#include "adapters/transport/detail/reactor_impl.hpp"

namespace feedtree::transport {

void reactor::impl::run() {
  while (true) {
    try {
      context.run();
      return;
    } catch (const std::exception& error) {
      if (!options.on_exception) throw;
      options.on_exception(error.what());
    }
  }
}

reactor::reactor(reactor_options options) {
  options.threads = std::max(options.threads, 1U);
  impl_ = std::make_unique<impl>(std::move(options));
}

reactor::~reactor() {
  stop();
}

void reactor::start() {
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->threads.empty()) return;
  impl_->context.restart();
  impl_->work.emplace(impl_->context.get_executor());
  for (unsigned i = 0; i < impl_->options.threads; ++i)
    impl_->threads.emplace_back([self = impl_.get()] { self->run(); });
}

void reactor::stop() {
  const std::lock_guard lock(impl_->mutex);
  impl_->work.reset();
  impl_->context.stop();
  for (auto& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

void reactor::post(std::function<void()> task) {
  boost::asio::post(impl_->context, std::move(task));
}

bool reactor::is_inside() const noexcept {
  return impl_->context.get_executor().running_in_this_thread();
}

}  // namespace feedtree::transport
