// The page of a validation report: tables and plots in one file.
#include <cmath>
#include <limits>

#include "actors/replay/svg_chart.hpp"
#include "actors/replay/validation.hpp"
#include "actors/version.hpp"

namespace feedtree::actors {
namespace {

constexpr auto none = std::numeric_limits<double>::quiet_NaN();

constexpr std::string_view style = R"(
:root{--bg:#fff;--fg:#1b1f24;--dim:#5b6570;--line:#d9dee3;--bad:#b3261e;--mark:#b3261e26;
--s0:#2563eb;--s1:#c2410c;--s2:#15803d;--s3:#7c3aed}
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e9ec;--dim:#98a2ac;--line:#2c3238;
--bad:#ff8a80;--mark:#ff8a8033;--s0:#7aa2ff;--s1:#ff9a5c;--s2:#5fd08a;--s3:#c4a0ff}}
*{box-sizing:border-box}body{margin:0 auto;max-width:1360px;padding:24px;background:var(--bg);
color:var(--fg);font:15px/1.5 system-ui,"DejaVu Sans",sans-serif}
h1{font-size:24px;margin:0 0 4px}h2{font-size:18px;margin:32px 0 8px}h3{font-size:16px;margin:28px 0 4px}
p{margin:4px 0}.dim{color:var(--dim)}.bad{color:var(--bad);font-weight:600}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 20px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--dim)}td.n,th.n{text-align:right}
code{font:13px "DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:16px}
svg{width:100%;height:auto;border:1px solid var(--line);border-radius:6px}
svg text{fill:var(--fg);font:600 14px system-ui,"DejaVu Sans",sans-serif}
svg text.tick{font-weight:400;font-size:12px;fill:var(--dim)}.grid{stroke:var(--line)}
.mark{fill:var(--mark)}svg path{fill:none;stroke-width:1.6}
.s0 path{stroke:var(--s0)}.s1 path{stroke:var(--s1)}.s2 path{stroke:var(--s2)}.s3 path{stroke:var(--s3)}
.s0 circle,.bars rect,.key.s0{fill:var(--s0)}.s1 circle,.key.s1{fill:var(--s1)}
.s2 circle,.key.s2{fill:var(--s2)}.s3 circle,.key.s3{fill:var(--s3)}
details summary{cursor:pointer;color:var(--dim)}
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '"') {
      result += "&quot;";
    } else {
      result += c;
    }
  }
  return result;
}

std::string cell(std::uint64_t value, bool bad = false) {
  return std::string("<td class=\"n") + (bad && value != 0 ? " bad" : "") + "\">" +
         std::to_string(value) + "</td>";
}
std::string cell(std::string_view text) {
  return "<td>" + escaped(text) + "</td>";
}
std::string code_cell(std::string_view text) {
  return "<td><code>" + escaped(text) + "</code></td>";
}

void add_head(const validation_result& result, std::string& out) {
  std::uint64_t events = 0;
  for (const auto count : result.events) events += count;
  out += "<h1>Validation report</h1><p class=\"dim\">";
  for (const auto& source : result.sources) out += "<code>" + escaped(source) + "</code> ";
  out += "</p><p>" + utc_text(result.first_ns) + " to " + utc_text(result.last_ns) + " UTC · " +
         std::to_string(events) + " events";
  if (result.frames != 0) {
    out += " of " + std::to_string(result.frames) + " frames (" +
           std::to_string(result.frames_rejected) + " could not be read)";
  }
  const auto broken = result.broken();
  out += " · <span class=\"" + std::string(broken == 0 ? "" : "bad") + "\">" +
         std::to_string(broken) + " findings</span></p>";
}

void add_rules(const validation_result& result, std::string& out) {
  out +=
      "<h2>Rules</h2><div class=\"wide\"><table id=\"rules\"><thead><tr><th>Rule</th><th>Check</th>"
      "<th>Venue</th><th class=\"n\">Judged</th><th class=\"n\">Broken</th>"
      "<th class=\"n\">Flagged</th><th class=\"n\">Quarantined</th><th class=\"n\">Alerts</th>"
      "<th class=\"n\">Held back</th></tr></thead><tbody>";
  for (std::size_t at = 0; at < result.rules->size(); ++at) {
    const auto& rule = (*result.rules)[at];
    for (const auto& [venue, line] : result.venues) {
      if (!rule.concerns_venue(venue)) continue;
      const auto& counts = line.counts->of_rule[at];
      out += "<tr>" + cell(rule.name) + cell(to_string(rule.check)) + cell(venue) +
             cell(counts.judged.load()) + cell(counts.broken.load(), true) +
             cell(counts.flagged.load()) + cell(counts.quarantined.load()) +
             cell(counts.alerted.load()) + cell(counts.suppressed.load()) + "</tr>";
    }
  }
  out += "</tbody></table></div>";
}

void add_examples(const validation_result& result, std::string& out) {
  std::string rows;
  for (const auto& [venue, line] : result.venues) {
    for (std::size_t at = 0; at < line.examples.size(); ++at) {
      for (const auto& each : line.examples[at]) {
        rows += "<tr>" + cell((*result.rules)[at].name) + cell(utc_text(each.receive_ns)) +
                cell(each.reason) + code_cell(each.event.empty() ? venue : each.event) + "</tr>";
      }
    }
    for (const auto& [rule, count] : line.built_in) {
      rows += "<tr>" + cell(rule) + cell("") +
              cell(std::to_string(count) + " kept back by what is always asked") +
              code_cell(venue) + "</tr>";
    }
  }
  if (rows.empty()) return;
  out +=
      "<h2>Findings, the first five of each rule</h2><div class=\"wide\"><table id=\"findings\">"
      "<thead><tr><th>Rule</th><th>Received</th><th>Reason</th><th>Event</th></tr></thead><tbody>" +
      rows + "</tbody></table></div>";
}

void add_missed(const validation_result& result, std::string& out) {
  const auto lines = result.missed();
  if (lines.empty()) return;
  out +=
      "<h2>What was missed</h2><div class=\"wide\"><table id=\"missed\"><thead><tr><th>Venue</th>"
      "<th>Cause</th><th>Feed</th><th class=\"n\">Entries</th><th class=\"n\">Still open</th>"
      "<th class=\"n\">Recovered</th><th class=\"n\">Seconds in all</th>"
      "<th class=\"n\">Longest</th></tr></thead><tbody>";
  const auto seconds = [](std::int64_t ns) {
    return "<td class=\"n\">" + short_number(static_cast<double>(ns) / 1e9) + "</td>";
  };
  for (const auto& line : lines) {
    out += "<tr>" + cell(line.venue) + cell(to_string(line.cause)) + cell(to_string(line.feed)) +
           cell(line.entries) + cell(line.open, true) + cell(line.recovered) +
           seconds(line.lasted_ns) + seconds(line.longest_ns) + "</tr>";
  }
  out += "</tbody></table></div>";
}

void add_skews(const validation_result& result, std::string& out) {
  out +=
      "<h2>Clocks</h2><p class=\"dim\">Receive time minus the venue's time, in milliseconds up to "
      "the end of each bar.</p><div class=\"plots\">";
  for (const auto& [venue, line] : result.venues) {
    const auto& skew = line.counts->skew;
    if (skew.total() == 0) continue;
    chart what{escaped(venue) + ": clock skew", "events", 0, 0, {{"events", {}}}, true, {}, {}};
    for (std::size_t at = 0; at < rules::skew_histogram::buckets; ++at) {
      what.lines[0].values.push_back(static_cast<double>(skew.count(at)));
      what.labels.push_back(at < rules::skew_histogram::ends_ms.size()
                                ? std::to_string(rules::skew_histogram::ends_ms[at])
                                : "more");
    }
    out += svg_of(what);
  }
  out += "</div>";
}

// A line of what a bin has, by a function that gives it or nothing.
template <class Value>
chart_line line_of(const feed_profile& feed, std::string name, Value value) {
  chart_line result{std::move(name), {}};
  for (const auto& bin : feed.bins()) result.values.push_back(value(bin));
  return result;
}

double share(double sum, std::uint64_t count) {
  return count == 0 ? none : sum / static_cast<double>(count);
}

chart chart_of(const feed_profile& feed, std::string title, std::string unit,
               std::vector<chart_line> lines) {
  chart what{std::move(title),
             std::move(unit),
             feed.begin_ns(),
             feed.bin_ns(),
             std::move(lines),
             false,
             {},
             {}};
  const auto step = static_cast<double>(feed.bin_ns());
  const auto end_ns =
      feed.begin_ns() + static_cast<std::int64_t>(feed.bins().size()) * feed.bin_ns();
  for (const auto& gap : feed.gaps()) {
    const auto until = gap.end_ns == 0 ? end_ns : gap.end_ns;
    what.marks.emplace_back(static_cast<double>(gap.begin_ns - feed.begin_ns()) / step,
                            static_cast<double>(until - feed.begin_ns()) / step);
  }
  return what;
}

void add_plots(const feed_profile& feed, std::string& out) {
  const auto seconds = static_cast<double>(feed.bin_ns()) / 1e9;
  const auto rate = [seconds](std::uint64_t count) { return static_cast<double>(count) / seconds; };
  out += "<div class=\"plots\">";
  out += svg_of(chart_of(
      feed, "Spread", "ppm of the bid",
      {line_of(feed, "mean", [](const auto& b) { return share(b.spread_sum_ppm, b.spreads); }),
       line_of(feed, "widest",
               [](const auto& b) { return b.spreads == 0 ? none : b.spread_max_ppm; })}));
  out += svg_of(chart_of(
      feed, "Depth of the best ten levels", "quantity",
      {line_of(feed, "bids", [](const auto& b) { return share(b.bid_depth_sum, b.depths); }),
       line_of(feed, "asks", [](const auto& b) { return share(b.ask_depth_sum, b.depths); })}));
  std::vector<chart_line> levels;
  for (std::size_t band = 0; band < level_bands; ++band) {
    levels.push_back(line_of(feed, "level " + std::string(band_names[band]),
                             [&](const auto& b) { return rate(b.level_updates[band]); }));
  }
  out += svg_of(chart_of(feed, "Level updates", "a second", std::move(levels)));
  out += svg_of(
      chart_of(feed, "Trades to book messages", "ratio", {line_of(feed, "ratio", [](const auto& b) {
                 return share(static_cast<double>(b.trades), b.book_messages);
               })}));
  out += svg_of(chart_of(
      feed, "Clock skew", "ms",
      {line_of(feed, "mean", [](const auto& b) { return share(b.skew_sum_ms, b.skews); }),
       line_of(feed, "most", [](const auto& b) { return b.skews == 0 ? none : b.skew_max_ms; })}));
  out +=
      svg_of(chart_of(feed, "Messages", "a second",
                      {line_of(feed, "book", [&](const auto& b) { return rate(b.book_messages); }),
                       line_of(feed, "trades", [&](const auto& b) { return rate(b.trades); })}));
  out += "</div>";
}

void add_gaps(const feed_profile& feed, std::string& out) {
  if (feed.gaps().empty()) return;
  out += "<details open><summary>" + std::to_string(feed.gaps().size()) +
         (feed.gaps().size() == 1 ? " gap" : " gaps") +
         " (marked in the plots)</summary><div class=\"wide\"><table><thead><tr><th>Feed</th>"
         "<th>Cause</th><th>From</th><th "
         "class=\"n\">Milliseconds</th><th>Ended</th><th>Detail</th></tr></thead><tbody>";
  constexpr std::size_t shown = 100;
  for (std::size_t at = 0; at < feed.gaps().size() && at < shown; ++at) {
    const auto& gap = feed.gaps()[at];
    const auto ms = gap.end_ns == 0 ? 0 : (gap.end_ns - gap.begin_ns) / 1'000'000;
    out += "<tr>" + cell(to_string(gap.feed)) + cell(to_string(gap.cause)) +
           cell(utc_text(gap.begin_ns)) + cell(static_cast<std::uint64_t>(ms)) +
           cell(gap.end_ns == 0 ? "still open"
                : gap.recovered ? "recovered"
                                : "not recovered") +
           cell(gap.detail) + "</tr>";
  }
  out += "</tbody></table></div></details>";
}

void add_feed(const feed_profile& feed, std::string& out) {
  const auto& where = *feed.where();
  out += "<section><h3>" + escaped(where.venue) + " " + escaped(where.symbol) +
         "</h3><p class=\"dim\">";
  for (std::size_t kind = 0; kind < event_kinds; ++kind) {
    if (feed.events()[kind] == 0) continue;
    out += std::to_string(feed.events()[kind]) + " " +
           std::string(to_string(static_cast<event_kind>(kind))) + " · ";
  }
  out += "one step is " + short_number(static_cast<double>(feed.bin_ns()) / 1e9) + " s</p>";
  add_plots(feed, out);
  add_gaps(feed, out);
  out += "</section>";
}

}  // namespace

std::string validation_page(const validation_result& result) {
  std::string out =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">"
      "<title>Validation report</title><style>";
  out += style;
  out += "</style></head><body><main>";
  add_head(result, out);
  add_rules(result, out);
  add_examples(result, out);
  add_missed(result, out);
  add_skews(result, out);
  out += "<h2>Feeds</h2>";
  for (const auto& feed : result.feeds) add_feed(feed, out);
  return out + "<p class=\"dim\">feedtree " + version_text() + "</p></main></body></html>\n";
}

}  // namespace feedtree::actors
