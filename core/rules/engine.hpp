// Judges events of one venue by the rules, each instrument's in the order in which they come. No
// I/O and no clock: times are those of the events, or passed in. The same events give the same
// findings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/event.hpp"
#include "core/rules/clock_samples.hpp"
#include "core/rules/counts.hpp"
#include "core/rules/history.hpp"
#include "core/rules/price_board.hpp"
#include "core/rules/rule.hpp"

namespace feedtree::rules {

// An event that broke a rule.
struct finding {
  std::uint32_t event = 0;  // index in the batch
  std::uint32_t rule = 0;   // index in the list of rules
  inline_text<95> reason;
};

// Not thread-safe; the counts may be read by any thread. Allocates when an instrument is first
// seen, and not per event after that.
class rule_engine {
 public:
  // The board is shared by the engines of all venues. The counts are of these rules.
  rule_engine(std::shared_ptr<const rule_list> rules, std::shared_ptr<price_board> board,
              std::shared_ptr<venue_counts> counts);

  // From now on these count: what came before was only to be remembered.
  void count_in(std::shared_ptr<venue_counts> counts) { counts_ = std::move(counts); }

  // What the batch's events break, from this one on, in their order. Valid until the next call.
  const std::vector<finding>& examine(const event_batch& batch, std::size_t first = 0);
  // Does what the rules say about findings of examine: sets flags, moves events into quarantine,
  // appends alerts, and counts all that.
  void apply(const std::vector<finding>& findings, event_batch& batch);
  // True if apply would change the batch; if not, only the counts are brought up.
  bool changes(const std::vector<finding>& findings) const;
  void count_only(const std::vector<finding>& findings);

  // Looks for feeds that have been silent for too long now; appends alerts.
  void sweep(std::int64_t now_ns, event_batch& out);
  // A frame of the venue had a field that was new, or lacked one; appends an alert if the rule says
  // so. where is null where the instrument is not known.
  void drifted(std::size_t rule, std::string_view venue, std::string_view reason,
               std::int64_t now_ns, event_batch& out);

  // Alerts of the batch that name a rule of schema_drift are what decoding noticed: they are judged
  // by the rule, as drifted does.
  bool has_drift(const event_batch& batch) const;
  void take_drift(event_batch& batch);

  const rule_list& rules() const { return *rules_; }
  const venue_counts& counts() const { return *counts_; }

 private:
  // When an alert of a rule was last given, and how many were held back since.
  struct alert_mark {
    std::int64_t last_ns = 0;
    std::uint64_t suppressed = 0;
  };
  // A rule as one instrument has it.
  struct bound_rule {
    std::uint32_t index = 0;
    const rule_spec* what = nullptr;
    price_slot* board = nullptr;                // venue_consensus
    std::optional<volume_window> volumes = {};  // volume_anomaly
    alert_mark alerts = {};
    std::array<bool, event_kinds> silent = {};  // freshness: a sweep has found it
  };
  struct instrument_state {
    const listing* where = nullptr;
    std::vector<bound_rule> rules;
    std::array<std::vector<std::uint32_t>, event_kinds> by_kind;  // places in rules
    std::vector<price_slot*> boards;                              // that get its prices
    bool needs_book = false;
    bool needs_minutes = false;
    book_mirror book;
    trade_minutes minutes;
    clock_samples clock;
    bool is_clock_sample = false;                         // the event that is judged
    std::array<std::int64_t, event_kinds> exchange_ns{};  // of the last event of a kind
    std::array<std::int64_t, event_kinds> receive_ns{};
    std::array<optional_decimal, event_kinds> price;
  };

  instrument_state& state_of(const listing* where);
  std::unique_ptr<instrument_state>& slot_of(const listing* where);
  void bind(instrument_state& state);
  static bool is_idle(const instrument_state& state);
  static void withdraw_price(const instrument_state& state);
  void take_status(instrument_state& state, const status_change& what);
  void remember(instrument_state& state, const event& what);
  // True if the event keeps the rule; if not, the reason is in the last finding's place.
  bool keeps(instrument_state& state, bound_rule& rule, const event& what);
  bool keeps_time(const instrument_state& state, const bound_rule& rule, const event& what);
  bool keeps_skew(const instrument_state& state, const rule_spec& rule, const event& what);
  bool keeps_required(const rule_spec& rule, const event& what);
  bool keeps_range(const rule_spec& rule, const event& what);
  bool keeps_jump(const instrument_state& state, const rule_spec& rule, const event& what);
  bool keeps_consensus(const instrument_state& state, const bound_rule& rule, const event& what);
  bool keeps_volume(bound_rule& rule, const event& what);
  bool keeps_crossed(const instrument_state& state, const rule_spec& rule, const event& what);
  bool keeps_spread(const instrument_state& state, const rule_spec& rule, const event& what);
  bool keeps_candle(const instrument_state& state, const rule_spec& rule, const event& what);
  bool keeps_peg(const instrument_state& state, const rule_spec& rule, const event& what);
  bool keeps_fresh(const instrument_state& state, bound_rule& rule, const event& what);
  struct best_pair {
    optional_decimal bid;
    optional_decimal ask;
  };
  // Of a quote, or of the book.
  static best_pair best_prices(const instrument_state& state, const event& what);
  optional_decimal present_price(const instrument_state& state, const event& what) const;
  std::size_t drift_rule(std::string_view name) const;
  bound_rule& bound_of(const listing* where, std::uint32_t index);
  void raise(const rule_spec& rule, rule_counts& counts, alert_mark& mark, alert_entry entry,
             event_batch& out);

  std::shared_ptr<const rule_list> rules_;
  std::shared_ptr<price_board> board_;
  std::shared_ptr<venue_counts> counts_;
  // By listing index less first_index_: an engine of one instrument has one.
  std::vector<std::unique_ptr<instrument_state>> instruments_;
  std::uint32_t first_index_ = 0;
  std::vector<alert_mark> drift_alerts_;  // by rule
  std::vector<finding> findings_;
  inline_text<95> reason_;
};

}  // namespace feedtree::rules
