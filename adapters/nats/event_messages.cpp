#include "adapters/nats/event_messages.hpp"

#include <algorithm>

#include "adapters/nats/subject.hpp"

namespace feedtree::nats {
namespace {

std::size_t levels_of(const event& what) {
  const auto* book = std::get_if<book_change>(&what.body);
  return book == nullptr ? 0 : std::size_t{book->bids} + book->asks;
}

std::string id_prefix_of(const event& what) {
  event without_key = what;
  without_key.key = {};
  return event_id(without_key);
}

}  // namespace

event_messages::event_messages(std::string epoch, std::string prefix, bool is_replay)
    : epoch_(std::move(epoch)),
      prefix_(std::move(prefix)),
      replay_(is_replay ? epoch_ : ""),
      bodies_(1) {}

reusable_messages event_messages::to_subject(const std::string& subject) const {
  return reusable_messages(prefix_ + subject, replay_);
}

void event_messages::encode(const quarantine_entry& what, std::uint64_t seq) {
  bodies_[0].clear();
  encode_json(what, {seq, epoch_}, bodies_[0]);
  id_.assign(what.venue).append(1, ':').append(what.instrument).append(":quarantine:");
  id_.append(key_of(what).view());
}

void event_messages::encode(const alert_entry& what, std::uint64_t seq) {
  bodies_[0].clear();
  encode_json(what, {seq, epoch_}, bodies_[0]);
  id_.assign(what.venue).append(1, ':').append(what.instrument).append(":alert:");
  id_.append(key_of(what).view());
}

std::size_t event_messages::encode(const event& what, const event_batch& batch, std::uint64_t seq) {
  bodies_[0].clear();
  encoder_.encode(what, batch, {}, {seq, epoch_}, bodies_[0]);
  const auto whole_bytes = bodies_[0].size();
  const auto part_bytes = payload_max_bytes_ / 2;
  const auto levels = levels_of(what);
  if (whole_bytes <= part_bytes || levels < 2) return 1;
  // Parts of equally many levels are about equally long; if one is far longer, cut finer.
  for (auto parts = std::min(whole_bytes / part_bytes + 1, levels);;
       parts = std::min(parts * 2, levels)) {
    encode_parts(what, batch, seq, parts);
    const auto longest =
        std::max_element(bodies_.begin(), bodies_.begin() + static_cast<std::ptrdiff_t>(parts),
                         [](const auto& a, const auto& b) { return a.size() < b.size(); });
    if (longest->size() <= payload_max_bytes_ || parts == levels) return parts;
  }
}

void event_messages::encode_parts(const event& what, const event_batch& batch, std::uint64_t seq,
                                  std::size_t parts) {
  if (bodies_.size() < parts) bodies_.resize(parts);
  const auto levels = levels_of(what);
  for (std::size_t part = 0; part < parts; ++part) {
    encode_options options;
    options.first_level = levels * part / parts;
    options.levels_max = levels * (part + 1) / parts - options.first_level;
    options.part = static_cast<std::uint32_t>(part + 1);
    options.parts = static_cast<std::uint32_t>(parts);
    bodies_[part].clear();
    encoder_.encode(what, batch, options, {seq, epoch_}, bodies_[part]);
  }
}

std::span<const std::string> event_messages::present_book(const event& book,
                                                          const event_batch& batch) {
  const auto parts = encode(book, batch, outlet_of(book).seq);
  return {bodies_.data(), parts};
}

outlet& event_messages::outlet_of(const quarantine_entry& what) {
  const auto found = quarantines_.find(what.venue);
  if (found != quarantines_.end()) return found->second;
  return quarantines_.try_emplace(what.venue, to_subject(subject_of(what)), std::string{})
      .first->second;
}

outlet& event_messages::outlet_of(const alert_entry& what) {
  auto& at = alerts_[static_cast<std::size_t>(what.severity)];
  if (at == nullptr) at = std::make_unique<outlet>(to_subject(subject_of(what)), std::string{});
  return *at;
}

outlet& event_messages::outlet_of(const event& what) {
  auto& slot = slot_of(what);
  if (slot == nullptr) {
    slot = std::make_unique<outlet>(to_subject(subject_of(what)), id_prefix_of(what));
  }
  return *slot;
}

std::unique_ptr<outlet>& event_messages::slot_of(const event& what) {
  const auto index = std::size_t{what.where->index};
  if (index >= outlets_.size()) outlets_.resize(index + 1);
  auto& all = outlets_[index];
  if (all.of != what.where) all = listing_outlets{what.where, {}, {}};
  const auto* body = std::get_if<candle>(&what.body);
  if (body == nullptr) return all.by_kind[what.body.index()];
  for (auto& entry : all.candles) {
    if (entry.interval_ns == body->interval_ns) return entry.at;
  }
  return all.candles.emplace_back(candle_outlet{body->interval_ns, nullptr}).at;
}

void event_messages::clear() {
  outlets_.clear();
  quarantines_.clear();
  alerts_ = {};
}

}  // namespace feedtree::nats
