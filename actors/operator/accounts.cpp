#include "actors/operator/accounts.hpp"

#include <openssl/crypto.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "actors/log.hpp"
#include "core/scrub.hpp"
#include "core/sink.hpp"
#include "storage/migrations/migration.hpp"
#include "storage/password.hpp"

namespace feedtree::actors {
namespace {

constexpr const char* component = "accounts";
constexpr std::int64_t ms = 1'000'000;
constexpr std::size_t detail_bytes_max = 500;

std::string outcome_of(int status) {
  if (status < 400) return "done";
  return status < 500 ? "refused" : "failed";
}

bool same_hash(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// What a problem's detail says (RFC 9457), or the text where it is no such JSON.
std::string words_of(const std::string& problem) {
  if (!problem.starts_with('{')) return problem;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::string_view detail;
  const simdjson::padded_string text(problem);
  const bool good = parser.parse(text).get(object) == simdjson::SUCCESS &&
                    object["detail"].get(detail) == simdjson::SUCCESS;
  return good ? std::string(detail) : problem;
}

std::string detail_of(const std::string& peer, const std::string& problem) {
  std::string detail = peer.empty() ? "" : "from " + peer;
  if (!problem.empty()) detail += (detail.empty() ? "" : ": ") + problem;
  return detail.substr(0, detail_bytes_max);
}

}  // namespace

accounts::accounts(accounts_options options)
    : options_(std::move(options)),
      limiter_(options_.limits),
      refusals_left_(options_.refusals_max),
      reads_(options_.reads_every_ms) {
  if (!options_.database) return;
  try {
    open();
    place_ = store_->place();
    look();
  } catch (const sink_error& error) {
    if (!error.retryable()) throw;
    failed(error.what());
  }
  thread_ = std::thread([this] { run(); });
}

accounts::~accounts() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  for (auto& each : logins_) each.done({503, "the server stops"});
  if (!waiting_.empty()) {
    log::error(component, std::to_string(waiting_.size()) + " records could not be stored");
  }
}

std::optional<http::caller> accounts::who(std::string_view token) const {
  if (!options_.database) return {};
  const auto hash = storage::sha256(token);
  const auto now = options_.now_ns();
  const std::lock_guard lock(mutex_);
  if (now - looked_ns_ > options_.trust_for_ms * ms) return {};
  std::optional<http::caller> found;
  for (const auto& each : tokens_) {  // all of them, so that the time tells nothing
    const bool fits = same_hash(each.token_sha256, hash);
    if (fits && each.expires_ns > now) found = http::caller{each.name, each.role};
  }
  return found;
}

bool accounts::has_room() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size() < options_.records_max;
}

// Who has no token could fill the database with refusals.
bool accounts::may_record_refusal(std::string& detail) {
  const auto now = now_ms();
  const auto since = static_cast<double>(std::max<std::int64_t>(0, now - refusals_at_ms_));
  refusals_left_ =
      std::min(options_.refusals_max,
               refusals_left_ + since / static_cast<double>(options_.refusal_refill_ms));
  refusals_at_ms_ = now;
  if (refusals_left_ < 1 || waiting_.size() >= options_.records_max) {
    ++refusals_unrecorded_;
    ++unrecorded_since_;
    return false;
  }
  refusals_left_ -= 1;
  if (const auto count = std::exchange(unrecorded_since_, 0); count > 0) {
    detail += "; " + std::to_string(count) + " refusals before it are not recorded one by one";
  }
  return true;
}

void accounts::add(http::change_note what) {
  storage::audit_entry entry{0,
                             scrub(what.name),
                             std::move(what.action),
                             scrub(what.target),
                             outcome_of(what.status),
                             detail_of(what.peer, scrub(words_of(what.problem)))};
  const auto line = entry.action + " of " + entry.target + " by " + entry.name + ": " +
                    entry.outcome + (entry.detail.empty() ? "" : " (" + entry.detail + ")");
  {
    const std::lock_guard lock(mutex_);
    if (what.status >= 400 && what.status < 500 && !may_record_refusal(entry.detail)) return;
    record(std::move(entry));
  }
  log::warning("operator", line);
  wake_.notify_all();
}

// Under the lock. Records have times of their own, as their order is their key.
std::int64_t accounts::next_record_ns() {
  last_record_ns_ = std::max(options_.now_ns(), last_record_ns_ + 1);
  return last_record_ns_;
}

// Under the lock.
void accounts::record(storage::audit_entry entry) {
  entry.at_ns = next_record_ns();
  recent_.push_back(entry);
  if (recent_.size() > options_.records_max) recent_.pop_front();
  if (options_.database) waiting_.push_back(std::move(entry));
}

// Half of the room is left to changes, which may not go unrecorded.
void accounts::add_read(const http::read_note& what) {
  if (!options_.database) return;
  {
    const std::lock_guard lock(mutex_);
    auto detail = reads_.note(what, now_ms());
    if (!detail) return;
    if (waiting_.size() >= options_.records_max / 2) {
      ++reads_unrecorded_;
      return;
    }
    waiting_.push_back({next_record_ns(), scrub(what.name), "read", scrub(what.target), "done",
                        detail->substr(0, detail_bytes_max)});
  }
  wake_.notify_all();
}

void accounts::log_in(const std::string& name, const std::string& password, const std::string& peer,
                      std::function<void(login_answer)> done) {
  login_answer refused;
  {
    const std::lock_guard lock(mutex_);
    const auto wait_ms = limiter_.wait_ms(name, peer, now_ms());
    if (!options_.database) {
      refused = {503, "there are no accounts: no database is configured for them"};
    } else if (wait_ms > 0) {
      refused = {429, "too many attempts to sign in", wait_ms};
    } else if (logins_.size() >= options_.logins_max) {
      refused = {503, "too many sign in at the same time"};
    } else {
      logins_.push_back({name, password, peer, std::move(done)});
    }
  }
  if (refused.status == 200) {
    wake_.notify_all();
    return;
  }
  if (refused.status == 429) add({name, "login", "login", peer, 429, refused.problem});
  done(refused);
}

void accounts::log_out(std::string_view token) {
  const auto hash = storage::sha256(token);
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(tokens_, [&](const auto& each) { return each.token_sha256 == hash; });
    ended_.push_back(hash);
  }
  wake_.notify_all();
}

std::vector<storage::audit_entry> accounts::records(std::size_t most) const {
  const std::lock_guard lock(mutex_);
  const auto count = std::min(most, recent_.size());
  return {recent_.rbegin(), recent_.rbegin() + static_cast<std::ptrdiff_t>(count)};
}

accounts_view accounts::view() const {
  const std::lock_guard lock(mutex_);
  return {options_.database.has_value(),
          options_.database && error_.empty(),
          place_,
          error_,
          waiting_.size(),
          refusals_unrecorded_,
          reads_unrecorded_ + reads_.not_recorded()};
}

void accounts::run() {
  std::unique_lock lock(mutex_);
  const auto pause = std::chrono::milliseconds(options_.look_every_ms);
  while (true) {
    wake_.wait_for(lock, pause, [this] {
      const bool has_work = !logins_.empty() || !waiting_.empty() || !ended_.empty();
      return is_stopping_ || (has_work && error_.empty());
    });
    const bool last = is_stopping_;
    lock.unlock();
    work_once();
    lock.lock();
    if (last) return;
  }
}

void accounts::work_once() {
  try {
    if (!store_) open();
    end_tokens();
    flush();
    look();
  } catch (const sink_error& error) {
    store_.reset();
    failed(error.what());
  }
  std::deque<login> asked;
  {
    const std::lock_guard lock(mutex_);
    asked.swap(logins_);
  }
  for (auto& each : asked) answer(std::move(each));
}

void accounts::failed(const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (error_ != why) log::error(component, why);
  error_ = why;
}

void accounts::open() {
  store_.emplace(storage::open_operator_store(*options_.database, options_.now_ns()));
  if (told_of_paused_ || !options_.keep_paused) return;
  for (const auto& each : store_->paused()) options_.keep_paused(each);
  told_of_paused_ = true;
}

void accounts::look() {
  const auto now = options_.now_ns();
  auto tokens = store_->accepted(now);
  const std::lock_guard lock(mutex_);
  std::erase_if(tokens, [&](const auto& each) {
    return std::find(ended_.begin(), ended_.end(), each.token_sha256) != ended_.end();
  });
  tokens_ = std::move(tokens);
  looked_ns_ = now;
  place_ = store_->place();
  if (!error_.empty()) log::info(component, place_ + " answers again");
  error_.clear();
}

void accounts::end_tokens() {
  std::vector<std::string> ended;
  {
    const std::lock_guard lock(mutex_);
    ended = ended_;
  }
  for (const auto& hash : ended) store_->revoke(hash, options_.now_ns());
  const std::lock_guard lock(mutex_);
  ended_.erase(ended_.begin(), ended_.begin() + static_cast<std::ptrdiff_t>(ended.size()));
}

void accounts::flush() {
  while (true) {
    storage::audit_entry next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return;
      next = waiting_.front();
    }
    store_->record(next);
    const std::lock_guard lock(mutex_);
    waiting_.pop_front();
  }
}

void accounts::answer(login what) {
  auto result = judge(what);
  add({what.name.substr(0, 100), "login", "login", what.peer, result.status, result.problem});
  OPENSSL_cleanse(what.password.data(), what.password.size());
  what.done(std::move(result));
}

login_answer accounts::judge(const login& what) {
  if (!store_) return {503, "the operators' database does not answer"};
  try {
    const auto account = store_->find(what.name);
    const bool is_right =
        storage::is_password(what.password, account ? account->password_hash : std::string());
    if (!is_right || !account || account->disabled_ns != 0 || account->role == access_role::none) {
      return {401, "name or password is wrong, or the account is disabled"};
    }
    {
      const std::lock_guard lock(mutex_);
      limiter_.succeeded(what.name, what.peer, now_ms());
    }
    return issue(account->name, account->role);
  } catch (const sink_error& error) {
    store_.reset();
    failed(error.what());
    return {503, "the operators' database does not answer"};
  }
}

login_answer accounts::issue(const std::string& name, access_role role) {
  login_answer result;
  const auto now = options_.now_ns();
  result.token = storage::make_token();
  result.role = role;
  result.expires_ns = now + options_.session_ms * ms;
  const auto hash = storage::sha256(result.token);
  store_->add_token(hash, name, now, result.expires_ns);
  const std::lock_guard lock(mutex_);
  tokens_.push_back({hash, name, role, result.expires_ns});
  return result;
}

}  // namespace feedtree::actors
