// Child processes of the tests: started, watched, stopped by their own pid.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace feedtree::tests {

// A program with its output in files of the folder given. Killed and waited for when it goes.
class child_process {
 public:
  child_process() = default;
  // Starts argv[0] (looked up in PATH). Output goes to <folder>/<name>.out and .err.
  // prepare runs in the child, last before the program: it may only make system calls.
  child_process(const std::vector<std::string>& argv, const std::string& folder,
                const std::string& name, const std::vector<std::string>& environment = {},
                const std::function<void()>& prepare = {});
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;

  // Waits for the end; the exit code, 128 + signal, or -1 when it did not end in time.
  int wait(std::chrono::milliseconds timeout = std::chrono::seconds(60));
  void signal(int number) const;
  bool is_running();
  std::string out() const;
  std::string err() const;
  // Waits until the output holds this text; false if the process ends or time runs out first.
  bool wait_for_output(const std::string& text,
                       std::chrono::milliseconds timeout = std::chrono::seconds(20));

 private:
  bool reap(bool block);
  pid_t pid_ = -1;
  int status_ = -1;
  std::string path_;
};

struct run_result {
  int exit_code = -1;
  std::string out;
  std::string err;
};
// Runs a program to its end.
run_result run_program(const std::vector<std::string>& argv,
                       const std::vector<std::string>& environment = {});

// A folder that goes with its contents.
class temporary_folder {
 public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string read_text(const std::string& path);
void write_text(const std::string& path, const std::string& text);

// A private nats-server on a free port of the loopback.
class private_nats {
 public:
  explicit private_nats(const temporary_folder& folder);
  const std::string& url() const { return url_; }
  child_process& process() { return process_; }

 private:
  child_process process_;
  std::string url_;
};

}  // namespace feedtree::tests
