// libFuzzer target: one venue (FEEDTREE_FUZZ_VENUE) reads its prelude, then the input, through its
// session and the keepers of its books. A broken invariant aborts.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "adapters/venues/venue_pipeline.hpp"
#include "storage/file_text.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/fuzz/invariants.hpp"

namespace feedtree::fuzz {
namespace {

void must_be_empty(const std::string& broken) {
  if (broken.empty()) return;
  std::fprintf(stderr, "broken invariant: %s\n", broken.c_str());
  std::abort();
}

const venues::venue& fuzzed_venue() {
  static const auto* const found = venues::find_venue(FEEDTREE_FUZZ_VENUE);
  if (found == nullptr) must_be_empty("no venue " FEEDTREE_FUZZ_VENUE);
  return *found;
}

const std::string& prelude() {
  static const std::string text = read_file_text(FEEDTREE_FUZZ_PRELUDE);
  return text;
}

// Two runs over the same lines: the plain session, for what it appends and takes back, and the
// pipeline with the books.
class run {
 public:
  run() { session_->on_connected(), pipeline_.connect("c", ""); }

  void feed(std::string_view text) {
    for (const auto& line : lines_of(text)) {
      const auto frame = frame_of(line.text, ++now_ns_);
      decode(line, frame);
      check(line, frame);
    }
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> result;
    for (const auto& what : decoded_.events) result.push_back(event_id(what));
    return result;
  }

 private:
  void decode(const input_line& line, const venues::raw_frame& frame) {
    const auto events = decoded_.events.size();
    const auto levels = decoded_.levels.size();
    if (line.url.empty()) {
      session_->decode(frame, decoded_, report_);
    } else {
      session_->decode_rest(line.url, frame, decoded_, report_);
    }
    must_be_empty(
        report_breaks(report_, decoded_.events.size() - events, decoded_.levels.size() - levels));
    must_be_empty(events_break(decoded_, events, fuzzed_venue().name()));
  }

  void check(const input_line& line, const venues::raw_frame& frame) {
    checked_.clear();
    if (line.url.empty()) {
      pipeline_.frame("c", frame, checked_);
    } else {
      pipeline_.rest(line.url, frame, checked_);
    }
    must_be_empty(events_break(checked_, 0, fuzzed_venue().name()));
    for (const auto* keeper : pipeline_.books()) {
      must_be_empty(book_breaks(keeper->book()));
      must_be_empty(keeper_breaks(*keeper));
    }
  }

  listing_registry registry_;
  venues::venue_symbols symbols_{registry_};
  std::unique_ptr<venues::session> session_ = fuzzed_venue().make_session(symbols_, "", {});
  listing_registry other_registry_;
  venues::venue_pipeline pipeline_{fuzzed_venue(), other_registry_};
  event_batch decoded_;
  event_batch checked_;
  venues::frame_report report_;
  std::int64_t now_ns_ = 1'767'322'800'000'000'000;
};

}  // namespace
}  // namespace feedtree::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace feedtree::fuzz;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> ids;
  for (int repeat = 0; repeat < 2; ++repeat) {
    run once;
    once.feed(prelude());
    once.feed(input);
    const auto given = once.ids();
    if (repeat > 0 && given != ids) must_be_empty("other ids on the second run");
    ids = given;
  }
  return 0;
}
