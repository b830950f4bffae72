#include "storage/sqlite_database.hpp"

#include <cstring>
#include <filesystem>

#include "core/sink.hpp"

namespace feedtree::storage {
namespace {

bool is_retryable(int code) {
  return code == SQLITE_FULL || code == SQLITE_BUSY || code == SQLITE_LOCKED ||
         code == SQLITE_IOERR || code == SQLITE_NOMEM;
}

std::string way_out(int code) {
  switch (code) {
    case SQLITE_FULL:
      return "; free space on that disk";
    case SQLITE_IOERR:
      return "; check the disk, its free space and the file size limit";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "; another process holds it: stop that one or wait for it";
    case SQLITE_CANTOPEN:
      return "; check that its directory is there and may be written to";
    case SQLITE_READONLY:
      return "; check who may write to it and to its directory";
    case SQLITE_NOTADB:
      return "; it is not a SQLite database: give another path";
    case SQLITE_CORRUPT:
      return "; it is damaged: put it aside and restore a copy";
    default:
      return "";
  }
}

// Makes the database's folder, for its owner alone, where only that one is missing. What goes wrong
// here shows when the database is opened.
void make_folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (folder.empty() || !std::filesystem::create_directory(folder, error)) return;
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
}

}  // namespace

sqlite_database::sqlite_database(const std::string& path, int busy_timeout_ms,
                                 const std::string& first)
    : path_(path) {
  make_folder_of(path);
  sqlite3* made = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &made,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(made);
  if (code != SQLITE_OK) fail("open");
  sqlite3_busy_timeout(handle_.get(), busy_timeout_ms);
  if (!first.empty()) execute(first);
  execute("PRAGMA journal_mode=WAL");
  execute("PRAGMA synchronous=NORMAL");
  execute("PRAGMA cache_size=-16384");  // KiB
}

sqlite_database::sqlite_database(const std::string& path, int busy_timeout_ms, sqlite_access)
    : path_(path) {
  sqlite3* made = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &made, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(made);
  if (code != SQLITE_OK) fail("open");
  sqlite3_busy_timeout(handle_.get(), busy_timeout_ms);
  execute("PRAGMA cache_size=-16384");  // KiB
}

void sqlite_database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail("write to");
  }
}

sqlite_statement sqlite_database::prepare(std::string_view sql) {
  return {*this, sql};
}

void sqlite_database::roll_back() noexcept {
  // SQLite has rolled back by itself after some errors.
  if (sqlite3_get_autocommit(handle_.get()) == 0) {
    sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void sqlite_database::fail(const char* doing) const {
  if (handle_ == nullptr) throw sink_error(true, "no memory for " + path_);
  const int code = sqlite3_extended_errcode(handle_.get()) & 0xff;
  const int system = sqlite3_system_errno(handle_.get());
  std::string why = sqlite3_errmsg(handle_.get());
  const bool of_system = code == SQLITE_IOERR || code == SQLITE_CANTOPEN;
  if (of_system && system != 0) why += std::string(" (") + std::strerror(system) + ")";
  throw sink_error(is_retryable(code), std::string("cannot ") + doing + " the database " + path_ +
                                           ": " + why + way_out(code));
}

sqlite_statement::sqlite_statement(sqlite_database& database, std::string_view sql)
    : database_(&database) {
  sqlite3_stmt* made = nullptr;
  const int code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  handle_.reset(made);
  check(code);
}

void sqlite_statement::check(int code) {
  if (code != SQLITE_OK) database_->fail("use");
}

void sqlite_statement::bind(int position, std::string_view text) {
  const char* const from = text.data() == nullptr ? "" : text.data();
  check(sqlite3_bind_text(handle_.get(), position, from, static_cast<int>(text.size()),
                          SQLITE_STATIC));
}

void sqlite_statement::bind(int position, std::int64_t value) {
  check(sqlite3_bind_int64(handle_.get(), position, value));
}

void sqlite_statement::bind_null(int position) {
  check(sqlite3_bind_null(handle_.get(), position));
}

void sqlite_statement::bind_bytes(int position, std::string_view bytes) {
  check(sqlite3_bind_blob64(handle_.get(), position, bytes.data(), bytes.size(), SQLITE_STATIC));
}

bool sqlite_statement::step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  try {
    database_->fail("write to");
  } catch (...) {
    reset();
    throw;
  }
}

void sqlite_statement::run() {
  step();
  reset();
}

std::string sqlite_statement::text(int column) const {
  const auto* const bytes = sqlite3_column_text(handle_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return bytes == nullptr ? std::string{} : std::string(reinterpret_cast<const char*>(bytes), size);
}

std::string_view sqlite_statement::bytes(int column) const {
  const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return {bytes, bytes == nullptr ? 0 : size};
}

}  // namespace feedtree::storage
