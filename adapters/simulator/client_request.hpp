// Reads what a client sends: small JSON objects, and the query of a target.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace feedtree::simulator {

// A JSON object. Fields are named by JSON pointers ("/params/symbol").
class client_request {
 public:
  explicit client_request(std::string_view text);
  ~client_request();
  client_request(const client_request&) = delete;
  client_request& operator=(const client_request&) = delete;

  // False if the text is no JSON object; then no field is there.
  bool is_object() const;
  bool has(std::string_view pointer) const;
  // The field if it is there and of that type.
  std::optional<std::string> text(std::string_view pointer) const;
  std::optional<std::int64_t> number(std::string_view pointer) const;
  std::optional<bool> flag(std::string_view pointer) const;
  // The strings of a list; one string is a list of one; what is not there is none.
  std::vector<std::string> texts(std::string_view pointer) const;
  // How many elements the list has; 0 if it is none. The elements are "<pointer>/0" and so on.
  std::size_t size(std::string_view pointer) const;
  // The value as JSON text, to be sent back (ids); empty if it is not there.
  std::string raw(std::string_view pointer) const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

// "/v5/market/tickers" of "/v5/market/tickers?category=linear".
std::string_view path_of(std::string_view target);
// The query's value of a name, percent-decoded; nothing if it is not there.
std::optional<std::string> query_value(std::string_view target, std::string_view name);
// The parts of a text between separators; empty parts are kept.
std::vector<std::string> split(std::string_view text, char separator);

}  // namespace feedtree::simulator
