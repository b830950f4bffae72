// Batches as bytes, for what must outlive the process: exact, versioned, and readable by a later
// process, which has other addresses for the same instruments.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/event.hpp"

namespace feedtree {

// Appends a batch: a version, the listings by text, events, levels, quarantine, and a CRC-32 of all
// that.
void encode_batch(const event_batch& batch, std::string& out);

// The batch of exactly these bytes, its listings interned in the registry. Nothing if they are
// damaged, cut, of another version or hold a value that no event can have.
std::optional<event_batch> decode_batch(std::string_view bytes, listing_registry& registry);

}  // namespace feedtree
