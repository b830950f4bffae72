// Finds the endpoint of a request in a table, and makes its answer fit for the wire.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/http/access.hpp"
#include "adapters/http/message.hpp"
#include "adapters/http/target.hpp"

namespace feedtree::http {

// A request that has found its endpoint.
struct call {
  const request& asked;
  const target& where;
  std::map<std::string, std::string, std::less<>> parts;  // of the path, by their names
  caller who{};

  const std::string& part(std::string_view name) const { return parts.find(name)->second; }
};

// One endpoint. Paths have names in braces for parts: "/books/{venue}/{instrument}"; a name that
// ends in "..." takes several: "/actors/{path...}/restart". The first that fits is taken. GET
// answers HEAD too. Other methods change something: they need the operator. Both are recorded, but
// for reading what is open.
struct route {
  std::string_view method;  // "GET", "POST", "PUT", "DELETE"
  std::string_view path;
  std::string_view summary;  // one line, for people
  std::function<reply(const call&)> handle;
  bool is_open = false;       // needs no token, also where reading and changing need one
  std::string_view action{};  // what the record calls it: "restart"
  access_role least = access_role::operates;  // whom a change needs
  bool records_itself = false;                // who gives an answer that comes later records it
};

// The request handling as a whole: a request in, what becomes of it out. Exceptions of a handler
// are 500 without their text. Not changed after it was made, so it may be used by any thread.
class router {
 public:
  router(std::vector<route> routes, access_rules rules);

  // Judges the request and calls its endpoint. What it gives is not yet finished.
  reply handle(const request& asked) const;
  // The answer as it goes out: security headers, ETag and 304, gzip. The body of
  // an answer to HEAD stays, for its length.
  static response finish(const request& asked, response answer);

  const std::vector<route>& routes() const { return routes_; }

 private:
  reply dispatch(const request& asked) const;
  reply call_route(const route& each, call what) const;
  reply change(const route& each, call what) const;
  void record_read(const route& each, const call& what, const judgement& judged) const;
  std::function<bool()> permission_of(const call& what) const;

  std::vector<route> routes_;
  access_rules rules_;
};

// The parts of a path by the names of a pattern; nothing if it does not fit.
std::optional<std::map<std::string, std::string, std::less<>>> match(std::string_view pattern,
                                                                     std::string_view path);

}  // namespace feedtree::http
