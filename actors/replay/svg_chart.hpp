// Charts as inline SVG, for pages that need nothing from elsewhere.
#pragma once

#include <string>
#include <vector>

namespace feedtree::actors {

struct chart_line {
  std::string name;
  std::vector<double> values;  // one a step of time; not a number: there is none
};

struct chart {
  std::string title;
  std::string unit;
  std::int64_t begin_ns = 0;  // of the first step
  std::int64_t step_ns = 0;
  std::vector<chart_line> lines;  // of one length; at most six
  bool bars = false;              // of a histogram, with labels below instead of times
  std::vector<std::string> labels;
  // Stretches to be marked, from and to in steps.
  std::vector<std::pair<double, double>> marks;
};

// An <svg> element with a title, axes, a legend and its lines or bars.
std::string svg_of(const chart& what);

// A number with at most three significant digits behind what is needed: "12.3", "4.1M".
std::string short_number(double value);

}  // namespace feedtree::actors
