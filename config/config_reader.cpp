#include "config/config_reader.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "config/mapping_reader.hpp"
#include "config/section_readers.hpp"
#include "config/values.hpp"
#include "config/yaml_documents.hpp"

namespace feedtree::config {
namespace {

constexpr std::uintmax_t file_bytes_max = 1 << 20;

template <class What, class Read>
void read_items(reading& context, const mapping_reader& keys, std::string_view name,
                std::vector<What>& out, Read read) {
  const auto* list = keys.find(name);
  if (list == nullptr) return;
  std::vector<placed<What>> found;
  for_each_item(context, *list, [&](const YAML::Node& item, const position& at) {
    read(context, item, at, found);
  });
  for (auto& each : found) out.push_back(std::move(each.what));
}

// The mapping below a key; nothing where the key is absent.
std::optional<mapping_reader> section(reading& context, const mapping_reader& keys,
                                      std::string_view name) {
  const auto* found = keys.find(name);
  if (found == nullptr) return {};
  return mapping_reader(context, found->value, found->at, {name});
}

void check_order(mapping_reader& keys, std::int64_t initial_ms, std::int64_t max_ms) {
  if (initial_ms <= max_ms) return;
  keys.report("max", duration_text(max_ms) + " is below initial, " + duration_text(initial_ms));
}

void read_reconnect(reading& context, const mapping_reader& keys, reconnect_config& out) {
  auto own = section(context, keys, "reconnect");
  if (!own) return;
  own->read("initial", out.initial_ms);
  own->read("max", out.max_ms);
  check_order(*own, out.initial_ms, out.max_ms);
}

void read_restart(reading& context, const mapping_reader& keys, restart_config& out) {
  auto own = section(context, keys, "restart");
  if (!own) return;
  own->read("intensity", out.intensity);
  own->read("within", out.within_ms);
  own->read("initial", out.initial_ms);
  own->read("max", out.max_ms);
  check_order(*own, out.initial_ms, out.max_ms);
}

void read_breaker(reading& context, const mapping_reader& keys, breaker_config& out) {
  auto own = section(context, keys, "breaker");
  if (!own) return;
  own->read("failures", out.failures);
  own->read("open_for", out.open_for_ms);
}

void read_credit(reading& context, const mapping_reader& keys, credit_config& out) {
  auto own = section(context, keys, "credit");
  if (!own) return;
  own->read("events", out.events);
  own->read("bytes", out.bytes);
}

void read_journal(reading& context, const mapping_reader& keys, journal_config& out) {
  auto own = section(context, keys, "journal");
  if (!own) return;
  own->read("path", out.path);
  own->read("max_size", out.max_size_bytes);
  own->read("at_limit", out.at_limit);
  own->read("sync", out.sync);
}

// Intervals that a day does not consist of would begin at other times each day.
void read_interval(reading& context, const YAML::Node& node, const position& at,
                   candles_config& out) {
  const auto keys = all_keys();
  const auto key = std::find_if(keys.begin(), keys.end(), [](const key_spec& each) {
    return each.path == "candles.intervals[]";
  });
  const auto text = read_scalar(context, {&*key, node, at});
  if (!text) return;
  constexpr std::int64_t day_ns = 86'400'000'000'000;
  const auto interval_ns = parse_interval(*text);
  if (interval_ns <= 0 || day_ns % interval_ns != 0) {
    return context.report(at,
                          "candles.intervals: expected an interval of which a day is made, "
                          "such as 1m, 5m, 1h or 1d, found " +
                              quoted_text(*text));
  }
  auto& all = out.intervals_ns;
  if (std::find(all.begin(), all.end(), interval_ns) != all.end()) {
    return context.report(at, "candles.intervals: " + quoted_text(*text) + " is listed already");
  }
  all.push_back(interval_ns);
}

void read_candles(reading& context, const mapping_reader& keys, candles_config& out) {
  auto own = section(context, keys, "candles");
  if (!own) return;
  if (const auto* intervals = own->find("intervals")) {
    for_each_item(context, *intervals, [&](const YAML::Node& node, const position& at) {
      read_interval(context, node, at, out);
    });
  }
  own->read("lateness", out.lateness_ms);
  own->read("revise_for", out.revise_for_ms);
  own->read("empty", out.empty);
}

void read_archive(reading& context, const mapping_reader& keys, archive_config& out) {
  auto own = section(context, keys, "archive");
  if (!own) return;
  if (own->read("path", out.path) && out.path.empty()) own->report("path", "must not be empty");
  own->read("rotate_after", out.rotate_after_ms);
  own->read("rotate_size", out.rotate_size_bytes);
  own->read("block_size", out.block_size_bytes);
  own->read("flush_interval", out.flush_interval_ms);
  own->read("queue_size", out.queue_size_bytes);
  own->read("level", out.level);
  own->read("key", out.key);
  const auto* found = own->find("retention");
  if (found == nullptr) return;
  mapping_reader retention(context, found->value, found->at, {"archive.retention"});
  retention.read("age", out.retention_age_ms);
  retention.read("size", out.retention_size_bytes);
  retention.read("only_uploaded", out.retention_only_uploaded);
}

void read_http(reading& context, const mapping_reader& keys, http_config& out) {
  auto own = section(context, keys, "http");
  if (!own) return;
  std::string listen;
  if (own->read("listen", listen)) {
    const auto address = parse_listen_address(listen);
    out.host = address->host;
    out.port = address->port;
  }
  const bool has_certificate = own->read("cert_file", out.cert_file);
  const bool has_key = own->read("key_file", out.key_file);
  if (has_certificate != has_key) {
    own->report(has_key ? "key_file" : "cert_file", "TLS needs cert_file and key_file");
  }
  own->read("record_reads", out.record_reads_ms);
}

void read_validation(reading& context, const mapping_reader& keys, validation_config& out) {
  auto own = section(context, keys, "validation");
  if (own) own->read("rules", out.rules);
}

void read_server(reading& context, const YAML::Node& root, server_config& out) {
  mapping_reader keys(context, root, position_of(root, {1, 1}), {""});
  read_items(context, keys, "venues", out.venues, read_venue);
  read_items(context, keys, "sinks", out.sinks, read_sink);
  read_items(context, keys, "pollers", out.pollers, read_poller);
  read_reconnect(context, keys, out.reconnect);
  read_restart(context, keys, out.restart);
  read_breaker(context, keys, out.breaker);
  read_credit(context, keys, out.credit);
  read_journal(context, keys, out.journal);
  read_candles(context, keys, out.candles);
  read_archive(context, keys, out.archive);
  read_http(context, keys, out.http);
  read_validation(context, keys, out.validation);
  read_metrics(context, keys, out.metrics);
  read_alerts(context, keys, out.alerts);
  keys.read("grace_period", out.grace_period_ms);
  keys.read("startup_timeout", out.startup_timeout_ms);
  keys.read("log_level", out.log_level);
  keys.read("log_format", out.log_format);
}

// Reads the first document and reports a second one.
void read_documents(reading& context, const std::string& text, server_config& out) {
  const auto starts = document_starts(text);
  read_server(context, YAML::Load(text), out);
  if (starts.size() < 2) return;
  const bool stuck = starts[0] == starts[1];
  context.report(starts[1], stuck ? "this is not YAML: a value cannot begin like this"
                                  : "a second document begins: only one is read");
}

// The parser's words without what follows a colon: that may be a piece of a value.
void report_syntax(reading& context, const YAML::Exception& error) {
  const auto words = error.msg.substr(0, error.msg.find(':'));
  position at{1, 1};
  if (!error.mark.is_null()) at = {error.mark.line + 1, error.mark.column + 1};
  context.report(at, "this is not YAML: " + words);
}

void put_in_order(std::vector<problem>& problems) {
  std::sort(problems.begin(), problems.end());
  problems.erase(std::unique(problems.begin(), problems.end()), problems.end());
}

read_result failed(const std::string& path, const std::string& message) {
  return {{}, {{path, 0, 0, message}}};
}

}  // namespace

read_result read_config_text(std::string_view text, const std::string& file,
                             const environment& variables, const reader_checks& checks) {
  reading context{file, variables, checks};
  read_result result;
  try {
    read_documents(context, std::string(text), result.config);
  } catch (const YAML::Exception& error) {
    report_syntax(context, error);
  }
  result.problems = std::move(context.problems);
  put_in_order(result.problems);
  return result;
}

read_result read_config_file(const std::string& path, const environment& variables,
                             const reader_checks& checks) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return failed(path, "cannot be read: " + error.message());
  if (size > file_bytes_max) return failed(path, "is bigger than 1 MiB");
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad()) return failed(path, "cannot be read: permission denied");
  return read_config_text(text, path, variables, checks);
}

}  // namespace feedtree::config
