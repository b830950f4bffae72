#include "actors/batch/backfill.hpp"

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <thread>

#include "actors/batch/backfill_fetch.hpp"
#include "actors/system.hpp"
#include "adapters/batch/history_pages.hpp"
#include "adapters/venues/symbol_pages.hpp"
#include "core/sink.hpp"
#include "storage/backfill_state.hpp"

namespace feedtree::actors {
namespace {

using batch::checkpoint;
using batch::history_gap;
using batch::history_job;

constexpr std::int64_t report_every_ms = 500;

storage::backfill_row row_of(const checkpoint& from) {
  return {from.venue,
          from.instrument,
          from.kind,
          from.interval_ns,
          from.from_ns,
          from.to_ns,
          from.position.time_ns,
          from.position.first_id,
          from.position.last_id,
          from.position.step_ns,
          from.done,
          from.rows};
}

void take(const storage::backfill_row& row, checkpoint& into) {
  into.position = {row.next_ns, row.first_id, row.last_id, row.step_ns};
  into.done = row.done;
  into.rows = row.rows;
}

std::unique_ptr<sink> open_sink(const backfill_options& options) {
  sink_context context;
  context.now_ns = wall_ns;
  context.insecure = true;
  return make_sink(options.sink_kind + ":" + options.sink_target, context);
}

struct part {
  history_job job;
  checkpoint at;
};

class backfill_run {
 public:
  backfill_run(const backfill_options& options, const venues::venue& venue,
               const batch::history_source& source)
      : options_(options),
        venue_(venue),
        source_(source),
        client_(reactor_, https_options()),
        symbols_(registry_) {
    at_.rest_url = options.rest_url;
    session_ = venue.make_session(symbols_, {}, at_);
    const auto symbols = venue.symbol_requests(at_);
    const auto address = symbols.empty() ? options.rest_url : symbols.front().url;
    budget_ = budgets_.rest_of(address, venue.limits());
    reactor_.start();
  }
  ~backfill_run() { reactor_.stop(); }
  backfill_run(const backfill_run&) = delete;
  backfill_run& operator=(const backfill_run&) = delete;

  backfill_result run(const std::function<void(const backfill_progress&)>& report,
                      const std::function<bool()>& stop) {
    refuse_early();
    sink_ = open_sink(options_);
    state_ = storage::make_backfill_state(options_.sink_kind, options_.sink_target);
    watch_while(report, stop, [&] { read_symbols(); });
    set_trouble({});
    plan();
    if (!stop_.is_set()) watch_while(report, stop, [&] { fetch_all(); });
    sink_->close();
    return finish();
  }

 private:
  transport::https_options https_options() const {
    transport::https_options result;
    result.tls = options_.tls;
    result.in_flight_max = options_.parallel;
    return result;
  }

  // Before anything is asked for: what the source cannot give for any instrument.
  void refuse_early() const {
    listing any;
    any.venue = options_.venue;
    const auto why = source_.refuses({&any, options_.kind, options_.interval_ns, 0, 1});
    if (!why.empty()) throw std::invalid_argument(why);
    for (const auto& symbol : options_.instruments) {
      const auto details = parse_instrument(symbol);
      const auto refusal = details ? venues::refuses_instrument(venue_, *details) : std::string();
      if (!refusal.empty()) throw std::invalid_argument(symbol + ": " + refusal);
    }
  }

  // Runs the work beside, and reports and looks for the end of it here. What it throws is thrown.
  void watch_while(const std::function<void(const backfill_progress&)>& report,
                   const std::function<bool()>& stop, const std::function<void()>& work) {
    std::exception_ptr failure;
    stop_signal over;
    std::thread worker([&] {
      try {
        work();
      } catch (...) {
        failure = std::current_exception();
      }
      over.set();
    });
    while (over.wait_ms(report_every_ms)) {
      if (stop()) stop_.set();
      if (report) report(progress());
    }
    worker.join();
    if (failure) std::rethrow_exception(failure);
  }

  void read_symbols() {
    fetcher from(client_, budget_, stop_, counters_);
    venues::symbol_pages pages(venue_.symbol_requests(at_));
    while (!pages.is_done()) {
      const auto request = pages.current();
      for (int attempt = 1;; ++attempt) {
        auto answer = from.get(request);
        if (answer.stopped) return;
        std::string why = answer.reason;
        if (answer.good) {
          event_batch unused;
          venues::frame_report read;
          session_->decode_rest(request.url, answer.body, unused, read);
          if (read.outcome == venues::frame_outcome::decoded) {
            static_cast<void>(pages.read(read.next_page));
            break;
          }
          why = read.reason;
        }
        if (!answer.may_pass || attempt >= options_.attempts) {
          throw std::runtime_error(request.url + ": " + why);
        }
        set_trouble(why);
        if (!stop_.wait_ms(backoff_ms(attempt))) return;
      }
    }
  }

  void plan() {
    if (stop_.is_set()) return;
    for (const auto& symbol : options_.instruments) {
      const auto* const where = registry_.find(options_.venue, symbol);
      if (where == nullptr) {
        throw std::invalid_argument(options_.venue + " does not trade " + symbol);
      }
      history_job job{where, options_.kind, options_.interval_ns, options_.from_ns, options_.to_ns};
      for (const auto& each : batch::parts_of(job, source_, options_.part_pages)) {
        part made{each, batch::fresh_checkpoint(each)};
        auto row = row_of(made.at);
        if (state_->load(row)) take(row, made.at);
        done_before_ += made.at.done ? 1 : 0;
        parts_.push_back(std::move(made));
      }
    }
    for (std::size_t at = 0; at < parts_.size(); ++at) {
      if (!parts_[at].at.done) waiting_.push_back(at);
    }
    begun_at_ = batch::progress_of(checkpoints());
    begun_ms_ = steady_ms();
  }

  void fetch_all() {
    std::vector<std::thread> workers;
    const auto count = std::min(options_.parallel, std::max<std::size_t>(1, waiting_.size()));
    for (std::size_t at = 0; at < count; ++at) workers.emplace_back([this] { work(); });
    for (auto& each : workers) each.join();
    if (broken_) std::rethrow_exception(broken_);
  }

  // A database that does not take rows ends the whole run: each part would only fail in turn.
  void work() {
    try {
      for (auto next = take_part(); next != nullptr; next = take_part()) fetch_part(*next);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!broken_) broken_ = std::current_exception();
      stop_.set();
    }
  }

  part* take_part() {
    const std::lock_guard lock(mutex_);
    if (stop_.is_set() || waiting_.empty()) return nullptr;
    auto* const next = &parts_[waiting_.front()];
    waiting_.pop_front();
    return next;
  }

  void fetch_part(part& what) {
    fetcher from(client_, budget_, stop_, counters_);
    int attempt = 1;
    while (!what.at.done) {
      const auto request = make_request(what);
      auto answer = from.get(request);
      if (answer.stopped) return;
      auto why =
          answer.good ? store_page(what, request.url, answer, from) : pass_over(what, answer);
      set_trouble(why);
      if (why.empty()) {
        attempt = 1;
        continue;
      }
      if (!answer.may_pass || attempt >= options_.attempts) return give_up(what, why);
      if (!stop_.wait_ms(backoff_ms(attempt))) return;
      ++attempt;
    }
  }

  void set_trouble(const std::string& why) {
    const std::lock_guard lock(mutex_);
    trouble_ = why;
  }

  venues::rest_request make_request(const part& what) {
    const std::lock_guard lock(mutex_);
    const batch::history_reader reader{session_.get(), at_};
    return source_.request(what.job, what.at.position, reader);
  }

  // Why the page is of no use; empty if it is stored: rows first, then how far it is, so that an
  // end between the two costs a request and no row.
  std::string store_page(part& what, const std::string& url, fetched& answer, fetcher& from) {
    const std::lock_guard lock(mutex_);
    const auto events = std::make_shared<event_batch>();
    batch::history_page page;
    try {
      venues::require_json(answer.body.text);
      batch::history_reader reader{session_.get(), at_};
      page = source_.read(what.job, what.at.position, url, answer.body, reader, *events);
    } catch (const batch::too_often& often) {
      from.refused();
      answer.may_pass = true;
      return often.what();
    } catch (const std::exception& error) {
      answer.may_pass = false;
      return error.what();
    }
    if (!events->empty()) {
      sink_->write(events);
      sink_->flush();
    }
    keep(what, page, events->events.size());
    return {};
  }

  // The venue says that it does not give this part of the past: a gap, and on behind it.
  std::string pass_over(part& what, const fetched& answer) {
    const std::lock_guard lock(mutex_);
    const auto page = source_.refusal(what.job, what.at.position, answer.body);
    if (!page) return answer.reason;
    keep(what, *page, 0);
    return {};
  }

  void keep(part& what, const batch::history_page& page, std::size_t rows) {
    auto next = what.at;
    next.position = page.next;
    next.done = page.done;
    next.rows += rows;
    std::vector<storage::backfill_gap_row> gaps;
    for (const auto& gap : page.gaps) gaps.push_back({gap.from_ns, gap.to_ns, gap.reason});
    state_->save(row_of(next), gaps);
    what.at = next;
    rows_ += rows;
  }

  void give_up(const part& what, const std::string& why) {
    const std::lock_guard lock(mutex_);
    failures_.push_back(what.at.instrument + " from " +
                        batch::moment_text(what.at.position.time_ns) + " to " +
                        batch::moment_text(what.at.to_ns) + ": " + why);
  }

  std::vector<checkpoint> checkpoints() const {
    std::vector<checkpoint> result;
    for (const auto& each : parts_) result.push_back(each.at);
    return result;
  }

  backfill_progress progress() {
    const std::lock_guard lock(mutex_);
    backfill_progress now;
    now.thousandths = parts_.empty() ? 0 : batch::progress_of(checkpoints());
    now.rows = rows_;
    now.requests = counters_.requests;
    now.refused = counters_.refused;
    now.trouble = trouble_;
    if (begun_ms_ == 0) return now;
    now.elapsed_s = static_cast<double>(steady_ms() - begun_ms_) / 1000;
    const auto gained = now.thousandths - begun_at_;
    if (gained > 0) {
      now.left_s =
          now.elapsed_s * static_cast<double>(1000 - now.thousandths) / static_cast<double>(gained);
    }
    return now;
  }

  backfill_result finish() {
    backfill_result result;
    result.progress = progress();
    result.parts = parts_.size();
    result.parts_done_before = done_before_;
    result.duplicates = sink_->counters().duplicates;
    result.failures = failures_;
    result.stopped = stop_.is_set();
    for (const auto& symbol : options_.instruments) add_gaps(symbol, result);
    return result;
  }

  void add_gaps(const std::string& symbol, backfill_result& result) {
    std::vector<history_gap> gaps;
    std::vector<checkpoint> of_symbol;
    for (const auto& each : parts_) {
      if (each.at.instrument != symbol) continue;
      of_symbol.push_back(each.at);
      for (auto& gap : state_->gaps(row_of(each.at))) {
        gaps.push_back({gap.from_ns, gap.to_ns, std::move(gap.reason)});
      }
      if (!each.at.done) gaps.push_back({each.at.position.time_ns, each.at.to_ns, "not fetched"});
    }
    for (auto& gap : batch::seams(of_symbol)) gaps.push_back(std::move(gap));
    for (auto& gap : batch::merged(std::move(gaps)))
      result.gaps.push_back({symbol, std::move(gap)});
  }

  const backfill_options& options_;
  const venues::venue& venue_;
  const batch::history_source& source_;
  transport::reactor reactor_;
  transport::https_client client_;
  listing_registry registry_;
  venues::venue_symbols symbols_;
  venues::venue_addresses at_;
  std::unique_ptr<venues::session> session_;
  address_budgets budgets_;
  std::shared_ptr<address_budget> budget_;
  stop_signal stop_;
  fetch_counters counters_;
  std::unique_ptr<sink> sink_;
  std::unique_ptr<storage::backfill_state> state_;
  std::mutex mutex_;  // of everything below, of the session, the sink and the state
  std::vector<part> parts_;
  std::deque<std::size_t> waiting_;
  std::vector<std::string> failures_;
  std::exception_ptr broken_;
  std::size_t done_before_ = 0;
  std::uint64_t rows_ = 0;
  std::string trouble_;
  std::int64_t begun_ms_ = 0;
  std::int64_t begun_at_ = 0;
};

}  // namespace

backfill_result run_backfill(const backfill_options& options,
                             const std::function<void(const backfill_progress&)>& report,
                             const std::function<bool()>& stop) {
  const auto* const venue = venues::find_venue(options.venue);
  const auto* const source = batch::find_history(options.venue);
  if (venue == nullptr || source == nullptr) {
    std::string known;
    for (const auto& name : batch::history_names()) known += (known.empty() ? "" : ", ") + name;
    throw std::invalid_argument("no past is known of '" + options.venue +
                                "'; of these it is: " + known);
  }
  return backfill_run(options, *venue, *source).run(report, stop);
}

}  // namespace feedtree::actors
