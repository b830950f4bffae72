#include "storage/event_columns.hpp"

#include <array>

namespace feedtree::storage {
namespace {

using enum column_type;

constexpr column common[]{{"venue", text},          {"instrument", text},    {"key", text},
                          {"exchange_ns", integer}, {"receive_ns", integer}, {"state", text}};
constexpr column trade_columns[]{{"price", number}, {"quantity", number}, {"side", text}};
constexpr column book_columns[]{{"type", text},
                                {"bids", levels},
                                {"asks", levels},
                                {"first_update_id", update_id},
                                {"last_update_id", update_id},
                                {"previous_update_id", update_id},
                                {"depth", integer},
                                {"checksum", integer}};
constexpr column quote_columns[]{{"bid_price", number},
                                 {"bid_quantity", number},
                                 {"ask_price", number},
                                 {"ask_quantity", number}};
constexpr column ticker_columns[]{
    {"last_price", number},   {"bid_price", number},    {"bid_quantity", number},
    {"ask_price", number},    {"ask_quantity", number}, {"open_price", number},
    {"high_price", number},   {"low_price", number},    {"volume", number},
    {"quote_volume", number}, {"mark_price", number},   {"index_price", number}};
constexpr column candle_columns[]{
    {"interval_ns", integer}, {"open_ns", integer}, {"open", number},   {"high", number},
    {"low", number},          {"close", number},    {"volume", number}, {"quote_volume", number},
    {"trades", integer},      {"closed", flag},     {"source", text},   {"revision", integer},
    {"complete", flag}};
constexpr column funding_columns[]{{"rate", number},
                                   {"mark_price", number},
                                   {"index_price", number},
                                   {"predicted_rate", number},
                                   {"next_funding_ns", integer}};
constexpr column open_interest_columns[]{{"quantity", number}, {"value", number}};
constexpr column status_columns[]{
    {"feed", text}, {"from_state", text}, {"to_state", text}, {"reason", text}};
constexpr column gap_columns[]{{"feed", text},        {"cause", text},     {"detail", text},
                               {"begin_ns", integer}, {"end_ns", integer}, {"repair", text},
                               {"recovered", flag}};
constexpr std::array<std::span<const column>, event_kinds> by_kind{
    trade_columns,   book_columns,          quote_columns, ticker_columns, candle_columns,
    funding_columns, open_interest_columns, trade_columns, status_columns, gap_columns};

constexpr column of_quarantine[]{{"venue", text},         {"instrument", text}, {"key", text},
                                 {"receive_ns", integer}, {"rule", text},       {"reason", text},
                                 {"excerpt", text}};
constexpr column of_instrument[]{{"venue", text},    {"instrument", text}, {"venue_symbol", text},
                                 {"channel", text},  {"type", text},       {"base", text},
                                 {"quote", text},    {"settle", text},     {"expiry", integer},
                                 {"strike", number}, {"option_type", text}};

}  // namespace

std::span<const column> common_columns() {
  return common;
}
std::span<const column> columns_of(event_kind kind) {
  return by_kind[static_cast<std::size_t>(kind)];
}
std::span<const column> quarantine_columns() {
  return of_quarantine;
}
std::span<const column> instrument_columns() {
  return of_instrument;
}

}  // namespace feedtree::storage
