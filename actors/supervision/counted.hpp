// Actors that count the messages they handle and those that wait.
#pragma once

#include <caf/behavior.hpp>
#include <caf/detail/behavior_impl.hpp>
#include <caf/scheduled_actor.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "actors/supervision/actor_registry.hpp"

namespace feedtree::actors {

// Passes every message on to the handlers, counts it and the time that it takes. Runs in the
// actor's own thread of control.
class counting_handlers : public caf::detail::behavior_impl {
 public:
  counting_handlers(caf::scheduled_actor* self, pointer handlers,
                    std::shared_ptr<actor_gauge> gauge)
      : behavior_impl(handlers->timeout()),
        self_(self),
        handlers_(std::move(handlers)),
        gauge_(std::move(gauge)) {}

  caf::match_case::result invoke_empty(caf::detail::invoke_result_visitor& visitor) override {
    count();
    const stopwatch takes(*gauge_);
    return handlers_->invoke_empty(visitor);
  }
  using behavior_impl::invoke;
  caf::match_case::result invoke(caf::detail::invoke_result_visitor& visitor,
                                 caf::type_erased_tuple& message) override {
    count();
    const stopwatch takes(*gauge_);
    return handlers_->invoke(visitor, message);
  }
  void handle_timeout() override { handlers_->handle_timeout(); }

 private:
  // Counts its own lifetime, also where a handler throws.
  class stopwatch {
   public:
    explicit stopwatch(actor_gauge& gauge) : gauge_(gauge) {}
    ~stopwatch() {
      const auto took = std::chrono::steady_clock::now() - began_;
      gauge_.handling.add_ns(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count());
    }
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;

   private:
    actor_gauge& gauge_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  };

  // Only the actor itself writes. The depth is what its queue holds behind this message.
  void count() {
    auto& handled = gauge_->messages_handled;
    handled.store(handled.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    gauge_->mailbox_depth.store(self_->mailbox().queue().total_task_size(),
                                std::memory_order_relaxed);
  }

  caf::scheduled_actor* self_;
  pointer handlers_;
  std::shared_ptr<actor_gauge> gauge_;
};

// Spawns an actor that counts in this gauge; null: it does not count.
template <caf::spawn_options Spawn = caf::no_spawn_options, class Parent, class Behavior,
          class Self, class Options>
auto spawn_counted(Parent* parent, std::shared_ptr<actor_gauge> gauge,
                   Behavior (*make)(Self*, Options), Options options) {
  return parent->template spawn<Spawn>(
      [make, gauge = std::move(gauge)](Self* self, Options given) -> Behavior {
        auto handlers = make(self, std::move(given));
        if (gauge == nullptr) return handlers;
        caf::detail::behavior_impl::pointer counting(
            new counting_handlers(self, handlers.unbox().as_behavior_impl(), gauge), false);
        return {typename Behavior::unsafe_init{}, caf::behavior(std::move(counting))};
      },
      std::move(options));
}

}  // namespace feedtree::actors
