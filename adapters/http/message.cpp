#include "adapters/http/message.hpp"

#include <algorithm>

namespace feedtree::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

template <class Headers>
auto find_header(const Headers& headers, std::string_view name) {
  return std::find_if(headers.begin(), headers.end(),
                      [&](const header& each) { return same_name(each.name, name); });
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char left, char right) { return lower(left) == lower(right); });
}

std::string_view request::header_value(std::string_view name) const {
  const auto found = find_header(headers, name);
  return found == headers.end() ? std::string_view() : std::string_view(found->value);
}

bool request::has_header(std::string_view name) const {
  return find_header(headers, name) != headers.end();
}

const header* response::find(std::string_view name) const {
  const auto found = find_header(headers, name);
  return found == headers.end() ? nullptr : &*found;
}

response make_response(int status, std::string_view content_type, std::string body) {
  response result;
  result.status = status;
  result.content_type = content_type;
  result.body = std::make_shared<const std::string>(std::move(body));
  return result;
}

// Source: RFC 9110, section 15, and RFC 6585.
std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

}  // namespace feedtree::http
