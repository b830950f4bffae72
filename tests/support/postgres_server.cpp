#include "tests/support/postgres_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/support/eventually.hpp"
#include "tests/support/paths.hpp"

namespace feedtree::tests {
namespace {

namespace fs = std::filesystem;
constexpr unsigned own_user = 5'432;  // within the unpacked root, where nobody else is
constexpr int start_attempts = 200;   // of 100 ms

struct pg_closer {
  void operator()(PGconn* handle) const { PQfinish(handle); }
};
using pg_handle = std::unique_ptr<PGconn, pg_closer>;

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

// build/timescaledb, beside the folders of the presets.
fs::path cache_folder() {
  return fs::path(paths::feedtree_program()).parent_path().parent_path() / "timescaledb";
}

// Held while the packages are unpacked: tests run at the same time.
class file_lock {
 public:
  explicit file_lock(const fs::path& path)
      : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    flock(file_, LOCK_EX);
  }
  ~file_lock() { close(file_); }
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;

 private:
  int file_;
};

// The first mirror that the machine's own configuration names.
std::string package_mirror() {
  std::ifstream sources("/etc/apt/sources.list.d/debian.sources");
  for (std::string line; std::getline(sources, line);) {
    if (line.starts_with("URIs: ")) return line.substr(6, line.find(' ', 6) - 6);
  }
  std::ifstream list("/etc/apt/sources.list");
  for (std::string word; list >> word;) {
    if (word.starts_with("http")) return word;
  }
  return {};
}

std::string unpack(const fs::path& root) {
  const auto mirror = package_mirror();
  if (mirror.empty()) return "the machine's package sources name no mirror";
  const auto result =
      run_program({"mmdebstrap", "--quiet", "--variant=extract",
                   "--include=base-files,dash,postgresql-17-timescaledb", "trixie", root, mirror});
  if (result.exit_code != 0) return "mmdebstrap: " + result.err;
  write_text(root / "etc/passwd", "root:x:0:0::/:/bin/sh\npostgres:x:5432:5432::/srv:/bin/sh\n");
  write_text(root / "etc/group", "root:x:0:\npostgres:x:5432:\n");
  fs::create_directories(root / "srv");
  for (const auto* name : {"tmp", "dev/shm"}) {
    fs::create_directories(root / name);
    fs::permissions(root / name, fs::perms::all | fs::perms::sticky_bit);
  }
  write_text(root / "complete", "");
  return {};
}

std::string make_root(const fs::path& root) {
  if (getuid() != 0) return "unpacking it needs root";
  const file_lock lock(root.string() + ".lock");
  if (fs::exists(root / "complete")) return {};
  fs::remove_all(root);
  return unpack(root);
}

}  // namespace

bool servers_must_be_there() {
  const char* const ci = std::getenv("CI");
  return ci != nullptr && std::string(ci) == "true";
}

std::optional<postgres_kind> plain_postgres() {
  const std::string programs = "/usr/lib/postgresql/15/bin";
  if (!fs::exists(programs + "/postgres")) return {};
  if (getuid() != 0) return postgres_kind{programs, "", getuid(), getgid(), false};
  const auto* const user = getpwnam("postgres");
  if (user == nullptr) return {};
  return postgres_kind{programs, "", user->pw_uid, user->pw_gid, false};
}

std::optional<postgres_kind> timescale_postgres(std::string& missing) {
  const auto root = cache_folder();
  missing = make_root(root);
  if (!missing.empty()) return {};
  return postgres_kind{"/usr/lib/postgresql/17/bin", root, own_user, own_user, true};
}

postgres_server::postgres_server(const postgres_kind& kind, std::vector<std::string> settings)
    : kind_(kind), settings_(std::move(settings)) {
  const auto above = kind_.root.empty() ? fs::temp_directory_path() : fs::path(kind_.root) / "srv";
  std::string name = above / "feedtree-postgres.XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed in " + name);
  folder_ = name;
  data_ = folder_ + "/data";
  if (chown(folder_.c_str(), kind_.user, kind_.group) != 0)
    throw std::runtime_error("chown failed");
  initialise();
  port_ = free_port();
  start();
}

postgres_server::~postgres_server() {
  process_.signal(SIGQUIT);
  if (process_.wait(std::chrono::seconds(20)) == -1) kill();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string postgres_server::seen(const std::string& path) const {
  return path.substr(kind_.root.size());
}

// In the child: the server's root, user and group, and an end with the test's.
std::function<void()> postgres_server::as_server() const {
  return [this] {
    const auto& root = kind_.root;
    if (!root.empty() && (chroot(root.c_str()) != 0 || chdir("/") != 0)) _exit(126);
    if (getuid() == 0 &&
        (setgroups(0, nullptr) != 0 || setgid(kind_.group) != 0 || setuid(kind_.user) != 0)) {
      _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, SIGINT);
  };
}

void postgres_server::initialise() {
  child_process initdb({kind_.programs + "/initdb", "-D", seen(data_), "-U", "md", "--auth=trust",
                        "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"},
                       logs_.path(), "initdb", {}, as_server());
  if (initdb.wait() != 0) throw std::runtime_error("initdb: " + initdb.err());
}

void postgres_server::start() {
  std::vector<std::string> argv{kind_.programs + "/postgres", "-D", seen(data_), "-p",
                                std::to_string(port_)};
  std::vector<std::string> settings{"listen_addresses=127.0.0.1",
                                    "unix_socket_directories=", "jit=off", "max_connections=50",
                                    "log_min_messages=warning"};
  if (kind_.timescale) {
    settings.insert(settings.end(),
                    {"shared_preload_libraries=timescaledb", "timescaledb.telemetry_level=off"});
  }
  settings.insert(settings.end(), settings_.begin(), settings_.end());
  for (const auto& each : settings) argv.insert(argv.end(), {"-c", each});
  process_ = child_process(argv, logs_.path(), "postgres", {}, as_server());
  for (int attempt = 0; PQping(dsn().c_str()) != PQPING_OK; ++attempt) {
    if (process_.wait(std::chrono::milliseconds(100)) != -1 || attempt == start_attempts) {
      throw std::runtime_error("PostgreSQL does not start: " + process_.err());
    }
  }
}

void postgres_server::stop() {
  process_.signal(SIGINT);
  process_.wait();
}

// The first process goes first, so that it does not start others anew. The others would end when
// they notice that it is gone, which takes a while on a busy machine.
void postgres_server::kill() {
  signal_all(SIGCONT);
  process_.signal(SIGKILL);
  process_.wait();
  signal_all(SIGKILL);
  eventually([this] { return PQping(dsn().c_str()) == PQPING_NO_RESPONSE; });
}

void postgres_server::signal_all(int number) const {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code gone;
    const auto where = fs::read_symlink(entry.path() / "cwd", gone);
    if (!gone && where == data_) ::kill(std::stoi(name), number);
  }
}

void postgres_server::freeze() {
  signal_all(SIGSTOP);
}
void postgres_server::thaw() {
  signal_all(SIGCONT);
}

std::string postgres_server::dsn(const std::string& database) const {
  return "postgresql://md@" + address() + "/" + database;
}

std::string postgres_server::make_database(const std::string& name) {
  const pg_handle connection(PQconnectdb(dsn().c_str()));
  PQclear(PQexec(connection.get(), ("CREATE DATABASE \"" + name + "\"").c_str()));
  return dsn(name);
}

void postgres_server::write_file(const std::string& name, const std::string& text) const {
  const auto path = data_ + "/" + name;
  write_text(path, text);
  if (chown(path.c_str(), kind_.user, kind_.group) != 0 || chmod(path.c_str(), 0600) != 0) {
    throw std::runtime_error("chown failed: " + path);
  }
}

}  // namespace feedtree::tests
