// Notices fields that a venue has added to its messages or leaves out, whatever is read of them.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace feedtree::venues {

struct schema_watch_options {
  std::uint32_t sample_every = 100;  // one frame of so many is looked at
  std::uint32_t learn = 20;          // the first messages of a shape tell which fields it has
};

// A field of a message that is new, or that every learnt message had and this one has not.
struct schema_drift {
  std::string message;  // the shape, by the fields that name it: "channel=ticker,type=update"
  std::string field;    // its path: "data[].last"
  bool is_new = false;

  // "channel=ticker: new field data[].last2", "...: no field data[].last".
  std::string text() const;
};

// Learns the fields of each shape of message from its first ones, and compares later ones with
// these. What is the same shape, the fields say that venues name messages by (channel, type, event,
// e, topic, stream, feed, arg.channel). Bounded: at most 64 shapes with 512 fields each, others are
// not looked at. Not thread-safe.
class schema_watch {
 public:
  explicit schema_watch(schema_watch_options options) : options_(options) {}

  // Looks at a frame if it is its turn; appends what has changed. The text has the padding of a
  // raw_frame. What is not a JSON object is passed over.
  void look(std::string_view text, std::vector<schema_drift>& out);

  std::uint64_t looked_at() const { return looked_at_; }

 private:
  struct shape {
    std::uint32_t learnt = 0;
    std::map<std::string, std::uint32_t, std::less<>> fields;  // in so many of the learnt ones
  };
  using paths = std::vector<std::string>;

  void collect(simdjson::dom::element what, const std::string& path, paths& out, int depth) const;
  static std::string name_of(simdjson::dom::object frame);
  static void compare(const std::string& name, shape& known, const paths& found,
                      std::vector<schema_drift>& out);

  schema_watch_options options_;
  simdjson::dom::parser parser_;
  std::map<std::string, shape, std::less<>> shapes_;
  std::uint64_t frames_ = 0;
  std::uint64_t looked_at_ = 0;
};

}  // namespace feedtree::venues
