#include "tests/support/redis_server.hpp"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "tests/support/eventually.hpp"

namespace feedtree::tests {
namespace {

int free_port() {
  const int found = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool good = bind(found, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                    getsockname(found, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(found);
  if (!good) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

}  // namespace

bool redis_server::is_installed() {
  return std::system("redis-server --version >/dev/null 2>&1") == 0;
}

redis_server::redis_server(std::vector<std::string> settings, std::string tls)
    : settings_(std::move(settings)), tls_(std::move(tls)), port_(free_port()) {
  start();
}

void redis_server::start() {
  std::string config = "bind 127.0.0.1\nsave \"\"\nappendonly no\ndir " + folder_.path() + "\n";
  if (tls_.empty()) {
    config += "port " + std::to_string(port_) + "\n";
  } else {
    config += "port 0\ntls-port " + std::to_string(port_) + "\ntls-auth-clients no\n" +
              "tls-cert-file " + tls_ + "/cert.pem\ntls-key-file " + tls_ +
              "/key.pem\ntls-ca-cert-file " + tls_ + "/ca.pem\n";
  }
  for (const auto& each : settings_) config += each + "\n";
  write_text(folder_.file("redis.conf"), config);
  process_ = child_process({"redis-server", folder_.file("redis.conf")}, folder_.path(), "redis",
                           {}, [] { prctl(PR_SET_PDEATHSIG, SIGKILL); });
  if (!process_.wait_for_output("Ready to accept connections")) {
    throw std::runtime_error("redis-server does not start: " + process_.out());
  }
}

void redis_server::kill() {
  process_.signal(SIGCONT);
  process_.signal(SIGKILL);
  process_.wait();
}

void redis_server::freeze() const {
  process_.signal(SIGSTOP);
}
void redis_server::thaw() const {
  process_.signal(SIGCONT);
}

std::string redis_server::cli(const std::vector<std::string>& command,
                              const std::vector<std::string>& login) const {
  std::vector<std::string> argv{"redis-cli", "--no-auth-warning",  "-h", "127.0.0.1",
                                "-p",        std::to_string(port_)};
  if (!tls_.empty()) argv.insert(argv.end(), {"--tls", "--cacert", tls_ + "/ca.pem"});
  argv.insert(argv.end(), login.begin(), login.end());
  argv.insert(argv.end(), command.begin(), command.end());
  auto text = run_program(argv).out;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace feedtree::tests
