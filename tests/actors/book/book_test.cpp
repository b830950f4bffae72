#include "actors/book/book.hpp"

#include <gtest/gtest.h>

#include <caf/stateful_actor.hpp>

#include "tests/actors/parties.hpp"
#include "tests/support/sample_events.hpp"

namespace feedtree::actors {
namespace {

using texts = std::vector<std::string>;

// A connection that hears acknowledgements and "resync BTC-USD".
connection_actor spawn_connection(tests::test_system& system, const tests::heard& hears) {
  const auto handle = system.system().spawn(
      [](connection_actor::pointer self, const tests::heard& to) {
        return connection_actor::behavior_type{
            [to](ack_atom, std::uint64_t sequence) {
              to->push_back("ack " + std::to_string(sequence));
            },
            [](retire_atom) {},
            [](opened_atom, std::uint64_t) {},
            [](frames_atom) {},
            [](closed_atom, std::uint64_t, const connection_end&) {},
            [](rest_atom, const rest_result&) {},
            [to](resync_atom, const feed_ref& feed) {
              to->push_back("resync " + feed.where->symbol);
            },
            [](drop_atom, const feed_ref&) {},
            [to](proof_atom, const feed_ref& feed) {
              to->push_back("proven " + feed.where->symbol);
            },
            [to](repeats_atom, const feed_ref& feed, bool repeats) {
              to->push_back((repeats ? "repeats " : "new again ") + feed.where->symbol);
            },
            [to](fill_atom, const missing_trades& what) {
              to->push_back("fill " + std::to_string(what.numbers.first) + " to " +
                            std::to_string(what.numbers.last));
            },
            [](timer_atom) {},
            [self](stop_atom) { self->quit(); },
        };
      },
      hears);
  system.know(handle);
  return handle;
}

// A validator that acknowledges when it is told to.
validator_actor spawn_validator(tests::test_system& system, const tests::heard& hears) {
  const auto handle = system.system().spawn(
      [](validator_actor::pointer, const tests::heard& to) {
        return validator_actor::behavior_type{
            [](ack_atom, std::uint64_t) {},
            [to](batch_atom, std::uint64_t sequence, const batch_ptr& batch) {
              to->push_back(tests::text_of(sequence, *batch));
            },
            [to](present_atom, const book_question& question, const batch_ptr& batch) {
              const auto& book = std::get<book_change>(batch->events.front().body);
              to->push_back("present " + question.reply_to + " " + std::to_string(book.bids) + "x" +
                            std::to_string(book.asks));
            },
            [](sinks_atom) {},
            [](timer_atom) {},
            [](stop_atom) {},
        };
      },
      hears);
  system.know(handle);
  return handle;
}

// A book whose updates are numbered one by one, with credit for `credit` events.
class book_in_actor : public testing::Test {
 protected:
  void start(std::uint64_t credit = 1'000) {
    book_options options;
    options.where = where;
    options.kinds.set(static_cast<std::size_t>(event_kind::book));
    options.kinds.set(static_cast<std::size_t>(event_kind::trade));
    options.make_keeper = [this] {
      return std::make_unique<feed_keeper>(where, make_contiguous_guard(), keeper_options{});
    };
    options.trades = trades;
    options.merges = merges;
    options.validator = validator;
    options.credit = {credit, 1'000'000};
    options.now_ns = [] { return std::int64_t{1'618'678'200'000'000'000}; };
    options.counters = counters;
    options.past = past;
    actor = system.spawn(book_behavior, options);
    over.emplace(system, actor);
  }

  void add_book(event_batch& batch, std::uint64_t number, bool snapshot) {
    tests::append_book(batch, where, (snapshot ? "s" : "") + std::to_string(number), snapshot, 2);
    auto& change = std::get<book_change>(batch.events.back().body);
    change.first_update_id = number;
    change.last_update_id = number;
  }
  void send_slice(std::uint64_t sequence, const event_batch& batch,
                  std::vector<std::uint32_t> indices = {0}) {
    const decoded_slice slice{std::make_shared<event_batch>(batch), std::move(indices), 100};
    caf::send_as(connection, actor, batch_atom::value, sequence, slice);
    system.run();
  }
  void send_book(std::uint64_t sequence, std::uint64_t number, bool snapshot = false) {
    event_batch batch;
    add_book(batch, number, snapshot);
    send_slice(sequence, batch);
  }
  template <class Atom>
  void tell(Atom what, const std::string& why) {
    caf::send_as(connection, actor, what, why);
    system.run();
  }
  template <class Atom>
  void tell_feeds(Atom what, const std::string& why, kind_set kinds = kind_set().set()) {
    caf::send_as(connection, actor, what, feed_notice{kinds, why});
    system.run();
  }
  void ask(const std::string& reply_to) {
    caf::anon_send(actor, present_atom::value, book_question{0, reply_to});
    system.run();
  }
  void acknowledge(std::uint64_t sequence) {
    caf::anon_send(actor, ack_atom::value, sequence);
    system.run();
  }
  void stop() {
    caf::anon_send(actor, stop_atom::value);
    system.run();
  }
  book_statistics shown() { return counters->books().front(); }

  listing_registry registry;
  const listing* where = tests::sample_listing(registry);
  std::shared_ptr<statistics> counters = std::make_shared<statistics>(texts{});
  tests::test_system system;
  tests::heard from_book = tests::make_heard();     // what the connection hears
  tests::heard at_validator = tests::make_heard();  // what the validator hears
  connection_actor connection = spawn_connection(system, from_book);
  validator_actor validator = spawn_validator(system, at_validator);
  trade_keeper_options trades;
  bool merges = false;
  std::optional<instrument_past> past;
  book_actor actor;
  std::optional<tests::ending> over;

  // A book, and trades up to this number, were stored by an earlier run of the server.
  void stored(std::uint64_t number) {
    past.emplace();
    for (const auto kind : {event_kind::book, event_kind::trade, event_kind::quote}) {
      past->feed(kind).receive_ns = 1'618'678'100'000'000'000;
      past->feed(kind).past.state = feed_state::live;
    }
    past->trades.any = true;
    past->trades.last = number;
    trades.numbered = trades.fills = true;
    trades.hold_ns = 1'000'000'000'000;
  }
  void send_trade(std::uint64_t sequence, std::uint64_t number) {
    event_batch batch;
    batch.events.push_back(tests::sample_trade(where, std::to_string(number)));
    send_slice(sequence, batch);
  }
};

TEST_F(book_in_actor, takes_its_events_of_a_batch_and_passes_on_what_the_book_made_of_them) {
  start();
  event_batch batch;
  add_book(batch, 5, true);
  batch.events.push_back(tests::sample_trade(where, "not mine"));
  batch.events.push_back(tests::sample_trade(where, "t1"));
  send_slice(3, batch, {0, 2});
  const auto got = tests::take(at_validator);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got.front().substr(0, 5), "1:s5,");
  EXPECT_NE(got.front().find(",t1,trade-"), std::string::npos);
  EXPECT_EQ(got.front().find("not mine"), std::string::npos);
  EXPECT_EQ(tests::take(from_book), texts{"ack 3"});
  EXPECT_EQ(shown().state, feed_state::live);
  EXPECT_EQ(shown().bids, 2u);
}

TEST_F(book_in_actor, acknowledges_only_what_it_had_credit_to_pass_on) {
  start(1);
  send_book(1, 5, true);
  EXPECT_EQ(tests::take(from_book), texts{"ack 1"});  // larger than the window: goes alone
  send_book(2, 6);
  send_book(3, 7);
  EXPECT_EQ(tests::take(from_book), texts{});
  EXPECT_EQ(tests::take(at_validator).size(), 1u);
  acknowledge(1);
  EXPECT_EQ(tests::take(at_validator), texts{"2:6"});
  EXPECT_EQ(tests::take(from_book), texts{});
  acknowledge(2);
  EXPECT_EQ(tests::take(at_validator), texts{"3:7"});
  EXPECT_EQ(tests::take(from_book), texts{"ack 3"});
}

TEST_F(book_in_actor, acknowledges_at_once_what_gives_no_events) {
  start();
  send_book(1, 5, true);
  tests::take(from_book);
  tests::take(at_validator);
  send_book(2, 5);  // a duplicate
  EXPECT_EQ(tests::take(at_validator), texts{});
  EXPECT_EQ(tests::take(from_book), (texts{"repeats BTC-USD", "ack 2"}));
  EXPECT_EQ(shown().counters.duplicates, 1u);
}

// What shows nothing new is no sign of life: the connection is told, each time that it changes.
TEST_F(book_in_actor, tells_its_connection_when_updates_show_nothing_new) {
  start();
  send_book(1, 5, true);
  send_book(2, 6);
  tests::take(from_book);
  send_book(3, 6);
  send_book(4, 5);
  send_trade(5, 1);
  EXPECT_EQ(tests::take(from_book), (texts{"repeats BTC-USD", "ack 3", "ack 4", "ack 5"}));
  send_book(6, 7);
  EXPECT_EQ(tests::take(from_book), (texts{"new again BTC-USD", "ack 6"}));
}

TEST_F(book_in_actor, asks_the_connection_for_a_snapshot_once_an_update_is_missing) {
  start();
  send_book(1, 5, true);
  tests::take(from_book);
  send_book(2, 7);
  EXPECT_EQ(tests::take(from_book), (texts{"resync BTC-USD", "ack 2"}));
  EXPECT_EQ(shown().state, feed_state::gap);
  send_book(3, 8);
  EXPECT_EQ(tests::take(from_book), texts{"ack 3"});
  send_book(4, 9, true);
  EXPECT_EQ(shown().state, feed_state::live);
  EXPECT_EQ(shown().counters.sequence_gaps, 1u);
}

TEST_F(book_in_actor, asks_again_when_the_connection_that_it_asked_was_lost) {
  start();
  send_book(1, 5, true);
  send_book(2, 7);
  tests::take(from_book);
  tell_feeds(lost_atom::value, "closed by the venue");
  EXPECT_EQ(shown().state, feed_state::syncing);
  send_book(3, 8);
  EXPECT_EQ(tests::take(from_book), (texts{"resync BTC-USD", "ack 3"}));
}

TEST_F(book_in_actor, says_that_its_connection_was_lost) {
  start();
  send_book(1, 5, true);
  tests::take(at_validator);
  tell_feeds(lost_atom::value, "closed by the venue");
  const auto got = tests::take(at_validator);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got.front().find("-begin"), std::string::npos);
  EXPECT_NE(got.front().find("-syncing"), std::string::npos);
  EXPECT_EQ(shown().bids, 0u);
}

TEST_F(book_in_actor, that_is_not_wanted_any_more_drops_what_is_still_on_its_way) {
  start();
  send_book(1, 5, true);
  send_trade(2, 5);
  tests::take(at_validator);
  tests::take(from_book);
  caf::anon_send(actor, lost_atom::value, feed_notice{kind_set().set(), "it is not wanted"});
  system.run();
  EXPECT_EQ(shown().state, feed_state::syncing);
  acknowledge(9);
  tests::take(at_validator);
  send_trade(3, 6);
  EXPECT_EQ(tests::take(from_book), texts{"ack 3"});
  EXPECT_EQ(tests::take(at_validator), texts{});
}

TEST_F(book_in_actor, of_two_connections_one_makes_up_for_the_other) {
  start();
  send_book(1, 5, true);
  const auto other = spawn_connection(system, from_book);
  const auto send_other = [&](std::uint64_t sequence, std::uint64_t number, bool snapshot) {
    event_batch batch;
    add_book(batch, number, snapshot);
    const decoded_slice slice{std::make_shared<event_batch>(batch), {0}, 100};
    caf::send_as(other, actor, batch_atom::value, sequence, slice);
    system.run();
  };
  send_other(1, 5, true);
  send_book(2, 6);
  send_other(2, 6, false);
  send_other(3, 7, false);
  tests::take(at_validator);
  acknowledge(9);
  system.end(connection, failure_error("broken"));
  EXPECT_EQ(tests::take(at_validator), texts{"3:7"}) << "where the first left off";
  EXPECT_EQ(shown().state, feed_state::live);
}

TEST_F(book_in_actor, of_two_connections_that_disagree_believes_the_first_and_raises_an_alert) {
  merges = true;
  start();
  send_trade(1, 5);
  const auto other = spawn_connection(system, from_book);
  const auto send_other = [&](std::uint64_t sequence, const char* key, const char* price) {
    event_batch batch;
    batch.events.push_back(tests::sample_trade(where, key, price));
    const decoded_slice slice{std::make_shared<event_batch>(batch), {0}, 100};
    caf::send_as(other, actor, batch_atom::value, sequence, slice);
    system.run();
  };
  send_other(1, "6", "7");
  tests::take(at_validator);
  acknowledge(9);
  send_other(2, "5", "8");
  EXPECT_EQ(tests::take(at_validator), texts{"3:!disagreement^warning disagreement"});
}

TEST_F(book_in_actor, that_is_restarted_writes_down_what_its_predecessor_took_along) {
  start();
  send_book(1, 5, true);
  send_trade(2, 7);
  acknowledge(9);
  send_book(3, 6);
  tests::take(at_validator);
  system.end(actor, failure_error("broken"));
  start();
  auto got = tests::take(at_validator);
  ASSERT_EQ(got.size(), 1u) << "the ledger, at once";
  for (const auto* const step : {"book-", "trade-", "-begin", "-restart", "-syncing"}) {
    EXPECT_NE(got.front().find(step), std::string::npos) << step << " in " << got.front();
  }
  EXPECT_EQ(shown().state, feed_state::syncing);
  send_book(1, 9, true);
  got = tests::take(at_validator);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got.front().find("-end"), std::string::npos) << got.front();
}

TEST_F(book_in_actor, that_never_had_anything_is_restarted_without_an_entry) {
  start();
  system.end(actor, failure_error("broken"));
  start();
  EXPECT_EQ(tests::take(at_validator), texts{});
}

TEST_F(book_in_actor, that_an_earlier_run_stored_has_an_outage_of_each_feed_that_is_wanted) {
  stored(7);
  start();
  auto got = tests::take(at_validator);
  ASSERT_EQ(got.size(), 1u) << "the ledger, at once";
  EXPECT_EQ(got.front().substr(0, 8), "1:trade-");
  for (const auto* const step : {"-begin", "-syncing", ",book-"}) {
    EXPECT_NE(got.front().find(step), std::string::npos) << step << " in " << got.front();
  }
  EXPECT_EQ(got.front().find("quote"), std::string::npos) << "quotes are not wanted";
  send_book(1, 9, true);
  got = tests::take(at_validator);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got.front().find("book-"), std::string::npos) << got.front();
  EXPECT_NE(got.front().find("-end"), std::string::npos) << got.front();
}

TEST_F(book_in_actor, asks_for_the_trades_of_an_outage_before_its_entry_ends) {
  stored(7);
  start();
  tests::take(at_validator);
  send_trade(1, 10);
  EXPECT_EQ(tests::take(from_book), (texts{"fill 8 to 9", "ack 1"}));
  EXPECT_EQ(tests::take(at_validator), texts{});
  auto answer = std::make_shared<event_batch>();
  for (const auto* key : {"8", "9"}) answer->events.push_back(tests::sample_trade(where, key));
  caf::anon_send(actor, filled_atom::value, trades_answer{answer});
  system.run();
  const auto got = tests::take(at_validator);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got.front().find(":8,"), std::string::npos) << got.front();
  EXPECT_NE(got.front().find(",9,10,trade-"), std::string::npos) << got.front();
  EXPECT_TRUE(got.front().ends_with("r-end")) << got.front();
}

TEST_F(book_in_actor, that_is_restarted_in_an_outage_ends_it) {
  stored(7);
  start();
  acknowledge(1);
  system.end(actor, failure_error("broken"));
  start();
  tests::take(at_validator);
  send_trade(1, 10);
  const auto got = tests::take(at_validator);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got.front().find("-end"), std::string::npos) << got.front();
  EXPECT_EQ(tests::take(from_book), texts{"ack 1"}) << "its numbers went with the actor";
}

TEST_F(book_in_actor, is_not_live_any_more_when_its_connection_begins_anew) {
  start();
  send_book(1, 5, true);
  tests::take(at_validator);
  caf::anon_send(connection, stop_atom::value);
  system.run();
  EXPECT_EQ(tests::take(at_validator), texts{}) << "the end of all is no loss";
  EXPECT_EQ(shown().state, feed_state::live);
  connection = spawn_connection(system, from_book);
  tell_feeds(lost_atom::value, "the connection begins anew");
  const auto got = tests::take(at_validator);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got.front().find("-begin"), std::string::npos) << got.front();
  EXPECT_EQ(shown().state, feed_state::syncing);
}

TEST_F(book_in_actor, asks_for_a_snapshot_when_frames_of_its_connection_are_missing) {
  start();
  send_book(1, 5, true);
  tests::take(from_book);
  tell(hole_atom::value, "frame 7 is missing");
  EXPECT_EQ(tests::take(from_book), texts{"resync BTC-USD"});
  EXPECT_EQ(shown().state, feed_state::gap);
}

TEST_F(book_in_actor, says_at_once_that_it_is_stale_and_is_live_again_with_data) {
  start();
  send_book(1, 5, true);
  tests::take(at_validator);
  tell_feeds(stale_atom::value, "the connection is silent");
  const auto got = tests::take(at_validator);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got.front().find("-stale"), std::string::npos) << got.front();
  EXPECT_EQ(shown().state, feed_state::stale);
  EXPECT_EQ(shown().states[static_cast<std::size_t>(event_kind::book)], feed_state::stale);
  EXPECT_EQ(shown().states[static_cast<std::size_t>(event_kind::trade)], feed_state::syncing);
  EXPECT_TRUE(shown().kinds.test(static_cast<std::size_t>(event_kind::trade)));
  send_book(2, 6);
  EXPECT_EQ(shown().state, feed_state::live);
}

TEST_F(book_in_actor, tells_its_connection_when_the_venue_has_the_same_book) {
  start();
  send_book(1, 5, true);
  tests::take(from_book);
  const auto proof = [this](std::uint32_t levels, std::int64_t shift) {
    event_batch batch;
    tests::append_book(batch, where, "s6", true, levels);
    for (auto& what : batch.levels) what.quantity_mantissa += shift;
    caf::send_as(connection, actor, proof_atom::value,
                 batch_ptr(std::make_shared<event_batch>(std::move(batch))));
    system.run();
  };
  proof(1, 0);
  EXPECT_EQ(tests::take(from_book), texts{"proven BTC-USD"});
  proof(2, 1);
  EXPECT_EQ(tests::take(from_book), texts{});
}

TEST_F(book_in_actor, counts_how_far_it_is_from_the_venues_snapshots) {
  start();
  const auto& deviation = counters->of_venue("kraken").snapshot_deviation;
  const auto samples = [&] {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < deviation_histogram::buckets; ++at) sum += deviation.count(at);
    return sum;
  };
  const auto prove = [this](std::int64_t shift) {
    event_batch batch;
    tests::append_book(batch, where, "s6", true, 2);
    for (auto& what : batch.levels) what.price_mantissa += shift;
    caf::send_as(connection, actor, proof_atom::value,
                 batch_ptr(std::make_shared<event_batch>(std::move(batch))));
    system.run();
  };
  send_book(1, 5, true);
  EXPECT_EQ(samples(), 0u) << "there was no book to compare with";
  prove(0);
  EXPECT_EQ(deviation.count(0), 1u);
  EXPECT_EQ(deviation.sum_ppm(), 0.0);
  // Prices are about a million with three digits behind the point: these are 40 millionths.
  prove(40'000);
  EXPECT_EQ(samples(), 2u);
  EXPECT_NEAR(deviation.sum_ppm(), 40.0, 0.001);
  tell_feeds(lost_atom::value, "gone");
  prove(40'000);
  EXPECT_EQ(samples(), 2u) << "a book that is lost is compared with nothing";
}

TEST_F(book_in_actor, writes_down_what_is_done_about_a_gap) {
  start();
  send_book(1, 5, true);
  send_book(2, 7);
  tests::take(at_validator);
  caf::send_as(connection, actor, repair_atom::value,
               repair_notice{kind_set().set(), gap_repair::resubscribe});
  system.run();
  const auto got = tests::take(at_validator);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got.front().find("-resubscribe"), std::string::npos) << got.front();
}

TEST_F(book_in_actor, goes_on_without_a_connection_to_ask) {
  start();
  send_book(1, 5, true);
  system.end(connection, failure_error("broken"));
  connection = spawn_connection(system, from_book);
  tests::take(from_book);
  caf::anon_send(actor, hole_atom::value, std::string("from nobody"));
  system.run();
  EXPECT_EQ(tests::take(from_book), texts{});
  EXPECT_FALSE(over->came());
  send_book(1, 7);
  EXPECT_EQ(tests::take(from_book), (texts{"resync BTC-USD", "ack 1"}));
}

TEST_F(book_in_actor, asks_the_connection_for_missing_trades_and_puts_them_in_their_place) {
  trades.numbered = trades.fills = true;
  trades.hold_ns = 1'000'000'000'000;
  start();
  send_trade(1, 5);
  tests::take(from_book);
  tests::take(at_validator);
  send_trade(2, 8);
  EXPECT_EQ(tests::take(from_book), (texts{"fill 6 to 7", "ack 2"}));
  EXPECT_EQ(tests::take(at_validator), texts{});
  auto answer = std::make_shared<event_batch>();
  for (const auto* key : {"6", "7"}) {
    answer->events.push_back(tests::sample_trade(where, key));
  }
  caf::anon_send(actor, filled_atom::value, trades_answer{answer});
  system.run();
  EXPECT_EQ(tests::take(at_validator), texts{"2:trade-6-7,6,7,8"});
}

TEST_F(book_in_actor, passes_on_what_waits_for_missing_trades_when_it_stops) {
  trades.numbered = trades.fills = true;
  trades.hold_ns = 1'000'000'000'000;
  start();
  send_trade(1, 5);
  send_trade(2, 7);
  tests::take(at_validator);
  stop();
  EXPECT_EQ(tests::take(at_validator), texts{"2:trade-6-6,7"});
  acknowledge(2);
  EXPECT_TRUE(over->came());
}

TEST_F(book_in_actor, answers_with_the_present_book) {
  start();
  ask("inbox.0");
  EXPECT_EQ(tests::take(at_validator), texts{"present inbox.0 0x0"});
  send_book(1, 5, true);
  tests::take(at_validator);
  ask("inbox.1");
  EXPECT_EQ(tests::take(at_validator), texts{"present inbox.1 2x2"});
}

TEST_F(book_in_actor, answers_behind_the_batches_that_came_before_the_question) {
  start(1);
  send_book(1, 5, true);
  send_book(2, 6);
  tests::take(at_validator);
  ask("inbox.1");
  EXPECT_EQ(tests::take(at_validator), texts{});
  acknowledge(1);
  EXPECT_EQ(tests::take(at_validator), (texts{"2:6", "present inbox.1 2x2"}));
}

TEST_F(book_in_actor, keeps_no_more_questions_than_its_bound) {
  start(1);
  send_book(1, 5, true);
  send_book(2, 6);
  tests::take(at_validator);
  for (int at = 0; at < 300; ++at) ask("inbox");
  acknowledge(1);
  EXPECT_EQ(tests::take(at_validator).size(), 1u + 256u);
  const auto edges = counters->edges();
  const auto queue = std::find_if(edges.begin(), edges.end(), [](const auto& edge) {
    return edge.name == "kraken/BTC-USD questions";
  });
  ASSERT_NE(queue, edges.end());
  EXPECT_EQ(queue->events_dropped, 300u - 256u);
  EXPECT_EQ(queue->events, 0u);
}

TEST_F(book_in_actor, stops_when_all_is_acknowledged) {
  start(1);
  send_book(1, 5, true);
  send_book(2, 6);
  stop();
  acknowledge(1);
  EXPECT_FALSE(over->came());
  acknowledge(2);
  ASSERT_TRUE(over->came());
  EXPECT_FALSE(over->reason());
}

}  // namespace
}  // namespace feedtree::actors
