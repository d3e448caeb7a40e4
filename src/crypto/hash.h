// BLAKE2b (RFC 7693), keyed. Output size is the size of `out`, 16 to 64 bytes.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "crypto/secret_bytes.h"

namespace disposable {

// Hash of the concatenated `parts`. The caller keeps parts unambiguous: fixed sizes or length prefixes.
void keyed_hash(const SymmetricKey& key, std::initializer_list<ByteView> parts, std::span<std::uint8_t> out);

}  // namespace disposable
