// Requests and answers of the HTTP server, apart from sockets.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace feedtree::http {

struct header {
  std::string name;  // as it was sent; compared without regard to case
  std::string value;

  friend bool operator==(const header&, const header&) = default;
};

struct request {
  std::string method;  // "GET"
  std::string target;  // "/api/v1/books/kraken/BTC-USD?depth=5", as it was sent
  std::vector<header> headers;
  std::string body;
  std::string peer{};  // address of who asks; empty if it is not known

  // The value of the first header of this name; empty if there is none.
  std::string_view header_value(std::string_view name) const;
  bool has_header(std::string_view name) const;
};

struct response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<header> headers;  // beside those that the server adds to every answer
  std::shared_ptr<const std::string> body;
  // The same body may be asked for again: it gets an ETag, and 304 where the client has it.
  bool is_stable = false;
  // The same body under gzip, where it was made beforehand; else it is made when it pays.
  std::shared_ptr<const std::string> gzip_body;

  std::string_view text() const { return body ? std::string_view(*body) : std::string_view(); }
  const header* find(std::string_view name) const;
};

// An answer whose body is the text given.
response make_response(int status, std::string_view content_type, std::string body);
inline response make_json(std::string body) {
  return make_response(200, "application/json", std::move(body));
}

// Takes the answer to one request; once, from any thread.
using responder = std::function<void(response)>;

// What becomes of a request: an answer now, one that comes later, or a stream of events.
struct reply {
  response now;
  // If set: called once, and gives the answer by the responder; without one in time it is 504.
  std::function<void(responder)> later = {};
  // If not 0: the client gets the events of these topics (bits, see server::publish) until one of
  // both ends the connection; the body of `now` is sent first.
  unsigned topics = 0;
  // Asked about once a second while such a stream lasts: false ends it. Empty: nothing does.
  std::function<bool()> may_go_on = {};
};

// "Content-Type" and "content-type" are the same.
bool same_name(std::string_view a, std::string_view b);

// The words for a status code, "Not Found".
std::string_view reason_of(int status);

}  // namespace feedtree::http
