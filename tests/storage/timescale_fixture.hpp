// A TimescaleDB for the tests of one program, with a fresh database for each test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "storage/timescale_connection.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::storage {

class timescale_test : public testing::Test {
 protected:
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    if (server_ == nullptr) {
      FEEDTREE_TIMESCALE(made);
      server_ = std::move(made);
    }
    static int number = 0;
    dsn_ = server_->make_database("test_" + std::to_string(++number));
    context_.now_ns = [this] { return now_ns_; };
  }

  // The rows of a query: fields joined by '|', NULL as "-", rows ended by newlines.
  std::string rows(const std::string& query) const {
    pg_connection connection(timescale_dsn(dsn_), {});
    const auto found = connection.execute(query);
    std::string text;
    for (int row = 0; row < found.rows(); ++row) {
      for (int at = 0; at < found.columns(); ++at) {
        const auto value = found.text(row, at);
        text.append(at == 0 ? "" : "|").append(value.empty() ? "-" : value);
      }
      text += '\n';
    }
    return text;
  }
  std::string count(const std::string& table) const {
    return rows("SELECT count(*) FROM " + table);
  }
  void execute(const std::string& sql) const {
    pg_connection(timescale_dsn(dsn_), {}).execute(sql);
  }

  batch_ptr trades(int from, int to) const {
    auto batch = std::make_shared<event_batch>();
    for (int at = from; at < to; ++at) {
      batch->events.push_back(tests::sample_trade(where_, std::to_string(at)));
    }
    return batch;
  }

  static tests::postgres_server& server() { return *server_; }

  listing_registry registry_;
  const listing* where_ = tests::sample_listing(registry_);
  std::int64_t now_ns_ = 1'700'000'000'000'000'000;
  sink_context context_;
  std::string dsn_;

 private:
  static inline std::unique_ptr<tests::postgres_server> server_;
};

}  // namespace feedtree::storage
