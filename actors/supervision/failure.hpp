// How an actor fails, and what a failure means.
#pragma once

#include <caf/error.hpp>
#include <caf/sec.hpp>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "actors/log.hpp"
#include "adapters/transport/error.hpp"
#include "adapters/transport/http_message.hpp"

namespace feedtree::actors {

// What to do about an error; decided in classify and nowhere else.
enum class remedy : std::uint8_t {
  ignore,     // nothing is lost
  resync,     // one book needs a new snapshot
  reconnect,  // one connection must be made anew
  restart,    // the actor's state is not to be trusted
  fatal,      // no retry can help: someone must change something
};

// A connection's end: reconnect, or fatal where the transport says that a retry cannot help and the
// venue does not ask to wait.
remedy classify(const transport::transport_error& error);

// For how long, in seconds, an answer of this status asks not to be bothered: as it says in
// Retry-After, else a while for 429 (too many), 418 (Binance: banned, for two minutes at least) and
// a 403 that says "access too frequent" (Bybit: ten minutes); 0: not at all.
// https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#limits
// https://bybit-exchange.github.io/docs/v5/rate-limit
std::int64_t asked_wait_s(int http_status, std::optional<std::int64_t> retry_after_s,
                          std::string_view body = {});
// Likewise, for a handshake that was refused.
std::int64_t asked_wait_s(const transport::transport_error& error);

// "HTTP 451: Service unavailable from a restricted location": status and first words of the body.
std::string status_text(const transport::http_response& answer);

// An exit reason that carries a text.
caf::error failure_error(std::string_view text);
// Likewise, for what no restart can mend: supervisors pass it on at once.
caf::error fatal_error(std::string_view text);
bool is_fatal(const caf::error& reason);
// The text of an exit reason, for people; empty for a normal exit.
std::string failure_text(const caf::error& reason);

// An exception that leaves a handler ends the actor with its text as exit reason.
template <class Self>
void fail_on_exception(Self* self, std::string component) {
  self->set_exception_handler(
      [component = std::move(component)](std::exception_ptr& thrown) -> caf::error {
        try {
          std::rethrow_exception(thrown);
        } catch (const std::exception& error) {
          log::error(component, error.what());
          return failure_error(error.what());
        } catch (...) {
          return failure_error("unknown exception");
        }
      });
}

}  // namespace feedtree::actors
