#include "storage/timescale_connection.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace feedtree::storage {
namespace {

using steady = std::chrono::steady_clock;

// The server cancels a statement at its limit; we give it this much longer to say so.
constexpr std::int64_t answer_grace_ms = 2'000;

bool is_one_of(std::string_view what, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), what) != all.end();
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> all) {
  return std::any_of(all.begin(), all.end(),
                     [&](auto each) { return text.find(each) != text.npos; });
}

// While connecting there is no SQLSTATE: the words of libpq 15 and of the server must do. What is
// not known is tried again.
bool needs_help(std::string_view message) {
  if (contains_any(message, {"Connection refused", "timeout", "the database system is",
                             "server closed the connection"})) {
    return false;
  }
  return contains_any(message, {"authentication failed", "no pg_hba.conf entry", "does not exist",
                                "certificate", "no password supplied", "does not support SSL",
                                "SSL is not enabled", "invalid ", "is not permitted to log in"});
}

std::string connect_advice(std::string_view message) {
  if (message.find("certificate") != message.npos) {
    return "; check sslrootcert (the authority's file) and the host's name in the certificate";
  }
  if (contains_any(message, {"does not support SSL"})) {
    return "; turn ssl on in the server's postgresql.conf";
  }
  if (contains_any(message, {"authentication failed", "no password supplied"})) {
    return "; check the user and the password in the dsn";
  }
  if (contains_any(message, {"session is read-only", "is in hot standby"})) {
    return "; no host of the dsn can be written to at present";
  }
  return needs_help(message) ? "" : "; check that it runs and that the dsn has its host and port";
}

std::string advice_for(std::string_view sqlstate) {
  if (sqlstate == "53100") return "; free space on the server's disk";
  if (sqlstate == "53300") return "; raise max_connections or close other connections";
  if (sqlstate == "57014") return "; it took longer than statement_timeout";
  if (sqlstate == "42501") return "; give the role of the dsn the right to do it";
  if (sqlstate == "42P01" || sqlstate == "42703") {
    return "; the tables were changed by hand: compare them with storage/migrations/timescale";
  }
  return "";
}

// What PQconnectdbParams takes: the dsn, and what it does not say.
std::map<std::string, std::string> connect_settings(const timescale_dsn& dsn,
                                                    const pg_limits& limits) {
  auto settings = dsn.settings();
  const auto seconds = std::max<std::int64_t>(2, (limits.connect_timeout_ms + 999) / 1'000);
  settings.emplace("connect_timeout", std::to_string(seconds));
  settings.emplace("target_session_attrs", "read-write");
  settings.emplace("fallback_application_name", "feedtree");
  settings["client_encoding"] = "UTF8";
  return settings;
}

PGconn* connect(const timescale_dsn& dsn, const pg_limits& limits) {
  const auto settings = connect_settings(dsn, limits);
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : settings) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectdbParams(names.data(), values.data(), 0);
}

// Parameters as libpq wants them; all binary.
struct libpq_parameters {
  explicit libpq_parameters(const pg_parameters& parameters) : formats(parameters.size(), 1) {
    for (const auto& each : parameters) {
      values.push_back(each.data());
      lengths.push_back(static_cast<int>(each.size()));
    }
  }
  int count() const { return static_cast<int>(values.size()); }
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
};

}  // namespace

pg_failure classify_sqlstate(std::string_view sqlstate) {
  const auto of_class = sqlstate.substr(0, 2);
  if (is_one_of(sqlstate, {"25006", "57P01", "57P02", "57P03", "57P05"}) || of_class == "08") {
    return pg_failure::connection;
  }
  if (is_one_of(of_class, {"40", "53", "55", "58"}) || is_one_of(sqlstate, {"57014", "25P03"})) {
    return pg_failure::passing;
  }
  // 22 data exception, 23 constraint, 54 program limit, P0001 a trigger's RAISE.
  if (is_one_of(of_class, {"22", "23", "54"}) || sqlstate == "P0001") return pg_failure::row;
  return pg_failure::permanent;
}

std::int64_t pg_result::integer(int row, int column) const {
  const auto value = text(row, column);
  std::int64_t result = 0;
  std::from_chars(value.data(), value.data() + value.size(), result);
  return result;
}

std::uint64_t pg_result::changed() const {
  const std::string_view value = PQcmdTuples(result_.get());
  std::uint64_t result = 0;
  std::from_chars(value.data(), value.data() + value.size(), result);
  return result;
}

pg_connection::pg_connection(const timescale_dsn& dsn, const pg_limits& limits)
    : dsn_(dsn), limits_(limits), handle_(connect(dsn, limits)) {
  if (PQstatus(handle_.get()) != CONNECTION_OK) {
    const std::string raw = handle_ ? PQerrorMessage(handle_.get()) : "no memory";
    const auto failure = needs_help(raw) ? pg_failure::permanent : pg_failure::connection;
    const auto why = dsn_.told(raw);
    throw pg_error(failure, "", why,
                   "cannot connect to " + dsn_.place() + ": " + why + connect_advice(raw));
  }
  PQsetNoticeProcessor(
      handle_.get(), [](void*, const char*) {}, nullptr);
  PQsetnonblocking(handle_.get(), 1);
  limit_statements(limits_.statement_timeout_ms);
}

void pg_connection::limit_statements(std::int64_t statement_timeout_ms) {
  limits_.statement_timeout_ms = statement_timeout_ms;
  execute("SET statement_timeout = " + std::to_string(statement_timeout_ms));
}

void pg_connection::fail(PGresult* result) const {
  const char* const state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  if (state == nullptr) fail_connection(dsn_.told(PQerrorMessage(handle_.get())));
  const char* const primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const char* const hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
  const auto reason = dsn_.told(primary == nullptr ? "no reason given" : primary);
  auto failure = classify_sqlstate(state);
  if (PQstatus(handle_.get()) == CONNECTION_BAD) failure = pg_failure::connection;
  std::string message = dsn_.place() + ": " + reason + " (" + state + ")" + advice_for(state);
  if (hint != nullptr && advice_for(state).empty()) message += "; " + dsn_.told(hint);
  throw pg_error(failure, state, reason, message);
}

void pg_connection::fail_connection(const std::string& why) const {
  throw pg_error(pg_failure::connection, "", why,
                 "the connection to " + dsn_.place() + " is lost: " + why);
}

void pg_connection::sent(int accepted) const {
  if (accepted != 1) fail_connection(dsn_.told(PQerrorMessage(handle_.get())));
}

// Hands to the socket what it takes at once; libpq keeps the rest.
void pg_connection::flush_some() {
  if (PQflush(handle_.get()) < 0) fail_connection(dsn_.told(PQerrorMessage(handle_.get())));
}

// Waits until a result can be read without waiting.
void pg_connection::wait_for_result() {
  const auto wait_ms = limits_.statement_timeout_ms + answer_grace_ms;
  const auto deadline = steady::now() + std::chrono::milliseconds(wait_ms);
  while (PQisBusy(handle_.get()) == 1) {
    const int unsent = PQflush(handle_.get());
    const short wanted = unsent == 1 ? POLLIN | POLLOUT : POLLIN;
    pollfd waited{PQsocket(handle_.get()), wanted, 0};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady::now()).count();
    if (left <= 0) fail_connection("no answer for " + std::to_string(wait_ms) + " ms");
    poll(&waited, 1, static_cast<int>(left));
    if (PQconsumeInput(handle_.get()) != 1) {
      fail_connection(dsn_.told(PQerrorMessage(handle_.get())));
    }
  }
}

pg_result pg_connection::next_result() {
  wait_for_result();
  return pg_result(PQgetResult(handle_.get()));
}

// Reads all results of what was sent; throws the first that is an error.
pg_result pg_connection::last_result() {
  pg_result last(nullptr);
  for (bool failed = false;;) {
    auto result = next_result();
    if (result.get() == nullptr) break;
    const auto status = PQresultStatus(result.get());
    if (failed) continue;
    failed = status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
    last = std::move(result);
    if (PQstatus(handle_.get()) == CONNECTION_BAD) break;
  }
  const auto status = PQresultStatus(last.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) fail(last.get());
  return last;
}

pg_result pg_connection::execute(const std::string& sql) {
  sent(PQsendQuery(handle_.get(), sql.c_str()));
  return last_result();
}

pg_result pg_connection::execute(const std::string& sql,
                                 const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const auto& each : parameters) values.push_back(each.c_str());
  sent(PQsendQueryParams(handle_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                         values.data(), nullptr, nullptr, 0));
  return last_result();
}

void pg_connection::prepare(const std::string& name, const std::string& sql) {
  sent(PQsendPrepare(handle_.get(), name.c_str(), sql.c_str(), 0, nullptr));
  last_result();
}

pg_result pg_connection::run_prepared(const std::string& name, const pg_parameters& parameters) {
  const libpq_parameters all(parameters);
  sent(PQsendQueryPrepared(handle_.get(), name.c_str(), all.count(), all.values.data(),
                           all.lengths.data(), all.formats.data(), 0));
  return last_result();
}

void pg_connection::roll_back() noexcept {
  try {
    if (PQtransactionStatus(handle_.get()) != PQTRANS_IDLE) execute("ROLLBACK");
  } catch (const sink_error&) {  // NOLINT(bugprone-empty-catch): the next statement shows it
  }
}

void pg_connection::begin_pipeline() {
  sent(PQenterPipelineMode(handle_.get()));
  pipelined_ = 0;
}

void pg_connection::send(const std::string& sql) {
  sent(PQsendQueryParams(handle_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0));
  ++pipelined_;
  flush_some();
}

void pg_connection::send_prepared(const std::string& name, const pg_parameters& parameters) {
  const libpq_parameters all(parameters);
  sent(PQsendQueryPrepared(handle_.get(), name.c_str(), all.count(), all.values.data(),
                           all.lengths.data(), all.formats.data(), 0));
  ++pipelined_;
  flush_some();
}

std::vector<pg_result> pg_connection::finish_pipeline() {
  sent(PQpipelineSync(handle_.get()));
  std::vector<pg_result> results;
  std::size_t failed = pipelined_;
  for (std::size_t at = 0; at < pipelined_; ++at) {
    results.push_back(next_result());
    const auto status = PQresultStatus(results.back().get());
    const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!good) failed = std::min(failed, at);
    if (PQstatus(handle_.get()) == CONNECTION_BAD) fail(results.back().get());
    next_result();  // the end of this statement's results
  }
  next_result();  // of the synchronisation
  const int idle = PQexitPipelineMode(handle_.get());
  if (failed < pipelined_) fail(results[failed].get());
  sent(idle);
  return results;
}

}  // namespace feedtree::storage
