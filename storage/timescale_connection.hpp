// A connection to PostgreSQL by libpq, with bounded waits and errors that say what to do.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/sink.hpp"
#include "storage/timescale_dsn.hpp"

namespace feedtree::storage {

// What a failed statement means for what was asked.
enum class pg_failure : std::uint8_t {
  row,         // the database refuses a value: without it the rest goes through
  passing,     // the same may go through later: a lock, a full disk, a time limit
  connection,  // the connection, or the server, is gone or cannot write any more
  permanent,   // it needs someone's help
};
// By the SQLSTATE of the PostgreSQL manual's appendix A.
pg_failure classify_sqlstate(std::string_view sqlstate);

class pg_error : public sink_error {
 public:
  pg_error(pg_failure failure, std::string sqlstate, const std::string& reason,
           const std::string& message)
      : sink_error(failure == pg_failure::passing || failure == pg_failure::connection, message),
        failure_(failure),
        sqlstate_(std::move(sqlstate)),
        reason_(reason) {}
  pg_failure failure() const { return failure_; }
  const std::string& sqlstate() const { return sqlstate_; }
  // The server's words alone.
  const std::string& reason() const { return reason_; }

 private:
  pg_failure failure_;
  std::string sqlstate_;
  std::string reason_;
};

struct pg_limits {
  std::int64_t connect_timeout_ms = 5'000;     // for each host
  std::int64_t statement_timeout_ms = 10'000;  // for each statement, kept by the server
};

// The rows of a query, as text.
class pg_result {
 public:
  explicit pg_result(PGresult* result) : result_(result) {}
  int rows() const { return PQntuples(result_.get()); }
  int columns() const { return PQnfields(result_.get()); }
  bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) == 1; }
  std::string text(int row, int column) const { return PQgetvalue(result_.get(), row, column); }
  std::int64_t integer(int row, int column) const;
  // Rows that an INSERT, UPDATE or DELETE has changed.
  std::uint64_t changed() const;
  PGresult* get() const { return result_.get(); }

 private:
  struct deleter {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, deleter> result_;
};

// The parameters of a prepared statement in PostgreSQL's binary form. Views must live until the
// statement was sent.
using pg_parameters = std::vector<std::string_view>;

// One thread at a time. Every call waits for at most the limits and throws pg_error. After a
// failure of class `connection` only the destructor may be called.
class pg_connection {
 public:
  // Tries the hosts of the dsn in their order and takes the first that can be written to.
  pg_connection(const timescale_dsn& dsn, const pg_limits& limits);

  // From now on, instead of the limits' statement_timeout_ms.
  void limit_statements(std::int64_t statement_timeout_ms);
  // One statement or several, as a text; gives the last one's result.
  pg_result execute(const std::string& sql);
  // With text parameters; one statement.
  pg_result execute(const std::string& sql, const std::vector<std::string>& parameters);
  void prepare(const std::string& name, const std::string& sql);
  pg_result run_prepared(const std::string& name, const pg_parameters& parameters);
  // Ends a transaction; never throws.
  void roll_back() noexcept;

  // Pipelined: statements are sent without waiting; `finish` sends the end and waits for all. Its
  // results are in the order of the statements. The first error is thrown when all were read, and
  // the connection can be used again.
  void begin_pipeline();
  void send(const std::string& sql);
  void send_prepared(const std::string& name, const pg_parameters& parameters);
  std::vector<pg_result> finish_pipeline();

  const timescale_dsn& dsn() const { return dsn_; }
  int server_version() const { return PQserverVersion(handle_.get()); }
  // Throws what this result, or the connection, says.
  [[noreturn]] void fail(PGresult* result) const;

 private:
  struct closer {
    void operator()(PGconn* handle) const { PQfinish(handle); }
  };
  void flush_some();
  void wait_for_result();
  pg_result next_result();
  pg_result last_result();
  void sent(int accepted) const;
  [[noreturn]] void fail_connection(const std::string& why) const;

  timescale_dsn dsn_;
  pg_limits limits_;
  std::unique_ptr<PGconn, closer> handle_;
  std::size_t pipelined_ = 0;
};

}  // namespace feedtree::storage
