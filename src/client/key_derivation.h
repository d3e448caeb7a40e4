// Key derivation for end-to-end encryption, by OpenSSL: HKDF (RFC 5869) and PBKDF2 (RFC 8018), both with SHA-256.
// Failures are OpenSSL's and none of the input's: they end the process as a broken invariant. Thread-safe.

#pragma once

#include <initializer_list>

#include "crypto/secret_bytes.h"

namespace disposable {

inline constexpr std::size_t kDerivedSize = 32;

// All of `parts`, one behind the other.
SecretBytes concatenated(std::initializer_list<ByteView> parts);

// 32 bytes from `key`, with an empty salt.
SecretBytes hkdf_sha256(ByteView key, ByteView info);

// 32 bytes from `passphrase`; slow on purpose, in `iterations`.
SecretBytes pbkdf2_sha256(ByteView passphrase, ByteView salt, int iterations);

}  // namespace disposable
