#include "adapters/nats/nats_sink.hpp"

#include <algorithm>

#include "adapters/nats/subject.hpp"

namespace feedtree::nats {
namespace {

std::size_t levels_of(const event& what) {
  const auto* book = std::get_if<book_change>(&what.body);
  return book == nullptr ? 0 : std::size_t{book->bids} + book->asks;
}

std::string id_prefix_of(const event& what) {
  event without_key = what;
  without_key.key = {};
  return event_id(without_key);
}

}  // namespace

nats_sink::nats_sink(std::string_view target, const sink_context& context)
    : epoch_(context.epoch), bodies_(1) {
  check_sink_options("nats", context, connection_option_names());
  if (epoch_.empty()) throw sink_error(false, "the nats sink needs an epoch");
  link_ = std::make_unique<connection>(read_connection_options(target, context));
  address_ = link_->address();
  payload_max_bytes_ = link_->payload_max_bytes();
}

void nats_sink::write(const batch_ptr& batch) {
  auto& link = open_link();
  payload_max_bytes_ = link.payload_max_bytes();
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

// Events, then what is in quarantine, counted together; at is where it stopped if it throws.
void nats_sink::publish_from(const event_batch& batch, std::size_t& at) {
  const auto events = batch.events.size();
  for (; at < events; ++at) publish(batch.events[at], batch);
  for (; at < events + batch.quarantine.size(); ++at) publish(batch.quarantine[at - events]);
}

void nats_sink::publish(const quarantine_entry& what) {
  auto& to = quarantines_.try_emplace(what.venue, subject_of(what), std::string{}).first->second;
  bodies_[0].clear();
  encode_json(what, {to.seq + 1, epoch_}, bodies_[0]);
  id_.assign(what.venue).append(1, ':').append(what.instrument).append(":quarantine:");
  id_.append(key_of(what).view());
  link_->check(to.messages.publish(link_->get(), id_, bodies_[0]), "publish to");
  counters_.bytes += bodies_[0].size();
  ++to.seq;
}

void nats_sink::publish(const event& what, const event_batch& batch) {
  auto& to = outlet_of(what);
  const auto parts = encode(what, batch, to.seq + 1);
  id_.assign(to.id_prefix).append(what.key.view());
  const auto id_bytes = id_.size();
  for (std::size_t part = 0; part < parts; ++part) {
    if (parts > 1) id_.append(1, '#').append(std::to_string(part + 1));
    link_->check(to.messages.publish(link_->get(), id_, bodies_[part]), "publish to");
    counters_.bytes += bodies_[part].size();
    id_.resize(id_bytes);
  }
  ++to.seq;
  ++counters_.delivered;
}

std::size_t nats_sink::encode(const event& what, const event_batch& batch, std::uint64_t seq) {
  bodies_[0].clear();
  encoder_.encode(what, batch, {}, {seq, epoch_}, bodies_[0]);
  const auto whole_bytes = bodies_[0].size();
  const auto part_bytes = payload_max_bytes_ / 2;
  const auto levels = levels_of(what);
  if (whole_bytes <= part_bytes || levels < 2) return 1;
  // Parts of equally many levels are about equally long; if one is far longer, cut finer.
  for (auto parts = std::min(whole_bytes / part_bytes + 1, levels);;
       parts = std::min(parts * 2, levels)) {
    encode_parts(what, batch, seq, parts);
    const auto longest =
        std::max_element(bodies_.begin(), bodies_.begin() + static_cast<std::ptrdiff_t>(parts),
                         [](const auto& a, const auto& b) { return a.size() < b.size(); });
    if (longest->size() <= payload_max_bytes_ || parts == levels) return parts;
  }
}

void nats_sink::encode_parts(const event& what, const event_batch& batch, std::uint64_t seq,
                             std::size_t parts) {
  if (bodies_.size() < parts) bodies_.resize(parts);
  const auto levels = levels_of(what);
  for (std::size_t part = 0; part < parts; ++part) {
    encode_options options;
    options.first_level = levels * part / parts;
    options.levels_max = levels * (part + 1) / parts - options.first_level;
    options.part = static_cast<std::uint32_t>(part + 1);
    options.parts = static_cast<std::uint32_t>(parts);
    bodies_[part].clear();
    encoder_.encode(what, batch, options, {seq, epoch_}, bodies_[part]);
  }
}

nats_sink::outlet& nats_sink::outlet_of(const event& what) {
  auto& slot = slot_of(what);
  if (slot == nullptr) slot = std::make_unique<outlet>(subject_of(what), id_prefix_of(what));
  return *slot;
}

std::unique_ptr<nats_sink::outlet>& nats_sink::slot_of(const event& what) {
  const auto index = std::size_t{what.where->index};
  if (index >= outlets_.size()) outlets_.resize(index + 1);
  auto& all = outlets_[index];
  if (all.of != what.where) all = listing_outlets{what.where, {}, {}};
  const auto* body = std::get_if<candle>(&what.body);
  if (body == nullptr) return all.by_kind[what.body.index()];
  for (auto& entry : all.candles) {
    if (entry.interval_ns == body->interval_ns) return entry.at;
  }
  return all.candles.emplace_back(candle_outlet{body->interval_ns, nullptr}).at;
}

void nats_sink::reply_present_book(const std::string& reply, const event& book,
                                   const event_batch& batch) {
  auto& link = open_link();
  payload_max_bytes_ = link.payload_max_bytes();
  const auto parts = encode(book, batch, outlet_of(book).seq);
  try {
    for (std::size_t part = 0; part < parts; ++part) link.publish(reply, bodies_[part]);
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
  result.connected = of_link.connected;
  return result;
}

void nats_sink::close() {
  if (link_ == nullptr) return;
  questions_.reset();
  counters_ = counters();
  const auto link = std::move(link_);
  outlets_.clear();
  quarantines_.clear();
  link->flush();
}

void nats_sink::hear_questions(book_question_handler handler) {
  questions_ = std::make_unique<book_request_server>(
      open_link(), [handler = std::move(handler)](book_request request) {
        handler(std::move(request.venue), std::move(request.instrument), std::move(request.reply));
      });
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
