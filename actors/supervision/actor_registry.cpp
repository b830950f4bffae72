#include "actors/supervision/actor_registry.hpp"
#include "core/scrub.hpp"

#include <algorithm>
#include <utility>

namespace feedtree::actors {
namespace {

constexpr std::int64_t failures_within_ns = 300'000'000'000;
constexpr std::size_t failures_max = 16;

}  // namespace

std::string_view to_string(actor_standing standing) {
  switch (standing) {
    case actor_standing::running:
      return "running";
    case actor_standing::restarting:
      return "restarting";
    case actor_standing::stopping:
      return "stopping";
    case actor_standing::stopped:
      return "stopped";
    case actor_standing::failed:
      return "failed";
    case actor_standing::paused:
      return "paused";
  }
  return "unknown";
}

bool actor_registry::tree_order::operator()(std::string_view a, std::string_view b) const {
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; };
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [&](char x, char y) { return rank(x) < rank(y); });
}

actor_info actor_registry::info_of(const entry& what) const {
  auto info = what.info;
  info.restartable = what.restart != nullptr;
  info.pausable = info.restartable && is_pausable(info.kind);
  const auto& failures = what.failures_ns;
  const auto first =
      std::upper_bound(failures.begin(), failures.end(), now_ns_() - failures_within_ns);
  info.failures_lately = static_cast<std::size_t>(failures.end() - first);
  info.failing_since_ns = first == failures.end() ? 0 : *first;
  info.messages_handled = what.gauge->messages_handled.load(std::memory_order_relaxed);
  info.mailbox_depth = what.gauge->mailbox_depth.load(std::memory_order_relaxed);
  info.handling = what.gauge->handling.counts();
  return info;
}

std::vector<actor_info> actor_registry::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<actor_info> result;
  for (const auto& [path, what] : entries_) {
    if (what.added) result.push_back(info_of(what));
  }
  return result;
}

std::optional<actor_info> actor_registry::find(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(path);
  if (found == entries_.end() || !found->second.added) return {};
  return info_of(found->second);
}

bool actor_registry::restart(std::string_view path) const {
  std::function<void()> ask;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(path);
    if (found != entries_.end()) ask = found->second.restart;
  }
  if (ask) ask();
  return ask != nullptr;
}

bool actor_registry::is_pausable(std::string_view kind) {
  return kind == "venue" || kind == "connection" || kind == "sink";
}

bool actor_registry::set_paused(std::string_view path, bool is_paused) {
  std::function<void()> ask;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(path);
    if (found == entries_.end() || !is_pausable(found->second.info.kind)) return false;
    ask = found->second.restart;
    if (ask) found->second.is_paused = is_paused;
  }
  if (ask) ask();
  return ask != nullptr;
}

void actor_registry::keep_paused(const std::string& path) {
  std::function<void()> ask;
  {
    const std::lock_guard lock(mutex_);
    auto& what = entry_of(path);
    if (what.added && !is_pausable(what.info.kind)) return;
    what.is_paused = true;
    ask = what.restart;
  }
  if (ask) ask();
}

bool actor_registry::is_paused(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(path);
  return found != entries_.end() && found->second.is_paused;
}

actor_registry::entry& actor_registry::entry_of(const std::string& path) {
  auto& what = entries_[path];
  what.info.path = path;
  return what;
}

void actor_registry::put(entry& what, actor_standing standing) {
  what.info.state = standing;
  what.info.since_ns = now_ns_();
}

void actor_registry::add(const std::string& path, std::string_view kind,
                         std::function<void()> restart) {
  const std::lock_guard lock(mutex_);
  auto& what = entry_of(path);
  what.info.kind = kind;
  what.restart = std::move(restart);
  if (!std::exchange(what.added, true)) put(what, actor_standing::stopped);
}

void actor_registry::started(const std::string& path) {
  const std::lock_guard lock(mutex_);
  auto& what = entry_of(path);
  if (what.starts++ > 0) ++what.info.restarts;
  put(what, actor_standing::running);
}

void actor_registry::set_state(const std::string& path, actor_standing standing) {
  const std::lock_guard lock(mutex_);
  auto& what = entry_of(path);
  if (what.info.state != standing) put(what, standing);
}

void actor_registry::failed(const std::string& path, std::string error, actor_standing standing) {
  const std::lock_guard lock(mutex_);
  auto& what = entry_of(path);
  put(what, standing);
  what.info.last_error = scrub(error);
  what.info.last_error_ns = what.info.since_ns;
  what.failures_ns.push_back(what.info.since_ns);
  if (what.failures_ns.size() > failures_max) what.failures_ns.pop_front();
}

void actor_registry::remove(std::string_view path) {
  const std::lock_guard lock(mutex_);
  const auto below = std::string(path) + "/";
  std::erase_if(entries_, [&](const auto& each) {
    return each.first == path || each.first.starts_with(below);
  });
}

std::shared_ptr<actor_gauge> actor_registry::gauge(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return entry_of(path).gauge;
}

}  // namespace feedtree::actors
