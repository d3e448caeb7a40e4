// Goal: the URL of a webhook opens for its secret and keyring alone, and what signs is each secret's own.

#include <doctest/doctest.h>

#include "core/webhook.h"
#include "support/fakes.h"

namespace disposable {

TEST_CASE("webhook: its URL opens for its secret and its keyring alone") {
  SeededRandom random(1);
  const Keyring keyring = Keyring::generate(random);
  const Keyring other = Keyring::generate(random);
  const Fingerprint own = keyring.fingerprint(SecretKey::generate(random));
  const Fingerprint foreign = keyring.fingerprint(SecretKey::generate(random));
  const std::string url = "https://example.org/hook?token=" + std::string(kWebhookUrlMax - 31, 'x');
  const Bytes sealed = seal_webhook(keyring, own, as_bytes(url), random);
  CHECK(sealed.size() == kSealedWebhookMax);
  CHECK(as_text(open_webhook(keyring, own, sealed)->expose()) == url);
  CHECK(open_webhook(keyring, foreign, sealed).error().code == Errc::kCorrupt);
  CHECK(open_webhook(other, own, sealed).error().code == Errc::kCorrupt);
}

TEST_CASE("webhook: each secret signs with a key of its own, and each node with the same") {
  SeededRandom random(1);
  const Keyring keyring = Keyring::generate(random);
  const Result<Keyring> node = Keyring::parse(keyring.serialize().expose());
  REQUIRE(node);
  const Fingerprint own = keyring.fingerprint(SecretKey::generate(random));
  const Fingerprint foreign = keyring.fingerprint(SecretKey::generate(random));
  const auto key_of = [](const Keyring& ring, const Fingerprint& fingerprint) {
    return to_hex(webhook_signing_key(ring, fingerprint).expose());
  };
  CHECK(key_of(keyring, own) == key_of(*node, own));
  CHECK(key_of(keyring, own) != key_of(keyring, foreign));
  CHECK(key_of(keyring, own) != key_of(Keyring::generate(random), own));
}

TEST_CASE("webhook: a signing key is shown as Standard Webhooks has it, in base64 with its padding") {
  SymmetricKey key;
  for (std::size_t i = 0; i < SymmetricKey::kSize; ++i) {
    key.expose_mutable()[i] = static_cast<std::uint8_t>(i < 6 ? 0xFBU : i);
  }
  CHECK(as_text(webhook_key_text(key).expose()) == "whsec_+/v7+/v7BgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
}

}  // namespace disposable
