// HMAC-SHA256 (RFC 2104, RFC 6234), for forms that others have laid down. Of our own forms: keyed_hash() of hash.h.

#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "base/bytes.h"

namespace disposable {

// Of the concatenated `parts`. A key of any length.
std::array<std::uint8_t, 32> hmac_sha256(ByteView key, std::initializer_list<ByteView> parts);

}  // namespace disposable
