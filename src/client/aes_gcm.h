// AES-256-GCM (NIST SP 800-38D) by OpenSSL, in the form of the end-to-end formats: nonce, ciphertext, tag. Thread-safe.

#pragma once

#include "crypto/secret_bytes.h"

namespace disposable {

inline constexpr std::size_t kGcmNonceSize = 12;
inline constexpr std::size_t kGcmTagSize = 16;

// prefix || nonce || ciphertext || tag. `key` has 32 bytes, and was never used with this nonce before.
Bytes seal_aes_gcm(const SecretBytes& key, const std::array<std::uint8_t, kGcmNonceSize>& nonce, ByteView associated,
                   ByteView plaintext, ByteView prefix);

// The plaintext of nonce || ciphertext || tag. kDenied: it was not sealed with this key, or it was changed.
Result<SecretBytes> open_aes_gcm(const SecretBytes& key, ByteView associated, ByteView sealed);

}  // namespace disposable
