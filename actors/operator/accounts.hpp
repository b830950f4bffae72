// Operators' accounts while the server runs: who a token belongs to, signing in and out, and the
// record of what was done. The database is asked on a thread of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "actors/operator/read_journal.hpp"
#include "adapters/http/access.hpp"
#include "adapters/http/login_limiter.hpp"
#include "storage/operator_store.hpp"

namespace feedtree::actors {

struct accounts_options {
  std::optional<storage::database_target> database;  // none: nobody has an account, nothing stored
  std::function<std::int64_t()> now_ns;              // wall clock
  http::login_limits limits{};
  std::int64_t look_every_ms = 1'000;      // at the tokens; a revoked one ends within this
  std::int64_t trust_for_ms = 60'000;      // what was read last, while the database does not answer
  std::int64_t session_ms = 43'200'000;    // how long a token of a sign-in is accepted
  std::size_t records_max = 1'000;         // that wait for the database
  std::size_t logins_max = 16;             // that wait for their turn
  double refusals_max = 100;               // recorded at once of callers without a token,
  std::int64_t refusal_refill_ms = 1'000;  // and one more after so long; others are counted
  std::int64_t reads_every_ms = 0;         // see read_journal
  // Told once, of each actor that an operator paused before the start and nobody resumed: when the
  // database answers first, in the constructor or later on the thread.
  std::function<void(const storage::paused_actor&)> keep_paused{};
};

// What became of a sign-in.
struct login_answer {
  int status = 200;          // 401, 429 or 503 if it failed
  std::string problem{};     // then
  std::int64_t wait_ms = 0;  // with 429: until it may be tried again
  std::string token{};
  access_role role = access_role::none;
  std::int64_t expires_ns = 0;
};

struct accounts_view {
  bool has_database = false;
  bool is_connected = false;        // the last look was answered
  std::string place;                // of the database, without secrets
  std::string error;                // why it is not connected
  std::size_t records_waiting = 0;  // for the database
  std::uint64_t refusals_unrecorded = 0;
  std::uint64_t reads_unrecorded = 0;
};

class accounts : public http::token_judge, public http::access_log {
 public:
  // Opens the database, brings its tables up to date and reads the tokens. Throws sink_error where
  // that fails in a way that trying again does not mend; else it is tried again until it succeeds.
  explicit accounts(accounts_options options);
  // Writes what waits, if the database takes it at once.
  ~accounts() override;

  std::optional<http::caller> who(std::string_view token) const override;
  bool has_room() const override;
  void add(http::change_note what) override;
  void add_read(const http::read_note& what) override;

  // Gives the answer later, on a thread of its own; at once where it is refused without a look.
  void log_in(const std::string& name, const std::string& password, const std::string& peer,
              std::function<void(login_answer)> done);
  // The token ends, here at once and in the database as soon as it answers.
  void log_out(std::string_view token);

  // The newest first, of those since the start.
  std::vector<storage::audit_entry> records(std::size_t most) const;
  accounts_view view() const;

 private:
  struct login {
    std::string name;
    std::string password;
    std::string peer;
    std::function<void(login_answer)> done;
  };

  void run();
  void work_once();
  void open();
  void look();
  void flush();
  void end_tokens();
  void answer(login what);
  login_answer judge(const login& what);
  login_answer issue(const std::string& name, access_role role);
  void record(storage::audit_entry entry);
  std::int64_t next_record_ns();
  bool may_record_refusal(std::string& detail);
  void failed(const std::string& why);
  std::int64_t now_ms() const { return options_.now_ns() / 1'000'000; }

  accounts_options options_;
  std::optional<storage::operator_store> store_;  // after the constructor only for the thread
  bool told_of_paused_ = false;                   // and this

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::vector<storage::accepted_token> tokens_;
  std::int64_t looked_ns_ = 0;                // when tokens_ was read
  std::deque<storage::audit_entry> waiting_;  // for the database
  std::deque<storage::audit_entry> recent_;   // the newest last
  std::deque<login> logins_;
  std::vector<std::string> ended_;  // hashes of tokens that are to be revoked
  http::login_limiter limiter_;
  std::int64_t last_record_ns_ = 0;
  double refusals_left_ = 0;
  std::int64_t refusals_at_ms_ = 0;
  std::uint64_t refusals_unrecorded_ = 0;
  std::uint64_t unrecorded_since_ = 0;  // not yet told of in a record
  read_journal reads_;
  std::uint64_t reads_unrecorded_ = 0;  // there was no room
  std::string place_;
  std::string error_;
  std::thread thread_;
};

}  // namespace feedtree::actors
