#include "adapters/venues/schema_watch.hpp"

#include <algorithm>
#include <array>

namespace feedtree::venues {
namespace {

constexpr std::size_t shapes_max = 64;
constexpr std::size_t fields_max = 512;
constexpr int depth_max = 6;
constexpr std::array<std::string_view, 7> naming{"channel", "type",   "event", "e",
                                                 "topic",   "stream", "feed"};

// Without the instrument: "orderbook.50.BTCUSDT" is orderbook, "btcusdt@depth@100ms" is
// @depth@100ms.
std::string_view without_instrument(std::string_view text) {
  const auto at = text.find('@');
  if (at != text.npos) return text.substr(at);
  return text.substr(0, text.find('.'));
}

void add_name(std::string& name, std::string_view field, simdjson::dom::element from) {
  std::string_view text;
  if (from.get(text) != simdjson::SUCCESS) return;
  if (!name.empty()) name += ',';
  name.append(field).append(1, '=').append(without_instrument(text));
}

// Names of fields are words; what begins with a digit is a value that stands as a key.
bool is_word(std::string_view key) {
  return !key.empty() && !(key.front() >= '0' && key.front() <= '9') && key.size() <= 64;
}

}  // namespace

std::string schema_drift::text() const {
  return message + (is_new ? ": new field " : ": no field ") + field;
}

std::string schema_watch::name_of(simdjson::dom::object frame) {
  std::string name;
  for (const auto field : naming) {
    simdjson::dom::element value;
    if (frame.at_key(field).get(value) == simdjson::SUCCESS) add_name(name, field, value);
  }
  simdjson::dom::element channel;
  if (frame.at_pointer("/arg/channel").get(channel) == simdjson::SUCCESS) {
    add_name(name, "arg.channel", channel);
  }
  simdjson::dom::element event;
  if (frame.at_pointer("/data/e").get(event) == simdjson::SUCCESS) add_name(name, "data.e", event);
  return name;
}

void schema_watch::collect(simdjson::dom::element what, const std::string& path, paths& out,
                           int depth) const {
  if (depth > depth_max || out.size() > fields_max) return;
  simdjson::dom::array list;
  if (what.get(list) == simdjson::SUCCESS) {
    for (const auto item : list) {
      collect(item, path + "[]", out, depth + 1);
      break;  // the first one speaks for all
    }
    return;
  }
  simdjson::dom::object fields;
  if (what.get(fields) != simdjson::SUCCESS) return;
  for (const auto [key, value] : fields) {
    if (!is_word(key)) continue;
    auto below = path.empty() ? std::string(key) : path + "." + std::string(key);
    out.push_back(below);
    collect(value, below, out, depth + 1);
  }
}

void schema_watch::compare(const std::string& name, shape& known, const paths& found,
                           std::vector<schema_drift>& out) {
  for (const auto& path : found) {
    if (known.fields.contains(path)) continue;
    out.push_back({name, path, true});
  }
  for (const auto& [path, times] : known.fields) {
    if (times < known.learnt || std::binary_search(found.begin(), found.end(), path)) continue;
    // Below an empty list or an absent field nothing else is missing.
    const auto dot = path.rfind('.');
    const auto above = dot == path.npos ? std::string() : path.substr(0, dot);
    const bool list = above.ends_with("[]");
    const bool told =
        !above.empty() && (list || !std::binary_search(found.begin(), found.end(), above));
    const bool sibling =
        list && std::any_of(found.begin(), found.end(),
                            [&](const std::string& each) { return each.starts_with(above + "."); });
    if (!told || sibling) out.push_back({name, path, false});
  }
}

void schema_watch::look(std::string_view text, std::vector<schema_drift>& out) {
  if (frames_++ % options_.sample_every != 0) return;
  simdjson::dom::object frame;
  if (parser_.parse(text.data(), text.size(), false).get(frame) != simdjson::SUCCESS) return;
  ++looked_at_;
  const auto name = name_of(frame);
  const auto at = shapes_.find(name);
  if (at == shapes_.end() && shapes_.size() >= shapes_max) return;
  auto& known = at == shapes_.end() ? shapes_[name] : at->second;
  paths found;
  for (const auto [key, value] : frame) {
    if (!is_word(key)) continue;
    found.emplace_back(key);
    collect(value, std::string(key), found, 1);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (known.learnt >= options_.learn) return compare(name, known, found, out);
  ++known.learnt;
  for (const auto& path : found) ++known.fields[path];
}

}  // namespace feedtree::venues
