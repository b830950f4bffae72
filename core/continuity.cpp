#include "core/continuity.hpp"

#include <utility>

namespace feedtree {
namespace {

class unchecked_guard final : public continuity_guard {
 public:
  void on_snapshot(const event&, const book_change&) override {}
  continuity_verdict on_delta(const event&, const book_change&) override {
    return continuity_verdict::apply;
  }
  bool checks_sequence() const override { return false; }
};

// The last delta that was judged, whatever came of it.
class judged_delta {
 public:
  bool is_behind(const event& what, const book_change& delta) const {
    return known_ && delta.last_update_id <= number_ && what.exchange_ns > exchange_ns_;
  }
  void remember(const event& what, const book_change& delta) {
    known_ = true;
    number_ = delta.last_update_id;
    exchange_ns_ = what.exchange_ns;
  }
  void forget() { known_ = false; }

 private:
  bool known_ = false;
  std::uint64_t number_ = 0;
  std::int64_t exchange_ns_ = 0;
};

// A guard that knows deltas by their numbers.
class numbered_guard : public continuity_guard {
 public:
  void on_connection_lost() final { before_.forget(); }
  continuity_verdict on_delta(const event& what, const book_change& delta) final {
    auto verdict = judge(delta);
    const bool is_known =
        verdict == continuity_verdict::old || verdict == continuity_verdict::duplicate;
    if (is_known && before_.is_behind(what, delta)) verdict = continuity_verdict::went_back;
    if (verdict != continuity_verdict::duplicate) before_.remember(what, delta);
    return verdict;
  }

 protected:
  // Of a venue whose snapshots have the time of its deltas.
  void begin_behind(const event& what, const book_change& snapshot) {
    before_.remember(what, snapshot);
  }

 private:
  // By the numbers alone.
  virtual continuity_verdict judge(const book_change& delta) = 0;

  judged_delta before_;
};

class contiguous_guard final : public numbered_guard {
 public:
  void on_snapshot(const event& what, const book_change& snapshot) override {
    last_ = snapshot.last_update_id;
    begin_behind(what, snapshot);
  }

 private:
  continuity_verdict judge(const book_change& delta) override {
    if (delta.last_update_id <= last_) return continuity_verdict::duplicate;
    if (delta.last_update_id != last_ + 1) return continuity_verdict::broken;
    last_ = delta.last_update_id;
    return continuity_verdict::apply;
  }

  std::uint64_t last_ = 0;
};

class range_guard final : public numbered_guard {
 public:
  bool holds_deltas() const override { return true; }
  bool reaches(const book_change& snapshot, const book_change& oldest_held) const override {
    return oldest_held.first_update_id <= snapshot.last_update_id + 1;
  }
  void on_snapshot(const event&, const book_change& snapshot) override {
    last_ = snapshot.last_update_id;
    first_after_snapshot_ = true;
  }

 private:
  continuity_verdict judge(const book_change& delta) override {
    if (delta.last_update_id <= last_) {
      return first_after_snapshot_ ? continuity_verdict::old : continuity_verdict::duplicate;
    }
    const bool continues = first_after_snapshot_ ? delta.first_update_id <= last_ + 1
                                                 : delta.first_update_id == last_ + 1;
    if (!continues) return continuity_verdict::broken;
    last_ = delta.last_update_id;
    first_after_snapshot_ = false;
    return continuity_verdict::apply;
  }

  std::uint64_t last_ = 0;
  bool first_after_snapshot_ = true;
};

class link_guard final : public numbered_guard {
 public:
  explicit link_guard(link_options options) : options_(options) {}
  bool holds_deltas() const override { return options_.holds_deltas; }
  bool reaches(const book_change& snapshot, const book_change& oldest_held) const override {
    return oldest_held.first_update_id <= snapshot.last_update_id ||
           oldest_held.previous_update_id <= snapshot.last_update_id;
  }
  void on_snapshot(const event& what, const book_change& snapshot) override {
    last_ = snapshot.last_update_id;
    first_after_snapshot_ = true;
    if (!options_.holds_deltas) begin_behind(what, snapshot);
  }

 private:
  continuity_verdict judge(const book_change& delta) override {
    if (options_.holds_deltas && first_after_snapshot_) return first_delta(delta);
    if (delta.previous_update_id != last_) {
      return delta.last_update_id <= last_ ? continuity_verdict::duplicate
                                           : continuity_verdict::broken;
    }
    last_ = delta.last_update_id;
    first_after_snapshot_ = false;
    return continuity_verdict::apply;
  }

  continuity_verdict first_delta(const book_change& delta) {
    if (delta.last_update_id < last_) return continuity_verdict::old;
    if (delta.first_update_id > last_ && delta.previous_update_id > last_) {
      return continuity_verdict::broken;
    }
    last_ = delta.last_update_id;
    first_after_snapshot_ = false;
    return continuity_verdict::apply;
  }

  link_options options_;
  std::uint64_t last_ = 0;
  bool first_after_snapshot_ = true;
};

class checksum_guard final : public continuity_guard {
 public:
  explicit checksum_guard(checksum_function checksum) : checksum_(std::move(checksum)) {}
  void on_snapshot(const event& what, const book_change&) override { remember(what); }
  continuity_verdict on_delta(const event& what, const book_change&) override {
    if (what.key == last_key_) return continuity_verdict::duplicate;
    if (what.exchange_ns < last_exchange_ns_) return continuity_verdict::broken;
    remember(what);
    return continuity_verdict::apply;
  }
  std::optional<bool> checksum_holds(const book_change& change,
                                     const order_book& book) const override {
    if (!change.has_checksum) return {};
    return checksum_(book) == change.checksum;
  }
  bool checks_sequence() const override { return false; }

 private:
  void remember(const event& what) {
    last_key_ = what.key;
    last_exchange_ns_ = what.exchange_ns;
  }

  checksum_function checksum_;
  event_key last_key_;
  std::int64_t last_exchange_ns_ = 0;
};

}  // namespace

bool numbers_went_back(const event& earlier, const event& later) {
  judged_delta before;
  before.remember(earlier, std::get<book_change>(earlier.body));
  return before.is_behind(later, std::get<book_change>(later.body));
}

guard_ptr make_unchecked_guard() {
  return std::make_unique<unchecked_guard>();
}
guard_ptr make_contiguous_guard() {
  return std::make_unique<contiguous_guard>();
}
guard_ptr make_range_guard() {
  return std::make_unique<range_guard>();
}
guard_ptr make_link_guard(link_options options) {
  return std::make_unique<link_guard>(options);
}
guard_ptr make_checksum_guard(checksum_function checksum) {
  return std::make_unique<checksum_guard>(std::move(checksum));
}

}  // namespace feedtree
