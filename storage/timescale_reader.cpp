#include <libpq-fe.h>

#include "storage/database_reader.hpp"
#include "storage/timescale_connection.hpp"

namespace feedtree::storage {
namespace {

// The first rows of a large span may need a sort.
constexpr std::int64_t statement_timeout_ms = 600'000;
constexpr Oid boolean = 16;  // pg_type's oid

// The transaction in which cursors stand: it begins with the first and ends with the last.
class read_transaction {
 public:
  explicit read_transaction(const std::string& dsn)
      : connection_(timescale_dsn(dsn), {5'000, statement_timeout_ms}) {}

  std::string declare(const std::string& sql, std::span<const std::string> parameters) {
    if (open_ == 0) connection_.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const auto name = "rows_" + std::to_string(++declared_);
    try {
      connection_.execute("DECLARE " + name + " NO SCROLL CURSOR FOR " + sql,
                          {parameters.begin(), parameters.end()});
    } catch (...) {
      if (open_ == 0) connection_.roll_back();
      throw;
    }
    ++open_;
    return name;
  }
  pg_result fetch(const std::string& name) {
    return connection_.execute("FETCH 1000 FROM " + name);
  }
  // Nothing was written: rolling back is as good as a commit, and never throws.
  void close() noexcept {
    if (--open_ == 0) connection_.roll_back();
  }
  const timescale_dsn& dsn() const { return connection_.dsn(); }

 private:
  pg_connection connection_;
  std::size_t open_ = 0;
  std::uint64_t declared_ = 0;
};

class timescale_cursor : public row_cursor {
 public:
  timescale_cursor(read_transaction& within, const std::string& sql,
                   std::span<const std::string> parameters)
      : within_(within), name_(within.declare(sql, parameters)) {}
  ~timescale_cursor() override { within_.close(); }

  bool next(stored_row& out) override {
    if (!page_ || at_ == page_->rows()) {
      page_.emplace(within_.fetch(name_));
      at_ = 0;
      if (page_->rows() == 0) return false;
    }
    out.resize(static_cast<std::size_t>(page_->columns()));
    for (int column = 0; column < page_->columns(); ++column) {
      out[static_cast<std::size_t>(column)] = value_of(*page_, at_, column);
    }
    ++at_;
    return true;
  }

 private:
  static std::optional<std::string> value_of(const pg_result& page, int row, int column) {
    if (page.is_null(row, column)) return {};
    if (PQftype(page.get(), column) == boolean) return page.text(row, column) == "t" ? "1" : "0";
    return page.text(row, column);
  }

  read_transaction& within_;
  std::string name_;
  std::optional<pg_result> page_;
  int at_ = 0;
};

class timescale_reader : public database_reader {
 public:
  explicit timescale_reader(const std::string& dsn) : transaction_(dsn) {}

  std::unique_ptr<row_cursor> open(const std::string& sql,
                                   std::span<const std::string> parameters) override {
    return std::make_unique<timescale_cursor>(transaction_, sql, parameters);
  }
  const std::string& place() const override { return transaction_.dsn().place(); }
  bool is_partitioned() const override { return true; }

 private:
  read_transaction transaction_;
};

}  // namespace

std::unique_ptr<database_reader> open_timescale_reader(const std::string& dsn) {
  return std::make_unique<timescale_reader>(dsn);
}

}  // namespace feedtree::storage
