// XChaCha20-Poly1305 (libsodium's crypto_aead_xchacha20poly1305_ietf) with a random nonce in front.
//
// A box is: nonce (24 bytes), ciphertext (as long as the plaintext), tag (16 bytes).

#pragma once

#include "crypto/random.h"
#include "crypto/secret_bytes.h"

namespace disposable {

inline constexpr std::size_t kBoxOverhead = 24 + 16;

// `associated` is authenticated and not stored; open() needs the same bytes.
Bytes seal(const SymmetricKey& key, ByteView plaintext, ByteView associated, Random& random);

// kCorrupt when key, box or associated data do not fit together; nothing of the plaintext is revealed then.
Result<SecretBytes> open(const SymmetricKey& key, ByteView box, ByteView associated);

}  // namespace disposable
