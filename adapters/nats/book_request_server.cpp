#include "adapters/nats/book_request_server.hpp"

#include <mutex>

#include "adapters/nats/subject.hpp"

namespace feedtree::nats {
namespace {

constexpr int pending_max_bytes = 1 << 20;
constexpr std::size_t subject_shown_max = 100;
constexpr std::string_view no_instrument =
    R"({"version":1,"error":"ask for md.v1.get.book.<venue>.<instrument>"})";

}  // namespace

// Shared with the subscription, which lets go of it after its last call.
struct book_request_server::state {
  std::mutex mutex;
  book_request_handler handler;
  std::size_t prefix_bytes = 0;  // of a request's subject
  natsSubscription* subscription = nullptr;
  bool stopped = false;
  std::string reply_prefix;
  std::uint64_t refused = 0;
  std::string refused_subject;

  using holder = std::shared_ptr<state>;

  static void on_message(natsConnection* connection, natsSubscription*, natsMsg* message,
                         void* closure) {
    const auto self = *static_cast<holder*>(closure);
    self->take(connection, message);
    natsMsg_Destroy(message);
  }
  static void on_complete(void* closure) { delete static_cast<holder*>(closure); }

  void take(natsConnection* connection, natsMsg* message) {
    const char* const reply = natsMsg_GetReply(message);
    if (reply == nullptr) return;
    if (!std::string_view(reply).starts_with(reply_prefix)) {
      const std::lock_guard lock(mutex);
      ++refused;
      refused_subject = std::string_view(reply).substr(0, subject_shown_max);
      return;
    }
    auto names = std::string_view(natsMsg_GetSubject(message)).substr(prefix_bytes);
    const auto dot = names.find('.');
    if (dot == std::string_view::npos) {
      natsConnection_Publish(connection, reply, no_instrument.data(),
                             static_cast<int>(no_instrument.size()));
      return;
    }
    const std::lock_guard lock(mutex);
    if (stopped) return;
    handler({name_of_token(names.substr(0, dot)), name_of_token(names.substr(dot + 1)), reply});
  }
};

book_request_server::book_request_server(connection& on, book_request_handler handler,
                                         const std::string& prefix)
    : state_(std::make_shared<state>()) {
  state_->handler = std::move(handler);
  state_->reply_prefix = on.reply_prefix();
  const auto subject = prefix + std::string(book_request_prefix) + ">";
  state_->prefix_bytes = subject.size() - 1;
  auto* const held = new state::holder(state_);
  const auto status = natsConnection_Subscribe(&state_->subscription, on.get(), subject.c_str(),
                                               state::on_message, held);
  if (status != NATS_OK) delete held;
  on.check(status, "subscribe at");
  natsSubscription_SetOnCompleteCB(state_->subscription, state::on_complete, held);
  on.check(natsSubscription_SetPendingLimits(state_->subscription, pending_max, pending_max_bytes),
           "subscribe at");
}

std::uint64_t book_request_server::refused() const {
  const std::lock_guard lock(state_->mutex);
  return state_->refused;
}

std::string book_request_server::refused_subject() const {
  const std::lock_guard lock(state_->mutex);
  return state_->refused_subject;
}

book_request_server::~book_request_server() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
  }
  natsSubscription_Destroy(state_->subscription);
}

}  // namespace feedtree::nats
