// The actor that keeps one instrument's book.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "actors/interfaces.hpp"
#include "actors/outbox.hpp"
#include "actors/owed.hpp"
#include "actors/statistics.hpp"
#include "core/feed_keeper.hpp"

namespace feedtree::actors {

struct book_options {
  const listing* where = nullptr;
  kind_set kinds;  // that are wanted of the instrument
  std::function<std::unique_ptr<feed_keeper>()> make_keeper;
  validator_actor validator;
  credit_window credit;
  std::function<std::int64_t()> now_ns;
  std::shared_ptr<statistics> counters;
};

struct book_state {
  std::unique_ptr<feed_keeper> keeper;
  kind_set kinds;
  std::string name;
  validator_actor validator;
  caf::actor_addr connection;  // that carries the book
  std::unique_ptr<outbox<batch_ptr>> out;
  owed_acknowledgements owed;
  std::deque<book_question> questions;  // wait until what is before them was sent
  std::function<std::int64_t()> now_ns;
  std::shared_ptr<statistics> counters;
  bool stopping = false;
};

book_actor::behavior_type book_behavior(book_actor::stateful_pointer<book_state> self,
                                        book_options options);

}  // namespace feedtree::actors
