#include <algorithm>
#include <cstdio>
#include <set>

#include "actors/command/commands.hpp"
#include "actors/command/complaint.hpp"
#include "config/suggestions.hpp"
#include "core/json_builder.hpp"
#include "core/sink.hpp"
#include "core/time_text.hpp"
#include "storage/database_reader.hpp"
#include "storage/row_writer.hpp"
#include "storage/rows_at.hpp"
#include "storage/stored_book.hpp"

namespace feedtree::actors {
namespace {

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    throw std::runtime_error("standard output: write failed");
  }
}

// The first database of a configuration, or the one that was given.
bool find_database(const query_arguments& arguments, storage::database_target& out) {
  if (arguments.config_path.empty()) {
    out = storage::parse_database(arguments.database);
    return true;
  }
  config::server_config config;
  if (!read_configuration(arguments.config_path, config)) return false;
  for (const auto& sink : config.sinks) {
    if (sink.kind != "sqlite" && sink.kind != "timescale") continue;
    out = {sink.kind, sink.target};
    return true;
  }
  complain_lines(arguments.config_path + ": has no sink of kind sqlite or timescale\n");
  return false;
}

// The venues that have the instrument; throws where there is none.
std::vector<std::string> venues_of(storage::database_reader& from,
                                   const storage::event_query& what) {
  std::vector<std::string> venues;
  std::set<std::string> known;
  for (const auto& [venue, instrument] : storage::stored_instruments(from)) {
    known.insert(instrument);
    const bool is_it = instrument == what.instrument;
    if (is_it && (what.venue.empty() || venue == what.venue)) venues.push_back(venue);
  }
  if (!venues.empty()) return venues;
  const std::vector<std::string> names(known.begin(), known.end());
  if (!known.contains(what.instrument)) {
    throw sink_error(false, from.place() + " has no instrument '" + what.instrument + "'" +
                                config::hint(what.instrument, names));
  }
  throw sink_error(
      false, from.place() + " has nothing of " + what.instrument + " at '" + what.venue + "'");
}

// "outage since 2026-08-09T21:05:00.000000000Z (outage: the server was not there)".
std::string state_text(const storage::stored_state& state) {
  auto text = state.state;
  if (state.since_ns != 0) text += " since " + time_text(state.since_ns);
  auto why = state.cause;
  if (!state.reason.empty()) why += (why.empty() ? "" : ": ") + state.reason;
  return why.empty() ? text : text + " (" + why + ")";
}

std::int64_t moment_of(const query_arguments& arguments) {
  const auto& known_ns = arguments.what.as_of_ns;
  if (!arguments.at_ns) return *known_ns;
  return std::min(*arguments.at_ns, known_ns.value_or(*arguments.at_ns));
}

// What is not live at the moment that was asked for is said beside the rows too.
void print_states(const std::vector<storage::row_at>& rows, const query_arguments& arguments) {
  std::set<std::string> lines;
  for (const auto& each : rows) {
    if (each.state.state == to_string(feed_state::live)) continue;
    lines.insert(each.row[0].value_or("") + " " + arguments.what.instrument + " at " +
                 time_text(moment_of(arguments)) + ": " + state_text(each.state));
  }
  for (const auto& line : lines) std::fprintf(stderr, "%s\n", line.c_str());
}

// All rows that were asked for, or those alone that hold at the moment.
void write_rows(storage::database_reader& from, const query_arguments& arguments,
                const std::vector<std::string>& venues) {
  const auto text = storage::sql_of(arguments.what, from.is_partitioned());
  auto columns = text.columns;
  std::vector<storage::row_at> of_moment;
  const bool has_moment = arguments.at_ns || arguments.what.as_of_ns;
  if (has_moment) {
    of_moment = storage::rows_at(from, arguments.what, venues, moment_of(arguments));
    const auto more = storage::state_columns();
    columns.insert(columns.end(), more.begin(), more.end());
  }
  const storage::row_marker marker(of_moment);
  storage::row_writer out(arguments.format, columns, print);
  const auto write = [&](storage::stored_row row) {
    if (has_moment) marker.mark(row);
    out.write(row);
    return true;
  };
  if (arguments.at_ns) {
    for (const auto& each : of_moment) write(each.row);
  } else {
    from.read(text.sql, text.parameters, write);
  }
  out.finish();
  print_states(of_moment, arguments);
  std::fprintf(stderr, "%llu rows\n", static_cast<unsigned long long>(out.rows()));
}

std::string hash_text(const storage::stored_book& of) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(of.book.hash()));
  return text;
}

std::vector<level> side_of(const storage::stored_book& of, book_part part, std::size_t depth) {
  std::vector<level> levels;
  of.book.top(part, depth == 0 ? of.book.size(part) : depth, levels);
  return levels;
}

void print_json(const storage::stored_book& of, const query_arguments& arguments,
                const std::string& venue) {
  std::string line;
  json_builder out(line);
  out.object([&] {
    out.add("venue", std::string_view(venue));
    out.add("instrument", std::string_view(arguments.what.instrument));
    out.add_ns("at_ns", *arguments.at_ns).add("state", std::string_view(of.feed.state));
    out.add_ns("since_ns", of.feed.since_ns).add_or_null("cause", of.feed.cause);
    out.add_or_null("reason", of.feed.reason);
    out.add_ns("exchange_ns", of.exchange_ns).add_ns("receive_ns", of.receive_ns);
    out.add_ns("snapshot_ns", of.snapshot_ns).add("deltas", of.deltas);
    out.add_or_null("last_update_id", of.last_update_id);
    out.add("book_hash", std::string_view(hash_text(of)));
    for (const auto part : {book_part::bids, book_part::asks}) {
      std::string levels;
      encode_levels(side_of(of, part, arguments.depth), levels);
      out.add_raw(part == book_part::bids ? "bids" : "asks", levels);
    }
  });
  print(line += '\n');
}

void print_csv(const storage::stored_book& of, std::size_t depth) {
  print("side,price,quantity\n");
  for (const auto part : {book_part::bids, book_part::asks}) {
    for (const auto& each : side_of(of, part, depth)) {
      print(std::string(part == book_part::bids ? "bid," : "ask,") + each.price().to_string() +
            "," + each.quantity().to_string() + "\n");
    }
  }
}

void print_table(const storage::stored_book& of, const query_arguments& arguments,
                 const std::string& venue) {
  print(venue + " " + arguments.what.instrument + " at " + time_text(*arguments.at_ns) + ": " +
        state_text(of.feed) + ", hash " + hash_text(of) + "\n" +
        std::to_string(of.book.size(book_part::bids)) + " bids, " +
        std::to_string(of.book.size(book_part::asks)) + " asks; snapshot of " +
        time_text(of.snapshot_ns) + " and " + std::to_string(of.deltas) +
        " deltas, the last received " + time_text(of.receive_ns) + "\n");
  const auto bids = side_of(of, book_part::bids, arguments.depth);
  const auto asks = side_of(of, book_part::asks, arguments.depth);
  char line[256];
  std::snprintf(line, sizeof line, "%20s %20s | %-20s %s\n", "quantity", "bid", "ask", "quantity");
  print(line);
  for (std::size_t at = 0; at < std::max(bids.size(), asks.size()); ++at) {
    const auto text = [at](const std::vector<level>& side, bool price) -> std::string {
      if (at >= side.size()) return "";
      return price ? side[at].price().to_string() : side[at].quantity().to_string();
    };
    std::snprintf(line, sizeof line, "%20s %20s | %-20s %-20s", text(bids, false).c_str(),
                  text(bids, true).c_str(), text(asks, true).c_str(), text(asks, false).c_str());
    std::string trimmed = line;
    trimmed.erase(trimmed.find_last_not_of(' ') + 1);
    print(trimmed += '\n');
  }
}

void write_book(storage::database_reader& from, const query_arguments& arguments,
                const std::vector<std::string>& venues) {
  if (venues.size() != 1) {
    std::string names;
    for (const auto& each : venues) names += (names.empty() ? "" : ", ") + each;
    throw sink_error(false, arguments.what.instrument + " has a book at " + names +
                                ": give one of them with --venue");
  }
  const auto at_ns = moment_of(arguments);
  const auto found =
      storage::book_at(from, venues[0], arguments.what.instrument, at_ns, arguments.what.as_of_ns);
  if (!found.found) {
    throw sink_error(false, "no snapshot of the book of " + arguments.what.instrument + " at " +
                                venues[0] + " had been received by " + time_text(at_ns));
  }
  switch (arguments.format) {
    case storage::row_format::table:
      return print_table(found, arguments, venues[0]);
    case storage::row_format::csv:
      print_csv(found, arguments.depth);
      std::fprintf(stderr, "%s\n", state_text(found.feed).c_str());
      return;
    case storage::row_format::jsonl:
      return print_json(found, arguments, venues[0]);
  }
}

}  // namespace

int query_command(const query_arguments& arguments) {
  storage::database_target target;
  if (!find_database(arguments, target)) return exit_configuration;
  const auto reader = storage::open_reader(target);
  const auto venues = venues_of(*reader, arguments.what);
  if (arguments.at_ns && arguments.what.kind == event_kind::book) {
    write_book(*reader, arguments, venues);
  } else {
    write_rows(*reader, arguments, venues);
  }
  if (std::fflush(stdout) != 0) throw std::runtime_error("standard output: write failed");
  return exit_ok;
}

}  // namespace feedtree::actors
