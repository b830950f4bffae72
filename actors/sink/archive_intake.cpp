#include "actors/sink/archive_intake.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <numeric>
#include <utility>

#include "actors/messages.hpp"

namespace feedtree::actors {
namespace {

constexpr std::size_t item_bytes = 256;  // what an item needs besides its texts

std::size_t frames_of(const archive_item& item) {
  return item.frames != nullptr ? item.frames->size() : 1;
}

std::int64_t first_ns(const archive_item& item) {
  return item.frames != nullptr ? item.frames->front().receive_ns : item.receive_ns;
}

std::int64_t last_ns(const archive_item& item) {
  return item.frames != nullptr ? item.frames->back().receive_ns : item.receive_ns;
}

}  // namespace

std::string archive_intake::open(const std::string& venue, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto number = ++opened_[{venue, name}];
  return number == 1 ? name : name + "." + std::to_string(number);
}

void archive_intake::put_frames(const std::string& venue, const std::string& connection,
                                frames_ptr frames) {
  if (frames == nullptr || frames->empty()) return;
  archive_item item;
  item.venue = venue;
  item.connection = connection;
  item.bytes = item_bytes;
  for (const auto& frame : *frames) item.bytes += sizeof frame + frame.text.capacity();
  item.frames = std::move(frames);
  put(std::move(item));
}

void archive_intake::put(archive_item item) {
  if (item.frames == nullptr) item.bytes = item_bytes + item.url.size() + item.text.size();
  const auto frames = frames_of(item);
  const std::lock_guard lock(mutex_);
  take(std::move(item), frames);
}

bool archive_intake::has_room(std::size_t bytes) const {
  return items_.empty() || (frames_ < bounds_.frames && bytes_ + bytes <= bounds_.bytes);
}

void archive_intake::take(archive_item item, std::size_t frames) {
  if (has_room(item.bytes)) {
    tell_of_holes();
    push(std::move(item), frames);
    return;
  }
  if (holes_.empty()) ++times_full_;
  dropped_ += frames;
  auto& hole = holes_[{item.venue, item.connection}];
  if (hole.count == 0) hole.from_ns = first_ns(item);
  hole.to_ns = last_ns(item);
  hole.count += frames;
}

void archive_intake::tell_of_holes() {
  for (const auto& [name, hole] : std::exchange(holes_, {})) {
    archive_item item;
    item.venue = name.first;
    item.connection = name.second;
    item.type = storage::archive_type::lost;
    item.text =
        "no room from " + std::to_string(hole.from_ns) + " to " + std::to_string(hole.to_ns);
    item.receive_ns = hole.to_ns;
    item.count = hole.count;
    item.bytes = item_bytes + item.text.size();
    push(std::move(item), 1);
  }
}

void archive_intake::push(archive_item item, std::size_t frames) {
  frames_ += frames;
  bytes_ += item.bytes;
  const bool wake = items_.empty();
  items_.push_back(std::make_shared<const archive_item>(std::move(item)));
  if (!wake) return;
  if (const auto to = caf::actor_cast<caf::actor>(reader_)) {
    caf::anon_send(to, frames_atom::value);
  }
}

void archive_intake::read_by(caf::actor_addr reader) {
  const std::lock_guard lock(mutex_);
  reader_ = std::move(reader);
}

std::shared_ptr<const archive_item> archive_intake::front() const {
  const std::lock_guard lock(mutex_);
  return items_.empty() ? nullptr : items_.front();
}

void archive_intake::pop() {
  const std::lock_guard lock(mutex_);
  frames_ -= frames_of(*items_.front());
  bytes_ -= items_.front()->bytes;
  items_.pop_front();
  if (items_.empty()) tell_of_holes();
}

archive_load archive_intake::now() const {
  const std::lock_guard lock(mutex_);
  return {bounds_, frames_, bytes_, dropped_, times_full_, !holes_.empty()};
}

archive_tap::archive_tap(std::shared_ptr<archive_intake> to, const std::string& venue,
                         const std::string& name)
    : to_(std::move(to)), venue_(venue) {
  if (to_ == nullptr) return;
  connection_ = to_->open(venue, name.substr(name.rfind('/') + 1));
}

void archive_tap::frames(frames_ptr what) const {
  if (is_on()) to_->put_frames(venue_, connection_, std::move(what));
}

void archive_tap::put(storage::archive_type type, const std::string& url, const std::string& text,
                      std::int64_t receive_ns) const {
  if (!is_on()) return;
  archive_item item;
  item.venue = venue_;
  item.connection = connection_;
  item.type = type;
  item.url = url;
  item.text = text;
  item.receive_ns = receive_ns;
  to_->put(std::move(item));
}

void archive_tap::connect(const std::string& url, std::int64_t now_ns) const {
  put(storage::archive_type::connect, url, "", now_ns);
}

void archive_tap::close(const std::string& reason, std::int64_t now_ns) const {
  put(storage::archive_type::close, "", reason, now_ns);
}

void archive_tap::rest(const std::string& url, const std::string& body,
                       std::int64_t receive_ns) const {
  put(storage::archive_type::rest, url, body, receive_ns);
}

void archive_tap::proof(const std::string& url, const std::string& body,
                        std::int64_t receive_ns) const {
  put(storage::archive_type::proof, url, body, receive_ns);
}

}  // namespace feedtree::actors
