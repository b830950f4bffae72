#include "actors/service_wait.hpp"

#include <algorithm>

namespace feedtree::actors {
namespace {

constexpr std::int64_t reminder_interval_ms = 10'000;

// In whole seconds, up.
std::string seconds(std::int64_t ms) {
  return std::to_string((std::max<std::int64_t>(ms, 0) + 999) / 1'000) + " s";
}

}  // namespace

service_wait::service_wait(std::int64_t now_ms, std::int64_t timeout_ms)
    : began_ms_(now_ms), deadline_ms_(now_ms + timeout_ms), reminded_ms_(now_ms) {}

std::string service_wait::failed(const std::string& service, std::string_view reason,
                                 std::int64_t now_ms) {
  auto& known = reasons_[service];
  if (known == reason) return {};
  known = reason;
  return "is not there yet, up to " + seconds(deadline_ms_ - now_ms) + ": " + known;
}

std::string service_wait::arrived(const std::string& service, std::int64_t now_ms) {
  if (reasons_.erase(service) == 0) return {};
  return "is there after " + seconds(now_ms - began_ms_);
}

std::string service_wait::reminder(std::int64_t now_ms) {
  if (reasons_.empty() || now_ms - reminded_ms_ < reminder_interval_ms) return {};
  reminded_ms_ = now_ms;
  return "still waits for " + missing() + ", for " + seconds(deadline_ms_ - now_ms) + " more";
}

std::string service_wait::missing() const {
  std::string result;
  for (const auto& [service, reason] : reasons_) result += (result.empty() ? "" : ", ") + service;
  return result;
}

std::string service_wait::failure() const {
  std::string result;
  for (const auto& [service, reason] : reasons_) {
    result += (result.empty() ? "" : ", ") + service + " (" + reason + ")";
  }
  return "not there within " + seconds(deadline_ms_ - began_ms_) + ": " + result;
}

}  // namespace feedtree::actors
