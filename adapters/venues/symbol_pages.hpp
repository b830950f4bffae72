// A venue's lists of symbols, read to their last pages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/venue.hpp"

namespace feedtree::venues {

// The requests, one after the other: the pages of the first list, those of the second, and so on.
class symbol_pages {
 public:
  explicit symbol_pages(std::vector<rest_request> lists);

  bool is_done() const { return list_ == lists_.size(); }
  // While it is not done.
  const rest_request& current() const { return page_; }
  // The answer to current() was read; `next_page` is that of its report. Gives what is wrong with
  // it, in one line: a list that does not end is left, as far as it was read.
  std::string read(std::string_view next_page);
  // The rest of this list is left out.
  void leave_list();
  // From the first page of the first list.
  void restart();

 private:
  void begin_list();

  std::vector<rest_request> lists_;
  std::size_t list_ = 0;
  rest_request page_;
  std::vector<std::string> pages_seen_;  // of this list
};

// The URL of a page of the same list: with the parameter "cursor" set, in the place of an older
// one. What a URL cannot hold is escaped; '%' stays, for venues give cursors that are escaped.
std::string with_cursor(std::string_view url, std::string_view cursor);

}  // namespace feedtree::venues
