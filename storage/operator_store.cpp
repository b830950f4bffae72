#include "storage/operator_store.hpp"

#include <array>
#include <charconv>
#include <map>
#include <string_view>

#include "storage/migrate_database.hpp"

namespace feedtree::storage {
namespace {

constexpr const char* account_columns =
    "SELECT name, role, password_hash, created_ns, changed_ns, disabled_ns FROM operator ";

std::int64_t number_of(const std::optional<std::string>& text) {
  std::int64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

operator_account account_of(const stored_row& row) {
  operator_account account;
  account.name = row[0].value_or("");
  account.role = parse_access_role(row[1].value_or("")).value_or(access_role::none);
  account.password_hash = row[2].value_or("");
  account.created_ns = number_of(row[3]);
  account.changed_ns = number_of(row[4]);
  account.disabled_ns = number_of(row[5]);
  return account;
}

using texts = std::vector<std::string>;

std::string text_of(std::int64_t value) {
  return std::to_string(value);
}

}  // namespace

std::optional<operator_account> operator_store::find(const std::string& name) {
  const auto rows =
      database_->run(std::string(account_columns) + "WHERE name = $1", std::array{name});
  if (rows.empty()) return {};
  return account_of(rows.front());
}

std::vector<operator_account> operator_store::all() {
  std::vector<operator_account> result;
  for (const auto& row : database_->run(std::string(account_columns) + "ORDER BY name", {})) {
    result.push_back(account_of(row));
  }
  return result;
}

void operator_store::put(const operator_account& account) {
  const auto before = find(account.name);
  database_->run(
      "INSERT INTO operator (name, role, password_hash, created_ns, changed_ns, disabled_ns)"
      " VALUES ($1, $2, $3, $4, $5, NULLIF(CAST($6 AS BIGINT), 0))"
      " ON CONFLICT (name) DO UPDATE SET role = excluded.role,"
      " password_hash = excluded.password_hash, changed_ns = excluded.changed_ns,"
      " disabled_ns = excluded.disabled_ns",
      texts{account.name, std::string(to_string(account.role)), account.password_hash,
            text_of(account.created_ns), text_of(account.changed_ns),
            text_of(account.disabled_ns)});
  const bool ends = account.disabled_ns != 0 || !before ||
                    before->password_hash != account.password_hash || before->role != account.role;
  if (ends) revoke_all(account.name, account.changed_ns);
}

bool operator_store::disable(const std::string& name, std::int64_t now_ns) {
  auto account = find(name);
  if (!account) return false;
  if (account->disabled_ns == 0) account->disabled_ns = now_ns;
  account->changed_ns = now_ns;
  put(*account);
  return true;
}

void operator_store::add_token(const std::string& token_sha256, const std::string& name,
                               std::int64_t now_ns, std::int64_t expires_ns) {
  database_->run("DELETE FROM operator_token WHERE expires_ns <= $1", std::array{text_of(now_ns)});
  database_->run(
      "UPDATE operator_token SET revoked_ns = $1 WHERE revoked_ns IS NULL AND token_sha256 IN"
      " (SELECT token_sha256 FROM operator_token WHERE operator = $2 AND revoked_ns IS NULL"
      " ORDER BY created_ns DESC, token_sha256 LIMIT 1000 OFFSET " +
          std::to_string(tokens_max - 1) + ")",
      texts{text_of(now_ns), name});
  database_->run(
      "INSERT INTO operator_token (token_sha256, operator, created_ns, expires_ns)"
      " VALUES ($1, $2, $3, $4)",
      texts{token_sha256, name, text_of(now_ns), text_of(expires_ns)});
}

std::vector<accepted_token> operator_store::accepted(std::int64_t now_ns) {
  std::vector<accepted_token> result;
  const auto rows = database_->run(
      "SELECT t.token_sha256, o.name, o.role, t.expires_ns FROM operator_token t"
      " JOIN operator o ON o.name = t.operator"
      " WHERE t.revoked_ns IS NULL AND o.disabled_ns IS NULL AND t.expires_ns > $1",
      std::array{text_of(now_ns)});
  for (const auto& row : rows) {
    result.push_back({row[0].value_or(""), row[1].value_or(""),
                      parse_access_role(row[2].value_or("")).value_or(access_role::none),
                      number_of(row[3])});
  }
  return result;
}

void operator_store::revoke(const std::string& token_sha256, std::int64_t now_ns) {
  database_->run(
      "UPDATE operator_token SET revoked_ns = $1 WHERE token_sha256 = $2 AND revoked_ns IS NULL",
      texts{text_of(now_ns), token_sha256});
}

std::size_t operator_store::revoke_all(const std::string& name, std::int64_t now_ns) {
  return database_
      ->run(
          "UPDATE operator_token SET revoked_ns = $1 WHERE operator = $2 AND revoked_ns IS NULL"
          " RETURNING token_sha256",
          texts{text_of(now_ns), name})
      .size();
}

void operator_store::record(const audit_entry& entry) {
  database_->run(
      "INSERT INTO audit (at_ns, operator, action, target, outcome, detail)"
      " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
      texts{text_of(entry.at_ns), entry.name, entry.action, entry.target, entry.outcome,
            entry.detail});
}

std::vector<audit_entry> operator_store::records(std::size_t most) {
  std::vector<audit_entry> result;
  const auto rows = database_->run(
      "SELECT at_ns, operator, action, target, outcome, detail FROM audit"
      " ORDER BY at_ns DESC, operator, action, target LIMIT " +
          std::to_string(most),
      {});
  for (const auto& row : rows) {
    result.push_back({number_of(row[0]), row[1].value_or(""), row[2].value_or(""),
                      row[3].value_or(""), row[4].value_or(""), row[5].value_or("")});
  }
  return result;
}

std::vector<paused_actor> operator_store::paused() {
  constexpr std::string_view actors = "actors/";
  std::map<std::string, paused_actor> last;
  const auto rows = database_->run(
      "SELECT at_ns, operator, action, target FROM audit WHERE outcome = 'done'"
      " AND action IN ('pause', 'resume') AND target LIKE 'actors/%' ORDER BY at_ns",
      {});
  for (const auto& row : rows) {
    const auto path = row[3].value_or("").substr(actors.size());
    if (row[2] == "pause") {
      last[path] = {path, row[1].value_or(""), number_of(row[0])};
    } else {
      last.erase(path);
    }
  }
  std::vector<paused_actor> result;
  for (auto& [path, what] : last) result.push_back(std::move(what));
  return result;
}

operator_store open_operator_store(const database_target& what, std::int64_t now_ns) {
  migrate_database(what.kind, what.target, {migration_mode::apply, {}, now_ns});
  return operator_store(open_runner(what));
}

}  // namespace feedtree::storage
