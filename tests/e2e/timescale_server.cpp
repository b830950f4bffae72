// A TimescaleDB for tests in Python: prints its DSN, and ends with the signal that it is sent.
// Exit code 77 where there is none.
#include <signal.h>

#include <cstdio>

#include "tests/support/postgres_server.hpp"

int main() {
  std::string missing;
  const auto kind = feedtree::tests::timescale_postgres(missing);
  if (!kind) {
    std::printf("no TimescaleDB: %s\n", missing.c_str());
    return feedtree::tests::servers_must_be_there() ? 1 : 77;
  }
  feedtree::tests::postgres_server server(*kind);
  sigset_t ends;
  sigemptyset(&ends);
  for (const int each : {SIGTERM, SIGINT}) sigaddset(&ends, each);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  std::printf("listens on %s\n", server.make_database("events").c_str());
  std::fflush(stdout);
  int received = 0;
  sigwait(&ends, &received);
  return 0;
}
