// What is known of each feed from all batches that were ever in the journal, in tables beside them:
// it outlives what is deleted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/past_recorder.hpp"
#include "storage/sqlite_database.hpp"

namespace feedtree::storage {

// One thread at a time, that of the journal. Errors are sink_error.
class journal_past {
 public:
  journal_past(sqlite_database& database, past_options options);

  // Reads what is stored; the position up to which it goes.
  std::uint64_t load(sqlite_database& database);
  // What came behind it. Listings may be of another registry than before if forget_listings was
  // called.
  void take(const event_batch& batch) { recorder_->take(batch); }
  void forget_listings() { recorder_->forget_listings(); }
  void keep(const wanted_feeds& wanted) { recorder_->keep(wanted); }
  instrument_pasts all() { return recorder_->all(); }

  // Stores what has changed, within a transaction of the caller: everything up to this position was
  // taken. When the transaction is committed is_stored is called.
  void store(std::uint64_t through);
  void is_stored() { recorder_->changes_are_kept(); }

 private:
  void store_candles(const std::string& venue, const std::string& instrument,
                     const candle_past& candles);
  void drop_candles(const std::string& venue, const std::string& instrument,
                    std::int64_t interval_ns, std::int64_t before_ns);

  std::unique_ptr<past_recorder> recorder_;
  sqlite_statement set_past_;
  sqlite_statement set_candle_;
  sqlite_statement drop_candles_;
  sqlite_statement set_through_;
};

}  // namespace feedtree::storage
