#include "storage/stored_state.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

namespace feedtree::storage {
namespace {

// A backfill stores trades and candles without a running server: those are older than this when
// they come.
constexpr std::int64_t live_delay_max_ns = 60'000'000'000;
// How far the venue's time of an event may lie before ours: bounds the chunks that are read.
constexpr std::int64_t clock_distance_max_ns = 86'400'000'000'000;

std::int64_t number_of(const std::optional<std::string>& value) {
  std::int64_t number = 0;
  if (value) std::from_chars(value->data(), value->data() + value->size(), number);
  return number;
}

std::string text_of(std::int64_t number) {
  return std::to_string(number);
}

bool comes_from_backfill_too(event_kind kind) {
  return kind == event_kind::trade || kind == event_kind::candle;
}

struct ledger_entry {
  std::string cause;
  std::int64_t begin_ns = 0;
  std::int64_t told_ns = 0;  // when its last row was written
  bool ended = false;
};

class state_finder {
 public:
  state_finder(database_reader& from, const state_question& question)
      : from_(from),
        question_(question),
        instrument_{question.venue, question.instrument},
        feed_{question.venue, question.instrument, std::string(to_string(question.feed))} {}

  stored_state run() {
    read_last_message();
    read_last_change();
    if (const auto entry = entry_of_moment()) {
      apply(*entry);
    } else if (!has_events_since_moment()) {
      forget();
    }
    if (result_.state == to_string(feed_state::live)) result_.since_ns = 0;
    return std::move(result_);
  }

 private:
  std::string moment() const { return text_of(question_.moment_ns); }

  void read_last_message() {
    from_.read("SELECT state, receive_ns FROM " + std::string(to_string(question_.feed)) +
                   " WHERE venue = $1 AND instrument = $2 AND receive_ns <= " + moment() +
                   " ORDER BY receive_ns DESC, exchange_ns DESC, key DESC LIMIT 1",
               instrument_, [this](const stored_row& row) {
                 result_.state = row[0].value_or("");
                 last_ns_ = result_.since_ns = number_of(row[1]);
                 return false;
               });
  }

  // What was said about the feed behind its last message.
  void read_last_change() {
    from_.read(
        "SELECT to_state, reason, receive_ns FROM status WHERE venue = $1 AND"
        " instrument = $2 AND feed = $3 AND receive_ns <= " +
            moment() + " ORDER BY receive_ns DESC, exchange_ns DESC, key DESC LIMIT 1",
        feed_, [this](const stored_row& row) {
          const auto changed_ns = number_of(row[2]);
          if (changed_ns >= last_ns_ && row[0] == result_.state) result_.since_ns = changed_ns;
          if (changed_ns <= last_ns_) return false;
          result_ = {row[0].value_or(""), changed_ns, {}, row[1].value_or("")};
          return false;
        });
  }

  // The entries that hold the moment: an outage before others, then the one that began first.
  std::optional<ledger_entry> entry_of_moment() {
    std::string known;
    if (question_.known_ns) {
      known = " AND (receive_ns <= " + text_of(*question_.known_ns) + " OR cause = 'outage')";
    }
    // An entry that began before any data did begins when it was written.
    const std::string begin = "CASE WHEN begin_ns > 0 THEN begin_ns ELSE min(receive_ns) END";
    const std::string end = "max(COALESCE(end_ns, 0))";
    std::vector<ledger_entry> entries;
    from_.read("SELECT cause, " + begin + ", max(receive_ns), " + end +
                   " FROM gap WHERE venue = $1 AND instrument = $2 AND feed = $3" + known +
                   " GROUP BY cause, begin_ns HAVING " + begin + " < " + moment() + " AND (" + end +
                   " = 0 OR " + end + " > " + moment() + ") ORDER BY 2, 1",
               feed_, [&](const stored_row& row) {
                 entries.push_back({row[0].value_or(""), number_of(row[1]), number_of(row[2]),
                                    number_of(row[3]) != 0});
                 return true;
               });
    std::erase_if(entries, [this](const ledger_entry& each) { return was_left_open(each); });
    const auto outage = std::find_if(entries.begin(), entries.end(), is_outage);
    if (outage != entries.end()) return *outage;
    if (entries.empty()) return {};
    return entries.front();
  }

  static bool is_outage(const ledger_entry& entry) {
    return entry.cause == to_string(gap_cause::outage);
  }

  // The server ended before it could write the end, and the feed has been live since.
  bool was_left_open(const ledger_entry& entry) {
    if (entry.ended) return false;
    const auto since =
        " AND receive_ns > " + text_of(entry.told_ns) + " AND receive_ns <= " + moment();
    return has_row(
               "FROM status WHERE venue = $1 AND instrument = $2 AND feed = $3"
               " AND to_state = 'live'" +
                   since,
               feed_) ||
           has_row("FROM " + std::string(to_string(question_.feed)) +
                       " WHERE venue = $1 AND instrument = $2 AND state = 'live'" + since,
                   instrument_);
  }

  void apply(const ledger_entry& entry) {
    const bool outage = is_outage(entry);
    if (outage || result_.state == to_string(feed_state::live)) {
      result_.state = outage ? "outage" : to_string(feed_state::gap);
      result_.reason = detail_of(entry);
    }
    result_.since_ns = entry.begin_ns;
    result_.cause = entry.cause;
  }

  std::string detail_of(const ledger_entry& entry) {
    std::string detail;
    from_.read(
        "SELECT detail FROM gap WHERE venue = $1 AND instrument = $2 AND feed = $3 AND"
        " receive_ns <= " +
            text_of(entry.told_ns) + " AND begin_ns <= " + text_of(entry.begin_ns) +
            " AND cause = $4 ORDER BY begin_ns DESC, receive_ns DESC LIMIT 1",
        std::array<std::string, 4>{feed_[0], feed_[1], feed_[2], entry.cause},
        [&](const stored_row& row) {
          detail = row[0].value_or("");
          return false;
        });
    return detail;
  }

  bool has_row(const std::string& rows, std::span<const std::string> parameters) {
    bool found = false;
    from_.read("SELECT 1 " + rows + " LIMIT 1", parameters, [&](const stored_row&) {
      found = true;
      return false;
    });
    return found;
  }

  // Rows of the instrument that only a running server stores.
  static std::string rows_of_server(event_kind kind) {
    auto rows = "FROM " + std::string(to_string(kind)) + " WHERE venue = $1 AND instrument = $2";
    if (comes_from_backfill_too(kind)) {
      rows += " AND receive_ns - exchange_ns < " + text_of(live_delay_max_ns);
    }
    return rows;
  }

  bool has_events_since_moment() {
    if (last_ns_ == question_.moment_ns) return true;
    auto later = " AND receive_ns >= " + moment();
    if (from_.is_partitioned()) {
      later += " AND exchange_ts >= timestamptz 'epoch' + interval '" +
               text_of((question_.moment_ns - clock_distance_max_ns) / 1'000) + " microseconds'";
    }
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      if (has_row(rows_of_server(static_cast<event_kind>(kind)) + later, instrument_)) return true;
    }
    return false;
  }

  // Nothing came of the instrument any more: whether the server was there is not known.
  void forget() {
    std::int64_t last_ns = 0;
    for (std::size_t kind = 0; kind < event_kinds; ++kind) {
      from_.read("SELECT max(receive_ns) " + rows_of_server(static_cast<event_kind>(kind)),
                 instrument_, [&](const stored_row& row) {
                   last_ns = std::max(last_ns, number_of(row[0]));
                   return false;
                 });
    }
    result_ = {"unknown", std::max(last_ns, last_ns_), {}, "nothing was stored since"};
  }

  database_reader& from_;
  const state_question& question_;
  std::array<std::string, 2> instrument_;
  std::array<std::string, 3> feed_;
  std::int64_t last_ns_ = 0;
  stored_state result_;
};

}  // namespace

stored_state state_at(database_reader& from, const state_question& question) {
  return state_finder(from, question).run();
}

}  // namespace feedtree::storage
