#include "adapters/venues/symbol_pages.hpp"

#include <algorithm>
#include <utility>

namespace feedtree::venues {
namespace {

// A thousand symbols each; no venue has as many.
constexpr std::size_t pages_max = 100;
constexpr std::string_view cursor_name = "cursor=";

bool may_stay(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~%").find(c) != std::string_view::npos;
}

std::string escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (may_stay(c)) {
      result += c;
    } else {
      result.append({'%', digits[byte >> 4], digits[byte & 15U]});
    }
  }
  return result;
}

}  // namespace

symbol_pages::symbol_pages(std::vector<rest_request> lists) : lists_(std::move(lists)) {
  begin_list();
}

void symbol_pages::begin_list() {
  pages_seen_.clear();
  if (is_done()) return;
  page_ = lists_[list_];
  pages_seen_.push_back(page_.url);
}

std::string symbol_pages::read(std::string_view next_page) {
  if (next_page.empty()) {
    leave_list();
    return {};
  }
  const bool is_new =
      std::find(pages_seen_.begin(), pages_seen_.end(), next_page) == pages_seen_.end();
  if (is_new && pages_seen_.size() < pages_max) {
    page_.url = next_page;
    pages_seen_.push_back(page_.url);
    return {};
  }
  auto problem = page_.url + ": " +
                 (is_new ? "the list has more than " + std::to_string(pages_max) + " pages"
                         : "the next page is one that was read");
  leave_list();
  return problem;
}

void symbol_pages::leave_list() {
  ++list_;
  begin_list();
}

void symbol_pages::restart() {
  list_ = 0;
  begin_list();
}

std::string with_cursor(std::string_view url, std::string_view cursor) {
  auto base = url;
  std::string rest;
  const auto at = url.find(cursor_name);
  if (at != std::string_view::npos && at > 0 && (url[at - 1] == '&' || url[at - 1] == '?')) {
    const auto end = std::min(url.find('&', at), url.size());
    base = url.substr(0, at - 1);
    rest = url.substr(end);
    if (url[at - 1] == '?' && !rest.empty()) rest[0] = '?';
  }
  auto result = std::string(base) + rest;
  result += result.find('?') == std::string::npos ? '?' : '&';
  return result.append(cursor_name).append(escaped(cursor));
}

}  // namespace feedtree::venues
