// base64url without padding (RFC 4648, section 5). Each byte string has one form, and only that is accepted.
//
// In crypto/ and not in base/, because what is written so are keys, proofs and passphrases. Pure functions,
// thread-safe.

#pragma once

#include <string>
#include <string_view>

#include "crypto/secret_bytes.h"

namespace disposable {

// Characters for `bytes` bytes.
constexpr std::size_t base64url_size(std::size_t bytes) { return (bytes * 4 + 2) / 3; }

std::string base64url_encode(ByteView bytes);
// The same into memory that is wiped.
SecretBytes base64url_encode_secret(ByteView bytes);
// kInvalidArgument for another character, padding, an impossible length, or bits at the end that mean nothing.
Result<SecretBytes> base64url_decode(std::string_view text);

}  // namespace disposable
