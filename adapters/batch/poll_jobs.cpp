#include "adapters/batch/poll_jobs.hpp"

#include <algorithm>
#include <map>

#include "adapters/venues/symbol_pages.hpp"

namespace feedtree::batch {
namespace {

class symbols_job final : public poll_job {
 public:
  symbols_job(const venues::venue& of, const history_reader& reader)
      : venue_(of.name()), session_(*reader.session), pages_(of.symbol_requests(reader.at)) {}

  std::string name() const override { return "symbols of " + venue_; }
  bool is_done() const override { return pages_.is_done(); }
  poll_request request() const override { return {pages_.current(), {}}; }
  std::optional<poll_progress> read(const std::string& url, const venues::raw_frame& body,
                                    event_batch&) override {
    event_batch unused;
    venues::frame_report report;
    session_.decode_rest(url, body, unused, report);
    if (report.outcome != venues::frame_outcome::decoded) throw venues::decode_error(report.reason);
    static_cast<void>(pages_.read(report.next_page));
    return {};
  }

 private:
  std::string venue_;
  venues::session& session_;
  venues::symbol_pages pages_;
};

class present_job final : public poll_job {
 public:
  present_job(const poll_source& source, std::vector<const listing*> of,
              const history_reader& reader)
      : source_(source), of_(std::move(of)), reader_(reader) {}

  std::string name() const override {
    return "tickers of " + std::to_string(of_.size()) + " instruments";
  }
  bool is_done() const override { return done_; }
  poll_request request() const override {
    return {source_.present_request(of_, reader_), source_.headers(reader_)};
  }
  std::optional<poll_progress> read(const std::string&, const venues::raw_frame& body,
                                    event_batch& out) override {
    source_.read_present(of_, body, out);
    done_ = true;
    return {};
  }

 private:
  const poll_source& source_;
  std::vector<const listing*> of_;
  history_reader reader_;
  bool done_ = false;
};

class history_run final : public poll_job {
 public:
  history_run(const history_source& source, const history_job& job, checkpoint at,
              const history_reader& reader)
      : source_(source), job_(job), at_(std::move(at)), reader_(reader) {}

  std::string name() const override {
    const auto interval = job_.interval_ns == 0 ? "" : interval_text(job_.interval_ns) + " ";
    return std::string(to_string(job_.kind)) + " " + interval + job_.where->symbol;
  }
  bool is_done() const override { return done_; }
  poll_request request() const override {
    return {source_.request(job_, at_.position, reader_), source_.headers(reader_)};
  }
  std::optional<poll_progress> read(const std::string& url, const venues::raw_frame& body,
                                    event_batch& out) override {
    const auto before = out.events.size();
    auto page = source_.read(job_, at_.position, url, body, reader_, out);
    return advance(std::move(page), out.events.size() - before);
  }
  std::optional<poll_progress> refused(const venues::raw_frame& body) override {
    auto page = source_.refusal(job_, at_.position, body);
    if (!page) return {};
    return advance(std::move(*page), 0);
  }

 private:
  poll_progress advance(history_page page, std::size_t rows) {
    poll_progress result;
    result.read_from_ns = at_.position.time_ns;
    result.read_to_ns = page.next.time_ns;
    result.gaps = std::move(page.gaps);
    at_.position = page.next;
    at_.rows += rows;
    done_ = page.done;
    result.at = at_;
    return result;
  }

  const history_source& source_;
  history_job job_;
  checkpoint at_;
  history_reader reader_;
  bool done_ = false;
};

// Down to a whole interval.
std::int64_t whole(std::int64_t ns, std::int64_t interval_ns) {
  return interval_ns == 0 ? ns : ns / interval_ns * interval_ns;
}

}  // namespace

poll_job_ptr make_symbols_job(const venues::venue& of, history_reader reader) {
  return std::make_unique<symbols_job>(of, reader);
}

std::vector<poll_job_ptr> make_present_jobs(const poll_source& source,
                                            const std::vector<const listing*>& instruments,
                                            const history_reader& reader) {
  std::map<std::string, std::vector<const listing*>> by_channel;
  for (const auto* const each : instruments) by_channel[each->channel].push_back(each);
  const auto most = std::max<std::size_t>(1, source.present_max());
  std::vector<poll_job_ptr> jobs;
  for (const auto& [channel, all] : by_channel) {
    for (std::size_t at = 0; at < all.size(); at += most) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = static_cast<std::ptrdiff_t>(std::min(most, all.size() - at));
      jobs.push_back(std::make_unique<present_job>(
          source, std::vector<const listing*>(begin, begin + count), reader));
    }
  }
  return jobs;
}

checkpoint fresh_checkpoint(const polled_feed& feed) {
  checkpoint result;
  result.venue = feed.where->venue;
  result.instrument = feed.where->symbol;
  result.kind = to_string(feed.kind);
  result.interval_ns = feed.interval_ns;
  return result;
}

poll_job_ptr make_history_job(const history_source& source, const polled_feed& feed,
                              const checkpoint& known, const poll_window& window,
                              const history_reader& reader) {
  auto at = known;
  history_job job{feed.where, feed.kind, feed.interval_ns, 0, 0};
  job.to_ns = whole(window.now_ns - window.settle_ns, feed.interval_ns);
  if (at.position.time_ns == 0) {
    at.position = {};
    at.position.time_ns = whole(window.now_ns - window.history_ns, feed.interval_ns);
  } else if (window.overlap_ns > 0) {
    // Read again by time: the numbers of trades begin anew.
    const auto time_ns = whole(at.position.time_ns - window.overlap_ns, feed.interval_ns);
    at.position = {};
    at.position.time_ns = std::max<std::int64_t>(feed.interval_ns, time_ns);
  }
  job.from_ns = at.position.time_ns;
  if (job.to_ns <= job.from_ns || job.to_ns <= known.position.time_ns) return nullptr;
  return std::make_unique<history_run>(source, job, std::move(at), reader);
}

}  // namespace feedtree::batch
