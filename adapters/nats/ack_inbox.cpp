#include "adapters/nats/ack_inbox.hpp"

#include <simdjson.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace feedtree::nats {
namespace {

// "message size exceeds maximum allowed": of the stream, so that no second try helps.
constexpr std::int64_t message_too_large = 10'054;

void note_error(ack_inbox::report& into, std::string text, bool retryable) {
  if (!into.error.empty()) return;
  into.error = std::move(text);
  into.retryable = retryable;
}

}  // namespace

// {"stream":"MD","seq":12}, with "duplicate":true where it had the message, or
// {"error":{"code":503,"err_code":10077,"description":"..."},"stream":"MD","seq":0}.
void read_acknowledgement(std::string_view body, ack_inbox::report& into) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element answer;
  if (parser.parse(body.data(), body.size()).get(answer) != simdjson::SUCCESS) {
    return note_error(into, "the answer is no acknowledgement", true);
  }
  simdjson::dom::element error;
  if (answer["error"].get(error) == simdjson::SUCCESS) {
    std::string_view text;
    std::int64_t code = 0;
    if (error["description"].get(text) != simdjson::SUCCESS) text = "it does not say why";
    if (error["err_code"].get(code) != simdjson::SUCCESS) code = 0;
    return note_error(into, std::string(text), code != message_too_large);
  }
  std::uint64_t sequence = 0;
  if (answer["seq"].get(sequence) != simdjson::SUCCESS) {
    return note_error(into, "the answer is no acknowledgement", true);
  }
  into.last_sequence = std::max(into.last_sequence, sequence);
  bool duplicate = false;
  if (answer["duplicate"].get(duplicate) == simdjson::SUCCESS && duplicate) ++into.duplicates;
}

// Shared with the subscription, which lets go of it after its last call.
struct ack_inbox::state {
  std::mutex mutex;
  std::condition_variable changed;
  report so_far;
  std::uint64_t waiting_for = 0;
  natsSubscription* subscription = nullptr;

  using holder = std::shared_ptr<state>;

  static void on_message(natsConnection*, natsSubscription*, natsMsg* message, void* closure) {
    static_cast<holder*>(closure)->get()->take(message);
    natsMsg_Destroy(message);
  }
  static void on_complete(void* closure) { delete static_cast<holder*>(closure); }

  void take(natsMsg* message) {
    const std::lock_guard lock(mutex);
    if (so_far.outstanding > 0) --so_far.outstanding;
    if (natsMsg_IsNoResponders(message)) {
      note_error(so_far, "no stream takes this subject", true);
    } else {
      read_acknowledgement(
          {natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))},
          so_far);
    }
    if (is_over()) changed.notify_all();
  }
  bool is_over() const { return so_far.outstanding <= waiting_for || !so_far.error.empty(); }
};

ack_inbox::ack_inbox(connection& on) : state_(std::make_shared<state>()) {
  char* made = nullptr;
  on.check(natsInbox_Create(&made), "make an inbox for");
  subject_ = made;
  natsInbox_Destroy(made);
  auto* const held = new state::holder(state_);
  const auto status = natsConnection_Subscribe(&state_->subscription, on.get(), subject_.c_str(),
                                               state::on_message, held);
  if (status != NATS_OK) delete held;
  on.check(status, "subscribe at");
  natsSubscription_SetOnCompleteCB(state_->subscription, state::on_complete, held);
  // Not more can wait than was published: the publisher waits for them.
  on.check(natsSubscription_SetPendingLimits(state_->subscription, -1, -1), "subscribe at");
}

ack_inbox::~ack_inbox() {
  natsSubscription_Destroy(state_->subscription);
}

std::uint64_t ack_inbox::published() {
  const std::lock_guard lock(state_->mutex);
  return ++state_->so_far.outstanding;
}

ack_inbox::report ack_inbox::wait(std::uint64_t outstanding_max,
                                  std::chrono::milliseconds timeout) {
  std::unique_lock lock(state_->mutex);
  state_->waiting_for = outstanding_max;
  state_->changed.wait_for(lock, timeout, [this] { return state_->is_over(); });
  return state_->so_far;
}

}  // namespace feedtree::nats
