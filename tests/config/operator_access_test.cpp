// Accounts, changes over HTTP, and files that hold secrets.
#include "config/operator_access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "config/dependencies.hpp"
#include "config/secret_files.hpp"
#include "tests/config/reading.hpp"

namespace feedtree::config {
namespace {

using namespace tests;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

server_config with_sink(const std::string& kind) {
  server_config config;
  config.sinks.push_back({kind, "x", {}});
  return config;
}

TEST(admin_database, is_the_first_variable_that_is_set) {
  EXPECT_FALSE(find_admin_database(lookup({})).has_value());
  variables set{{"ADMIN_DB_DSN", "d.db"}};
  EXPECT_EQ(find_admin_database(lookup(set))->dsn, "d.db");
  set["ADMIN_DATABASE_DSN"] = "c.db";
  EXPECT_EQ(find_admin_database(lookup(set))->dsn, "c.db");
  set["ADMIN_POSTGRES_DSN"] = "b.db";
  EXPECT_EQ(find_admin_database(lookup(set))->dsn, "b.db");
  set["FEEDTREE_ADMIN_DSN"] = "a.db";
  EXPECT_EQ(find_admin_database(lookup(set))->variable, "FEEDTREE_ADMIN_DSN");
  set["FEEDTREE_ADMIN_DSN"] = "";
  EXPECT_EQ(find_admin_database(lookup(set))->variable, "ADMIN_POSTGRES_DSN");
}

TEST(admin_database, is_a_dsn_or_a_path) {
  for (const auto* dsn :
       {"postgresql://h/d", "postgres://h/d?sslmode=require", "host=h dbname=d"}) {
    EXPECT_FALSE(find_admin_database(lookup({{"ADMIN_DB_DSN", dsn}}))->is_sqlite) << dsn;
  }
  for (const auto* path : {"data/feedtree.db", "/var/lib/x.db", "sqlite:x.db"}) {
    EXPECT_TRUE(find_admin_database(lookup({{"ADMIN_DB_DSN", path}}))->is_sqlite) << path;
  }
}

TEST(admin_database, is_as_safe_as_the_others) {
  const auto error = [](const std::string& kind, const std::string& dsn) {
    return admin_database_error(with_sink(kind), lookup({{"FEEDTREE_ADMIN_DSN", dsn}}));
  };
  EXPECT_EQ(error("timescale", "postgresql://h/d?sslmode=verify-full"), "");
  EXPECT_EQ(error("timescale", "host=h sslmode=verify-full"), "");
  EXPECT_THAT(error("timescale", "postgresql://h/d"), HasSubstr("no sslmode=verify-full"));
  EXPECT_THAT(error("timescale", "postgresql://h/d?sslmode=require"),
              HasSubstr("no sslmode=verify-full"));
  EXPECT_THAT(error("timescale", "a.db"), HasSubstr("is no PostgreSQL DSN"));
  EXPECT_EQ(error("sqlite", "a.db"), "");
}

TEST(admin_database, stands_for_the_token_of_the_environment) {
  const auto missing = [](const variables& set) {
    std::vector<std::string> result;
    for (const auto& each : missing_dependencies(with_sink("none"), lookup(set))) {
      if (each.service == service_operator) result.push_back(each.what);
    }
    return result;
  };
  EXPECT_THAT(missing({}), ElementsAre("FEEDTREE_OPERATOR_TOKEN is not set"));
  EXPECT_THAT(missing({{"FEEDTREE_ADMIN_DSN", "a.db"}}), IsEmpty());
  EXPECT_THAT(missing({{"FEEDTREE_ADMIN_DSN", "a.db"}, {"FEEDTREE_OPERATOR_TOKEN", "short"}}),
              ElementsAre(HasSubstr("is shorter than 16 characters")));
  EXPECT_THAT(missing({{"FEEDTREE_ADMIN_DSN", "postgresql://h/d"}}),
              ElementsAre(HasSubstr("has no sslmode=verify-full")));
}

TEST(changes_over_http, need_tls_unless_insecure_defaults_are_allowed) {
  http_config config;
  EXPECT_THAT(changes_error(config, lookup({})), HasSubstr("over TLS only"));
  EXPECT_EQ(changes_error(config, lookup({{"FEEDTREE_OPERATOR_ALLOW_INSECURE_DEFAULTS", "1"}})),
            "");
  EXPECT_EQ(changes_error(config, lookup({{"FEEDTREE_ALLOW_INSECURE_DEFAULTS", "1"}})), "");
  EXPECT_NE(changes_error(config, lookup({{"FEEDTREE_NATS_ALLOW_INSECURE_DEFAULTS", "1"}})), "");
  config.cert_file = "a.pem";
  EXPECT_EQ(changes_error(config, lookup({})), "");
}

class secret_file : public testing::Test {
 protected:
  void write(const std::string& text, mode_t mode) {
    std::ofstream(path_) << text;
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
  }
  std::string path_ = testing::TempDir() + "feedtree-secret-file-" + std::to_string(::getpid());
};

TEST_F(secret_file, is_refused_where_everyone_may_read_or_write_it) {
  for (const mode_t good : {0600, 0400, 0640, 0660}) {
    write("x", good);
    EXPECT_EQ(secret_file_error(path_), "") << good;
  }
  for (const mode_t bad : {0644, 0604, 0602, 0666, 0777}) {
    write("x", bad);
    EXPECT_THAT(secret_file_error(path_), HasSubstr("chmod o-rwx")) << bad;
  }
  EXPECT_THAT(secret_file_error(path_ + "-none"), HasSubstr("cannot be read"));
}

TEST_F(secret_file, is_found_wherever_the_configuration_names_one) {
  write("x", 0644);
  auto config = with_sink("nats");
  config.http.key_file = path_;
  config.http.cert_file = path_;  // a certificate is no secret
  config.sinks[0].options = {{"creds_file", path_}, {"key_file", path_}, {"ca_file", path_}};
  EXPECT_THAT(secret_file_problems(config),
              ElementsAre(HasSubstr("http.key_file: "), HasSubstr("sinks[nats].key_file: "),
                          HasSubstr("sinks[nats].creds_file: ")));
  write("x", 0600);
  EXPECT_THAT(secret_file_problems(config), IsEmpty());
}

TEST_F(secret_file, stands_for_a_variable) {
  write("from a file\r\nsecond line\n", 0600);
  setenv("FEEDTREE_TEST_SECRET_FILE", path_.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(process_environment()("FEEDTREE_TEST_SECRET"), "from a file");
  setenv("FEEDTREE_TEST_SECRET", "itself", 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(process_environment()("FEEDTREE_TEST_SECRET"), "itself");
  unsetenv("FEEDTREE_TEST_SECRET");  // NOLINT(concurrency-mt-unsafe)
  write("from a file", 0644);
  EXPECT_THROW(process_environment()("FEEDTREE_TEST_SECRET"), std::runtime_error);
  const auto expanded = expand("a ${FEEDTREE_TEST_SECRET}", process_environment());
  EXPECT_THAT(expanded.errors, ElementsAre(HasSubstr("FEEDTREE_TEST_SECRET_FILE: ")));
  write("", 0600);
  EXPECT_THROW(process_environment()("FEEDTREE_TEST_SECRET"), std::runtime_error);
  unsetenv("FEEDTREE_TEST_SECRET_FILE");  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace
}  // namespace feedtree::config
