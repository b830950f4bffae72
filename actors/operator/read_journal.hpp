// Which reads are worth a record: who reads the same again and again is recorded once in a while,
// with a count. No CAF, no lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "adapters/http/access.hpp"

namespace feedtree::actors {

class read_journal {
 public:
  // One record of the same caller, address and path within every_ms; 0: none at all. No more than
  // keys_max of these are remembered: what is beyond is not recorded, and counted.
  explicit read_journal(std::int64_t every_ms, std::size_t keys_max = 10'000)
      : every_ms_(every_ms), keys_max_(keys_max) {}

  // The detail of a record that is due, "from ::1; 17 more since the last record"; nothing if none
  // is.
  std::optional<std::string> note(const http::read_note& what, std::int64_t now_ms);
  std::uint64_t not_recorded() const { return not_recorded_; }

 private:
  struct seen {
    std::int64_t recorded_ms = 0;
    std::uint64_t since = 0;  // reads after that record
  };
  void forget(std::int64_t now_ms);

  std::int64_t every_ms_;
  std::size_t keys_max_;
  std::unordered_map<std::string, seen> seen_;
  std::int64_t forgot_ms_ = 0;
  std::uint64_t not_recorded_ = 0;
};

}  // namespace feedtree::actors
