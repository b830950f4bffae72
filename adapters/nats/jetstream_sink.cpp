#include "adapters/nats/jetstream_sink.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace feedtree::nats {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::chrono::milliseconds look_interval{100};

const std::vector<std::string_view> stream_option_names{
    "stream",     "prefix",         "create",   "duplicate_window_ms",
    "max_age_ms", "max_size_bytes", "replicas", "pending_max"};

stream_options read_stream_options(const sink_context& context) {
  stream_options result;
  if (auto name = sink_option(context, "stream"); !name.empty()) result.stream = std::move(name);
  result.prefix = sink_option(context, "prefix");
  if (!result.prefix.empty()) result.prefix += '.';
  result.create = sink_option(context, "create", 1, 0, 1) == 1;
  const auto read = [&](std::string_view name, std::int64_t& value, std::int64_t least,
                        std::int64_t most) {
    value = sink_option(context, name, value, least, most);
  };
  read("duplicate_window_ms", result.duplicate_window_ms, 100, day_ms);
  read("max_age_ms", result.max_age_ms, 0, 3'650 * day_ms);
  read("max_size_bytes", result.max_size_bytes, 0, std::int64_t{1} << 50);
  read("replicas", result.replicas, 1, 5);
  // The server wants a window that is not longer than the age.
  if (result.max_age_ms > 0) {
    result.duplicate_window_ms = std::min(result.duplicate_window_ms, result.max_age_ms);
  }
  return result;
}

}  // namespace

const std::vector<std::string_view>& jetstream_option_names() {
  static const std::vector<std::string_view> names = [] {
    auto all = connection_option_names();
    all.insert(all.end(), stream_option_names.begin(), stream_option_names.end());
    return all;
  }();
  return names;
}

jetstream_sink::jetstream_sink(std::string_view target, const sink_context& context)
    : stream_options_(read_stream_options(context)),
      messages_(context.epoch, stream_options_.prefix, context.is_replay) {
  check_sink_options("jetstream", context, jetstream_option_names());
  if (context.epoch.empty()) throw sink_error(false, "the jetstream sink needs an epoch");
  const auto options = read_connection_options(target, context);
  timeout_ms_ = options.flush_timeout_ms;
  pending_max_ =
      static_cast<std::uint64_t>(sink_option(context, "pending_max", 4'096, 1, 1'000'000));
  link_ = std::make_unique<connection>(options);
  address_ = link_->address();
  begin_run();
  const auto now = stream_->state();
  cursor_.created_ns = now.created_ns;
  sequence_ = now.last_sequence;
}

connection& jetstream_sink::open_link() const {
  if (link_ == nullptr) {
    throw sink_error(false, "the sink for JetStream at " + address_ + " is closed");
  }
  return *link_;
}

// What was published on a connection that broke may be in the stream or not.
void jetstream_sink::check_link() const {
  const auto now = open_link().counters();
  if (now.connected && now.disconnects == disconnects_) return;
  throw sink_error(true, "the connection to NATS at " + address_ +
                             (now.connected ? " was lost" : " is lost, and is being made again"));
}

// From here on acknowledgements are counted anew, on a subject of their own.
void jetstream_sink::begin_run() {
  auto& link = open_link();
  disconnects_ = link.counters().disconnects;
  check_link();
  stream_ = std::make_unique<jetstream>(link, stream_options_, timeout_ms_);
  acks_ = std::make_unique<ack_inbox>(link);
  by_ = {acks_->subject(), journal_ + "/" + messages_.epoch()};
  duplicates_ = 0;
  messages_.each_outlet([](outlet& to) { to.messages.clear(); });
}

std::uint64_t jetstream_sink::marked(std::string_view journal) {
  guarded([&] {
    journal_ = journal;
    begin_run();
    const auto kept = stream_->cursor(journal_);
    if (kept) {
      cursor_ = *kept;
      sequence_ = cursor_.sequence;
    } else {
      // Before anything of this journal is published: a first run may end before its first flush.
      cursor_ = {0, sequence_, cursor_.created_ns};
      stream_->set_cursor(journal_, cursor_);
    }
    read_back();
    position_ = cursor_.position;
    in_doubt_ = false;
  });
  return position_;
}

void jetstream_sink::mark(std::string_view journal, std::uint64_t position) {
  if (journal == journal_) position_ = std::max(position_, position);
}

// Notes what the stream has of ours behind what was flushed. A stream that was made anew, or has
// lost its end, is read from its beginning, and its cursor means nothing.
void jetstream_sink::read_back() {
  const auto now = stream_->state();
  if (now.created_ns != cursor_.created_ns || now.last_sequence < sequence_) {
    cursor_ = {0, 0, now.created_ns};
    sequence_ = 0;
  }
  stream_->read_headers(std::max(sequence_ + 1, now.first_sequence), now.last_sequence,
                        [this](std::string_view id, std::string_view source) {
                          using enum stored_messages::origin;
                          if (source == by_.source) return stored_.add(id, this_run);
                          const auto slash = source.find('/');
                          const bool ours =
                              !journal_.empty() && source.substr(0, slash) == journal_;
                          if (ours) stored_.add(id, earlier_run);
                        });
}

// Publishes what the stream does not have of what was taken since the last flush, under the same
// ids and numbers.
void jetstream_sink::recover() {
  begin_run();
  stored_.take_back();
  read_back();
  messages_.each_outlet([](outlet& to) { to.seq = to.seq_flushed; });
  bytes_ = 0;
  skipped_ = 0;
  in_doubt_ = false;
  for (const auto& batch : unflushed_) publish(*batch);
}

// After an error it is not known what the stream has.
template <class Action>
void jetstream_sink::guarded(Action&& action) {
  try {
    action();
  } catch (const sink_error&) {
    in_doubt_ = true;
    ++counters_.errors;
    throw;
  }
}

void jetstream_sink::write(const batch_ptr& batch) {
  open_link();
  guarded([&] {
    if (in_doubt_) recover();
    publish(*batch);
  });
  unflushed_.push_back(batch);
  ++counters_.batches;
  counters_.events += batch->events.size();
}

void jetstream_sink::publish(const event_batch& batch) {
  check_link();
  messages_.set_payload_max(link_->payload_max_bytes());
  const auto send = [this](outlet& to, const std::string& id, std::string_view body) {
    return publish(to, id, body);
  };
  for (const auto& what : batch.events) messages_.each(what, batch, send);
  for (const auto& what : batch.quarantine) messages_.each(what, send);
  for (const auto& what : batch.alerts) messages_.each(what, send);
}

// At most what nats.c puts in front of and behind the body: two headers with their frame, and
// blanks.
std::size_t jetstream_sink::header_bytes(const std::string& id) const {
  constexpr std::size_t frame_bytes = 64;
  return frame_bytes + id.size() + by_.source.size() + reusable_messages::step_bytes;
}

// True if the message counts in its subject: all but those that an earlier run has numbered.
bool jetstream_sink::publish(outlet& to, const std::string& id, std::string_view body) {
  using enum stored_messages::origin;
  const auto stored = stored_.take(id);
  if (stored != none) {
    ++skipped_;
    return stored == this_run;
  }
  // Before it is counted as under way: no acknowledgement will come of it.
  if (body.size() + header_bytes(id) > link_->payload_max_bytes()) {
    ++counters_.too_large;
    too_large_.note(too_large_text(*link_, to.messages.subject(), body.size()));
    return true;
  }
  if (acks_->published() > pending_max_) wait_for_acknowledgements(pending_max_ / 2);
  link_->check(to.messages.publish(link_->get(), id, body, &by_), "publish to");
  bytes_ += body.size();
  return true;
}

ack_inbox::report jetstream_sink::wait_for_acknowledgements(std::uint64_t outstanding_max) {
  auto least = ~std::uint64_t{0};
  for (std::int64_t idle_ms = 0; idle_ms <= timeout_ms_; idle_ms += look_interval.count()) {
    const auto report = acks_->wait(outstanding_max, look_interval);
    if (!report.error.empty()) {
      throw sink_error(report.retryable, "stream " + stream_options_.stream + " of NATS at " +
                                             address_ + " did not take an event: " + report.error);
    }
    if (report.outstanding <= outstanding_max) return report;
    check_link();
    if (report.outstanding < least) idle_ms = 0;
    least = report.outstanding;
  }
  throw sink_error(true, "stream " + stream_options_.stream + " of NATS at " + address_ +
                             " did not acknowledge in time");
}

void jetstream_sink::flush() {
  open_link();
  guarded([&] {
    if (in_doubt_) recover();
    const auto report = wait_for_acknowledgements(0);
    check_link();
    keep_cursor(report.last_sequence);
    count_delivered(report);
  });
  messages_.each_outlet([](outlet& to) { to.seq_flushed = to.seq; });
  stored_.flushed();
  unflushed_.clear();
}

// What an earlier run has stored stands behind the cursor until it has come by.
void jetstream_sink::keep_cursor(std::uint64_t last_sequence) {
  if (stored_.empty()) sequence_ = std::max(sequence_, last_sequence);
  const stream_cursor now{position_, sequence_, cursor_.created_ns};
  if (now == cursor_) return;
  if (!journal_.empty()) stream_->set_cursor(journal_, now);
  cursor_ = now;
}

void jetstream_sink::count_delivered(const ack_inbox::report& report) {
  for (const auto& batch : unflushed_) counters_.delivered += batch->events.size();
  counters_.bytes += std::exchange(bytes_, 0);
  counters_.duplicates += std::exchange(skipped_, 0) + report.duplicates - duplicates_;
  duplicates_ = report.duplicates;
}

sink_counters jetstream_sink::counters() const {
  auto result = counters_;
  result.connected = false;
  if (link_ == nullptr) return result;
  const auto of_link = link_->counters();
  result.disconnects = of_link.disconnects;
  result.reconnects = of_link.reconnects;
  result.not_permitted = of_link.refusals;
  if (questions_ != nullptr) result.questions_refused = questions_->refused();
  result.connected = of_link.connected;
  return result;
}

std::string jetstream_sink::trouble() const {
  if (link_ == nullptr) return {};
  const auto refusal = link_->refusal();
  return refusal.empty() ? too_large_.text() : refusal;
}

void jetstream_sink::close() {
  if (link_ == nullptr) return;
  questions_.reset();
  const auto let_go = [this] {
    counters_ = counters();
    acks_.reset();
    stream_.reset();
    messages_.clear();
    link_.reset();
  };
  try {
    flush();
  } catch (const sink_error&) {
    let_go();
    throw;
  }
  let_go();
}

void jetstream_sink::hear_questions(book_question_handler handler) {
  questions_ = std::make_unique<book_request_server>(
      open_link(),
      [handler = std::move(handler)](book_request request) {
        handler(std::move(request.venue), std::move(request.instrument), std::move(request.reply));
      },
      stream_options_.prefix);
}

void jetstream_sink::answer(const std::string& reply_to, const event_batch& book) {
  auto& link = open_link();
  messages_.set_payload_max(link.payload_max_bytes());
  for (const auto& body : messages_.present_book(book.events.front(), book)) {
    link.publish(reply_to, body);
  }
}

void jetstream_sink::refuse(const std::string& reply_to, std::string_view why) {
  std::string body = "{\"version\":1,\"error\":";
  encode_text(why, body);
  open_link().publish(reply_to, body.append("}"));
}

namespace {

const sink_registration registered{
    "jetstream", [](std::string_view target, const sink_context& context) -> std::unique_ptr<sink> {
      return std::make_unique<jetstream_sink>(target, context);
    }};

}  // namespace
}  // namespace feedtree::nats
