// The end-to-end format 1: what the page and the client agree on, and the server knows nothing of. The vectors of
// tests/vectors/format_1.json pin it.
//
//   K        32 random bytes in the link
//   proof    HKDF(K, "disposable-secrets/1 proof"), for the server: only who has the link can spend the secret
//   with a passphrase P: salt = HKDF(K, "... salt"), S = PBKDF2(P, salt, 600000);
//     the server's passphrase is base64url(HKDF(S, "... passphrase")), so it does not learn P
//   content  HKDF(K, "... content"), with a passphrase HKDF(K || S, "... content")
//   body     u8 1 | nonce (12) | AES-256-GCM(content, nonce, "disposable-secrets/1", container), tag at the end
//   answer   u8 2 | ephemeral public key (65) | nonce (12) | AES-256-GCM(key, ...) to a request, with
//            key = HKDF(x of ECDH, "... request" || ephemeral public key || asker's public key)

#pragma once

#include "client/aes_gcm.h"
#include "client/p256.h"

namespace disposable {

inline constexpr std::size_t kLinkKeySize = 32;

using GcmNonce = std::array<std::uint8_t, kGcmNonceSize>;

struct LinkKeys {
  SecretBytes proof;
  SecretBytes server_passphrase;  // as it travels; empty: there is no passphrase
  SecretBytes content;
};

// An empty passphrase is none. With one it takes a good part of a second.
LinkKeys derive_link_keys(ByteView link_key, ByteView passphrase);

Bytes seal_secret(const LinkKeys& keys, const GcmNonce& nonce, const SecretBytes& container);
// The container. kDenied: another key or passphrase, or changed bytes; kCorrupt: a version that this program does not
// know.
Result<SecretBytes> open_secret(const LinkKeys& keys, ByteView body);

// The answer to a request. kInvalidArgument: `asker` is no public key.
Result<Bytes> seal_answer(const P256Key& ephemeral, ByteView asker, const GcmNonce& nonce,
                          const SecretBytes& container);
// As open_secret().
Result<SecretBytes> open_answer(const P256Key& asker, ByteView body);

}  // namespace disposable
