#include "adapters/simulator/fault_log.hpp"

#include <array>
#include <cstdio>
#include <string>

#include "adapters/simulator/frame_writer.hpp"
#include "core/order_book.hpp"

namespace feedtree::simulator {
namespace {

constexpr std::array<std::size_t, 10> hashed_depths{1, 10, 25, 50, 100, 200, 400, 500, 1000, 0};

std::string hash_of(const market& what, std::size_t depth) {
  order_book book;
  apply_counts counts;
  book.apply(book_part::bids, what.top(book_part::bids, depth), counts);
  book.apply(book_part::asks, what.top(book_part::asks, depth), counts);
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(book.hash()));
  return text.data();
}

void write_ids(const std::vector<frame_event>& events, frame_writer& out) {
  out.key("events").begin_array();
  for (const auto& what : events) out.text(what.id);
  out.end_array();
}

void write_line(std::ostream& to, frame_writer& line) {
  to << line.end_object().take() << '\n';
}

}  // namespace

std::string_view to_string(frame_fate fate) {
  if (fate == frame_fate::sent) return "sent";
  return fate == frame_fate::withheld ? "withheld" : "damaged";
}

void fault_log::fault(std::int64_t now_ns, const fault_spec& spec, client_id connection,
                      std::string_view instrument, const std::vector<frame_event>& hit) {
  ++counts_[to_string(spec.kind)];
  write_fault(now_ns, spec, connection, instrument, hit, false);
}

void fault_log::withheld(std::int64_t now_ns, const fault_spec& spec, client_id connection,
                         const std::vector<frame_event>& hit) {
  write_fault(now_ns, spec, connection, hit.front().instrument, hit, true);
}

void fault_log::write_fault(std::int64_t now_ns, const fault_spec& spec, client_id connection,
                            std::string_view instrument, const std::vector<frame_event>& hit,
                            bool more) {
  if (faults_ == nullptr) return;
  frame_writer line;
  line.begin_object().field("at_ns", std::string_view(std::to_string(now_ns)));
  line.field("fault", to_string(spec.kind)).field("spec", std::string_view(spec.text));
  line.field("connection", connection).field("instrument", instrument).field("goes_on", more);
  write_ids(hit, line);
  write_line(*faults_, line);
}

void fault_log::events(std::int64_t now_ns, client_id connection,
                       const std::vector<frame_event>& made, frame_fate fate) {
  if (truth_ == nullptr) return;
  for (const auto& what : made) {
    frame_writer line;
    line.begin_object().field("type", "event").field("id", std::string_view(what.id));
    line.field("at_ns", std::string_view(std::to_string(now_ns))).field("connection", connection);
    line.field("instrument", std::string_view(what.instrument));
    line.field("kind", feedtree::to_string(what.kind)).field("snapshot", what.snapshot);
    line.field("fate", to_string(fate)).key("prices").begin_array();
    for (const auto& price : what.prices) line.text(price);
    line.end_array();
    write_line(*truth_, line);
  }
}

void fault_log::books(std::string_view venue, const market_set& markets) {
  if (truth_ == nullptr) return;
  for (std::size_t at = 0; at < markets.size(); ++at) {
    const auto& what = markets.at(at);
    frame_writer line;
    line.begin_object().field("type", "book").field("venue", venue);
    line.field("instrument", std::string_view(what.symbol())).field("listed", what.is_listed());
    line.key("hash_of_best").begin_object();
    for (const auto depth : hashed_depths) {
      const auto name = depth == 0 ? std::string("all") : std::to_string(depth);
      line.field(name, std::string_view(hash_of(what, depth)));
    }
    line.end_object();
    line.key("bids").pairs(what.top(book_part::bids, 0), digits_as::text);
    line.key("asks").pairs(what.top(book_part::asks, 0), digits_as::text);
    write_line(*truth_, line);
  }
}

void fault_log::flush() {
  if (faults_ != nullptr) faults_->flush();
  if (truth_ != nullptr) truth_->flush();
}

}  // namespace feedtree::simulator
