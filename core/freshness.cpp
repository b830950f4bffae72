#include "core/freshness.hpp"

#include <algorithm>

namespace feedtree {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t memory_us = 60'000'000;
constexpr std::int64_t gap_us_max = 600'000'000;
constexpr std::int64_t usual_times = 4;  // so many usual silences are not unusual
constexpr std::int64_t heartbeats_missed = 5;
constexpr std::int64_t patience_max_ns = 600 * second_ns;
constexpr std::uint32_t doublings_max = 7;
constexpr std::int64_t look_ns_min = second_ns / 20;
constexpr std::int64_t look_ns_max = second_ns;

}  // namespace

void usual_silence::heard(std::int64_t now_ns) {
  if (last_ns_ != 0) {
    const auto gap_us = std::clamp<std::int64_t>((now_ns - last_ns_) / 1000, 0, gap_us_max);
    usual_us_ = std::max(gap_us, usual_us_ - usual_us_ * std::min(gap_us, memory_us) / memory_us);
    arrivals_ = std::min(arrivals_ + 1, arrivals_min);
  }
  last_ns_ = std::max(last_ns_, now_ns);
}

void usual_silence::restart(std::int64_t now_ns) {
  last_ns_ = now_ns;
}

void usual_silence::excuse(std::int64_t for_ns) {
  if (last_ns_ != 0) last_ns_ += for_ns;
}

std::size_t freshness::add(bool can_prove) {
  auto& made = feeds_.emplace_back();
  made.can_prove = can_prove;
  return feeds_.size() - 1;
}

void freshness::start(std::int64_t now_ns) {
  const auto begin = [now_ns](watched& what) {
    what.is_stale = what.has_spoken = false;
    what.proofs = 0;
    what.good_ns = now_ns;
    what.asked_ns = 0;
    what.rate.restart(now_ns);
  };
  for (auto& feed : feeds_) begin(feed);
  begin(connection_);
  alive_ns_ = looked_ns_ = now_ns;
  next_ns_ = 0;
  is_watching_ = true;
}

void freshness::heard(std::size_t feed, std::int64_t now_ns) {
  for (auto* what : {&feeds_[feed], &connection_}) {
    what->rate.heard(now_ns);
    what->good_ns = std::max(what->good_ns, now_ns);
    what->asked_ns = 0;
    what->proofs = 0;
    what->is_stale = false;
    what->has_spoken = true;
  }
  alive_ns_ = std::max(alive_ns_, now_ns);
}

void freshness::alive(std::int64_t now_ns) {
  alive_ns_ = std::max(alive_ns_, now_ns);
}

void freshness::proven(std::size_t feed, std::int64_t now_ns) {
  const auto believe = [now_ns](watched& what) {
    what.good_ns = std::max(what.good_ns, now_ns);
    what.asked_ns = 0;
    what.proofs = std::min(what.proofs + 1, doublings_max);
    what.is_stale = false;
  };
  if (feed != no_feed) believe(feeds_[feed]);
  believe(connection_);
  alive(now_ns);
}

void freshness::excuse(std::int64_t now_ns) {
  const auto for_ns = std::max<std::int64_t>(now_ns - looked_ns_, 0);
  const auto shift = [now_ns, for_ns](std::int64_t& at_ns) {
    if (at_ns != 0) at_ns = std::min(at_ns + for_ns, now_ns);
  };
  const auto forgive = [&](watched& what) {
    shift(what.good_ns);
    shift(what.asked_ns);
    what.rate.excuse(std::min(for_ns, std::max<std::int64_t>(now_ns - what.rate.last_ns(), 0)));
  };
  for (auto& feed : feeds_) forgive(feed);
  forgive(connection_);
  shift(alive_ns_);
  looked_ns_ = now_ns;
}

// The silence of the whole connection that asks for a proof. With a heartbeat, which is a proof of
// its own, there is no hurry.
std::int64_t freshness::allowed_ns() const {
  if (!connection_.has_spoken) return std::max(options_.first_ns, options_.ceiling_ns);
  if (options_.heartbeat_ns != 0) return patience_ns(connection_);
  const auto usual_ns = connection_.rate.ns();
  if (usual_ns == 0) return options_.ceiling_ns;
  const auto allowed = std::max(usual_times * usual_ns, options_.floor_ns) << connection_.proofs;
  return std::min(allowed, options_.ceiling_ns);
}

// The silence of one feed that asks for a proof while its connection lives.
std::int64_t freshness::patience_ns(const watched& what) const {
  if (!what.has_spoken) return std::max(options_.first_ns, options_.ceiling_ns) << what.proofs;
  const auto allowed = std::max(options_.ceiling_ns, usual_times * what.rate.ns()) << what.proofs;
  return std::min(allowed, std::max(patience_max_ns, options_.ceiling_ns));
}

// The feed whose proof says most: of those that can prove anything the one that spoke last.
std::size_t freshness::best_witness() const {
  std::size_t best = no_feed;
  for (std::size_t at = 0; at < feeds_.size(); ++at) {
    if (!feeds_[at].can_prove || feeds_[at].is_stale) continue;
    if (best == no_feed || feeds_[at].rate.last_ns() > feeds_[best].rate.last_ns()) best = at;
  }
  return best;
}

void freshness::call_silent(std::vector<finding>& out) {
  out.clear();
  out.push_back({finding_kind::connection_silent, no_feed});
  is_watching_ = false;
}

void freshness::look_at_connection(std::int64_t now_ns, std::vector<finding>& out) {
  if (options_.heartbeat_ns != 0) {
    const auto beats = std::clamp(heartbeats_missed * options_.heartbeat_ns, options_.floor_ns,
                                  std::max(options_.floor_ns, options_.ceiling_ns));
    const auto allowed = connection_.has_spoken ? beats : std::max(beats, options_.first_ns);
    if (now_ns - alive_ns_ >= allowed) return call_silent(out);
    next_ns_ = std::min(next_ns_, alive_ns_ + allowed);
  }
  if (connection_.asked_ns == 0 && now_ns - connection_.good_ns >= allowed_ns()) {
    const auto witness = best_witness();
    connection_.asked_ns = now_ns;
    if (witness != no_feed) feeds_[witness].asked_ns = now_ns;
    out.push_back({finding_kind::prove_connection, witness});
  }
  const bool is_asked = connection_.asked_ns != 0;
  const auto due_ns =
      is_asked ? connection_.asked_ns + options_.proof_ns : connection_.good_ns + allowed_ns();
  if (is_asked && now_ns >= due_ns) return call_silent(out);
  next_ns_ = std::min(next_ns_, due_ns);
}

// One proof at a time: a venue is not to be asked for all its quiet books at once.
void freshness::look_at_feeds(std::int64_t now_ns, std::vector<finding>& out) {
  if (connection_.asked_ns != 0) return;
  std::size_t due = no_feed;
  for (std::size_t at = 0; at < feeds_.size(); ++at) {
    auto& feed = feeds_[at];
    if (!feed.can_prove || feed.is_stale) continue;
    if (feed.asked_ns == 0) {
      if (due == no_feed && now_ns - feed.good_ns >= patience_ns(feed)) due = at;
      continue;
    }
    if (now_ns - feed.asked_ns < options_.proof_ns) return;
    feed.asked_ns = 0;
    feed.is_stale = true;
    out.push_back({finding_kind::feed_stale, at});
  }
  if (due == no_feed) return;
  feeds_[due].asked_ns = now_ns;
  out.push_back({finding_kind::prove_feed, due});
}

std::int64_t freshness::look(std::int64_t now_ns, std::vector<finding>& out) {
  if (!is_watching_) return 0;
  if (next_ns_ != 0 && now_ns - next_ns_ >= look_ns_max) excuse(now_ns);
  looked_ns_ = now_ns;
  next_ns_ = now_ns + look_ns_max;
  look_at_connection(now_ns, out);
  if (!is_watching_) return 0;
  look_at_feeds(now_ns, out);
  next_ns_ = std::max(next_ns_, now_ns + look_ns_min);
  return next_ns_;
}

}  // namespace feedtree
