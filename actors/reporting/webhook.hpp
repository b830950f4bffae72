// The actor that sends alerts to a webhook.
#pragma once

#include <caf/typed_actor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "actors/interfaces.hpp"
#include "actors/reporting/webhook_queue.hpp"
#include "adapters/transport/https_client.hpp"

namespace feedtree::actors {

// Sends what waits in a queue, one after the other.
using webhook_actor = caf::typed_actor<
    // To itself: something may be due.
    caf::reacts_to<timer_atom>,
    // From the bridge: a request ended.
    caf::reacts_to<rest_atom, rest_result>,
    // From its supervisor: send what waits as long as it is taken, for a moment, then quit.
    caf::reacts_to<stop_atom>>;

struct webhook_actor_options {
  std::string name = "alerts";
  std::shared_ptr<webhook_queue> queue;
  std::shared_ptr<report_gauge> gauge;
  std::string url;     // never to be shown as a whole: it may hold a secret
  std::string secret;  // signs what is sent
  std::string ca_file;
  std::int64_t timeout_ms = 10'000;
  transport::reactor* reactor = nullptr;
  std::function<std::int64_t()> now_ns;
  std::int64_t tick_ms = 100;
  std::int64_t farewell_ms = 2'000;  // for what waits when it is told to stop
};

struct webhook_state {
  webhook_actor_options options;
  std::unique_ptr<transport::https_client> client;
  std::string place;  // host and port
  std::uint64_t ticket = 0;
  std::int64_t stop_by_ns = 0;  // 0: it is not told to
};

webhook_actor::behavior_type webhook_behavior(webhook_actor::stateful_pointer<webhook_state> self,
                                              webhook_actor_options options);

// A POST of one alert: the headers X-Feedtree-Delivery (the alert's id), X-Feedtree-Timestamp
// (seconds since 1970) and X-Feedtree-Signature, "sha256=" and the HMAC-SHA-256 over the timestamp,
// a dot and the body.
transport::http_request webhook_request(const webhook_actor_options& options,
                                        const alert_notice& what, std::int64_t now_ns);

}  // namespace feedtree::actors
