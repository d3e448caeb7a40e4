// A secret's webhook: the URL where its creator wants to be told what happens to it.
//
// A URL can be as good as a password (many chat services hand out such), so it is kept and carried sealed, under a key
// that comes from the keyring's root and bound to the secret's fingerprint; the audit log never has it. What is sent is
// signed with a key of the secret's own, which only its creator is told; every node derives it, so nothing is stored.

#pragma once

#include "crypto/keyring.h"
#include "crypto/random.h"

namespace disposable {

inline constexpr std::size_t kWebhookUrlMax = 1024;
inline constexpr std::size_t kSealedWebhookMax = kWebhookUrlMax + 40;

Bytes seal_webhook(const Keyring& keyring, const Fingerprint& fingerprint, ByteView url, Random& random);
// kCorrupt when it was not sealed for this secret by this keyring.
Result<SecretBytes> open_webhook(const Keyring& keyring, const Fingerprint& fingerprint, ByteView sealed);

// For HMAC-SHA256.
SymmetricKey webhook_signing_key(const Keyring& keyring, const Fingerprint& fingerprint);

// What a receiver knows messages by: which secret they are about, and that they are genuine.
struct WebhookIdentity {
  Fingerprint fingerprint;
  SymmetricKey signing_key;
};
WebhookIdentity webhook_identity(const Keyring& keyring, const Fingerprint& fingerprint);
// As receivers' libraries take it (Standard Webhooks): "whsec_" and base64 with padding.
SecretBytes webhook_key_text(const SymmetricKey& signing_key);

}  // namespace disposable
