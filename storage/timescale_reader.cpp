#include <libpq-fe.h>

#include "storage/database_reader.hpp"
#include "storage/timescale_connection.hpp"

namespace feedtree::storage {
namespace {

// The first rows of a large span may need a sort.
constexpr std::int64_t statement_timeout_ms = 600'000;
constexpr const char* fetch = "FETCH 1000 FROM rows";
constexpr Oid boolean = 16;  // pg_type's oid

class timescale_reader : public database_reader {
 public:
  explicit timescale_reader(const std::string& dsn)
      : connection_(timescale_dsn(dsn), {5'000, statement_timeout_ms}) {}

  void read(const std::string& sql, std::span<const std::string> parameters,
            const std::function<bool(const stored_row&)>& take) override {
    connection_.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    try {
      connection_.execute("DECLARE rows NO SCROLL CURSOR FOR " + sql,
                          {parameters.begin(), parameters.end()});
      while (pass_on(connection_.execute(fetch), take)) {
      }
    } catch (...) {
      connection_.roll_back();
      throw;
    }
    connection_.execute("COMMIT");
  }
  const std::string& place() const override { return connection_.dsn().place(); }
  bool is_partitioned() const override { return true; }

 private:
  // False at the end.
  static bool pass_on(const pg_result& page, const std::function<bool(const stored_row&)>& take) {
    stored_row row(static_cast<std::size_t>(page.columns()));
    for (int at = 0; at < page.rows(); ++at) {
      for (int column = 0; column < page.columns(); ++column) {
        row[static_cast<std::size_t>(column)] = value_of(page, at, column);
      }
      if (!take(row)) return false;
    }
    return page.rows() > 0;
  }
  static std::optional<std::string> value_of(const pg_result& page, int row, int column) {
    if (page.is_null(row, column)) return {};
    if (PQftype(page.get(), column) == boolean) return page.text(row, column) == "t" ? "1" : "0";
    return page.text(row, column);
  }

  pg_connection connection_;
};

}  // namespace

std::unique_ptr<database_reader> open_timescale_reader(const std::string& dsn) {
  return std::make_unique<timescale_reader>(dsn);
}

}  // namespace feedtree::storage
