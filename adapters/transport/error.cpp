#include "adapters/transport/error.hpp"

namespace feedtree::transport {

std::string_view to_string(error_stage stage) noexcept {
  switch (stage) {
    case error_stage::options:
      return "options";
    case error_stage::resolve:
      return "resolve";
    case error_stage::connect:
      return "connect";
    case error_stage::tls:
      return "tls";
    case error_stage::handshake:
      return "handshake";
    case error_stage::read:
      return "read";
    case error_stage::write:
      return "write";
    case error_stage::timeout:
      return "timeout";
    case error_stage::closed_by_peer:
      return "closed_by_peer";
    case error_stage::closed_by_us:
      return "closed_by_us";
    case error_stage::protocol:
      return "protocol";
    case error_stage::too_large:
      return "too_large";
    case error_stage::queue_full:
      return "queue_full";
  }
  return "unknown";
}

bool is_terminal_status(int http_status) noexcept {
  switch (http_status) {
    case 408:
    case 418:
    case 423:
    case 425:
    case 429:
      return false;
    default:
      return http_status >= 300 && http_status < 500;
  }
}

}  // namespace feedtree::transport
