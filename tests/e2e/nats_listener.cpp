// A NATS client of its own, as a service would write it with nats.c: prints what it receives.
//   nats_listener URL SUBJECT COUNT      prints COUNT messages: subject, message id, body, tabs
//                                        between
//   nats_listener URL --request SUBJECT  prints the answer to one request
//   nats_listener URL --count SUBJECT    counts until SIGTERM, then prints the number
//   nats_listener URL --latency SUBJECT  each second: the number of events, and the 50th and 99th
//                                        of a hundred and the longest time from their receipt by
//                                        the server (receive_ns) to here, in microseconds
#include <nats/nats.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

void check(natsStatus status, const char* what) {
  if (status == NATS_OK) return;
  std::fprintf(stderr, "%s: %s\n", what, natsStatus_GetText(status));
  std::exit(1);
}

void print(natsMsg* message) {
  const char* id = "";
  natsMsgHeader_Get(message, "Nats-Msg-Id", &id);
  std::printf("%s\t%s\t%.*s\n", natsMsg_GetSubject(message), id, natsMsg_GetDataLength(message),
              natsMsg_GetData(message));
}

int listen(natsConnection* connection, const char* subject, long count) {
  natsSubscription* subscription = nullptr;
  check(natsConnection_SubscribeSync(&subscription, connection, subject), "subscribe");
  check(natsSubscription_SetPendingLimits(subscription, -1, -1), "limits");
  check(natsConnection_Flush(connection), "flush");
  std::fprintf(stderr, "listening\n");
  for (long at = 0; at < count; ++at) {
    natsMsg* message = nullptr;
    check(natsSubscription_NextMsg(&message, subscription, 30'000), "next message");
    print(message);
    natsMsg_Destroy(message);
  }
  natsSubscription_Destroy(subscription);
  return 0;
}

int request(natsConnection* connection, const char* subject) {
  natsMsg* message = nullptr;
  check(natsConnection_RequestString(&message, connection, subject, "", 5'000), "request");
  print(message);
  natsMsg_Destroy(message);
  return 0;
}

std::atomic<long> counted{0};

int count_until_told(natsConnection* connection, const char* subject) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  natsSubscription* subscription = nullptr;
  const auto on_message = [](natsConnection*, natsSubscription*, natsMsg* message, void*) {
    ++counted;
    natsMsg_Destroy(message);
  };
  check(natsConnection_Subscribe(&subscription, connection, subject, on_message, nullptr),
        "subscribe");
  check(natsSubscription_SetPendingLimits(subscription, -1, -1), "limits");
  check(natsConnection_Flush(connection), "flush");
  std::fprintf(stderr, "listening\n");
  int received = 0;
  sigwait(&signals, &received);
  // What the server had sent by now is still counted.
  check(natsSubscription_Drain(subscription), "drain");
  check(natsSubscription_WaitForDrainCompletion(subscription, 60'000), "drain");
  std::printf("%ld\n", counted.load());
  natsSubscription_Destroy(subscription);
  return 0;
}

std::int64_t now_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

// 0 if the body has no such time.
std::int64_t received_ns(std::string_view body) {
  constexpr std::string_view key = "\"receive_ns\":\"";
  const auto at = body.find(key);
  if (at == body.npos) return 0;
  return std::strtoll(body.data() + at + key.size(), nullptr, 10);
}

void print_latencies(std::vector<std::int64_t>& all) {
  const auto of = [&](std::size_t hundredths) {
    if (all.empty()) return std::int64_t{0};
    const auto at = std::min(all.size() - 1, all.size() * hundredths / 100);
    std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(at), all.end());
    return all[at] / 1'000;
  };
  const auto middle = of(50);
  const auto high = of(99);
  const auto highest = of(100);
  std::printf("%zu %lld %lld %lld\n", all.size(), static_cast<long long>(middle),
              static_cast<long long>(high), static_cast<long long>(highest));
  std::fflush(stdout);
  all.clear();
}

[[noreturn]] void measure(natsConnection* connection, const char* subject) {
  natsSubscription* subscription = nullptr;
  check(natsConnection_SubscribeSync(&subscription, connection, subject), "subscribe");
  check(natsSubscription_SetPendingLimits(subscription, -1, -1), "limits");
  check(natsConnection_Flush(connection), "flush");
  std::fprintf(stderr, "listening\n");
  std::vector<std::int64_t> latencies;
  constexpr std::int64_t second = 1'000'000'000;
  auto next = now_ns() + second;
  for (;;) {
    natsMsg* message = nullptr;
    const auto status = natsSubscription_NextMsg(&message, subscription, 100);
    const auto now = now_ns();
    if (status == NATS_OK) {
      const auto received = received_ns(
          {natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))});
      if (received != 0) latencies.push_back(now - received);
      natsMsg_Destroy(message);
    } else if (status != NATS_TIMEOUT) {
      check(status, "next message");
    }
    if (now < next) continue;
    print_latencies(latencies);
    next += second;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  natsConnection* connection = nullptr;
  check(natsConnection_ConnectTo(&connection, argv[1]), "connect");
  const std::string mode = argv[2];
  int result = 0;
  if (mode == "--request") {
    result = request(connection, argv[3]);
  } else if (mode == "--count") {
    result = count_until_told(connection, argv[3]);
  } else if (mode == "--latency") {
    sigprocmask(SIG_UNBLOCK, &signals, nullptr);
    measure(connection, argv[3]);
  } else {
    result = listen(connection, argv[2], std::atol(argv[3]));
  }
  natsConnection_Destroy(connection);
  return result;
}
