// One record of what a venue sent, as the simulator takes and gives it.
#pragma once

#include <cstdint>
#include <string>

namespace feedtree::simulator {

struct capture_frame {
  std::string connection;  // which connection it came on ("kraken.ws.1"); empty: the only one
  std::string url;         // of a frame: the connection's address; of a REST answer: the request's
  std::string text;        // frame or body
  std::int64_t receive_ns = 0;  // nanoseconds since 1970; 0 where it is not known
  bool rest = false;            // a REST answer
};

}  // namespace feedtree::simulator
