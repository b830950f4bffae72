#include "adapters/batch/history_pages.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "core/checksum.hpp"

namespace feedtree::batch {
namespace {

constexpr std::string_view no_candle = "the venue has no candle here: no trade, or no longer kept";

std::uint64_t number_of(const event_key& key) {
  const std::string_view text = key;
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool before(const event& a, const event& b) {
  if (a.exchange_ns != b.exchange_ns) return a.exchange_ns < b.exchange_ns;
  return number_of(a.key) < number_of(b.key);
}

std::vector<const event*> ordered(const event_batch& batch, bool numbered) {
  std::vector<const event*> result;
  for (const auto& what : batch.events) {
    if (what.kind() == event_kind::trade) result.push_back(&what);
  }
  std::stable_sort(result.begin(), result.end(), [numbered](const event* a, const event* b) {
    return numbered ? number_of(a->key) < number_of(b->key) : before(*a, *b);
  });
  return result;
}

void note_missing(std::uint64_t id, const event& what, history_page& page) {
  const auto last = page.next.last_id;
  if (last == 0 || id <= last + 1) return;
  page.gaps.push_back(
      {page.next.time_ns, what.exchange_ns,
       "trades " + std::to_string(last + 1) + " to " + std::to_string(id - 1) + " are missing"});
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
                         std::int64_t end_ns, std::vector<candle> rows, std::int64_t receive_ns,
                         candle_key_parts parts, event_batch& out) {
  std::sort(rows.begin(), rows.end(),
            [](const candle& a, const candle& b) { return a.open_ns < b.open_ns; });
  history_page page;
  page.next = position;
  auto expected = position.time_ns;
  const auto missing_until = [&](std::int64_t until) {
    if (until > expected) page.gaps.push_back({expected, until, std::string(no_candle)});
  };
  for (auto& row : rows) {
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

event_batch answered_trades(history_reader& reader, const std::string& url,
                            const venues::raw_frame& body) {
  event_batch received;
  venues::frame_report report;
  reader.session->decode_rest(url, body, received, report);
  if (report.outcome != venues::frame_outcome::decoded) throw venues::decode_error(report.reason);
  const auto& lost = report.losses.entries;
  if (!lost.empty()) throw venues::decode_error(lost.front().reason);
  return received;
}

trade_page put_trades(const history_job& job, const event_batch& received, bool numbered,
                      history_page& page, event_batch& out) {
  trade_page result;
  std::set<std::string_view> seen;
  for (const auto* const what : ordered(received, numbered)) {
    ++result.received;
    result.newest_ns = std::max(result.newest_ns, what->exchange_ns);
    if (what->exchange_ns >= job.to_ns) result.beyond = true;
    if (what->exchange_ns < job.from_ns || what->exchange_ns >= job.to_ns) continue;
    if (!seen.insert(what->key).second) continue;
    if (numbered) {
      const auto id = number_of(what->key);
      if (id <= page.next.last_id) continue;
      note_missing(id, *what, page);
      if (page.next.first_id == 0) page.next.first_id = id;
      page.next.last_id = id;
      page.next.time_ns = std::max(page.next.time_ns, what->exchange_ns);
    }
    out.append(*what, received);
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
