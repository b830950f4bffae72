#include "storage/query.hpp"

namespace feedtree::storage {
namespace {

// Conditions that are joined by AND.
class condition_list {
 public:
  condition_list& add(const std::string& condition) {
    text_ += (text_.empty() ? " WHERE " : " AND ") + condition;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string exchange_ts(std::int64_t ns) {
  return "timestamptz 'epoch' + interval '" + std::to_string(ns / 1'000) + " microseconds'";
}

// Bounds of the time, and the same of the column by which tables are partitioned.
void add_times(const event_query& what, bool partitioned, condition_list& to) {
  const bool of_candles = what.kind == event_kind::candle;
  const std::string time = of_candles ? "open_ns" : "exchange_ns";
  if (what.from_ns) to.add(time + " >= " + std::to_string(*what.from_ns));
  if (what.to_ns) to.add(time + " < " + std::to_string(*what.to_ns));
  if (what.as_of_ns) to.add("receive_ns <= " + std::to_string(*what.as_of_ns));
  if (!partitioned || of_candles) return;
  if (what.from_ns) to.add("exchange_ts >= " + exchange_ts(*what.from_ns));
  if (what.to_ns) to.add("exchange_ts <= " + exchange_ts(*what.to_ns));
}

std::string names(const std::vector<column>& columns) {
  std::string text;
  for (const auto& each : columns) text.append(text.empty() ? "" : ", ").append(each.name);
  return text;
}

// What came last of a candle.
constexpr const char* newest_state =
    "receive_ns DESC, closed DESC, exchange_ns DESC, revision DESC, key DESC";

// The first candle of each group in this order.
std::string first_candles(const std::string& columns, const std::string& conditions,
                          const std::string& group, const std::string& order) {
  return "SELECT " + columns + " FROM (SELECT " + columns + ", ROW_NUMBER() OVER (PARTITION BY " +
         group + " ORDER BY " + order + ") AS place FROM candle" + conditions +
         ") AS known WHERE place = 1";
}

std::string candles_sql(const event_query& what, const std::string& columns,
                        const std::string& conditions) {
  if (what.every_revision) return "SELECT " + columns + " FROM candle" + conditions;
  return first_candles(columns, conditions, "venue, source, interval_ns, open_ns", newest_state);
}

constexpr const char* candle_order =
    " ORDER BY open_ns, interval_ns, venue, source, receive_ns, revision, key";

// Columns, parameters and conditions of the rows that are asked for.
query_text begin_of(const event_query& what, bool partitioned, condition_list& where) {
  query_text result;
  for (const auto columns : {common_columns(), columns_of(what.kind)}) {
    result.columns.insert(result.columns.end(), columns.begin(), columns.end());
  }
  const auto parameter = [&](const std::string& name, const std::string& value) {
    if (value.empty()) return;
    result.parameters.push_back(value);
    where.add(name + " = $" + std::to_string(result.parameters.size()));
  };
  parameter("instrument", what.instrument);
  parameter("venue", what.venue);
  parameter("source", what.source);
  if (what.interval_ns != 0) where.add("interval_ns = " + std::to_string(what.interval_ns));
  add_times(what, partitioned, where);
  return result;
}

}  // namespace

query_text sql_of(const event_query& what, bool partitioned) {
  condition_list where;
  auto result = begin_of(what, partitioned, where);
  const auto columns = names(result.columns);
  if (what.kind == event_kind::candle) {
    result.sql = candles_sql(what, columns, where.text()) + candle_order;
  } else {
    result.sql = "SELECT " + columns + " FROM " + std::string(to_string(what.kind)) + where.text() +
                 " ORDER BY exchange_ns, receive_ns, venue, key";
  }
  return result;
}

query_text newest_sql(const event_query& what, bool partitioned) {
  condition_list where;
  auto result = begin_of(what, partitioned, where);
  const auto columns = names(result.columns);
  if (what.kind == event_kind::candle) {
    result.sql = first_candles(columns, where.text(), "source, interval_ns",
                               std::string("open_ns DESC, ") + newest_state) +
                 candle_order;
  } else {
    result.sql = "SELECT " + columns + " FROM " + std::string(to_string(what.kind)) + where.text() +
                 " ORDER BY " + (partitioned ? "exchange_ts DESC, " : "") +
                 "exchange_ns DESC, receive_ns DESC, key DESC LIMIT 1";
  }
  return result;
}

}  // namespace feedtree::storage
