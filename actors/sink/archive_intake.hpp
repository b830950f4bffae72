// Where connections leave what they received for the archive: bounded, and never waited for.
#pragma once

#include <caf/actor_addr.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/venues/venue.hpp"
#include "storage/archive_lines.hpp"

namespace feedtree::actors {

using frames_ptr = std::shared_ptr<const std::vector<venues::raw_frame>>;

struct archive_bounds {
  std::size_t frames = 262'144;
  std::size_t bytes = std::size_t{64} << 20;
};

// One item on its way: frames that are shared with the connection, or one other record.
struct archive_item {
  std::string venue;
  std::string connection;
  storage::archive_type type = storage::archive_type::frame;
  frames_ptr frames;  // of type frame
  std::string url;
  std::string text;
  std::int64_t receive_ns = 0;
  std::uint64_t count = 0;  // of type lost
  std::size_t bytes = 0;
};

struct archive_load {
  archive_bounds bounds;
  std::size_t frames = 0;
  std::size_t bytes = 0;
  std::uint64_t dropped = 0;     // frames and bodies for which there was no room
  std::uint64_t times_full = 0;  // how often that began
  bool full = false;
};

// Thread-safe. What finds no room is counted, and a record that says so goes to the archive in its
// place as soon as there is room. Outlives the archive's actor: what waits is written by the next.
class archive_intake {
 public:
  explicit archive_intake(archive_bounds bounds) : bounds_(bounds) {}

  // A name for what one actor of a venue archives: "connection-1", and "connection-1.2" for the
  // second of this name.
  std::string open(const std::string& venue, const std::string& name);

  void put_frames(const std::string& venue, const std::string& connection, frames_ptr frames);
  void put(archive_item item);

  // From now on this actor gets frames_atom when something waits.
  void read_by(caf::actor_addr reader);
  // The next item, left in its place; null if nothing waits.
  std::shared_ptr<const archive_item> front() const;
  // It was written.
  void pop();

  archive_load now() const;

 private:
  using stream_name = std::pair<std::string, std::string>;
  struct lost_span {
    std::uint64_t count = 0;
    std::int64_t from_ns = 0;
    std::int64_t to_ns = 0;
  };
  void take(archive_item item, std::size_t frames);
  void tell_of_holes();
  void push(archive_item item, std::size_t frames);
  bool has_room(std::size_t bytes) const;

  archive_bounds bounds_;
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<const archive_item>> items_;
  std::size_t frames_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t times_full_ = 0;
  std::map<stream_name, lost_span> holes_;  // not told of yet
  std::map<stream_name, std::uint64_t> opened_;
  caf::actor_addr reader_;
};

// What one connection, poller or director archives; does nothing where there is no archive.
class archive_tap {
 public:
  archive_tap() = default;
  archive_tap(std::shared_ptr<archive_intake> to, const std::string& venue,
              const std::string& name);

  // True if what was received is wanted.
  bool is_on() const { return to_ != nullptr; }
  void frames(frames_ptr what) const;
  void connect(const std::string& url, std::int64_t now_ns) const;
  void close(const std::string& reason, std::int64_t now_ns) const;
  void rest(const std::string& url, const std::string& body, std::int64_t receive_ns) const;
  void proof(const std::string& url, const std::string& body, std::int64_t receive_ns) const;

 private:
  void put(storage::archive_type type, const std::string& url, const std::string& text,
           std::int64_t receive_ns) const;

  std::shared_ptr<archive_intake> to_;
  std::string venue_;
  std::string connection_;
};

}  // namespace feedtree::actors
