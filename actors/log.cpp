#include "actors/log.hpp"

#include <time.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>

#include "core/codec.hpp"
#include "core/scrub.hpp"

namespace feedtree::log {
namespace {

std::atomic<level> least_level{level::info};
std::atomic<bool> as_json{false};
constexpr std::array<std::string_view, 4> names{"debug", "info", "warning", "error"};

std::string time_text() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(ms % 1000));
  return std::string(text.data(), size) + fraction.data();
}

std::string line_of(std::string_view name, std::string_view component, std::string_view text) {
  std::string line;
  if (as_json) {
    line += R"({"time":")" + time_text() + R"(","level":")" + std::string(name);
    line += R"(","component":)";
    encode_text(component, line);
    line += R"(,"message":)";
    encode_text(text, line);
    return line += "}\n";
  }
  line += time_text() + " " + std::string(name) + " " + std::string(component) + ": ";
  for (const char c : text) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return line += '\n';
}

}  // namespace

void set_level(level least) {
  least_level = least;
}
void set_json(bool json) {
  as_json = json;
}

bool parse_level(std::string_view text, level& out) {
  if (text == "trace") text = "debug";  // nothing is finer
  for (std::size_t at = 0; at < names.size(); ++at) {
    if (names[at] != text) continue;
    out = static_cast<level>(at);
    return true;
  }
  return false;
}

void write(level at, std::string_view component, std::string_view text) {
  if (at < least_level.load()) return;
  const auto line = line_of(names[static_cast<std::size_t>(at)], component, scrub(text));
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace feedtree::log
