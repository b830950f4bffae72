#include "storage/timescale_dsn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/sink.hpp"

namespace feedtree::storage {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(timescale_dsn, names_the_database_and_its_hosts_and_nothing_else) {
  EXPECT_EQ(timescale_dsn("postgresql://me:SECRET@db1:5433,db2/md?sslmode=require").place(),
            "md at db1:5433,db2:5432");
  EXPECT_EQ(timescale_dsn("host=db dbname=md password=SECRET user=me").place(), "md at db:5432");
  EXPECT_EQ(timescale_dsn("postgres://me@10.0.0.1/").place(), "me at 10.0.0.1:5432");
  EXPECT_EQ(timescale_dsn("dbname=md").place(), "md at localhost:5432");
}

TEST(timescale_dsn, is_refused_without_repeating_it) {
  for (const auto* text :
       {"", "SECRET", "host=db SECRET", "postgresql://me:SECRET%zz@db/md", "host='SECRET",
        "postgresql://me:SE@CRET@db/md", "postgresql://me:SE/SECRET@db/md",
        "postgresql://db/md?SECRET=1", "dbname='password=SECRET'", "mysql://me:SECRET@db"}) {
    try {
      const timescale_dsn read(text);
      FAIL() << text;
    } catch (const sink_error& error) {
      EXPECT_FALSE(error.retryable());
      EXPECT_THAT(error.what(), Not(HasSubstr("SECRET"))) << text;
      EXPECT_THAT(error.what(), HasSubstr("the dsn of the timescale sink")) << text;
    }
  }
}

TEST(timescale_dsn, takes_its_secrets_out_of_messages) {
  const timescale_dsn dsn("host=db password=SECRET sslpassword=HIDDEN");
  EXPECT_EQ(dsn.told("bad SECRET, HIDDEN\n\tand SECRETSECRET\n"), "bad ***, *** and ******");
  EXPECT_EQ(dsn.told(std::string(2'000, 'x')).size(), 603U);
}

}  // namespace
}  // namespace feedtree::storage
