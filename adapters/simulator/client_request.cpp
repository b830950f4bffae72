#include "adapters/simulator/client_request.hpp"

#include <simdjson.h>

#include <charconv>

namespace feedtree::simulator {
namespace {

using simdjson::dom::element;

// "%2C" and "+" of a query back to what they stand for.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned code = 0;
    const char* const digits = text.data() + at + 1;
    if (text[at] == '%' && at + 2 < text.size() &&
        std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2) {
      out += static_cast<char>(code);
      at += 2;
    } else {
      out += text[at] == '+' ? ' ' : text[at];
    }
  }
  return out;
}

}  // namespace

struct client_request::impl {
  simdjson::dom::parser parser;
  element root;
  bool is_object = false;

  // False if there is no such field.
  bool find(std::string_view pointer, element& out) const {
    return is_object && root.at_pointer(pointer).get(out) == simdjson::SUCCESS;
  }
  template <class Type>
  std::optional<Type> get(std::string_view pointer) const {
    element at;
    Type value{};
    if (!find(pointer, at) || at.get(value) != simdjson::SUCCESS) return {};
    return value;
  }
};

client_request::client_request(std::string_view text) : impl_(std::make_unique<impl>()) {
  const auto error = impl_->parser.parse(text.data(), text.size()).get(impl_->root);
  impl_->is_object = error == simdjson::SUCCESS && impl_->root.is_object();
}

client_request::~client_request() = default;

bool client_request::is_object() const {
  return impl_->is_object;
}

bool client_request::has(std::string_view pointer) const {
  element at;
  return impl_->find(pointer, at);
}

std::optional<std::string> client_request::text(std::string_view pointer) const {
  const auto value = impl_->get<std::string_view>(pointer);
  if (!value) return {};
  return std::string(*value);
}

std::optional<std::int64_t> client_request::number(std::string_view pointer) const {
  return impl_->get<std::int64_t>(pointer);
}

std::optional<bool> client_request::flag(std::string_view pointer) const {
  return impl_->get<bool>(pointer);
}

std::vector<std::string> client_request::texts(std::string_view pointer) const {
  if (auto one = text(pointer)) return {*std::move(one)};
  std::vector<std::string> values;
  element at;
  simdjson::dom::array list;
  if (!impl_->find(pointer, at) || at.get(list) != simdjson::SUCCESS) return values;
  for (const element entry : list) {
    std::string_view value;
    if (entry.get(value) == simdjson::SUCCESS) values.emplace_back(value);
  }
  return values;
}

std::size_t client_request::size(std::string_view pointer) const {
  element at;
  simdjson::dom::array list;
  if (!impl_->find(pointer, at) || at.get(list) != simdjson::SUCCESS) return 0;
  return list.size();
}

std::string client_request::raw(std::string_view pointer) const {
  element at;
  if (!impl_->find(pointer, at)) return {};
  return simdjson::minify(at);
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

std::optional<std::string> query_value(std::string_view target, std::string_view name) {
  const auto begin = target.find('?');
  if (begin == std::string_view::npos) return {};
  for (const auto& part : split(target.substr(begin + 1), '&')) {
    const auto equals = part.find('=');
    if (std::string_view(part).substr(0, equals) != name) continue;
    return equals == std::string::npos ? "" : percent_decoded(part.substr(equals + 1));
  }
  return {};
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace feedtree::simulator
