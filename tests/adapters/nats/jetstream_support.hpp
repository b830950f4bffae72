// A stream of a real nats-server and what is in it, as another client sees it.
#pragma once

#include <map>

#include "adapters/nats/jetstream_sink.hpp"
#include "tests/adapters/nats/nats_server.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::tests {

struct stored_message {
  std::uint64_t sequence = 0;
  std::string subject;
  std::string id;
  std::string body;
};

// Of messages that look whether ids are still remembered.
inline constexpr const char* window_id = "window";

// Looks into a stream by a connection of its own.
class stream_reader {
 public:
  explicit stream_reader(const std::string& url, std::string stream = "MD")
      : stream_(std::move(stream)) {
    EXPECT_EQ(natsConnection_ConnectTo(&connection_, url.c_str()), NATS_OK);
    EXPECT_EQ(natsConnection_JetStream(&context_, connection_, nullptr), NATS_OK);
  }
  ~stream_reader() {
    jsCtx_Destroy(context_);
    natsConnection_Destroy(connection_);
  }
  stream_reader(const stream_reader&) = delete;
  stream_reader& operator=(const stream_reader&) = delete;

  jsCtx* context() const { return context_; }
  natsConnection* connection() const { return connection_; }

  std::uint64_t last_sequence() const {
    std::uint64_t result = 0;
    with_info([&](const jsStreamInfo& info) { result = info.State.LastSeq; });
    return result;
  }
  template <class Action>
  bool with_info(Action&& action) const {
    jsStreamInfo* info = nullptr;
    if (js_GetStreamInfo(&info, context_, stream_.c_str(), nullptr, nullptr) != NATS_OK) {
      return false;
    }
    action(std::as_const(*info));
    jsStreamInfo_Destroy(info);
    return true;
  }
  // Every message that is there, in order.
  std::vector<stored_message> all() const {
    std::vector<stored_message> result;
    for (std::uint64_t at = 1, last = last_sequence(); at <= last; ++at) {
      natsMsg* message = nullptr;
      if (js_GetMsg(&message, context_, stream_.c_str(), at, nullptr, nullptr) != NATS_OK) continue;
      const char* id = nullptr;
      natsMsgHeader_Get(message, "Nats-Msg-Id", &id);
      result.push_back({at, natsMsg_GetSubject(message), id == nullptr ? "" : id,
                        std::string(natsMsg_GetData(message),
                                    static_cast<std::size_t>(natsMsg_GetDataLength(message)))});
      natsMsg_Destroy(message);
    }
    return result;
  }
  // The id of every message that is there, in order; many times faster than all().
  std::vector<std::string> ids() const {
    std::vector<std::string> result;
    natsSubscription* subscription = nullptr;
    jsSubOptions options;
    jsSubOptions_Init(&options);
    options.Stream = stream_.c_str();
    options.Ordered = true;
    EXPECT_EQ(js_SubscribeSync(&subscription, context_, ">", nullptr, &options, nullptr), NATS_OK);
    natsSubscription_SetPendingLimits(subscription, -1, -1);
    natsMsg* message = nullptr;
    for (auto left = messages();
         left > 0 && natsSubscription_NextMsg(&message, subscription, 10'000) == NATS_OK; --left) {
      const char* id = nullptr;
      natsMsgHeader_Get(message, "Nats-Msg-Id", &id);
      result.emplace_back(id == nullptr ? "" : id);
      natsMsg_Destroy(message);
    }
    natsSubscription_Destroy(subscription);
    return result;
  }
  std::uint64_t messages() const {
    std::uint64_t result = 0;
    with_info([&](const jsStreamInfo& info) { result = info.State.Msgs; });
    return result;
  }
  // How often each id is there.
  std::map<std::string, int> counts() const {
    std::map<std::string, int> result;
    for (const auto& id : ids()) ++result[id];
    return result;
  }
  void remove_stream() const {
    EXPECT_EQ(js_DeleteStream(context_, stream_.c_str(), nullptr, nullptr), NATS_OK);
  }
  // Publishes an id of its own until the server takes it a second time: what came before is no
  // longer in the duplicate window.
  bool wait_until_the_window_is_over() const {
    bool first = true;
    return eventually([&] {
      jsPubOptions options;
      jsPubOptions_Init(&options);
      options.MsgId = window_id;
      jsPubAck* ack = nullptr;
      if (js_Publish(&ack, context_, "md.v1.trade.test.WINDOW", "", 0, &options, nullptr) !=
          NATS_OK) {
        return false;
      }
      const bool taken = !ack->Duplicate;
      jsPubAck_Destroy(ack);
      return taken && !std::exchange(first, false);
    });
  }

 private:
  std::string stream_;
  natsConnection* connection_ = nullptr;
  jsCtx* context_ = nullptr;
};

class jetstream_storing : public testing::Test {
 protected:
  void SetUp() override {
    FEEDTREE_NATS_SERVER();
    context_.epoch = "run-1";
    context_.insecure = true;
    context_.options = {{"flush_timeout_ms", "3000"}, {"reconnect_wait_ms", "50"}};
    server_.emplace(with_jetstream);
  }

  std::unique_ptr<nats::jetstream_sink> make(const std::string& epoch = "run-1") {
    context_.epoch = epoch;
    return std::make_unique<nats::jetstream_sink>(server_->url(), context_);
  }
  batch_ptr trades(int from, int to) const {
    auto batch = std::make_shared<event_batch>();
    for (int at = from; at < to; ++at) {
      batch->events.push_back(sample_trade(where_, std::to_string(at)));
    }
    return batch;
  }

  listing_registry registry_;
  const listing* where_ = sample_listing(registry_);
  sink_context context_;
  std::optional<nats_server> server_;
};

// A field's text in a flat JSON body: numbers without, strings with their quotes.
inline std::string json_field(const std::string& body, const std::string& name) {
  const auto at = body.find('"' + name + "\":");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 3;
  return body.substr(begin, body.find_first_of(",}", begin) - begin);
}

}  // namespace feedtree::tests
