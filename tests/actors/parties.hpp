// Small actors at the other end of an edge, which keep what they are told.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/event.hpp"
#include "tests/actors/test_system.hpp"

namespace feedtree::tests {

// What was heard, in order, as short texts; shared with actors.
using heard = std::shared_ptr<std::vector<std::string>>;

inline heard make_heard() {
  return std::make_shared<std::vector<std::string>>();
}

inline std::vector<std::string> take(const heard& what) {
  return std::exchange(*what, {});
}

// "1:a,b": a batch's sequence and its keys, of entries in quarantine "!<rule>".
inline std::string text_of(std::uint64_t sequence, const event_batch& batch) {
  std::string text = std::to_string(sequence) + ":";
  for (const auto& what : batch.events) {
    if (text.back() != ':') text += ',';
    text += what.key.view();
  }
  for (const auto& entry : batch.quarantine) text += "!" + entry.rule;
  return text;
}

// Sends items and hears "ack 3".
inline actors::producer_actor spawn_producer(test_system& system, const heard& to) {
  const auto handle = system.system().spawn([to](actors::producer_actor::pointer) {
    return actors::producer_actor::behavior_type{[to](actors::ack_atom, std::uint64_t sequence) {
      to->push_back("ack " + std::to_string(sequence));
    }};
  });
  system.know(handle);
  return handle;
}

// Acknowledges when it is told to; hears "1:a,b", "present <reply_to>", "stop".
struct fake_sink {
  actors::sink_actor handle;
  heard got = make_heard();

  explicit fake_sink(test_system& system) {
    handle = system.system().spawn([to = got](actors::sink_actor::pointer) {
      return actors::sink_actor::behavior_type{
          [to](actors::batch_atom, std::uint64_t sequence, const batch_ptr& batch) {
            to->push_back(text_of(sequence, *batch));
          },
          [to](actors::present_atom, const actors::book_question& question, const batch_ptr&) {
            to->push_back("present " + question.reply_to);
          },
          [](actors::retry_atom) {},
          [](actors::timer_atom) {},
          [to](actors::stop_atom) { to->push_back("stop"); },
      };
    });
    system.know(handle);
  }
};

}  // namespace feedtree::tests
