#include "storage/row_writer.hpp"

#include <algorithm>
#include <charconv>

#include "core/json_builder.hpp"
#include "core/time_text.hpp"

namespace feedtree::storage {
namespace {

constexpr std::size_t waiting_max = 200;
constexpr std::size_t width_max = 40;

bool is_time(const column& what) {
  return what.type == column_type::integer && what.name.ends_with("_ns") &&
         what.name != "interval_ns";
}

std::int64_t number_of(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string cell_text(const column& what, const std::optional<std::string>& value) {
  if (!value) return "-";
  if (is_time(what)) return time_text(number_of(*value));
  if (what.name == "interval_ns") return interval_text(number_of(*value));
  if (what.type == column_type::flag) return *value == "1" ? "yes" : "no";
  if (value->size() <= width_max) return *value;
  return value->substr(0, width_max - 3) + "...";
}

bool is_aligned_right(const column& what) {
  return what.type == column_type::number || what.type == column_type::update_id ||
         (what.type == column_type::integer && !is_time(what));
}

std::string quoted(const std::string& value) {
  if (value.find_first_of(",\"\r\n") == value.npos) return value;
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

}  // namespace

std::optional<row_format> parse_row_format(std::string_view text) {
  if (text == "table") return row_format::table;
  if (text == "csv") return row_format::csv;
  if (text == "jsonl") return row_format::jsonl;
  return {};
}

row_writer::row_writer(row_format format, std::vector<column> columns, output out)
    : format_(format), columns_(std::move(columns)), out_(std::move(out)) {}

void row_writer::write(const stored_row& row) {
  ++rows_;
  switch (format_) {
    case row_format::table:
      return write_table(row);
    case row_format::csv:
      return write_csv(row);
    case row_format::jsonl:
      return write_json(row);
  }
}

void row_writer::finish() {
  if (format_ == row_format::table && rows_ > 0) flush_waiting();
  if (format_ == row_format::csv && !begun_) write_csv({});
}

// Times and intervals are not shown in nanoseconds; a candle has an open of its own.
std::string row_writer::heading(const column& of) const {
  if (!is_time(of) && of.name != "interval_ns") return std::string(of.name);
  const auto name = of.name.substr(0, of.name.size() - 3);
  const bool is_taken = std::any_of(columns_.begin(), columns_.end(),
                                    [&](const column& each) { return each.name == name; });
  return std::string(name) + (is_taken ? "_time" : "");
}

void row_writer::write_table(const stored_row& row) {
  std::vector<std::string> cells;
  for (std::size_t at = 0; at < columns_.size(); ++at) {
    cells.push_back(cell_text(columns_[at], row[at]));
  }
  if (begun_) return write_line(cells);
  waiting_.push_back(std::move(cells));
  if (waiting_.size() >= waiting_max) flush_waiting();
}

void row_writer::flush_waiting() {
  if (begun_) return;
  begun_ = true;
  std::vector<std::string> head;
  for (const auto& each : columns_) head.push_back(heading(each));
  waiting_.insert(waiting_.begin(), std::move(head));
  widths_.assign(columns_.size(), 0);
  for (const auto& cells : waiting_) {
    for (std::size_t at = 0; at < cells.size(); ++at) {
      widths_[at] = std::max(widths_[at], cells[at].size());
    }
  }
  for (const auto& cells : waiting_) write_line(cells);
  waiting_.clear();
}

void row_writer::write_line(const std::vector<std::string>& cells) {
  line_.clear();
  for (std::size_t at = 0; at < cells.size(); ++at) {
    const auto width = std::max(widths_[at], cells[at].size());
    const std::string blanks(width - cells[at].size(), ' ');
    if (at > 0) line_ += "  ";
    line_ += is_aligned_right(columns_[at]) ? blanks + cells[at] : cells[at] + blanks;
  }
  line_.erase(line_.find_last_not_of(' ') + 1);
  out_(line_ += '\n');
}

void row_writer::write_csv(const stored_row& row) {
  line_.clear();
  if (!begun_) {
    for (const auto& each : columns_) line_.append(line_.empty() ? "" : ",").append(each.name);
    line_ += '\n';
    begun_ = true;
  }
  for (std::size_t at = 0; at < row.size(); ++at) {
    if (at > 0) line_ += ',';
    if (row[at]) line_ += quoted(*row[at]);
  }
  if (!row.empty()) line_ += '\n';
  out_(line_);
}

void row_writer::write_json(const stored_row& row) {
  line_.clear();
  json_builder out(line_);
  out.object([&] {
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      if (!row[at]) continue;
      const auto& what = columns_[at];
      if (what.type == column_type::levels) {
        out.add_raw(what.name, *row[at]);
      } else if (what.type == column_type::flag) {
        out.add(what.name, *row[at] == "1");
      } else if (what.type == column_type::integer && !what.name.ends_with("_ns")) {
        out.add_raw(what.name, *row[at]);
      } else {
        out.add(what.name, std::string_view(*row[at]));
      }
    }
  });
  out_(line_ += '\n');
}

}  // namespace feedtree::storage
