// A NATS client of its own, as a service would write it with nats.c: prints what it receives.
//   nats_listener URL SUBJECT COUNT      prints COUNT messages: subject, message id, body, tabs
//   between nats_listener URL --request SUBJECT  prints the answer to one request nats_listener URL
//   --count SUBJECT    counts until SIGTERM, then prints the number
#include <nats/nats.h>
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>

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
  } else {
    result = listen(connection, argv[2], std::atol(argv[3]));
  }
  natsConnection_Destroy(connection);
  return result;
}
