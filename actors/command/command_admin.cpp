#include "actors/command/command_admin.hpp"

#include <openssl/ui.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "actors/command/commands.hpp"
#include "actors/command/complaint.hpp"
#include "actors/operator/operator_import.hpp"
#include "actors/system.hpp"
#include "config/secret_files.hpp"
#include "config/values.hpp"
#include "core/sink.hpp"
#include "core/time_text.hpp"
#include "storage/migrations/migration.hpp"
#include "storage/operator_store.hpp"
#include "storage/password.hpp"

namespace feedtree::actors {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t token_valid_ms_max = std::int64_t{366} * 86'400'000;

// A mistake of the one who calls, for exit code 2.
class usage_error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

storage::database_target find_target(const admin_arguments& arguments) {
  if (arguments.config_path.empty()) {
    const auto admin = config::find_admin_database(config::process_environment());
    if (admin) return admin_target(*admin);
    throw usage_error(
        "set FEEDTREE_ADMIN_DSN to the database of the accounts (a DSN, or the path of a SQLite "
        "file), or give --config for the one that the server stores in");
  }
  config::server_config config;
  if (!read_configuration(arguments.config_path, config)) {
    throw std::runtime_error("the configuration is wrong");
  }
  for (const auto& sink : config.sinks) {
    if (sink.kind == "timescale" || sink.kind == "sqlite") return {sink.kind, sink.target};
  }
  throw usage_error(arguments.config_path + " has no sink of kind sqlite or timescale");
}

// Two readings of a terminal that must be the same, without showing them.
std::string ask_password() {
  std::array<char, storage::password_bytes_max + 1> first{};
  std::array<char, storage::password_bytes_max + 1> second{};
  const int most = static_cast<int>(storage::password_bytes_max);
  UI* const dialog = UI_new();
  UI_add_input_string(dialog, "Password: ", 0, first.data(), 1, most);
  UI_add_verify_string(dialog, "Password: ", 0, second.data(), 1, most, first.data());
  const bool good = UI_process(dialog) == 0;
  UI_free(dialog);
  if (!good) throw usage_error("no password was given, or not the same twice");
  return first.data();
}

std::string read_password(const std::string& from) {
  std::string password;
  if (from == "-" || (from.empty() && isatty(STDIN_FILENO) == 0)) {
    if (!std::getline(std::cin, password)) throw usage_error("standard input has no password");
  } else {
    password = from.empty() ? ask_password() : config::read_secret_file("--password-file", from);
  }
  if (password.size() < storage::password_bytes_min ||
      password.size() > storage::password_bytes_max) {
    throw usage_error("a password has " + std::to_string(storage::password_bytes_min) + " to " +
                      std::to_string(storage::password_bytes_max) + " bytes");
  }
  return password;
}

std::string time_of(std::int64_t unix_ns) {
  return unix_ns == 0 ? "-" : time_text(unix_ns / 1'000'000'000 * 1'000'000'000);
}

// One run of the command, with the store open.
class administration {
 public:
  administration(const admin_arguments& arguments, storage::operator_store store)
      : arguments_(arguments), store_(std::move(store)), now_ns_(wall_ns()) {}

  void run() {
    using verb = admin_arguments::verb;
    switch (arguments_.what) {
      case verb::add:
        return add();
      case verb::list:
        return list();
      case verb::disable:
        return disable();
      case verb::token:
        return token();
      case verb::revoke:
        return revoke();
      case verb::import:
        return import_file();
    }
  }

 private:
  void add() {
    if (const auto why = operator_name_error(arguments_.name); !why.empty()) {
      throw usage_error(arguments_.name + ": " + why);
    }
    const auto role = parse_access_role(arguments_.role);
    if (!role) throw usage_error("a role is viewer or operator");
    const auto hash = storage::hash_password(read_password(arguments_.password_file));
    const bool is_new = put(arguments_.name, *role, hash, false);
    record("account add", arguments_.name, arguments_.role);
    std::printf("%s: %s as %s\n", arguments_.name.c_str(), is_new ? "added" : "changed",
                arguments_.role.c_str());
  }

  bool put(const std::string& name, access_role role, const std::string& hash, bool is_disabled) {
    const auto before = store_.find(name);
    store_.put({name, role, hash, before ? before->created_ns : now_ns_, now_ns_,
                is_disabled ? now_ns_ : 0});
    return !before;
  }

  void list() {
    std::printf("%-24s %-9s %-9s %-31s %s\n", "NAME", "ROLE", "PASSWORD", "CHANGED", "DISABLED");
    for (const auto& each : store_.all()) {
      std::printf("%-24s %-9s %-9s %-31s %s\n", each.name.c_str(),
                  std::string(to_string(each.role)).c_str(),
                  each.password_hash.empty() ? "none" : "set", time_of(each.changed_ns).c_str(),
                  time_of(each.disabled_ns).c_str());
    }
  }

  void disable() {
    if (!store_.disable(arguments_.name, now_ns_)) throw no_account();
    record("account disable", arguments_.name, "");
    std::printf("%s: disabled, its tokens are ended\n", arguments_.name.c_str());
  }

  void token() {
    const auto valid_ms = config::parse_duration_ms(arguments_.valid);
    if (!valid_ms || *valid_ms < 1'000 || *valid_ms > token_valid_ms_max) {
      throw usage_error("--valid is a time from 1s to 366d");
    }
    const auto account = store_.find(arguments_.name);
    if (!account) throw no_account();
    if (account->disabled_ns != 0) throw std::runtime_error(arguments_.name + " is disabled");
    const auto made = storage::make_token();
    const auto expires_ns = now_ns_ + *valid_ms * ms;
    store_.add_token(storage::sha256(made), account->name, now_ns_, expires_ns);
    record("account token", account->name, "until " + time_of(expires_ns));
    std::printf("%s\n", made.c_str());
    std::fprintf(stderr, "%s, %s, until %s; it is shown this once\n", account->name.c_str(),
                 std::string(to_string(account->role)).c_str(), time_of(expires_ns).c_str());
  }

  void revoke() {
    if (!store_.find(arguments_.name)) throw no_account();
    const auto count = store_.revoke_all(arguments_.name, now_ns_);
    record("account revoke", arguments_.name, std::to_string(count) + " tokens");
    std::printf("%s: %zu tokens ended\n", arguments_.name.c_str(), count);
  }

  // All or nothing, as far as the file is at fault.
  void import_file() {
    std::ifstream file(arguments_.file, std::ios::binary);
    if (!file) throw std::runtime_error(arguments_.file + ": cannot be read");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto read = parse_operators(text);
    for (const auto& each : read.problems) {
      complain_lines(arguments_.file + ": " + each + "\n");
    }
    if (!read.problems.empty()) throw std::runtime_error("nothing was imported");
    for (const auto& each : read.operators) import_one(each);
    std::printf("%zu accounts%s\n", read.operators.size(),
                arguments_.dry_run ? " would be imported" : " imported");
  }

  void import_one(const imported_operator& what) {
    const auto before = store_.find(what.name);
    const auto* const verb = before ? "changed" : "added";
    std::printf("%s: %s as %s, password %s%s\n", what.name.c_str(), verb,
                std::string(to_string(what.role)).c_str(),
                what.password.empty() ? "hashed" : "plain", what.is_disabled ? ", disabled" : "");
    if (arguments_.dry_run) return;
    // A plain password that is the present one keeps its hash, and so the tokens.
    const bool is_same = before && !what.password.empty() &&
                         storage::is_password(what.password, before->password_hash);
    const auto hash = is_same                 ? before->password_hash
                      : what.password.empty() ? what.password_hash
                                              : storage::hash_password(what.password);
    put(what.name, what.role, hash, what.is_disabled);
    record("account import", what.name, verb);
  }

  void record(const std::string& action, const std::string& target, const std::string& detail) {
    store_.record({now_ns_ + records_++, "command-line", action, target, "done", detail});
  }

  std::runtime_error no_account() const {
    return std::runtime_error("there is no account " + arguments_.name);
  }

  const admin_arguments& arguments_;
  storage::operator_store store_;
  std::int64_t now_ns_;
  std::int64_t records_ = 0;
};

int fail(int code, const char* what) {
  complain(what);
  return code;
}

}  // namespace

storage::database_target admin_target(const config::admin_database& admin) {
  return storage::parse_database(admin.is_sqlite || admin.dsn.find("://") != admin.dsn.npos
                                     ? admin.dsn
                                     : "timescale:" + admin.dsn);
}

int admin_command(const admin_arguments& arguments) {
  try {
    const auto target = find_target(arguments);
    administration(arguments, storage::open_operator_store(target, wall_ns())).run();
    return exit_ok;
  } catch (const usage_error& error) {
    return fail(exit_usage, error.what());
  } catch (const std::runtime_error& error) {
    return fail(exit_failure, error.what());
  }
}

void add_admin(CLI::App& app, int& exit_code) {
  using verb = admin_arguments::verb;
  auto* const command = app.add_subcommand("admin", "Accounts of operators and their tokens");
  command->require_subcommand(1);
  const auto arguments = std::make_shared<admin_arguments>();
  const auto sub = [&](const char* name, const char* text, verb what) {
    auto* const one = command->add_subcommand(name, text);
    one->add_option("--config", arguments->config_path,
                    "Ask the database that this file's server stores in, not FEEDTREE_ADMIN_DSN");
    one->callback([arguments, what, &exit_code] {
      arguments->what = what;
      exit_code = admin_command(*arguments);
    });
    return one;
  };
  const auto named = [&](CLI::App* one) {
    one->add_option("NAME", arguments->name, "Of the operator")->required();
    return one;
  };
  auto* const add = named(sub("add", "Add an account, or change it", verb::add));
  add->add_option("--role", arguments->role, "viewer or operator")->capture_default_str();
  add->add_option("--password-file", arguments->password_file,
                  "Read the password there; - is standard input");
  sub("list", "Show the accounts", verb::list);
  named(sub("disable", "Let nobody in by this account any more", verb::disable));
  auto* const token = named(sub("token", "Make a token and print it", verb::token));
  token->add_option("--valid", arguments->valid, "How long: 30m, 12h, 90d")->capture_default_str();
  named(sub("revoke", "End all tokens of an account", verb::revoke));
  auto* const imports = sub("import", "Take over accounts from a JSON file", verb::import);
  imports->add_option("FILE", arguments->file, "JSON")->required();
  imports->add_flag("--dry-run", arguments->dry_run, "Only say what would be done");
}

}  // namespace feedtree::actors
