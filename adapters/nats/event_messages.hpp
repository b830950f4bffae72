// The messages of events: subject, id, body, and the count of each subject. docs/subjects.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/nats/reusable_messages.hpp"
#include "core/codec.hpp"
#include "core/event.hpp"

namespace feedtree::nats {

// One subject: its count and its messages.
struct outlet {
  outlet(reusable_messages to, std::string prefix)
      : messages(std::move(to)), id_prefix(std::move(prefix)) {}
  reusable_messages messages;
  std::string id_prefix;          // of the event's id: all but the key
  std::uint64_t seq = 0;          // of the last message
  std::uint64_t seq_flushed = 0;  // of the last one that the server has for good, where it says so
};

// Encodes events for one publisher. A book that is larger than half of what the server takes comes
// in parts that share their seq. Not thread-safe.
class event_messages {
 public:
  // epoch: names the run, must not be empty. prefix: stands in front of every subject. is_replay:
  // every message has the header Feedtree-Replay, with the epoch.
  explicit event_messages(std::string epoch, std::string prefix = {}, bool is_replay = false);

  const std::string& epoch() const { return epoch_; }
  // The largest body that the server takes.
  void set_payload_max(std::size_t bytes) { payload_max_bytes_ = bytes; }

  // Calls bool send(outlet&, id, body) for each part; the event counts in its subject if one of
  // these says so. If one throws, it does not count.
  template <class Send>
  void each(const event& what, const event_batch& batch, Send&& send) {
    auto& to = outlet_of(what);
    const auto parts = encode(what, batch, to.seq + 1);
    id_.assign(to.id_prefix).append(what.key.view());
    const auto id_bytes = id_.size();
    bool counts = false;
    for (std::size_t part = 0; part < parts; ++part) {
      if (parts > 1) id_.append(1, '#').append(std::to_string(part + 1));
      counts = send(to, std::as_const(id_), std::string_view(bodies_[part])) || counts;
      id_.resize(id_bytes);
    }
    if (counts) ++to.seq;
  }
  // The same for what is in quarantine, which comes in one piece.
  template <class Send>
  void each(const quarantine_entry& what, Send&& send) {
    auto& to = outlet_of(what);
    encode(what, to.seq + 1);
    if (send(to, std::as_const(id_), std::string_view(bodies_[0]))) ++to.seq;
  }

  // The same for an alert.
  template <class Send>
  void each(const alert_entry& what, Send&& send) {
    auto& to = outlet_of(what);
    encode(what, to.seq + 1);
    if (send(to, std::as_const(id_), std::string_view(bodies_[0]))) ++to.seq;
  }

  // The bodies of an answer to a request for the present book, with the seq of the last book
  // message of that instrument; valid until the next call of anything here.
  std::span<const std::string> present_book(const event& book, const event_batch& batch);

  // Every subject of which something was sent.
  template <class Action>
  void each_outlet(Action&& action) {
    for (auto& listing : outlets_) {
      for (auto& at : listing.by_kind) {
        if (at) action(*at);
      }
      for (auto& entry : listing.candles) {
        if (entry.at) action(*entry.at);
      }
    }
    for (auto& [venue, at] : quarantines_) action(at);
    for (auto& at : alerts_) {
      if (at) action(*at);
    }
  }
  void clear();

 private:
  struct candle_outlet {
    std::int64_t interval_ns = 0;
    std::unique_ptr<outlet> at;
  };
  struct listing_outlets {
    const listing* of = nullptr;
    std::array<std::unique_ptr<outlet>, event_kinds> by_kind;
    std::vector<candle_outlet> candles;
  };

  reusable_messages to_subject(const std::string& subject) const;
  outlet& outlet_of(const event& what);
  outlet& outlet_of(const quarantine_entry& what);
  outlet& outlet_of(const alert_entry& what);
  std::unique_ptr<outlet>& slot_of(const event& what);
  // Into bodies_, in parts if need be; gives how many.
  std::size_t encode(const event& what, const event_batch& batch, std::uint64_t seq);
  void encode(const quarantine_entry& what, std::uint64_t seq);
  void encode(const alert_entry& what, std::uint64_t seq);
  void encode_parts(const event& what, const event_batch& batch, std::uint64_t seq,
                    std::size_t parts);

  std::string epoch_;
  std::string prefix_;
  std::string replay_;  // the header Feedtree-Replay; empty: there is none
  event_encoder encoder_;
  std::vector<listing_outlets> outlets_;
  std::map<std::string, outlet, std::less<>> quarantines_;  // by venue
  std::array<std::unique_ptr<outlet>, alert_severities> alerts_;
  std::vector<std::string> bodies_;
  std::string id_;
  std::size_t payload_max_bytes_ = std::size_t{1} << 20;
};

}  // namespace feedtree::nats
