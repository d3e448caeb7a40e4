// SipHash-2-4 (Aumasson and Bernstein, 2012): a fast keyed hash for tables in memory.
//
// Whoever does not know the key cannot choose inputs that meet in one place of a table. Too short for anything that is
// stored or shown: that is keyed_hash(). Pure function, thread-safe.

#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace disposable {

// Drawn once per process.
using ShortHashKey = std::array<std::uint8_t, 16>;

std::uint64_t short_hash(const ShortHashKey& key, ByteView bytes);

}  // namespace disposable
