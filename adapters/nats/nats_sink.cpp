#include "adapters/nats/nats_sink.hpp"

namespace feedtree::nats {
namespace {

const std::vector<std::string_view>& option_names() {
  static const std::vector<std::string_view> names = [] {
    auto all = connection_option_names();
    all.emplace_back("prefix");
    return all;
  }();
  return names;
}

std::string prefix_of(const sink_context& context) {
  const auto name = sink_option(context, "prefix");
  return name.empty() ? name : name + '.';
}

}  // namespace

nats_sink::nats_sink(std::string_view target, const sink_context& context)
    : prefix_(prefix_of(context)), messages_(context.epoch, prefix_, context.is_replay) {
  check_sink_options("nats", context, option_names());
  if (context.epoch.empty()) throw sink_error(false, "the nats sink needs an epoch");
  link_ = std::make_unique<connection>(read_connection_options(target, context));
  address_ = link_->address();
  messages_.set_payload_max(link_->payload_max_bytes());
}

void nats_sink::write(const batch_ptr& batch) {
  auto& link = open_link();
  messages_.set_payload_max(link.payload_max_bytes());
  std::size_t at = batch == unfinished_ ? unfinished_at_ : 0;
  unfinished_.reset();
  try {
    publish_from(*batch, at);
  } catch (const sink_error& error) {
    unfinished_ = batch;
    unfinished_at_ = at;
    rethrow_counted(error);
  }
  ++counters_.batches;
  counters_.events += batch->events.size();
}

// Events, what is in quarantine, alerts, counted together; at is where it stopped if it throws.
void nats_sink::publish_from(const event_batch& batch, std::size_t& at) {
  const auto send = [this](outlet& to, const std::string& id, std::string_view body) {
    const auto status = to.messages.publish(link_->get(), id, body);
    if (status == NATS_MAX_PAYLOAD) {
      ++counters_.too_large;
      too_large_.note(too_large_text(*link_, to.messages.subject(), body.size()));
      return true;
    }
    link_->check(status, "publish to");
    counters_.bytes += body.size();
    return true;
  };
  const auto events = batch.events.size();
  for (; at < events; ++at) {
    messages_.each(batch.events[at], batch, send);
    ++counters_.delivered;
  }
  for (; at < events + batch.quarantine.size(); ++at) {
    messages_.each(batch.quarantine[at - events], send);
  }
  const auto before_alerts = events + batch.quarantine.size();
  for (; at < before_alerts + batch.alerts.size(); ++at) {
    messages_.each(batch.alerts[at - before_alerts], send);
  }
}

void nats_sink::reply_present_book(const std::string& reply, const event& book,
                                   const event_batch& batch) {
  auto& link = open_link();
  messages_.set_payload_max(link.payload_max_bytes());
  try {
    for (const auto& body : messages_.present_book(book, batch)) link.publish(reply, body);
  } catch (const sink_error& error) {
    rethrow_counted(error);
  }
}

void nats_sink::reply_error(const std::string& reply, std::string_view why) {
  std::string body = "{\"version\":1,\"error\":";
  encode_text(why, body);
  open_link().publish(reply, body.append("}"));
}

void nats_sink::flush() {
  try {
    open_link().flush();
  } catch (const sink_error& error) {
    rethrow_counted(error);
  }
}

sink_counters nats_sink::counters() const {
  auto result = counters_;
  if (link_ == nullptr) {
    result.connected = false;
    return result;
  }
  const auto of_link = link_->counters();
  result.disconnects = of_link.disconnects;
  result.reconnects = of_link.reconnects;
  result.not_permitted = of_link.refusals;
  if (questions_ != nullptr) result.questions_refused = questions_->refused();
  result.connected = of_link.connected;
  return result;
}

std::string nats_sink::trouble() const {
  if (link_ == nullptr) return {};
  const auto refusal = link_->refusal();
  return refusal.empty() ? too_large_.text() : refusal;
}

void nats_sink::close() {
  if (link_ == nullptr) return;
  questions_.reset();
  counters_ = counters();
  const auto link = std::move(link_);
  messages_.clear();
  link->flush();
}

void nats_sink::hear_questions(book_question_handler handler) {
  questions_ = std::make_unique<book_request_server>(
      open_link(),
      [handler = std::move(handler)](book_request request) {
        handler(std::move(request.venue), std::move(request.instrument), std::move(request.reply));
      },
      prefix_);
}

void nats_sink::answer(const std::string& reply_to, const event_batch& book) {
  reply_present_book(reply_to, book.events.front(), book);
}

void nats_sink::refuse(const std::string& reply_to, std::string_view why) {
  reply_error(reply_to, why);
}

connection& nats_sink::link() {
  return open_link();
}

connection& nats_sink::open_link() const {
  if (link_ == nullptr) throw sink_error(false, "the sink for NATS at " + address_ + " is closed");
  return *link_;
}

void nats_sink::rethrow_counted(const sink_error& error) {
  ++counters_.errors;
  throw error;
}

namespace {

const sink_registration registered{
    "nats", [](std::string_view target, const sink_context& context) -> std::unique_ptr<sink> {
      return std::make_unique<nats_sink>(target, context);
    }};

}  // namespace
}  // namespace feedtree::nats
