#include <filesystem>

#include "core/sink.hpp"
#include "storage/database_reader.hpp"
#include "storage/sqlite_database.hpp"

namespace feedtree::storage {
namespace {

constexpr int busy_timeout_ms = 5'000;

// The file must be there: one that is not is not made.
std::string existing(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) return path;
  throw sink_error(false, path +
                              ": there is no such file; a database is sqlite:PATH or "
                              "timescale:DSN");
}

class sqlite_reader : public database_reader {
 public:
  explicit sqlite_reader(const std::string& path)
      : database_(existing(path), busy_timeout_ms, sqlite_access::read_only) {}

  // One statement sees one moment, also while a server writes.
  void read(const std::string& sql, std::span<const std::string> parameters,
            const std::function<bool(const stored_row&)>& take) override {
    auto statement = database_.prepare(sql);
    int position = 0;
    for (const auto& each : parameters) statement.bind(++position, std::string_view(each));
    stored_row row;
    while (statement.step()) {
      const int columns = statement.columns();
      row.resize(static_cast<std::size_t>(columns));
      for (int at = 0; at < columns; ++at) {
        auto& value = row[static_cast<std::size_t>(at)];
        if (statement.is_null(at)) {
          value.reset();
        } else {
          value = statement.text(at);
        }
      }
      if (!take(row)) return;
    }
  }
  const std::string& place() const override { return database_.path(); }
  bool is_partitioned() const override { return false; }

 private:
  sqlite_database database_;
};

}  // namespace

std::unique_ptr<database_reader> open_sqlite_reader(const std::string& path) {
  return std::make_unique<sqlite_reader>(path);
}

}  // namespace feedtree::storage
