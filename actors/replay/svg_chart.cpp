#include "actors/replay/svg_chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "actors/replay/validation.hpp"

namespace feedtree::actors {
namespace {

constexpr double width = 640;
constexpr double height = 220;
constexpr double left = 56;
constexpr double right = 12;
constexpr double top = 34;
constexpr double bottom = 44;
constexpr double plot_width = width - left - right;
constexpr double plot_height = height - top - bottom;
constexpr int ticks = 4;

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

std::string label(double x, double y, std::string_view anchor, std::string_view kind,
                  const std::string& text) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" +
         std::string(anchor) + "\" class=\"" + std::string(kind) + "\">" + text + "</text>";
}

// Where values lie: from zero, or from the lowest where one is below it, to a round number.
struct scale {
  double low = 0;
  double high = 1;
  double y(double value) const { return top + plot_height * (1 - (value - low) / (high - low)); }
};

double round_up(double value) {
  if (value <= 0) return 0;
  const auto power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 2.5, 5.0, 10.0}) {
    if (value <= step * power) return step * power;
  }
  return 10 * power;
}

scale scale_of(const chart& what) {
  scale result{0, 0};
  for (const auto& line : what.lines) {
    for (const auto value : line.values) {
      if (std::isnan(value)) continue;
      result.low = std::min(result.low, value);
      result.high = std::max(result.high, value);
    }
  }
  result.low = -round_up(-result.low);
  result.high = round_up(result.high);
  if (result.high <= result.low) result.high = result.low + 1;
  return result;
}

double x_of(std::size_t at, std::size_t count) {
  return left + plot_width * (static_cast<double>(at) + 0.5) / static_cast<double>(count);
}

std::string line_text(const chart_line& line, std::size_t number_of, const scale& at) {
  std::string path;
  std::string dots;
  bool open = false;
  const auto count = line.values.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = line.values[i];
    if (std::isnan(value)) {
      open = false;
      continue;
    }
    const auto x = number(x_of(i, count));
    const auto y = number(at.y(value));
    path += (open ? "L" : "M") + x + " " + y;
    const bool alone = !open && (i + 1 == count || std::isnan(line.values[i + 1]));
    if (alone) dots += "<circle cx=\"" + x + "\" cy=\"" + y + "\" r=\"2\"/>";
    open = true;
  }
  return "<g class=\"s" + std::to_string(number_of) + "\"><path d=\"" + path + "\"/>" + dots +
         "</g>";
}

std::string bars_text(const chart& what, const scale& at) {
  std::string result = "<g class=\"s0 bars\">";
  const auto& values = what.lines.front().values;
  const auto step = plot_width / static_cast<double>(std::max<std::size_t>(values.size(), 1));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto x = left + step * static_cast<double>(i);
    const auto y = at.y(values[i]);
    result += "<rect x=\"" + number(x + 1) + "\" y=\"" + number(y) + "\" width=\"" +
              number(std::max(step - 2, 1.0)) + "\" height=\"" + number(at.y(0) - y) +
              "\"><title>" + what.labels[i] + ": " + short_number(values[i]) + "</title></rect>";
  }
  result += "</g>";
  for (std::size_t i = 0; i < values.size(); ++i) {
    result += "<text class=\"tick\" text-anchor=\"end\" transform=\"translate(" +
              number(left + step * (static_cast<double>(i) + 0.7)) + "," +
              number(height - bottom + 12) + ") rotate(-40)\">" + what.labels[i] + "</text>";
  }
  return result;
}

std::string grid_text(const scale& at) {
  std::string result;
  for (int tick = 0; tick <= ticks; ++tick) {
    const auto value = at.low + (at.high - at.low) * tick / ticks;
    const auto y = at.y(value);
    result += "<line class=\"grid\" x1=\"" + number(left) + "\" x2=\"" + number(width - right) +
              "\" y1=\"" + number(y) + "\" y2=\"" + number(y) + "\"/>";
    result += label(left - 6, y + 4, "end", "tick", short_number(value));
  }
  return result;
}

std::string times_text(const chart& what) {
  std::string result;
  const auto count = what.lines.empty() ? 0 : what.lines.front().values.size();
  for (int tick = 0; tick <= 3; ++tick) {
    const auto at = what.begin_ns + static_cast<std::int64_t>(count) * what.step_ns * tick / 3;
    const auto* const anchor = tick == 0 ? "start" : tick == 3 ? "end" : "middle";
    result += label(left + plot_width * tick / 3, height - bottom + 18, anchor, "tick",
                    utc_text(at).substr(11, 8));
  }
  return result;
}

std::string legend_text(const chart& what) {
  std::string result;
  double x = left;
  for (std::size_t i = 0; what.lines.size() > 1 && i < what.lines.size(); ++i) {
    result += "<rect class=\"key s" + std::to_string(i) + "\" x=\"" + number(x) + "\" y=\"" +
              number(height - 14) + "\" width=\"10\" height=\"10\"/>";
    result += label(x + 14, height - 5, "start", "tick", what.lines[i].name);
    x += 26 + 7.0 * static_cast<double>(what.lines[i].name.size());
  }
  return result;
}

std::string marks_text(const chart& what) {
  std::string result;
  const auto count = what.lines.empty() ? 0 : what.lines.front().values.size();
  for (const auto& [from, to] : what.marks) {
    if (count == 0) break;
    const auto step = plot_width / static_cast<double>(count);
    const auto begin = std::clamp(left + step * from, left, width - right);
    const auto end = std::clamp(left + step * to, begin, width - right);
    result += "<rect class=\"mark\" x=\"" + number(begin) + "\" y=\"" + number(top) +
              "\" width=\"" + number(std::max(end - begin, 2.0)) + "\" height=\"" +
              number(plot_height) + "\"/>";
  }
  return result;
}

}  // namespace

std::string short_number(double value) {
  std::array<char, 32> text{};
  const auto size = std::fabs(value);
  const auto write = [&](double shown, const char* unit) {
    std::snprintf(text.data(), text.size(), "%.3g%s", shown, unit);
  };
  if (size >= 1e9) {
    write(value / 1e9, "G");
  } else if (size >= 1e6) {
    write(value / 1e6, "M");
  } else if (size >= 1e4) {
    write(value / 1e3, "k");
  } else if (size >= 1e3) {
    std::snprintf(text.data(), text.size(), "%.0f", value);
  } else {
    write(value, "");
  }
  return text.data();
}

std::string svg_of(const chart& what) {
  const auto at = scale_of(what);
  std::string result = "<svg viewBox=\"0 0 " + number(width) + " " + number(height) +
                       "\" role=\"img\" aria-label=\"" + what.title + "\">";
  result += label(left - 48, 18, "start", "title", what.title);
  result += label(width - right, 18, "end", "tick", what.unit);
  result += marks_text(what) + grid_text(at);
  if (what.bars) {
    result += bars_text(what, at);
  } else {
    for (std::size_t i = 0; i < what.lines.size(); ++i) {
      result += line_text(what.lines[i], i, at);
    }
    result += times_text(what);
  }
  return result + legend_text(what) + "</svg>";
}

}  // namespace feedtree::actors
