#include "actors/replay/validation.hpp"

#include <algorithm>
#include <fstream>

#include "actors/command/progress.hpp"
#include "actors/replay/recording.hpp"
#include "adapters/venues/schema_watch.hpp"
#include "core/rules/engine.hpp"
#include "storage/stored_events.hpp"

namespace feedtree::actors {
namespace {

constexpr std::size_t examples_max = 5;
constexpr std::size_t batch_events_max = 512;

bool is_sqlite(const std::string& path) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  std::array<char, 16> head{};
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), head.size());
  return std::string_view(head.data(), static_cast<std::size_t>(file.gcount())) == magic;
}

// A DSN, sqlite:PATH and timescale:DSN, or a file that is one of SQLite.
bool is_database(const std::string& text) {
  const auto what = storage::parse_database(text);
  return what.kind != "sqlite" || what.target != text || is_sqlite(text);
}

class validation_runner {
 public:
  validation_runner(const validation_options& options, listing_registry& registry)
      : options_(options), registry_(registry) {
    result_.rules = options.rules;
  }

  validation_result run() {
    std::vector<std::string> recordings;
    std::vector<std::string> databases;
    for (const auto& path : options_.sources) {
      (is_database(path) ? databases : recordings).push_back(path);
    }
    if (!recordings.empty()) run_recordings(recordings);
    for (const auto& path : databases) run_database(path);
    sweep();
    return std::move(result_);
  }

 private:
  // One recording, with the books and rules of its venue.
  struct source {
    std::unique_ptr<recording> from;
    std::string venue;
    const recorded* record = nullptr;  // the next; null at the end
    std::unique_ptr<venues::venue_pipeline> pipeline;
    std::map<std::string, venues::schema_watch> watches;  // by connection
    const rules::rule_spec* drift = nullptr;

    std::int64_t receive_ns() const { return record->frame.receive_ns; }
  };

  source open(std::unique_ptr<recording> from) {
    source result;
    const auto& venue = from->venue();
    result.venue = venue.name();
    result.pipeline =
        std::make_unique<venues::venue_pipeline>(venue, registry_, pipeline_of(*from));
    for (const auto& rule : *options_.rules) {
      const bool concerns =
          rule.check == rule_check::schema_drift && rule.concerns_venue(venue.name());
      if (concerns && result.drift == nullptr) result.drift = &rule;
    }
    result.from = std::move(from);
    result.record = result.from->next();
    return result;
  }

  void run_recordings(const std::vector<std::string>& paths) {
    result_.sources = paths;
    std::vector<source> sources;
    std::uint64_t total = 0;
    for (auto& from :
         open_recordings({paths, options_.archive_key, options_.venue, options_.from_ns})) {
      total += from->size();
      sources.push_back(open(std::move(from)));
    }
    progress_bar bar(options_.progress, total);
    while (auto* const next = earliest(sources)) {
      if (options_.to_ns != 0 && next->receive_ns() >= options_.to_ns) break;
      take(*next);
      bar.advance();
    }
    bar.finish();
    for (auto& each : sources) finish(each);
  }

  // The source whose next record came first; null at the end of all.
  static source* earliest(std::vector<source>& sources) {
    source* first = nullptr;
    for (auto& each : sources) {
      const bool earlier =
          each.record != nullptr && (first == nullptr || each.receive_ns() < first->receive_ns());
      if (earlier) first = &each;
    }
    return first;
  }

  void finish(source& of) {
    event_batch batch;
    of.pipeline->finish(batch);
    judge(of.venue, batch);
    result_.frames += of.pipeline->frames().received;
    result_.frames_rejected += of.pipeline->frames().rejected;
    for (auto& line : of.from->damages()) result_.damages.push_back(std::move(line));
  }

  void take(source& from) {
    const auto& record = *from.record;
    event_batch batch;
    if (record.type == storage::archive_type::frame) {
      watch_schema(from, record.connection, record.frame);
    }
    play(record, *from.pipeline, batch);
    judge(from.venue, batch);
    from.record = from.from->next();
  }

  void watch_schema(source& from, const std::string& connection, const venues::raw_frame& frame) {
    if (from.drift == nullptr) return;
    const venues::schema_watch_options how{from.drift->sample_every, from.drift->learn};
    std::vector<venues::schema_drift> found;
    from.watches.try_emplace(connection, how).first->second.look(frame.text, found);
    const auto rule = static_cast<std::size_t>(from.drift - options_.rules->data());
    auto& line = line_of(from.venue);
    event_batch unused;
    for (const auto& each : found) {
      if (frame.receive_ns < options_.from_ns) continue;
      engine_of(from.venue).drifted(rule, from.venue, each.text(), frame.receive_ns, unused);
      add_example(line, rule, {{}, each.text(), frame.receive_ns});
    }
  }

  void run_database(const std::string& path) {
    const auto reader = storage::open_reader(storage::parse_database(path));
    result_.sources.push_back(reader->place());
    storage::stored_event_reader rows(*reader, options_.from_ns, options_.to_ns, registry_);
    progress_bar bar(options_.progress, rows.rows());
    event_batch batch;
    std::string venue;
    while (rows.next(batch)) {
      bar.advance();
      const auto& of = batch.events.back().where->venue;
      if (of != venue || batch.events.size() >= batch_events_max) {
        // What came last may be of another venue.
        event_batch last;
        last.append(batch.events.back(), batch);
        batch.events.pop_back();
        judge(venue, batch);
        batch = std::move(last);
        venue = of;
      }
    }
    bar.finish();
    judge(venue, batch);
  }

  validation_result::venue_line& line_of(const std::string& venue) {
    auto& line = result_.venues[venue];
    if (line.counts == nullptr) {
      line.counts = std::make_shared<rules::venue_counts>(*options_.rules);
      line.examples.resize(options_.rules->size());
    }
    return line;
  }
  rules::rule_engine& engine_of(const std::string& venue) {
    auto& engine = engines_[venue];
    if (engine == nullptr) {
      engine = std::make_unique<rules::rule_engine>(options_.rules, prices_, line_of(venue).counts);
    }
    return *engine;
  }
  static void add_example(validation_result::venue_line& line, std::size_t rule,
                          validation_example example) {
    auto& all = line.examples[rule];
    if (all.size() < examples_max) all.push_back(std::move(example));
  }

  void judge(const std::string& venue, event_batch& batch) {
    if (batch.empty()) return;
    auto& engine = engine_of(venue);
    if (!batch.events.empty() && batch.events.back().receive_ns < options_.from_ns) {
      engine.count_in(std::make_shared<rules::venue_counts>(*options_.rules));
      engine.examine(batch);
      return;
    }
    auto& line = line_of(venue);
    engine.count_in(line.counts);
    for (const auto& entry : batch.quarantine) ++line.built_in[entry.rule];
    for (const auto& what : batch.events) tally(what, batch);
    const auto& findings = engine.examine(batch);
    for (const auto& each : findings) {
      const auto& what = batch.events[each.event];
      add_example(line, each.rule,
                  {event_id(what), std::string(each.reason.view()), what.receive_ns});
    }
    engine.apply(findings, batch);
  }

  void tally(const event& what, const event_batch& batch) {
    ++result_.events[static_cast<std::size_t>(what.kind())];
    if (result_.first_ns == 0) result_.first_ns = what.receive_ns;
    result_.last_ns = std::max(result_.last_ns, what.receive_ns);
    const auto index = what.where->index;
    if (index >= feed_of_.size()) feed_of_.resize(index + std::size_t{1});
    if (feed_of_[index] == 0) {
      result_.feeds.emplace_back(what.where);
      feed_of_[index] = result_.feeds.size();
    }
    result_.feeds[feed_of_[index] - 1].take(what, batch);
  }

  // Feeds that had fallen silent when the recording ended.
  void sweep() {
    event_batch unused;
    for (const auto& [venue, engine] : engines_) engine->sweep(result_.last_ns, unused);
  }

  const validation_options& options_;
  listing_registry& registry_;
  std::shared_ptr<rules::price_board> prices_ = std::make_shared<rules::price_board>();
  std::map<std::string, std::unique_ptr<rules::rule_engine>> engines_;
  std::vector<std::size_t> feed_of_;  // by listing index, from 1
  validation_result result_;
};

}  // namespace

validation_result validate(const validation_options& options, listing_registry& registry) {
  return validation_runner(options, registry).run();
}

}  // namespace feedtree::actors
