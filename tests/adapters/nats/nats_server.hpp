// A real nats-server for one test, and what a subscriber of another connection receives.
#pragma once

#include <gtest/gtest.h>
#include <nats/nats.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/captures.hpp"
#include "tests/support/eventually.hpp"

namespace feedtree::tests {

// Turns JetStream on; what is stored stays over stop and start_again.
inline constexpr const char* with_jetstream = "jetstream { store_dir: \"FOLDER/js\" }";

// A child of the test on a free port of 127.0.0.1; stopped by its own process id.
class nats_server {
 public:
  static bool is_installed() { return std::system("nats-server --version >/dev/null 2>&1") == 0; }

  // config: lines of a configuration file, e.g. "max_payload: 8192"; FOLDER in it is the server's.
  explicit nats_server(std::string config = "") {
    static int count = 0;
    folder_ =
        testing::TempDir() + "nats_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    std::filesystem::create_directory(folder_);
    if (const auto at = config.find("FOLDER"); at != std::string::npos) {
      config.replace(at, 6, folder_);
    }
    std::ofstream(folder_ + "/config") << config << "\n";
    start("-1");
  }
  ~nats_server() {
    stop();
    std::filesystem::remove_all(folder_);
  }
  nats_server(const nats_server&) = delete;
  nats_server& operator=(const nats_server&) = delete;

  const std::string& url() const { return url_; }
  // "127.0.0.1:port".
  std::string address() const { return url_.substr(url_.find("127")); }
  const std::string& folder() const { return folder_; }

  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
  }
  // On the port that it had.
  void start_again() { start(url_.substr(url_.rfind(':') + 1)); }
  // Stands still from here on: connected, and silent.
  void pause() const {
    ::kill(process_, SIGSTOP);
    int status = 0;
    EXPECT_EQ(::waitpid(process_, &status, WUNTRACED), process_);
  }
  void resume() const { ::kill(process_, SIGCONT); }

 private:
  void start(const std::string& port) {
    std::filesystem::remove(ports_file());
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it does not outlive a test that crashes
      ::execlp("nats-server", "nats-server", "-a", "127.0.0.1", "-p", port.c_str(), "-c",
               (folder_ + "/config").c_str(), "--ports_file_dir", folder_.c_str(), "-l",
               (folder_ + "/log").c_str(), nullptr);
      ::_exit(127);
    }
    if (eventually([this] { return read_ports(); })) return;
    ADD_FAILURE() << "nats-server did not start; see " << folder_ << "/log";
  }
  // Takes the url from the file that the server writes when it listens; false before that.
  bool read_ports() {
    std::ifstream file(ports_file());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto at = text.find("://127.0.0.1:");
    if (at == std::string::npos || text.find('}') == std::string::npos) return false;
    const auto digits = text.find_first_not_of("0123456789", at + 13);
    url_ = "nats" + text.substr(at, digits - at);
    return true;
  }
  std::string ports_file() const {
    return folder_ + "/nats-server_" + std::to_string(process_) + ".ports";
  }

  std::string folder_;
  std::string url_;
  pid_t process_ = -1;
};

struct received_message {
  std::string subject;
  std::string id;  // of the header
  std::string body;
  std::string replay;  // likewise; empty: there is none
};

// Everything that comes on a subject, by a connection of its own.
class subscriber {
 public:
  subscriber(const std::string& url, const std::string& subject) {
    natsOptions* options = nullptr;
    natsOptions_Create(&options);
    natsOptions_SetURL(options, url.c_str());
    natsOptions_SetMaxReconnect(options, -1);
    natsOptions_SetReconnectWait(options, 50);
    EXPECT_EQ(natsConnection_Connect(&connection_, options), NATS_OK);
    natsOptions_Destroy(options);
    EXPECT_EQ(natsConnection_SubscribeSync(&subscription_, connection_, subject.c_str()), NATS_OK);
    natsSubscription_SetPendingLimits(subscription_, -1, -1);
    EXPECT_EQ(natsConnection_Flush(connection_), NATS_OK);
  }
  ~subscriber() {
    natsSubscription_Destroy(subscription_);
    natsConnection_Destroy(connection_);
  }
  subscriber(const subscriber&) = delete;
  subscriber& operator=(const subscriber&) = delete;

  natsConnection* connection() const { return connection_; }

  // The next `count` messages, or fewer if they do not come within a few seconds each.
  std::vector<received_message> take(std::size_t count, int timeout_ms = 5'000) {
    std::vector<received_message> result;
    natsMsg* message = nullptr;
    while (result.size() < count &&
           natsSubscription_NextMsg(&message, subscription_, timeout_ms) == NATS_OK) {
      const char* id = nullptr;
      const char* replay = nullptr;
      natsMsgHeader_Get(message, "Nats-Msg-Id", &id);
      natsMsgHeader_Get(message, "Feedtree-Replay", &replay);
      result.push_back({natsMsg_GetSubject(message), id == nullptr ? "" : id,
                        std::string(natsMsg_GetData(message),
                                    static_cast<std::size_t>(natsMsg_GetDataLength(message))),
                        replay == nullptr ? "" : replay});
      natsMsg_Destroy(message);
    }
    return result;
  }

 private:
  natsConnection* connection_ = nullptr;
  natsSubscription* subscription_ = nullptr;
};

// Waits until a condition holds; false after ten seconds.
template <class Condition>
bool wait_until(Condition&& condition) {
  return eventually(std::forward<Condition>(condition));
}

}  // namespace feedtree::tests

// Skips (or, in CI, fails) a test where there is no nats-server.
#define FEEDTREE_NATS_SERVER()                                                              \
  if (!::feedtree::tests::nats_server::is_installed()) {                                    \
    if (::feedtree::tests::captures_must_be_there()) FAIL() << "nats-server must be there"; \
    GTEST_SKIP() << "skipped: no nats-server";                                              \
  }                                                                                         \
  static_cast<void>(0)
