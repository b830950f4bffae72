// The accounts of operators, their tokens, and the record of what was done: the tables operator,
// operator_token and audit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/access_role.hpp"
#include "storage/sql_runner.hpp"

namespace feedtree::storage {

struct operator_account {
  std::string name;
  access_role role = access_role::viewer;
  std::string password_hash;  // see storage/password.hpp; empty: no password is right
  std::int64_t created_ns = 0;
  std::int64_t changed_ns = 0;
  std::int64_t disabled_ns = 0;  // 0 while it is accepted

  friend bool operator==(const operator_account&, const operator_account&) = default;
};

// A token that is accepted, by its hash.
struct accepted_token {
  std::string token_sha256;  // 64 hexadecimal digits
  std::string name;          // whose it is
  access_role role = access_role::viewer;
  std::int64_t expires_ns = 0;
};

struct audit_entry {
  std::int64_t at_ns = 0;
  std::string name;    // who, or the part of the program that acted by itself
  std::string action;  // "restart"
  std::string target;
  std::string outcome;  // "done", "refused", "failed"
  std::string detail;

  friend bool operator==(const audit_entry&, const audit_entry&) = default;
};

// An actor that an operator paused last, and did not resume.
struct paused_actor {
  std::string path;  // "root/venues/kraken"
  std::string name;  // who paused it
  std::int64_t at_ns = 0;

  friend bool operator==(const paused_actor&, const paused_actor&) = default;
};

// One thread at a time. Throws sink_error as sql_runner does.
class operator_store {
 public:
  explicit operator_store(std::unique_ptr<sql_runner> database) : database_(std::move(database)) {}

  std::optional<operator_account> find(const std::string& name);
  // By name.
  std::vector<operator_account> all();
  // Adds it, or replaces all but the time of its making. Where the password or the role becomes
  // another, or it is disabled, its tokens end.
  void put(const operator_account& account);
  // False if there is no such account. Its tokens end.
  bool disable(const std::string& name, std::int64_t now_ns);

  // Of one operator at most tokens_max are accepted: the oldest ends for a new one.
  void add_token(const std::string& token_sha256, const std::string& name, std::int64_t now_ns,
                 std::int64_t expires_ns);
  // Those that are accepted at this time.
  std::vector<accepted_token> accepted(std::int64_t now_ns);
  void revoke(const std::string& token_sha256, std::int64_t now_ns);
  // All of an operator; gives how many.
  std::size_t revoke_all(const std::string& name, std::int64_t now_ns);

  void record(const audit_entry& entry);
  // The newest first.
  std::vector<audit_entry> records(std::size_t most);
  // By path, as the records of "pause" and "resume" that were done tell it.
  std::vector<paused_actor> paused();

  const std::string& place() const { return database_->place(); }

  static constexpr std::size_t tokens_max = 100;

 private:
  std::unique_ptr<sql_runner> database_;
};

// Opens the database and brings its tables up to date.
operator_store open_operator_store(const database_target& what, std::int64_t now_ns);

}  // namespace feedtree::storage
