// The sections about what leaves the server for people and other systems.
#include <algorithm>

#include "config/section_readers.hpp"
#include "config/values.hpp"

namespace feedtree::config {
namespace {

constexpr std::size_t secret_length_min = 16;

// The mapping below a key, whose keys have this path; nothing where the key is absent.
std::optional<mapping_reader> section(reading& context, const mapping_reader& keys,
                                      std::string_view name, std::string_view path) {
  const auto* const found = keys.find(name);
  if (found == nullptr) return {};
  return mapping_reader(context, found->value, found->at, {path});
}

// A part of a URL's path without anything that would have to be escaped.
void read_label(mapping_reader& keys, std::string_view name, std::string& out) {
  if (!keys.read(name, out)) return;
  const bool is_plain = std::all_of(out.begin(), out.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == ':';
  });
  if (!is_plain) keys.report(name, "expected letters, digits, '-', '_', '.' and ':' only");
}

void read_push(reading& context, const mapping_reader& keys, metrics_push_config& out) {
  auto own = section(context, keys, "push", "metrics.push");
  if (!own) return;
  own->read("url", out.url);
  read_label(*own, "job", out.job);
  read_label(*own, "instance", out.instance);
  own->read("interval", out.interval_ms);
  own->read("timeout", out.timeout_ms);
  own->read("ca_file", out.ca_file);
}

void read_file(reading& context, const mapping_reader& keys, metrics_file_config& out) {
  auto own = section(context, keys, "file", "metrics.file");
  if (!own) return;
  own->read("path", out.path);
  own->read("interval", out.interval_ms);
  own->read("rotate_size", out.rotate_size_bytes);
  own->read("max_size", out.max_size_bytes);
  if (out.max_size_bytes < out.rotate_size_bytes) {
    own->report("max_size", size_text(static_cast<std::int64_t>(out.max_size_bytes)) +
                                " is below rotate_size, " +
                                size_text(static_cast<std::int64_t>(out.rotate_size_bytes)));
  }
}

void read_retry(reading& context, const mapping_reader& keys, webhook_config& out) {
  auto own = section(context, keys, "retry", "alerts.webhook.retry");
  if (!own) return;
  own->read("initial", out.retry_initial_ms);
  own->read("max", out.retry_max_ms);
  if (out.retry_initial_ms > out.retry_max_ms) {
    own->report("max", duration_text(out.retry_max_ms) + " is below initial, " +
                           duration_text(out.retry_initial_ms));
  }
}

}  // namespace

void read_metrics(reading& context, const mapping_reader& keys, metrics_config& out) {
  const auto own = section(context, keys, "metrics", "metrics");
  if (!own) return;
  read_file(context, *own, out.file);
  read_push(context, *own, out.push);
}

void read_alerts(reading& context, const mapping_reader& keys, alerts_config& out) {
  const auto all = section(context, keys, "alerts", "alerts");
  if (!all) return;
  auto own = section(context, *all, "webhook", "alerts.webhook");
  if (!own) return;
  auto& webhook = out.webhook;
  if (own->read("url", webhook.url) && is_open_url(webhook.url)) {
    own->report("url", "alerts leave this machine by https:// only");
  }
  if (own->read("secret", webhook.secret) && webhook.secret.size() < secret_length_min) {
    own->report("secret", "has fewer than 16 characters");
  }
  own->read("ca_file", webhook.ca_file);
  own->read("severity", webhook.severity);
  own->read("queue", webhook.queue);
  own->read("timeout", webhook.timeout_ms);
  own->read("give_up_after", webhook.give_up_after_ms);
  read_retry(context, *own, webhook);
}

}  // namespace feedtree::config
