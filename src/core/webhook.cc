#include "core/webhook.h"

#include <algorithm>

#include "crypto/aead.h"
#include "crypto/base64.h"
#include "crypto/hash.h"

namespace disposable {

namespace {

static_assert(kSealedWebhookMax == kWebhookUrlMax + kBoxOverhead);

SymmetricKey derive(const Keyring& keyring, std::string_view purpose, const Fingerprint& fingerprint) {
  SymmetricKey key;
  keyed_hash(keyring.webhook_key(), {as_bytes(purpose), fingerprint.bytes}, key.expose_mutable());
  return key;
}

}  // namespace

Bytes seal_webhook(const Keyring& keyring, const Fingerprint& fingerprint, ByteView url, Random& random) {
  return seal(derive(keyring, "seal", fingerprint), url, fingerprint.bytes, random);
}

Result<SecretBytes> open_webhook(const Keyring& keyring, const Fingerprint& fingerprint, ByteView sealed) {
  return open(derive(keyring, "seal", fingerprint), sealed, fingerprint.bytes);
}

SymmetricKey webhook_signing_key(const Keyring& keyring, const Fingerprint& fingerprint) {
  return derive(keyring, "sign", fingerprint);
}

WebhookIdentity webhook_identity(const Keyring& keyring, const Fingerprint& fingerprint) {
  return {fingerprint, webhook_signing_key(keyring, fingerprint)};
}

SecretBytes webhook_key_text(const SymmetricKey& signing_key) {
  constexpr std::string_view kPrefix = "whsec_";
  const SecretBytes digits = base64_encode_secret(signing_key.expose());
  SecretBytes text(kPrefix.size() + digits.size());
  const auto rest = std::copy(kPrefix.begin(), kPrefix.end(), text.expose_mutable().begin());
  std::copy(digits.expose().begin(), digits.expose().end(), rest);
  return text;
}

}  // namespace disposable
