#include "actors/replay/replay.hpp"

#include <algorithm>
#include <thread>

#include "actors/command/progress.hpp"
#include "actors/replay/event_selection.hpp"
#include "actors/replay/judged_candles.hpp"
#include "actors/replay/sink_feeder.hpp"
#include "actors/system.hpp"

namespace feedtree::actors {
namespace {

constexpr std::size_t batch_events_max = 2'048;
constexpr std::size_t batch_levels_max = 65'536;

// Holds records back to the recorded pace.
class pacer {
 public:
  explicit pacer(std::int64_t speed_thousandths) : speed_(speed_thousandths) {}
  // True if the record's time has not come yet; then wait() waits for it.
  bool must_wait(std::int64_t receive_ns) {
    if (speed_ == 0 || receive_ns == 0) return false;
    if (first_ns_ == 0) {
      first_ns_ = receive_ns;
      start_ = std::chrono::steady_clock::now();
    }
    due_ = start_ + std::chrono::nanoseconds((receive_ns - first_ns_) / speed_ * 1000);
    return std::chrono::steady_clock::now() < due_;
  }
  void wait() const { std::this_thread::sleep_until(due_); }

 private:
  std::int64_t speed_;
  std::int64_t first_ns_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point due_;
};

class replayer {
 public:
  replayer(const replay_options& options, std::vector<std::unique_ptr<recording>> recordings,
           listing_registry& registry, sink_feeder& feeder)
      : options_(options),
        recordings_(std::move(recordings)),
        selection_(options.instruments),
        registry_(registry),
        feeder_(feeder) {}

  replay_result run() {
    std::uint64_t total = 0;
    for (const auto& from : recordings_) total += from->size();
    progress_bar bar(options_.progress, total * options_.loops);
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint64_t loop = 0; loop < options_.loops; ++loop) {
      for (const auto& from : recordings_) replay_recording(*from, bar);
    }
    result_.sinks = feeder_.finish();
    result_.elapsed_ns = (std::chrono::steady_clock::now() - begin).count();
    result_.unseen = selection_.unseen();
    bar.finish();
    return std::move(result_);
  }

 private:
  // Each pass over a recording is a run of its own: books begin empty.
  void replay_recording(recording& from, progress_bar& bar) {
    from.rewind();
    venues::venue_pipeline pipeline(from.venue(), registry_, pipeline_of(from));
    judged_candles candles(options_.candles, options_.rules, prices_);
    std::int64_t last_ns = 0;
    pacer pace(options_.speed);
    bool has_begun = options_.from_ns == 0;
    while (const auto* const record = from.next()) {
      const auto now_ns = record->frame.receive_ns;
      check_time(from, now_ns);
      if (options_.to_ns != 0 && now_ns >= options_.to_ns) break;
      if (!has_begun && now_ns >= options_.from_ns) {
        has_begun = true;
        begin_with_books(pipeline);
      }
      if (has_begun && pace.must_wait(now_ns)) {
        flush();
        pace.wait();
      }
      const auto first = batch_mark::of(*batch_);
      play(*record, pipeline, *batch_);
      result_.not_archived += record->count;
      last_ns = now_ns;
      result_.quarantined += candles.follow(*batch_, first.events, now_ns);
      select(first, has_begun);
      bar.advance();
    }
    const auto first = batch_mark::of(*batch_);
    pipeline.finish(*batch_);
    result_.quarantined += candles.follow(*batch_, first.events, last_ns);
    select(first, has_begun);
    flush();
    add(pipeline, candles);
    for (auto& line : from.damages()) result_.damages.push_back(std::move(line));
  }

  void check_time(const recording& from, std::int64_t receive_ns) const {
    if (receive_ns != 0 || (options_.from_ns == 0 && options_.to_ns == 0)) return;
    throw std::runtime_error(from.name() +
                             ": its frames have no receive times, which --from and --to go by");
  }

  // Readers of the range are right from its first change on.
  void begin_with_books(const venues::venue_pipeline& pipeline) {
    if (!options_.begin_with_books) return;
    const auto first = batch_mark::of(*batch_);
    for (const auto* const book : pipeline.books()) {
      if (book->state() == feed_state::live) book->append_present_book(options_.from_ns, *batch_);
    }
    select(first, true);
  }

  void select(const batch_mark& first, bool has_begun) {
    if (has_begun) {
      selection_.keep_selected(*batch_, first);
    } else {
      first.drop_since(*batch_);
    }
    if (batch_->events.size() >= batch_events_max || batch_->levels.size() >= batch_levels_max) {
      flush();
    }
  }

  void flush() {
    for (const auto& what : batch_->events) {
      ++result_.events[static_cast<std::size_t>(what.kind())];
    }
    if (result_.rejected_example.empty() && !batch_->quarantine.empty()) {
      const auto& first = batch_->quarantine.front();
      result_.rejected_example = first.reason + ": " + first.excerpt;
    }
    const auto levels = batch_->levels.size();
    feeder_.send(std::exchange(batch_, std::make_shared<event_batch>()));
    batch_->events.reserve(batch_events_max + 64);
    batch_->levels.reserve(std::min(levels, batch_levels_max) + 64);
  }

  void add(const venues::venue_pipeline& pipeline, const judged_candles& candles) {
    result_.frames.received += pipeline.frames().received;
    result_.frames.decoded += pipeline.frames().decoded;
    result_.frames.ignored += pipeline.frames().ignored;
    result_.frames.rejected += pipeline.frames().rejected;
    result_.frames.entries_lost += pipeline.frames().entries_lost;
    result_.frames.fields_lost += pipeline.frames().fields_lost;
    if (result_.lost_field.empty()) result_.lost_field = pipeline.lost_field();
    for (const auto& [channel, count] : pipeline.ignored().by_channel()) {
      result_.ignored.add(channel, count);
    }
    result_.continuity += pipeline.continuity();
    result_.trades += pipeline.trades();
    result_.candles += candles.counters();
    result_.quarantined += pipeline.quarantined();
    result_.connections += pipeline.connections();
    result_.merged += pipeline.merged();
    for (const auto& line : pipeline.complaints()) result_.complaints.push_back(line);
    for (const auto* keeper : pipeline.books()) {
      if (selection_.takes(*keeper->where())) add_book(*keeper);
    }
  }

  void add_book(const feed_keeper& keeper) {
    replay_result::instrument_line line;
    line.venue = keeper.where()->venue;
    line.instrument = keeper.where()->symbol;
    line.state = keeper.state();
    line.bids = keeper.book().size(book_part::bids);
    line.asks = keeper.book().size(book_part::asks);
    if (const auto best = keeper.book().best(book_part::bids)) {
      line.best_bid = best->price().to_string();
    }
    if (const auto best = keeper.book().best(book_part::asks)) {
      line.best_ask = best->price().to_string();
    }
    line.book_hash = keeper.book().hash();
    // The last pass over a capture is the one that is reported.
    for (auto& known : result_.instruments) {
      if (known.venue != line.venue || known.instrument != line.instrument) continue;
      known = std::move(line);
      return;
    }
    result_.instruments.push_back(std::move(line));
  }

  const replay_options& options_;
  std::vector<std::unique_ptr<recording>> recordings_;
  event_selection selection_;
  listing_registry& registry_;
  sink_feeder& feeder_;
  std::shared_ptr<rules::price_board> prices_ = std::make_shared<rules::price_board>();
  std::shared_ptr<event_batch> batch_ = std::make_shared<event_batch>();
  replay_result result_;
};

}  // namespace

replay_result replay(const replay_options& options) {
  auto from = options.from;
  from.from_ns = options.from_ns;
  auto recordings = open_recordings(from);
  listing_registry registry;  // outlives the sinks, which keep its listings
  system_config configuration;
  caf::actor_system system(configuration);
  sink_feeder feeder(system, options.sinks, {options.credit, options.prefix});
  return replayer(options, std::move(recordings), registry, feeder).run();
}

}  // namespace feedtree::actors
