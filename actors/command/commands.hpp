// The commands of the feedtree program. Each gives the exit code.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "actors/replay/replay.hpp"
#include "config/config.hpp"
#include "core/rules/rule.hpp"
#include "storage/migrations/plan.hpp"
#include "storage/query.hpp"
#include "storage/row_writer.hpp"

namespace feedtree::actors {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_configuration = 78;

struct replay_arguments {
  replay_options options;
  std::string report;      // path, or "-"; empty: a few lines on standard error
  bool diff = false;       // compare with the one sink, a database, and write nothing
  std::string rules;       // a file; empty: only those that are built in
  bool apply = false;      // and correct it
  bool new_feeds = false;  // also with feeds of which the database has nothing
};
int replay_command(const replay_arguments& arguments);

struct run_arguments {
  std::string config_path;
  std::int64_t seconds = 0;
  bool watch = false;   // an overview on standard output, about once a second
  bool verify = false;  // failure if the counts do not add up at the end
  std::string summary;  // path, or "-"; empty: none
};
int run_command(const run_arguments& arguments);

struct status_arguments {
  std::string url = "http://127.0.0.1:8080";
  std::string ca_file;  // PEM; empty: the system's authorities
  bool watch = false;   // once a second, until it is stopped
};
// Exit code 0 if the server is ready.
int status_command(const status_arguments& arguments);

// True if the configuration is whole; else all problems were written to standard error.
bool read_configuration(const std::string& path, config::server_config& out);
// Likewise for a file of validation rules.
bool read_rules(const std::string& path, rules::rule_list& out);
int check_config_command(const std::string& path);

struct migrate_arguments {
  std::string config_path;  // of this and the next, one is set
  std::string sink;         // KIND:TARGET
  storage::migration_options options;
};
int migrate_command(const migrate_arguments& arguments);

struct query_arguments {
  std::string database;     // see storage::parse_database; of this and the next, one is set
  std::string config_path;  // whose first database is asked
  storage::event_query what;
  std::optional<std::int64_t> at_ns;  // the whole book of that instant
  std::size_t depth = 0;              // levels a side of it; 0: all
  storage::row_format format = storage::row_format::table;
};
int query_command(const query_arguments& arguments);

struct validate_arguments {
  std::vector<std::string> sources;  // captures, archives, files of SQLite, DSNs of PostgreSQL
  std::string venue;                 // of captures that do not say theirs
  std::string rules;                 // file
  std::string format = "json";       // json, html
  std::string output = "-";          // path, or "-"
  std::int64_t from_ns = 0;          // receive time; 0: from the beginning
  std::int64_t to_ns = 0;            // and up to here, exclusive; 0: to the end
  bool strict = false;               // failure if a rule is broken or an archive is damaged
};
// Judges what is recorded, and writes a report.
int validate_command(const validate_arguments& arguments);

struct backfill_arguments {
  std::string venue;
  std::vector<std::string> instruments;
  std::string kind = "candles";  // or trades
  std::string interval = "1m";   // of candles
  std::string from;
  std::string to = "now";
  std::string sink;
  std::size_t parallel = 4;
  std::string rest_url;  // empty: the venue's own
  std::string ca_file;   // PEM; empty: the system's authorities
};
// Exit code 0 if everything that the venue has is in the database.
int backfill_command(const backfill_arguments& arguments);

// The key of sealed archives, in the environment.
inline constexpr const char* archive_key_variable = "FEEDTREE_ARCHIVE_KEY";
// Its text; empty where it is not set.
std::string archive_key_text();
int archive_list_command(const std::string& path);
// Exit code 0 if everything is as the manifests say.
int archive_verify_command(const std::string& path);
// Writes plain files of the same lines below the target folder.
int archive_decrypt_command(const std::string& path, const std::string& target);
// Uploads what was not uploaded yet; the keys come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY.
struct archive_upload_arguments {
  std::string path;
  std::string endpoint;
  std::string region = "us-east-1";
  std::string bucket;
  std::string prefix;
  std::string ca_file;
  int attempts = 5;
};
int archive_upload_command(const archive_upload_arguments& arguments);

struct simulate_arguments {
  std::string venue;
  std::string listen;  // HOST:PORT; empty: loopback and the venue's usual port
  std::string tls_certificate;
  std::string tls_key;
  std::string capture;
  std::int64_t speed = 1000;  // thousandths; 0: as fast as it goes
  std::uint64_t seed = 1;
  std::vector<std::string> instruments;
  std::uint32_t rate = 100;         // frames a second
  std::string record;               // write a capture here instead of serving
  std::uint64_t frames = 10'000;    // of that capture
  std::vector<std::string> faults;  // see docs/simulator.md
  std::string fault_log;            // path; empty: none
  std::string truth;                // likewise
  bool no_compression = false;      // no permessage-deflate
  std::int64_t faults_for_s = 0;    // 0: no end
  std::int64_t move_for_s = 0;      // 0: no end
};
int simulate_command(const simulate_arguments& arguments);

int make_certificate_command(const std::string& directory);

}  // namespace feedtree::actors
