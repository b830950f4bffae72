#include "storage/stored_book.hpp"

#include <array>
#include <charconv>

#include "core/sink.hpp"

namespace feedtree::storage {
namespace {

// Deltas that wait for a snapshot over REST are older than it.
constexpr std::int64_t held_ns = 120'000'000'000;

std::int64_t number_of(const std::optional<std::string>& value) {
  std::int64_t number = 0;
  if (value) std::from_chars(value->data(), value->data() + value->size(), number);
  return number;
}

// Reads [["price","quantity"],...], the form in which levels are stored.
class level_reader {
 public:
  explicit level_reader(std::string_view text) : left_(text) {}
  bool next(level& out) {
    const auto price = quoted();
    const auto quantity = quoted();
    decimal a;
    decimal b;
    if (price.empty() && quantity.empty()) return false;
    if (parse_decimal(price, a) != decimal_error::none ||
        parse_decimal(quantity, b) != decimal_error::none) {
      throw sink_error(false, "a stored book has a level that is no pair of decimals");
    }
    out = {a, b};
    return true;
  }

 private:
  std::string_view quoted() {
    const auto begin = left_.find('"');
    if (begin == left_.npos) return {};
    const auto end = left_.find('"', begin + 1);
    if (end == left_.npos) return {};
    const auto found = left_.substr(begin + 1, end - begin - 1);
    left_.remove_prefix(end + 1);
    return found;
  }
  std::string_view left_;
};

std::string text_of(std::int64_t number) {
  return std::to_string(number);
}

// The columns that are read of a message of the book.
constexpr const char* message_columns =
    "SELECT receive_ns, exchange_ns, last_update_id, depth, bids, asks FROM book"
    " WHERE venue = $1 AND instrument = $2";

class rebuilder {
 public:
  rebuilder(database_reader& from, const std::string& venue, const std::string& instrument,
            std::int64_t at_ns)
      : from_(from), parameters_{venue, instrument}, at_ns_(at_ns) {}

  stored_book run() {
    from_.read(std::string(message_columns) + " AND type = 'snapshot' AND receive_ns <= " +
                   text_of(at_ns_) + " ORDER BY receive_ns DESC, last_update_id DESC LIMIT 1",
               parameters_, [this](const stored_row& row) {
                 take_snapshot(row);
                 return false;
               });
    if (!result_.found) return std::move(result_);
    from_.read(deltas_sql(), parameters_, [this](const stored_row& row) {
      apply(row);
      ++result_.deltas;
      return true;
    });
    return std::move(result_);
  }

 private:
  void take_snapshot(const stored_row& row) {
    result_.found = true;
    result_.snapshot_ns = number_of(row[0]);
    result_.book = order_book(static_cast<std::size_t>(number_of(row[3])));
    apply(row);
  }

  // Those behind the snapshot; and those that came before it and waited for it, which its number
  // tells. Of one moment in the order of their numbers.
  std::string deltas_sql() const {
    const auto snapshot = text_of(result_.snapshot_ns);
    auto sql =
        std::string(message_columns) + " AND type = 'delta' AND receive_ns <= " + text_of(at_ns_);
    if (result_.last_update_id.empty()) {
      sql += " AND receive_ns >= " + snapshot;
    } else {
      sql += " AND (receive_ns >= " + snapshot +
             " OR (receive_ns >= " + text_of(result_.snapshot_ns - held_ns) +
             " AND last_update_id > " + result_.last_update_id + "))";
    }
    return sql + " ORDER BY receive_ns, last_update_id, exchange_ns, key";
  }

  void apply(const stored_row& row) {
    result_.receive_ns = number_of(row[0]);
    result_.exchange_ns = number_of(row[1]);
    result_.last_update_id = row[2].value_or("");
    apply_counts counts;
    for (const auto part : {book_part::bids, book_part::asks}) {
      levels_.clear();
      level_reader in(*row[part == book_part::bids ? 4 : 5]);
      for (level each; in.next(each);) levels_.push_back(each);
      result_.book.apply(part, levels_, counts);
    }
    result_.book.truncate(counts);
  }

  database_reader& from_;
  std::array<std::string, 2> parameters_;
  std::int64_t at_ns_;
  std::vector<level> levels_;
  stored_book result_;
};

}  // namespace

stored_book book_at(database_reader& from, const std::string& venue, const std::string& instrument,
                    std::int64_t at_ns, std::optional<std::int64_t> known_ns) {
  auto result = rebuilder(from, venue, instrument, at_ns).run();
  if (result.found) {
    result.feed = state_at(from, {venue, instrument, event_kind::book, at_ns, known_ns});
  }
  return result;
}

}  // namespace feedtree::storage
