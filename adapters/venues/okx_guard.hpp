// How OKX's books prove that nothing is missing.
#pragma once

#include "core/continuity.hpp"

namespace feedtree::venues {

// Levels a side of the `books` channel.
inline constexpr std::size_t okx_book_depth = 400;

// The venue's checksum: CRC-32 over the 25 best levels, "bid price:bid size:ask price:ask size:..",
// a side that ends early being left out from there on.
// https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel
std::uint32_t okx_checksum(const order_book& book);

// Frames with seqId: each names in prevSeqId the seqId of the one before it. An equal seqId and
// prevSeqId is a sign of life without a change; a seqId below prevSeqId is the venue's numbering
// starting anew, and continues the book if prevSeqId is right. What came before is a duplicate if
// its numbers and its time are not above the last one's.
// Frames without seqId (before 2023): the checksum is the proof, time must not go back, and a side
// must not grow beyond the channel's depth, because the venue deletes what falls out of it.
// A checksum that is there is always compared; since June 2026 the venue sends 0, which is none.
guard_ptr make_okx_guard();

}  // namespace feedtree::venues
