// What the start waits for: services that are not there yet, what is said of them, and when it is
// enough.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace feedtree::actors {

// Every time is steady, in milliseconds. A line for the log is empty where nothing new is to be
// said.
class service_wait {
 public:
  // The services may take until now_ms + timeout_ms.
  service_wait(std::int64_t now_ms, std::int64_t timeout_ms);

  // A try of this service failed for this reason, which can be shown (never a secret). Gives
  // "is not there yet, up to 30 s: <reason>" when it is the first one or the reason is another.
  std::string failed(const std::string& service, std::string_view reason, std::int64_t now_ms);
  // It is there. Gives "is there after 3 s" if it was waited for.
  std::string arrived(const std::string& service, std::int64_t now_ms);
  // Once in ten seconds "still waits for nats, timescale, for 20 s more".
  std::string reminder(std::int64_t now_ms);

  bool is_over(std::int64_t now_ms) const { return now_ms >= deadline_ms_; }
  // Those that are missing: "nats, timescale".
  std::string missing() const;
  // "not there within 30 s: nats (<reason>), timescale (<reason>)"
  std::string failure() const;

 private:
  std::int64_t began_ms_;
  std::int64_t deadline_ms_;
  std::int64_t reminded_ms_;
  std::map<std::string, std::string> reasons_;  // by the service that is missing
};

}  // namespace feedtree::actors
