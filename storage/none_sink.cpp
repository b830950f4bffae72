// Takes events and keeps none: for measuring what comes before the sinks.
#include "core/sink.hpp"

namespace feedtree::storage {
namespace {

class none_sink : public sink {
 public:
  void write(const batch_ptr& batch) override {
    if (closed_) throw sink_error(false, "the none sink is closed");
    ++counters_.batches;
    counters_.events += batch->events.size();
    counters_.delivered += batch->events.size();
  }
  void flush() override {}
  sink_counters counters() const override { return counters_; }
  void close() override { closed_ = true; }

 private:
  sink_counters counters_;
  bool closed_ = false;
};

std::unique_ptr<sink> make_none(std::string_view target, const sink_context& context) {
  if (!target.empty()) throw sink_error(false, "the none sink has no target");
  check_sink_options("none", context, {});
  return std::make_unique<none_sink>();
}

const sink_registration registered{"none", make_none};

}  // namespace
}  // namespace feedtree::storage
