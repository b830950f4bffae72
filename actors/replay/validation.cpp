#include "actors/replay/validation.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "actors/command/progress.hpp"
#include "adapters/venues/schema_watch.hpp"
#include "adapters/venues/venue_pipeline.hpp"
#include "core/rules/engine.hpp"
#include "storage/capture_reader.hpp"
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
    std::vector<std::string> captures;
    std::vector<std::string> databases;
    for (const auto& path : options_.sources) {
      (is_database(path) ? databases : captures).push_back(path);
    }
    if (!captures.empty()) run_captures(captures);
    for (const auto& path : databases) run_database(path);
    sweep();
    return std::move(result_);
  }

 private:
  // One capture, with the books and rules of its venue.
  struct source {
    std::string path;
    capture content;
    std::size_t at = 0;
    std::unique_ptr<venues::venue_pipeline> pipeline;
    std::map<std::string, venues::schema_watch> watches;  // by connection
    const rules::rule_spec* drift = nullptr;

    bool at_end() const { return at == content.records.size(); }
    std::int64_t receive_ns() const { return content.records[at].receive_ns; }
  };

  source open(const std::string& path) {
    source result;
    result.path = path;
    result.content = read_capture(path);
    if (!options_.venue.empty()) result.content.venue = options_.venue;
    const auto& name = result.content.venue;
    if (name.empty()) {
      throw std::runtime_error(path + ": does not say which venue it is of: give --venue NAME");
    }
    const auto* const venue = venues::find_venue(name);
    if (venue == nullptr) throw std::runtime_error(path + ": unknown venue '" + name + "'");
    result.pipeline = std::make_unique<venues::venue_pipeline>(*venue, registry_);
    for (const auto& rule : *options_.rules) {
      const bool concerns =
          rule.check == rule_check::schema_drift && rule.concerns_venue(venue->name());
      if (concerns && result.drift == nullptr) result.drift = &rule;
    }
    return result;
  }

  void run_captures(const std::vector<std::string>& paths) {
    std::vector<source> sources;
    std::uint64_t total = 0;
    for (const auto& path : paths) {
      sources.push_back(open(path));
      result_.sources.push_back(path);
      total += sources.back().content.records.size();
    }
    progress_bar bar(options_.progress, total);
    while (true) {
      source* next = nullptr;
      for (auto& each : sources) {
        const bool earlier =
            !each.at_end() && (next == nullptr || each.receive_ns() < next->receive_ns());
        if (earlier) next = &each;
      }
      if (next == nullptr) break;
      if (options_.to_ns != 0 && next->receive_ns() >= options_.to_ns) break;
      take(*next);
      bar.advance();
    }
    bar.finish();
    for (const auto& each : sources) {
      result_.frames += each.pipeline->frames().received;
      result_.frames_rejected += each.pipeline->frames().rejected;
    }
  }

  void take(source& from) {
    auto& record = from.content.records[from.at++];
    venues::raw_frame frame{std::move(record.text), record.receive_ns};
    event_batch batch;
    switch (record.type) {
      case record_type::frame:
        watch_schema(from, record.connection, frame);
        from.pipeline->frame(record.connection, frame, batch);
        break;
      case record_type::rest:
        from.pipeline->rest(record.url, frame, batch);
        break;
      case record_type::connect:
        from.pipeline->connect(record.connection, record.url);
        break;
    }
    judge(from.content.venue, batch);
  }

  void watch_schema(source& from, const std::string& connection, const venues::raw_frame& frame) {
    if (from.drift == nullptr) return;
    const venues::schema_watch_options how{from.drift->sample_every, from.drift->learn};
    std::vector<venues::schema_drift> found;
    from.watches.try_emplace(connection, how).first->second.look(frame.text, found);
    const auto rule = static_cast<std::size_t>(from.drift - options_.rules->data());
    auto& line = line_of(from.content.venue);
    event_batch unused;
    for (const auto& each : found) {
      if (frame.receive_ns < options_.from_ns) continue;
      engine_of(from.content.venue)
          .drifted(rule, from.content.venue, each.text(), frame.receive_ns, unused);
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
