#include "adapters/nats/reusable_messages.hpp"

#include <array>
#include <cstring>

namespace feedtree::nats {
namespace {

constexpr const char* id_header = "Nats-Msg-Id";
constexpr const char* source_header = "Feedtree-Source";
constexpr const char* replay_header = "Feedtree-Replay";

}  // namespace

natsStatus reusable_messages::make(std::string_view body, const acknowledged_by* by,
                                   message_ptr& out) const {
  natsMsg* made = nullptr;
  auto status = natsMsg_Create(&made, subject_.c_str(), by == nullptr ? nullptr : by->reply.c_str(),
                               body.data(), static_cast<int>(body.size()));
  out.reset(made);
  if (status == NATS_OK && by != nullptr) {
    status = natsMsgHeader_Set(made, source_header, by->source.c_str());
  }
  if (status == NATS_OK && !replay_.empty()) {
    status = natsMsgHeader_Set(made, replay_header, replay_.c_str());
  }
  return status;
}

natsStatus reusable_messages::publish(natsConnection* connection, const std::string& id,
                                      std::string_view body, const acknowledged_by* by) {
  natsMsg* message = nullptr;
  auto status = message_for(body, by, message);
  if (status == NATS_OK) status = natsMsgHeader_Set(message, id_header, id.c_str());
  if (status == NATS_OK) status = natsConnection_PublishMsg(connection, message);
  single_.reset();
  return status;
}

natsStatus reusable_messages::message_for(std::string_view body, const acknowledged_by* by,
                                          natsMsg*& out) {
  if (body.size() > body_max_bytes) {
    const auto status = make(body, by, single_);
    out = single_.get();
    return status;
  }
  const auto steps = (body.size() + step_bytes - 1) / step_bytes;
  if (steps >= by_steps_.size()) by_steps_.resize(steps + 1);
  auto& kept = by_steps_[steps];
  if (kept == nullptr) {
    static constexpr std::array<char, body_max_bytes> nothing{};
    const auto status = make({nothing.data(), steps * step_bytes}, by, kept);
    if (status != NATS_OK) {
      kept.reset();
      return status;
    }
  }
  // The message owns a copy of what it was made with, on the heap: writing to it is no trick on
  // the language, only on the signature of natsMsg_GetData.
  auto* const bytes = const_cast<char*>(natsMsg_GetData(kept.get()));
  std::memcpy(bytes, body.data(), body.size());
  std::memset(bytes + body.size(), ' ', steps * step_bytes - body.size());
  out = kept.get();
  return NATS_OK;
}

}  // namespace feedtree::nats
