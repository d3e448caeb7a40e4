#include "client/format_1.h"

#include "client/key_derivation.h"
#include "crypto/base64url.h"

namespace disposable {

namespace {

constexpr std::string_view kAssociated = "disposable-secrets/1";
constexpr std::string_view kProof = "disposable-secrets/1 proof";
constexpr std::string_view kSalt = "disposable-secrets/1 salt";
constexpr std::string_view kPassphrase = "disposable-secrets/1 passphrase";
constexpr std::string_view kContent = "disposable-secrets/1 content";
constexpr std::string_view kRequest = "disposable-secrets/1 request";
constexpr int kIterations = 600'000;
constexpr std::uint8_t kSecretVersion = 1;
constexpr std::uint8_t kAnswerVersion = 2;

Result<SecretBytes> answer_key(const P256Key& own, ByteView peer, ByteView ephemeral, ByteView asker) {
  Result<SecretBytes> shared = own.agree(peer);
  if (!shared) {
    return shared;
  }
  return hkdf_sha256(shared->expose(), concatenated({as_bytes(kRequest), ephemeral, asker}).expose());
}

tl::unexpected<Error> unknown_version() {
  return fail(Errc::kCorrupt, "what was received is not of a form that this program knows");
}

}  // namespace

LinkKeys derive_link_keys(ByteView link_key, ByteView passphrase) {
  LinkKeys keys;
  keys.proof = hkdf_sha256(link_key, as_bytes(kProof));
  if (passphrase.empty()) {
    keys.content = hkdf_sha256(link_key, as_bytes(kContent));
    return keys;
  }
  const SecretBytes salt = hkdf_sha256(link_key, as_bytes(kSalt));
  const SecretBytes stretched = pbkdf2_sha256(passphrase, salt.expose(), kIterations);
  keys.server_passphrase = base64url_encode_secret(hkdf_sha256(stretched.expose(), as_bytes(kPassphrase)).expose());
  keys.content = hkdf_sha256(concatenated({link_key, stretched.expose()}).expose(), as_bytes(kContent));
  return keys;
}

Bytes seal_secret(const LinkKeys& keys, const GcmNonce& nonce, const SecretBytes& container) {
  const std::array<std::uint8_t, 1> version{kSecretVersion};
  return seal_aes_gcm(keys.content, nonce, as_bytes(kAssociated), container.expose(), version);
}

Result<SecretBytes> open_secret(const LinkKeys& keys, ByteView body) {
  if (body.empty() || body.front() != kSecretVersion) {
    return unknown_version();
  }
  return open_aes_gcm(keys.content, as_bytes(kAssociated), body.subspan(1));
}

Result<Bytes> seal_answer(const P256Key& ephemeral, ByteView asker, const GcmNonce& nonce,
                          const SecretBytes& container) {
  const Result<SecretBytes> key = answer_key(ephemeral, asker, ephemeral.public_key(), asker);
  if (!key) {
    return fail(key.error());
  }
  Bytes prefix{kAnswerVersion};
  prefix.insert(prefix.end(), ephemeral.public_key().begin(), ephemeral.public_key().end());
  return seal_aes_gcm(*key, nonce, as_bytes(kAssociated), container.expose(), prefix);
}

Result<SecretBytes> open_answer(const P256Key& asker, ByteView body) {
  if (body.empty() || body.front() != kAnswerVersion) {
    return unknown_version();
  }
  if (body.size() < 1 + kP256PublicSize) {
    return fail(Errc::kDenied, "what was received is too short");
  }
  const ByteView ephemeral = body.subspan(1, kP256PublicSize);
  const Result<SecretBytes> key = answer_key(asker, ephemeral, ephemeral, asker.public_key());
  if (!key) {
    return fail(Errc::kDenied, key.error().detail);
  }
  return open_aes_gcm(*key, as_bytes(kAssociated), body.subspan(1 + kP256PublicSize));
}

}  // namespace disposable
