// Says when a feed that has gone silent is not to be believed any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace feedtree {

// How long a feed is usually silent: the longest silence that was heard, forgotten over a minute of
// the feed's own time. Integer arithmetic; times are nanoseconds, never going back.
class usual_silence {
 public:
  // Something came.
  void heard(std::int64_t now_ns);
  // A new connection: the time until now was no silence of the feed. What was learned stays.
  void restart(std::int64_t now_ns);
  // Time in which nobody listened does not count.
  void excuse(std::int64_t for_ns);

  std::int64_t last_ns() const { return last_ns_; }
  // 0 while too little was heard.
  std::int64_t ns() const { return arrivals_ < arrivals_min ? 0 : usual_us_ * 1000; }

 private:
  static constexpr std::uint32_t arrivals_min = 16;
  std::int64_t last_ns_ = 0;
  std::int64_t usual_us_ = 0;
  std::uint32_t arrivals_ = 0;
};

struct freshness_options {
  // A silence below the floor is never looked into, one above the ceiling always is; between them
  // the feed's own rate decides.
  std::int64_t floor_ns = 2'000'000'000;
  std::int64_t ceiling_ns = 6'000'000'000;
  std::int64_t proof_ns = 3'000'000'000;  // for the answer to a proof that was asked for
  // A healthy connection of the venue says something at least so often; 0: it may be silent.
  std::int64_t heartbeat_ns = 0;
  std::int64_t first_ns = 20'000'000'000;  // for the first data after a subscription
};

// Watches the feeds of one connection. A silence is no proof: a market may be quiet. So a silent
// connection is believed to be mute when a heartbeat is missing or when a proof that was asked for
// (a book's snapshot) does not come. One book on a connection that lives is asked for when it is
// silent for far longer than usual. The connection is stale ceiling_ns + proof_ns after its last
// data, at the latest. No clock: times are passed in, nanoseconds. Not thread-safe.
class freshness {
 public:
  enum class finding_kind : std::uint8_t {
    prove_connection,   // ask for a proof of the connection: by this feed's, if there is one
    prove_feed,         // ask for a proof of this feed
    feed_stale,         // the feed's proof did not come
    connection_silent,  // no feed of the connection is to be believed; start() begins anew
  };
  static constexpr std::size_t no_feed = ~std::size_t{0};
  struct finding {
    finding_kind kind;
    std::size_t feed;
  };

  explicit freshness(freshness_options options) : options_(options) {}

  // A feed to watch, and whether a proof of it can be had. Gives its number, counted from 0.
  std::size_t add(bool can_prove);

  // The feeds were just subscribed to; the connection is over.
  void start(std::int64_t now_ns);
  void stop() { is_watching_ = false; }

  // Data of the feed came. Of what came together, one call is enough.
  void heard(std::size_t feed, std::int64_t now_ns);
  // A frame came that shows that the connection lives.
  void alive(std::int64_t now_ns);
  // A proof came: the market is quiet, or the connection answers (feed is no_feed).
  void proven(std::size_t feed, std::int64_t now_ns);
  // The venue does not give the feed: nothing is expected of it until start().
  void give_up(std::size_t feed) { feeds_[feed].is_stale = true; }
  // It is not wanted any more.
  void drop(std::size_t feed) { feeds_[feed].can_prove = false; }
  // The feed's proof is under way.
  bool is_asked(std::size_t feed) const { return feeds_[feed].asked_ns != 0; }
  // For how long nothing came of the feed.
  std::int64_t silence_ns(std::size_t feed, std::int64_t now_ns) const {
    return now_ns - feeds_[feed].rate.last_ns();
  }
  // Nobody listened since the last look: that silence was ours.
  void excuse(std::int64_t now_ns);

  // Appends what follows from the silence until now; gives when to look again, 0: not before
  // start(). A look that comes late (the process slept) counts for nothing.
  std::int64_t look(std::int64_t now_ns, std::vector<finding>& out);

  // The longest time until a connection that went mute is found silent.
  std::int64_t bound_ns() const { return options_.ceiling_ns + options_.proof_ns; }

 private:
  struct watched {
    bool can_prove = false;
    bool is_stale = false;
    bool has_spoken = false;   // since start()
    std::uint32_t proofs = 0;  // in a row, without data between them
    std::int64_t good_ns = 0;  // last data or proof
    std::int64_t asked_ns = 0;
    usual_silence rate;
  };
  std::int64_t allowed_ns() const;
  std::int64_t patience_ns(const watched& what) const;
  std::size_t best_witness() const;
  void look_at_connection(std::int64_t now_ns, std::vector<finding>& out);
  void look_at_feeds(std::int64_t now_ns, std::vector<finding>& out);
  void call_silent(std::vector<finding>& out);

  freshness_options options_;
  std::vector<watched> feeds_;
  watched connection_;         // all of them together
  std::int64_t alive_ns_ = 0;  // the last frame of any sort
  std::int64_t looked_ns_ = 0;
  std::int64_t next_ns_ = 0;
  bool is_watching_ = false;
};

}  // namespace feedtree
