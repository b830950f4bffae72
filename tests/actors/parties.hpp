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

// "1:a,b": a batch's sequence and its keys, of entries in quarantine "!<rule>", of alerts
// "^<severity> <rule>".
inline std::string text_of(std::uint64_t sequence, const event_batch& batch) {
  std::string text = std::to_string(sequence) + ":";
  for (const auto& what : batch.events) {
    if (text.back() != ':') text += ',';
    text += what.key.view();
  }
  for (const auto& entry : batch.quarantine) text += "!" + entry.rule;
  for (const auto& entry : batch.alerts) {
    text += "^" + std::string(to_string(entry.severity)) + " " + entry.rule;
  }
  return text;
}

// Sends items and hears "ack 3".
inline actors::producer_actor spawn_producer(test_system& system, const heard& acks) {
  const auto handle = system.system().spawn(
      [](actors::producer_actor::pointer, const heard& to) {
        return actors::producer_actor::behavior_type{
            [to](actors::ack_atom, std::uint64_t sequence) {
              to->push_back("ack " + std::to_string(sequence));
            }};
      },
      acks);
  system.know(handle);
  return handle;
}

// Acknowledges when it is told to; hears "1:a,b", "present <reply_to>", "stop".
struct fake_sink {
  actors::sink_actor handle;
  heard got = make_heard();

  explicit fake_sink(test_system& system) {
    handle = system.system().spawn(
        [](actors::sink_actor::pointer, const heard& to) {
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
        },
        got);
    system.know(handle);
  }
};

// Acknowledges when it is told to; hears "1:a,b", "present <reply_to>", "stop".
struct fake_distributor {
  actors::distributor_actor handle;
  heard got = make_heard();

  explicit fake_distributor(test_system& system) {
    handle = system.system().spawn(
        [](actors::distributor_actor::pointer, const heard& to) {
          return actors::distributor_actor::behavior_type{
              [](actors::ack_atom, std::uint64_t) {},
              [to](actors::batch_atom, std::uint64_t sequence, const batch_ptr& batch) {
                to->push_back(text_of(sequence, *batch));
              },
              [to](actors::present_atom, const actors::book_question& question, const batch_ptr&) {
                to->push_back("present " + question.reply_to);
              },
              [](actors::sinks_atom) {},
              [to](actors::stored_atom, const actors::journal_report& report) {
                to->push_back("stored " + std::to_string(report.stored) +
                              (report.failing ? " failing" : ""));
              },
              [to](actors::page_atom, const actors::journal_answer& page) {
                std::string text = "page";
                for (const auto& [position, batch] : page.batches) {
                  text += " " + text_of(position, *batch);
                }
                to->push_back(text + " through " + std::to_string(page.through));
              },
              [](actors::timer_atom) {},
              [to](actors::stop_atom) { to->push_back("stop"); },
          };
        },
        got);
    system.know(handle);
  }
};

// Hears "1:a,b", "read 0 after 4", "passed 3 5".
struct fake_journal {
  actors::journal_store_actor handle;
  heard got = make_heard();

  explicit fake_journal(test_system& system) {
    handle = system.system().spawn(
        [](actors::journal_store_actor::pointer, const heard& to) {
          return actors::journal_store_actor::behavior_type{
              [to](actors::batch_atom, std::uint64_t position, const batch_ptr& batch) {
                to->push_back(text_of(position, *batch));
              },
              [](actors::commit_atom) {},
              [to](actors::read_atom, const actors::journal_request& what) {
                to->push_back("read " + std::to_string(what.sink) + " after " +
                              std::to_string(what.after));
              },
              [to](actors::cursor_atom, const actors::journal_cursors& cursors) {
                std::string text = "passed";
                for (const auto position : cursors.passed) text += " " + std::to_string(position);
                to->push_back(text);
              },
              [](actors::retry_atom) {},
              [](actors::stop_atom) {},
          };
        },
        got);
    system.know(handle);
  }
};

}  // namespace feedtree::tests
