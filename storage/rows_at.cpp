#include "storage/rows_at.hpp"

#include <algorithm>

namespace feedtree::storage {
namespace {

using enum column_type;

constexpr column of_state[]{{"since_ns", integer}, {"cause", text}, {"reason", text}};

std::size_t index_of(std::span<const column> columns, std::string_view name) {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const column& each) { return each.name == name; });
  return static_cast<std::size_t>(found - columns.begin());
}

const std::size_t venue_column = index_of(common_columns(), "venue");
const std::size_t key_column = index_of(common_columns(), "key");
const std::size_t exchange_column = index_of(common_columns(), "exchange_ns");
const std::size_t state_column = index_of(common_columns(), "state");

// A candle that is built lacks what its trades lack.
event_kind feed_of(const event_query& question, const query_text& text, const stored_row& row) {
  if (question.kind != event_kind::candle) return question.kind;
  const auto& source = row[index_of(text.columns, "source")];
  return source == to_string(candle_source::trades) ? event_kind::trade : event_kind::candle;
}

std::optional<std::string> text_or_null(const std::string& value) {
  return value.empty() ? std::optional<std::string>() : value;
}

}  // namespace

std::vector<row_at> rows_at(database_reader& from, const event_query& question,
                            std::span<const std::string> venues, std::int64_t moment_ns) {
  std::vector<row_at> result;
  auto newest = question;
  newest.from_ns.reset();
  newest.to_ns.reset();
  newest.as_of_ns = moment_ns;
  for (const auto& venue : venues) {
    newest.venue = venue;
    const auto text = newest_sql(newest, from.is_partitioned());
    std::vector<stored_row> rows;
    from.read(text.sql, text.parameters, [&](const stored_row& row) {
      rows.push_back(row);
      return true;
    });
    for (auto& row : rows) {
      const state_question of_feed{venue, question.instrument, feed_of(question, text, row),
                                   moment_ns, question.as_of_ns};
      auto state = state_at(from, of_feed);
      result.push_back({std::move(row), std::move(state)});
    }
  }
  return result;
}

std::span<const column> state_columns() {
  return of_state;
}

void row_marker::mark(stored_row& row) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const row_at& each) {
    return each.row[venue_column] == row[venue_column] && each.row[key_column] == row[key_column] &&
           each.row[exchange_column] == row[exchange_column];
  });
  if (found == rows_.end()) {
    row.resize(row.size() + std::size(of_state));
    return;
  }
  const auto& state = found->state;
  // Trades that a candle was built of may have been dropped by retention.
  if (!state.state.empty()) row[state_column] = state.state;
  row.push_back(state.since_ns == 0 ? std::optional<std::string>()
                                    : std::to_string(state.since_ns));
  row.push_back(text_or_null(state.cause));
  row.push_back(text_or_null(state.reason));
}

}  // namespace feedtree::storage
