// A source that is no venue: what it has, how it is asked, and what its answers hold. Pure: no I/O
// and no clock. A source is one file in this folder; it registers itself.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/batch/history.hpp"

namespace feedtree::batch {

class poll_source {
 public:
  virtual ~poll_source() = default;
  virtual std::string_view name() const = 0;
  // Its limit of requests, for one address.
  virtual venues::rate_limit limit(const source_access& access) const = 0;
  // The address of its public interface, scheme://host.
  virtual std::string address(const source_access& access) const = 0;
  // Why it cannot give such a feed, in one line; empty if it can. interval_ns is of the feed, 0 for
  // what holds at a moment.
  virtual std::string refuses(const source_access& access, event_kind kind,
                              std::int64_t interval_ns) const = 0;
  // The instrument as events name it; `own` is what the source calls it. Throws
  // std::invalid_argument with one line.
  virtual const listing* list(listing_registry& registry, const std::string& symbol,
                              const std::string& own) const = 0;

  // The past that it has; null: none.
  virtual const history_source* history() const { return nullptr; }

  // What holds now (tickers): of so many instruments in one request, all of one channel; 0: none.
  virtual std::size_t present_max() const { return 0; }
  virtual venues::rest_request present_request(std::span<const listing* const> of,
                                               const history_reader& reader) const;
  virtual header_lines headers(const history_reader& reader) const = 0;
  // Appends the events of an answer; what cannot be read of one instrument is in the batch's
  // quarantine. Throws decode_error if nothing can; out is then as it was.
  virtual void read_present(std::span<const listing* const> of, const venues::raw_frame& body,
                            event_batch& out) const;
};

const poll_source* find_poll_source(std::string_view name);
std::vector<std::string> poll_source_names();
void register_poll_source(std::unique_ptr<const poll_source> what);
template <class Source>
struct poll_source_registration {
  poll_source_registration() { register_poll_source(std::make_unique<const Source>()); }
};

}  // namespace feedtree::batch
