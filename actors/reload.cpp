#include "actors/reload.hpp"

#include <algorithm>

#include "actors/log.hpp"

namespace feedtree::actors {
namespace {

constexpr std::string_view component = "reload";

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const auto& word : words) result += (result.empty() ? "" : ", ") + word;
  return result;
}

void write(const reload_report& report) {
  for (const auto& line : report.problems) log::error(component, line);
  for (const auto& line : report.changes) log::info(component, line);
  for (const auto& line : report.warnings) log::warning(component, line);
  if (!report.ok()) {
    log::error(component, "the configuration is wrong: nothing was changed");
  } else if (report.changes.empty()) {
    log::info(component, "nothing to change");
  }
}

}  // namespace

reload_report describe_reload(const config::difference& what, const std::string& log_level) {
  reload_report report;
  for (const auto& venue : what.removed_venues) report.changes.push_back(venue + ": removed");
  for (const auto& change : what.instruments) {
    for (const auto& symbol : change.removed) {
      report.changes.push_back(change.venue + ": " + symbol + " removed");
    }
    for (const auto& symbol : change.added) {
      report.changes.push_back(change.venue + ": " + symbol + " added");
    }
  }
  for (const auto& venue : what.added_venues) {
    report.changes.push_back(venue.venue + ": added with " + joined(venue.instruments));
  }
  if (what.log_level) report.changes.push_back("log_level: is " + log_level);
  for (const auto& key : what.fixed_keys) {
    report.warnings.push_back(key + ": cannot change while the server runs; restart it for that");
  }
  return report;
}

void reloader::apply(const config::difference& what, const config::server_config& wanted) {
  const auto next = config::applied(in_force_, wanted);
  const auto set = [&](const std::string& name) {
    const auto found = std::find_if(next.venues.begin(), next.venues.end(),
                                    [&](const auto& each) { return each.venue == name; });
    actions_.set_venue(*found);
  };
  for (const auto& venue : what.removed_venues) actions_.remove_venue(venue);
  for (const auto& change : what.instruments) set(change.venue);
  for (const auto& venue : what.added_venues) set(venue.venue);
  if (what.log_level) actions_.set_log_level(wanted.log_level);
  in_force_ = next;
}

reload_report reloader::run() {
  const std::lock_guard lock(mutex_);
  log::info(component, "reading the configuration again");
  const auto result = actions_.read();
  reload_report report;
  if (result.ok()) {
    const auto what = config::difference_of(in_force_, result.config);
    report = describe_reload(what, result.config.log_level);
    apply(what, result.config);
  } else {
    for (const auto& each : result.problems) report.problems.push_back(config::to_string(each));
  }
  write(report);
  if (actions_.also) actions_.also();
  return report;
}

instrument_change reloader::may_add(const std::string& venue, const std::string& instrument) {
  return set_instruments(venue, instrument, true, true);
}

instrument_change reloader::add_instrument(const std::string& venue,
                                           const std::string& instrument) {
  return set_instruments(venue, instrument, true);
}

instrument_change reloader::remove_instrument(const std::string& venue,
                                              const std::string& instrument) {
  return set_instruments(venue, instrument, false);
}

instrument_change reloader::set_instruments(const std::string& venue, const std::string& instrument,
                                            bool adds, bool only_looks) {
  using result = instrument_change::result;
  const std::lock_guard lock(mutex_);
  auto wanted = in_force_;
  const auto found = std::find_if(wanted.venues.begin(), wanted.venues.end(),
                                  [&](const auto& each) { return each.venue == venue; });
  if (found == wanted.venues.end()) return {result::no_venue, "there is no venue " + venue};
  auto& list = found->instruments;
  const auto at = std::find(list.begin(), list.end(), instrument);
  if ((at != list.end()) == adds) {
    return {result::nothing_to_do,
            venue + (adds ? " has " + instrument + " already" : " has no " + instrument)};
  }
  if (adds) {
    const auto why = actions_.refuses ? actions_.refuses(*found, instrument) : std::string();
    if (!why.empty()) return {result::refused, why};
    list.push_back(instrument);
  } else {
    if (list.size() == 1) {
      return {result::refused,
              instrument + " is the last instrument of " + venue + ": pause the venue instead"};
    }
    list.erase(at);
  }
  if (only_looks) return {};
  apply(config::difference_of(in_force_, wanted), wanted);
  const auto text = venue + ": " + instrument + (adds ? " added" : " removed");
  log::info(component, text + " as asked, until the configuration is read again");
  return {result::done, text};
}

std::function<void(const std::string& venue, const std::string& instrument, instrument_taker)>
instrument_finder(reloader& reload,
                  std::function<void(const std::string& venue, const symbol_question& what)> find) {
  return [&reload, find = std::move(find)](const std::string& venue, const std::string& instrument,
                                           const instrument_taker& take) {
    const auto may = reload.may_add(venue, instrument);
    if (may.what != instrument_change::result::done) return take(may);
    const auto told = [take, venue, instrument](const symbol_answer& answer) {
      if (answer.what != symbol_answer::result::unknown) return take({});
      take({instrument_change::result::unknown,
            venue + " has no instrument " + instrument + ": " + answer.why});
    };
    find(venue, symbol_question(instrument, told));
  };
}

}  // namespace feedtree::actors
