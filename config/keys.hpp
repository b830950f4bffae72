// Every key that a configuration may have. The reader takes types, bounds and names from here, and
// a test compares this table with docs/configuration.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace feedtree::config {

enum class value_type : std::uint8_t {
  mapping,         // of the keys below it
  options,         // of names and values that a sink checks itself
  list,            // of what stands below it
  text,            // any text
  choice,          // one of a few words
  instrument,      // a canonical symbol
  feed,            // the name of an event kind, or a mapping
  boolean,         // true or false
  number,          // a whole number
  duration,        // milliseconds, with its unit
  size,            // bytes, with its unit
  interval,        // of candles: 1m, 1h, 1d
  websocket_url,   // ws or wss, host and port
  rest_url,        // http or https, host and port
  web_url,         // http or https, with a path where there is one
  nats_url,        // nats or tls, host and port; several with commas between them
  redis_url,       // redis or rediss, host and port
  dsn,             // a PostgreSQL connection string
  listen_address,  // an IP address and a port
};
// "whole number", "duration", ...: for messages and the documentation.
std::string_view to_string(value_type type);

enum class key_use : std::uint8_t { optional, required };

// Whether "${NAME}" may stand in the value, and whether messages may repeat the value.
enum class key_access : std::uint8_t { plain, address, secret };

struct key_spec {
  std::string_view path;  // "venues[].tls.ca_file"; "sinks[nats].url" is of sinks of kind nats
  value_type type = value_type::text;
  key_use use = key_use::optional;
  std::string_view fallback = {};  // the default, as it would be written; empty: none
  key_access access = key_access::plain;
  // Bounds of a number, or of a duration in ms, or of a size in bytes.
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::string_view choices = {};  // "debug info"; for what a list holds, see the reader

  // The last part of the path.
  std::string_view name() const;
  // The path from the last list on: "tls.ca_file", "reconnect.initial".
  std::string_view short_path() const;
};

std::span<const key_spec> all_keys();

// The keys directly below a path ("" is the top); a path that ends in "[]" means the items.
std::vector<const key_spec*> keys_below(std::string_view path);

// The type in words with its bounds: "duration, 1s to 10m", "one of text, json".
std::string type_text(const key_spec& key);
// The bounds alone: "1s to 10m"; empty where there are none.
std::string bounds_text(const key_spec& key);
// The choices as a list.
std::vector<std::string> choices_of(const key_spec& key);

}  // namespace feedtree::config
