#include "adapters/simulator/frame_reader.hpp"

#include <stdexcept>
#include <utility>

namespace feedtree::simulator {
namespace {

const venues::venue& venue_or_throw(std::string_view name) {
  if (const auto* const found = venues::find_venue(name)) return *found;
  throw std::invalid_argument(std::string(name) + " has no decoder");
}

venues::raw_frame padded(std::string_view text, std::int64_t now_ns) {
  venues::raw_frame frame{{}, now_ns};
  frame.text.reserve(text.size() + venues::frame_padding);
  frame.text = text;
  return frame;
}

std::vector<std::string> prices_of(const book_change& change, const event_batch& from) {
  std::vector<std::string> prices;
  for (const auto& entry : from.bids(change)) {
    prices.push_back("b" + entry.price().normalised().to_string());
  }
  for (const auto& entry : from.asks(change)) {
    prices.push_back("a" + entry.price().normalised().to_string());
  }
  return prices;
}

std::string_view target_of(std::string_view url) {
  const auto slash = url.find('/', url.find("://") + 3);
  return slash == std::string_view::npos ? "/" : url.substr(slash);
}

}  // namespace

frame_reader::frame_reader(const venue_simulator& venue, ask_function ask)
    : venue_(venue_or_throw(venue.name())),
      websocket_url_(venue.websocket_url()),
      rest_url_(venue.rest_url()),
      ask_(std::move(ask)) {}

void frame_reader::learn_symbols() {
  const auto session = venue_.make_session(symbols_, websocket_url_, {});
  for (const auto& request : venue_.symbol_requests({})) {
    const auto answer = ask_(target_of(request.url));
    session->decode_rest(request.url, padded(answer.body, 0), decoded_, report_);
  }
  knows_symbols_ = true;
}

void frame_reader::opened(client_id who, std::string_view target) {
  if (!knows_symbols_) learn_symbols();
  auto session = venue_.make_session(symbols_, websocket_url_ + std::string(target), {});
  session->on_connected();
  sessions_[who] = std::move(session);
}

const std::vector<frame_event>& frame_reader::read(client_id to, std::string_view frame,
                                                   std::int64_t now_ns) {
  events_.clear();
  const auto found = sessions_.find(to);
  if (found == sessions_.end()) return events_;
  decoded_.clear();
  report_.clear();
  found->second->decode(padded(frame, now_ns), decoded_, report_);
  for (const auto& what : decoded_.events) {
    const auto* const change = std::get_if<book_change>(&what.body);
    auto& entry = events_.emplace_back();
    entry.id = event_id(what);
    entry.instrument = what.where->symbol;
    entry.kind = what.kind();
    if (change == nullptr) continue;
    entry.snapshot = change->snapshot;
    if (!change->snapshot) entry.prices = prices_of(*change, decoded_);
  }
  return events_;
}

std::string frame_reader::snapshot_of(std::string_view target, const rest_answer& answer) {
  if (answer.status != 200 || sessions_.empty()) return {};
  decoded_.clear();
  report_.clear();
  const auto url = rest_url_ + std::string(target);
  sessions_.begin()->second->decode_rest(url, padded(answer.body, 0), decoded_, report_);
  for (const auto& what : decoded_.events) {
    if (what.kind() == event_kind::book) return what.where->symbol;
  }
  return {};
}

}  // namespace feedtree::simulator
