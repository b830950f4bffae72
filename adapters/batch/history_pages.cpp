#include "adapters/batch/history_pages.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/checksum.hpp"
#include "core/trade_memory.hpp"

namespace feedtree::batch {
namespace {

constexpr std::string_view no_candle = "the venue has no candle here: no trade, or no longer kept";

// Trades of one numbering are not out of order by more.
constexpr std::int64_t disorder_ns = 60'000'000'000;

bool is_older(const event* a, const event* b) {
  return std::pair(a->exchange_ns, number_of_trade(*a)) <
         std::pair(b->exchange_ns, number_of_trade(*b));
}
bool is_lower(const event* a, const event* b) {
  return std::pair(number_of_trade(*a), a->exchange_ns) <
         std::pair(number_of_trade(*b), b->exchange_ns);
}

// Higher numbers that are older, and do not follow, are of the numbering before.
bool is_of_older_numbering(const event* lower, const event* higher) {
  return higher->exchange_ns +
         disorder_ns<lower->exchange_ns&& * number_of_trade(*higher)> * number_of_trade(*lower) + 1;
}

std::vector<const event*> ordered(const event_batch& batch, bool numbered) {
  std::vector<const event*> result;
  for (const auto& what : batch.events) {
    if (what.kind() != event_kind::trade || (numbered && !number_of_trade(what))) continue;
    result.push_back(&what);
  }
  std::stable_sort(result.begin(), result.end(), numbered ? is_lower : is_older);
  if (numbered) {
    const auto seam = std::adjacent_find(result.begin(), result.end(), is_of_older_numbering);
    if (seam != result.end()) std::rotate(result.begin(), seam + 1, result.end());
  }
  return result;
}

void note_gap(const event& what, std::string reason, history_page& page) {
  page.gaps.push_back({page.next.time_ns, what.exchange_ns, std::move(reason)});
}

// False if a page before had it. Notes what its number says about the trades before it.
bool take_number(std::uint64_t id, const event& what, history_page& page) {
  auto& next = page.next;
  const auto last = next.last_id;
  if (last && what.exchange_ns + disorder_ns < next.time_ns) return false;
  if (last && id <= *last) {
    if (what.exchange_ns <= next.time_ns) return false;
    if (what.exchange_ns <= next.time_ns + disorder_ns) return true;
    note_gap(what, "trade numbers begin again at " + std::to_string(id), page);
  } else if (last && id > *last + 1) {
    note_gap(
        what,
        "trades " + std::to_string(*last + 1) + " to " + std::to_string(id - 1) + " are missing",
        page);
  }
  if (!next.first_id) next.first_id = id;
  next.last_id = id;
  return true;
}

}  // namespace

event_key candle_key(const candle& what, candle_key_parts parts) {
  fingerprint content;
  content.add(what.open).add(what.high).add(what.low).add(what.close).add(what.volume);
  if (parts.quote_volume) content.add(what.quote_volume);
  if (parts.trades) content.add(what.trades);
  content.add(std::int64_t{what.closed});
  event_key key(interval_text(what.interval_ns));
  return key.append('-').append(what.open_ns).append('-').append(content.value());
}

std::int64_t candle_page_end(const history_job& job, const history_position& position,
                             std::int64_t candles) {
  return std::min(job.to_ns, position.time_ns + candles * job.interval_ns);
}

history_page put_candles(const history_job& job, const history_position& position,
                         std::int64_t end_ns, candle_list answer, std::int64_t receive_ns,
                         candle_key_parts parts, event_batch& out) {
  const auto earlier = [](const auto& a, const auto& b) { return a.open_ns < b.open_ns; };
  std::sort(answer.rows.begin(), answer.rows.end(), earlier);
  std::sort(answer.unread.begin(), answer.unread.end(), earlier);
  history_page page;
  page.next = position;
  auto expected = position.time_ns;
  const auto note_gap_until = [&](std::int64_t until, std::string_view reason) {
    if (until > expected) page.gaps.push_back({expected, until, std::string(reason)});
    expected = std::max(expected, until);
  };
  const auto missing_until = [&](std::int64_t until) {
    for (const auto& each : answer.unread) {
      if (each.open_ns < expected || each.open_ns >= until) continue;
      note_gap_until(each.open_ns, no_candle);
      note_gap_until(std::min(until, each.open_ns + job.interval_ns),
                     "a candle that could not be read: " + each.reason);
    }
    note_gap_until(until, no_candle);
  };
  for (auto& row : answer.rows) {
    if (row.open_ns < expected || row.open_ns >= end_ns) continue;
    row.interval_ns = job.interval_ns;
    const auto over_ns = row.open_ns + row.interval_ns;
    if (over_ns > receive_ns) continue;
    row.closed = true;
    missing_until(row.open_ns);
    auto& made = venues::append_event(out, job.where, over_ns, receive_ns);
    made.key = candle_key(row, parts);
    made.body = row;
    expected = over_ns;
  }
  missing_until(end_ns);
  page.next.time_ns = end_ns;
  page.done = end_ns >= job.to_ns;
  return page;
}

trade_answer answered_trades(history_reader& reader, const std::string& url,
                             const venues::raw_frame& body) {
  trade_answer result;
  venues::frame_report report;
  reader.session->decode_rest(url, body, result.trades, report);
  if (report.outcome != venues::frame_outcome::decoded) throw venues::decode_error(report.reason);
  const auto& lost = report.losses.entries;
  if (lost.empty()) return result;
  result.unread = lost.size();
  result.reason = lost.front().reason;
  return result;
}

trade_page put_trades(const history_job& job, const trade_answer& received, bool numbered,
                      history_page& page, event_batch& out) {
  trade_page result;
  result.received = received.unread;
  const auto begin_ns = page.next.time_ns;
  std::set<std::pair<std::string_view, std::uint32_t>> seen;
  std::set<std::uint64_t> numbers;
  for (const auto* const what : ordered(received.trades, numbered)) {
    ++result.received;
    result.newest_ns = std::max(result.newest_ns, what->exchange_ns);
    if (what->exchange_ns >= job.to_ns) result.beyond = true;
    if (what->exchange_ns < job.from_ns || what->exchange_ns >= job.to_ns) continue;
    if (!seen.emplace(what->key, fingerprint_of_trade(*what)).second) continue;
    const auto id = numbered ? number_of_trade(*what) : std::nullopt;
    const bool is_reused = id && numbers.contains(*id);
    if (id && !is_reused && !take_number(*id, *what, page)) continue;
    auto& made = out.append(*what, received.trades);
    if (is_reused) made.key = key_of_reused_number(*id, *what);
    if (!id) continue;
    numbers.insert(*id);
    page.next.time_ns = std::max(page.next.time_ns, what->exchange_ns);
  }
  if (received.unread != 0) {
    const auto end_ns = std::min(job.to_ns, std::max(begin_ns, result.newest_ns) + 1);
    page.gaps.push_back({begin_ns, end_ns,
                         "trades that could not be read: " + std::to_string(received.unread) +
                             ", " + received.reason});
  }
  return result;
}

void advance_by_time(const history_job& job, const history_position& position,
                     const trade_page& got, std::size_t full, std::int64_t tick_ns,
                     history_page& page) {
  if (got.beyond || got.received < full) {
    page.next.time_ns = job.to_ns;
    page.done = true;
    return;
  }
  page.next.time_ns = std::max(position.time_ns, got.newest_ns);
  if (page.next.time_ns > position.time_ns) return;
  // A whole page of one moment: what else there is of it cannot be had.
  page.next.time_ns = position.time_ns + tick_ns;
  page.gaps.push_back({position.time_ns, page.next.time_ns,
                       "a page full of trades of one moment: there may be more of them"});
  page.done = page.next.time_ns >= job.to_ns;
}

std::vector<history_gap> merged(std::vector<history_gap> gaps) {
  std::sort(gaps.begin(), gaps.end(), [](const history_gap& a, const history_gap& b) {
    return a.from_ns != b.from_ns ? a.from_ns < b.from_ns : a.to_ns < b.to_ns;
  });
  std::vector<history_gap> result;
  for (auto& gap : gaps) {
    if (!result.empty() && result.back().reason == gap.reason &&
        gap.from_ns <= result.back().to_ns) {
      result.back().to_ns = std::max(result.back().to_ns, gap.to_ns);
    } else {
      result.push_back(std::move(gap));
    }
  }
  return result;
}

}  // namespace feedtree::batch
