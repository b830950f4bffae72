#include "adapters/http/detail/wire.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>

namespace feedtree::http::detail {
namespace {

void add_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

std::string begin_of(const response& answer) {
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " " +
                     std::string(reason_of(answer.status)) + "\r\n";
  add_line(head, "Server", "feedtree");
  if (answer.status != 204 && answer.status != 304) {
    add_line(head, "Content-Type", answer.content_type);
  }
  for (const auto& each : answer.headers) add_line(head, each.name, each.value);
  return head;
}

}  // namespace

request request_of(boost::beast::http::request<boost::beast::http::string_body>&& what) {
  request result;
  result.method = to_view(what.method_string());
  result.target = to_view(what.target());
  for (const auto& field : what) {
    result.headers.push_back(
        {std::string(to_view(field.name_string())), std::string(to_view(field.value()))});
  }
  result.body = std::move(what.body());
  return result;
}

int status_of(const boost::system::error_code& error) {
  namespace http = boost::beast::http;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return 0;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == boost::beast::error::timeout) return 0;
  return error.category() == http::make_error_code(http::error::bad_method).category() ? 400 : 0;
}

std::string_view detail_of(int status) {
  if (status == 413) return "the body is too large";
  if (status == 431) return "the headers are too large";
  return "this is not an HTTP request";
}

std::string head_of(const response& answer, bool keep_alive, bool is_http_1_0) {
  auto head = begin_of(answer);
  if (answer.status != 204 && answer.status != 304) {
    add_line(head, "Content-Length", std::to_string(answer.text().size()));
  }
  if (!keep_alive) add_line(head, "Connection", "close");
  if (keep_alive && is_http_1_0) add_line(head, "Connection", "keep-alive");
  return head += "\r\n";
}

std::string stream_head_of(const response& answer) {
  auto head = begin_of(answer);
  add_line(head, "Connection", "close");
  return head += "\r\n";
}

}  // namespace feedtree::http::detail
