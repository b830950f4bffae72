#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace feedtree::tests {
namespace {

using clock = std::chrono::steady_clock;

void redirect(const std::string& path, int to) {
  const int from = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (from < 0 || dup2(from, to) < 0) _exit(126);
}

[[noreturn]] void become(const std::vector<std::string>& argv, const std::string& path,
                         const std::vector<std::string>& environment,
                         const std::function<void()>& prepare) {
  redirect(path + ".out", STDOUT_FILENO);
  redirect(path + ".err", STDERR_FILENO);
  // What a program keeps in its working folder by default is of this test alone.
  if (chdir(path.substr(0, path.rfind('/')).c_str()) != 0) _exit(126);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const auto& entry : environment) putenv(strdup(entry.c_str()));
  std::vector<char*> arguments;
  for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  if (prepare) prepare();
  execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

child_process::child_process(const std::vector<std::string>& argv, const std::string& folder,
                             const std::string& name, const std::vector<std::string>& environment,
                             const std::function<void()>& prepare)
    : path_(folder + "/" + name) {
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) become(argv, path_, environment, prepare);
}

child_process::child_process(child_process&& other) noexcept {
  *this = std::move(other);
}

child_process& child_process::operator=(child_process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  std::swap(path_, other.path_);
  return *this;
}

child_process::~child_process() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  reap(true);
}

bool child_process::reap(bool block) {
  if (pid_ < 0) return true;
  int status = 0;
  const auto pid = waitpid(pid_, &status, block ? 0 : WNOHANG);
  if (pid == 0) return false;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = -1;
  return true;
}

int child_process::wait(std::chrono::milliseconds timeout) {
  if (pid_ < 0) return status_;
  // A pidfd becomes readable when the process ends.
  const auto fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  pollfd waited{fd, POLLIN, 0};
  const int ready = poll(&waited, 1, static_cast<int>(timeout.count()));
  close(fd);
  if (ready <= 0) return -1;
  reap(true);
  return status_;
}

void child_process::signal(int number) const {
  if (pid_ > 0) kill(pid_, number);
}

bool child_process::is_running() {
  return !reap(false);
}

std::string child_process::out() const {
  return read_text(path_ + ".out");
}
std::string child_process::err() const {
  return read_text(path_ + ".err");
}

bool child_process::wait_for_output(const std::string& text, std::chrono::milliseconds timeout) {
  const auto deadline = clock::now() + timeout;
  while (clock::now() < deadline) {
    if ((out() + err()).find(text) != std::string::npos) return true;
    if (!is_running()) return (out() + err()).find(text) != std::string::npos;
    wait(std::chrono::milliseconds(10));
  }
  return false;
}

run_result run_program(const std::vector<std::string>& argv,
                       const std::vector<std::string>& environment) {
  const temporary_folder folder;
  child_process process(argv, folder.path(), "run", environment);
  run_result result;
  result.exit_code = process.wait(std::chrono::seconds(120));
  result.out = process.out();
  result.err = process.err();
  return result;
}

temporary_folder::temporary_folder() {
  std::string name = std::filesystem::temp_directory_path() / "feedtree-test.XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = name;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

private_nats::private_nats(const temporary_folder& folder)
    : process_({"nats-server", "-a", "127.0.0.1", "-p", "-1"}, folder.path(), "nats") {
  const std::string before = "Listening for client connections on ";
  if (!process_.wait_for_output("Server is ready")) throw std::runtime_error(process_.err());
  const auto log = process_.err();
  const auto at = log.find(before);
  if (at == std::string::npos) throw std::runtime_error(log);
  const auto begin = at + before.size();
  url_ = "nats://" + log.substr(begin, log.find('\n', begin) - begin);
}

}  // namespace feedtree::tests
