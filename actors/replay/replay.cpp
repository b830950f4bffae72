#include "actors/replay/replay.hpp"

#include <filesystem>
#include <optional>
#include <thread>

#include "actors/command/progress.hpp"
#include "actors/replay/sink_feeder.hpp"
#include "actors/system.hpp"
#include "adapters/batch/poll_source.hpp"
#include "core/candle_desk.hpp"
#include "storage/archive_merge.hpp"
#include "storage/capture_reader.hpp"

namespace feedtree::actors {
namespace {

constexpr std::size_t batch_events_max = 2'048;
constexpr std::size_t batch_levels_max = 65'536;

const venues::venue& venue_or_throw(const std::string& name, const std::string& path) {
  if (name.empty()) {
    throw std::runtime_error(path + ": does not say which venue it is of: give --venue NAME");
  }
  if (const auto* const found = venues::find_venue(name)) return *found;
  std::string known;
  for (const auto& entry : venues::venue_names()) known += (known.empty() ? "" : ", ") + entry;
  throw std::runtime_error("unknown venue '" + name + "'; known are " + known);
}

// A record as the pipeline takes it, so that nothing is copied while it runs.
struct replay_record {
  record_type type;
  std::string connection;
  std::string url;
  venues::raw_frame frame;
};

struct source {
  std::string path;
  std::string venue;
  std::vector<replay_record> records;
  bool is_archive = false;  // then there are no records here: they are read while they are replayed
};

std::vector<replay_record> records_of(capture&& content) {
  std::vector<replay_record> result;
  result.reserve(content.records.size());
  for (auto& record : content.records) {
    result.push_back({record.type,
                      std::move(record.connection),
                      std::move(record.url),
                      {std::move(record.text), record.receive_ns}});
  }
  return result;
}

bool is_of_archive(const std::string& path) {
  return std::filesystem::is_directory(path) || storage::is_archive_file(path);
}

std::optional<storage::archive_key> key_of(const replay_options& options) {
  if (options.archive_key.empty()) return {};
  return storage::parse_archive_key(options.archive_key);
}

std::vector<std::unique_ptr<storage::archive_merge>> open_archives(const replay_options& options) {
  std::vector<std::string> paths;
  for (const auto& path : options.captures) {
    if (is_of_archive(path)) paths.push_back(path);
  }
  auto merges = storage::open_archives(paths, key_of(options));
  // What pollers fetched: kept, and no stream that could be replayed.
  std::erase_if(
      merges, [](const auto& merge) { return batch::find_poll_source(merge->venue()) != nullptr; });
  return merges;
}

std::vector<source> read_sources(const replay_options& options) {
  std::vector<source> result;
  for (const auto& merge : open_archives(options)) {
    venue_or_throw(merge->venue(), "the archive");
    result.push_back({"", merge->venue(), {}, true});
  }
  for (const auto& path : options.captures) {
    if (is_of_archive(path)) continue;
    auto content = read_capture(path);
    const auto venue = options.venue.empty() ? content.venue : options.venue;
    venue_or_throw(venue, path);
    result.push_back({path, venue, records_of(std::move(content)), false});
  }
  return result;
}

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
  replayer(const replay_options& options, std::vector<source> sources, listing_registry& registry,
           sink_feeder& feeder)
      : options_(options), sources_(std::move(sources)), registry_(registry), feeder_(feeder) {}

  replay_result run() {
    std::uint64_t total = 0;
    for (const auto& from : sources_) total += from.records.size();
    progress_bar bar(options_.progress, total * options_.loops);
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint64_t loop = 0; loop < options_.loops; ++loop) {
      for (const auto& from : sources_) {
        if (!from.is_archive) replay_source(from, bar);
      }
      replay_archives();
    }
    result_.sinks = feeder_.finish();
    result_.elapsed_ns = (std::chrono::steady_clock::now() - begin).count();
    bar.finish();
    return std::move(result_);
  }

 private:
  // Each pass over a capture is a run of its own: books begin empty.
  void replay_source(const source& from, progress_bar& bar) {
    venues::venue_pipeline pipeline(venue_or_throw(from.venue, from.path), registry_);
    candle_desk candles(options_.candles);
    pacer pace(options_.speed);
    for (const auto& record : from.records) {
      if (pace.must_wait(record.frame.receive_ns)) {
        flush();
        pace.wait();
      }
      const auto first = batch_->events.size();
      take(record, pipeline);
      candles.follow(*batch_, first, record.frame.receive_ns);
      flush_if_full();
      bar.advance();
    }
    flush();
    add(pipeline, candles);
  }

  void replay_archives() {
    for (const auto& merge : open_archives(options_)) {
      venues::venue_pipeline pipeline(venue_or_throw(merge->venue(), "the archive"), registry_);
      candle_desk candles(options_.candles);
      pacer pace(options_.speed);
      storage::archive_record record;
      while (merge->next(record)) {
        if (pace.must_wait(record.receive_ns)) {
          flush();
          pace.wait();
        }
        const auto first = batch_->events.size();
        take(record, pipeline);
        candles.follow(*batch_, first, record.receive_ns);
        flush_if_full();
      }
      flush();
      add(pipeline, candles);
      result_.damages.insert(result_.damages.end(), merge->damages().begin(),
                             merge->damages().end());
    }
  }

  void take(storage::archive_record& record, venues::venue_pipeline& pipeline) {
    using storage::archive_type;
    venues::raw_frame frame{std::move(record.text), record.receive_ns};
    switch (record.type) {
      case archive_type::frame:
        pipeline.frame(record.connection, frame, *batch_);
        break;
      case archive_type::rest:
        pipeline.rest(record.url, frame, *batch_);
        break;
      case archive_type::connect:
        pipeline.connect(record.connection, record.url);
        break;
      case archive_type::close:
        pipeline.disconnect(record.connection, record.receive_ns, frame.text, *batch_);
        break;
      case archive_type::lost:
        result_.not_archived += record.count;
        break;
      case archive_type::proof:
      case archive_type::header:
      case archive_type::other:
        break;
    }
  }

  void flush_if_full() {
    if (batch_->events.size() >= batch_events_max || batch_->levels.size() >= batch_levels_max) {
      flush();
    }
  }

  void take(const replay_record& record, venues::venue_pipeline& pipeline) {
    switch (record.type) {
      case record_type::frame:
        pipeline.frame(record.connection, record.frame, *batch_);
        break;
      case record_type::rest:
        pipeline.rest(record.url, record.frame, *batch_);
        break;
      case record_type::connect:
        pipeline.connect(record.connection, record.url);
        break;
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

  void add(const venues::venue_pipeline& pipeline, const candle_desk& candles) {
    result_.frames.received += pipeline.frames().received;
    result_.frames.decoded += pipeline.frames().decoded;
    result_.frames.ignored += pipeline.frames().ignored;
    result_.frames.rejected += pipeline.frames().rejected;
    for (const auto& [channel, count] : pipeline.ignored().by_channel()) {
      result_.ignored.add(channel, count);
    }
    result_.continuity += pipeline.continuity();
    result_.trades += pipeline.trades();
    result_.candles += candles.counters();
    result_.quarantined += pipeline.quarantined();
    for (const auto& line : pipeline.complaints()) result_.complaints.push_back(line);
    for (const auto* keeper : pipeline.books()) add_book(*keeper);
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
  std::vector<source> sources_;
  listing_registry& registry_;
  sink_feeder& feeder_;
  std::shared_ptr<event_batch> batch_ = std::make_shared<event_batch>();
  replay_result result_;
};

}  // namespace

replay_result replay(const replay_options& options) {
  auto sources = read_sources(options);
  listing_registry registry;  // outlives the sinks, which keep its listings
  system_config configuration;
  caf::actor_system system(configuration);
  sink_feeder feeder(system, options.sinks, options.credit);
  return replayer(options, std::move(sources), registry, feeder).run();
}

}  // namespace feedtree::actors
