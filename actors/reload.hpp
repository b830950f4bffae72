// Takes over what another reading of the configuration says, while the server runs.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "actors/venue/symbol_question.hpp"
#include "config/config_reader.hpp"
#include "config/difference.hpp"

namespace feedtree::actors {

// What a reload did, line by line, for people; nothing was changed where there are problems.
struct reload_report {
  std::vector<std::string> changes;   // "kraken: SOL-USD added"
  std::vector<std::string> warnings;  // "credit: cannot change while the server runs; ..."
  std::vector<std::string> problems;  // of the file, with their places
  bool ok() const { return problems.empty(); }
};

// The lines that tell of a difference.
reload_report describe_reload(const config::difference& what, const std::string& log_level);

// What a reload does to the server.
struct reload_actions {
  std::function<config::read_result()> read;  // the file, complete
  std::function<void(const config::venue_config&)> set_venue;
  std::function<void(const std::string&)> remove_venue;
  std::function<void(const std::string&)> set_log_level;
  // Why a venue cannot have this instrument; empty if it can.
  std::function<std::string(const config::venue_config&, const std::string& instrument)> refuses{};
  std::function<void()> also{};  // what else is read again; may be empty
};

// What became of the wish to add or remove an instrument.
struct instrument_change {
  enum class result : std::uint8_t { done, nothing_to_do, no_venue, refused, unknown };
  result what = result::done;
  std::string text{};  // for people
};
// Gets whether an instrument may be added (done), or why not; on any thread.
using instrument_taker = std::function<void(const instrument_change&)>;

// Knows the configuration that is in force. Thread-safe; one reload at a time.
class reloader {
 public:
  reloader(config::server_config in_force, reload_actions actions)
      : in_force_(std::move(in_force)), actions_(std::move(actions)) {}

  // Reads the file again, does what can be done and says in the log and in its answer what that
  // was. Does not wait until venues have started or stopped. Never throws for a bad file.
  reload_report run();

  // Whether add_instrument would do it, as far as the configuration says.
  instrument_change may_add(const std::string& venue, const std::string& instrument);
  // As if the configuration had been changed so. What the file says comes back into force with the
  // next run.
  instrument_change add_instrument(const std::string& venue, const std::string& instrument);
  instrument_change remove_instrument(const std::string& venue, const std::string& instrument);

 private:
  void apply(const config::difference& what, const config::server_config& wanted);
  instrument_change set_instruments(const std::string& venue, const std::string& instrument,
                                    bool adds, bool only_looks = false);

  std::mutex mutex_;
  config::server_config in_force_;
  reload_actions actions_;
};

// Asks whether a venue may get an instrument: the configuration, then the venue itself, with
// `find`. A venue that cannot be asked now says nothing against it. The reloader outlives it.
std::function<void(const std::string& venue, const std::string& instrument, instrument_taker)>
instrument_finder(reloader& reload,
                  std::function<void(const std::string& venue, const symbol_question& what)> find);

}  // namespace feedtree::actors
